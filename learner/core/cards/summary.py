"""What a reader with one minute gets: a few numbers, and what to know before using the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from learner.core.cards.bias import bias_sentence, most_bent
from learner.core.cards.facts import CardFacts, CategoryFacts, in_order
from learner.core.cards.wording import LOW_ALPHA, MIN_POSITIVES, percent, share

NAMED_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """One number under its label."""

    label: str
    value: str
    note: str


def tiles_of(facts: CardFacts) -> list[Tile]:
    """The numbers at the head of the card."""
    splits = ", ".join(f"{facts.splits[split]:,} {split}" for split in in_order(facts.splits))
    return [
        Tile("Items", f"{facts.n_items:,}", f"on {facts.n_sites:,} sites: {splits}"),
        Tile("Judgments", f"{facts.n_judgments:,}", f"by {facts.n_annotators:,} people"),
        Tile(
            "Drawn at random",
            percent(facts.pictures.n_drawn, facts.n_items),
            f"{facts.pictures.n_drawn:,} items carry an inclusion probability",
        ),
        _agreement(facts),
    ]


def read_first(facts: CardFacts) -> list[str]:
    """What to know before using the data, in plain sentences; the gravest first."""
    return [
        _bias(facts),
        *_named(
            _disputed(facts),
            f"People do not agree enough (alpha under {LOW_ALPHA}) on",
            "Read the clauses of the guideline before trusting these labels.",
        ),
        *_named(
            [category for category in facts.categories if category.n_positives < MIN_POSITIVES],
            f"Fewer than {MIN_POSITIVES} items have",
            "That is too few to train or to judge a classifier on.",
        ),
        *_unknown(facts),
    ]


def _bias(facts: CardFacts) -> str:
    category = most_bent(facts)
    said = f"{bias_sentence(facts)} Train on all of them; read rates only from the random streams, weighed."
    if category is None or category.drawn is None:
        return said
    counted = percent(facts.n_trainable_with(category), facts.n_trainable)
    return (
        f"{said} {category.name}, for one, is on {counted} of the train items as counted, and on an estimated "
        f"{share(category.drawn)} of the pool."
    )


def _unknown(facts: CardFacts) -> list[str]:
    if not facts.unknown:
        return []
    return [
        "The taxonomy changed, and of some items nobody can tell whether they have a category: it is null there, "
        f"in {len(facts.unknown)} column{'' if len(facts.unknown) == 1 else 's'}. Null is not false."
    ]


def _disputed(facts: CardFacts) -> list[CategoryFacts]:
    return [
        each for each in facts.categories if each.alpha.value is not None and each.alpha.value < LOW_ALPHA
    ]


def _named(categories: Sequence[CategoryFacts], before: str, after: str) -> list[str]:
    if not categories:
        return []
    names = [category.name for category in sorted(categories, key=lambda each: -each.severity)]
    more = len(names) - NAMED_MAX
    shown = names if more <= 1 else [*names[:NAMED_MAX], f"{more} more"]
    listed = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return [f"{before} {listed}. {after}"]


def _agreement(facts: CardFacts) -> Tile:
    known = [category for category in facts.categories if category.alpha.value is not None]
    if not known:
        return Tile("Lowest agreement", "–", "no category has enough pairs of judgments")
    worst = min(known, key=lambda category: category.alpha.value or 0.0)
    note = f"Krippendorff's alpha of {worst.name}; measured in {len(known)} of {len(facts.categories)} categories"
    return Tile("Lowest agreement", f"{worst.alpha.value:.2f}", note)
