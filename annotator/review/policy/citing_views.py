"""Pages on what rests on a clause: the items that cite it, and what a draft of the guideline would touch."""

from dataclasses import asdict

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import Conflict, CrossguardError, NotFound
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.drafts.forms import NewClauseForm
from annotator.projects.drafts.guideline import clause_draft_add
from annotator.projects.drafts.guideline import guideline_drafting_of as drafting_of
from annotator.projects.prose import prose
from annotator.projects.selectors import guideline_current
from annotator.review.citing import COUNTED_MAX, impact_of, items_citing
from annotator.review.desk.cases import case_of
from annotator.review.desk.going_on import back_url
from annotator.review.desk.item import url_parts
from annotator.review.policy.drafted import clauses_touched


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


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def item_clause(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """A clause for the draft of the guideline, begun with the case of one item; POST adds it, and goes back."""
    access = project_for(request.user, slug, Can.GUIDE)
    case = case_of(access.project, item_id, access.taxonomy)
    drafting = drafting_of(access.project)
    form = NewClauseForm(request.POST or None, taxonomy=access.taxonomy, initial=asdict(case))
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            clause_draft_add(access.project, by=access.user, **form.cleaned_data)
        except CrossguardError as error:
            form.add_error(None, error.message)
            status = 409 if isinstance(error, Conflict) else 422
        else:
            messages.success(request, _drafted(access))
            return redirect(back_url(request, access, item_id))
    elif request.method == "POST":
        status = 422
    shown = form["category"].value() or ""
    context = {
        "access": access,
        "nav": "disagreements",
        "item_id": item_id,
        "form": form,
        "drafting": drafting,
        "about": access.taxonomy.name_of(shown) if shown else "",
        "clauses": [(row, prose(row.body)) for row in drafting.clauses if row.category == shown],
        "back": back_url(request, access, item_id),
    }
    return render_page(request, "review/item_clause.html", context, status=status)


@require_GET
@login_required
def impact(request: HttpRequest, slug: str) -> HttpResponse:
    """What cites the clauses that the draft changes or removes."""
    access = project_for(request.user, slug, Can.GUIDE)
    context = {
        "access": access,
        "nav": "guideline",
        "impact": impact_of(access.project, clauses_touched(access.project)),
        "most": COUNTED_MAX,
    }
    return render_page(request, "review/impact.html", context, part="impact")


def _drafted(access: Access) -> SafeString:
    address = reverse("projects:guideline_draft", args=[access.project.slug])
    return format_html(
        'Added to the draft of the guideline. Nothing is published yet. <a href="{}">Look at the draft</a>',
        address,
    )
