"""What a queue promises, as a model beside the real one: what each person was told, and what has to hold after it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from annotator.errors import CrossguardError
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.services import Submitted
from annotator.judgments.turns import Turn
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.exposure import HARMFUL
from annotator.queue.models import Assignment, AssignmentState, Purpose


@dataclass(frozen=True)
class Acknowledged:
    """One answer that somebody was told is stored."""

    person: int
    place: int
    answer: Answer
    judgment: int


@dataclass
class Model:
    """What the people of one project were told. Persons are numbers; places are ids in the order they came."""

    offered: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[UUID, Acknowledged] = field(default_factory=dict)
    refused: set[UUID] = field(default_factory=set)
    skipped: set[tuple[int, int]] = field(default_factory=set)
    resting: set[int] = field(default_factory=set)
    avoided: set[tuple[int, str]] = field(default_factory=set)
    withheld: set[int] = field(default_factory=set)
    paused: bool = False

    def place_of(self, person: int, pick: int) -> int | None:
        """One of the places that this person was ever offered, newest first."""
        places = self.offered[person]
        return places[-1 - pick % len(places)] if places else None

    def given(self, person: int, place: Assignment | None) -> None:
        """A place was offered to this person."""
        if place is not None and place.pk not in self.offered[person]:
            self.offered[person].append(place.pk)

    def answered(self, person: int, place: int, answer: Answer, outcome: object) -> None:
        """An answer was acknowledged, or refused in words."""
        if isinstance(outcome, CrossguardError):
            self.refused.add(answer.client_id)
            return
        submitted = outcome.submitted if isinstance(outcome, Turn) else outcome
        assert isinstance(submitted, Submitted)
        before = self.answers.get(answer.client_id)
        assert before is None or before.judgment == submitted.judgment.pk, "one client_id, two judgments"
        assert submitted.created == (before is None), "a replay was stored again, or a new answer was not"
        self.refused.discard(answer.client_id)
        self.answers[answer.client_id] = Acknowledged(person, place, answer, submitted.judgment.pk)
        if isinstance(outcome, Turn):
            self.given(person, outcome.place)


def assert_new_place_suits(model: Model, person: int, place: Assignment, *, held: set[int]) -> None:
    """A place that the person did not hold before is one that they may be given."""
    if place.pk in held:
        return
    assert not model.paused, "a paused project gave a place"
    assert place.item_id not in model.withheld, "a withheld page was offered"
    assert (person, place.item_id) not in model.skipped, "a declined page came back"
    assert person not in model.resting or place.severity < HARMFUL, "a harmful page for somebody who rests"
    assert not any((person, slug) in model.avoided for slug in place.expected), "a page they opted out of"


def assert_promises_kept(model: Model, project: Project) -> None:
    """Everything that holds of a queue at rest, read from its rows."""
    places = list(Assignment.objects.filter(project=project))
    judgments = list(Judgment.objects.filter(project=project))
    superseded = {judgment.supersedes_id for judgment in judgments}
    standing = [
        judgment
        for judgment in judgments
        if judgment.pk not in superseded and judgment.verdict != Verdict.WITHDRAWN
    ]
    _assert_overlap(project, places)
    _assert_one_judgment_each(places, standing)
    _assert_places_and_judgments_match(places, standing)
    _assert_acknowledged_once(model, judgments)
    _assert_withheld(model, project, places)


def _assert_overlap(project: Project, places: list[Assignment]) -> None:
    shared = [place for place in places if place.purpose == Purpose.OVERLAP]
    for item_id, n in Counter(place.item_id for place in shared).items():
        numbers = sorted(place.place for place in shared if place.item_id == item_id)
        assert project.overlap <= n <= project.overlap_max, f"item {item_id} has {n} places"
        assert numbers == list(range(1, n + 1)), f"item {item_id} has the places {numbers}"


def _assert_one_judgment_each(places: list[Assignment], standing: list[Judgment]) -> None:
    judged = Counter((row.item_id, row.annotator_id, row.purpose == Purpose.RETEST) for row in standing)
    assert not [key for key, n in judged.items() if n > 1], "somebody judged an item twice"
    taken = Counter(
        (place.item_id, place.annotator_id)
        for place in places
        if place.annotator_id and place.purpose != Purpose.RETEST
    )
    assert not [key for key, n in taken.items() if n > 1], "somebody has two places of an item"
    for place in places:
        assert place.for_annotator_id in (None, place.annotator_id) or place.annotator_id is None


def _assert_places_and_judgments_match(places: list[Assignment], standing: list[Judgment]) -> None:
    filled = Counter((row.assignment_id, row.annotator_id) for row in standing if not row.late)
    submitted = Counter(
        (place.pk, place.annotator_id) for place in places if place.state == AssignmentState.SUBMITTED
    )
    assert filled == submitted, "a place is submitted without its judgment, or a judgment has no place"


def _assert_acknowledged_once(model: Model, judgments: list[Judgment]) -> None:
    stored = {row.client_id: row for row in judgments if row.verdict != Verdict.WITHDRAWN}
    assert len({row.client_id for row in judgments}) == len(judgments)
    assert stored.keys() == model.answers.keys(), "an acknowledged judgment is missing, or one came unasked"
    for client_id, told in model.answers.items():
        row = stored[client_id]
        assert (row.pk, tuple(row.labels)) == (told.judgment, told.answer.labels)
    assert not model.refused & stored.keys(), "a refused answer was stored"


def _assert_withheld(model: Model, project: Project, places: list[Assignment]) -> None:
    withheld = set(Item.objects.filter(project=project, withheld=True).values_list("pk", flat=True))
    assert withheld == model.withheld
    ended = {AssignmentState.WITHHELD, AssignmentState.SUBMITTED}
    assert {place.state for place in places if place.item_id in withheld} <= ended
