"""Pages of the snapshots: the list, one card, and the downloads."""

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from annotator.http import render_page
from annotator.pool.selectors import ingest_of
from annotator.projects.access import Can, project_for
from annotator.projects.prose import prose
from learner.snapshots.files import CARD, file_open, withheld_in, zip_stream
from learner.snapshots.overlap import overlap_of
from learner.snapshots.selectors import snapshot_of, snapshot_runs_of, snapshots_of
from learner.snapshots.services import snapshot_run_start


@require_http_methods(["GET", "POST"])
@login_required
def snapshots(request: HttpRequest, slug: str) -> HttpResponse:
    """The snapshots of a project; POST takes a new one."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    if request.method == "POST":
        snapshot_run_start(access.project, by=access.user)
        return redirect("snapshots:snapshots", slug=slug)
    context = {
        "access": access,
        "nav": "snapshots",
        "snapshots": snapshots_of(access.project),
        "run": snapshot_runs_of(access.project).first(),
    }
    return render_page(request, "snapshots/snapshots.html", context, part="list")


@require_GET
@login_required
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One snapshot with its data card."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    frozen = snapshot_of(access.project, number)
    with file_open(frozen, CARD) as stream:
        _, _, card = stream.read().decode().partition("\n# ")  # after the front matter and the title
    context = {
        "access": access,
        "nav": "snapshots",
        "snapshot": frozen,
        "card": prose(card.partition("\n")[2]),
        "files": sorted(frozen.manifest["files"].items()),
        "n_withheld": withheld_in(frozen),
    }
    return render_page(request, "snapshots/snapshot.html", context)


@require_GET
@login_required
def ingest_overlap(request: HttpRequest, slug: str, ingest_id: int) -> HttpResponse:
    """How much of an ingest is on sites of the newest snapshot: a part of the ingest's page."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    ingest, newest = ingest_of(access.project, ingest_id), snapshots_of(access.project).first()
    context = {"access": access, "overlap": None if newest is None else overlap_of(ingest, newest)}
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
def download_file(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponseBase:
    """One file of the snapshot."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    stream = file_open(snapshot_of(access.project, number), name)
    return FileResponse(stream, as_attachment=True, filename=name, content_type="application/octet-stream")
