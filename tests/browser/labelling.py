"""What the tests of the labelling page share: the page of one person, what is on it, and what was stored."""

from playwright.sync_api import Page, expect

from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from tests.connections import eventually

LABEL = "/projects/pilot/label/"


def title(page: Page) -> str:
    """The title of the page to judge."""
    return page.locator(".evidence-title").inner_text()


def answer(page: Page, *keys: str) -> None:
    """Answer by these keys, submit, and see the next page (or that there is none)."""
    before = page.locator("[name=assignment]").input_value()
    for key in keys:
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    expect(page.locator(f"[name=assignment][value='{before}']")).to_have_count(0)


def answers() -> list[tuple[list[str], list[str], str]]:
    """The judgments that stand, in the order in which they were given."""
    rows = judgments_current(Project.objects.get()).order_by("pk")
    return [(row.labels, row.unsure, row.verdict) for row in rows]


def saved(n: int) -> None:
    """Wait until `n` judgments stand."""
    eventually(lambda: len(answers()) == n)
