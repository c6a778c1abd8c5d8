"""Pages of the pool: files taken in, what was refused, the items."""

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import BadInput, TooLarge
from annotator.http import render_page
from annotator.pool.forms import ItemFilterForm, UploadForm, upload_check
from annotator.pool.models import Ingest
from annotator.pool.pane import is_covered, item_pane
from annotator.pool.quality_page import quality_of
from annotator.pool.reporting import facts_of, report_of
from annotator.pool.selectors import (
    ItemFilter,
    ingest_of,
    ingests_of,
    item_of,
    item_rows,
    items_of,
    list_choices,
    refused_by_reason,
    refused_cells,
)
from annotator.pool.services import ingest_create
from annotator.projects.access import Can, project_for
from annotator.projects.selectors import taxonomy_current

INGESTS_PAGE, ITEMS_PAGE = 30, 50


@csrf_exempt  # looking for the token reads the whole body: the size is judged first, then _ingests asks for it
@require_http_methods(["GET", "POST"])
def ingests(request: HttpRequest, slug: str) -> HttpResponse:
    """The ingests of a project; POST takes a file in."""
    upload_check(request.META.get("CONTENT_LENGTH"))
    return _ingests(request, slug)


@csrf_protect
@login_required
def _ingests(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request.user, slug, Can.INGEST)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            ingest = ingest_create(access.project, form.upload(), by=access.user)
        except (BadInput, TooLarge) as error:
            form.refuse(error)
        else:
            return redirect("pool:ingest", slug=slug, ingest_id=ingest.pk)
    page = Paginator(ingests_of(access.project), INGESTS_PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "ingests",
        "form": form,
        "page": page,
        "is_active": any(ingest.is_active for ingest in page),
    }
    return render_page(request, "pool/ingests.html", context, part="list", status=422 if form.errors else 200)


@require_GET
@login_required
def ingest(request: HttpRequest, slug: str, ingest_id: int) -> HttpResponse:
    """One ingest: how far it is, what it added, what it refused and why."""
    access = project_for(request.user, slug, Can.INGEST)
    shown = ingest_of(access.project, ingest_id)
    report = report_of(shown)
    facts = None if report is None else facts_of(report)
    context = {
        "access": access,
        "nav": "ingests",
        "ingest": shown,
        "reasons": refused_by_reason(shown),
        "choices": list_choices(shown, access.taxonomy),
        "categories": access.taxonomy.categories,
        "known_note": _known_note(shown),
        "report": report,
        "quality": None if facts is None else quality_of(facts),
    }
    return render_page(request, "pool/ingest.html", context, part="progress")


def _known_note(ingest: Ingest) -> str:
    if not ingest.rows_changed:
        return "in the project, or earlier in the file"
    return f"{ingest.rows_changed:,} of them with other content: a new version of the evidence"


@require_GET
@login_required
def refused(request: HttpRequest, slug: str, ingest_id: int) -> HttpResponseBase:
    """The refused rows of an ingest as CSV."""
    access = project_for(request.user, slug, Can.INGEST)
    shown = ingest_of(access.project, ingest_id)
    writer = csv.writer(_Echo())
    lines = (writer.writerow(cells) for cells in refused_cells(shown))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-ingest-{ingest_id}-refused.csv"'
    return response


@require_GET
@login_required
def items(request: HttpRequest, slug: str) -> HttpResponse:
    """The items of a project, newest first; `before` is the id that the page begins under."""
    access = project_for(request.user, slug, Can.INSPECT)
    form = ItemFilterForm(request.GET)
    form.is_valid()
    matching = items_of(access.project, form.wanted())
    before = form.cleaned_data.get("before")
    under = matching.filter(pk__lt=before) if before else matching
    found = list(under[: ITEMS_PAGE + 1])
    context = {
        "access": access,
        "nav": "items",
        "form": form,
        "rows": item_rows(found[:ITEMS_PAGE]),
        "is_filtered": form.wanted() != ItemFilter(),
        "before": before,
        "next_before": found[ITEMS_PAGE - 1].pk if len(found) > ITEMS_PAGE else None,
    }
    return render_page(request, "pool/items.html", context)


@require_GET
@login_required
def item(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """One item: its address taken apart, its evidence, and what later stages know of it."""
    access = project_for(request.user, slug, Can.INSPECT)
    taxonomy = taxonomy_current(access.project)
    pane = item_pane(item_of(access.project, item_id), taxonomy)
    context = {
        "access": access,
        "nav": "items",
        "shown": pane.page,
        "pane": pane,
        "pane_covered": is_covered(pane, taxonomy),
    }
    return render_page(request, "pool/item.html", context)


class _Echo:
    """A file for csv.writer that gives each line back instead of keeping it."""

    def write(self, line: str) -> Any:
        """The line itself."""
        return line
