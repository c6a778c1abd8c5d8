"""Which version of a page's evidence a judgment names: what was shown, and nothing where that is in doubt."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.services import judgment_edit, judgment_submit, judgment_undo
from annotator.pool.models import Evidence, Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.queue.models import Assignment
from annotator.queue.places import assignment_claim, assignment_release
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=1)


@pytest.fixture
def item(project: Project) -> Item:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    return item


@pytest.fixture
def ann(project: Project) -> Access:
    return project_for(make_member(project, username="ann"), "pilot", Can.LABEL)


@pytest.fixture
def place(ann: Access, item: Item) -> Assignment:
    place = assignment_claim(ann.project, ann.user)
    assert place is not None
    return place


def come_again(item: Item, *, hours_ago: float = 0.0, version: int = 2) -> None:
    Evidence.objects.create(
        item=item,
        version=version,
        text="Something else.",
        content_hash=uuid4(),
        added_at=timezone.now() - timedelta(hours=hours_ago),
        likeness=0.1,
    )


def answer(*labels: str, evidence: int | None = None) -> Answer:
    return Answer(uuid4(), labels or (GAMES,), evidence=evidence)


def test_a_judgment_names_the_version_that_was_shown_when_the_page_changed_meanwhile(
    ann: Access, item: Item, place: Assignment
) -> None:
    come_again(item)

    judgment = judgment_submit(ann, place.pk, answer(evidence=1)).judgment

    assert judgment.evidence == Judgment.objects.get().evidence == 1


def test_the_only_version_needs_no_word(ann: Access, place: Assignment) -> None:
    assert judgment_submit(ann, place.pk, answer()).judgment.evidence == 1


def test_the_newest_is_named_when_it_was_there_long_before_the_place_was_offered(
    ann: Access, item: Item, place: Assignment
) -> None:
    come_again(item, hours_ago=2)

    assert judgment_submit(ann, place.pk, answer()).judgment.evidence == 2


def test_none_is_named_when_time_leaves_a_doubt(ann: Access, item: Item, place: Assignment) -> None:
    come_again(item, hours_ago=0.5)  # perhaps committed after the offer

    assert judgment_submit(ann, place.pk, answer()).judgment.evidence is None


@pytest.mark.parametrize("said", [2, 32_767])
def test_a_version_that_the_page_never_had_is_not_named(ann: Access, place: Assignment, said: int) -> None:
    assert judgment_submit(ann, place.pk, answer(evidence=said)).judgment.evidence is None


def test_a_page_without_evidence_has_no_version(ann: Access, item: Item, place: Assignment) -> None:
    Evidence.objects.filter(item=item).delete()

    assert judgment_submit(ann, place.pk, answer()).judgment.evidence is None


def test_an_answer_by_the_long_way_names_it_too(ann: Access, item: Item, place: Assignment) -> None:
    assignment_release(ann.project, ann.user, [place.pk])
    come_again(item, hours_ago=2)

    assert judgment_submit(ann, place.pk, answer(evidence=1)).judgment.evidence == 1


def test_a_change_names_what_was_shown_for_it_and_an_undo_nothing(
    ann: Access, item: Item, place: Assignment
) -> None:
    first = judgment_submit(ann, place.pk, answer(evidence=1)).judgment
    come_again(item)

    changed = judgment_edit(ann, first.pk, answer(GAMBLING, evidence=2)).judgment
    judgment_undo(ann)

    assert (first.evidence, changed.evidence) == (1, 2)
    assert Judgment.objects.get(verdict=Verdict.WITHDRAWN).evidence is None


def test_the_page_sends_the_version_that_it_shows(client: Client, ann: Access, item: Item) -> None:
    client.force_login(ann.user, backend="annotator.accounts.backends.AccountBackend")
    come_again(item)

    page = client.get("/projects/pilot/label/").content.decode()
    place = Assignment.objects.get(annotator=ann.user)
    come_again(item, version=3)
    sent = {"assignment": place.pk, "client_id": str(uuid4()), "labels": [GAMES], "evidence": 2}
    client.post("/projects/pilot/label/", sent)

    assert 'name="evidence" value="2"' in page
    assert Judgment.objects.get().evidence == 2


def test_a_version_that_is_no_number_is_refused(client: Client, ann: Access, place: Assignment) -> None:
    client.force_login(ann.user, backend="annotator.accounts.backends.AccountBackend")
    sent = {"assignment": place.pk, "client_id": str(uuid4()), "labels": [GAMES], "evidence": "two"}

    answer = client.post("/projects/pilot/label/", sent)

    assert answer.status_code == 422
    assert not Judgment.objects.exists()
