"""A lead's visits to the pages of the review."""

from django.test import Client
from django.urls import reverse

from annotator.projects.models import Project
from tests.factories import GAMES

HTMX = {"HX-Request": "true"}


def page(project: Project, name: str, *args: object) -> str:
    return reverse(f"review:{name}", args=[project.slug, *args])


def filled(pages: Client, address: str, **answer: object) -> dict[str, object]:
    """The lead's form as the page at `address` carries it, with their answer."""
    context = pages.get(address).context
    hidden = {"judgments": context["shown_judgments"], "resolution": context["shown_resolution"]}
    return {"labels": [GAMES], "verdict": "labelled", "reason": "A game without stakes."} | hidden | answer
