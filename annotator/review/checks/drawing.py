"""Which gold somebody gets next, each draw with its probability: a rule that reads no row and no clock."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from annotator.review.checks.qualifying_policy import GoldItem
from annotator.review.scoring import shown_by


@dataclass(frozen=True)
class Drawn:
    """An item, and how likely it was among those that were left when it was drawn."""

    item: GoldItem
    probability: float


def gold_draw(candidates: Sequence[GoldItem], asked: Counter[str], n: int, rng: random.Random) -> list[Drawn]:
    """Up to `n` items for one person, balanced over the categories and "none of these".

    Each draw takes one of the categories that this person was asked about least often (each as likely), then one
    of the items that show it (each as likely).

    Parameters
    ----------
    candidates : sequence of GoldItem
        Gold that the person has never been given.
    asked : Counter
        How often the person was given gold of each category; it is not changed.
    """
    left = sorted(candidates, key=lambda item: item.item_id)
    counts = Counter(asked)
    drawn: list[Drawn] = []
    while left and len(drawn) < n:
        open_categories = {category for item in left for category in shown_by(item.labels)}
        least = min(counts[category] for category in open_categories)
        groups = {
            category: [item for item in left if category in shown_by(item.labels)]
            for category in sorted(open_categories)
            if counts[category] == least
        }
        chosen = rng.choice(groups[rng.choice(list(groups))])
        chances = (1 / len(group) for group in groups.values() if chosen in group)
        drawn.append(Drawn(chosen, sum(chances) / len(groups)))
        left.remove(chosen)
        counts.update(shown_by(chosen.labels))
    return drawn
