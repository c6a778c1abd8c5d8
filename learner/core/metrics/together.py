"""All categories at once: weighted F1, exact answers, single errors, and the order of a page's categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Array, Floats
from learner.core.audited import Drawn, Population
from learner.core.audited_scores import estimate_of, score_of, shares_of
from learner.core.evaluation import Estimate
from learner.core.metrics.pages import right_column
from learner.core.posterior import N_DRAWS, Judged

_NOTHING = 1e-12
_JEFFREYS = 0.5


@dataclass(frozen=True, slots=True)
class Together:
    """Of all categories together.

    `weighted_f1` weighs each category by how many pages have it. `subset_accuracy` is the share of pages of which every
    category is answered right, `hamming` the share of answers (page and category) that are wrong. `label_ranking_ap`
    is the mean, over the categories of pages that have any, of the precision of the scores of a page down to it.
    """

    weighted_f1: Estimate
    subset_accuracy: Estimate
    hamming: Estimate
    label_ranking_ap: Estimate


def together_of(
    population: Population,
    drawn: Drawn,
    thresholds: Floats,
    every: Sequence[Judged],
    *,
    rng: np.random.Generator,
) -> Together:
    """The four measures over the whole population.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
    every : sequence of Judged, n_categories
        The errors of the categories are taken as independent, as in micro-F1.
    rng : np.random.Generator
    """
    right = right_column(population, drawn, thresholds).judged(np.inf, rng=rng)
    strata = right.strata
    return Together(
        weighted_f1=_weighted_f1(every),
        subset_accuracy=estimate_of(
            float(strata.size @ strata.share) / max(right.total, _NOTHING),
            right.positives.sum(axis=1) / max(right.total, _NOTHING),
            strata.n,
            why="" if strata.n else "no item is known in every category",
        ),
        hamming=_hamming(every),
        label_ranking_ap=label_ranking(population, drawn, rng=rng),
    )


def _weighted_f1(every: Sequence[Judged]) -> Estimate:
    """F1 of each category, by its estimated share of pages; categories of which none was found weigh nothing."""
    found = [one for one in every if one.strata.n_positive]
    n = max((one.strata.n for one in every), default=0)
    if not found:
        return Estimate(None, None, None, n, "no labelled item has any category")
    scores = [score_of(one) for one in found]
    support = np.array([score.tp + score.fn for score in scores])
    value = float(support @ [score.f1.value or 0.0 for score in scores]) / float(support.sum())
    supports, each = [], []
    for one in found:
        hits, alarms, misses = one.counts
        supports.append(hits + misses)
        each.append(shares_of(2 * hits, alarms + misses))
    return estimate_of(value, (np.array(supports) * each).sum(axis=0) / np.sum(supports, axis=0), n)


def _hamming(every: Sequence[Judged]) -> Estimate:
    """Wrong answers among all."""
    n = max((one.strata.n for one in every), default=0)
    if not n:
        return Estimate(None, None, None, 0, "no item is labelled")
    scores = [score_of(one) for one in every]
    answers = sum(one.total for one in every)
    drawn = np.sum([one.counts[1] + one.counts[2] for one in every], axis=0)
    of_draws = np.sum([one.sizes.sum(axis=1) for one in every], axis=0)
    return estimate_of(sum(score.fp + score.fn for score in scores) / answers, drawn / of_draws, n)


def label_ranking(population: Population, drawn: Drawn, *, rng: np.random.Generator) -> Estimate:
    """Label-ranking average precision over pages that have a category (Tsoumakas et al. 2010).

    Pages weigh 1 / inclusion. The interval is a Bayesian bootstrap over sites, with one page more at 0 and one at 1
    that weigh half the mean site each.
    """
    truth = drawn.truth >= 1 / 2
    kept = np.flatnonzero(truth.any(axis=1) & (drawn.truth >= 0).all(axis=1))
    if not len(kept):
        return Estimate(None, None, None, 0, "no labelled item has any category")
    rows = drawn.rows[kept]
    each = ranking_precision(truth[kept], population.logits[rows])
    weight = (1.0 if population.measure is None else population.measure[rows]) / drawn.inclusion[kept]
    sites = drawn.rows if drawn.sites is None else drawn.sites
    _, site = np.unique(sites[kept], return_inverse=True)
    sums, weights = (np.bincount(site.ravel(), values) for values in (weight * each, weight))
    value = float(sums.sum() / weights.sum())
    luck = rng.standard_exponential((N_DRAWS, len(weights)))
    before = rng.standard_gamma(_JEFFREYS, (N_DRAWS, 2)) * weights.mean()
    shares = (luck @ sums + before[:, 0]) / (luck @ weights + before.sum(axis=1))
    return estimate_of(value, shares, len(kept))


def ranking_precision(truth: Array, scores: Array) -> Floats:
    """Of each page the mean, over its categories, of the share of its categories among those scored as high or higher.

    Parameters
    ----------
    truth : bool (n_items, n_categories)
        At least one in each row.
    scores : float (n_items, n_categories)

    Examples
    --------
    >>> ranking_precision(np.array([[True, False, True]]), np.array([[3.0, 2.0, 1.0]])).round(3).tolist()
    [0.833]
    """
    found = np.zeros(len(truth))
    for category in range(truth.shape[1]):
        above = scores >= scores[:, [category]]
        precision = (above & truth).sum(axis=1) / above.sum(axis=1)
        found += np.where(truth[:, category], precision, 0.0)
    shares: Floats = found / truth.sum(axis=1)
    return shares
