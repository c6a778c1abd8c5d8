"""What is told of a page after one's own judgment, and only then."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.accounts.models import User
from annotator.judgments.last import UNTOLD, last_answer, told_of, why_served
from annotator.pool.models import Evidence, Item
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Batch, BatchItem, Stream
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

LAST = reverse("judgments:last", args=["pilot"])
TEXT = " ".join(f"word{n}" for n in range(60))


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=3)


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
    return user


@pytest.fixture
def access(project: Project, ann: User) -> Access:
    return project_for(ann, "pilot", Can.LABEL)


@pytest.fixture
def twins(project: Project) -> list[Item]:
    """Three served items with the same text."""
    items = make_items(project, 3)
    Evidence.objects.update(title="", text=TEXT)
    make_batch(project, items)
    return items


def ledger(item: Item, stream: Stream, reason: str) -> BatchItem:
    batch = Batch.objects.create(
        project=item.project, number=Batch.objects.count() + 50, reason="r", fingerprint=f"f{Batch.objects.count()}",
        seed=1, pool_size=9, n_items=1,
    )  # fmt: skip
    return BatchItem.objects.create(
        batch=batch, item=item, rank=0, stream=stream, strategy="s", reason=reason, pool_size=9, seed=1
    )


def test_nothing_is_told_to_whoever_has_judged_nothing(
    client: Client, access: Access, project: Project, twins: list[Item]
) -> None:
    bob = make_member(project, username="secretbob")
    for item in twins:
        make_judgment(item, bob, [GAMBLING], note="SECRET-NOTE")

    html = client.get(LAST).content.decode()

    assert last_answer(access) is None
    assert "You have no answer that stands" in html
    assert not [
        secret for secret in ("Gambling", "secret", "SECRET", twins[0].registrable_domain) if secret in html
    ]


def test_the_page_of_a_judgment_that_is_not_ones_own_is_not_told_of(
    client: Client, access: Access, project: Project, twins: list[Item]
) -> None:
    judgment = make_judgment(twins[0], make_member(project), [GAMBLING])

    assert client.get(reverse("judgments:edit", args=["pilot", judgment.pk])).status_code == 404
    with pytest.raises(AssertionError):
        told_of(access, judgment, taxonomy_current(project))


def test_near_duplicates_are_told_with_all_answers_once_one_has_judged_them_too(
    client: Client, access: Access, project: Project, twins: list[Item]
) -> None:
    bob, cyd = make_member(project, username="secretbob"), make_member(project)
    first, second, third = twins
    for person in (bob, cyd):
        make_judgment(second, person, [GAMBLING], note="SECRET-NOTE")
    make_judgment(third, bob, [GAMES])
    make_judgment(second, access.user, [GAMES])
    make_judgment(first, access.user, [])

    last = last_answer(access)
    html = client.get(LAST).content.decode()

    assert last is not None
    assert last.row.judgment.item == first
    (alike,) = last.told.alike
    assert (alike.url.domain, alike.percent) == (second.registrable_domain, 100)
    assert alike.own.labels == ("Games",)
    assert [(words.labels, n) for words, n in alike.others] == [(("Gambling",), 2)]
    assert last.told.n_untold == 1
    assert "2 others" in html
    assert "1 more, judged by others" in html
    assert third.registrable_domain not in html
    assert "secret" not in html.lower()


def test_checks_of_others_are_not_told(access: Access, project: Project, twins: list[Item]) -> None:
    first, second, _ = twins
    make_judgment(second, make_member(project), [GAMBLING], purpose="gold")
    make_judgment(second, access.user, [GAMES])
    judgment = make_judgment(first, access.user, [])

    (alike,) = told_of(access, judgment, taxonomy_current(project)).alike

    assert alike.others == ()


def test_an_undone_answer_is_not_the_last_one(access: Access, twins: list[Item]) -> None:
    earlier = make_judgment(twins[0], access.user, [GAMES])
    undone = make_judgment(twins[1], access.user, [GAMES])
    make_judgment(twins[1], access.user, supersedes=undone, verdict="withdrawn")

    last = last_answer(access)

    assert last is not None
    assert last.row.judgment == earlier


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([(Stream.QUERY, "close to the threshold of gambling")], "Close to the threshold of Gambling."),
        ([(Stream.RARE, "resembles the definition of games")], "Resembles the definition of Games."),
        ([(Stream.EXPLORE, "drawn at random from 7 train items")], UNTOLD),
        ([(Stream.AUDIT, "drawn at random from 7 holdout items")], UNTOLD),
        ([(Stream.GOLD, "CHECK")], UNTOLD),
        ([(Stream.RETEST, "CHECK"), (Stream.GOLD, "CHECK")], UNTOLD),
        ([(Stream.GOLD, "CHECK"), (Stream.QUERY, "close to the threshold of games")],
         "Close to the threshold of Games."),
        ([(Stream.QUERY, "close to the threshold of games"), (Stream.RETEST, "CHECK")],
         "Close to the threshold of Games."),
        ([], UNTOLD),
    ],
)  # fmt: skip
def test_why_a_page_was_served_never_tells_a_check(project: Project, rows: list[Any], why: str) -> None:
    (item,) = make_items(project, 1)
    for stream, reason in rows:
        ledger(item, stream, reason)

    assert why_served(item.pk, taxonomy_current(project)) == why


def test_the_part_offers_to_change_and_to_undo(client: Client, access: Access, twins: list[Item]) -> None:
    judgment = make_judgment(twins[0], access.user, [GAMES], note="<b>")
    signatures_write([twins[0].pk])

    html = client.get(LAST).content.decode()

    assert reverse("judgments:edit", args=["pilot", judgment.pk]) in html
    assert f'formaction="{reverse("judgments:undo", args=["pilot"])}"' in html
    assert "<html" not in html
