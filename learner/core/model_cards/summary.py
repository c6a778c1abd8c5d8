"""What a reader with one minute gets of a model card."""

from learner.core.cards.facts import Interval
from learner.core.cards.summary import Tile
from learner.core.model_cards.facts import CategoryCard, ModelCardFacts
from learner.core.severity import GRAVE

WORST_MAX = 3


def tiles_of(facts: ModelCardFacts) -> list[Tile]:
    """The numbers at the head of the card."""
    return [
        _tile("Macro-F1", facts.macro_f1),
        Tile(
            "Categories learned",
            f"{len(facts.learned)} of {len(facts.categories)}",
            f"from {facts.training.n_resolutions:,} resolutions and {facts.training.n_known:,} known labels",
        ),
        Tile("Audited items", f"{facts.n_items:,}", f"they stand for {facts.n_population:,} holdout items"),
        _worst(facts),
    ]


def read_first(facts: ModelCardFacts) -> list[str]:
    """What to know before it decides anything, the gravest first."""
    return [*_signed(facts), *_unlearned(facts), *_below(facts), *_few(facts)]


def _signed(facts: ModelCardFacts) -> list[str]:
    return [f"It serves by an exception from the gate. {words}" for words in facts.release.exceptions]


def _unlearned(facts: ModelCardFacts) -> list[str]:
    names = [row.name for row in facts.categories if not row.learned]
    return [f"It cannot tell {', '.join(names)} yet, and never says so of a page."] if names else []


def _below(facts: ModelCardFacts) -> list[str]:
    rows = [
        row
        for row in facts.learned
        if row.recall_floor is not None and (row.recall.low is None or row.recall.low < row.recall_floor)
    ]
    names = ", ".join(row.name for row in sorted(rows, key=lambda row: -row.severity))
    return [f"It is not shown to reach the recall floor of {names}."] if names else []


def _few(facts: ModelCardFacts) -> list[str]:
    return [
        f"Every number rests on {facts.n_items:,} audited items. Of pages unlike those of the holdout it says nothing."
    ]


def _worst(facts: ModelCardFacts) -> Tile:
    grave = [row for row in facts.learned if row.recall.low is not None and row.severity == GRAVE]
    if not grave:
        return Tile("Lowest recall of a grave category", "–", "none is learned and measured")

    def low(row: CategoryCard) -> float:
        return row.recall.low or 0.0

    worst = min(grave, key=low)
    return Tile("Least recall of a grave category", f"{low(worst):.2f}", f"the lower bound of {worst.name}")


def _tile(label: str, found: Interval) -> Tile:
    if found.value is None:
        return Tile(label, "–", found.why_undefined)
    return Tile(label, f"{found.value:.2f}", f"[{found.low:.2f}, {found.high:.2f}]")
