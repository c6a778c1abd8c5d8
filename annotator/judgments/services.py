"""Submitting judgments, changing and undoing them, and flagging items."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.models import Flag, Judgment, ReviewDue, Verdict
from annotator.judgments.selectors import judgment_newest, judgment_own, judgments_own
from annotator.judgments.submitting import NewJudgment, judgment_place
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, guideline_current, taxonomy_current
from annotator.queue.models import Assignment
from annotator.queue.places import (
    assignment_known,
    assignment_reopen,
    assignment_take_submit,
    note_checked,
)

NOTE_MAX = 2000
SECONDS_MAX = 7 * 24 * 3600
SUBMIT_TRIES = 3
ALREADY = "You have judged this item already. Change it in your own judgments."
ANSWERS = tuple(verdict for verdict in Verdict if verdict is not Verdict.WITHDRAWN)


@dataclass(frozen=True)
class Answer:
    """What an annotator says about an item. Labelled, with no labels and nothing unsure, is "none of these"."""

    client_id: UUID
    labels: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    verdict: str = Verdict.LABELLED
    seconds: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """What a new row is about: the item, the place it was given in, and the row that it supersedes."""

    item_id: int
    assignment_id: int
    late: bool
    supersedes: Judgment | None

    @classmethod
    def of(cls, earlier: Judgment) -> Self:
        """The origin of a row that supersedes `earlier`."""
        return cls(earlier.item_id, earlier.assignment_id, late=earlier.late, supersedes=earlier)


@dataclass(frozen=True)
class Submitted:
    """A stored judgment, and whether this call stored it."""

    judgment: Judgment
    created: bool


def judgment_submit(access: Access, assignment_id: int, answer: Answer) -> Submitted:
    """The judgment of this `client_id`, committed before this returns; the same again gives the same, once.

    1. Nearly always one statement fills the place and writes the judgment and its outbox row. Nothing is
       published: the tick reads the outbox.
    2. Else a `client_id` that is known is replayed, or refused when it comes with another answer.
    3. Else the place is filled by compare-and-set, or the judgment is kept as late.

    Two submits at once may both pass step 2: a constraint stops one of them, which then starts again and
    finds the other's row. Raises BadInput for an answer that cannot be, NotFound for a place never held,
    Conflict for an item judged already.
    """
    taxonomy = taxonomy_current(access.project)
    answer = answer_checked(taxonomy, answer)
    usual = judgment_place(_new(access, assignment_id, taxonomy, answer))
    if usual is not None:
        usual.annotator, usual.taxonomy = access.user, taxonomy.version
        return Submitted(usual, created=True)

    def write() -> Judgment:
        outcome = assignment_take_submit(access.project, access.user, assignment_id)
        place = outcome.assignment
        earlier = judgment_newest(access.project, access.user, place.item_id)
        if earlier is not None and earlier.verdict != Verdict.WITHDRAWN:
            raise Conflict(ALREADY, code="already_judged")
        origin = Origin(item_id=place.item_id, assignment_id=place.pk, late=outcome.late, supersedes=earlier)
        return _store(access, origin, answer)

    def is_about_this(stored: Judgment) -> bool:
        return Assignment.objects.filter(pk=assignment_id, item_id=stored.item_id).exists()

    return _once(access, answer, write, is_about_this)


def judgment_edit(access: Access, judgment_id: int, answer: Answer) -> Submitted:
    """One's own judgment with a new answer: a row that supersedes it; idempotent as `judgment_submit`.

    Raises NotFound unless it stands and is the caller's.
    """
    answer = answer_checked(taxonomy_current(access.project), answer)

    def write() -> Judgment:
        earlier = judgment_own(access.project, access.user, judgment_id)
        return _store(access, Origin.of(earlier), answer)

    def is_about_this(stored: Judgment) -> bool:
        return Judgment.objects.filter(pk=judgment_id, item_id=stored.item_id).exists()

    return _once(access, answer, write, is_about_this)


@transaction.atomic
def judgment_undo(access: Access) -> Assignment:
    """The place of the caller's last judgment, theirs again; the judgment is superseded by a withdrawn one.

    A late judgment had no place: its assignment is returned as it is, and submitting to it is late again.
    Raises NotFound when there is nothing to undo, Conflict when it changed meanwhile.
    """
    last = judgments_own(access.project, access.user).first()
    if last is None:
        raise NotFound("You have no judgment to undo.")
    withdrawn = Answer(client_id=uuid4(), verdict=Verdict.WITHDRAWN)
    try:
        with transaction.atomic():
            _store(access, Origin.of(last), withdrawn)
    except IntegrityError as error:
        raise Conflict("This judgment was changed or undone in another tab. Reload the page.") from error
    if not last.late:
        assignment_reopen(access.project, access.user, last.assignment_id)
    return Assignment.objects.get(pk=last.assignment_id)


def flag_add(access: Access, assignment_id: int, note: str = "") -> Flag:
    """A flag on the item for the lead; the open one, if this person flagged it before. Raises as a judgment does."""
    note = note_checked(note, NOTE_MAX)
    place = assignment_known(access.project, access.user, assignment_id)
    flag = Flag(project=access.project, item_id=place.item_id, annotator=access.user, note=note)
    Flag.objects.bulk_create([flag], ignore_conflicts=True)
    return Flag.objects.get(item_id=place.item_id, annotator=access.user, closed_at__isnull=True)


def answer_checked(taxonomy: Taxonomy, answer: Answer) -> Answer:
    """The answer in its stored form (sorted, trimmed); raises BadInput, naming the value, for one that cannot be."""
    if answer.verdict not in ANSWERS:
        raise BadInput(f'"{answer.verdict}" is not a verdict. Use one of: {", ".join(ANSWERS)}.')
    labels, unsure = frozenset(answer.labels), frozenset(answer.unsure)
    if answer.verdict != Verdict.LABELLED and labels | unsure:
        named = ", ".join(sorted(labels | unsure))
        raise BadInput(
            f'The verdict "{answer.verdict}" goes without labels, but names {named}. Choose one of the two.'
        )
    for slug in sorted((labels | unsure) - set(taxonomy.slugs)):
        raise BadInput(f'"{slug}" is not a category of this project. Reload the taxonomy.')
    for slug in sorted(labels & unsure):
        raise BadInput(f'"{slug}" is both present and unsure. Choose one of the two.')
    if answer.seconds is not None and not 0 <= answer.seconds <= SECONDS_MAX:
        raise BadInput(
            f"{answer.seconds} seconds on a page is not possible. Send 0 to {SECONDS_MAX}, or nothing."
        )
    return replace(
        answer,
        labels=tuple(sorted(labels)),
        unsure=tuple(sorted(unsure)),
        note=note_checked(answer.note, NOTE_MAX),
    )


def _new(access: Access, assignment_id: int, taxonomy: Taxonomy, answer: Answer) -> NewJudgment:
    return NewJudgment(
        project=access.project.pk,
        annotator=access.user.pk,
        assignment=assignment_id,
        taxonomy=taxonomy.version.pk,
        client_id=answer.client_id,
        labels=list(answer.labels),
        unsure=list(answer.unsure),
        verdict=answer.verdict,
        seconds=answer.seconds,
        note=answer.note,
    )


def _once(
    access: Access,
    answer: Answer,
    write: Callable[[], Judgment],
    is_about_this: Callable[[Judgment], bool],
) -> Submitted:
    """The judgment of this `client_id`: found, or written by `write`; a lost race is tried again."""
    for _ in range(SUBMIT_TRIES):
        stored = _stored(access, answer, is_about_this)
        if stored is not None:
            return Submitted(stored, created=False)
        try:
            with transaction.atomic():
                return Submitted(write(), created=True)
        except IntegrityError:
            continue
        except (Conflict, NotFound):
            # The twin of this request may have committed between the look and the write.
            stored = _stored(access, answer, is_about_this)
            if stored is None:
                raise
            return Submitted(stored, created=False)
    raise Conflict("This item was changed at the same moment from elsewhere. Send the answer again.")


def _stored(access: Access, answer: Answer, is_about_this: Callable[[Judgment], bool]) -> Judgment | None:
    stored = Judgment.objects.filter(annotator=access.user, client_id=answer.client_id).first()
    if stored is None:
        return None
    is_same = (
        (tuple(stored.labels), tuple(stored.unsure)) == (answer.labels, answer.unsure)
        and (stored.verdict, stored.note) == (answer.verdict, answer.note)
        and is_about_this(stored)
    )
    if not is_same:
        raise Conflict(
            f"client_id {answer.client_id} belongs to judgment {stored.pk}, which says something else. "
            "Make a new UUID for each answer."
        )
    return stored


def _store(access: Access, origin: Origin, answer: Answer) -> Judgment:
    judgment = Judgment.objects.create(
        project=access.project,
        item_id=origin.item_id,
        assignment_id=origin.assignment_id,
        annotator=access.user,
        client_id=answer.client_id,
        labels=list(answer.labels),
        unsure=list(answer.unsure),
        verdict=answer.verdict,
        seconds=answer.seconds,
        note=answer.note,
        late=origin.late,
        supersedes=origin.supersedes,
        taxonomy=taxonomy_current(access.project).version,
        guideline=guideline_current(access.project).version,
    )
    ReviewDue.objects.create(project=access.project, item_id=origin.item_id)
    return judgment
