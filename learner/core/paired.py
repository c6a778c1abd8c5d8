"""Two classifiers on the same audited items: paired differences with intervals, and exact tests that one is worse.

Items weigh 1 / their inclusion probability, and pages of a site stand and fall together. The interval of a difference
is the wider, at each end, of a bootstrap over sites and of Agresti and Min's (2005, doi:10.1002/sim.1781) for matched
pairs on Kish's effective number of sites: where no page differs the bootstrap would say that none ever will.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest, norm

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.evaluation import CONFIDENCE, Estimate

N_DRAWS = 1_000
_ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_Z = float(norm.ppf(_ENDS[1]))
_UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class PairedScore:
    """One category, the candidate against the base.

    `lost` pages have it and the base alone found them, `found` the candidate alone; `blocked` pages do not have it and
    the candidate alone says so, `cleared` the base alone. `p_lost` and `p_blocked` are one-sided exact tests, each
    site once, that the candidate is worse, `p_found` and `p_cleared` that it is better. The differences
    are candidate less base.
    """

    category: str
    n: int
    lost: int
    found: int
    blocked: int
    cleared: int
    p_lost: float
    p_blocked: float
    p_found: float
    p_cleared: float
    recall: Estimate
    false_positive_rate: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True, eq=False)
class PairedItems:
    """Audited items with both predictions; truth, base and candidate are (n_items, n_categories), the rest (n_items,).

    `truth` is 1, 0, or -1 where it is not known; `weights` are 1 / inclusion probability.
    """

    truth: Array
    base: Booleans
    candidate: Booleans
    weights: Floats
    sites: Integers


def paired_scores(
    items: PairedItems, categories: Sequence[str], *, rng: np.random.Generator
) -> list[PairedScore]:
    """Each category, the candidate against the base.

    Parameters
    ----------
    items : PairedItems
    categories : sequence of str
        In the order of the columns.
    rng : np.random.Generator
        For the bootstrap.
    """
    return [_score(items, name, column, rng) for column, name in enumerate(categories)]


def flips(items: PairedItems, column: int) -> Integers:
    """Rows that the two answer differently in one category, those that weigh most first."""
    differs = np.flatnonzero(
        (items.base[:, column] != items.candidate[:, column]) & (items.truth[:, column] >= 0)
    )
    order: Integers = differs[np.argsort(-items.weights[differs], kind="stable")]
    return order


def _score(items: PairedItems, name: str, column: int, rng: np.random.Generator) -> PairedScore:
    known = items.truth[:, column] != _UNKNOWN
    truth = items.truth[known, column] == 1
    base, candidate = items.base[known, column], items.candidate[known, column]
    weights = items.weights[known]
    sites = np.unique(items.sites[known], return_inverse=True)[1]
    lost, found = truth & base & ~candidate, truth & ~base & candidate
    blocked, cleared = ~truth & ~base & candidate, ~truth & base & ~candidate
    parts = np.stack(
        [truth, lost, found, ~truth, blocked, cleared, truth & base, truth & candidate, base, candidate]
    )
    sums = np.zeros((len(parts), int(sites.max(initial=-1)) + 1))
    for at, part in enumerate(parts):
        sums[at] = np.bincount(sites, weights * part, minlength=sums.shape[1])
    drawn = _bootstrap(sums, rng)
    whole = sums.sum(axis=1)
    return PairedScore(
        category=name,
        n=int(known.sum()),
        lost=int(lost.sum()),
        found=int(found.sum()),
        blocked=int(blocked.sum()),
        cleared=int(cleared.sum()),
        p_lost=_more(sites, lost, found),
        p_blocked=_more(sites, blocked, cleared),
        p_found=_more(sites, found, lost),
        p_cleared=_more(sites, cleared, blocked),
        recall=_difference(
            whole[[2, 1, 0]], drawn[[2, 1, 0]], sums[0], int(truth.sum()), "no audited item has it"
        ),
        false_positive_rate=_difference(
            whole[[4, 5, 3]], drawn[[4, 5, 3]], sums[3], int((~truth).sum()), "every audited item has it"
        ),
        f1=_f1(whole, drawn, int((truth | base | candidate).sum())),
    )


def _bootstrap(sums: Floats, rng: np.random.Generator) -> Floats:
    """The sums of resampled sites, (n_parts, n_draws)."""
    n_sites = sums.shape[1]
    if not n_sites:
        return np.zeros((len(sums), N_DRAWS))
    drawn = np.empty((len(sums), N_DRAWS))
    share = np.full(n_sites, 1 / n_sites)
    for at in range(N_DRAWS):
        drawn[:, at] = sums @ rng.multinomial(n_sites, share)
    return drawn


def _more(sites: Integers, against: Booleans, favour: Booleans) -> float:
    """One-sided exact sign test of `against` over `favour`: a site counts once, as most of its differing pages say."""
    if not (against.any() or favour.any()):
        return 1.0
    net = np.bincount(sites, against.astype(np.float64) - favour)
    n_against, n_favour = int((net > 0).sum()), int((net < 0).sum())
    if not n_against + n_favour:
        return 1.0
    return float(binomtest(n_against, n_against + n_favour, alternative="greater").pvalue)


def _difference(whole: Floats, drawn: Floats, of_sites: Floats, n: int, why: str) -> Estimate:
    """(more - less) / all, of weights; rows are more, less, all."""
    more, less, total = whole
    if total <= 0:
        return Estimate(None, None, None, n, why)
    value = float((more - less) / total)
    there = drawn[:, drawn[2] > 0]
    low, high = np.quantile((there[0] - there[1]) / there[2], _ENDS)
    size = float(of_sites.sum() ** 2 / (of_sites**2).sum())
    wide_low, wide_high = _matched(more / total, less / total, size)
    ends = float(max(-1, min(low, wide_low, value))), float(min(1, max(high, wide_high, value)))
    return Estimate(value, *ends, n, "")


def _matched(more: float, less: float, n: float) -> tuple[float, float]:
    """Agresti and Min's interval: half a pair is added to each of the four cells."""
    n_added = n + 2
    p_more, p_less = (more * n + 0.5) / n_added, (less * n + 0.5) / n_added
    middle = p_more - p_less
    half = _Z * float(np.sqrt(max(p_more + p_less - middle**2, 0) / n_added))
    return middle - half, middle + half


def _f1(whole: Floats, drawn: Floats, n: int) -> Estimate:
    if not n:
        return Estimate(None, None, None, 0, "neither present nor predicted in any audited item")
    if not whole[0]:  # both are 0 in every resample, which says nothing of pages that have it
        return Estimate(None, None, None, n, "no audited item has it")
    low, high = np.quantile(_f1_difference(drawn), _ENDS)
    value = float(_f1_difference(whole[:, None])[0])
    if low == high == value:  # as sure as the bootstrap would be of it, however few sites there are
        why = (
            "no page tells the two apart in it"
            if value == 0
            else "all sites say the same, which gives no interval"
        )
        return Estimate(None, None, None, n, why)
    return Estimate(value, float(min(low, value)), float(max(high, value)), n, "")


def _f1_difference(sums: Floats) -> Floats:
    present, base_hits, hits, base_said, said = sums[[0, 6, 7, 8, 9]]
    difference: Floats = 2 * hits / np.maximum(present + said, 1e-12) - 2 * base_hits / np.maximum(
        present + base_said, 1e-12
    )
    return difference
