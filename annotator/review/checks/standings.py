"""Changing how far a person's answers are trusted: always with a row, a reason they can read, and a line in the log."""

from typing import Final

from django.db import transaction
from django.db.models import Max

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.models import Judgment
from annotator.projects.access import Access
from annotator.projects.models import LogEntry, Membership, Project, Role, Standing
from annotator.projects.services import log_write
from annotator.review.models import StandingChange

REASON_MAX: Final = 300
WORDS: Final = {
    Standing.QUALIFYING: "goes through qualification",
    Standing.QUALIFIED: "is qualified",
    Standing.WARNED: "was warned",
}


@transaction.atomic
def standing_set(
    membership: Membership, standing: Standing, reason: str, *, by: User | None = None
) -> StandingChange | None:
    """The change, or None when somebody else changed the standing meanwhile. Compare-and-set; four queries.

    Checks answered so far have had their say: the next change counts from here. The log names the change and not
    the reason, for more people read the log.
    """
    mine = Membership.objects.filter(pk=membership.pk, standing=membership.standing)
    checked = {"check_share": 0.0} if standing == Standing.QUALIFYING else {}
    if not mine.update(standing=standing, **checked):
        return None
    judged = Judgment.objects.filter(project=membership.project_id, annotator=membership.user_id)
    change = StandingChange.objects.create(
        project_id=membership.project_id,
        annotator_id=membership.user_id,
        standing=standing,
        reason=reason[:REASON_MAX],
        last_judgment=judged.aggregate(newest=Max("pk"))["newest"] or 0,
        by=by,
    )
    level = LogEntry.Level.INFO if standing == Standing.QUALIFIED else LogEntry.Level.WARNING
    text = f"{membership.user.username} {WORDS[standing]}: the reason is on their page under People"
    log_write(membership.project, "review", text, level=level)
    membership.standing = standing
    return change


def standing_waive(access: Access, user_id: int, reason: str) -> StandingChange:
    """A lead trusts somebody without (further) qualification or in spite of a warning, and says why.

    Raises NotFound for nobody's annotator, BadInput without a reason, Conflict for somebody qualified.
    """
    membership = annotator_of(access.project, user_id)
    if membership.standing == Standing.QUALIFIED:
        raise Conflict(f"{membership.user.username} is qualified already. Reload the page.")
    return standing_by_lead(access, membership, Standing.QUALIFIED, reason)


def annotator_of(project: Project, user_id: int) -> Membership:
    """The membership of an annotator; raises NotFound for anybody else. One query."""
    members = Membership.objects.filter(project=project, role=Role.ANNOTATOR, user=user_id)
    membership = members.select_related("user", "project").first()
    if membership is None:
        raise NotFound(f"This project has no annotator {user_id}.")
    return membership


def standing_by_lead(
    access: Access, membership: Membership, standing: Standing, reason: str
) -> StandingChange:
    """The change that a lead decided, with their name. Raises BadInput without a reason, Conflict in a race."""
    text = reason.strip()
    if not text:
        raise BadInput(f"Say why: {membership.user.username} will read it.")
    if len(text) > REASON_MAX or "\x00" in text:
        raise BadInput(f"The reason has {len(text)} characters; {REASON_MAX} without NUL fit. Shorten it.")
    change = standing_set(membership, standing, text, by=access.user)
    if change is None:
        raise Conflict("The standing was changed at the same moment. Reload the page, then decide again.")
    return change
