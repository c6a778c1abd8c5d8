"""Pages of what leads did: the list of adjudications, and undoing one."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import taxonomy_current
from annotator.review.acts.entry_lines import entry_line, entry_lines
from annotator.review.acts.reverting import (
    entries_of,
    entry_of,
    entry_revert,
    resolutions_by,
    resolutions_of,
)
from annotator.review.desk.forms import RevertForm
from annotator.review.models import AdjudicationEntry, Disagreement

PAGE = 50


@require_GET
@login_required
def adjudications(request: HttpRequest, slug: str) -> HttpResponse:
    """What leads did, newest first, each with what it wrote and its undo."""
    access = project_for(request.user, slug, Can.RESOLVE)
    kind = request.GET.get("kind", "")
    kind = kind if kind in AdjudicationEntry.Kind.values else ""
    page = Paginator(entries_of(access.project, kind=kind), PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "disagreements",
        "page": page,
        "kind": kind,
        "kinds": AdjudicationEntry.Kind.choices,
        "lines": [(line, uuid4()) for line in entry_lines(access.project, list(page))],
    }
    return render_page(request, "review/adjudications.html", context, part="list")


@require_GET
@login_required
def adjudication(request: HttpRequest, slug: str, entry_id: int) -> HttpResponse:
    """All that one act wrote, and its undo."""
    access = project_for(request.user, slug, Can.RESOLVE)
    entry = entry_of(access.project, entry_id)
    page = Paginator(resolutions_by(entry.pk), PAGE).get_page(request.GET.get("page"))
    taxonomy = taxonomy_current(access.project)
    context = {
        "access": access,
        "nav": "disagreements",
        "page": page,
        "line": entry_line(entry, page.object_list, taxonomy),
        "click": uuid4(),
    }
    return render_page(request, "review/adjudication_detail.html", context)


@require_POST
@login_required
def revert(request: HttpRequest, slug: str, entry_id: int) -> HttpResponse:
    """Undo an adjudication, and go to the disagreement that it reopened, or else to the list."""
    access = project_for(request.user, slug, Can.RESOLVE)
    form = RevertForm(request.POST)
    if not form.is_valid():
        raise BadInput("The form's client_id is missing or unreadable. Load the page again, then undo.")
    done = entry_revert(access, entry_id, client_id=form.cleaned_data["client_id"])
    messages.success(request, done.sentence)
    reopened = _reopened_by(access, done.entry)
    if reopened is not None:
        return redirect("review:disagreement", slug=slug, disagreement_id=reopened.pk)
    return redirect("review:adjudications", slug=slug)


def _reopened_by(access: Access, entry: AdjudicationEntry) -> Disagreement | None:
    """The only disagreement that it reopened; None where there are none or several."""
    if entry.n_items != 1:
        return None
    rows = Disagreement.objects.filter(project=access.project, entry=entry, closed_at__isnull=True)
    return rows.filter(item__in=[row.item_id for row in resolutions_of([entry])[entry.pk]]).first()
