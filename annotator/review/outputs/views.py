"""Pages of the outputs for other tools: the formats with what each cannot hold, and the file itself."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

from annotator.http import render_page
from annotator.interchange.formats import OUTPUTS, Output
from annotator.projects.access import LEADS, Access, Can, project_for
from annotator.review.outputs.selectors import output_lines, output_of


@require_GET
@login_required
def outputs(request: HttpRequest, slug: str) -> HttpResponse:
    """The formats to choose from."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    context = {
        "access": access,
        "nav": "snapshots",
        "outputs": OUTPUTS.values(),
        "by_name": access.role in LEADS,
    }
    return render_page(request, "review/outputs.html", context)


@require_GET
@login_required
def output_read(request: HttpRequest, slug: str, output: str) -> HttpResponseBase:
    """The project as it is now, in one format."""
    return streamed(project_for(request.user, slug, Can.SNAPSHOT), output)


def streamed(access: Access, slug: str) -> StreamingHttpResponse:
    """The project as it is now as a download, piece by piece. Raises NotFound for a format that there is not."""
    output = output_of(slug)
    return as_download(output_lines(access, output), output, access.project.slug)


def as_download(lines: Iterator[bytes], output: Output, stem: str) -> StreamingHttpResponse:
    """The pieces of a file as a download, named after `stem` and the format."""
    response = StreamingHttpResponse(lines, content_type=output.media_type)
    response["Content-Disposition"] = f'attachment; filename="{stem}-{output.slug}.{output.suffix}"'
    return response
