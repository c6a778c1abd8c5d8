"""Pages of the imports: hand a file in, say what its labels and people are, follow it."""

import csv
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, TooLarge
from annotator.http import render_page
from annotator.judgments.imports.forms import ImportForm, sent_of
from annotator.judgments.imports.selectors import (
    CHOICES_BESIDE,
    format_named,
    import_of,
    imports_of,
    mapping_page,
    refused_cells,
    refused_lines,
    waits_for_mapping,
)
from annotator.judgments.imports.services import import_cancel, import_create, import_start
from annotator.judgments.models import JudgmentImport
from annotator.pool.forms import upload_check
from annotator.projects.access import Access, Can, project_for

IMPORTS_PAGE = 30


@csrf_exempt  # looking for the token reads the whole body: the size is judged first, then _imports asks for it
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest, slug: str) -> HttpResponse:
    """The imports of a project; POST takes a file in."""
    upload_check(request.META.get("CONTENT_LENGTH"))
    return _imports(request, slug)


@csrf_protect
@login_required
def _imports(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request.user, slug, Can.RESOLVE)
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = import_create(access.project, form.upload(), by=access.user)
        except (BadInput, TooLarge) as error:
            form.refuse(error)
        else:
            return redirect("judgments:import", slug=slug, import_id=run.pk)
    page = Paginator(imports_of(access.project), IMPORTS_PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "ingests",
        "form": form,
        "page": page,
        "is_active": any(run.is_active for run in page),
    }
    return render_page(
        request, "judgments/imports.html", context, part="list", status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
@login_required
def one_import(request: HttpRequest, slug: str, import_id: int) -> HttpResponse:
    """One import: what is in the file, and what was written; POST says what its labels and people are."""
    access = project_for(request.user, slug, Can.RESOLVE)
    run = import_of(access.project, import_id)
    if request.method == "GET":
        return _shown(request, access, run)
    try:
        import_start(run, sent_of(request.POST), by=access.user)
    except BadInput as error:
        return _shown(request, access, run, problem=error.message)
    return redirect("judgments:import", slug=slug, import_id=run.pk)


def _shown(request: HttpRequest, access: Access, run: JudgmentImport, *, problem: str = "") -> HttpResponse:
    waits = waits_for_mapping(run)
    context = {
        "access": access,
        "nav": "ingests",
        "run": run,
        "format": format_named(run),
        "waits": waits,
        "mapping": mapping_page(run, access.taxonomy) if waits else None,
        "categories": access.taxonomy.categories,
        "beside": CHOICES_BESIDE,
        "sent": sent_of(request.POST) if problem else None,
        "refused": refused_lines(run),
        "problem": problem,
    }
    return render_page(
        request, "judgments/import.html", context, part="progress", status=422 if problem else 200
    )


@require_POST
@login_required
def cancel(request: HttpRequest, slug: str, import_id: int) -> HttpResponse:
    """End an import that is under way or waits."""
    access = project_for(request.user, slug, Can.RESOLVE)
    import_cancel(import_of(access.project, import_id), by=access.user)
    return redirect("judgments:import", slug=slug, import_id=import_id)


@require_GET
@login_required
def refused(request: HttpRequest, slug: str, import_id: int) -> HttpResponseBase:
    """What was refused of an import, as CSV."""
    access = project_for(request.user, slug, Can.RESOLVE)
    run = import_of(access.project, import_id)
    writer = csv.writer(_Echo())
    lines = (writer.writerow(cells) for cells in refused_cells(run))
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-import-{import_id}-refused.csv"'
    return response


class _Echo:
    """A file for csv.writer that gives each line back instead of keeping it."""

    def write(self, line: str) -> Any:
        """The line itself."""
        return line
