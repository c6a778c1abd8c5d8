"""Keeping filters under a name. Imports nothing that computes."""

from typing import Final

from django.db import transaction

from annotator.errors import BadInput, Conflict, Forbidden
from annotator.projects.access import Access
from annotator.projects.models import Project
from learner.explorer.filters import Wanted
from learner.explorer.models import ExplorerFilter
from learner.explorer.selectors import filter_of

NAME_MAX: Final = 60
ADDRESS_MAX: Final = 4_000
FILTERS_MAX: Final = 200
"""Of one person in one project."""


@transaction.atomic
def filter_save(access: Access, wanted: Wanted, name: str, *, shared: bool) -> ExplorerFilter:
    """Keep a filter under a name; the same name of the same person again replaces it.

    Raises BadInput for a filter that leaves nothing out or is too long, and for a name that is empty or too long;
    Conflict for more than `FILTERS_MAX`.
    """
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX or "\x00" in name:
        raise BadInput(f"Give the filter a name of 1 to {NAME_MAX} characters.")
    if not wanted.chosen:
        raise BadInput("This filter leaves nothing out. Choose something first, then save it.")
    if len(wanted.address) > ADDRESS_MAX:
        raise BadInput(f"The filter is too long to be kept: {ADDRESS_MAX:,} characters are the most.")
    Project.objects.select_for_update(no_key=True).get(pk=access.project.pk)
    mine = ExplorerFilter.objects.filter(project=access.project, saved_by=access.user)
    if mine.exclude(name=name).count() >= FILTERS_MAX:
        raise Conflict(f"You have {FILTERS_MAX} filters here. Delete one that you do not need any more.")
    saved, _ = ExplorerFilter.objects.update_or_create(
        project=access.project,
        saved_by=access.user,
        name=name,
        defaults={"address": wanted.address, "shared": shared},
    )
    return saved


def filter_delete(access: Access, pk: int) -> None:
    """Delete a filter of one's own. Raises NotFound, and Forbidden for one that somebody else shares."""
    saved = filter_of(access, pk)
    if saved.saved_by_id != access.user.pk:
        raise Forbidden(f"{saved.saved_by.username} saved this filter, and alone may delete it.")
    saved.delete()
