"""Submitting judgments, changing and undoing them, and flagging items."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction

from annotator.errors import Conflict, NotFound, Withheld
from annotator.judgments.answers import NOTE_MAX, Answer, Checked, answer_checked
from annotator.judgments.models import Flag, Judgment, ReviewDue, Verdict
from annotator.judgments.seen import version_seen
from annotator.judgments.selectors import judgment_newest, judgment_own, judgments_own
from annotator.judgments.submitting import NewJudgment, judgment_place, severity_raise
from annotator.projects.access import Access
from annotator.projects.selectors import (
    guideline_current,
    guideline_version,
    taxonomy_current,
    taxonomy_version,
)
from annotator.queue.claiming import failing_alone
from annotator.queue.models import Assignment, Purpose
from annotator.queue.places import (
    assignment_known,
    assignment_reopen,
    assignment_take_submit,
    note_checked,
    withheld_refuse,
)
from annotator.queue.terms import exposure_add

SUBMIT_TRIES = 3
EXPLAINED = "This answer stays as it is: what is right has been shown to you. Go on with the next page."
ALREADY = (
    "You have judged this item already. Change it in your own judgments, unless it was imported from a file."
)


@dataclass(frozen=True)
class Origin:
    """What a new row is about: the place it was given in, whether too late for it, and the row that it supersedes.

    `since` is from when on this person was shown the page, where that is known.
    """

    item_id: int
    assignment_id: int
    purpose: str
    late: bool
    supersedes: Judgment | None
    fast: bool = False
    since: datetime | None = None

    @classmethod
    def of(cls, earlier: Judgment) -> Self:
        """The origin of a row that supersedes `earlier`, which was given in a place."""
        return cls(
            item_id=earlier.item_id,
            assignment_id=place_of(earlier),
            purpose=earlier.purpose,
            late=earlier.late,
            supersedes=earlier,
            since=earlier.created_at,
        )


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
    return submit_checked(access, assignment_id, answer_checked(access, answer))


def submit_checked(access: Access, assignment_id: int, checked: Checked) -> Submitted:
    """As `judgment_submit`, for an answer that is checked already."""
    try:
        with failing_alone():
            usual = judgment_place(new_judgment(access, assignment_id, checked))
    except IntegrityError:
        usual = None
    return submitted_new(access, usual) if usual else submit_unusual(access, assignment_id, checked)


def submit_unusual(access: Access, assignment_id: int, checked: Checked) -> Submitted:
    """As `judgment_submit`, for an answer that one statement did not store: steps 2 and 3."""

    def write() -> Judgment:
        outcome = assignment_take_submit(access.project, access.user, assignment_id)
        place = outcome.assignment
        is_retest = place.purpose == Purpose.RETEST
        earlier = judgment_newest(access.project, access.user, place.item_id, retest=is_retest)
        if earlier is not None and earlier.verdict != Verdict.WITHDRAWN and not place.recheck:
            raise Conflict(ALREADY, code="already_judged")
        severity = place.severity if checked.severity is None else checked.severity
        exposure_add(access.user, severity)
        return _store(access, _origin(place, earlier, checked.answer, late=outcome.late), checked)

    def is_about_this(stored: Judgment) -> bool:
        return Assignment.objects.filter(pk=assignment_id, item_id=stored.item_id).exists()

    return _once(access, checked.answer, write, is_about_this)


def submitted_new(access: Access, judgment: Judgment) -> Submitted:
    """A judgment that a statement just stored, with what is known of it, so that nobody asks again. No query."""
    judgment.annotator = access.user
    judgment.taxonomy = taxonomy_version(judgment.taxonomy_id).version
    judgment.guideline = guideline_version(judgment.guideline_id).version
    return Submitted(judgment, created=True)


def judgment_edit(access: Access, judgment_id: int, answer: Answer) -> Submitted:
    """One's own judgment with a new answer: a row that supersedes it; idempotent as `judgment_submit`.

    Raises NotFound unless it stands and is the caller's, Conflict when its page is withheld or when the right
    answer has been shown.
    """
    checked = answer_checked(access, answer)

    def write() -> Judgment:
        earlier = judgment_own(access.project, access.user, judgment_id)
        if earlier.item.withheld:
            raise Withheld
        _refuse_explained(earlier)
        return _store(access, Origin.of(earlier), checked)

    def is_about_this(stored: Judgment) -> bool:
        return Judgment.objects.filter(pk=judgment_id, item_id=stored.item_id).exists()

    return _once(access, checked.answer, write, is_about_this)


@transaction.atomic
def judgment_undo(access: Access, *, client_id: UUID | None = None) -> Assignment:
    """The place of the caller's last judgment, theirs again; the judgment is superseded by a withdrawn one.

    The same `client_id` again gives the same place, and undoes nothing more.
    A late judgment had no place: its assignment is returned as it is, and submitting to it is late again.
    A page that was withheld since is passed over. Raises NotFound when there is nothing to undo, Conflict when
    it changed meanwhile or when the right answer has been shown.
    """
    here = Judgment.objects.filter(annotator=access.user, imported=None)
    done = here.filter(client_id=client_id).first() if client_id else None
    if done is not None:
        return Assignment.objects.get(pk=place_of(done))
    last = judgments_own(access.project, access.user).filter(item__withheld=False).first()
    if last is None:
        raise NotFound("You have no judgment to undo.")
    _refuse_explained(last)
    withdrawn = Answer(client_id=client_id or uuid4(), verdict=Verdict.WITHDRAWN)
    try:
        with transaction.atomic():
            _store(access, Origin.of(last), Checked(withdrawn, taxonomy_current(access.project)))
    except IntegrityError as error:
        raise Conflict("This judgment was changed or undone in another tab. Reload the page.") from error
    if not last.late and not assignment_reopen(access.project, access.user, place_of(last)):
        raise Withheld
    return Assignment.objects.get(pk=place_of(last))


def place_of(judgment: Judgment) -> int:
    """The place that a judgment was given in: every one has one that is not from a file."""
    assert judgment.assignment_id is not None
    return judgment.assignment_id


def flag_add(access: Access, assignment_id: int, note: str = "") -> Flag:
    """A flag on the item for the lead; the open one, if this person flagged it before. Raises as a judgment does."""
    note = note_checked(note, NOTE_MAX)
    place = assignment_known(access.project, access.user, assignment_id)
    withheld_refuse(place)
    flag = Flag(project=access.project, item_id=place.item_id, annotator=access.user, note=note)
    Flag.objects.bulk_create([flag], ignore_conflicts=True)
    return Flag.objects.get(item_id=place.item_id, annotator=access.user, closed_at__isnull=True)


def new_judgment(access: Access, assignment_id: int, checked: Checked) -> NewJudgment:
    """The answer as the columns of a judgment in this place."""
    answer = checked.answer
    return NewJudgment(
        project=access.project.pk,
        annotator=access.user.pk,
        assignment=assignment_id,
        taxonomy=checked.taxonomy.version.pk,
        client_id=answer.client_id,
        labels=list(answer.labels),
        unsure=list(answer.unsure),
        verdict=answer.verdict,
        seconds=answer.seconds,
        note=answer.note,
        severity=checked.severity,
        guideline=checked.guideline.version.pk if checked.guideline else None,
        clause=checked.clause.pk if checked.clause else None,
        evidence=answer.evidence,
    )


def _origin(place: Assignment, earlier: Judgment | None, answer: Answer, *, late: bool) -> Origin:
    is_fast = (
        answer.verdict == Verdict.LABELLED
        and earlier is None
        and answer.seconds is not None
        and answer.seconds < place.reading_seconds
    )
    return Origin(
        item_id=place.item_id,
        assignment_id=place.pk,
        purpose=place.purpose,
        late=late,
        supersedes=earlier,
        fast=is_fast,
    )


def _refuse_explained(judgment: Judgment) -> None:
    if judgment.purpose == Purpose.QUALIFICATION:
        raise Conflict(EXPLAINED, code="explained")


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
        and (stored.clause.number if stored.clause else "") == answer.clause
        and is_about_this(stored)
    )
    if not is_same:
        raise Conflict(
            f"client_id {answer.client_id} belongs to judgment {stored.pk}, which says something else. "
            "Make a new UUID for each answer."
        )
    return stored


def _store(access: Access, origin: Origin, checked: Checked) -> Judgment:
    answer = checked.answer
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
        taxonomy=checked.taxonomy.version,
        guideline=(checked.guideline or guideline_current(access.project)).version,
        purpose=origin.purpose,
        clause=checked.clause,
        fast=origin.fast,
        evidence=_version(origin, answer),
    )
    if answer.labels or answer.unsure:
        severity_raise(judgment, checked.severity or 0)
    if origin.purpose == Purpose.OVERLAP:
        ReviewDue.objects.create(project=access.project, item_id=origin.item_id)
    return judgment


def _version(origin: Origin, answer: Answer) -> int | None:
    if answer.verdict == Verdict.WITHDRAWN:
        return None
    return version_seen(origin.item_id, said=answer.evidence, since=origin.since)
