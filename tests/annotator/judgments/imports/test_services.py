"""Importing judgments: a file is read, mapped and written, once, beside every place, and counts like any other."""

import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.coefficients import fleiss_kappa, gwet_ac1, krippendorff_alpha, percent_agreement
from annotator.agreement.ratings import ItemAnswer, Ratings, tally, unsure_as_missing
from annotator.errors import BadInput, Conflict
from annotator.interchange.formats import pages_of
from annotator.interchange.neutral import Page, Reading
from annotator.judgments.answers import Answer
from annotator.judgments.imports import services
from annotator.judgments.imports.dropping import SEALED, imports_sweep
from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.selectors import mapping_page, refused_of
from annotator.judgments.imports.services import (
    ImportUpload,
    import_cancel,
    import_create,
    import_run,
    import_start,
)
from annotator.judgments.imports.writing import judgments_add
from annotator.judgments.models import Judgment, JudgmentImport
from annotator.judgments.selectors import judgments_own, judgments_today
from annotator.judgments.services import judgment_submit
from annotator.pool.cases import case_open
from annotator.pool.cleaning import split_of
from annotator.pool.models import Evidence, Item, Split
from annotator.projects.access import Can, project_for
from annotator.projects.models import Membership, Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment, AssignmentState, Exposure, Skip
from annotator.queue.places import assignment_claim
from annotator.review.measured import measured_at
from annotator.review.models import Resolution
from annotator.review.overview import pace_of
from annotator.review.people.totals import people_of
from annotator.review.services import review_sweep
from annotator.review.standing import Standing
from annotator.runs import RunStatus
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
)

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[2] / "interchange" / "data"
REAL = {"Gambling": GAMBLING, "Adult Content": VIOLENCE, "Games": GAMES}


@pytest.fixture
def project() -> Project:
    return make_project(overlap=2, overlap_max=3, holdout_percent=0)


@pytest.fixture
def lead(project: Project) -> User:
    return make_member(project, Role.LEAD, "lena")


def handed_in(
    project: Project, lead: User, content: Any, name: str = "file.json", **sent: str
) -> JudgmentImport:
    """An import of the content, read by a worker."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    run = import_create(project, ImportUpload(name, io.BytesIO(raw), **sent), by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    return run


def imported(
    project: Project, lead: User, content: Any, labels: dict[str, str] | None = None, **annotators: str
) -> JudgmentImport:
    """An import of the content, mapped and written; labels are mapped to themselves."""
    run = handed_in(project, lead, content)
    assert run.phase == JudgmentImport.Phase.MAPPING, run.error
    mapped = {slug: slug for slug in run.found["labels"]} | (labels or {})
    import_start(run, Sent("url", "title", "text", mapped, annotators), by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    return run


def task(number: int, *said: tuple[str, Iterable[str]], **annotation: Any) -> dict[str, Any]:
    """A task of Label Studio with what people said of it."""
    return {
        "data": {"url": f"https://site{number}.example/a", "title": f"Page {number}", "text": "Words."},
        "annotations": [
            {
                "completed_by": {"email": who},
                "result": [{"from_name": "labels", "type": "choices", "value": {"choices": list(labels)}}],
                "created_at": "2024-05-01T10:00:00Z",
                "lead_time": 5,
            }
            | annotation
            for who, labels in said
        ],
    }


def test_a_real_file_becomes_judgments_with_their_people_and_times(project: Project, lead: User) -> None:
    run = imported(project, lead, (DATA / "label-studio.json").read_bytes(), REAL)

    assert (run.status, run.error) == (RunStatus.DONE, "")
    assert (run.items_added, run.judgments_added, run.refused) == (5, 7, 0)
    first = Judgment.objects.select_related("annotator", "item").earliest("pk")
    assert (first.item.url, first.labels) == ("https://casino.example/start", [GAMBLING, VIOLENCE])
    assert (first.annotator.username, first.seconds, first.note) == ("imported: 1", 12.5, "clear")
    assert first.given_at == datetime(2026, 11, 27, 21, 39, 29, 229100, tzinfo=UTC)
    assert (first.assignment, first.imported) == (None, run)
    assert Evidence.objects.get(item=first.item).text == "Spin the wheel and win."
    assert run.file == ""


def test_nothing_comes_twice_when_a_file_comes_again(project: Project, lead: User) -> None:
    content = [task(1, ("ann", [GAMES]), ("bob", [])), task(2, ("ann", [GAMES]))]
    imported(project, lead, content)

    again = imported(project, lead, content)

    assert (again.items_added, again.items_known) == (0, 2)
    assert (again.judgments_added, again.judgments_known) == (0, 3)
    assert Judgment.objects.count() == 3
    assert User.objects.filter(username__startswith="imported: ").count() == 2


def test_agreement_is_that_of_the_file(project: Project, lead: User) -> None:
    rng = np.random.default_rng(7)
    slugs = [GAMES, GAMBLING, VIOLENCE]
    content = [
        task(n, *((who, [slug for slug in slugs if rng.random() < 0.4]) for who in ("ann", "bob", "cy")))
        for n in range(40)
    ]
    run = imported(project, lead, content)
    taxonomy = taxonomy_current(project)

    pages = pages_of(io.BytesIO(json.dumps(content).encode()), "label-studio", Reading())
    answers = (
        ItemAnswer(page.line, ("ann", "bob", "cy").index(one.annotator), frozenset(one.labels))
        for page in pages
        if isinstance(page, Page)
        for one in page.judgments
    )
    direct = Ratings.from_answers(answers, taxonomy.slugs)
    stored = measured_at(project, taxonomy, Judgment.objects.latest("pk").pk).ratings

    assert run.judgments_added == 120
    for place in range(3):
        for coefficient in (percent_agreement, krippendorff_alpha, fleiss_kappa, gwet_ac1):
            of_file, of_rows = (
                coefficient(tally(unsure_as_missing(ratings), place)) for ratings in (direct, stored)
            )
            np.testing.assert_allclose(of_rows, of_file)


def test_what_people_agree_on_is_resolved_and_leaves_the_pool(project: Project, lead: User) -> None:
    imported(project, lead, [task(1, ("ann", [GAMES]), ("bob", [GAMES])), task(2, ("ann", [GAMES]))])

    swept = review_sweep(project)

    assert swept.resolved == 1
    held = Resolution.objects.select_related("item").get()
    assert (held.item.url, held.labels, held.method) == ("https://site1.example/a", [GAMES], "unanimous")
    assert dict(Item.objects.values_list("url", "pooled")) == {
        "https://site1.example/a": False,
        "https://site2.example/a": True,
    }


def test_a_disagreement_waits_for_a_lead_when_no_place_can_be_added(project: Project, lead: User) -> None:
    imported(project, lead, [task(1, ("ann", [GAMES]), ("bob", [GAMBLING]))])

    assert review_sweep(project).disagreements == 1
    assert not Assignment.objects.exists()


def test_a_member_is_not_asked_again_and_has_done_no_work_here(project: Project, lead: User) -> None:
    ann = make_member(project, username="ann")
    imported(project, lead, [task(1, ("a", [VIOLENCE]))], a="ann")

    judged = Judgment.objects.get()
    assert (judged.annotator, judged.late, judged.purpose) == (ann, False, "overlap")
    make_batch(project, [judged.item])
    assert assignment_claim(project, ann) is None
    assert assignment_claim(project, make_member(project)) is not None
    assert Assignment.objects.filter(item=judged.item).count() == project.overlap
    assert not judgments_own(project, ann).exists()
    assert judgments_today(project, ann, timezone.now() - timedelta(days=9_000)) == 0
    assert pace_of(project, timezone.now()).today == 0
    assert [row.n_judgments for row in people_of(project) if row.user == ann] == [0]
    assert not Exposure.objects.exists()


def test_an_account_that_is_made_can_never_sign_in(project: Project, lead: User) -> None:
    imported(project, lead, [task(1, ("<b>eve</b>\x00", [GAMES]))])

    eve = User.objects.get(username="imported: <b>eve</b>")
    assert not eve.is_active
    assert not eve.has_usable_password()
    assert not Membership.objects.filter(user=eve).exists()
    answer = Client().post("/sign-in/", {"username": eve.username, "password": "x"})
    assert "_auth_user_id" not in answer.client.session


def test_two_projects_have_people_of_their_own_when_names_are_the_same(project: Project, lead: User) -> None:
    other = make_project()
    imported(project, lead, [task(1, ("ann", [GAMES]))])
    imported(other, make_member(other, Role.LEAD), [task(1, ("ann", [GAMES]))])

    names = set(Judgment.objects.values_list("annotator__username", flat=True))
    assert names == {"imported: ann", "imported: ann (2)"}


def test_a_person_keeps_the_judgment_that_they_gave_here(project: Project, lead: User) -> None:
    ann = make_member(project, username="ann")
    imported(project, lead, [task(1), task(2, ("x", []))])
    item = Item.objects.get(url="https://site1.example/a")
    make_batch(project, [item])
    own = make_judgment(item, ann, [GAMES])

    run = imported(project, lead, [task(1, ("ann", [VIOLENCE]))], ann="ann")

    assert (run.judgments_added, run.judgments_known) == (0, 1)
    assert Judgment.objects.filter(item=item).get() == own


def test_whoever_holds_a_place_is_told_when_their_judgment_was_imported_meanwhile(
    project: Project, lead: User
) -> None:
    ann = make_member(project, username="ann")
    imported(project, lead, [task(1), task(2, ("x", []))])
    make_batch(project, [Item.objects.get(url="https://site1.example/a")])
    place = assignment_claim(project, ann)
    assert place is not None
    imported(project, lead, [task(1, ("ann", [VIOLENCE]))], ann="ann")

    with pytest.raises(Conflict, match="imported from a file"):
        judgment_submit(
            project_for(ann, project.slug, Can.LABEL), place.pk, Answer(client_id=uuid4(), labels=(GAMES,))
        )

    free = Assignment.objects.get(state=AssignmentState.FREE)
    assert (free.severity, free.expected) == (3, [VIOLENCE])


def test_labels_become_what_they_are_mapped_to(project: Project, lead: User) -> None:
    content = [
        task(1, ("ann", ["Games!", "Sport"])),
        task(2, ("ann", ["Sport"])),
        task(3, ("ann", ["Nothing bad"])),
    ]
    run = imported(project, lead, content, {"Games!": GAMES, "Sport": "ignore", "Nothing bad": "none"})

    labels = dict(Judgment.objects.values_list("item__url", "labels"))
    assert labels == {"https://site1.example/a": [GAMES], "https://site3.example/a": []}
    assert run.judgments_left_out == 1


def test_the_newest_counts_when_somebody_judged_an_item_twice(project: Project, lead: User) -> None:
    content = task(1, ("ann", [GAMES]), ("ann", [GAMBLING]))
    content["annotations"][0]["created_at"] = "2025-01-01T00:00:00"

    run = imported(project, lead, [content])

    assert Judgment.objects.get().labels == [GAMES]
    assert (run.judgments_added, run.judgments_known) == (1, 1)


def test_rows_are_refused_with_their_place_and_reason(project: Project, lead: User) -> None:
    future = (timezone.now() + timedelta(days=3)).isoformat()
    content = [
        task(1, ("ann", [GAMES])),
        task(2, ("ann", [GAMES]), created_at=future),
        task(3, ("ann", [GAMES]), created_at="yesterday"),
        task(4, ("ann", [GAMES]), lead_time=float("nan")),
        {"data": {"url": "mailto:a@b.example"}, "annotations": task(5, ("ann", [GAMES]))["annotations"]},
        {"data": {"title": "no address"}, "annotations": []},
        "no task",
    ]

    run = imported(project, lead, content)

    assert [(row.line, row.reason) for row in refused_of(run)] == [
        (2, "future"),
        (3, "time"),
        (5, "not_http"),
        (6, "no_url"),
        (7, "not_an_object"),
    ]
    assert (run.judgments_added, run.refused) == (2, 5)
    assert Judgment.objects.get(item__url="https://site4.example/a").seconds is None


def test_a_file_that_breaks_in_the_middle_is_refused_before_a_row_is_written(
    project: Project, lead: User
) -> None:
    content = json.dumps([task(n, ("ann", [GAMES])) for n in range(50)]).encode()

    run = handed_in(project, lead, content[:-900])

    assert run.status == RunStatus.FAILED
    assert "cannot be read at element" in run.error
    assert run.file == ""
    assert not Item.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b'{"a": 1}', "no format that is known"),
        (b"just words", "neither JSON nor a table"),
    ],
)
def test_a_file_is_refused_at_once_when_it_is_none(
    project: Project, lead: User, content: bytes, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        import_create(project, ImportUpload("x", io.BytesIO(content)), by=lead)

    assert not JudgmentImport.objects.exists()


def test_a_file_without_a_judgment_says_what_is_in_it(project: Project, lead: User) -> None:
    run = handed_in(project, lead, [task(1) | {"predictions": [{}, {}]}])

    assert run.error == "There is no judgment in the file, only 2 predictions."


def test_a_file_without_addresses_is_seen(project: Project, lead: User) -> None:
    run = handed_in(project, lead, b'{"text": "words", "label": ["games"]}\n', "ann.jsonl")

    page = mapping_page(run, taxonomy_current(project))
    assert (page.has_address, page.fields[0].guess) == (False, "")
    assert [row.name for row in page.people] == ["ann"]
    with pytest.raises(BadInput, match="which field holds the address"):
        import_start(run, Sent("", labels={"games": GAMES}), by=lead)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (Sent("link", labels={"games": GAMES}), 'no field "link"'),
        (Sent("url"), "Say what each label is"),
        (Sent("url", labels={"games": "sport"}), '"sport" is not a category'),
        (Sent("url", labels={"games": GAMES, "x": GAMES}), 'no label "x"'),
        (Sent("url", labels={"games": GAMES}, annotators={"eve": ""}), 'Nobody in the file is called "eve"'),
        (Sent("url", labels={"games": GAMES}, annotators={"ann": "eve"}), '"eve" is not a member'),
    ],
)
def test_a_mapping_is_refused_when_it_is_not_whole(
    project: Project, lead: User, sent: Sent, sentence: str
) -> None:
    run = handed_in(project, lead, [task(1, ("ann", [GAMES]))])

    with pytest.raises(BadInput, match=sentence):
        import_start(run, sent, by=lead)

    run.refresh_from_db()
    assert run.phase == JudgmentImport.Phase.MAPPING
    assert not User.objects.filter(username__startswith="imported").exists()


def test_an_import_starts_once(project: Project, lead: User) -> None:
    run = handed_in(project, lead, [task(1, ("ann", [GAMES]))])
    stale = JudgmentImport.objects.get(pk=run.pk)
    sent = Sent("url", labels={GAMES: GAMES})
    import_start(run, sent, by=lead)

    with pytest.raises(Conflict):
        import_start(stale, sent, by=lead)


def test_the_next_worker_goes_on_where_one_died(
    project: Project, lead: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "CHUNK_PAGES", 3)
    run = handed_in(project, lead, [task(n, ("ann", [GAMES])) for n in range(8)])
    import_start(run, Sent("url", labels={GAMES: GAMES}), by=lead)
    done = 0

    def dying(*args: Any) -> int:
        nonlocal done
        done += 1
        if done == 2:
            raise KeyboardInterrupt  # as a worker that is killed: nothing is written on the run
        return added(*args)

    added = judgments_add
    with monkeypatch.context() as patch:
        patch.setattr(services, "judgments_add", dying)
        with pytest.raises(KeyboardInterrupt):
            import_run(run.pk)
    assert Judgment.objects.count() == 3

    JudgmentImport.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    import_run(run.pk)

    run.refresh_from_db()
    assert (run.status, run.pages_read, run.judgments_added, run.attempt) == (RunStatus.DONE, 8, 8, 3)
    assert Judgment.objects.count() == 8


def test_a_cancelled_import_writes_nothing_more(project: Project, lead: User) -> None:
    run = handed_in(project, lead, [task(1, ("ann", [GAMES]))])

    import_cancel(run, by=lead)

    run.refresh_from_db()
    assert (run.status, run.error, run.file) == (RunStatus.FAILED, "Cancelled by lena.", "")
    with pytest.raises(Conflict):
        import_cancel(run, by=lead)
    import_run(run.pk)
    assert not Judgment.objects.exists()


def test_sites_are_on_the_side_that_they_always_are(lead: User, project: Project) -> None:
    project.holdout_percent = 50
    project.save()

    imported(project, lead, [task(n, ("ann", [GAMES])) for n in range(20)])

    splits = {item.split for item in Item.objects.all()}
    assert splits == {Split.TRAIN, Split.HOLDOUT}
    assert all(
        item.split == split_of(item.registrable_domain, project.holdout_salt, 50)
        for item in Item.objects.all()
    )


def test_a_judgment_has_a_place_or_is_imported_never_both(project: Project, lead: User) -> None:
    imported(project, lead, [task(1, ("ann", [GAMES]))])
    row = Judgment.objects.get()

    row.pk, row.imported, row.given_at = None, None, None
    row.annotator, row.client_id = lead, uuid4()

    with pytest.raises(IntegrityError, match="judgment_placed_or_imported"):
        row.save(force_insert=True)


def test_a_skip_is_written_for_people_who_can_be_asked_only(project: Project, lead: User) -> None:
    ann = make_member(project, username="ann")

    imported(project, lead, [task(1, ("ann", [GAMES]), ("bob", [GAMES]))], ann="ann")

    assert list(Skip.objects.values_list("annotator", "reason")) == [(ann.pk, "late")]


def test_what_was_given_before_a_recheck_does_not_count_after_it_whenever_it_came() -> None:
    now = timezone.now()
    before = Judgment(created_at=now, given_at=now - timedelta(days=100))
    after, here = Judgment(created_at=now, given_at=now), Judgment(created_at=now)

    standing = Standing(
        item_id=1,
        judgments=(before, after, here),
        waits=False,
        resolution=None,
        disagreement=None,
        rechecked_at=now - timedelta(days=1),
    )

    assert [id(row) for row in standing.counted] == [id(after), id(here)]


def test_a_file_that_waits_is_deleted_when_a_page_is_stopped(project: Project, lead: User) -> None:
    """It may hold that page, and whoever opens it would see what nobody may."""
    waiting = handed_in(project, lead, [task(1, ("ann@x.org", [GAMES]))])
    stored, (item,) = waiting.file, make_items(project, 1)
    assert imports_sweep(project) == 0

    case_open(project, item.pk, by=lead)
    later = handed_in(project, lead, [task(2, ("ann@x.org", [GAMES]))], "later.json")

    assert imports_sweep(project) == 1
    waiting.refresh_from_db()
    later.refresh_from_db()
    assert (waiting.status, waiting.file, waiting.error) == (RunStatus.FAILED, "", SEALED)
    assert not default_storage.exists(stored)
    assert (later.status, default_storage.exists(later.file)) == (RunStatus.DONE, True)


def test_a_file_is_deleted_when_its_workers_died_and_it_was_given_up(project: Project, lead: User) -> None:
    run = import_create(project, ImportUpload("file.json", io.BytesIO(b"[]"), format="label-studio"), by=lead)
    JudgmentImport.objects.filter(pk=run.pk).update(status=RunStatus.FAILED)

    assert imports_sweep(project) == 1

    assert not default_storage.exists(run.file)
