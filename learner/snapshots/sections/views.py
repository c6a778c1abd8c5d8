"""Pages on which people write the data card."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.prose import prose
from learner.snapshots.models import CardSection
from learner.snapshots.sections.forms import SectionForm
from learner.snapshots.sections.selectors import card_history, card_missing, card_written, section_of
from learner.snapshots.sections.services import card_section_write


@require_GET
@login_required
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """What people write on the data card, section by section."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    written = card_written(access.project)
    context = {
        "access": access,
        "nav": "snapshots",
        "sections": [(row, prose(row.text)) for row in written],
        "missing": card_missing(written),
    }
    return render_page(request, "snapshots/card.html", context)


@require_GET
@login_required
def card_part(request: HttpRequest, slug: str) -> HttpResponse:
    """What the next snapshot waits for, to stand on another page; empty when nothing is missing."""
    access = project_for(request.user, slug, Can.SNAPSHOT)
    context = {"access": access, "missing": card_missing(card_written(access.project))}
    return render_page(request, "snapshots/missing.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def card_section(request: HttpRequest, slug: str, section: str) -> HttpResponse:
    """One section with its history; POST writes the next version."""
    access = project_for(request.user, slug, Can.DESCRIBE if request.method == "POST" else Can.SNAPSHOT)
    asked = section_of(section)
    history = list(card_history(access.project, asked))
    form = SectionForm(request.POST or None, initial=_initial(history))
    if request.method == "POST" and form.is_valid():
        try:
            _write(access, section, form)
        except CrossguardError as error:
            form.add_error("text", error.message)
        else:
            messages.success(request, f"{asked.title} is saved. The next snapshot has it.")
            return redirect("snapshots:card", slug=slug)
    context = {
        "access": access,
        "nav": "snapshots",
        "section": asked,
        "form": form,
        "history": [(row, prose(row.text)) for row in history],
    }
    return render_page(request, "snapshots/card_section.html", context, status=422 if form.errors else 200)


def _initial(history: list[CardSection]) -> dict[str, object]:
    return (
        {"text": history[0].text, "based_on": history[0].number} if history else {"text": "", "based_on": 0}
    )


def _write(access: Access, section: str, form: SectionForm) -> None:
    text, based_on = form.cleaned_data["text"], form.cleaned_data["based_on"]
    card_section_write(access.project, section_of(section), text, by=access.user, based_on=based_on)
