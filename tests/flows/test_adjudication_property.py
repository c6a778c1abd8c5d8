"""Random interleavings of judgments, sweeps, leads' acts and their undoing, from two connections: nothing is lost."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotator.agreement.patterns import Pattern
from annotator.agreement.rules import BulkRule
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Role
from annotator.review.acts.bulk_acts import bulk_apply
from annotator.review.acts.bulks import bulk_answer, bulk_items, bulk_plan
from annotator.review.acts.reverting import Reverted, entry_revert
from annotator.review.acts.spread_acts import Chosen, spread_apply
from annotator.review.acts.spreading import spread_of
from annotator.review.desk.patterns import is_rulable
from annotator.review.models import AdjudicationEntry, BulkItem, Disagreement, Resolution, Scope
from annotator.review.questioning import disagreement_open
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
)
from tests.flows.test_queue_property import Connections

pytestmark = pytest.mark.django_db(transaction=True)

ITEMS: Final = 3
PEOPLE: Final = 4
EXAMPLES: Final = int(os.environ.get("CROSSGUARD_REVIEW_EXAMPLES", "8"))
STEPS: Final = 25
LABELS: Final = ((), (GAMES,), (GAMBLING,), (VIOLENCE,))
KINDS: Final = (
    "judge", "change", "sweep", "resolve", "resolve", "spread", "spread", "bulk", "bulk", "reopen", "undo", "undo",
    "undo", "replay",
)  # fmt: skip

Content = tuple[object, ...]


@dataclass(frozen=True)
class Act:
    """One thing that happens: to the item or entry that `pick` names, with these labels."""

    kind: str
    pick: int
    labels: tuple[str, ...]


acts = st.builds(Act, st.sampled_from(KINDS), st.integers(0, 7), st.sampled_from(LABELS))


class Review(RuleBasedStateMachine):
    """One project with three items of one site in dispute, four people and two leads."""

    connections: Connections

    @initialize(seed=st.integers(0, 2**32 - 1))
    def open_project(self, seed: int) -> None:
        self.random = Random(seed)
        self.project = make_project()
        self.people = [make_member(self.project) for _ in range(PEOPLE)]
        self.leads = [
            project_for(make_member(self.project, Role.LEAD), self.project.slug, Can.RESOLVE)
            for _ in range(2)
        ]
        self.items = make_items(self.project, ITEMS, registrable_domain="arcade.example")
        make_batch(self.project, self.items)
        for person, labels in zip(
            self.people, LABELS[:3], strict=False
        ):  # in dispute, so that leads have to act
            for item in self.items:
                make_judgment(item, person, labels)
            review_sweep(self.project)
        self.stored: dict[tuple[str, int], Content] = {}
        self.promised: set[tuple[int, int]] = set()  # to whom a judgment on what was given
        self.clicks: dict[UUID, tuple[Access, int, int]] = {}

    @rule(act=acts)
    def alone(self, act: Act) -> None:
        self._run(act)

    @rule(first=acts, second=acts)
    def at_once(self, first: Act, second: Act) -> None:
        self._run(first, second)

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "project"):
            return
        judgments = Judgment.objects.filter(project=self.project)
        rows: dict[tuple[str, int], Content] = {("judgment", row.pk): _judged(row) for row in judgments}
        resolutions = list(Resolution.objects.filter(project=self.project))
        rows |= {("resolution", row.pk): _held(row) for row in resolutions}
        assert self.stored.items() <= rows.items(), "something that was written is gone or was changed"
        self.stored = rows
        self._assert_chains(resolutions)
        self._assert_entries(resolutions)

    def _assert_chains(self, resolutions: list[Resolution]) -> None:
        for item in self.items:
            chain = [row for row in resolutions if row.item_id == item.pk]
            superseded = [row.supersedes_id for row in chain if row.supersedes_id]
            assert len(set(superseded)) == len(superseded), "a chain branches"
            live = {row.pk for row in chain} - set(superseded)
            assert len(live) == bool(chain), "two resolutions are live"
            assert len(superseded) == max(0, len(chain) - 1), "a chain is broken"
            assert Disagreement.objects.filter(item=item, closed_at__isnull=True).count() <= 1

    def _assert_entries(self, resolutions: list[Resolution]) -> None:
        by_pk = {row.pk: row for row in resolutions}
        for entry in AdjudicationEntry.objects.filter(project=self.project):
            written = [row for row in resolutions if row.entry_id == entry.pk]
            assert len(written) == entry.n_items
            assert len({row.item_id for row in written}) == entry.n_items, "an act wrote on an item twice"
            if hasattr(entry, "bulk"):
                rejected = BulkItem.objects.filter(bulk=entry.bulk, confirmed=False)
                wrote = {row.item_id for row in written}
                assert not wrote & set(rejected.values_list("item_id", flat=True)), (
                    "a rejected item was written"
                )
            for row in written if entry.reverts_id else ():
                undone = by_pk[row.supersedes_id or 0]
                assert undone.entry_id == entry.reverts_id, "an undo superseded what was not its entry's"
                before = by_pk.get(undone.supersedes_id or 0)
                assert _held(row)[:4] == (_held(before)[:4] if before else _NOTHING)

    def _run(self, *chosen: Act) -> None:
        begun = [call for act in chosen if (call := getattr(self, f"_{act.kind}")(act)) is not None]
        if begun:
            self.connections.run(*begun)

    def _judge(self, act: Act) -> Callable[[], object] | None:
        item = self.items[act.pick % ITEMS]
        free = [
            person
            for person in self.people
            if not Judgment.objects.filter(item=item, annotator=person).exists()
            and (item.pk, person.pk) not in self.promised
        ]
        if not free:
            return None
        self.promised.add((item.pk, free[0].pk))
        return lambda: make_judgment(item, free[0], act.labels)

    def _change(self, act: Act) -> Callable[[], object] | None:
        rows = [
            row
            for row in judgments_current(self.project).select_related("item", "annotator").order_by("pk")
            if (row.item_id, -row.pk) not in self.promised
        ]
        if not rows:
            return None
        row = rows[act.pick % len(rows)]
        self.promised.add((row.item_id, -row.pk))
        return lambda: make_judgment(row.item, row.annotator, act.labels, supersedes=row)

    def _sweep(self, _act: Act) -> Callable[[], object]:
        return lambda: review_sweep(self.project)

    def _resolve(self, act: Act) -> Callable[[], object]:
        lead, item = self.leads[act.pick % 2], self.items[act.pick // 2 % ITEMS]
        answer = Adjudication(frozenset(act.labels), Verdict.LABELLED, "because")
        click = self._click()

        def resolve() -> object:
            review = item_review(self.project, item.pk)
            seen = BasedOn(
                frozenset(row.pk for row in review.judgments), review.newest.pk if review.newest else None
            )
            return resolution_adjudicate(lead, item.pk, adjudication=answer, based_on=seen, client_id=click)

        return resolve

    def _spread(self, act: Act) -> Callable[[], object]:
        """Spread to everything that can be, a page at a time that may be stale by then."""
        lead, item, click = self.leads[act.pick % 2], self.items[act.pick // 2 % ITEMS], self._click()

        def spread() -> object:
            found = spread_of(lead, item.pk, Scope.SITE)
            chosen = Chosen(found.source.pk, Scope.SITE, tuple(line.seen for line in found.open_lines))
            return spread_apply(lead, item.pk, chosen=chosen, client_id=click)

        return spread

    def _bulk(self, act: Act) -> Callable[[], object] | None:
        """Settle the pattern of some disagreement by a rule; of its spot check, perhaps reject the first."""
        waiting = Disagreement.objects.filter(project=self.project, closed_at__isnull=True).order_by("pk")
        patterns = [row.pattern for row in waiting if is_rulable(row.pattern)]
        if not patterns:
            return None
        key, lead = patterns[act.pick % len(patterns)], self.leads[act.pick % 2]
        pattern = Pattern.parse(key)
        assert pattern is not None
        rule = BulkRule(frozenset(act.labels) & frozenset(pattern.parts))
        clicks, rejects = (self._click(), self._click()), act.pick > 5

        def bulk() -> object:
            plan = bulk_plan(lead, key, rule, client_id=clicks[0])
            for at, row in enumerate(bulk_items(plan)):
                bulk_answer(lead, plan.pk, row.item_id, is_confirmed=not (rejects and at == 0))
            return bulk_apply(lead, plan.pk, reason="because", clause_number="", client_id=clicks[1])

        return bulk

    def _reopen(self, act: Act) -> Callable[[], object] | None:
        """Put what is held in question."""
        item, lead = self.items[act.pick % ITEMS], self.leads[act.pick % 2]
        newest = Resolution.objects.filter(item=item, superseded_by__isnull=True).first()
        if newest is None:
            return None
        return lambda: disagreement_open(
            lead, item.pk, reason="a doubt", categories=frozenset({GAMES}), resolution=newest.pk
        )

    def _undo(self, act: Act) -> Callable[[], object] | None:
        entries = list(AdjudicationEntry.objects.filter(project=self.project).order_by("-pk"))
        if not entries:
            return None
        lead, entry, click = self.leads[act.pick % 2], entries[act.pick // 2 % len(entries)], self._click()

        def undo() -> object:
            done = entry_revert(lead, entry.pk, client_id=click)
            self.clicks[click] = (lead, entry.pk, done.entry.pk)
            return done

        return undo

    def _replay(self, act: Act) -> Callable[[], object] | None:
        if not self.clicks:
            return None
        click, (lead, entry, told) = list(self.clicks.items())[act.pick % len(self.clicks)]

        def again() -> object:
            done = entry_revert(lead, entry, client_id=click)
            assert isinstance(done, Reverted)
            assert done.entry.pk == told
            return done

        return again

    def _click(self) -> UUID:
        return UUID(int=self.random.getrandbits(128))


_NOTHING: Final = ("reopened", "withdrawn", (), None)


def _judged(row: Judgment) -> Content:
    return (row.annotator_id, tuple(row.labels), row.verdict, row.supersedes_id)


def _held(row: Resolution) -> Content:
    return (
        row.method, row.verdict, tuple(row.labels), row.resolved_by_id,
        tuple(row.judgments), row.supersedes_id, row.entry_id,
    )  # fmt: skip


@pytest.fixture
def connections() -> Iterator[Connections]:
    connections = Connections(2)
    yield connections
    connections.close()


def test_nothing_is_lost_whatever_leads_and_people_do_in_any_order(connections: Connections) -> None:
    Review.connections = connections

    run_state_machine_as_test(
        Review,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=EXAMPLES == 8,  # the same examples at every run, unless somebody asks for more
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
