"""Suspects from the search to the answer: a real small classifier, real near-duplicates, real rows."""

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from annotator.errors import Conflict
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Item, Signature
from annotator.projects.access import Access, Can, project_for
from annotator.projects.mapping import Kind
from annotator.projects.models import Membership, Project, Role
from annotator.projects.operations import Operation
from annotator.review.models import Disagreement, Method, Question, Resolution
from annotator.runs import RunStatus
from learner.core.due import Due, NotDue, suspects_due
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.suspects.judging import near_duplicate_groups, suspect_run_execute
from learner.suspects.models import Suspect, SuspectRun
from learner.suspects.selectors import suspect_facts, suspects_open
from learner.suspects.services import suspect_confirm, suspect_fix, suspect_run_start, suspect_send_back
from learner.training.models import TrainingRun
from learner.training.selectors import FIRST_CHOOSE
from learner.training.services import training_run_start
from tests.factories import (
    GAMES,
    category_draft,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    publish_operations,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Twelve resolved pages on games and twelve on the weather; the first page on games is held to be none."""
    project = make_project("pilot")
    items = make_items(project, 12, topic="games chess") + make_items(project, 12, topic="weather")
    make_batch(project, items[:1])
    make_judgment(items[0], make_member(project, username="bo"), [])
    for number, item in enumerate(items):
        make_resolution(item, [GAMES] if 0 < number < 12 else [])
    feature_run_execute(feature_run_start(project).pk)
    return project


def search(project: Project) -> SuspectRun:
    run = suspect_run_start(project)
    suspect_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE, run.error
    return run


def lead(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)


def first(project: Project) -> Suspect:
    suspect = suspects_open(project).first()
    assert suspect is not None
    return suspect


def judged(suspect: Suspect) -> frozenset[int]:
    current = judgments_current(suspect.project).filter(item=suspect.item)
    return frozenset(current.values_list("pk", flat=True))


def test_a_wrong_label_is_found_with_its_evidence(project: Project) -> None:
    run = search(project)

    suspect = first(project)
    wrong = Item.objects.filter(project=project).order_by("pk")[0]
    assert (run.n_items, suspect.item, suspect.category, suspect.present) == (24, wrong, GAMES, False)
    assert suspect.probability is not None
    assert suspect.doubt == pytest.approx(suspect.probability, abs=1e-6)
    with pytest.raises(DatabaseError), transaction.atomic():
        Suspect.objects.update(doubt=0)


def test_a_confirmed_label_is_not_asked_again_when_the_next_run_doubts_it_too(project: Project) -> None:
    search(project)
    suspect, access = first(project), lead(project)

    suspect_confirm(access, suspect.pk)

    assert not suspects_open(project).filter(item=suspect.item).exists()
    search(project)
    assert Suspect.objects.filter(item=suspect.item).count() == 2
    assert not suspects_open(project).filter(item=suspect.item).exists()


def test_a_fix_is_a_resolution_with_the_evidence_as_its_reason(project: Project) -> None:
    search(project)
    suspect = first(project)

    suspect_fix(lead(project), suspect.pk, judgments=judged(suspect))

    held = Resolution.objects.get(supersedes=suspect.resolution)
    assert (held.labels, held.method) == ([GAMES], Method.ADJUDICATED)
    assert held.reason.startswith("Suspect: Games is held absent. classifier: gives the category 0.")
    assert not suspects_open(project).filter(item=suspect.item).exists()


def test_a_fix_is_refused_when_somebody_judged_meanwhile(project: Project) -> None:
    search(project)
    suspect, access = first(project), lead(project)
    seen = judged(suspect)
    make_judgment(suspect.item, make_member(project, username="cy"), [])

    with pytest.raises(Conflict, match="cy judged it"):
        suspect_fix(access, suspect.pk, judgments=seen)

    assert not Resolution.objects.filter(supersedes=suspect.resolution).exists()


def test_a_fix_is_refused_when_the_resolution_says_nothing_on_a_category_of_now(project: Project) -> None:
    search(project)
    suspect, access = first(project), lead(project)
    publish_operations(project, Operation(Kind.ADD, (), (category_draft("chat"),)))

    with pytest.raises(Conflict, match="says nothing on chat"):
        suspect_fix(access, suspect.pk, judgments=judged(suspect))

    assert not Resolution.objects.filter(supersedes=suspect.resolution).exists()


def test_an_answer_is_refused_when_another_lead_was_faster(project: Project) -> None:
    search(project)
    suspect, access = first(project), lead(project)
    suspect_fix(access, suspect.pk, judgments=judged(suspect))

    for late in (suspect_confirm, suspect_send_back):
        with pytest.raises(Conflict, match="has changed since"):
            late(access, suspect.pk)


def test_what_is_sent_back_is_a_disagreement_and_stays_held(project: Project) -> None:
    search(project)
    suspect = first(project)

    suspect_send_back(lead(project), suspect.pk)

    row = Disagreement.objects.get(item=suspect.item, closed_at=None)
    assert row.categories == [GAMES]
    assert row.reason.startswith("Suspect: ")
    assert not Resolution.objects.filter(supersedes=suspect.resolution).exists()


def test_a_withheld_item_is_no_suspect(project: Project) -> None:
    search(project)
    suspect = first(project)

    Item.objects.filter(pk=suspect.item_id).update(withheld=True)

    assert not suspects_open(project).filter(item=suspect.item).exists()


def test_near_duplicates_that_hold_the_opposite_are_counted_and_named(project: Project) -> None:
    ids = list(Item.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))
    # The first shares a band with the second, which shares another with the rest of the games.
    Signature.objects.update_or_create(item_id=ids[0], defaults={"bands": [7]})
    Signature.objects.create(item_id=ids[1], bands=[7, 8])
    Signature.objects.bulk_create(Signature(item_id=pk, bands=[8]) for pk in ids[2:12])

    search(project)

    suspect = first(project)
    assert len(set(near_duplicate_groups(ids).tolist())) == 13
    assert (suspect.item_id, suspect.duplicates, suspect.duplicates_against) == (ids[0], 11, 11)
    assert suspect.against == ids[1:4]
    assert suspect.doubt >= 11 / 12


def test_a_search_is_due_once_there_is_a_classifier_and_enough_is_new(project: Project) -> None:
    now = timezone.now()
    assert isinstance(suspects_due(suspect_facts(project, None), now=now), NotDue)
    version = make_classifier(project)
    assert suspects_due(suspect_facts(project, version), now=now) == NotDue(
        "suspects not due: 24 new resolutions, 30 needed"
    )
    for item in make_items(project, 6):
        make_resolution(item, [])

    assert suspects_due(suspect_facts(project, version), now=now) == Due("suspects due: 30 new resolutions")


def test_a_search_waits_for_the_version_that_is_trained_and_its_first_batch_but_not_for_ever(
    project: Project,
) -> None:
    now = timezone.now()
    version = make_classifier(project)
    for item in make_items(project, 6):
        make_resolution(item, [])
    training = training_run_start(project, "")
    waits = NotDue("suspects wait for the version that is being trained, and for its first batch")
    assert suspects_due(suspect_facts(project, version), now=now) == waits

    TrainingRun.objects.filter(pk=training.pk).update(status=RunStatus.DONE, finished_at=now)
    assert suspects_due(suspect_facts(project, version), now=now) == waits
    TrainingRun.objects.filter(pk=training.pk).update(finished_at=now - 2 * FIRST_CHOOSE)
    assert isinstance(suspects_due(suspect_facts(project, version), now=now), Due)

    TrainingRun.objects.filter(pk=training.pk).update(status=RunStatus.RUNNING, finished_at=None)
    for item in make_items(project, 90):
        make_resolution(item, [])
    assert isinstance(suspects_due(suspect_facts(project, version), now=now), Due)


def test_the_page_shows_the_evidence_and_takes_the_answer_without_script(
    client: Client, project: Project
) -> None:
    search(project)
    suspect = first(project)
    client.force_login(make_member(project, Role.LEAD))

    page = client.get("/projects/pilot/suspects/").content.decode()
    answer = client.post(f"/projects/pilot/suspects/{suspect.pk}/", {"answer": "confirm", "category": GAMES})

    assert "held absent" in page
    assert "having seen no page of this site" in page
    assert answer["Location"] == "/projects/pilot/suspects/?category=games"
    assert not suspects_open(project).filter(item=suspect.item).exists()
    assert client.post(f"/projects/pilot/suspects/{suspect.pk}/", {"answer": "x"}).status_code == 400


def test_sending_back_asks_those_who_judged_without_saying_what_is_held(project: Project) -> None:
    search(project)
    suspect, access = first(project), lead(project)

    question = suspect_send_back(access, suspect.pk)

    assert question is not None
    assert question.text.startswith("Please look at this page once more: does it show Games?")
    assert (question.category, question.status) == (GAMES, "open")
    assert [one.annotator.username for one in question.participants.all()] == ["bo"]
    row = Disagreement.objects.get(item=suspect.item, closed_at=None)
    assert (row, row.hold_by) == (question.disagreement, access.user)


def test_sending_back_asks_nobody_where_nobody_judged_or_all_have_left(project: Project) -> None:
    search(project)
    suspect = first(project)
    Membership.objects.filter(user__username="bo").delete()

    assert suspect_send_back(lead(project), suspect.pk) is None

    row = Disagreement.objects.get(item=suspect.item, closed_at=None)
    assert row.hold_by is None


def test_suspects_are_listed_and_answered_through_the_api(project: Project) -> None:
    search(project)
    client, root = Client(), "/api/v1/projects/pilot/suspects/"
    client.force_login(lead(project).user)

    def post(pk: int, what: str, body: dict[str, object]) -> int:
        return client.post(f"{root}{pk}/{what}/", body, content_type="application/json").status_code

    listed = client.get(root).json()
    found = {row["category"]: row for row in listed["suspects"] if row["judgments"]}[GAMES]
    suspect = first(project)
    assert (found["id"], found["present"], found["judgments"]) == (suspect.pk, False, sorted(judged(suspect)))
    assert listed["n"] == len(listed["suspects"])
    assert client.get(f"{root}?category={GAMES}").json()["n"] == listed["n"]
    assert client.get(f"{root}?category=%00").status_code == 400
    assert post(suspect.pk, "fix", {"judgments": [10**17]}) == 409
    assert post(suspect.pk, "fix", {"judgments": "x"}) == 400
    assert post(suspect.pk, "fix", {"judgments": found["judgments"]}) == 204
    assert post(suspect.pk, "confirm", {}) == 409
    assert post(10**17, "confirm", {}) == 404
    assert Resolution.objects.get(supersedes=suspect.resolution).labels == [GAMES]


@pytest.mark.parametrize(("what", "status"), [("confirm", 204), ("send-back", 200)])
def test_the_other_answers_through_the_api(project: Project, what: str, status: int) -> None:
    search(project)
    suspect, client = first(project), Client()
    client.force_login(lead(project).user)
    address = f"/api/v1/projects/pilot/suspects/{suspect.pk}/{what}/"

    answers = [client.post(address, {}, content_type="application/json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [status, 409]
    if what == "send-back":
        assert answers[0].json() == {"question": Question.objects.get().pk}
    assert not suspects_open(project).filter(item=suspect.item).exists()
