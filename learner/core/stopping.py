"""When to stop labelling: what a category has gained from labels so far, and what more of them would bring."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Array, Floats

NEXT = 500
MIN_POINTS = 3
MIN_N = 10
FARTHEST = 5
"""Times the labels so far: beyond that a curve through a few points says nothing."""

_N_DRAWS = 400
_RATES = np.array([0.25, 0.5, 0.75, 1.0, 1.5])
_QUANTILES = (0.025, 0.5, 0.975)
_N_CURVE = 25
_FLAT = 0.005


@dataclass(frozen=True, slots=True)
class Point:
    """What one classifier version reached: the labels spent on it, its value (0 to 1), and the `n` items behind that.

    For recall, `n` counts the audited items that have the category.
    """

    labels: int
    value: float
    n: int


@dataclass(frozen=True, slots=True)
class Range:
    """A value with its 95 % interval. An end may be infinite where it counts labels: more than can be foreseen."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Where a learning curve stands after so many labels; `foreseen` where there is no version yet."""

    labels: int
    reached: Range
    foreseen: bool


@dataclass(frozen=True, slots=True)
class Prospect:
    """What more labels would bring one category.

    Attributes
    ----------
    category, measure : str
        As they are read: "Weapons", "recall".
    target : float
    curve : tuple of CurvePoint
        From the first version to `NEXT` labels after the newest; empty where nothing can be said.
    gain : Range or None
        Of the measure, by the next `NEXT` labels.
    needed : Range or None
        More labels until the target is reached; 0 where it is reached, infinite where it is not foreseen.
    words : str
        The advice, one sentence.
    why_unknown : str
        Why nothing can be said; "" where something can.
    """

    category: str
    measure: str
    target: float
    curve: tuple[CurvePoint, ...]
    gain: Range | None
    needed: Range | None
    words: str
    why_unknown: str


def prospect_of(
    category: str,
    history: Sequence[Point],
    *,
    measure: str = "recall",
    target: float = 0.9,
    rng: np.random.Generator,
) -> Prospect:
    """What the history of a category says of more labels, or why it says nothing.

    The curve is ceiling - drop * labels ** -rate, the inverse power law that learning curves of classifiers mostly
    follow (Figueroa, Zeng-Treitler, Kandula and Ngo 2012, doi:10.1186/1472-6947-12-8), by weighted least squares
    with 0 <= ceiling <= 1 and drop >= 0. The interval is the range of the curves through values drawn anew from the
    Beta distribution that each value and its n imply. Draws are independent, though versions are mostly evaluated on
    the same items: intervals are rather too wide than too narrow.

    Parameters
    ----------
    category : str
    history : sequence of Point
        One per evaluated version, in any order; of several with equal labels the last counts.
    measure : str
        Its name in the advice.
    target : float
        Above 0, below 1.
    rng : np.random.Generator

    Raises
    ------
    ValueError
        If the target or a value is not from 0 to 1, or a count is negative.

    Examples
    --------
    >>> points = [Point(200, 0.5, 60), Point(400, 0.64, 60)]
    >>> prospect_of("Weapons", points, rng=np.random.default_rng(0)).words
    'Weapons: nothing can be said yet, because 2 evaluated versions are too few: 3 are needed.'
    """
    _check(history, target)
    points = sorted({point.labels: point for point in history}.values(), key=lambda point: point.labels)
    if why := _why_unknown(points, measure):
        words = f"{category}: nothing can be said yet, because {why}."
        return Prospect(category, measure, target, (), None, None, words, why)
    curves = _curves(points, rng)
    newest = points[-1].labels
    needed = _range(curves.more_labels(newest, target))
    gain = _range(curves.at(newest + NEXT) - curves.at(newest))
    at = np.unique(np.append(np.linspace(points[0].labels, newest + NEXT, _N_CURVE).round(), newest))
    curve = tuple(CurvePoint(int(labels), _range(curves.at(labels)), bool(labels > newest)) for labels in at)
    words = f"{category}: {_advice(points[-1], measure, target, needed, gain)}"
    return Prospect(category, measure, target, curve, gain, needed, words, "")


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """Curves ceiling - drop * labels ** -rate, one per draw, (n_draws,) each."""

    ceiling: Floats
    drop: Floats
    rate: Floats

    def at(self, labels: float) -> Floats:
        """The height of each curve, never below 0."""
        return np.maximum(self.ceiling - self.drop * labels**-self.rate, 0.0)

    def more_labels(self, newest: float, target: float) -> Floats:
        """How many labels after `newest` each curve takes to `target`; infinite beyond what can be foreseen."""
        room = self.ceiling - target
        possible = (room > 0) & (self.drop > 0)
        ratio = np.divide(self.drop, room, out=np.ones_like(room), where=possible)
        with np.errstate(over="ignore"):
            total = np.where(possible, ratio ** (1 / self.rate), np.inf)
        more = np.where(self.at(newest) >= target, 0.0, total - newest)
        return np.where(more > FARTHEST * newest, np.inf, np.maximum(more, 0.0))


def _check(history: Sequence[Point], target: float) -> None:
    if not 0 < target < 1:
        raise ValueError(f"the target is {target}; it has to be above 0 and below 1")
    for point in history:
        if not 0 <= point.value <= 1 or point.labels < 1 or point.n < 0:
            raise ValueError(
                f"{point} is impossible; a value is from 0 to 1, labels are at least 1, n at least 0"
            )


def _why_unknown(points: Sequence[Point], measure: str) -> str:
    if len(points) < MIN_POINTS:
        have = f"{len(points)} evaluated {'version is' if len(points) == 1 else 'versions are'}"
        return f"{have} too few: {MIN_POINTS} are needed"
    if points[-1].n < MIN_N:
        items = "item" if points[-1].n == 1 else "items"
        return f"its newest {measure} rests on {points[-1].n} audited {items}: {MIN_N} are needed"
    return ""


def _curves(points: Sequence[Point], rng: np.random.Generator) -> _Curves:
    """A curve through the values, and one through each draw of them: the best of all rates for each."""
    labels = np.array([point.labels for point in points], dtype=np.float64)
    value = np.array([point.value for point in points])
    n = np.array([point.n for point in points], dtype=np.float64)
    drawn = rng.beta(value * n + 0.5, (1 - value) * n + 0.5, size=(_N_DRAWS, len(points)))
    weights = (n + 1) / (n + 1).sum()
    fits = [_fit(labels**-rate, drawn, weights) for rate in _RATES]
    best = np.argmin([loss for _, _, loss in fits], axis=0)
    draw = np.arange(_N_DRAWS)
    ceilings, drops = (np.array([fit[part] for fit in fits]) for part in range(2))
    return _Curves(ceilings[best, draw], drops[best, draw], _RATES[best])


def _fit(falling: Floats, drawn: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Ceiling, drop and loss of each draw, (n_draws,): least squares inside 0 <= ceiling <= 1 and drop >= 0."""
    x, y = falling @ weights, drawn @ weights
    slope = -((drawn - y[:, None]) * weights @ (falling - x)) / (weights @ (falling - x) ** 2)
    drop = np.maximum(slope, 0.0)
    ceiling = y + drop * x
    capped = ceiling > 1
    drop = np.where(capped, np.maximum((1 - drawn) * weights @ falling / (weights @ falling**2), 0.0), drop)
    ceiling = np.minimum(ceiling, 1.0)
    loss = ((drawn - ceiling[:, None] + drop[:, None] * falling) ** 2) @ weights
    return ceiling, drop, loss


def _range(draws: Array) -> Range:
    """The median and 95 % of the draws; by order, because some may be infinite."""
    low, middle, high = np.quantile(draws, _QUANTILES, method="nearest")
    return Range(float(middle), float(low), float(high))


def _advice(newest: Point, measure: str, target: float, needed: Range, gain: Range) -> str:
    now = f"{measure} is {newest.value:.2f}, n={newest.n}"
    if needed.value == 0:
        sure = "is reached" if needed.high == 0 else "is probably reached"
        return f"{measure} {target:g} {sure} ({now})."
    if np.isinf(needed.value):
        ahead = f"the next {NEXT} labels are expected to bring {_signed(gain)}"
        hint = "; read its disagreements and its definition before labelling on" if gain.value < _FLAT else ""
        return f"{measure} {target:g} is not in sight ({now}); {ahead}{hint}."
    return (
        f"about {_about(needed.value)} more labels to reach {measure} {target:g} ({_between(needed)}; {now})."
    )


def _signed(gain: Range) -> str:
    return f"{gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]"


def _between(needed: Range) -> str:
    if np.isinf(needed.high):
        return f"95 %: at least {_about(needed.low)}"
    return f"95 %: {_about(needed.low)} to {_about(needed.high)}"


def _about(labels: float) -> str:
    """A number of labels with two digits that count.

    Examples
    --------
    >>> _about(1834.0)
    '1,800'
    """
    digits = max(len(str(int(labels))) - 2, 0)
    return f"{round(labels / 10**digits) * 10**digits:,}"
