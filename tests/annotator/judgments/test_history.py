"""One's own history: what the filter finds, page by page, and nothing of anybody else."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotator.accounts.models import User
from annotator.judgments.history import HistoryFilter, judgments_matching
from annotator.judgments.models import Judgment, Seat
from annotator.judgments.own_views import HISTORY_PAGE
from annotator.pool.models import Item
from annotator.projects.models import Clause, Project
from annotator.queue.models import Assignment
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

HISTORY = reverse("judgments:history", args=["pilot"])


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=2)


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
    return user


@pytest.fixture
def given(project: Project, ann: User) -> dict[str, Judgment]:
    items = make_items(project, 6, topic="chess")
    make_batch(project, items)
    bob = make_member(project)
    for item in items:
        make_judgment(item, bob, [GAMBLING], note="BOBS")
    answers: dict[str, tuple[Sequence[str], dict[str, Any]]] = {
        "games": ([GAMES], {}),
        "maybe": ([], {"unsure": [GAMES]}),
        "none": ([], {}),
        "gone": ([], {"verdict": "unreachable"}),
        "noted": ([GAMBLING], {"note": "hard one"}),
        "old": ([GAMBLING], {"created_at": datetime(2026, 3, 1, 23, 59, tzinfo=UTC)}),
    }
    return {
        name: make_judgment(item, ann, labels, **columns)
        for item, (name, (labels, columns)) in zip(items, answers.items(), strict=True)
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (HistoryFilter(), ["old", "noted", "gone", "none", "maybe", "games"]),
        (HistoryFilter(category=GAMES), ["maybe", "games"]),
        (HistoryFilter(category=GAMES, unsure=True), ["maybe"]),
        (HistoryFilter(unsure=True), ["maybe"]),
        (HistoryFilter(answer="none"), ["none"]),
        (HistoryFilter(answer="labelled"), ["old", "noted", "maybe", "games"]),
        (HistoryFilter(answer="unreachable"), ["gone"]),
        (HistoryFilter(noted=True), ["noted"]),
        (HistoryFilter(day=date(2026, 3, 1)), ["old"]),
        (HistoryFilter(day=date(2026, 3, 2)), []),
        (HistoryFilter(text="CHESS"), ["old", "noted", "gone", "none", "maybe", "games"]),
        (HistoryFilter(text="poker"), []),
        (HistoryFilter(category=GAMBLING, noted=True), ["noted"]),
    ],
)
def test_the_filter_finds_ones_own_judgments(
    project: Project, ann: User, given: dict[str, Judgment], wanted: HistoryFilter, expected: list[str]
) -> None:
    found = judgments_matching(project, ann, wanted)

    assert list(found) == [given[name] for name in expected]


def test_the_page_filters_and_shows_nothing_of_others(client: Client, given: dict[str, Judgment]) -> None:
    everything = client.get(HISTORY).content.decode()
    narrowed = client.get(HISTORY, {"answer": "unreachable"}).content.decode()
    nothing = client.get(HISTORY, {"text": "poker"}).content.decode()

    assert "hard one" in everything
    assert "BOBS" not in everything
    assert narrowed.count("<tr>") == 2
    assert "Page not reachable" in narrowed
    assert "No judgment matches" in nothing


def test_a_change_goes_back_to_what_was_listed(client: Client, given: dict[str, Judgment]) -> None:
    edit = reverse("judgments:edit", args=["pilot", given["noted"].pk])

    listed = client.get(HISTORY, {"category": GAMBLING, "noted": "on"}).content.decode()
    page = client.get(f"{edit}?category=gambling&noted=on").content.decode()
    changed = client.post(
        f"{edit}?category=gambling&noted=on", {"client_id": str(uuid4()), "labels": [GAMES]}
    )

    assert f'href="{edit}?category=gambling&amp;noted=on"' in listed
    assert f'href="{HISTORY}?category=gambling&amp;noted=on"' in page
    assert (changed.status_code, changed["Location"]) == (302, f"{HISTORY}?category=gambling&noted=on")


def test_what_cannot_be_a_filter_does_not_narrow(client: Client, given: dict[str, Judgment]) -> None:
    page = client.get(HISTORY, {"category": "cats", "day": "soon", "before": "-1"})

    assert page.status_code == 200
    assert page.content.decode().count("<tr>") == 7


def test_pages_follow_each_other_without_counting(client: Client, project: Project, ann: User) -> None:
    items = make_items(project, HISTORY_PAGE + 2)
    make_batch(project, items)
    judgments = [make_judgment(item, ann, [GAMES]) for item in items]

    with CaptureQueriesContext(connection) as queries:
        first = client.get(HISTORY).content.decode()
    older = client.get(HISTORY, {"before": judgments[2].pk}).content.decode()

    assert first.count("<tr>") == HISTORY_PAGE + 1
    assert f"before={judgments[2].pk}" in first
    assert older.count("<tr>") == 3
    assert "Newest" in older
    assert not [query for query in queries if "COUNT(" in query["sql"] and "created_at" not in query["sql"]]


def test_a_withheld_page_shows_its_hash_alone_and_cannot_be_changed(
    client: Client, ann: User, given: dict[str, Judgment]
) -> None:
    judgment = given["games"]
    sealed = "withheld:9f8e7d6c"
    Item.objects.filter(pk=judgment.item_id).update(withheld=True, url=sealed, host="9f8e7d6c")

    html = client.get(HISTORY).content.decode()

    assert "9f8e7d6c" in html
    assert judgment.item.registrable_domain not in html
    assert reverse("judgments:edit", args=["pilot", judgment.pk]) not in html


def test_checks_look_as_everything_else(client: Client, project: Project, ann: User) -> None:
    items = make_items(project, 2)
    make_batch(project, items)
    make_judgment(items[0], ann, [GAMES])
    plain = client.get(HISTORY).content.decode()
    make_judgment(items[1], ann, [GAMES], purpose="gold")

    html = client.get(HISTORY).content.decode()

    assert html.count("<tr>") == plain.count("<tr>") + 1
    assert "gold" not in html.lower()


def test_a_cited_clause_is_shown(client: Client, project: Project, ann: User) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    make_judgment(item, ann, [GAMES], clause=Clause.objects.get(guideline__project=project))

    assert "Clause 1.1" in client.get(HISTORY).content.decode()


@pytest.mark.parametrize(
    ("labels", "expected", "shield", "is_covered"),
    [
        ([GAMES], {}, "severe", False),
        ([VIOLENCE], {}, "severe", True),
        ([GAMES], {"severity": 3, "expected": [VIOLENCE]}, "severe", True),
        ([GAMES], {}, "always", True),
    ],
)
def test_a_harmful_text_starts_covered_when_its_judgment_is_changed(
    client: Client,
    project: Project,
    ann: User,
    *,
    labels: list[str],
    expected: Any,
    shield: str,
    is_covered: bool,
) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    judgment = make_judgment(item, ann, labels)
    Assignment.objects.filter(item=item).update(**(expected or {"severity": 0}))
    Seat.objects.create(project=project, annotator=ann, shield=shield, keys={"reveal": "x"})

    html = client.get(reverse("judgments:edit", args=["pilot", judgment.pk])).content.decode()

    before, *covered = html.split('<details class="shield">')
    assert bool(covered) == is_covered
    assert ("A page about" in before) != is_covered
    assert not covered or '<kbd class="js-only" data-action="reveal">x</kbd>' in covered[0]
