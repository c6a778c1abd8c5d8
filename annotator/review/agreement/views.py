"""Pages of agreement: how far people agree, where and since when not, and the items behind each number."""

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import taxonomy_version
from annotator.review.agreement.asked import NUMBER, cell_asked, pair_named
from annotator.review.agreement.breakdowns import ENOUGH, Breakdown, breakdown_of, publications_of
from annotator.review.agreement.items import cell_counts, cell_items, judges_named, measurement_of
from annotator.review.agreement.lines import CHOICES, Choice, agreement_chart, agreement_lines
from annotator.review.agreement.saved import adaptive_report
from annotator.review.agreement.tables import (
    KAPPA_STEPS,
    MATRIX_MAX,
    cell_words,
    clause_lines,
    heat_map,
    legend,
    matrix_of,
    steps_of,
    trend,
)
from annotator.review.desk.item import url_parts
from annotator.review.selectors import Unsure, agreement_of

PAGE: Final = 50
OVERALL: Final = "overall"
PARTS: Final = {
    OVERALL: "How far",
    "where": "Where",
    "since": "Since when",
    "whom": "Between whom",
    "clause": "On which clause",
    "adaptive": "Adaptive overlap",
}
"""The questions that the page answers, a tab each."""


@require_GET
@login_required
@never_cache
def agreement(request: HttpRequest, slug: str) -> HttpResponse:
    """How far people agree, and one at a time where, since when, between whom and on which clause they do not.

    Unknown choices show the first.
    """
    access = project_for(request.user, slug, Can.INSPECT)
    parts = {key: name for key, name in PARTS.items() if key != "whom" or access.can[Can.RESOLVE]}
    part = request.GET.get("part", "")
    part = part if part in parts else OVERALL
    treatment = request.GET.get("unsure", "")
    unsure = Unsure(treatment) if treatment in Unsure.values else Unsure.MISSING
    shown = CHOICES.get(request.GET.get("coefficient", ""), CHOICES["alpha"])
    measured = agreement_of(access.project, unsure=unsure)
    context: dict[str, Any] = {
        "access": access,
        "nav": "agreement",
        "agreement": measured,
        "parts": parts.items(),
        "part": part,
        "choices": CHOICES.values(),
        "shown": shown,
        "treatments": list(Unsure),
        "unsure": unsure,
    }
    if part == "adaptive":
        context["adaptive"] = adaptive_report(access.project, timezone.now())
    elif measured is not None:
        found = breakdown_of(access.project, category=request.GET.get("category", ""), unsure=unsure)
        if part == OVERALL:
            context["found"] = found
            context["lines"] = lines = agreement_lines(measured, shown)
            context["chart"] = agreement_chart(lines, shown)
        elif found is not None:
            context |= _taken_apart(request, access, found, shown=shown, unsure=unsure, part=part)
    return render_page(request, "review/agreement.html", context)


@require_GET
@login_required
@never_cache
def agreement_items(request: HttpRequest, slug: str) -> HttpResponse:
    """The items that one number on the agreement page counts."""
    access = project_for(request.user, slug, Can.RESOLVE)
    wanted = cell_asked(request.GET.dict())
    measured = measurement_of(access.project, wanted.unsure)
    context: dict[str, Any] = {"access": access, "nav": "agreement", "wanted": wanted}
    if measured is not None:
        names = pair_named(access, measured, wanted)
        counts = cell_counts(measured, wanted)
        page = Paginator(range(counts.n_listed), PAGE).get_page(request.GET.get("page"))
        begin = PAGE * (page.number - 1)
        rows = cell_items(measured, wanted, slice(begin, begin + PAGE)) if counts.n_listed else []
        taxonomy = taxonomy_version(measured.report.taxonomy_id)
        context |= {
            "measured": measured.report,
            "words": cell_words(wanted, taxonomy, names),
            "counts": counts,
            "page": page,
            "rows": [(row, url_parts(row.item)) for row in rows],
        }
    return render_page(request, "review/agreement_items.html", context)


def _taken_apart(
    request: HttpRequest, access: Access, found: Breakdown, *, shown: Choice, unsure: Unsure, part: str
) -> dict[str, Any]:
    """What the tab `part` shows, and no more."""
    taxonomy, published = taxonomy_version(found.taxonomy_id), publications_of(access.project)
    context: dict[str, Any] = {
        "found": found,
        "about": taxonomy.name_of(found.category) if found.category else "",
        "categories": taxonomy.categories,
        "enough": ENOUGH,
        "legend": legend(steps_of(shown)),
    }
    if part == "where":
        return context | {"heat": heat_map(found, taxonomy, published, shown, unsure)}
    if part == "since":
        return context | {"trend": trend(found, published, shown, unsure)}
    if part == "clause":
        return context | {"clauses": clause_lines(found, taxonomy, shown, unsure)}
    people = {pk for pair in found.pairs for pk in (pair.first, pair.second)}
    person = request.GET.get("person", "")
    chosen = int(person) if NUMBER.fullmatch(person) else None
    return context | {
        "matrix": matrix_of(found, judges_named(access.project, people), unsure, chosen),
        "matrix_max": MATRIX_MAX,
        "matrix_legend": legend(KAPPA_STEPS),
    }
