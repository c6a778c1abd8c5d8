"""The page on which a lead spreads a decision: which items exactly, and then one act."""

from collections.abc import Collection
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from annotator.errors import BadInput, Conflict
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.review.acts.forms import LOST, SpreadForm
from annotator.review.acts.spread_acts import Chosen, spread_apply
from annotator.review.acts.spreading import COUNTED_MAX, SPREAD_MAX, spread_of
from annotator.review.acts.undoing import undo_last
from annotator.review.desk.resolving import Refusal
from annotator.review.desk.wanting import id_of, query_of, wanted_of
from annotator.review.models import Scope


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def spread(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Where the decision on an item can be spread to; a refused spread comes back with who changed what."""
    access = project_for(request.user, slug, Can.RESOLVE)
    scope = _scope(request)
    if request.method == "GET":
        return _page(request, access, item_id)
    form = SpreadForm(request.POST)
    if not form.is_valid():
        return _page(request, access, item_id, Refusal("Not spread", LOST, 422))
    items = form.cleaned_data["items"]
    try:
        entry = spread_apply(
            access,
            item_id,
            chosen=Chosen(form.cleaned_data["decision"], scope, items),
            client_id=form.cleaned_data["client_id"],
        )
    except (BadInput, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        kept = {row.item_id for row in items} - _changed(error)
        return _page(request, access, item_id, Refusal("Not spread", error.message, status), kept)
    n = entry.n_items
    messages.success(request, f"Spread to {n} item{'' if n == 1 else 's'}.")
    return redirect(_onward(request, access, item_id))


def _page(
    request: HttpRequest,
    access: Access,
    item_id: int,
    refusal: Refusal | None = None,
    kept: Collection[int] | None = None,
) -> HttpResponse:
    """The page; `kept` are the items that stay chosen after a refusal."""
    found = spread_of(access, item_id, _scope(request))
    rows = [(line, line.is_chosen if kept is None else line.item.pk in kept) for line in found.open_lines]
    context = {
        "access": access,
        "nav": "disagreements",
        "spread": found,
        "rows": rows,
        "n_chosen": sum(is_chosen for _, is_chosen in rows),
        "scopes": [(value, label, f"?{_with(request, scope=value)}") for value, label in Scope.choices],
        "refusal": refusal,
        "client_id": uuid4(),
        "onward": _onward(request, access, item_id),
        "most": SPREAD_MAX,
        "counted_most": COUNTED_MAX,
        "undo": undo_last(access),
        "undo_id": uuid4(),
    }
    status = refusal.status if refusal else 200
    return render_page(request, "review/spread.html", context, part="spread", status=status)


def _scope(request: HttpRequest) -> Scope:
    value = request.GET.get("scope", "")
    return Scope(value) if value in Scope.values else Scope.ALIKE


def _with(request: HttpRequest, **values: str) -> str:
    """The query of the address with other values."""
    query = request.GET.copy()
    for name, value in values.items():
        query[name] = value
    return query.urlencode()


def _onward(request: HttpRequest, access: Access, item_id: int) -> str:
    """The next disagreement for whoever came from one, else the item."""
    if after := id_of(request.GET.get("after", "")):
        query = query_of(wanted_of(request), after=after)
        return reverse("review:disagreement_next", args=[access.project.slug]) + query
    return reverse("review:item_review", args=[access.project.slug, item_id])


def _changed(error: BadInput | Conflict) -> set[int]:
    rows = error.details.get("items", [])
    return {row["item"] for row in rows} if isinstance(rows, list) else set()
