"""When a person is warned, sent to qualification, or trusted again: a rule that reads no row and no clock."""

from dataclasses import dataclass
from typing import Final

from annotator.agreement.intervals import ONE_SIDED, STRICT, Interval, Tally, wilson
from annotator.projects.models import Standing
from annotator.review.scoring import NONE, Score

FEWEST: Final = 8
"""Answers before anything follows from them, overall or in one category: fewer punish nobody."""
WINDOW: Final = 50
"""Newest answers that count: old good ones must not hide a decline."""


@dataclass(frozen=True)
class Move:
    """A standing to change to, and why, in a sentence with its n that the person may read."""

    standing: Standing
    reason: str


def standing_move(standing: Standing, score: Score, line: float) -> Move | None:
    """What follows from the answers on gold since the last change of standing; None when nothing does.

    - qualified: warned when the upper bound of accuracy lies under `line`, overall or in one category. It has to be
      unlikely that the person is as good as the line, not merely unproven that they are.
    - warned: to qualification when that is so again in answers given after the warning; qualified again when at
      least `FEWEST` of those reach the line themselves. Between the two, wait.
    - qualifying: nothing; gold answers from before play no part in qualification.

    Parameters
    ----------
    score : Score
        Of the newest `WINDOW` answers since the last change.
    line : float
        Accuracy in [0, 1] that the project asks for; 0 asks for nothing.
    """
    if standing == Standing.QUALIFYING:
        return None
    shortfall = _shortfall(score, line)
    if standing == Standing.QUALIFIED:
        return Move(Standing.WARNED, shortfall) if shortfall else None
    if shortfall:
        return Move(Standing.QUALIFYING, f"After a warning, still: {shortfall}")
    exact = score.exact
    if exact.n >= FEWEST and (exact.share or 0.0) >= line:
        return Move(Standing.QUALIFIED, f"{exact.right} of {exact.n} checks since the warning were right")
    return None


def _shortfall(score: Score, line: float) -> str:
    """How the answers fall short of the line, or empty."""
    ends = wilson(score.exact, ONE_SIDED)
    if score.exact.n >= FEWEST and ends.high < line:
        return _sentence("checks were right", score.exact, ends, line)
    for category, tally in sorted(score.by_category.items()):
        ends = wilson(tally, STRICT)
        if category != NONE and tally.n >= FEWEST and ends.high < line:
            return _sentence(f"checks about {category} were right", tally, ends, line)
    return ""


def _sentence(what: str, tally: Tally, ends: Interval, line: float) -> str:
    return (
        f"{tally.right} of {tally.n} {what}; the accuracy is below {ends.high:.2f}, {line:.2f} is asked for"
    )
