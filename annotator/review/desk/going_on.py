"""Where a lead goes on from a page about one item: back to its disagreement, to the next one, or to the list."""

from django.http import HttpRequest
from django.urls import reverse

from annotator.projects.access import Access
from annotator.review.desk.leases import lease_next
from annotator.review.desk.wanting import id_of, query_of, wanted_of
from annotator.review.models import Disagreement
from annotator.review.selectors import Wanted


def came_from(request: HttpRequest, access: Access, item_id: int) -> Disagreement | None:
    """The disagreement on whose page the lead was, by the query of the address; None where it is not of this item."""
    pk = id_of(request.GET.get("disagreement", ""))
    return Disagreement.objects.filter(project=access.project, item=item_id, pk=pk).first()


def back_url(request: HttpRequest, access: Access, item_id: int) -> str:
    """The page that the lead came from: the disagreement, else the item's judgments and resolutions."""
    row = came_from(request, access, item_id)
    return item_url(access, item_id) if row is None else dispute_url(access, row, wanted_of(request))


def onward_url(request: HttpRequest, access: Access, item_id: int) -> str:
    """Where the lead goes on once the item is dealt with: the next disagreement, now leased to them, or back."""
    row = came_from(request, access, item_id)
    return item_url(access, item_id) if row is None else next_url(access, wanted_of(request), row.pk)


def next_url(access: Access, wanted: Wanted, after: int) -> str:
    """The next disagreement, now leased to the lead, or the list."""
    row = lease_next(access, wanted, after=after)
    return list_url(access, wanted) if row is None else dispute_url(access, row, wanted)


def dispute_url(access: Access, row: Disagreement, wanted: Wanted) -> str:
    """The page of one disagreement."""
    return reverse("review:disagreement", args=[access.project.slug, row.pk]) + query_of(wanted)


def list_url(access: Access, wanted: Wanted) -> str:
    """The list of disagreements."""
    return reverse("review:disagreements", args=[access.project.slug]) + query_of(wanted)


def item_url(access: Access, item_id: int) -> str:
    """The judgments and resolutions of one item."""
    return reverse("review:item_review", args=[access.project.slug, item_id])


def undone_url(access: Access, item_id: int) -> str:
    """The newest disagreement of an item on which something was undone, or its judgments and resolutions."""
    row = Disagreement.objects.filter(project=access.project, item=item_id).order_by("-pk").first()
    return item_url(access, item_id) if row is None else dispute_url(access, row, Wanted())
