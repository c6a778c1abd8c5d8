"""Pages of the snapshots: the list, one card, and the downloads."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, Conflict, CrossguardError
from annotator.http import render_page
from annotator.interchange.formats import OUTPUTS
from annotator.pool.selectors import ingest_of
from annotator.projects.access import Can, project_for
from annotator.projects.prose import prose_tabled
from annotator.review.outputs.selectors import output_of
from annotator.review.outputs.views import as_download
from learner.core.cards import Figure, figures_of, read_first, tiles_of
from learner.snapshots.comparing import overlap_counted, snapshots_compared
from learner.snapshots.content import Content
from learner.snapshots.dialects import card_body
from learner.snapshots.differences import differences_markdown, differences_read
from learner.snapshots.exporting import snapshot_lines
from learner.snapshots.files import CARD, PAGE, file_open, names_of, withheld_in, zip_stream
from learner.snapshots.forms import ChoiceForm, NoteForm
from learner.snapshots.models import Snapshot, SnapshotNote
from learner.snapshots.overlap import overlap_read
from learner.snapshots.reading import facts_of
from learner.snapshots.sections.selectors import card_missing, card_written
from learner.snapshots.sections.services import MISSING
from learner.snapshots.selectors import (
    choice_preview,
    snapshot_of,
    snapshot_run_of,
    snapshot_runs_of,
    snapshots_of,
)
from learner.snapshots.services import snapshot_annotate, snapshot_run_cancel, snapshot_run_start

SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Plot:
    """A figure of the card, ready for a page."""

    figure: Figure
    svg: SafeString


@require_http_methods(["GET", "POST"])
@login_required
def snapshots(request: HttpRequest, slug: str) -> HttpResponse:
    """The snapshots of a project; POST takes a new one."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    missing, refused = card_missing(card_written(access.project)), ""
    if request.method == "POST":
        try:
            snapshot_run_start(access.project, by=access.user)
        except BadInput as error:
            if error.code != MISSING:
                raise
            refused = "No snapshot was taken."
        else:
            return redirect("snapshots:snapshots", slug=slug)
    context = {
        "access": access,
        "nav": "snapshots",
        "snapshots": snapshots_of(access.project),
        "run": snapshot_runs_of(access.project).first(),
        "missing": missing,
        "refused": refused,
    }
    return render_page(
        request, "snapshots/snapshots.html", context, part="list", status=422 if refused else 200
    )


@require_http_methods(["GET", "POST"])
@login_required
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """What the next snapshot holds, with how much that is; POST takes it, unless it only asks to count."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    sent = request.POST if request.method == "POST" else request.GET
    takes = request.method == "POST" and "count" not in sent
    form = ChoiceForm(sent or None, taxonomy=access.taxonomy)
    preview, problem = None, ""
    if not form.is_bound or form.is_valid():
        try:
            if takes:
                snapshot_run_start(access.project, by=access.user, choice=form.choice)
                return redirect("snapshots:snapshots", slug=slug)
            preview = choice_preview(access.project, form.choice)
        except CrossguardError as error:
            problem = error.message
    context = {"access": access, "nav": "snapshots", "form": form, "preview": preview, "problem": problem}
    refused = takes and (form.errors or problem)
    return render_page(
        request, "snapshots/choose.html", context, part="preview", status=422 if refused else 200
    )


@require_POST
@login_required
def cancel(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """End the run that is under way."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    run = snapshot_run_of(access.project, pk)
    snapshot_run_cancel(access.project, run.pk, by=access.user)
    return redirect("snapshots:snapshots", slug=slug)


@require_POST
@login_required
def annotate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Write a name, a note, or why the snapshot is deprecated."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    frozen = snapshot_of(access.project, number)
    form = NoteForm(request.POST)
    if not form.is_valid():
        raise BadInput("Write what you want to say, as a name, a note, or a reason to deprecate.")
    snapshot_annotate(frozen, form.cleaned_data["kind"], form.cleaned_data["text"], by=access.user)
    messages.success(request, "Written. It stays: what is wrong in it, another note can correct.")
    return redirect("snapshots:snapshot", slug=slug, number=number)


@require_GET
@login_required
def differences(request: HttpRequest, slug: str, number: int, other: int) -> HttpResponse:
    """What differs from one snapshot to another."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    before, after = snapshot_of(access.project, number), snapshot_of(access.project, other)
    run = snapshots_compared(before, after)
    found = None if run.result is None else differences_read(before, after, run.result)
    context = {
        "access": access,
        "nav": "snapshots",
        "before": before,
        "after": after,
        "run": run,
        "found": found,
    }
    return render_page(request, "snapshots/differences.html", context, part="compared")


@require_GET
@login_required
def differences_file(request: HttpRequest, slug: str, number: int, other: int) -> HttpResponse:
    """The same as Markdown."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    before, after = snapshot_of(access.project, number), snapshot_of(access.project, other)
    run = snapshots_compared(before, after)
    if run.result is None:
        raise Conflict(run.error or "These snapshots are being compared. Try again in a minute.")
    found = differences_read(before, after, run.result)
    response = HttpResponse(differences_markdown(found), content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{slug}-v{number}-v{other}.md"'
    return response


@require_GET
@login_required
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One snapshot with its data card."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    frozen = snapshot_of(access.project, number)
    with file_open(frozen, CARD) as stream:
        card = card_body(stream.read().decode())
    context = {
        "access": access,
        "nav": "snapshots",
        "snapshot": frozen,
        "card": prose_tabled(card),
        "page": PAGE if PAGE in frozen.manifest["files"] else "",
        "files": [(name, frozen.manifest["files"].get(name)) for name in names_of(frozen)],
        "chosen": Content.from_json(frozen.manifest.get("filter", {})).sentences(),
        "others": [row for row in snapshots_of(access.project) if row.pk != frozen.pk],
        "kinds": SnapshotNote.Kind.choices,
        "n_withheld": withheld_in(frozen),
        "outputs": OUTPUTS.values(),
        **_pictures(frozen),
    }
    return render_page(request, "snapshots/snapshot.html", context)


def _pictures(frozen: Snapshot) -> dict[str, object]:
    """The plots of the card, drawn from its own facts; nothing for a snapshot from before there were any."""
    facts = facts_of(frozen)
    if facts is None:
        return {}
    plots = [Plot(figure, mark_safe(figure.svg)) for figure in figures_of(facts)]  # noqa: S308 - drawn by us, escaped
    return {"tiles": tiles_of(facts), "first": read_first(facts), "plots": plots}


@require_GET
@login_required
def ingest_overlap(request: HttpRequest, slug: str, ingest_id: int) -> HttpResponse:
    """How much of an ingest the newest snapshot holds, and its sites: a part of the ingest's page."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    ingest, newest = ingest_of(access.project, ingest_id), snapshots_of(access.project).first()
    run = None if newest is None or ingest.is_active else overlap_counted(ingest, newest)
    overlap = None if run is None or run.result is None else overlap_read(run.result)
    context = {"access": access, "ingest": ingest, "newest": newest, "run": run, "overlap": overlap}
    return render_page(request, "snapshots/overlap.html", context)


@require_GET
@login_required
def download(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The snapshot as a zip."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    frozen = snapshot_of(access.project, number)
    response = StreamingHttpResponse(zip_stream(frozen), content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{slug}-v{number}.zip"'
    return response


@require_GET
@login_required
def output_read(request: HttpRequest, slug: str, number: int, output: str) -> HttpResponseBase:
    """The snapshot in the format of another tool."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    frozen, wanted = snapshot_of(access.project, number), output_of(output)
    return as_download(snapshot_lines(frozen, wanted), wanted, f"{slug}-v{number}")


@require_GET
@login_required
def download_file(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    """One file of the snapshot, never to be shown in our own name: the card as a page brings its own style."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    stream = file_open(snapshot_of(access.project, number), name)
    response = FileResponse(
        stream, as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = SANDBOX
    return response
