"""Pages on what rests on a clause: the items that cite it, and what a draft of the guideline would touch."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from annotator.errors import NotFound
from annotator.http import render_page
from annotator.projects.access import Can, project_for
from annotator.projects.changes import Change, clauses_compared
from annotator.projects.drafts import drafting_of
from annotator.projects.selectors import guideline_current
from annotator.review.citing import COUNTED_MAX, impact_of, items_citing
from annotator.review.desk import url_parts


@require_GET
@login_required
def cited(request: HttpRequest, slug: str) -> HttpResponse:
    """The items that cite one clause; the first clause without a choice."""
    access = project_for(request.user, slug, Can.RESOLVE)
    current = guideline_current(access.project)
    number = request.GET.get("clause") or current.clauses[0].number
    clause = current.clause(number)
    if clause is None:
        raise NotFound(f"The guideline has no clause {number!r}. Choose one from the guideline.")
    rows = [(row, url_parts(row.item)) for row in items_citing(access.project, number)]
    context = {"access": access, "nav": "guideline", "clause": clause, "guideline": current, "rows": rows}
    return render_page(request, "review/cited.html", context)


@require_GET
@login_required
def impact(request: HttpRequest, slug: str) -> HttpResponse:
    """What cites the clauses that the draft changes or removes."""
    access = project_for(request.user, slug, Can.GUIDE)
    drafting = drafting_of(access.project)
    changes = clauses_compared(drafting.base.clauses, drafting.clauses)
    numbers = [row.clause.number for row in changes if row.change != Change.ADDED]
    context = {
        "access": access,
        "nav": "guideline",
        "impact": impact_of(access.project, numbers),
        "most": COUNTED_MAX,
    }
    return render_page(request, "review/impact.html", context, part="impact")
