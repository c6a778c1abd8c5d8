"""A turn of the labelling seat: an answer is stored and the next place is claimed, in one short transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError

from annotator.judgments.answers import Answer, Checked, answer_checked
from annotator.judgments.services import (
    Submitted,
    new_judgment,
    submit_checked,
    submit_unusual,
    submitted_new,
)
from annotator.judgments.submitting import judgment_place_and_claim
from annotator.projects.access import Access
from annotator.queue.claiming import Claimant, failing_alone
from annotator.queue.models import Assignment
from annotator.queue.places import claim_on, holding_checked
from annotator.queue.terms import ClaimTerms, claim_terms, points_of
from annotator.statements import BIGINT


@dataclass(frozen=True)
class Turn:
    """What a submit gave: the stored judgment, and the next place, if there is one."""

    submitted: Submitted
    place: Assignment | None


def judgment_turn(access: Access, assignment_id: int, answer: Answer, *, holding: Sequence[int] = ()) -> Turn:
    """The judgment as `judgment_submit` stores it, and the next place as `assignment_claim` gives it.

    1. Nearly always one statement writes and claims all of it: its own transaction, committed before this
       returns. The points of the answer count already for what is claimed.
    2. What that statement did not store, or not find, is done as if it had been asked for alone. Whoever sends
       the same again is given the place that the lost answer named: it is held by them.

    Two queries as a rule: the terms, and the turn. Raises as `judgment_submit` does, and then nothing is given.
    """
    holding_checked(holding)
    checked = answer_checked(access, answer)
    if access.project.paused:
        return Turn(submit_checked(access, assignment_id, checked), None)
    taking = points_of(checked.severity or 0)
    terms = claim_terms(access.project, access.user, taking=taking, answering=assignment_id)
    submitted, place = _at_once(access, assignment_id, checked, terms, holding)
    if submitted is None:
        submitted = submit_unusual(access, assignment_id, checked)
        # An answer after its lease may have filled the very place that was to be the next one.
        place = None if place is None or place.item_id == submitted.judgment.item_id else place
    if place is None:
        place = claim_on(access.project, access.user, terms, holding=holding)
    return Turn(submitted, place)


def _at_once(
    access: Access, assignment_id: int, checked: Checked, terms: ClaimTerms, holding: Sequence[int]
) -> tuple[Submitted | None, Assignment | None]:
    """Both by one statement; neither when two tabs of this person got into each other's way, or for no id of ours."""
    if assignment_id >= BIGINT:
        return None, None
    claimant = Claimant(access.project.pk, access.user.pk, access.project.lease_seconds, holding, terms)
    new = new_judgment(access, assignment_id, checked)
    try:
        with failing_alone():
            judgment, place = judgment_place_and_claim(new, claimant)
    except IntegrityError:
        return None, None
    return None if judgment is None else submitted_new(access, judgment), place
