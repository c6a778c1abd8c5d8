"""Random interleavings of everything that happens to a place, from several connections: what a queue promises holds.

Each example is a project of its own. A step is one action, or two at once on two connections; after it, every
promise is checked against the rows (see tests.flows.queue_model).
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from threading import Barrier
from typing import Final
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from annotator.errors import CrossguardError
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment
from annotator.judgments.services import judgment_submit, judgment_undo
from annotator.judgments.turns import Turn, judgment_turn
from annotator.pool.models import Case, Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project
from annotator.queue.models import Assignment, AssignmentState, Exposure, OptOut, Purpose, Skip
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.queue.places import assignment_claim, assignment_release, assignment_renew, assignment_skip
from annotator.queue.reserving import places_reserve
from annotator.queue.stopping import case_settle, page_stop
from annotator.review.services import review_sweep
from tests.factories import CATEGORIES, GAMBLING, VIOLENCE, make_batch, make_items, make_member, make_project
from tests.flows.queue_model import Model, assert_new_place_suits, assert_promises_kept

pytestmark = pytest.mark.django_db(transaction=True)

PEOPLE: Final = 4
CONNECTIONS: Final = 3
EXAMPLES: Final = int(os.environ.get("CROSSGUARD_QUEUE_EXAMPLES", "20"))
STEPS: Final = 40
PATIENCE_SECONDS: Final = 20

Begun = tuple[Callable[[], object], Callable[[object], None]] | None

CONCURRENT: Final = (
    "claim", "claim", "claim more", "submit", "submit", "turn", "turn", "renew", "skip", "undo", "release", "replay",
    "stop", "sweep", "reserve",
)  # fmt: skip
ALONE: Final = ("lapse", "pause", "settle", "rest", "opt out", "check", "leave")


@dataclass(frozen=True)
class Action:
    """What one person does next: to the place that `pick` names, with these labels."""

    kind: str
    person: int
    pick: int
    labels: tuple[str, ...]


def actions(kinds: tuple[str, ...]) -> st.SearchStrategy[Action]:
    labels = st.sampled_from([(), (CATEGORIES[0],), (GAMBLING,), (VIOLENCE,)])
    return st.builds(Action, st.sampled_from(kinds), st.integers(0, PEOPLE - 1), st.integers(0, 5), labels)


class Connections:
    """Threads that live as long as the test, each with a connection of its own."""

    def __init__(self, n: int) -> None:
        self._threads = [ThreadPoolExecutor(1) for _ in range(n)]
        self._next = 0

    def run(self, *calls: Callable[[], object]) -> list[object]:
        """What each call gave or the refusal that it met; all begin together, and nothing else is forgiven."""
        barrier = Barrier(len(calls))
        futures = []
        for call in calls:
            self._next = (self._next + 1) % len(self._threads)
            futures.append(self._threads[self._next].submit(_tried, call, barrier))
        return [future.result(PATIENCE_SECONDS) for future in futures]

    def close(self) -> None:
        for thread in self._threads:
            thread.submit(_disconnect).result()
            thread.shutdown()


def _disconnect() -> None:
    connection.close()  # of the thread that runs this


def _tried(call: Callable[[], object], barrier: Barrier) -> object:
    barrier.wait(PATIENCE_SECONDS)
    try:
        return call()
    except CrossguardError as error:
        return error


class Queue(RuleBasedStateMachine):
    """One project with four people, and what each of them was told."""

    connections: Connections

    @initialize(
        seed=st.integers(0, 2**32 - 1), overlap=st.integers(1, 2), overlap_max=st.sampled_from([3, 5])
    )
    def open_project(self, seed: int, overlap: int, overlap_max: int) -> None:
        self.random = Random(seed)
        self.model = Model()
        self.project = make_project(overlap=overlap, overlap_max=overlap_max)
        self.people = [make_member(self.project) for _ in range(PEOPLE)]
        Membership.objects.filter(project=self.project).update(check_share=1)
        Membership.objects.filter(user=self.people[0]).update(case_holder=True)
        plain, grave = make_items(self.project, 3), make_items(self.project, 2, topic=VIOLENCE)
        make_batch(self.project, [*plain, *grave])
        make_items(self.project, 2)  # for the random batch of an empty queue
        assert set(Assignment.objects.filter(project=self.project).values_list("severity", flat=True)) >= {
            0,
            3,
        }

    @rule(action=actions(CONCURRENT + ALONE))
    def alone(self, action: Action) -> None:
        self._perform(action)

    @rule(first=actions(CONCURRENT), second=actions(CONCURRENT))
    def at_once(self, first: Action, second: Action) -> None:
        self._perform(first, second)

    @invariant()
    def every_promise_is_kept(self) -> None:
        if hasattr(self, "project"):
            assert_promises_kept(self.model, self.project)

    def _perform(self, *chosen: Action) -> None:
        held = {person: self._held(person) for person in range(PEOPLE)}
        begun = [(action, done) for action in chosen if (done := self._begin(action)) is not None]
        outcomes = self.connections.run(*(call for _, (call, _) in begun))
        for (action, (_, learn)), outcome in zip(begun, outcomes, strict=True):
            learn(outcome)
            place = outcome.place if isinstance(outcome, Turn) else outcome
            if isinstance(place, Assignment) and action.kind != "undo":
                self._check_given(action.person, place, held=held[action.person], is_alone=len(begun) == 1)

    def _check_given(self, person: int, place: Assignment, *, held: set[int], is_alone: bool) -> None:
        if is_alone:
            assert_new_place_suits(self.model, person, place, held=held)
            now = Assignment.objects.get(pk=place.pk)
            assert (now.state, now.annotator_id) == (AssignmentState.OFFERED, self.people[person].pk)
            assert now.lease_until is not None
            assert now.lease_until > timezone.now()

    def _access(self, person: int) -> Access:
        return project_for(self.people[person], self.project.slug, Can.LABEL)

    def _held(self, person: int) -> set[int]:
        mine = Assignment.objects.filter(annotator=self.people[person], state=AssignmentState.OFFERED)
        return set(mine.values_list("pk", flat=True))

    def _begin(self, action: Action) -> Begun:
        """The call that the action is, and what to learn from its outcome; None when there is nothing to do it to."""
        begin: Callable[[Action], Begun] = getattr(self, f"_{action.kind.replace(' ', '_')}")
        return begin(action)

    def _claim(self, action: Action, holding: tuple[int, ...] = ()) -> Begun:
        def claim() -> object:
            access = self._access(action.person)
            return assignment_claim(access.project, access.user, holding=holding)

        def learn(place: object) -> None:
            assert place is None or isinstance(place, Assignment), place
            self.model.given(action.person, place)

        return claim, learn

    def _claim_more(self, action: Action) -> Begun:
        return self._claim(action, tuple(self._held(action.person)))

    def _submit(self, action: Action) -> Begun:
        return self._answer(action, judgment_submit)

    def _turn(self, action: Action) -> Begun:
        return self._answer(action, judgment_turn)

    def _answer(self, action: Action, submit: Callable[..., object]) -> Begun:
        place = self.model.place_of(action.person, action.pick)
        if place is None:
            return None
        answer = Answer(client_id=UUID(int=self.random.getrandbits(128)), labels=action.labels)
        return (
            lambda: submit(self._access(action.person), place, answer),
            partial(self.model.answered, action.person, place, answer),
        )

    def _replay(self, action: Action) -> Begun:
        mine = [told for told in self.model.answers.values() if told.person == action.person]
        if not mine:
            return None
        told = mine[action.pick % len(mine)]

        def learn(outcome: object) -> None:
            assert not isinstance(outcome, CrossguardError), outcome
            self.model.answered(told.person, told.place, told.answer, outcome)

        return lambda: judgment_submit(self._access(told.person), told.place, told.answer), learn

    def _renew(self, action: Action) -> Begun:
        return self._unheard(
            action, lambda access, place: assignment_renew(access.project, access.user, [place])
        )

    def _release(self, action: Action) -> Begun:
        return self._unheard(
            action, lambda access, place: assignment_release(access.project, access.user, [place])
        )

    def _unheard(self, action: Action, call: Callable[[Access, int], object]) -> Begun:
        place = self.model.place_of(action.person, action.pick)
        if place is None:
            return None

        def learn(outcome: object) -> None:
            assert not isinstance(outcome, CrossguardError), outcome

        return lambda: call(self._access(action.person), place), learn

    def _skip(self, action: Action) -> Begun:
        place = self.model.place_of(action.person, action.pick)
        if place is None:
            return None
        item_id = Assignment.objects.get(pk=place).item_id

        def skip() -> None:
            assignment_skip(
                self._access(action.person).project, self.people[action.person], place, Skip.Reason.OTHER
            )

        def learn(refusal: object) -> None:
            if refusal is None:
                self.model.skipped.add((action.person, item_id))

        return skip, learn

    def _undo(self, action: Action) -> Begun:
        def learn(place: object) -> None:
            if isinstance(place, Assignment):
                self.model.given(action.person, place)

        return lambda: judgment_undo(self._access(action.person)), learn

    def _reserve(self, action: Action) -> Begun:
        """A free place of some item waits for this person: for an hour, or until the next sweep."""
        free = Assignment.objects.filter(project=self.project, state=AssignmentState.FREE, for_annotator=None)
        items = list(free.order_by("item").values_list("item", flat=True).distinct())
        if not items:
            return None
        wanted = {items[action.pick % len(items)]: self.people[action.person].pk}
        until = timezone.now() + timedelta(hours=1 if action.labels else -1)

        def learn(outcome: object) -> None:
            assert isinstance(outcome, set), outcome

        return lambda: places_reserve(wanted, until=until), learn

    def _stop(self, action: Action) -> Begun:
        place = self.model.place_of(action.person, action.pick)
        if place is None:
            return None

        def learn(case: object) -> None:
            assert isinstance(case, Case), case
            self.model.withheld.add(case.item_id)
            self.model.skipped.add((action.person, case.item_id))

        return lambda: page_stop(self._access(action.person), place), learn

    def _settle(self, action: Action) -> Begun:
        case = Case.objects.filter(project=self.project, closed_at=None).first()
        if case is None:
            return None
        outcome = Case.Outcome.KEPT if action.pick == 0 else Case.Outcome.RELEASED

        def learn(closed: object) -> None:
            assert isinstance(closed, Case), closed
            if outcome == Case.Outcome.RELEASED:
                self.model.withheld.discard(case.item_id)

        return lambda: case_settle(self._access(0), case, outcome), learn

    def _sweep(self, action: Action) -> Begun:
        return lambda: review_sweep(self._access(action.person).project), _nothing

    def _lapse(self, action: Action) -> Begun:
        """Time passes: the leases of one person run out."""
        leases = Assignment.objects.filter(
            project=self.project, annotator=self.people[action.person], state=AssignmentState.OFFERED
        )
        return lambda: leases.update(lease_until=timezone.now() - timedelta(minutes=1)), _nothing

    def _leave(self, action: Action) -> Begun:
        """The page closes, or pauses itself: everything that it holds is given back."""
        held = self._held(action.person)
        return lambda: assignment_release(self.project, self.people[action.person], held), _nothing

    def _pause(self, action: Action) -> Begun:
        self.model.paused = action.pick > 1
        rows = Project.objects.filter(pk=self.project.pk)
        return lambda: rows.update(paused=self.model.paused), _nothing

    def _rest(self, action: Action) -> Begun:
        """Somebody has taken all that one may take: benign pages only from now on."""
        self.model.resting.add(action.person)
        spent = {"points": 1000.0, "items": 1}
        minute = timezone.now().replace(second=0, microsecond=0)
        user = self.people[action.person]
        return (
            lambda: Exposure.objects.update_or_create(annotator=user, minute=minute, defaults=spent),
            _nothing,
        )

    def _opt_out(self, action: Action) -> Begun:
        self.model.avoided.add((action.person, VIOLENCE))
        user = self.people[action.person]
        return (
            lambda: OptOut.objects.get_or_create(project=self.project, annotator=user, category=VIOLENCE),
            _nothing,
        )

    def _check(self, action: Action) -> Begun:
        """A retest of what this person has judged, or a gold item that they have not."""
        user = self.people[action.person]
        items = list(Item.objects.filter(project=self.project, pooled=False).order_by("pk"))
        item = items[action.pick % len(items)]
        judged = Judgment.objects.filter(item=item, annotator=user).exists()
        purpose = Purpose.RETEST if judged else Purpose.GOLD
        seed = self.random.getrandbits(62)
        choice = PersonalChoice(item_id=item.pk, labels=frozenset(), inclusion_probability=None)
        draw = Draw(strategy="random", reason="a test asks for it", pool_size=1, seed=seed)
        return lambda: places_personal_open(self.project, user, purpose, [choice], draw=draw), _nothing


def _nothing(outcome: object) -> None:
    assert not isinstance(outcome, CrossguardError), outcome


@pytest.fixture
def connections() -> Iterator[Connections]:
    connections = Connections(CONNECTIONS)
    yield connections
    connections.close()


@pytest.mark.long
def test_every_promise_of_the_queue_holds_when_anything_happens_in_any_order(
    connections: Connections,
) -> None:
    Queue.connections = connections

    run_state_machine_as_test(
        Queue,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=EXAMPLES
            == 20,  # the same examples at every run, unless somebody asks for more of them
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
