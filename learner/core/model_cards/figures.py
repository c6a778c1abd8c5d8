"""The plots of a model card, each with what it shows in a sentence."""

from collections.abc import Callable, Sequence

from learner.core.cards.drawing import Part, Row, Span, bars, grid, intervals
from learner.core.cards.facts import Interval
from learner.core.cards.figures import Figure
from learner.core.model_cards.facts import CategoryCard, ModelCardFacts

SHOWN_MAX = 30
GRID_MAX = 10
BINS_SHOWN = 3


def figures_of(facts: ModelCardFacts) -> list[Figure]:
    """All plots, the gravest question first. One with nothing to show is left out."""
    drawn = [
        _spans(
            facts,
            "recall",
            "Recall: of the pages that have it, the share that is found",
            lambda row: row.recall,
        ),
        _spans(
            facts,
            "precision",
            "Precision: of the pages called so, the share that is",
            lambda row: row.precision,
        ),
        _confusion(facts),
        _calibration(facts),
        _pack(facts),
    ]
    return [figure for figure in drawn if figure is not None]


def _spans(
    facts: ModelCardFacts, name: str, title: str, of: Callable[[CategoryCard], Interval]
) -> Figure | None:
    rows = [
        _span(row, of(row)) for row in sorted(facts.categories, key=lambda row: -row.severity)[:SHOWN_MAX]
    ]
    if not rows:
        return None
    caption = (
        f"The gravest categories first, with 95 % intervals, on {facts.n_items:,} audited holdout items that stand for "
        f"{facts.n_population:,}. Where the interval is wide, that is all that is known."
    )
    return Figure(name, title, caption, intervals(rows, title))


def _span(row: CategoryCard, found: Interval) -> Span:
    if not row.learned:
        return Span(row.name, None, None, None, row.reason)
    return interval_span(row.name, found)


def interval_span(name: str, found: Interval) -> Span:
    """A row of an interval plot."""
    if found.value is None:
        return Span(name, None, None, None, found.why_undefined or "not measured")
    has_ends = found.low is not None and found.high is not None
    between = f" [{found.low:.2f}, {found.high:.2f}]" if has_ends else ""
    return Span(name, found.value, found.low, found.high, f"{found.value:.2f}{between} n={found.n_items:,}")


def _confusion(facts: ModelCardFacts) -> Figure | None:
    found = facts.confusion
    if found is None or len(found.categories) < 2:  # noqa: PLR2004 - a pair
        return None
    shown = _most_confused(found.cells)
    names = [facts.name_of(found.categories[at]) for at in shown]
    cells = [[found.cells[row][column] for column in shown] for row in shown]
    title = "What is taken for what"
    caption = (
        "Of the pages that are the category of the row, the share that is called that of the column; the "
        f"{len(shown)} that are taken for others most. The diagonal is right."
    )
    return Figure("confusion", title, caption, grid(names, cells, title))


def _most_confused(cells: Sequence[Sequence[float | None]]) -> list[int]:
    def wrong(at: int) -> float:
        return sum(cell or 0.0 for column, cell in enumerate(cells[at]) if column != at)

    return sorted(sorted(range(len(cells)), key=lambda row: -wrong(row))[:GRID_MAX])


def _calibration(facts: ModelCardFacts) -> Figure | None:
    known = [row for row in facts.learned if row.bins]
    if not known:
        return None
    worst = sorted(known, key=lambda row: -((row.ece.value if row.ece else 0) or 0))[:BINS_SHOWN]
    rows = [
        Row(
            f"{row.name}, {one.said:.0%} said",
            [Part("came true", one.came_true, f"{one.came_true:.0%}")],
            f"{one.came_true:.0%} came true",
        )
        for row in worst
        for one in row.bins
    ]
    title = "Do probabilities come true?"
    caption = (
        f"The {len(worst)} categories that are furthest off; each bar should be as long as its name says."
    )
    return Figure("calibration", title, caption, bars(rows, title, whole=1.0))


def _pack(facts: ModelCardFacts) -> Figure | None:
    if not facts.pack:
        return None
    title = "Pages that must not be blocked, and are"
    rows = [interval_span(row.name, row.value) for row in facts.pack]
    caption = "The share of each slice of the over-block pack that would be blocked, with its 95 % interval."
    return Figure("pack", title, caption, intervals(rows, title))
