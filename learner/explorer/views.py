"""The page of the explorer, its saved filters, and the step from a filter to a snapshot."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from learner.explorer.drawing import charts_of
from learner.explorer.filters import handed_to_snapshot
from learner.explorer.forms import MANY, NUMBERS, SaveForm
from learner.explorer.listing import Row
from learner.explorer.reading import Answer, Asked, answer_of, asked_of
from learner.explorer.selectors import filters_of
from learner.explorer.services import filter_delete, filter_save
from learner.training.selectors import classifier_latest


@require_GET
@login_required
def explorer(request: HttpRequest, slug: str) -> HttpResponse:
    """What fits a filter, which is the address: a count, charts, and a page of items, newest first."""
    access = project_for(request.user, slug, Can.INSPECT)
    asked = asked_of(access, request.GET)
    answer, problem, status = None, "", 200
    if asked.form.is_valid():
        try:
            before = asked.form.cleaned_data["before"]
            answer = answer_of(access, asked, asked.form.wanted, before=before, with_facets=True)
        except CrossguardError as error:
            problem, status = error.message, int(error.status)
    else:
        problem, status = "Correct what is marked: nothing was looked for.", 422
    context = {
        "access": access,
        "nav": "explorer",
        "asked": asked,
        "form": asked.form,
        "many": [asked.form[name] for name in MANY],
        "numbers": [asked.form[name] for name in NUMBERS],
        "has_numbers": any(asked.form[name].value() or asked.form[name].errors for name in NUMBERS),
        "answer": answer,
        "problem": problem,
        "lines": _lines(access, answer),
        "charts": charts_of(answer.facets, answer.n) if answer and answer.facets and answer.n else [],
        "saved": filters_of(access),
        **_filter_of(access, asked),
        "classifier": classifier_latest(access.project),
    }
    return render_page(request, "explorer/explorer.html", context, part="found", status=status)


def _lines(access: Access, answer: Answer | None) -> list[tuple[Row, list[str]]]:
    """Each row, with the names of what is held."""
    rows = answer.rows if answer else ()
    return [(row, [access.taxonomy.name_of(slug) for slug in row.held or ()]) for row in rows]


def _filter_of(access: Access, asked: Asked) -> dict[str, object]:
    """The filter as an address, and what of it a snapshot could not say."""
    if not asked.form.is_valid():
        return {"address": "", "handed": None}
    wanted = asked.form.wanted
    return {
        "address": wanted.address,
        "handed": handed_to_snapshot(wanted),
        "n_chosen": len(wanted.chosen),
        "probability": wanted.probability,
        "probability_name": access.taxonomy.name_of(wanted.probability) if wanted.probability else "",
    }


@require_GET
@login_required
def to_snapshot(request: HttpRequest, slug: str) -> HttpResponse:
    """The form of a snapshot, filled with what of the filter it can say; the rest is told there."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    asked = asked_of(access, request.GET)
    if not asked.form.is_valid():
        raise BadInput(f"This filter cannot be read: {asked.form.problem}")
    handed = handed_to_snapshot(asked.form.wanted)
    if handed.lost:
        messages.warning(
            request,
            f"A snapshot cannot be narrowed by {_listed(handed.lost)}: that part of the filter is not in this form.",
        )
    return redirect(f"{reverse('snapshots:new', args=[slug])}?{handed.address}")


@require_POST
@login_required
def save(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep a filter under a name."""
    access = project_for(request.user, slug, Can.INSPECT)
    asked, form = _sent(access, request), SaveForm(request.POST)
    if not form.is_valid():
        raise BadInput("Give the filter a name of 1 to 60 characters.")
    if not asked.form.is_valid():
        raise BadInput(f"This filter cannot be read: {asked.form.problem}")
    data = form.cleaned_data
    saved = filter_save(access, asked.form.wanted, data["name"], shared=data["shared"])
    messages.success(
        request, f"Saved as “{saved.name}”{', for all who may see the explorer' if saved.shared else ''}."
    )
    return redirect(f"{reverse('explorer:explorer', args=[slug])}?{saved.address}")


def _sent(access: Access, request: HttpRequest) -> Asked:
    return asked_of(access, QueryDict(request.POST.get("address", "")[:10_000]))


@require_POST
@login_required
def delete(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Delete a filter of one's own."""
    access = project_for(request.user, slug, Can.INSPECT)
    filter_delete(access, pk)
    messages.success(request, "Deleted.")
    return redirect("explorer:explorer", slug=slug)


def _listed(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
