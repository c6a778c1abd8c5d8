"""What is predicted where something else is true: categories against categories, with a "none" on either side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.audited import Drawn, Population
from learner.core.evaluation import CONFIDENCE, Estimate
from learner.core.metrics.pages import nothing_column
from learner.core.posterior import N_DRAWS, Judged

_NOTHING = 1e-12
_JEFFREYS = 0.5
_ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Confusion:
    """Row j, cell i: of all pages that are j, the share on which i is predicted.

    Beside the diagonal only where the page is not i: a page that has both confuses nobody. The last row is of pages
    that have no category, the last cell of a row of those on which nothing is predicted. A row need not sum to 1. The
    diagonal is the recall of its category.
    """

    cells: tuple[tuple[Estimate, ...], ...]


def confusion_of(
    population: Population,
    drawn: Drawn,
    thresholds: Floats,
    every: Sequence[Judged],
    *,
    rng: np.random.Generator,
) -> Confusion:
    """The matrix over the whole population, (n_categories + 1, n_categories + 1).

    The strata are those of the category of the row, so that its diagonal is its recall. In each, what is predicted on
    its positives has a Beta posterior of its own. Its prior is what is predicted on the positives of that side of the
    threshold, worth one label, and Jeffreys' half a label for all strata together: a half in each of a dozen would make
    much of what is never confused. The lower end has no prior, as that of Clopper and Pearson (1934): where one page
    makes a cell that holds next to nothing, a prior of half a page more left it out too often.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
    every : sequence of Judged, n_categories
    rng : np.random.Generator
    """
    predicted = population.logits[drawn.rows] >= thresholds
    nothing = nothing_column(population, drawn, thresholds)
    calm = nothing.judged(0.0, rng=rng)
    rows = [
        _row(
            drawn.truth[:, j],
            population.logits[drawn.rows, j],
            j,
            _Seen(population, drawn, predicted, one),
            rng,
        )
        for j, one in enumerate(every)
    ]
    rows.append(
        _row(nothing.truth, nothing.scores, len(every), _Seen(population, drawn, predicted, calm), rng)
    )
    return Confusion(tuple(rows))


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What a row is made of beside its own truth."""

    population: Population
    drawn: Drawn
    predicted: Booleans
    judged: Judged


def _row(
    truth: Floats, scores: Array, own: int, seen: _Seen, rng: np.random.Generator
) -> tuple[Estimate, ...]:
    strata, drawn = seen.judged.strata, seen.drawn
    kept = np.flatnonzero(truth >= 1 / 2)
    why = "" if len(kept) else "no labelled item is of this row"
    stratum = np.searchsorted(strata.cuts, scores[kept].astype(np.float64), side="right")
    inside = _confused(drawn.truth[kept], seen.predicted[kept], own)
    measure = 1.0 if seen.population.measure is None else seen.population.measure[drawn.rows[kept]]
    weight = measure / drawn.inclusion[kept] * truth[kept]
    share, known = _composition(weight, stratum, inside, len(strata.size))
    mass = strata.size * strata.share
    values = mass @ np.where(known[:, None] > 0, share, 0.0) / max(float(mass.sum()), _NOTHING)
    worth = (strata.n_effective * strata.share)[:, None]
    positives = seen.judged.positives
    first = _expected(worth, share, strata.predicted)
    more = _JEFFREYS * (positives.mean(axis=0) / max(float(positives.mean(axis=0).sum()), _NOTHING))[:, None]
    made = rng.beta(first + more + worth * share, 1 - first + worth * (1 - share), (N_DRAWS, *share.shape))
    found = rng.beta(np.maximum(worth * share, _NOTHING), 1 + worth * (1 - share), made.shape)
    lows, highs = (
        np.quantile(_cells_drawn(positives, part, own, strata.predicted), end, axis=0)
        for part, end in zip((found * (share > 0), made), _ENDS, strict=True)
    )
    counts: Integers = inside.sum(axis=0)
    return tuple(
        Estimate(None, None, None, 0, why)
        if why
        else Estimate(float(value), float(min(low, value)), float(max(high, value)), int(n), "")
        for value, low, high, n in zip(values, lows, highs, counts, strict=True)
    )


def _cells_drawn(positives: Floats, made: Floats, own: int, predicted: Booleans) -> Floats:
    """Draws of each cell, (N_DRAWS, n_cells); `made` (N_DRAWS, n_strata, n_cells) is its share of each stratum."""
    inside = made * _possible(predicted, own, made.shape[-1])
    inside[:, :, own] = predicted
    totals = np.maximum(positives.sum(axis=1), _NOTHING)
    cells: Floats = np.einsum("ds,dsc->dc", positives, inside) / totals[:, None]
    return cells


def _expected(worth: Floats, share: Floats, predicted: Booleans) -> Floats:
    """Of the positives on the same side of the threshold the share in each cell, (n_strata, n_cells)."""
    expected = np.empty_like(share)
    for side in (predicted, ~predicted):
        expected[side] = ((worth * share)[side].sum(axis=0) + _JEFFREYS) / (worth[side].sum() + 2 * _JEFFREYS)
    return expected


def _possible(predicted: Booleans, own: int, n_cells: int) -> Booleans:
    """Where a cell can be at all, (n_strata, n_cells): what is predicted as something is not predicted as nothing."""
    possible = np.ones((len(predicted), n_cells), dtype=np.bool_)
    if own == n_cells - 1:
        possible[predicted] = False
    else:
        possible[predicted, -1] = False
    return possible


def _confused(truth: Floats, predicted: Booleans, own: int) -> Booleans:
    """Which cells an item of a row is in, (n_items, n_categories + 1)."""
    inside = predicted & (truth < 1 / 2)
    if own < predicted.shape[1]:
        inside[:, own] = predicted[:, own]
    return np.column_stack([inside, ~predicted.any(axis=1)])


def _composition(weight: Floats, stratum: Integers, inside: Booleans, n_strata: int) -> tuple[Floats, Array]:
    """Of the positives of each stratum the share in each cell, (n_strata, n_cells), and their weight (n_strata,)."""
    whole = np.bincount(stratum, weight, minlength=n_strata)
    sums = np.zeros((n_strata, inside.shape[1]))
    np.add.at(sums, stratum, weight[:, None] * inside)
    return sums / np.maximum(whole, _NOTHING)[:, None], whole
