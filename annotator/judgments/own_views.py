"""What a person sees of their own work: the last answer, the history, one judgment to change; and what is new."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, Withheld
from annotator.http import render_page
from annotator.judgments.answers import ANSWERS
from annotator.judgments.clauses import guideline_see
from annotator.judgments.desk import filled_of, toggles_of, was_harmful
from annotator.judgments.forms import answer_from, filled_from, number_from
from annotator.judgments.history import HistoryFilter, HistoryFilterForm, judgments_matching
from annotator.judgments.keymap import keymap_of
from annotator.judgments.last import last_answer, told_of
from annotator.judgments.models import Seat, Verdict
from annotator.judgments.seats import seat_of
from annotator.judgments.selectors import judgment_own, judgments_today
from annotator.judgments.services import judgment_edit
from annotator.judgments.views import midnight
from annotator.judgments.wording import judgment_rows
from annotator.pool.pane import item_pane
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current

HISTORY_PAGE = 50
DIGITS_MAX = 18  # what a bigint holds for certain
VERDICTS = [
    (Verdict.LABELLED.value, "The labels above"),
    *((verdict.value, verdict.label) for verdict in ANSWERS if verdict != Verdict.LABELLED),
]


@require_GET
@login_required
@never_cache
def last(request: HttpRequest, slug: str) -> HttpResponse:
    """The last answer, and what may be told of its page now that it is given: a part of the labelling page."""
    access = project_for(request.user, slug, Can.LABEL)
    return render_page(request, "judgments/last.html", {"access": access, "last": last_answer(access)})


@require_POST
@login_required
def news_seen(request: HttpRequest, slug: str) -> HttpResponse:
    """Put away what changed in the guideline; the page's script only wants to know that it worked."""
    access = project_for(request.user, slug, Can.LABEL)
    guideline_see(access, number_from(request.POST, "number"))
    if request.POST.get("part"):
        return HttpResponse(status=204)
    return redirect("judgments:label", slug=slug)


@require_GET
@login_required
@never_cache
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own judgments that stand, newest first; `before` is the id that the page begins under."""
    access = project_for(request.user, slug, Can.LABEL)
    taxonomy = taxonomy_current(access.project)
    form = HistoryFilterForm(request.GET, taxonomy=taxonomy)
    form.is_valid()
    before = form.cleaned_data.get("before")
    matching = judgments_matching(access.project, access.user, form.wanted())
    found = list((matching.filter(pk__lt=before) if before else matching)[: HISTORY_PAGE + 1])
    context = {
        "access": access,
        "nav": "history",
        "form": form,
        "is_filtered": form.wanted() != HistoryFilter(),
        "rows": judgment_rows(found[:HISTORY_PAGE], taxonomy),
        "before": before,
        "next_before": found[HISTORY_PAGE - 1].pk if len(found) > HISTORY_PAGE else None,
        "today": judgments_today(access.project, access.user, midnight()),
    }
    return render_page(request, "judgments/history.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def edit(request: HttpRequest, slug: str, judgment_id: int) -> HttpResponse:
    """One of one's own judgments; POST supersedes it with another answer. Both know the filter to go back to."""
    access = project_for(request.user, slug, Can.LABEL)
    error = None
    back = _back(request, slug)
    if request.method == "POST":
        try:
            judgment_edit(access, judgment_id, answer_from(request.POST))
        except BadInput as refusal:
            error = refusal
        else:
            messages.success(request, _changed_text(access, judgment_id))
            return redirect(back)
    judgment = judgment_own(access.project, access.user, judgment_id)
    if judgment.item.withheld:
        raise Withheld
    taxonomy = taxonomy_current(access.project)
    filled = filled_from(request.POST) if error else filled_of(judgment)
    seat = seat_of(access.project, access.user)
    context = {
        "access": access,
        "nav": "history",
        "judgment": judgment,
        "shown": item_pane(judgment.item, taxonomy),
        "shielded": seat.shield == Seat.Shield.ALWAYS or was_harmful(judgment, taxonomy),
        "own_keys": keymap_of(taxonomy, seat.keys),
        "told": told_of(access, judgment, taxonomy),
        "filled": filled,
        "toggles": toggles_of(taxonomy, filled),
        "clauses": guideline_current(access.project).clauses,
        "verdicts": VERDICTS,
        "client_id": request.POST.get("client_id") or uuid4(),
        "error": error,
        "back": back,
    }
    return render_page(request, "judgments/edit.html", context, status=422 if error else 200)


def _back(request: HttpRequest, slug: str) -> str:
    """The question of a lead that this change answers, a page of the review, by its name; else the history."""
    question = request.GET.get("question", "")
    if question.isascii() and question.isdigit() and len(question) <= DIGITS_MAX:
        return reverse("review:question_own", args=[slug, int(question)])
    return reverse("judgments:history", args=[slug], query=request.GET)


def _changed_text(access: Access, judgment_id: int) -> SafeString:
    """That it is changed, with a link to what was made with the answer before: a page of the learner, by its name."""
    address = reverse("training:uses", args=[access.project.slug])
    return format_html(
        'Changed. <a href="{}?judgment={}">What was made with the answer before</a>', address, judgment_id
    )
