"""Pages of resolving a pattern by rule: the rule, the spot check, the act."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotator.agreement.patterns import Pattern
from annotator.errors import BadInput, Conflict, NotFound
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.acts.bulk_acts import bulk_apply
from annotator.review.acts.bulk_desk import BulkDesk, BulkLine, asked_desk, bulk_desk, bulk_lines, left_lines
from annotator.review.acts.bulks import BULK_MAX, REJECTED_OF, bulk_answer, bulk_items, bulk_plan
from annotator.review.acts.forms import LOST, BulkAnswerForm, BulkApplyForm, RuleForm
from annotator.review.acts.ruling import pattern_waiting, rule_of
from annotator.review.acts.undoing import undo_last
from annotator.review.desk.patterns import is_rulable, pattern_words
from annotator.review.desk.resolving import Refusal
from annotator.review.desk.wanting import query_of
from annotator.review.selectors import Wanted

PAGE = 50


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def bulk_new(request: HttpRequest, slug: str, pattern: str) -> HttpResponse:
    """Choose a rule for a pattern, and plan what it would do: nothing is resolved yet."""
    access = project_for(request.user, slug, Can.RESOLVE)
    parsed, taxonomy = Pattern.parse(pattern), taxonomy_current(access.project)
    if parsed is None or not is_rulable(pattern):
        raise NotFound(f'"{pattern}" is no pattern that a rule can settle. Choose one from Disagreements.')
    form = RuleForm(request.POST or None, pattern=parsed, taxonomy=taxonomy)
    refusal = None
    if form.is_valid():
        try:
            bulk = bulk_plan(access, pattern, form.rule, client_id=form.cleaned_data["client_id"])
        except (BadInput, Conflict) as error:
            refusal = Refusal("Not planned", error.message, 409 if isinstance(error, Conflict) else 422)
        else:
            return redirect("review:bulk", slug=slug, bulk_id=bulk.pk)
    waiting = pattern_waiting(access.project, pattern)
    context = {
        "access": access,
        "nav": "disagreements",
        "form": form,
        "fields": [field for field in form if not field.is_hidden],
        "refusal": refusal,
        "pattern": pattern_words(pattern, taxonomy),
        "pattern_query": query_of(Wanted(pattern=pattern)),
        "n_waiting": waiting.count(),
        "n_sites": waiting.order_by().values("item__registrable_domain").distinct().count(),
        "most": BULK_MAX,
    }
    status = refusal.status if refusal else 422 if form.is_bound else 200
    return render_page(request, "review/bulk_new.html", context, status=status)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def bulk(request: HttpRequest, slug: str, bulk_id: int) -> HttpResponse:
    """What the rule would do, its spot check one item at a time, and the act once it is over."""
    access = project_for(request.user, slug, Can.RESOLVE)
    seen = bulk_desk(access, bulk_id)
    form = BulkApplyForm(request.POST or None, guideline=guideline_current(access.project))
    refusal = None
    if form.is_valid():
        sent = form.cleaned_data
        try:
            done = bulk_apply(
                access,
                bulk_id,
                reason=sent["reason"],
                clause_number=sent["clause"],
                client_id=sent["client_id"],
            )
        except (BadInput, Conflict) as error:
            refusal = Refusal("Not applied", error.message, 409 if isinstance(error, Conflict) else 422)
        else:
            messages.success(request, done.sentence)
            return redirect("review:bulk", slug=slug, bulk_id=bulk_id)
    context = _context(request, access, seen) | {"form": form, "refusal": refusal}
    status = refusal.status if refusal else 422 if form.is_bound else 200
    return render_page(request, "review/bulk.html", context, status=status)


@require_POST
@login_required
def bulk_check(request: HttpRequest, slug: str, bulk_id: int) -> HttpResponse:
    """Confirm or reject one item of the spot check, and go on to the next."""
    access = project_for(request.user, slug, Can.RESOLVE)
    form = BulkAnswerForm(request.POST)
    if not form.is_valid():
        raise BadInput(LOST)
    is_confirmed = form.cleaned_data["answer"] == "confirm"
    bulk_answer(access, bulk_id, form.cleaned_data["item"], is_confirmed=is_confirmed)
    return redirect(reverse("review:bulk", args=[slug, bulk_id]))


def _context(request: HttpRequest, access: Access, seen: BulkDesk) -> dict[str, object]:
    rows = bulk_items(seen.bulk)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    is_open = seen.bulk.entry_id is None and seen.bulk.by == access.user
    asked = _asked(request, seen) if is_open else None
    rule = rule_of(seen.bulk.rule)
    return {
        "access": access,
        "nav": "disagreements",
        "seen": seen,
        "is_open": is_open,
        "asked": asked,
        "desk": asked_desk(access, asked) if asked else None,
        "before": _before(seen, asked),
        "page": page,
        "lines": bulk_lines(access, seen.bulk, page),
        "left": left_lines(seen.bulk) if seen.bulk.entry_id else [],
        "again": dict.fromkeys(rule.present, "present") | dict.fromkeys(rule.absent, "absent"),
        "verdict": rule.verdict,
        "pattern_query": query_of(Wanted(pattern=seen.bulk.pattern)),
        "rejected_of": REJECTED_OF,
        "undo": undo_last(access),
        "undo_id": uuid4(),
        "next_id": uuid4(),
    }


def _asked(request: HttpRequest, seen: BulkDesk) -> BulkLine | None:
    """The drawn item that the address names, to answer it otherwise; else the first without an answer."""
    wanted = request.GET.get("item", "")
    return next((line for line in seen.drawn if str(line.row.item_id) == wanted), seen.asked)


def _before(seen: BulkDesk, asked: BulkLine | None) -> BulkLine | None:
    """The drawn item before the one that is shown."""
    place = asked.row.drawn if asked and asked.row.drawn else len(seen.drawn) + 1
    return next((line for line in reversed(seen.drawn) if (line.row.drawn or 0) < place), None)
