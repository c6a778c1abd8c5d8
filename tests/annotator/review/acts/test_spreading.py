"""Spreading a lead's decision: what is shown, what is written, what is refused, and how it is undone."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Evidence, Item, Signature, Split
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.acts.many import Seen
from annotator.review.acts.reverting import entry_revert
from annotator.review.acts.spread_acts import Chosen, spread_apply
from annotator.review.acts.spreading import SPREAD_MAX, Spread, SpreadLine, spread_of
from annotator.review.checks.gold import gold_add
from annotator.review.desk.holding import disagreement_hold
from annotator.review.desk.leases import lease_take
from annotator.review.models import AdjudicationEntry, Disagreement, Method, Resolution, Scope
from annotator.review.selectors import item_review
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db

SITE = "arcade.example"
GAMES_IT_IS = Adjudication(frozenset({GAMES}), Verdict.LABELLED, "A game without stakes.", "1.1")
BETS_IT_IS = Adjudication(frozenset({GAMBLING}), Verdict.LABELLED, "Stakes are bought.")
APART: list[list[str]] = [[GAMES], [GAMBLING], []]


@pytest.fixture
def page(project: Project, people: list[User]) -> Callable[..., Item]:
    """Makes a page of one site, judged by people who said these labels."""

    def made(*answers: list[str], **columns: Any) -> Item:
        (item,) = make_items(project, 1, **{"registrable_domain": SITE, **columns})
        make_batch(project, [item])
        for person, labels in zip(people, answers, strict=False):
            make_judgment(item, person, labels)
            review_sweep(project)
        return item

    return made


@pytest.fixture
def source(lead: Access, page: Callable[..., Item]) -> Item:
    item = page(*APART)
    decide(lead, item)
    return item


@pytest.fixture
def other(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)


def decide(lead: Access, item: Item, adjudication: Adjudication = GAMES_IT_IS) -> Resolution:
    review = item_review(item.project, item.pk)
    seen = BasedOn(frozenset(row.pk for row in review.judgments), review.newest.pk if review.newest else None)
    return resolution_adjudicate(lead, item.pk, adjudication=adjudication, based_on=seen)


def line_of(spread: Spread, item: Item) -> SpreadLine:
    return next(line for line in spread.lines if line.item == item)


def all_of(spread: Spread) -> Chosen:
    return Chosen(spread.source.pk, spread.scope, tuple(line.seen for line in spread.open_lines))


def apply(lead: Access, source: Item, chosen: Chosen) -> AdjudicationEntry:
    return spread_apply(lead, source.pk, chosen=chosen, client_id=uuid4())


def seen(item: Item) -> Seen:
    review = item_review(item.project, item.pk)
    resolution = review.newest.pk if review.newest else None
    return Seen(item.pk, frozenset(row.pk for row in review.judgments), resolution)


def retext(item: Item, text: str) -> None:
    Evidence.objects.create(item=item, version=2, title="Arcade", text=text, content_hash=uuid4())
    Signature.objects.filter(pk=item.pk).delete()
    signatures_write([item.pk])


def newest(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


def test_one_entry_writes_a_resolution_for_each_chosen_item(
    lead: Access, source: Item, page: Callable[..., Item]
) -> None:
    first, second = page(*APART), page([GAMES])

    spread = spread_of(lead, source.pk, Scope.SITE)
    entry = apply(lead, source, all_of(spread))

    assert [line.item for line in spread.lines if line.is_chosen] == [first, second]
    assert (entry.kind, entry.source, entry.scope, entry.n_items) == ("spread", source, "site", 2)
    for item in (first, second):
        held = newest(item)
        assert (held.labels, held.method, held.entry, held.resolved_by) == (
            [GAMES], Method.ADJUDICATED, entry, lead.user
        )  # fmt: skip
        assert held.clause == newest(source).clause
        assert held.reason == f"As decided on item {source.pk}, of the same site."
        assert set(held.judgments) == set(Judgment.objects.filter(item=item).values_list("pk", flat=True))
    assert Disagreement.objects.get(item=first).entry == entry
    assert not Disagreement.objects.filter(closed_at__isnull=True).exists()


def test_it_is_undone_as_a_whole_and_done_again(
    lead: Access, source: Item, page: Callable[..., Item]
) -> None:
    first, second = page(*APART), page([GAMBLING], [GAMBLING])
    spread = spread_of(lead, source.pk, Scope.SITE)
    entry = apply(lead, source, all_of(spread))

    undone = entry_revert(lead, entry.pk, client_id=uuid4())

    assert (undone.entry.n_items, undone.left) == (2, ())
    assert Disagreement.objects.get(item=first).closed_at is None
    assert newest(first).method == Method.REOPENED
    assert (newest(second).method, newest(second).labels) == (Method.UNANIMOUS, [GAMBLING])
    review_sweep(lead.project)
    assert Disagreement.objects.get(item=first).closed_at is None
    again = entry_revert(lead, undone.entry.pk, client_id=uuid4())
    assert again.entry.n_items == 2
    assert [newest(item).labels for item in (first, second)] == [[GAMES], [GAMES]]
    assert Disagreement.objects.get(item=first).closed_at is not None


def test_undoing_leaves_what_was_resolved_anew_since_and_counts_new_judgments(
    lead: Access, other: Access, source: Item, people: list[User], page: Callable[..., Item]
) -> None:
    first, second, third = page(*APART), page(*APART), page([GAMES], [GAMES, GAMBLING])
    entry = apply(lead, source, all_of(spread_of(lead, source.pk, Scope.SITE)))
    decide(other, first, BETS_IT_IS)
    make_judgment(third, people[2], [GAMES])
    Item.objects.filter(pk=second.pk).update(withheld=True)

    undone = entry_revert(other, entry.pk, client_id=uuid4())
    review_sweep(lead.project)

    assert (undone.left, undone.entry.n_items, undone.entry.n_left) == ((first.pk,), 1, 2)
    assert newest(first).labels == [GAMBLING]
    assert newest(second).entry == entry
    assert (newest(third).method, newest(third).labels) == (Method.MAJORITY, [GAMES])


def test_near_duplicates_are_shown_with_how_alike_they_are(
    lead: Access, source: Item, page: Callable[..., Item]
) -> None:
    twin, stranger = (page(*APART, registrable_domain=f"{name}.example") for name in ("twin", "far"))
    for item in (source, twin):
        retext(item, "play the same arcade game on this page without paying anything at all for it today")

    spread = spread_of(lead, source.pk, Scope.ALIKE)

    (line,) = spread.lines
    assert (line.item, line.percent, line.title, line.is_chosen) == (twin, 100, "Arcade", True)
    assert [answer.split(": ")[1] for answer in line.answers] == ["Games", "Gambling", "none of these"]
    entry = apply(lead, source, all_of(spread))
    assert (entry.scope, newest(twin).reason) == (
        "alike", f"As decided on item {source.pk}, which has nearly the same text."
    )  # fmt: skip
    with pytest.raises(BadInput, match="nearly the text"):
        apply(lead, source, Chosen(newest(source).pk, Scope.ALIKE, (seen(stranger),)))


def test_each_item_says_why_it_is_left_out_or_not_chosen_to_begin_with(
    lead: Access, other: Access, source: Item, people: list[User], page: Callable[..., Item]
) -> None:
    unjudged = page(registrable_domain="twin.example")
    same = page([GAMES], [GAMES])
    decided, own = page(*APART), page(*APART)
    decide(other, decided, BETS_IT_IS)
    decide(lead, own, BETS_IT_IS)
    gold = page([GAMBLING], [GAMBLING])
    gold_add(lead, gold.pk, "Everybody bets here.")
    agreed, grave = page([GAMBLING], [GAMBLING]), page([GAMES], [VIOLENCE], [])
    looked_at, held, held_out = page(*APART), page(*APART), page(*APART, split=Split.HOLDOUT)
    lease_take(other, Disagreement.objects.get(item=looked_at).pk)
    disagreement_hold(other, Disagreement.objects.get(item=held).pk, reason="Ask legal.")
    for item in (source, unjudged):
        retext(item, "play the same arcade game on this page without paying anything at all for it today")

    spread = spread_of(lead, source.pk, Scope.SITE)
    (twin,) = spread_of(lead, source.pk, Scope.ALIKE).lines

    assert same not in {line.item for line in spread.lines}
    assert (spread.n_same, spread.n_unjudged, spread.has_more) == (1, 0, False)
    assert twin.why_not == "nobody has judged it"
    assert line_of(spread, decided).why_not == f"{other.user.username} decided: Gambling"
    assert line_of(spread, gold).why_not == "gold: Gambling"
    assert line_of(spread, looked_at).why_not.startswith(f"{other.user.username} is looking at this since")
    advice = {item: line_of(spread, item).advice for item in (own, agreed, grave, held, held_out)}
    assert advice == {
        own: "you decided otherwise",
        agreed: "all judgments agree otherwise",
        grave: "somebody names Violence",
        held: "on hold: Ask legal.",
        held_out: "held out to measure classifiers: look at it",
    }
    assert not any(line.is_chosen for line in spread.lines)
    entry = apply(lead, source, all_of(spread))
    assert entry.n_items == 5
    with pytest.raises(Conflict, match=f"Item {decided.pk}: {other.user.username} decided: Gambling"):
        apply(lead, source, Chosen(newest(source).pk, Scope.SITE, (seen(decided),)))


def test_nothing_is_written_when_one_item_has_changed(
    lead: Access, other: Access, source: Item, people: list[User], page: Callable[..., Item]
) -> None:
    first, second, third, fourth = (page(*APART) for _ in range(4))
    chosen = all_of(spread_of(lead, source.pk, Scope.SITE))
    decide(other, first, BETS_IT_IS)
    make_judgment(second, people[3], [VIOLENCE])
    Item.objects.filter(pk=third.pk).update(withheld=True)

    with pytest.raises(Conflict) as refused:
        apply(lead, source, chosen)

    name = other.user.username
    assert refused.value.message == (
        f"Nothing was spread: 3 of these pages are not as you saw them. Item {first.pk}: {name} wrote: "
        f"decided by a lead, Gambling (“Stakes are bought.”); item {second.pk}: {people[3].username} judged it: "
        f"Violence; item {third.pk}: it was taken out of the queue."
    )
    rows = refused.value.details["items"]
    assert isinstance(rows, list)
    assert [row["item"] for row in rows] == [first.pk, second.pk, third.pk]
    assert AdjudicationEntry.objects.filter(kind="spread").count() == 0
    assert not Resolution.objects.filter(item=fourth).exists()


def test_it_is_refused_when_the_decision_itself_was_changed(
    lead: Access, other: Access, source: Item, page: Callable[..., Item]
) -> None:
    page(*APART)
    chosen = all_of(spread_of(lead, source.pk, Scope.SITE))
    decide(other, source, BETS_IT_IS)

    with pytest.raises(Conflict, match="not the one that you saw"):
        apply(lead, source, chosen)


def test_a_double_click_is_one_act(lead: Access, source: Item, page: Callable[..., Item]) -> None:
    page(*APART)
    click, chosen = uuid4(), all_of(spread_of(lead, source.pk, Scope.SITE))

    first, second = (spread_apply(lead, source.pk, chosen=chosen, client_id=click) for _ in range(2))

    assert first == second
    assert Resolution.objects.filter(entry=first).count() == 1
    page(*APART)
    with pytest.raises(Conflict, match="client_id"):
        spread_apply(lead, source.pk, chosen=all_of(spread_of(lead, source.pk, Scope.SITE)), client_id=click)


def test_what_cannot_be_is_refused(lead: Access, source: Item, item: Item, page: Callable[..., Item]) -> None:
    decision, inside = newest(source).pk, seen(page(*APART))
    for items, message in (
        ((), "No item is chosen"),
        ((inside, inside), "chosen twice"),
        ((seen(source),), "where the decision comes from"),
        ((seen(item),), f"Item {item.pk} is not of the same site"),
        (tuple(Seen(number, frozenset(), None) for number in range(SPREAD_MAX + 1)), "200 at a time"),
    ):
        with pytest.raises(BadInput, match=message):
            apply(lead, source, Chosen(decision, Scope.SITE, items))
    with pytest.raises(Conflict, match="nobody has judged it"):
        apply(lead, source, Chosen(decision, Scope.SITE, (seen(page()),)))
    elsewhere = make_items(make_project("elsewhere"), 1, registrable_domain=SITE)[0]
    with pytest.raises(NotFound):
        apply(lead, source, Chosen(decision, Scope.SITE, (seen(elsewhere),)))
    with pytest.raises(NotFound):
        spread_of(lead, elsewhere.pk, Scope.SITE)
    make_resolution(item, [GAMES])
    with pytest.raises(Conflict, match="No lead's decision is held"):
        spread_of(lead, item.pk, Scope.SITE)
    Item.objects.filter(pk=source.pk).update(withheld=True)
    with pytest.raises(Withheld):
        spread_of(lead, source.pk, Scope.SITE)


def test_what_does_not_fit_on_the_page_is_said_to_be_more(
    lead: Access, source: Item, people: list[User], project: Project
) -> None:
    items = make_items(project, SPREAD_MAX + 2, registrable_domain=SITE)
    make_batch(project, items)
    for item in items:
        make_judgment(item, people[0], [GAMES])

    spread = spread_of(lead, source.pk, Scope.SITE)

    assert (len(spread.lines), spread.has_more) == (SPREAD_MAX, True)
    apply(lead, source, all_of(spread))
    left = spread_of(lead, source.pk, Scope.SITE)
    assert (len(left.lines), left.has_more, left.n_same) == (2, False, SPREAD_MAX)
