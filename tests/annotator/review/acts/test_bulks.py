"""Resolving a pattern by rule: the plan, its spot check, the act, and its undoing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from annotator.accounts.models import User
from annotator.agreement.rules import BulkRule
from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.mapping import Kind
from annotator.projects.models import GuidelineVersion, LogEntry, Project, Role
from annotator.projects.operations import Operation
from annotator.review.acts.bulk_acts import Applied, bulk_apply, left_of
from annotator.review.acts.bulks import bulk_answer, bulk_items, bulk_plan, checked_of
from annotator.review.acts.reverting import entry_revert
from annotator.review.acts.sweeping import bulks_sweep
from annotator.review.desk.holding import disagreement_hold
from annotator.review.desk.leases import lease_take
from annotator.review.models import AdjudicationEntry, Bulk, BulkItem, Disagreement, Gold, Method, Resolution
from annotator.review.selectors import item_review
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    publish_operations,
)

pytestmark = pytest.mark.django_db

PATTERN = f"either:{GAMBLING}.{GAMES}"
GAMES_WIN = BulkRule(frozenset({GAMES}), frozenset({GAMBLING}))


@pytest.fixture
def disputes(project: Project, people: list[User]) -> Callable[..., list[Item]]:
    """Makes `n` items on which people said these labels, with their disagreements open."""

    def made(n: int, *answers: list[str]) -> list[Item]:
        items = make_items(project, n)
        make_batch(project, items)
        for person, labels in zip(people, answers or ([GAMES], [GAMBLING], []), strict=False):
            for item in items:
                make_judgment(item, person, labels)
            review_sweep(project, len(items))
        return items

    return made


@pytest.fixture
def other(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)


def plan(lead: Access, rule: BulkRule = GAMES_WIN, pattern: str = PATTERN) -> Bulk:
    return bulk_plan(lead, pattern, rule, client_id=uuid4())


def drawn(bulk: Bulk) -> list[int]:
    rows = bulk_items(bulk).filter(drawn__isnull=False).order_by("drawn")
    return list(rows.values_list("item_id", flat=True))


def confirm(lead: Access, bulk: Bulk, *, but: int = 0) -> list[int]:
    """Confirms the spot check but for its first few, which are rejected and given back."""
    ids = drawn(bulk)
    for at, item_id in enumerate(ids):
        bulk_answer(lead, bulk.pk, item_id, is_confirmed=at >= but)
    return ids[:but]


def apply(lead: Access, bulk: Bulk, reason: str = "No stakes.") -> Applied:
    return bulk_apply(lead, bulk.pk, reason=reason, clause_number="1.1", client_id=uuid4())


def decide(lead: Access, item: Item) -> Resolution:
    review = item_review(item.project, item.pk)
    seen = BasedOn(frozenset(row.pk for row in review.judgments), review.newest.pk if review.newest else None)
    bets = Adjudication(frozenset({GAMBLING}), Verdict.LABELLED, "Stakes are bought.")
    return resolution_adjudicate(lead, item.pk, adjudication=bets, based_on=seen)


def newest(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


def test_one_entry_resolves_every_item_that_the_rule_fits(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    items = disputes(12)
    bulk = plan(lead)
    confirm(lead, bulk)

    done = apply(lead, bulk)

    assert (done.entry.kind, done.entry.n_items, done.entry.n_left, done.left) == ("bulk", 12, 0, {})
    held = {newest(item) for item in items}
    assert {(tuple(row.labels), row.method, row.reason, row.entry) for row in held} == {
        ((GAMES,), Method.ADJUDICATED, "No stakes.", done.entry)
    }
    assert all(len(row.judgments) == 3 and row.clause for row in held)
    assert not Disagreement.objects.filter(closed_at__isnull=True).exists()
    bulk.refresh_from_db()
    assert bulk.entry == done.entry
    assert (
        "12 items of the pattern Gambling or Games by rule: Games yes, Gambling no, else as most say (10 of 10"
        in (LogEntry.objects.latest("pk").text)
    )


def test_the_spot_check_is_drawn_again_from_its_seed(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(30)
    bulk = plan(lead)
    rows = list(BulkItem.objects.filter(bulk=bulk).order_by("pk"))

    again = Random(bulk.seed).sample(range(30), 10)

    assert [rows[at].item_id for at in again] == drawn(bulk)
    assert bulk.rejections_max == 1


def test_it_is_undone_as_a_whole_and_done_again(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    items = disputes(5)
    bulk = plan(lead)
    confirm(lead, bulk)
    done = apply(lead, bulk)
    decide(other, items[0])

    undone = entry_revert(other, done.entry.pk, client_id=uuid4())

    assert (undone.entry.n_items, undone.left) == (4, (items[0].pk,))
    assert Disagreement.objects.filter(closed_at__isnull=True).count() == 4
    assert newest(items[0]).labels == [GAMBLING]
    entry_revert(lead, undone.entry.pk, client_id=uuid4())
    assert [newest(item).labels for item in items[1:]] == [[GAMES]] * 4
    assert not Disagreement.objects.filter(closed_at__isnull=True).exists()


def test_a_rejected_item_is_taken_out_now_and_later(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(12)
    bulk = plan(lead)
    (rejected,) = confirm(lead, bulk, but=1)

    done = apply(lead, bulk)

    assert done.entry.n_items == 11
    assert not Resolution.objects.filter(item=rejected).exists()
    assert left_of(Bulk.objects.get()) == []
    with pytest.raises(Conflict, match="it was rejected in an earlier spot check: 1"):
        plan(lead)
    disputes(1)
    after = plan(lead)
    assert after.left_out["items"] == [[rejected, "rejected", ""]]


def test_too_many_rejections_stop_it_until_one_is_taken_back(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(30)
    bulk = plan(lead)
    rejected = confirm(lead, bulk, but=2)

    with pytest.raises(Conflict, match="2 of 10 in the spot check were rejected, more than 1"):
        apply(lead, bulk)
    assert plan(lead) == bulk  # its own draw, and no new chance
    with pytest.raises(Conflict, match="This rule was stopped") as refused:
        plan(other)
    assert refused.value.details == {"bulk": bulk.pk}
    assert plan(other, BulkRule(frozenset({GAMBLING}), frozenset({GAMES}))) != bulk

    bulk_answer(lead, bulk.pk, rejected[0], is_confirmed=True)

    assert apply(lead, bulk).entry.n_items == 29


def test_a_new_guideline_allows_the_stopped_rule_again(
    lead: Access, other: Access, project: Project, disputes: Callable[..., list[Item]]
) -> None:
    disputes(30)
    confirm(lead, plan(lead), but=2)
    GuidelineVersion.objects.create(project=project, number=2, created_by=project.created_by)

    assert BulkItem.objects.filter(bulk=plan(other)).count() == 28  # less those rejected


def test_all_are_looked_at_when_they_are_few_and_nothing_stops_them(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(3)
    bulk = plan(lead)

    assert len(drawn(bulk)) == 3
    confirm(lead, bulk, but=2)
    checked = checked_of(bulk)
    assert (checked.is_whole, checked.is_stopped, checked.interval) == (True, False, None)
    assert apply(lead, bulk).entry.n_items == 1


def test_the_interval_is_of_the_answers_so_far(lead: Access, disputes: Callable[..., list[Item]]) -> None:
    disputes(30)
    bulk = plan(lead)
    assert checked_of(bulk).interval is None

    confirm(lead, bulk, but=1)

    ends = checked_of(bulk).interval
    assert ends is not None
    assert (round(ends.low, 3), round(ends.high, 3)) == (0.555, 0.997)  # Clopper-Pearson, 9 of 10


def test_nothing_is_applied_before_the_spot_check_is_over(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(12)
    bulk = plan(lead)
    first = drawn(bulk)[0]
    bulk_answer(lead, bulk.pk, first, is_confirmed=True)

    with pytest.raises(Conflict, match="1 of 10 in the spot check are answered"):
        apply(lead, bulk)
    with pytest.raises(Conflict, match=f"This bulk is {lead.user.username}'s"):
        bulk_answer(other, bulk.pk, first, is_confirmed=True)
    with pytest.raises(NotFound, match="is not in the spot check"):
        bulk_answer(lead, bulk.pk, 0, is_confirmed=True)
    with pytest.raises(NotFound):
        bulk_answer(lead, bulk.pk + 1, first, is_confirmed=True)
    confirm(lead, bulk)
    with pytest.raises(BadInput, match="Say why"):
        apply(lead, bulk, reason=" ")
    apply(lead, bulk)
    with pytest.raises(Conflict, match="applied already"):
        bulk_answer(lead, bulk.pk, first, is_confirmed=False)


def test_what_has_changed_is_left_and_named(
    lead: Access, other: Access, people: list[User], disputes: Callable[..., list[Item]]
) -> None:
    items = disputes(8)
    bulk = plan(lead)
    confirm(lead, bulk)
    decide(other, items[0])
    make_judgment(items[1], people[3], [VIOLENCE])
    lease_take(other, Disagreement.objects.get(item=items[2]).pk)
    disagreement_hold(other, Disagreement.objects.get(item=items[3]).pk, reason="Ask legal.")
    Item.objects.filter(pk=items[4].pk).update(withheld=True)

    done = apply(lead, bulk)

    name = other.user.username
    assert (done.entry.n_items, done.entry.n_left) == (3, 5)
    assert done.left[items[0].pk][0].startswith(f"{name} wrote: decided by a lead, Gambling")
    assert done.left[items[1].pk] == (f"{people[3].username} judged it: Violence",)
    assert done.left[items[2].pk][0].startswith(f"{name} is looking at this since")
    assert done.left[items[3].pk] == ("it is on hold",)
    assert done.left[items[4].pk] == ("it was taken out of the queue",)
    assert done.sentence.startswith(f"Resolved 3 items by rule. Items {items[0].pk}, {items[1].pk}, ")
    assert newest(items[0]).labels == [GAMBLING]
    bulk.refresh_from_db()
    assert left_of(bulk) == [item.pk for item in items[:4]]  # of a withheld page nothing is said


def test_it_is_refused_when_everything_has_changed(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    items = disputes(2)
    bulk = plan(lead)
    confirm(lead, bulk)
    for item in items:
        decide(other, item)

    with pytest.raises(Conflict, match="Nothing is left") as refused:
        apply(lead, bulk)

    rows = refused.value.details["items"]
    assert isinstance(rows, list)
    assert [row["item"] for row in rows] == [item.pk for item in items]
    assert AdjudicationEntry.objects.filter(kind="bulk").count() == 0
    with pytest.raises(Conflict, match="Nothing of this pattern waits"):
        plan(lead)


def test_items_that_the_rule_does_not_fit_stay_with_the_reason(
    lead: Access, project: Project, disputes: Callable[..., list[Item]]
) -> None:
    plain = disputes(1)
    (grave,) = disputes(1, [GAMES], [GAMBLING], [VIOLENCE])
    Disagreement.objects.filter(item=grave).update(
        pattern=PATTERN
    )  # as the sweep would, were Violence not apart
    (gold,) = disputes(1)
    Gold.objects.create(
        project=project, item=gold, labels=[GAMBLING], explanation="Bets.", added_by=lead.user
    )

    bulk = plan(lead)

    assert [row.item_id for row in bulk_items(bulk)] == [plain[0].pk]
    assert bulk.left_out == {
        "counts": {"severe": 1, "gold": 1},
        "items": [[grave.pk, "severe", VIOLENCE], [gold.pk, "gold", ""]],
    }
    assert (bulk.n_waiting, bulk.n_looked_at) == (3, 3)


def test_other_verdicts_are_settled_by_rule_too(
    lead: Access, project: Project, people: list[User], disputes: Callable[..., list[Item]]
) -> None:
    (item,) = disputes(1, [GAMES], [GAMBLING])
    make_judgment(item, people[2], verdict=Verdict.UNREACHABLE)
    review_sweep(project)
    pattern = "verdict:labelled.unreachable"
    bulk = plan(lead, BulkRule(verdict="unreachable"), pattern)
    confirm(lead, bulk)

    apply(lead, bulk)

    assert (newest(item).verdict, newest(item).labels) == ("unreachable", [])


@pytest.mark.parametrize(
    ("pattern", "rule", "message"),
    [
        ("games", GAMES_WIN, "is not a pattern"),
        (f"lead:{GAMES}", GAMES_WIN, "no rule fits these"),
        ("several:", BulkRule(), "no rule fits these"),
        (PATTERN, BulkRule(verdict="withdrawn"), "is not a verdict"),
        (PATTERN, BulkRule(verdict="maybe"), "is not a verdict"),
        (PATTERN, BulkRule(frozenset({GAMES}), verdict="unreachable"), "goes without categories"),
        (PATTERN, BulkRule(frozenset({GAMES}), frozenset({GAMES})), "present and absent"),
        (PATTERN, BulkRule(frozenset({VIOLENCE})), "not about"),
        ("one:cats", BulkRule(frozenset({"cats"})), "has no category"),
    ],
)
def test_a_rule_is_refused_when_it_cannot_be(
    lead: Access, pattern: str, rule: BulkRule, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        plan(lead, rule, pattern)


def test_a_double_click_is_one_plan_and_one_act(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(3)
    click = uuid4()
    first, second = (bulk_plan(lead, PATTERN, GAMES_WIN, client_id=click) for _ in range(2))
    assert first == second
    with pytest.raises(Conflict, match="client_id"):
        bulk_plan(other, PATTERN, GAMES_WIN, client_id=click)
    confirm(lead, first)

    done = [
        bulk_apply(lead, first.pk, reason="No stakes.", clause_number="", client_id=click) for _ in range(2)
    ]

    assert done[0].entry == done[1].entry
    assert Resolution.objects.count() == 3
    with pytest.raises(Conflict, match="applied already"):
        apply(lead, first)


def test_a_withheld_item_needs_no_answer(lead: Access, disputes: Callable[..., list[Item]]) -> None:
    disputes(12)
    bulk = plan(lead)
    sealed = drawn(bulk)[0]
    Item.objects.filter(pk=sealed).update(withheld=True)

    with pytest.raises(Withheld):
        bulk_answer(lead, bulk.pk, sealed, is_confirmed=True)
    confirm(lead, bulk)

    assert apply(lead, bulk).entry.n_items == 11


def test_a_plan_cannot_be_reached_from_another_project(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(1)
    bulk = plan(lead)
    make_project("elsewhere")
    stranger = project_for(
        make_member(Project.objects.get(slug="elsewhere"), Role.LEAD), "elsewhere", Can.RESOLVE
    )

    with pytest.raises(NotFound):
        apply(stranger, bulk)


def test_items_judged_before_a_category_was_added_are_left_out(
    project: Project, lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(2)
    publish_operations(project, Operation(Kind.ADD, (), (category_draft("chat"),)))

    with pytest.raises(Conflict, match="not everybody was asked about"):
        plan(project_for(lead.user, project.slug, Can.RESOLVE))


# Plans that nobody applies ---------------------------------------------------------------------------------------


def aged(bulk: Bulk, *, days: float) -> datetime:
    """The moment at which the plan is so old."""
    return bulk.at + timedelta(days=days)


def test_a_plan_that_nobody_applied_is_swept_away_after_a_week(
    lead: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(12)
    bulk = plan(lead)
    bulk_answer(lead, bulk.pk, drawn(bulk)[0], is_confirmed=True)

    assert bulks_sweep(lead.project, aged(bulk, days=6.9)) == 0
    assert bulks_sweep(lead.project, aged(bulk, days=7.1)) == 1

    assert not Bulk.objects.exists()
    assert not BulkItem.objects.exists()
    with pytest.raises(NotFound, match="kept for a week"):
        bulk_answer(lead, bulk.pk, 1, is_confirmed=True)


def test_what_was_applied_or_rejected_stays(
    lead: Access, other: Access, disputes: Callable[..., list[Item]]
) -> None:
    disputes(12)
    stopped = plan(other, BulkRule(frozenset(), frozenset({GAMES, GAMBLING})))
    bulk_answer(other, stopped.pk, drawn(stopped)[0], is_confirmed=False)
    bulk = plan(lead)
    confirm(lead, bulk)
    apply(lead, bulk)

    assert bulks_sweep(lead.project, aged(bulk, days=30)) == 0

    assert set(Bulk.objects.all()) == {stopped, bulk}
    for rows in (
        BulkItem.objects.filter(bulk=bulk),
        BulkItem.objects.filter(confirmed=False),
        Bulk.objects.filter(pk=bulk.pk),
    ):
        with pytest.raises(DatabaseError, match="Cannot delete"), transaction.atomic():
            rows.delete()


def test_the_plans_of_another_project_stay(lead: Access, disputes: Callable[..., list[Item]]) -> None:
    disputes(12)
    bulk = plan(lead)

    assert bulks_sweep(make_project(), aged(bulk, days=30)) == 0

    assert Bulk.objects.get() == bulk
