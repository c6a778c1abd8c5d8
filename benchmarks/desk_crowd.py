"""People who differ as people do: what each of five says of each page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

OVERLAP: Final = 5
RARE_TO_COMMON: Final = (0.003, 0.25)
"""Shares of pages of the rarest and the commonest category, and evenly spaced between on a scale of logarithms."""
COMMONEST: Final = "games"
CONFUSED: Final = {"games": "gambling", "chat": "social-media", "violence": "weapons", "streaming": "games"}
"""On a hard page of the first, an annotator says the second as likely as not."""
HARD: Final = 0.3


@dataclass(frozen=True)
class Sizes:
    """How much of everything there is."""

    items: int
    annotators: int
    disagreements: int
    citing: int

    @property
    def judgments(self) -> int:
        """Five of each item."""
        return self.items * OVERLAP


@dataclass(frozen=True, eq=False)
class Answers:
    """Who said what: `people` (n_items, OVERLAP); `labels` and `unsure` (n_items, OVERLAP, n_categories)."""

    people: Ints
    labels: Bools
    unsure: Bools


def answers_drawn(rng: np.random.Generator, sizes: Sizes, slugs: Sequence[str]) -> Answers:
    """Five people a page, each with a sensitivity and specificity of their own in each category, and mix-ups."""
    n, k = sizes.items, len(slugs)
    shares = np.geomspace(*RARE_TO_COMMON, k)[rng.permutation(k)]
    place = {slug: at for at, slug in enumerate(slugs)}
    commonest = int(shares.argmax())
    shares[[place[COMMONEST], commonest]] = shares[[commonest, place[COMMONEST]]]
    truth = rng.random((n, k)) < shares
    people = np.argsort(rng.random((n, sizes.annotators)), axis=1)[:, :OVERLAP]
    sensitivity = rng.beta(14, 2, (sizes.annotators, k))
    false_alarm = rng.beta(1, 200, (sizes.annotators, k))
    chance = np.where(truth[:, np.newaxis], sensitivity[people], false_alarm[people])
    labels = rng.random(chance.shape) < chance
    hard = rng.random(n) < HARD
    for one, other in CONFUSED.items():
        swaps = (truth[:, place[one]] & hard)[:, np.newaxis] & (rng.random((n, OVERLAP)) < 0.5)
        labels[..., place[one]] &= ~swaps
        labels[..., place[other]] |= swaps
    unsure = (labels | (rng.random(labels.shape) < 0.001)) & (rng.random(labels.shape) < 0.04)
    return Answers(people, labels & ~unsure, unsure)
