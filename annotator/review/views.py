"""Pages of the review: the project's home, disagreements, flags."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.charts import sparkline
from annotator.http import render_page
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.checks.gold import gold_of, suggestions
from annotator.review.desk.alike import alike_of, site_of
from annotator.review.desk.forms import GoldForm
from annotator.review.desk.item import dispute_lines, url_parts
from annotator.review.desk.patterns import has_classifier, is_rulable, pattern_words, patterns_open
from annotator.review.desk.resolving import resolve
from annotator.review.desk.wanting import query_of, wanted_of
from annotator.review.overview import overview_of
from annotator.review.questions.threads import Thread, answered_by_disagreement, threads_of_item
from annotator.review.selectors import (
    Wanted,
    disagreements_by_category,
    disagreements_open,
    flags_open,
    resolutions_current,
)
from annotator.review.services import flag_close

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
    wanted = wanted_of(request)
    waiting = disagreements_open(access.project, wanted)
    page = Paginator(waiting.values_list("pk", flat=True), PAGE).get_page(request.GET.get("page"))
    rows = list(waiting.filter(pk__in=list(page)))
    taxonomy = taxonomy_current(access.project)
    counts = disagreements_by_category(access.project, held=wanted.held)
    answered = answered_by_disagreement([row.pk for row in rows])
    context = {
        "access": access,
        "nav": "disagreements",
        "page": page,
        "lines": dispute_lines(rows, taxonomy, access, timezone.now(), answered),
        "wanted": wanted,
        "query": query_of(wanted),
        "pattern": pattern_words(wanted.pattern, taxonomy),
        "is_rulable": is_rulable(wanted.pattern),
        "categories": [(row, counts[row.slug]) for row in taxonomy.categories if row.slug in counts],
        "n_flags": flags_open(access.project).count(),
        "n_held": disagreements_open(access.project, Wanted(held=True)).count(),
    }
    if not wanted.held and not wanted.category and not wanted.pattern and page.number == 1:
        patterns = patterns_open(access.project, taxonomy)
        context |= {
            "patterns": [(line, query_of(Wanted(pattern=line.key))) for line in patterns[:PATTERNS]],
            "n_patterns_more": len(patterns[PATTERNS:]),
            "is_doubted": (is_doubted := any(line.n_doubted for line in patterns)),
            "has_classifier": is_doubted or has_classifier(access.project),
        }
    return render_page(request, "review/disagreements.html", context, part="list")


@require_http_methods(["GET", "POST"])
@login_required
def item_review(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """The judgments and resolutions of one item, for its page; and the form that corrects what is held."""
    access = project_for(request.user, slug, Can.RESOLVE)
    context = {"nav": "items", **_as_gold(access, item_id), "threads": _threads(access, item_id)}
    here = reverse("review:item_review", args=[slug, item_id])
    return resolve(request, access, item_id, "review/item.html", context, onward=lambda: here)


@require_GET
@login_required
def alike(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Pages like one item by text and by site, and what is held true of them; for the item's page."""
    access = project_for(request.user, slug, Can.RESOLVE)
    taxonomy = taxonomy_current(access.project)
    context = {
        "access": access,
        "nav": "disagreements",
        "item_id": item_id,
        "alike": alike_of(access.project, item_id, taxonomy),
        "site": site_of(access.project, item_id, taxonomy),
    }
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


def _threads(access: Access, item_id: int) -> list[Thread]:
    """The questions on the item; of another project's, or a withheld one, none: the page itself refuses those."""
    item = Item.objects.filter(project=access.project, pk=item_id, withheld=False).first()
    return threads_of_item(access.project, item_id) if item else []


def _as_gold(access: Access, item_id: int) -> dict[str, object]:
    """The item's gold, or the form that makes it gold where labels are held true of it."""
    gold = gold_of(access.project).filter(item=item_id).select_related("clause").first()
    held = resolutions_current(access.project).filter(item=item_id, verdict=Verdict.LABELLED)
    found = None if gold else held.select_related("clause").first()
    guideline = guideline_current(access.project)
    form = GoldForm.suggested(suggestions([found])[0], guideline) if found else None
    return {"gold": gold, "gold_form": form}
