"""How many more labels it takes to know a score of a category within so much, read off what was played through.

`learner.core.planner` plays it through for an evaluation; this is light enough for a page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import Any, Final

from learner.core.stopping import Range

MEASURES: Final = ("recall", "precision", "f1")
STEPS: Final = (0, 30, 60, 125, 250, 500, 1_000, 2_000, 4_000, 8_000, 16_000)
"""More labels that are played through; beyond the last nothing is foreseen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What it takes to know one score of one category within `half_width`, with 95 % confidence.

    `needed` and `at_random` are more labels: the median over what may be true, and 80 % of it; infinite where it is
    more than can be foreseen. `needed` draws by the scores of this category, `at_random` all items alike. `now` is the
    half-width of today. `possible` is how many items are left to draw.
    """

    measure: str
    half_width: float
    now: float
    needed: Range
    at_random: Range
    possible: int

    @property
    def is_random_cheaper(self) -> bool:
        """Whether drawing all items alike takes fewer labels than drawing for the category."""
        return self.at_random.value < self.needed.value

    @property
    def cheaper(self) -> Range:
        """The labels of the draw that takes fewer."""
        return self.at_random if self.is_random_cheaper else self.needed


def plan_read(kept: Mapping[str, Any], measure: str, half_width: float) -> Plan:
    """The plan for one score of a category, from what an evaluation keeps of it (`learner.core.planner.played`).

    Raises
    ------
    ValueError
        For a measure or a width that cannot be.
    """
    if measure not in MEASURES:
        raise ValueError(f"{measure} is no measure that can be planned; use {', '.join(MEASURES)}")
    if not 0 < half_width < 1:
        raise ValueError(f"a half-width of {half_width} cannot be; use one between 0 and 1")
    by_score, alike = kept[measure]["by_score"], kept[measure]["at_random"]
    return Plan(
        measure=measure,
        half_width=half_width,
        now=by_score[1][0],
        needed=_needed(by_score, half_width),
        at_random=_needed(alike, half_width),
        possible=kept["possible"],
    )


def _needed(widths: Sequence[Sequence[float]], half_width: float) -> Range:
    """From which number of labels on the interval is narrow enough: in the median world, and in 80 % of them."""
    low, middle, high = (_first(of_steps, half_width) for of_steps in widths)
    return Range(middle, low, high)


def _first(widths: Sequence[float], half_width: float) -> float:
    """Labels until the width is reached, between two steps in proportion to 1 / sqrt(labels); inf beyond the last."""
    least = list(accumulate(widths, min))
    step = next((number for number, width in enumerate(least) if width <= half_width), None)
    if step is None:
        return inf
    if step == 0:
        return 0.0
    before, after = least[step - 1], least[step]
    part = (half_width**-2 - before**-2) / (max(after, 1e-9) ** -2 - before**-2)
    return float(round(STEPS[step - 1] + part * (STEPS[step] - STEPS[step - 1])))
