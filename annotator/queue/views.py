"""Pages of the queue: its batches, the ledger of each, and why one item was served."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotator.errors import BadInput
from annotator.http import render_page
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.selectors import item_of
from annotator.projects.access import Can, project_for
from annotator.queue.models import BatchItem
from annotator.queue.selectors import (
    batch_of,
    batches_of,
    batches_summarised,
    ledger_of,
    ledger_of_item,
    queue_level,
)

BATCHES_PAGE = 20
LEDGER_PAGE = 100


@require_GET
@login_required
def batches(request: HttpRequest, slug: str) -> HttpResponse:
    """The batches, newest first, with how far each has been worked off; with `checks`, those for one person."""
    access = project_for(request.user, slug, Can.INSPECT)
    checks = "checks" in request.GET
    found = batches_of(access.project).filter(personal=checks)
    page = Paginator(found, BATCHES_PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "batches",
        "checks": checks,
        "page": page,
        "summaries": batches_summarised(list(page.object_list)),
        "level": queue_level(access.project),
    }
    return render_page(request, "queue/batches.html", context, part="part")


@require_GET
@login_required
def batch(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One batch and its ledger, or what one stream has in it."""
    access = project_for(request.user, slug, Can.INSPECT)
    opened = batch_of(access.project, number)
    (summary,) = batches_summarised([opened])
    stream = request.GET.get("stream", "")
    if stream and stream not in summary.streams:
        raise BadInput("This batch has nothing of such a stream. Take one of those that its page names.")
    page = Paginator(ledger_of(opened, stream=stream), LEDGER_PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "batches",
        "batch": opened,
        "summary": summary,
        "stream": stream,
        "page": page,
        "rows": [(row, _url_of(row)) for row in page.object_list],
    }
    return render_page(request, "queue/batch.html", context)


@require_GET
@login_required
def item_ledger(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """A part for the page of an item: why it was served, each time."""
    access = project_for(request.user, slug, Can.INSPECT)
    shown = item_of(access.project, item_id)
    context = {"access": access, "item": shown, "rows": ledger_of_item(access.project, shown.pk)}
    return render(request, "queue/item_ledger.html", context)


def _url_of(row: BatchItem) -> UrlParts:
    return parts_of(Address(row.item.url, row.item.host, row.item.registrable_domain))
