"""What was made with a judgment that is undone, exactly."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.judgments.services import judgment_undo
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.review.models import Resolution
from learner.snapshots.models import Snapshot
from learner.training.uses import AS_OF, Uses, judgment_undone, uses_of
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=1)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def judgment(project: Project, ann: User) -> Judgment:
    items = make_items(project, 1)
    make_batch(project, items)
    return make_judgment(items[0], ann, [GAMES], created_at=NOON)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def resolve(judgment: Judgment, minutes: int, *, based: bool = True, **columns: Any) -> Resolution:
    columns = {"judgments": [judgment.pk] if based else [], "created_at": at(minutes), **columns}
    return make_resolution(judgment.item, **columns)


def freeze(project: Project, minutes: int) -> int:
    number = Snapshot.objects.count() + 1
    Snapshot.objects.create(
        project=project,
        number=number,
        content_sha256="0" * 64,
        directory=f"snapshots/v{number}",
        manifest={"state_as_of": at(minutes).strftime(AS_OF)},
        n_items=1,
        n_judgments=1,
        size=1,
    )
    return number


def train(project: Project, last: Resolution | None) -> int:
    return make_classifier(project, last_resolution=last.pk if last else 0).number


def test_a_snapshot_uses_a_judgment_whose_item_was_held_true_then(
    project: Project, judgment: Judgment
) -> None:
    before = freeze(project, 0)
    held = resolve(judgment, 10)
    during = freeze(project, 20)
    resolve(judgment, 30, supersedes=held, verdict="withdrawn", method="reopened")
    after = freeze(project, 40)

    assert uses_of(judgment).snapshots == (during,)
    assert {before, during, after} == {1, 2, 3}


def test_a_snapshot_does_not_use_what_was_said_after_it(project: Project, judgment: Judgment) -> None:
    later = make_judgment(judgment.item, make_member(project), [GAMBLING], created_at=at(25))
    resolve(judgment, 10)
    freeze(project, 20)

    assert uses_of(later) == Uses((), ())
    assert uses_of(judgment).snapshots == (1,)


def test_a_classifier_uses_the_judgments_that_its_resolutions_rest_on(
    project: Project, judgment: Judgment
) -> None:
    early = train(project, None)
    held = resolve(judgment, 10)
    learned = train(project, held)
    newer = resolve(judgment, 30, supersedes=held, based=False)
    train(project, newer)

    assert uses_of(judgment).classifiers == (learned,)
    assert early == 1


def test_no_classifier_uses_a_judgment_on_a_holdout_item(project: Project, judgment: Judgment) -> None:
    Item.objects.update(split=Split.HOLDOUT)
    train(project, resolve(judgment, 10))

    assert uses_of(Judgment.objects.select_related("item").get()).classifiers == ()


def test_nothing_uses_a_judgment_without_a_resolution(project: Project, judgment: Judgment) -> None:
    freeze(project, 20)
    train(project, None)

    assert uses_of(judgment) == Uses((), ())
    assert uses_of(judgment).sentence == ""


@pytest.mark.parametrize(
    ("uses", "sentence"),
    [
        (
            Uses((3,), (2,)),
            "Snapshot v3 and classifier v2 were made with it; they stay as they are, "
            "the next ones use your new answer.",
        ),
        (
            Uses((3,), ()),
            "Snapshot v3 was made with it; it stays as it is, the next one uses your new answer.",
        ),
        (
            Uses((), (5, 4)),
            "Classifiers v5 and v4 were made with it; they stay as they are, the next ones use your new answer.",
        ),
        (
            Uses((9, 8, 7, 6, 5), ()),
            "Snapshots v9, v8, v7 and 2 earlier were made with it; they stay as they are, "
            "the next ones use your new answer.",
        ),
    ],
)
def test_uses_are_said_in_a_sentence(uses: Uses, sentence: str) -> None:
    assert uses.sentence == sentence


def undone(project: Project, ann: User) -> Access:
    access = project_for(ann, project.slug, Can.LABEL)
    judgment_undo(access)
    return access


def test_undo_works_although_a_snapshot_used_it_and_says_which(
    client: Client, project: Project, ann: User, judgment: Judgment
) -> None:
    resolve(judgment, 10)
    freeze(project, 20)
    client.force_login(ann, backend="annotator.accounts.backends.AccountBackend")

    posted = client.post(reverse("judgments:undo", args=["pilot"]), follow=True)
    address = reverse("training:uses", args=["pilot"])

    assert f'<a href="{address}">What was made with it</a>' in posted.content.decode()
    assert "Snapshot v1 was made with it" in client.get(address).content.decode()
    scripted = client.get(address, headers={"accept": "application/json"})
    assert scripted.json() == {"text": uses_of(judgment).sentence}
    assert Judgment.objects.filter(verdict="withdrawn", supersedes=judgment).exists()


def test_only_what_one_undid_oneself_is_looked_up(
    client: Client, project: Project, ann: User, judgment: Judgment
) -> None:
    undone(project, ann)
    bob = make_member(project)
    client.force_login(bob, backend="annotator.accounts.backends.AccountBackend")
    address = reverse("training:uses", args=["pilot"])

    assert judgment_undone(project_for(bob, "pilot", Can.LABEL)) is None
    assert "You have undone no answer." in client.get(address).content.decode()
    assert client.get(address, {"judgment": judgment.pk}).status_code == 404
    assert client.get(address, {"judgment": "9" * 40}).status_code == 200


def test_ones_own_judgment_can_be_named(
    client: Client, project: Project, ann: User, judgment: Judgment
) -> None:
    resolve(judgment, 10)
    freeze(project, 20)
    client.force_login(ann, backend="annotator.accounts.backends.AccountBackend")

    page = client.get(reverse("training:uses", args=["pilot"]), {"judgment": judgment.pk})

    assert "Snapshot v1 was made with it" in page.content.decode()
