"""The lead's form on an item, on whichever page it stands: shown, sent, and given back with what was typed."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from annotator.errors import BadInput, Conflict
from annotator.http import render_page
from annotator.projects.access import Access
from annotator.review.desk.forms import AdjudicationForm, adjudication_initial, shown_judgments
from annotator.review.desk.item import Desk, answer_words, desk_of, weighed
from annotator.review.services import resolution_adjudicate


@dataclass(frozen=True)
class Refusal:
    """Why something was not done: what the lead reads above their form, which keeps what they typed."""

    title: str
    message: str
    status: int


def resolve(
    request: HttpRequest,
    access: Access,
    item_id: int,
    template: str,
    context: dict[str, object],
    *,
    onward: Callable[[], str],
) -> HttpResponse:
    """Show the item, or resolve it and go `onward`; a refused answer comes back with what the lead had entered."""
    desk = desk_of(access, item_id)
    form = AdjudicationForm(
        request.POST or None,
        taxonomy=desk.taxonomy,
        guideline=desk.guideline,
        initial=adjudication_initial(desk.review),
    )
    status, refusal = 200, None
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
            status, desk = 409, desk_of(access, item_id)
            refusal = Refusal("Not saved", error.message, status)
        except BadInput as error:
            status = 422
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Resolved: {answer_words(resolution, desk.taxonomy)}.")
            return redirect(onward())
    context |= {"access": access, "refusal": refusal, **_shown(access, desk, form)}
    return render_page(request, template, context, part="review", status=status)


def show_refused(
    request: HttpRequest, access: Access, item_id: int, template: str, context: dict[str, object]
) -> HttpResponse:
    """The item after another act than resolving was refused: `refusal` in the context says why; the form is kept."""
    desk = desk_of(access, item_id)
    form = AdjudicationForm.typed(request.POST, taxonomy=desk.taxonomy, guideline=desk.guideline)
    refusal = context["refusal"]
    assert isinstance(refusal, Refusal)
    context |= {"access": access, **_shown(access, desk, form)}
    return render_page(request, template, context, part="review", status=refusal.status)


def _shown(access: Access, desk: Desk, form: AdjudicationForm) -> dict[str, object]:
    """The item weighed, the form with its toggles as they stand, and the state that this very page shows."""
    chosen = set(form["labels"].value() or ())
    disputed = desk.review.disputed
    newest = desk.review.newest
    return {
        "desk": weighed(access.project, desk),
        "form": form,
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
