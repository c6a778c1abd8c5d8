"""How well the scores of one category rank pages, whatever the threshold: average precision and area under the ROC.

The posterior of each stratum says how many positives it holds. It is carried on to where in the stratum they are: a
Dirichlet distribution over the labelled items that are positive, and one over the others (Rubin 1981,
doi:10.1214/aos/1176345338). What the prior adds lies where the classifier expects it; where none was found, anywhere.
Items between two labelled positives are one cell, so the cost does not grow with the labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from learner.core.arrays import Array, Floats
from learner.core.audited import Known, Ranked, between
from learner.core.audited_scores import estimate_of
from learner.core.evaluation import Estimate
from learner.core.posterior import N_DRAWS, Judged

CELLS: Final = 100
"""So many positives have a cell of their own; more share them."""
_ANYWHERE: Final = 0.5
"""Pseudo-count of positives, by size, in a stratum in which none was found."""
_JEFFREYS: Final = 0.5
_FOUND: Final = 0.5
"""Effective positives from which on one counts as found in a stratum."""
_LEAST: Final = 1e-6
_TRIFLE: Final = 1e-3
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Ranking:
    """Average precision (the mean precision at each positive) and the area under the ROC curve."""

    average_precision: Estimate
    roc_auc: Estimate


def ranking_of(column: Ranked, labelled: Known, judged: Judged, *, rng: np.random.Generator) -> Ranking:
    """Both measures over the whole population.

    Parameters
    ----------
    column : Ranked
    labelled : Known
    judged : Judged
        The same in strata.
    rng : np.random.Generator
    """
    strata = judged.strata
    why = "" if strata.n_positive else "no labelled item has it"
    if why:
        nothing = Estimate(None, None, None, 0, why)
        return Ranking(nothing, nothing)
    weight = poststratified(labelled, judged)
    order, last = _descending(labelled.scores)
    present, absent = (_grouped(weight * part, order, last) for part in (labelled.truth, 1 - labelled.truth))
    cells = _cells(column, labelled, judged)
    mean = cells.masses((cells.found, cells.others), strata.size * strata.share, strata.size)
    parts = tuple(rng.standard_gamma(part, (N_DRAWS, len(part))) for part in (cells.present, cells.absent))
    drawn = cells.masses(parts, judged.positives, judged.sizes)
    ap, auc = average_precision(present, absent), area_under_roc(present, absent)
    ap_drawn = average_precision(*drawn) + ap - average_precision(*mean)
    auc_drawn = area_under_roc(*drawn) + auc - area_under_roc(*mean)
    no_other = "" if absent.sum() > 0 else "every labelled item has it"
    return Ranking(
        estimate_of(float(ap), np.clip(ap_drawn, 0, 1), strata.n_positive),
        estimate_of(float(auc), np.clip(auc_drawn, 0, 1), strata.n, why=no_other),
    )


def poststratified(labelled: Known, judged: Judged) -> Floats:
    """What each labelled item stands for once its stratum is as large as it is, (n_known,)."""
    strata = judged.strata
    stratum = np.searchsorted(strata.cuts, labelled.scores, side="right")
    whole = np.bincount(stratum, labelled.weight, minlength=len(strata.size))
    weight: Floats = labelled.weight * (strata.size / np.maximum(whole, _NOTHING))[stratum]
    return weight


def average_precision(present: Floats, absent: Floats) -> Floats:
    """From masses in groups of falling score, (..., n_groups): the mean over positives of the precision there."""
    hits, all_seen = np.cumsum(present, axis=-1), np.cumsum(present + absent, axis=-1)
    precision = hits / np.maximum(all_seen, _NOTHING)
    found: Floats = (present * precision).sum(axis=-1) / np.maximum(present.sum(axis=-1), _NOTHING)
    return found


def area_under_roc(present: Floats, absent: Floats) -> Floats:
    """From masses in groups of falling score: how often a positive is over another page, ties counting half."""
    others = absent.sum(axis=-1, keepdims=True)
    below = others - np.cumsum(absent, axis=-1) + absent / 2
    whole = present.sum(axis=-1) * others[..., 0]
    found: Floats = (present * below).sum(axis=-1) / np.maximum(whole, _NOTHING)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """Groups of falling score, (n_cells,) each: their stratum, labelled positives and others, both with the prior."""

    stratum: Array
    found: Floats
    others: Floats
    present: Floats
    absent: Floats

    def masses(self, parts: Sequence[Floats], positives: Floats, sizes: Floats) -> tuple[Floats, Floats]:
        """Masses (..., n_cells) in the proportions of two parts: the positives and the rest of each stratum."""
        return self._filled(parts[0], positives), self._filled(parts[1], sizes - positives)

    def _filled(self, parts: Floats, wholes: Floats) -> Floats:
        member = np.eye(wholes.shape[-1])[self.stratum]
        filled: Floats = parts * (wholes / np.maximum(parts @ member, _NOTHING))[..., self.stratum]
        return filled


def _cells(column: Ranked, labelled: Known, judged: Judged) -> _Cells:
    """Each positive (at most `CELLS`) with its ties is a cell, and so is what is between two."""
    strata = judged.strata
    edges = _edges(labelled, judged)
    lowest = np.concatenate([[-np.inf], edges])
    stratum = np.searchsorted(strata.cuts, lowest, side="right")
    cell = np.searchsorted(edges, labelled.scores, side="right")
    at = np.searchsorted(strata.cuts, labelled.scores, side="right")
    whole = np.bincount(at, labelled.weight, minlength=len(strata.size))
    worth = labelled.weight * (strata.n_effective / np.maximum(whole, _NOTHING))[at]
    places = np.searchsorted(column.scores, edges)
    size, expected = between(column.measure, places), between(column.expected, places)
    found, others = (
        np.bincount(cell, worth * part, minlength=len(lowest)).astype(np.float64)
        for part in (labelled.truth, 1 - labelled.truth)
    )
    present, absent = (
        np.where(strata.predicted, _JEFFREYS, np.maximum(part, _LEAST))
        for part in (strata.expected, 1 - strata.expected)
    )
    unfound = ~strata.predicted & (strata.n_effective * strata.share < _FOUND)
    anywhere = np.where(unfound, _ANYWHERE, 0.0)
    return _Cells(
        stratum[::-1],
        found[::-1],
        others[::-1],
        _worth_a_draw(found + _spread(present, expected, stratum) + _spread(anywhere, size, stratum))[::-1],
        _worth_a_draw(others + _spread(absent, size - expected, stratum))[::-1],
    )


def _edges(labelled: Known, judged: Judged) -> Floats:
    """Where the cells part, ascending."""
    cuts = judged.strata.cuts
    found = np.unique(labelled.scores[labelled.truth > 0])
    if len(found) > CELLS:
        found = np.quantile(found, np.linspace(0, 1, CELLS), method="lower")
    return np.unique(np.concatenate([found, np.nextafter(found, np.inf), cuts[np.isfinite(cuts)]]))


def _spread(prior: Floats, amount: Floats, stratum: Array) -> Floats:
    """The prior of each stratum over its cells, in proportion to `amount` (n_cells,)."""
    amount = np.maximum(amount, _NOTHING)
    whole = np.bincount(stratum, amount, minlength=len(prior))
    spread: Floats = prior[stratum] * amount / whole[stratum]
    return spread


def _worth_a_draw(parts: Floats) -> Floats:
    """The same with 0 for a trifle: half of all cells are a positive or what is between two, and 0 takes no time."""
    return np.where(parts < _TRIFLE, 0.0, parts)


def _descending(scores: Floats) -> tuple[Array, Array]:
    """The order of falling score, and True where the next score is another."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    return order, np.append(ranked[1:] < ranked[:-1], True)


def _grouped(values: Floats, order: Array, last: Array) -> Floats:
    """Sums over ties, in the order."""
    sums = np.cumsum(values[order])[last]
    grouped: Floats = np.diff(np.concatenate([[0.0], sums]))
    return grouped
