"""Whom a lead may ask for more judgments on an item: anybody, or the best in a category by name."""

from dataclasses import dataclass

from annotator.errors import BadInput
from annotator.pool.models import Split
from annotator.projects.access import Access
from annotator.projects.selectors import taxonomy_current
from annotator.review.desk.holding import places_left
from annotator.review.models import Disagreement
from annotator.review.reliable import Best, best_in

ANYBODY = "anybody"
PERSON = "person"


@dataclass(frozen=True)
class Asked:
    """Whom a lead asks: so many of anybody, or one annotator by name."""

    n: int = 1
    annotator: str = ""

    @property
    def sentence(self) -> str:
        """What was done, for the lead."""
        if self.annotator:
            return (
                f"A place waits for {self.annotator} for an hour, then it is anybody's. The disagreement comes back "
                "when it is judged and people still differ."
            )
        if self.n == 1:
            return "One more place is open. It comes back when it is judged and people still differ."
        return f"{self.n} more places are open. It comes back when they are judged and people still differ."


@dataclass(frozen=True)
class Choices:
    """What the desk offers: how many more of anybody, from 1; and the best in each category in dispute."""

    left: int
    best: tuple[Best, ...]

    @property
    def numbers(self) -> range:
        """How many of anybody; one is offered even where none can be had: asking says why not."""
        return range(1, max(1, self.left) + 1)


def choices_of(access: Access, row: Disagreement) -> Choices:
    """Whom this lead may ask about a disagreement. At most five queries.

    Nobody is named for an item of a holdout site, nor where people only give different verdicts.
    """
    in_dispute = [one for one in taxonomy_current(access.project).categories if one.slug in row.categories]
    named = row.item.split != Split.HOLDOUT and in_dispute
    best = best_in(access.project, row.item_id, in_dispute) if named else ()
    return Choices(places_left(access, row.item_id), best)


def asked_in(value: str) -> Asked:
    """What a form says: `anybody:2`, `person:ada`, or nothing for one of anybody. Raises BadInput."""
    kind, _, who = value.partition(":")
    if not value:
        return Asked()
    if kind == ANYBODY and who.isascii() and who.isdigit() and len(who) == 1 and who != "0":
        return Asked(n=int(who))
    if kind == PERSON and who and "\x00" not in who:
        return Asked(annotator=who)
    raise BadInput("This page has lost track of whom you ask. Load it again.")
