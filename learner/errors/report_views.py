"""Pages of root-cause reports: the list, and one to write, to finish and to download."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.prose import prose_tabled
from learner.core.error_reports import PARTS
from learner.errors.forms import NewReportForm, ReportForm
from learner.errors.models import ErrorReport, ErrorReportVersion
from learner.errors.reporting import (
    facts_stored,
    report_facts,
    report_of,
    report_text,
    report_versions,
    reports_newest,
    reports_of,
)
from learner.errors.selectors import error_run_latest, error_runs_kept
from learner.errors.services import report_begin, report_save
from learner.training.selectors import classifier_of

PAGE = 20


@require_http_methods(["GET", "POST"])
@login_required
def reports(request: HttpRequest, slug: str) -> HttpResponse:
    """The reports, newest first; POST begins one."""
    access = project_for(request.user, slug, Can.INSPECT)
    runs = error_runs_kept(access.project)
    versions = [(run.evaluation.classifier.number, f"v{run.evaluation.classifier.number}") for run in runs]
    form = NewReportForm(
        request.POST if request.method == "POST" else None, taxonomy=access.taxonomy, versions=versions
    )
    if request.method == "POST" and form.is_valid():
        report = _begun(access, form)
        if report is not None:
            return redirect("errors:report", slug=slug, number=report.number)
    page = Paginator(reports_of(access.project), PAGE).get_page(request.GET.get("page"))
    newest = reports_newest(list(page.object_list))
    context = {
        "access": access,
        "nav": "errors",
        "form": form,
        "has_runs": bool(runs),
        "page": page,
        "rows": [(report, newest[report.pk], _about(access, report)) for report in page.object_list],
    }
    return render_page(request, "errors/reports.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@login_required
def report(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One report as it will read, and the parts to write; POST saves or finishes it."""
    access = project_for(request.user, slug, Can.INSPECT)
    found = report_of(access.project, number)
    versions = report_versions(found)
    newest = versions[0]
    form = ReportForm(
        request.POST if request.method == "POST" else None,
        initial={**newest.written, "based_on": newest.number},
    )
    if request.method == "POST" and form.is_valid() and _saved(request, access, found, form):
        return redirect("errors:report", slug=slug, number=number)
    context: dict[str, Any] = {
        "access": access,
        "nav": "errors",
        "report": found,
        "about": _about(access, found),
        "newest": newest,
        "versions": versions,
        "form": form,
        "parts": [form[part.slug] for part in PARTS],
        "text": prose_tabled(
            _text_now(access, found, versions).partition("\n")[2]
        ),  # the title heads the page
    }
    return render_page(request, "errors/report.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def report_file(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The newest version of a report as Markdown, to keep or to send."""
    access = project_for(request.user, slug, Can.INSPECT)
    found = report_of(access.project, number)
    text = report_text(found, report_versions(found))
    name = f"{slug}-report-{found.number}.md"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/markdown; charset=utf-8", headers=headers)


def _text_now(access: Access, report: ErrorReport, versions: list[ErrorReportVersion]) -> str:
    """The report as Markdown: of a draft with the facts of now, as far as the errors are still kept."""
    newest = versions[0]
    if not newest.finished and error_run_latest(access.project, report.classifier) is not None:
        facts = report_facts(access.project, report.classifier, report.category, now=timezone.now())
        newest.facts = facts_stored(facts)
    return report_text(report, versions)


def _begun(access: Access, form: NewReportForm) -> ErrorReport | None:
    given = form.cleaned_data
    try:
        version = classifier_of(access.project, given["version"])
        return report_begin(access, version, given["title"], given["category"])
    except CrossguardError as error:
        form.add_error(None, error.message)
        return None


def _saved(request: HttpRequest, access: Access, report: ErrorReport, form: ReportForm) -> bool:
    finish = "finish" in request.POST
    try:
        report_save(access, report, form.written, based_on=form.cleaned_data["based_on"], finish=finish)
    except CrossguardError as error:
        form.add_error(None, error.message)
        return False
    messages.success(request, "Finished: it stays as it is." if finish else "Saved.")
    return True


def _about(access: Access, report: ErrorReport) -> str:
    category = access.taxonomy.name_of(report.category) if report.category else "all categories"
    return f"v{report.classifier.number}, {category}"
