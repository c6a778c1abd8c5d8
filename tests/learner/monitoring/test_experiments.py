"""Experiments: who may start one, which arm answers, what is counted and written, and what follows from it."""

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from annotator.errors import BadInput, Conflict, Forbidden
from annotator.pool.models import Item, Split
from annotator.projects.models import LogEntry, Project, Role
from annotator.queue.models import BatchItem, Stream
from learner.core.experiments import Arm, place_of, scored_by_both
from learner.evaluation.models import GateResult
from learner.evaluation.release.services import gate_of, promotion_make
from learner.evaluation.serving import version_serving
from learner.monitoring.experiments.selectors import counted_of, experiment_of
from learner.monitoring.experiments.services import (
    Design,
    experiment_promote,
    experiment_start,
    experiment_stop,
    pages_open,
)
from learner.monitoring.experiments.sweeping import drain, experiments_sweep, pages_written
from learner.monitoring.experiments.tallies import TALLY, counts_key, pages_key, tally_redis
from learner.monitoring.models import Experiment, ExperimentCount, ExperimentPage
from learner.training.models import ClassifierVersion
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES, make_items, make_member
from tests.learner.evaluation.release import access_as, make_evaluation
from tests.learner.monitoring.serving import make_served, make_version

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/projects/pilot/score/"
SITES = [f"site{at}.example" for at in range(400)]


@pytest.fixture(autouse=True)
def _nothing_counted() -> Iterator[None]:
    TALLY.forget()
    yield
    TALLY.forget()


@pytest.fixture
def base() -> ClassifierVersion:
    return make_served()


@pytest.fixture
def candidate(base: ClassifierVersion) -> ClassifierVersion:
    """A version that is evaluated, and passes no gate."""
    version = make_version(base.project, seed=1)
    make_evaluation(version)
    return version


@pytest.fixture
def client(base: ClassifierVersion) -> Client:
    client = Client()
    client.force_login(make_member(base.project, Role.SCIENTIST))
    return client


def start(candidate: ClassifierVersion, role: Role = Role.LEAD, **design: Any) -> Experiment:
    given: dict[str, Any] = {"share": 30, "reason": "a test", "exception": "there is no gate here"} | design
    row = experiment_start(access_as(candidate.project, role), candidate, Design(**given))
    tally_redis().delete(counts_key(row.pk), f"{counts_key(row.pk)}:drained", pages_key(row.pk))
    return row


def ask(client: Client, pages: list[Any], **more: Any) -> Any:
    return client.post(ADDRESS, json.dumps({"pages": pages, **more}), content_type="application/json")


def test_a_version_without_a_passed_gate_is_tried_only_by_a_signed_exception(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    project = base.project
    bare = Design(share=10, reason="a test")

    with pytest.raises(Conflict, match="exception"):
        experiment_start(access_as(project, Role.LEAD), candidate, bare)
    with pytest.raises(Forbidden, match="Only a lead or an admin"):
        start(candidate, Role.SCIENTIST)
    row = start(candidate)

    assert (row.number, row.base, row.exception) == (1, base, "there is no gate here")
    assert row.gate == GateResult.objects.filter(classifier=candidate).latest("pk")
    assert LogEntry.objects.filter(project=project, text__contains="experiment 1").exists()


def test_a_shadow_needs_no_gate_and_neither_does_a_version_that_served(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    shadow = start(candidate, Role.SCIENTIST, shadow=True, share=100, exception="")
    experiment_stop(access_as(base.project, Role.SCIENTIST), shadow, "enough")
    promotion_make(
        access_as(base.project, Role.LEAD), candidate, based_on=1, reason="newer", exception="a test"
    )

    again = start(base, Role.SCIENTIST, exception="")

    assert (shadow.gate, again.gate, again.number) == (None, None, 2)


@pytest.mark.parametrize(
    ("design", "said"),
    [
        ({"share": 0}, "1 to 99"),
        ({"share": 100}, "1 to 99"),
        ({"reason": " "}, "what the experiment is to show"),
        ({"ends_at": timezone.now() - timedelta(minutes=1)}, "over already"),
    ],
)
def test_a_design_that_makes_no_sense_is_refused(
    candidate: ClassifierVersion, design: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        start(candidate, **design)
    assert not Experiment.objects.exists()


def test_one_experiment_runs_at_a_time_and_not_with_what_serves(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    with pytest.raises(BadInput, match="serves already"):
        start(base)
    start(candidate)
    with pytest.raises(Conflict, match="Experiment 1 runs still"):
        start(candidate)


def columns(candidate: ClassifierVersion, base: ClassifierVersion, **more: Any) -> dict[str, Any]:
    by = access_as(base.project, Role.SCIENTIST).user
    gate = gate_of(candidate)
    return {
        "project": base.project,
        "number": 7,
        "base": base,
        "candidate": candidate,
        "gate": gate.row if gate else None,
        "share": 5,
        "shadow": False,
        "keeps_pages": False,
        "reason": "by hand",
        "started_by": by,
        **more,
    }


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, "without a passed gate"),
        ({"gate": None}, "newest gate result"),
        ({"exception": "a scientist signs"}, "no lead and no admin"),
        ({"share": 100}, "experiment_share"),
        ({"reason": ""}, "experiment_says_why"),
    ],
)
def test_the_database_refuses_what_the_service_would(
    base: ClassifierVersion, candidate: ClassifierVersion, more: dict[str, Any], said: str
) -> None:
    signed = {"exception": "a lead signs", "started_by": access_as(base.project, Role.LEAD).user}
    given = columns(candidate, base, **(signed if "share" in more or "reason" in more else {}), **more)

    with pytest.raises(IntegrityError, match=said), transaction.atomic():
        Experiment.objects.create(**given)


def test_the_database_refuses_a_base_that_does_not_serve(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    with pytest.raises(IntegrityError, match="does not serve"), transaction.atomic():
        Experiment.objects.create(**columns(base, candidate, shadow=True, gate=None))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE experiment SET share = 99",
        "UPDATE experiment SET candidate_id = base_id",
        "UPDATE experiment SET ended_why = 'never'",
        "DELETE FROM experiment",
    ],
)
def test_an_experiment_changes_in_nothing_but_its_end(candidate: ClassifierVersion, statement: str) -> None:
    start(candidate)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_an_experiment_ends_once(base: ClassifierVersion, candidate: ClassifierVersion) -> None:
    row, lead = start(candidate), access_as(base.project, Role.LEAD)
    experiment_stop(lead, row, "enough")

    with pytest.raises(Conflict, match="ended already"):
        experiment_stop(lead, row, "again")
    with pytest.raises(DatabaseError), transaction.atomic():
        Experiment.objects.filter(pk=row.pk).update(ended_why="otherwise")
    ended = experiment_of(base.project, 1)
    assert (ended.ended_by, ended.ended_why) == (lead.user, "enough")


def test_each_site_is_answered_by_its_arm_and_every_row_says_which(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate)

    body = ask(client, [f"{site}/arcade" for site in SITES]).json()
    again = ask(client, [f"{site}/poker/late" for site in SITES]).json()

    arms = [place_of(row.pk, site, 30).arm.value for site in SITES]
    numbers = {"base": base.number, "candidate": candidate.number}
    assert [page["arm"] for page in body["results"]] == arms
    assert [page["arm"] for page in again["results"]] == arms
    assert [page["classifier"] for page in body["results"]] == [numbers[arm] for arm in arms]
    assert set(arms) == {"base", "candidate"}
    assert body["classifier"] == base.number
    assert body["experiment"] == {
        "number": 1,
        "base": base.number,
        "candidate": candidate.number,
        "candidate_taxonomy": 1,
        "share": 30,
        "shadow": False,
        "arm": "",
        "problem": "",
    }


def test_a_row_answers_as_its_version_does_alone(client: Client, candidate: ClassifierVersion) -> None:
    row = start(candidate)
    pages = [f"{site}/arcade" for site in SITES]

    mixed = ask(client, pages).json()["results"]
    alone = {arm: ask(client, pages, arm=arm).json()["results"] for arm in ("base", "candidate")}

    assert mixed == [alone[page["arm"]][at] for at, page in enumerate(mixed)]
    assert {page["arm"] for page in alone["candidate"]} == {"candidate"}
    assert alone["base"] != alone["candidate"]
    TALLY.send()
    counted = counted_of(row)
    assert counted.base.pages + counted.candidate.pages == len(pages)  # what names its arm is not counted


def test_an_arm_that_answers_nothing_is_refused(client: Client, candidate: ClassifierVersion) -> None:
    assert "No experiment runs" in ask(client, ["x.example"], arm="base").json()["error"]["message"]
    assert "base or candidate" in ask(client, ["x.example"], arm="c").json()["error"]["message"]
    start(candidate, shadow=True)

    answer = ask(client, ["x.example"], arm="candidate")

    assert (answer.status_code, "shadow" in answer.json()["error"]["message"]) == (400, True)


def test_both_arms_are_counted_and_the_tick_writes_the_totals_once(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate)
    ask(client, [f"{site}/arcade" for site in SITES] + [7])
    ask(client, ["site1.example/arcade"])
    TALLY.send()
    before = counted_of(row)

    now = timezone.now() + timedelta(minutes=6)
    experiments_sweep(now)
    experiments_sweep(now)

    after, counts = counted_of(row), ExperimentCount.objects.get()
    assert (counts.number, tally_redis().exists(counts_key(row.pk))) == (1, 0)
    assert (after.base, after.candidate, after.actions) == (before.base, before.candidate, before.actions)
    drawn = [place_of(row.pk, site, 30).arm for site in SITES]
    alone = place_of(row.pk, "site1.example", 30).arm
    assert after.candidate.pages == drawn.count(Arm.CANDIDATE) + (alone is Arm.CANDIDATE)
    assert after.base.pages + after.candidate.pages == len(SITES) + 1
    assert (after.base.alone + after.candidate.alone, after.base.requests >= 1) == (1, True)
    warned = next(one for one in after.actions if one.action == "warn")
    assert warned.base is not None
    assert warned.difference.n == len(SITES) + 1
    games = next(one for one in after.categories if one.name == "Games")
    assert (games.action, games.n_base) == ("warn", warned.n_base)
    assert after.n_same == sum(
        scored_by_both(row.pk, f"https://{site}/arcade") for site in SITES
    ) + scored_by_both(row.pk, "https://site1.example/arcade")


def test_counts_go_on_from_the_totals_and_are_added_once_when_a_tick_was_killed(
    client: Client, candidate: ClassifierVersion
) -> None:
    row, now = start(candidate), timezone.now()
    ask(client, ["a.example", "b.example"])
    TALLY.send()
    assert drain(row, now)
    first = ExperimentCount.objects.get()
    # As a tick leaves it that was killed between the row and the deletion.
    aside = f"{counts_key(row.pk)}:drained"
    tally_redis().hset(aside, mapping={"base:allow:0": 50, "drain": str(first.drain)})

    drain(row, now)
    ask(client, ["c.example"])
    TALLY.send()
    drain(row, now)

    counted = counted_of(row)
    assert ExperimentCount.objects.count() == 2
    assert counted.base.pages + counted.candidate.pages == 3


def test_redis_may_be_down_and_the_counts_come_later(
    client: Client, candidate: ClassifierVersion, settings: Settings
) -> None:
    row, there = start(candidate), settings.REDIS_URL
    settings.REDIS_URL = "unix:///nowhere/redis.sock"

    answer = ask(client, ["a.example", "b.example"])
    TALLY.send()
    experiments_sweep(timezone.now() + timedelta(minutes=6))
    while_down = counted_of(row)
    settings.REDIS_URL = there
    TALLY.send()

    assert answer.status_code == 200
    assert while_down.base.pages + while_down.candidate.pages == 0
    counted = counted_of(row)
    assert counted.base.pages + counted.candidate.pages == 2


def test_a_shadow_changes_no_answer_and_counts_both_on_the_same_pages(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    pages = [f"{site}/arcade" for site in SITES]
    before = ask(client, pages).json()["results"]
    row = start(candidate, shadow=True, share=50)

    during = ask(client, pages).json()["results"]
    TALLY.send()

    assert [page | {"arm": "base", "classifier": base.number} for page in before] == during
    drawn = sum(place_of(row.pk, site, 50).arm is Arm.CANDIDATE for site in SITES)
    counted = counted_of(row)
    assert (counted.base.pages, counted.candidate.pages, counted.n_same) == (drawn, drawn, drawn)
    assert counted.same == []


def test_pages_that_differ_are_kept_a_few_and_a_batch_of_them_leaves_holdout_sites_out(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    project = base.project
    row = start(candidate, shadow=True, share=100)
    known = make_items(project, 1, split=Split.TRAIN)[0]
    held = make_items(project, 1, split=Split.HOLDOUT)[0]
    pages_written(row, [differing(item.url, item.url_hash) for item in (known, held)])
    pages_written(row, [differing(known.url, known.url_hash)])

    batch = pages_open(access_as(project, Role.LEAD), row)

    places = BatchItem.objects.filter(batch=batch)
    assert [place.item for place in places] == [known]
    assert {(place.stream, place.inclusion_probability) for place in places} == {(Stream.QUERY, None)}
    with pytest.raises(Conflict, match="No page is left"):
        pages_open(access_as(project, Role.LEAD), row)


def test_pages_that_the_project_does_not_have_are_taken_in_for_the_batch(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate)
    urls = [f"https://new{at}.example/a" for at in range(12)]
    from annotator.pool.addresses import canonical  # noqa: PLC0415
    from annotator.pool.cleaning import url_hash  # noqa: PLC0415

    pages_written(row, [differing(url, url_hash(canonical(url))) for url in urls])

    batch = pages_open(access_as(base.project, Role.LEAD), row)

    taken = Item.objects.filter(project=base.project, source="experiment 1")
    assert taken.count() == 12
    assert batch.n_items == taken.filter(split=Split.TRAIN).count()


def test_differing_pages_come_from_requests_through_redis(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate, shadow=True, share=100)
    for word in ("arcade", "poker", "rifle", "arcade-poker", "poker/rifle", "ark"):
        ask(client, [f"{site}/{word}" for site in SITES])
    TALLY.send()

    experiments_sweep(timezone.now())

    kept = list(ExperimentPage.objects.filter(experiment=row))
    counted = counted_of(row)
    assert (len(kept) > 0) == (counted.n_differ > 0)
    assert len(kept) <= 5 * 6
    assert all(page.base_action != page.candidate_action for page in kept)


def test_pages_are_forgotten_after_a_month(base: ClassifierVersion, candidate: ClassifierVersion) -> None:
    row = start(candidate)
    pages_written(row, [differing("https://a.example/", uuid.uuid4())])

    experiments_sweep(timezone.now() + timedelta(days=29))
    assert ExperimentPage.objects.count() == 1
    experiments_sweep(timezone.now() + timedelta(days=31))

    assert not ExperimentPage.objects.exists()


def test_an_experiment_ends_by_itself_when_its_time_is_over(
    client: Client, candidate: ClassifierVersion
) -> None:
    row = start(candidate, ends_at=timezone.now() + timedelta(seconds=3))

    # At once, and not with the next tick.
    eventually(lambda: "experiment" not in ask(client, ["a.example"]).json())
    experiments_sweep(timezone.now())

    row.refresh_from_db()
    assert row.ended_why == "its time was over"


def test_an_experiment_ends_when_another_version_serves(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate)
    promotion_make(access_as(base.project, Role.LEAD), candidate, based_on=1, reason="b", exception="a test")

    assert "experiment" not in ask(client, ["a.example"]).json()
    experiments_sweep(timezone.now())

    row.refresh_from_db()
    assert "serves no more" in row.ended_why


def test_a_promotion_of_the_candidate_ends_the_experiment(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row, lead = start(candidate), access_as(base.project, Role.LEAD)

    experiment_promote(lead, row, based_on=1, reason="experiment 1", exception="a test")

    row.refresh_from_db()
    assert version_serving(base.project) == candidate
    assert (row.ended_by, "was promoted" in row.ended_why) == (lead.user, True)


def test_a_candidate_that_cannot_be_read_is_told_and_the_base_answers(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    row = start(candidate)
    from django.core.files.storage import default_storage  # noqa: PLC0415

    default_storage.delete(candidate.artifact)
    from learner.monitoring import scoring  # noqa: PLC0415

    scoring._loaded.clear()

    body = ask(client, [f"{site}/a" for site in SITES]).json()
    TALLY.send()

    assert {page["arm"] for page in body["results"]} == {"base"}
    assert f"v{candidate.number} cannot be read" in body["experiment"]["problem"]
    assert counted_of(row).failed == 1


def test_the_api_starts_reads_and_stops_one(
    client: Client, base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    address = "/api/v1/projects/pilot/experiments/"
    sent = {"candidate": candidate.number, "share": 20, "reason": "a try", "shadow": True}

    started = client.post(address, json.dumps(sent), content_type="application/json")
    ask(client, [f"{site}/arcade" for site in SITES])
    TALLY.send()
    found = client.get(f"{address}1/").json()
    stopped = client.post(
        f"{address}1/stop/", json.dumps({"reason": "done"}), content_type="application/json"
    )
    twice = client.post(f"{address}1/stop/", json.dumps({"reason": "done"}), content_type="application/json")

    assert (started.status_code, started.json()["number"]) == (201, 1)
    assert found["counted"]["candidate"]["pages"] == found["counted"]["n_same"] > 0
    assert [row["n"] for row in found["counted"]["crossings"]] != []
    assert (stopped.status_code, stopped.json()["ended_why"], twice.status_code) == (200, "done", 409)
    assert [row["number"] for row in client.get(address).json()] == [1]
    assert client.post(f"{address}1/pages/").status_code == 409


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"candidate": 99, "reason": "x"},
        {"candidate": "v2", "reason": "x"},
        {"candidate": 2**40, "reason": "x"},
    ],
)
def test_the_api_refuses_what_it_cannot_start(
    client: Client, candidate: ClassifierVersion, sent: Any
) -> None:
    answer = client.post(
        "/api/v1/projects/pilot/experiments/", json.dumps(sent), content_type="application/json"
    )

    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["message"]


def test_people_start_look_at_stop_and_promote_on_pages(
    base: ClassifierVersion, candidate: ClassifierVersion
) -> None:
    lead, home = Client(), "/projects/pilot/classifiers/experiments/"
    lead.force_login(make_member(base.project, Role.LEAD))
    given = {"candidate": candidate.number, "share": 25, "reason": "new weights", "keeps_pages": "on"}

    refused = lead.post(home, given)
    started = lead.post(home, given | {"exception": "a test"})
    ask(lead, [f"{site}/arcade" for site in SITES])
    TALLY.send()
    page = lead.get(f"{home}1/").content.decode()
    listed = lead.get(home).content.decode()
    stopped = lead.post(f"{home}1/stop/", {"reason": "enough"})
    promoted = lead.post(
        f"{home}1/promote/", {"based_on": 1, "reason": "experiment 1", "exception": "a test"}
    )

    assert (refused.status_code, "exception" in refused.content.decode()) == (422, True)
    assert (started.status_code, stopped.status_code, promoted.status_code) == (302, 302, 302)
    assert "Arm against arm" in page
    assert "Games" in page
    assert "pages of different sites" in page
    assert "Experiment 1" in listed
    assert version_serving(base.project) == candidate


def differing(url: str, url_hash: Any) -> dict[str, Any]:
    return {
        "url": url,
        "url_hash": url_hash,
        "profile": "",
        "base_action": "allow",
        "candidate_action": "block",
        "base_labels": [],
        "candidate_labels": [GAMBLING, GAMES],
    }


def test_a_project_of_another_has_none_of_it(client: Client, candidate: ClassifierVersion) -> None:
    start(candidate)
    other: Project = make_served("other").project
    stranger = Client()
    stranger.force_login(make_member(other, Role.ADMIN))

    assert stranger.get("/api/v1/projects/other/experiments/").json() == []
    assert stranger.get("/api/v1/projects/other/experiments/1/").status_code == 404
    assert stranger.get("/api/v1/projects/pilot/experiments/1/").status_code == 404
