"""Pages of the review: the project's home, disagreements, flags."""

from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.core.validators import slug_re
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.agreement.patterns import Pattern
from annotator.charts import sparkline
from annotator.errors import BadInput, Conflict
from annotator.http import render_page
from annotator.judgments.models import Verdict
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.alike import alike_of
from annotator.review.desk import Desk, answer_words, desk_of, dispute_lines, url_parts
from annotator.review.forms import AdjudicationForm, GoldForm, adjudication_initial, shown_judgments
from annotator.review.gold import gold_of, suggestions
from annotator.review.models import Disagreement
from annotator.review.overview import overview_of
from annotator.review.patterns import pattern_words, patterns_open
from annotator.review.reverting import entry_last
from annotator.review.selectors import (
    Wanted,
    disagreement_after,
    disagreement_before,
    disagreement_of,
    disagreements_by_category,
    disagreements_open,
    flags_open,
    resolutions_current,
)
from annotator.review.services import flag_close, resolution_adjudicate

PAGE = 50
PATTERNS = 20


@require_GET
@login_required
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """The project's home; annotators are sent to their work."""
    access = project_for(request.user, slug, Can.READ)
    if not access.can[Can.INSPECT]:
        return redirect("judgments:label", slug=slug)
    seen = overview_of(access.project, timezone.now())
    chart = sparkline(seen.pace.hours, f"Judgments in each of the last {len(seen.pace.hours)} hours")
    harm = seen.care and sparkline(seen.care.hours, "Pages judged harmful in each of the last 24 hours")
    context = {
        "access": access,
        "nav": "overview",
        "overview": seen,
        "needs": [(need, access.can[need.can]) for need in seen.needs],
        "chart": chart,
        "care_chart": harm,
    }
    return render_page(request, "review/overview.html", context, part="live")


@require_GET
@login_required
def disagreements(request: HttpRequest, slug: str) -> HttpResponse:
    """Items that wait for a lead: what people differ in first, then each, oldest first."""
    access = project_for(request.user, slug, Can.RESOLVE)
    wanted = _wanted(request)
    page = Paginator(disagreements_open(access.project, wanted), PAGE).get_page(request.GET.get("page"))
    taxonomy, counts = taxonomy_current(access.project), disagreements_by_category(access.project)
    context = {
        "access": access,
        "nav": "disagreements",
        "page": page,
        "lines": dispute_lines(page.object_list, taxonomy),
        "wanted": wanted,
        "query": _query(wanted),
        "pattern": pattern_words(wanted.pattern, taxonomy),
        "categories": [(row, counts[row.slug]) for row in taxonomy.categories if row.slug in counts],
        "n_flags": flags_open(access.project).count(),
    }
    if not wanted.category and not wanted.pattern and page.number == 1:
        patterns = patterns_open(access.project, taxonomy)
        context |= {
            "patterns": [(line, _query(Wanted(pattern=line.key))) for line in patterns[:PATTERNS]],
            "n_patterns_more": len(patterns[PATTERNS:]),
        }
    return render_page(request, "review/disagreements.html", context, part="list")


@require_http_methods(["GET", "POST"])
@login_required
def disagreement(request: HttpRequest, slug: str, disagreement_id: int) -> HttpResponse:
    """One disagreement: the answers side by side, and the form that settles it and goes on to the next."""
    access = project_for(request.user, slug, Can.RESOLVE)
    row = disagreement_of(access.project, disagreement_id)
    wanted = _wanted(request)
    following = disagreement_after(access.project, row.pk, wanted)
    before = disagreement_before(access.project, row.pk, wanted)
    context = {
        "nav": "disagreements",
        "disagreement": row,
        "onward": _disagreements_url(access, following, wanted),
        "back": _disagreements_url(access, before, wanted) if before else "",
        "following": following,
        "left": disagreements_open(access.project, wanted).exclude(pk=row.pk).count(),
        "wanted": wanted,
        "query": _query(wanted),
        "pattern": pattern_words(row.pattern, taxonomy_current(access.project)),
        "pattern_query": _query(Wanted(pattern=row.pattern)),
        "undo": entry_last(access),
        "undo_id": uuid4(),
    }
    return _resolve(request, access, row.item_id, "review/disagreement.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def item_review(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """The judgments and resolutions of one item, for its page; and the form that corrects what is held."""
    access = project_for(request.user, slug, Can.RESOLVE)
    onward = reverse("review:item_review", args=[slug, item_id])
    context = {"nav": "items", "onward": onward, **_as_gold(access, item_id)}
    return _resolve(request, access, item_id, "review/item.html", context)


@require_GET
@login_required
def alike(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Pages with nearly the text of one item, and what is held true of them; for the item's page."""
    access = project_for(request.user, slug, Can.RESOLVE)
    lines = alike_of(access.project, item_id, taxonomy_current(access.project))
    context = {"access": access, "nav": "disagreements", "item_id": item_id, "lines": lines}
    return render_page(request, "review/alike.html", context, part="alike")


@require_GET
@login_required
def flags(request: HttpRequest, slug: str) -> HttpResponse:
    """Items that somebody asked a lead to look at."""
    access = project_for(request.user, slug, Can.RESOLVE)
    page = Paginator(flags_open(access.project), PAGE).get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "disagreements",
        "page": page,
        "lines": [(flag, url_parts(flag.item)) for flag in page],
        "n_disagreements": disagreements_open(access.project).count(),
    }
    return render_page(request, "review/flags.html", context)


@require_POST
@login_required
def flag_end(request: HttpRequest, slug: str, flag_id: int) -> HttpResponse:
    """Close a flag."""
    flag_close(project_for(request.user, slug, Can.RESOLVE), flag_id)
    messages.success(request, "Flag closed.")
    return redirect("review:flags", slug=slug)


def _as_gold(access: Access, item_id: int) -> dict[str, object]:
    """The item's gold, or the form that makes it gold where labels are held true of it."""
    gold = gold_of(access.project).filter(item=item_id).select_related("clause").first()
    held = resolutions_current(access.project).filter(item=item_id, verdict=Verdict.LABELLED)
    found = None if gold else held.select_related("clause").first()
    guideline = guideline_current(access.project)
    form = GoldForm.suggested(suggestions([found])[0], guideline) if found else None
    return {"gold": gold, "gold_form": form}


def _wanted(request: HttpRequest) -> Wanted:
    """What the list is narrowed to; a word that can be no category, or no pattern, narrows nothing."""
    category, pattern = request.GET.get("category", ""), request.GET.get("pattern", "")
    return Wanted(
        category=category if slug_re.fullmatch(category) else "",
        pattern=pattern if Pattern.parse(pattern) else "",
    )


def _query(wanted: Wanted) -> str:
    """The end of an address that keeps the list narrowed; empty for the whole list."""
    kept = {name: value for name, value in vars(wanted).items() if value}
    return f"?{urlencode(kept)}" if kept else ""


def _resolve(
    request: HttpRequest, access: Access, item_id: int, template: str, context: dict[str, object]
) -> HttpResponse:
    """Show the item, or resolve it and go `onward`; a refused answer comes back with what the lead had entered."""
    desk = desk_of(access, item_id)
    form = AdjudicationForm(
        request.POST or None,
        taxonomy=desk.taxonomy,
        guideline=desk.guideline,
        initial=adjudication_initial(desk.review),
    )
    status, conflict = 200, ""
    if request.method == "POST" and not form.is_valid():
        status = 422
    elif request.method == "POST":
        try:
            resolution = resolution_adjudicate(
                access,
                item_id,
                adjudication=form.adjudication,
                based_on=form.based_on,
                client_id=form.cleaned_data["client_id"],
            )
        except Conflict as error:
            status, conflict, desk = 409, error.message, desk_of(access, item_id)
        except BadInput as error:
            status = 422
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Resolved: {answer_words(resolution, desk.taxonomy)}.")
            return redirect(str(context["onward"]))
    context |= {"access": access, "desk": desk, "form": form, "conflict": conflict, **_shown(desk, form)}
    return render_page(request, template, context, part="review", status=status)


def _shown(desk: Desk, form: AdjudicationForm) -> dict[str, object]:
    """The toggles as they stand in the form, and the state that this very page shows."""
    chosen = set(form["labels"].value() or ())
    disputed = desk.review.disputed
    newest = desk.review.newest
    return {
        "toggles": [
            (
                title,
                [
                    (row, row.slug in chosen)
                    for row in desk.taxonomy.categories
                    if (row.slug in disputed) == wanted
                ],
            )
            for title, wanted in (("In dispute", True), ("Others", False))
        ],
        "shown_judgments": shown_judgments(desk.review),
        "shown_resolution": newest.pk if newest else "",
    }


def _disagreements_url(access: Access, row: Disagreement | None, wanted: Wanted) -> str:
    """The page of a disagreement, or of their list; the filter stays."""
    if row is None:
        return reverse("review:disagreements", args=[access.project.slug]) + _query(wanted)
    return reverse("review:disagreement", args=[access.project.slug, row.pk]) + _query(wanted)
