"""Pages of the model card: reading it, its files, and the sections that people write."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Can, project_for
from annotator.projects.prose import prose, prose_tabled
from learner.core.cards.figures import Figure
from learner.core.model_cards.figures import figures_of
from learner.core.model_cards.markdown import model_card
from learner.core.model_cards.summary import read_first, tiles_of
from learner.evaluation.cards import TYPES, card_body, card_facts, card_file_of, card_latest
from learner.evaluation.release.selectors import model_section_of, model_sections
from learner.snapshots.sections.forms import SectionForm
from learner.snapshots.sections.selectors import card_history, card_missing
from learner.snapshots.sections.services import card_section_write
from learner.training.selectors import classifier_of


@dataclass(frozen=True)
class Plot:
    """A figure, drawn."""

    figure: Figure
    svg: SafeString


@require_GET
@login_required
def card(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The model card of a version, as of its newest evaluation."""
    access = project_for(request.user, slug, Can.INSPECT)
    version = classifier_of(access.project, number)
    kept = card_latest(version)
    context: dict[str, object] = {"access": access, "nav": "classifiers", "version": version, "kept": kept}
    if kept is not None:
        facts = card_facts(kept)
        context |= {
            "files": list(TYPES),
            "tiles": tiles_of(facts),
            "first": read_first(facts),
            "plots": [Plot(one, mark_safe(one.svg)) for one in figures_of(facts)],  # noqa: S308 - ours, escaped
            "card": prose_tabled(card_body(model_card(facts))),
        }
    return render_page(request, "release/card.html", context)


@require_GET
@login_required
def card_file(request: HttpRequest, slug: str, number: int, name: str) -> HttpResponse:
    """One file of the card, to download."""
    access = project_for(request.user, slug, Can.INSPECT)
    found = card_file_of(classifier_of(access.project, number), name)
    answer = HttpResponse(found.text, content_type=f"{found.content_type}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}-v{number}-{name}"'
    return answer


@require_GET
@login_required
def sections(request: HttpRequest, slug: str) -> HttpResponse:
    """What people write on the model card, section by section."""
    access = project_for(request.user, slug, Can.INSPECT)
    written = model_sections(access.project)
    context = {
        "access": access,
        "nav": "classifiers",
        "sections": [(row, prose(row.text)) for row in written],
        "missing": card_missing(written),
    }
    return render_page(request, "release/sections.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def section(request: HttpRequest, slug: str, section: str) -> HttpResponse:
    """One section with its history; POST writes the next version."""
    access = project_for(request.user, slug, Can.DESCRIBE if request.method == "POST" else Can.INSPECT)
    asked = model_section_of(section)
    history = list(card_history(access.project, asked))
    newest = history[0] if history else None
    initial = {"text": newest.text if newest else "", "based_on": newest.number if newest else 0}
    form = SectionForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            card_section_write(
                access.project, asked, given["text"], by=access.user, based_on=given["based_on"]
            )
        except CrossguardError as error:
            form.add_error("text", error.message)
        else:
            messages.success(request, f"{asked.title} is saved. The card of the next evaluation has it.")
            return redirect("release:sections", slug=slug)
    context = {
        "access": access,
        "nav": "classifiers",
        "section": asked,
        "form": form,
        "history": [(row, prose(row.text)) for row in history],
    }
    return render_page(request, "release/section.html", context, status=422 if form.errors else 200)
