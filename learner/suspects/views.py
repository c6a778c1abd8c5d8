"""The page of suspects, and a lead's answer to one."""

from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.core.validators import slug_re
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput
from annotator.http import render_page
from annotator.pool.addresses import UrlParts
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_current
from annotator.review.desk.item import url_parts
from learner.suspects.forms import AnswerForm
from learner.suspects.models import Suspect
from learner.suspects.selectors import (
    Evidence,
    evidence_of,
    judgments_seen,
    suspect_run_latest,
    suspects_by_category,
    suspects_open,
)
from learner.suspects.services import suspect_confirm, suspect_fix, suspect_question, suspect_send_back

PAGE = 20


@dataclass(frozen=True)
class Line:
    """One suspect as the page shows it; `judgments` are those that the lead sees it under."""

    suspect: Suspect
    url: UrlParts
    category: str
    severity: int
    held: tuple[str, ...]
    fixed: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    judgments: str
    question: str
    client_id: UUID


@require_GET
@login_required
def suspects(request: HttpRequest, slug: str) -> HttpResponse:
    """Resolved labels that look wrong, gravest first."""
    access = project_for(request.user, slug, Can.RESOLVE)
    category = request.GET.get("category", "")
    if not slug_re.fullmatch(category):
        category = ""
    page = Paginator(suspects_open(access.project, category), PAGE).get_page(request.GET.get("page"))
    taxonomy, counts = taxonomy_current(access.project), suspects_by_category(access.project)
    context = {
        "access": access,
        "nav": "suspects",
        "page": page,
        "lines": _lines(access.project, list(page.object_list), taxonomy),
        "run": suspect_run_latest(access.project),
        "category": category,
        "categories": [(row, counts[row.slug]) for row in taxonomy.categories if row.slug in counts],
    }
    return render_page(request, "suspects/suspects.html", context)


@require_POST
@login_required
def answer(request: HttpRequest, slug: str, suspect_id: int) -> HttpResponse:
    """Confirm, fix, or send back one suspect, and go on with the next."""
    access = project_for(request.user, slug, Can.RESOLVE)
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise BadInput(_problem(form))
    if form.cleaned_data["answer"] == "confirm":
        suspect_confirm(access, suspect_id)
        said = "Confirmed: the label stands, and is not asked again while its resolution is held."
    elif form.cleaned_data["answer"] == "fix":
        suspect_fix(access, suspect_id, judgments=form.cleaned_data["judgments"])
        said = "Fixed: a new resolution holds the suggested labels."
    else:
        said = _send_back(access, suspect_id, form)
    messages.success(request, said)
    category = form.cleaned_data["category"]
    query = f"?{urlencode({'category': category})}" if category else ""
    return redirect(f"{reverse('suspects:suspects', args=[slug])}{query}")


def _send_back(access: Access, suspect_id: int, form: AnswerForm) -> str:
    """Send it back, with the question if there is one to ask; what was done, in a sentence."""
    text, client_id = form.cleaned_data["text"], form.cleaned_data["client_id"]
    asked = suspect_send_back(access, suspect_id, text=text or None, client_id=client_id)
    if asked is None:
        return "Sent back: the item is among the disagreements. Nobody who judged it could be asked."
    return "Sent back: those who judged it are asked, and the disagreement waits for their answers."


def _problem(form: AnswerForm) -> str:
    """What is wrong with what was sent."""
    if "text" in form.errors:
        return f"Question: {form.errors['text'][0]}"
    return "Answer with one of: confirm, fix, send back. Open the list again, then press its key."


def _lines(project: Project, rows: list[Suspect], taxonomy: Taxonomy) -> list[Line]:
    """The lines of a page. One query."""
    seen = judgments_seen(project, [row.item_id for row in rows])
    severities = {category.slug: category.severity for category in taxonomy.categories}
    held = {row.pk: _held(row, taxonomy) for row in rows}
    return [
        Line(
            suspect=row,
            url=url_parts(row.item),
            category=taxonomy.name_of(row.category),
            severity=severities.get(row.category, 0),
            held=tuple(taxonomy.name_of(slug) for slug in sorted(held[row.pk])),
            fixed=tuple(taxonomy.name_of(slug) for slug in sorted(held[row.pk] ^ {row.category})),
            evidence=evidence_of(row),
            judgments=",".join(map(str, seen[row.item_id])),
            question=suspect_question(row, taxonomy),
            client_id=uuid4(),
        )
        for row in rows
    ]


def _held(row: Suspect, taxonomy: Taxonomy) -> frozenset[str]:
    """The labels of the doubted resolution as they are in this taxonomy."""
    held = row.resolution
    return carried(tuple(held.labels), (), held.taxonomy_id, taxonomy.version.pk).labels
