"""How wide an interval of recall would be with the best draw there is: what no draw by score can be held to beat."""

from typing import Final

import numpy as np
from sklearn.isotonic import IsotonicRegression

from benchmarks.score_worlds import World, scaled
from learner.core.arrays import Floats

_NORMAL: Final = 1.96
_LEAST: Final = 1e-4


def best_width(world: World, labels: int) -> float:
    """The width of a 95 % interval, normal and at most 1, were the share of positives at each score known.

    Chances are in proportion to the standard deviation of what an item adds to recall, linearised (Neyman 1934,
    doi:10.2307/2342192). The share is taken to rise with the score: of real worlds, with a positive or none in a cell,
    it would else be known of each single page. Estimators that lean on a prior may be narrower. Pages of a site are
    taken for independent.
    """
    items = (world.present + world.absent) * world.n_items
    share = rising_share(world)
    recall = world.true(world.threshold)["recall"]
    adds = np.where(world.scores >= world.threshold, 1 - recall, recall)
    spread = np.sqrt(share * (1 - share)) * adds
    spread = np.maximum(spread, _LEAST * spread.max())
    chance = scaled(spread, items, labels, 1 / float(spread.min()))
    deviation = float(np.sqrt(items @ (spread**2 / chance)))
    return min(1.0, 2 * _NORMAL * deviation / float(world.present.sum() * world.n_items))


def rising_share(world: World) -> Floats:
    """The share of positives of each cell, (n_cells,), the nearest that never falls (isotonic regression)."""
    whole = world.present + world.absent
    some = whole > 0
    fitted = IsotonicRegression().fit(
        world.scores[some], world.present[some] / whole[some], sample_weight=whole[some]
    )
    share: Floats = fitted.predict(world.scores)
    return np.clip(share, 0.0, 1.0)
