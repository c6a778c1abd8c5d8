"""Having items looked at again after a change of the taxonomy or the guideline: exactly those that a lead chose."""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from django.db import transaction

from annotator.judgments.models import Judgment, ReviewDue
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Purpose, Recheck
from annotator.queue.rechecking import RECHECK_MAX, recheck_end, recheck_open
from annotator.review.citing import SECONDS_AN_HOUR, time_words
from annotator.review.policy.affected import Group, groups_of, items_of

TIMED_MAX: Final = 2_000


@dataclass(frozen=True)
class Chosen:
    """What a recheck of some items would ask for. `hours` is None where nobody was timed on them."""

    n_items: int
    n_places: int
    n_timed: int
    hours: float | None

    @property
    def time(self) -> str:
        """The hours in words; empty where they are not known."""
        return "" if self.hours is None else time_words(self.hours)

    @property
    def is_too_many(self) -> bool:
        """Whether they are more than one recheck takes."""
        return self.n_items > RECHECK_MAX


def chosen_of(project: Project, groups: list[Group], keys: Iterable[str]) -> Chosen:
    """How many places a recheck of these groups opens, and the hours: the median seconds of judgments on its items.

    Raises BadInput as `items_of`. Four queries a group, and one.
    """
    items = items_of(groups, keys, RECHECK_MAX + 1)
    rows = Judgment.objects.filter(
        item__in=items, purpose=Purpose.OVERLAP, seconds__isnull=False, imported=None
    )
    newest = rows.order_by("-pk").values_list("seconds", flat=True)[:TIMED_MAX]
    seconds = [each for each in newest if each is not None]
    n_places = len(items) * project.overlap
    hours = median(seconds) * n_places / SECONDS_AN_HOUR if seconds else None
    return Chosen(len(items), n_places, len(seconds), hours)


def recheck_chosen(
    access: Access, keys: Iterable[str], *, taxonomy: int | None, guideline: int | None, reason: str
) -> Recheck:
    """The recheck of exactly the items of these groups, open; what is held of them stays until it settles.

    Raises NotFound for a version, BadInput for no group or too many items, Conflict when none is left.
    """
    groups = groups_of(access.project, taxonomy=taxonomy, guideline=guideline)
    items = items_of(groups, keys, RECHECK_MAX + 1)
    return recheck_open(access.project, items, by=access.user, reason=reason)


@transaction.atomic
def recheck_cancel(access: Access, number: int) -> Recheck:
    """The recheck of this batch, cancelled; the answers it brought count beside those from before.

    Raises as `recheck_end`. Items that somebody answered are handed to the review.
    """
    recheck = recheck_end(access.project, number, by=access.user)
    answered = Assignment.objects.filter(
        batch_item__batch=recheck.batch_id, state=AssignmentState.SUBMITTED
    ).values_list("item", flat=True)
    ReviewDue.objects.bulk_create(
        ReviewDue(project=access.project, item_id=item_id) for item_id in answered.distinct()
    )
    return recheck
