"""Pages of the gold: what there is, what is missing, what could become gold."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotator.errors import BadInput, Conflict
from annotator.http import render_page
from annotator.judgments.models import Verdict
from annotator.pool.addresses import UrlParts
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.checks.gold import (
    Suggestion,
    gold_add,
    gold_of,
    gold_retire,
    gold_set,
    gold_suggestions,
    suggestions,
)
from annotator.review.checks.qualifying_policy import GOLD_A_CATEGORY
from annotator.review.desk.forms import GoldForm
from annotator.review.desk.going_on import back_url, onward_url, undone_url
from annotator.review.desk.item import answer_words, url_parts
from annotator.review.models import Gold, Resolution
from annotator.review.scoring import NONE
from annotator.review.selectors import item_review

GOLD_PAGE = 50
SUGGESTED = 10


@dataclass(frozen=True)
class CategoryGold:
    """How much gold one category has, and how much it lacks for qualification."""

    slug: str
    name: str
    n: int

    @property
    def lacks(self) -> int:
        """Items that are missing for qualification."""
        return max(GOLD_A_CATEGORY - self.n, 0)


@dataclass(frozen=True)
class GoldLine:
    """One line of the gold in use."""

    gold: Gold
    url: UrlParts
    labels: tuple[str, ...]


@dataclass(frozen=True)
class SuggestionLine:
    """One resolution that could be gold, with the form that makes it gold."""

    suggestion: Suggestion
    url: UrlParts
    labels: tuple[str, ...]
    form: GoldForm


@require_http_methods(["GET", "POST"])
@login_required
def gold(request: HttpRequest, slug: str) -> HttpResponse:
    """The gold of a project, and resolutions that could become gold; POST makes one of them gold."""
    access = project_for(request.user, slug, Can.RESOLVE)
    if request.method == "GET":
        return _page(request, access)
    form = GoldForm(request.POST, guideline=guideline_current(access.project))
    if not form.is_valid():
        return _page(request, access, refused=form)
    try:
        added = _add(access, form.cleaned_data["item"], form)
    except (BadInput, Conflict) as error:
        form.add_error(None, error.message)
        return _page(request, access, refused=form, status=int(error.status))
    messages.success(
        request, f"Item {added.item_id} is gold now. People who have not seen it may be given it."
    )
    return redirect("review:gold", slug=slug)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def item_gold(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Make one item gold from the desk: what gold needs, the lead's reason to start from; POST goes on to the next."""
    access = project_for(request.user, slug, Can.RESOLVE)
    guideline, review = guideline_current(access.project), item_review(access.project, item_id)
    held = review.held if review.held and review.held.verdict == Verdict.LABELLED else None
    form = GoldForm(request.POST, guideline=guideline) if request.method == "POST" else None
    status = 200
    if form is not None and form.is_valid():
        try:
            _add(access, item_id, form)
        except (BadInput, Conflict) as error:
            form.add_error(None, error.message)
            status = 409 if isinstance(error, Conflict) else 422
        else:
            messages.success(
                request,
                "Gold: people who have not seen it may be given it. Take it back with Ctrl Z at the desk.",
            )
            return redirect(onward_url(request, access, item_id))
    elif form is not None:
        status = 422
    names = {row.slug: row.name for row in access.taxonomy.categories} | {NONE: "None of these"}
    coverage = gold_set(access.project).coverage.counts
    context = {
        "access": access,
        "nav": "disagreements",
        "item": review.item,
        "url": url_parts(review.item),
        "held": held,
        "labels": _names(held.labels, names) if held else (),
        "instead": answer_words(review.held, access.taxonomy) if review.held and not held else "",
        "gold": gold_of(access.project).filter(item=item_id).select_related("added_by").first(),
        "has": [CategoryGold(key, names[key], coverage[key]) for key in _covered(held) if key in coverage],
        "least": GOLD_A_CATEGORY,
        "form": form or (GoldForm.suggested(suggestions([held])[0], guideline) if held else None),
        "back": back_url(request, access, item_id),
    }
    return render_page(request, "review/item_gold.html", context, status=status)


@require_POST
@login_required
def gold_end(request: HttpRequest, slug: str, gold_id: int) -> HttpResponse:
    """Retire an item from the gold; from the desk's undo, go back to the item."""
    access = project_for(request.user, slug, Can.RESOLVE)
    retired = gold_retire(access, gold_id)
    messages.success(request, "Retired. It checks nobody any more.")
    if request.POST.get("desk"):
        return redirect(undone_url(access, retired))
    return redirect("review:gold", slug=slug)


def _add(access: Access, item_id: int, form: GoldForm) -> Gold:
    return gold_add(
        access, item_id, form.cleaned_data["explanation"], clause_number=form.cleaned_data["clause"]
    )


def _covered(held: Resolution | None) -> list[str]:
    """What this resolution would be gold for."""
    return (held.labels or [NONE]) if held else []


def _page(
    request: HttpRequest, access: Access, *, refused: GoldForm | None = None, status: int = 422
) -> HttpResponse:
    taxonomy, guideline = taxonomy_current(access.project), guideline_current(access.project)
    found = gold_set(access.project)
    names = {category.slug: category.name for category in taxonomy.categories} | {NONE: "None of these"}
    wanted = request.GET.get("category", "")
    wanted = wanted if wanted in names else ""
    rows = gold_of(access.project).select_related("item", "clause", "added_by").order_by("-pk")
    page = Paginator(rows, GOLD_PAGE).get_page(request.GET.get("page"))
    suggested = suggestions(gold_suggestions(access.project, wanted)[:SUGGESTED])
    context = {
        "access": access,
        "nav": "gold",
        "categories": [CategoryGold(key, names[key], n) for key, n in found.coverage.counts.items()],
        "coverage": found.coverage,
        "least": GOLD_A_CATEGORY,
        "n_gold": len(found.items),
        "page": page,
        "lines": [GoldLine(row, url_parts(row.item), _names(row.labels, names)) for row in page],
        "wanted": wanted,
        "wanted_name": names.get(wanted, ""),
        "suggested": [
            SuggestionLine(
                one,
                url_parts(one.resolution.item),
                _names(one.resolution.labels, names),
                GoldForm.suggested(one, guideline),
            )
            for one in suggested
        ],
        "refused": refused,
    }
    return render_page(request, "review/gold.html", context, status=status if refused else 200)


def _names(labels: list[str], names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names.get(slug, slug) for slug in labels)
