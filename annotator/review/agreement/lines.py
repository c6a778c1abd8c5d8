"""What the agreement page shows of one coefficient: a line a category, in words, and a chart."""

from dataclasses import dataclass
from typing import Final, Literal

from django.utils.safestring import SafeString

from annotator import charts
from annotator.agreement.bootstrap import Estimate
from annotator.agreement.words import RELIABLE, Word, alpha_word, kappa_word
from annotator.projects.models import Category
from annotator.review.selectors import Agreement, CategoryAgreement

SCALE_LOW = (0.0, -0.2, -0.6, -1.0)  # whose quarters up to 1 are round numbers
Name = Literal["alpha", "ac1", "fleiss", "percent"]


@dataclass(frozen=True)
class Choice:
    """A coefficient that the page can show: what it is called, what it says, and the line from which it is good."""

    key: Name
    short: str
    name: str
    says: str
    target: float | None = None


@dataclass(frozen=True)
class Line:
    """One category by the coefficient shown."""

    category: Category
    estimate: Estimate
    word: Word
    n_unsure: int


LANDIS_KOCH: Final = "over 0.60 is called substantial, over 0.80 almost perfect (Landis and Koch 1977)"
CHOICES: Final[dict[str, Choice]] = {
    choice.key: choice
    for choice in (
        Choice(
            "alpha",
            "Alpha",
            "Krippendorff's alpha",
            "1 is perfect, 0 is what chance gives. From 0.80 (dashed) a category is reliable; from 0.67 it allows "
            "tentative conclusions (Krippendorff 2004).",
            RELIABLE,
        ),
        Choice(
            "ac1",
            "AC1",
            "Gwet's AC1",
            "1 is perfect, 0 is what chance gives where people guess only on hard items: it stays high on a category "
            f"that is nearly always absent (Gwet 2008); {LANDIS_KOCH}.",
        ),
        Choice(
            "fleiss",
            "Kappa",
            "Fleiss' kappa",
            f"1 is perfect, 0 is what chance gives; each item weighs the same, however many judged it; {LANDIS_KOCH}.",
        ),
        Choice(
            "percent",
            "Percent",
            "Percent agreement",
            "The share of agreeing pairs of judgments, averaged over items. Not corrected for chance: on a category "
            "that is nearly always absent it is high whatever people do.",
        ),
    )
}


def agreement_lines(agreement: Agreement, shown: Choice) -> list[Line]:
    """A line a category: the weakest first, those without a value last."""
    lines = [_line(row, shown) for row in agreement.categories]
    return sorted(lines, key=lambda line: (line.estimate.value is None, line.estimate.value or 0.0))


def agreement_chart(lines: list[Line], shown: Choice) -> SafeString | None:
    """The lines that have a value as bars with intervals, or None when none has."""
    rows = [
        charts.Estimate(line.category.name, found.value, found.low, found.high, found.n_items, line.word.text)
        for line in lines
        for found in [line.estimate]
        if found.value is not None
    ]
    if not rows:
        return None
    lowest = min(row.low if row.low is not None else row.value or 0.0 for row in rows)
    scale = (next(end for end in SCALE_LOW if end <= max(lowest, -1.0)), 1.0)
    return charts.interval_bars(
        rows, f"{shown.name} of each category, with its interval", scale=scale, target=shown.target
    )


def _line(row: CategoryAgreement, shown: Choice) -> Line:
    estimate: Estimate = getattr(row, shown.key)
    return Line(row.category, estimate, _word(estimate, shown), row.n_unsure)


def _word(estimate: Estimate, shown: Choice) -> Word:
    if shown.key == "alpha":
        return alpha_word(estimate)
    if shown.key != "percent":
        return kappa_word(estimate)
    if estimate.value is None:
        return Word("unknown", estimate.why_undefined)
    return Word("unknown", "not corrected for chance")
