"""How well a classifier does on pages like those of a population of which only a drawn part is labelled.

Draws from all strata together (`learner.core.posterior`) give precision, recall and F1 with intervals that hold for
rare categories too; the values are ratios of the estimated counts.
"""

from collections.abc import Sequence

import numpy as np

from learner.core.arrays import Floats
from learner.core.audited import Drawn, Population, n_labelled, strata_of
from learner.core.evaluation import CONFIDENCE, CategoryScore, Estimate, OverallScore
from learner.core.posterior import Judged, judged_of

_NOTHING = 1e-12
_ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def audited_scores(
    population: Population, drawn: Drawn, thresholds: Floats, *, rng: np.random.Generator
) -> tuple[list[CategoryScore], OverallScore]:
    """Counts, precision, recall and F1 of each category over the whole population, and all categories together.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
        An item is predicted where its logit reaches it.
    rng : np.random.Generator
        For the draws from the posterior.

    Returns
    -------
    list of CategoryScore, n_categories
        The four counts are of the population, estimated. A score is None where nothing was found that it could be
        a share of.
    OverallScore
        Macro-F1 is the mean over the categories whose F1 is defined. Its interval and that of micro-F1 take the errors
        of the categories as independent: they come from different pages for the most part.
    """
    every = [
        judged_of(strata_of(population, drawn, float(threshold), category), rng=rng)
        for category, threshold in enumerate(thresholds)
    ]
    return scores_of(every, n_labelled(drawn))


def scores_of(every: Sequence[Judged], n: int) -> tuple[list[CategoryScore], OverallScore]:
    """The scores of categories that are judged already, and all together; `n` items are labelled."""
    scores = [score_of(one) for one in every]
    return scores, _overall([one.counts for one in every], scores, n)


def score_of(judged: Judged) -> CategoryScore:
    """The scores of a category from its strata, and draws of what is positive in each."""
    strata = judged.strata
    mean = strata.size * strata.share
    tp, fn = (float(mean[side].sum()) for side in (strata.predicted, ~strata.predicted))
    fp, tn = (float((strata.size - mean)[side].sum()) for side in (strata.predicted, ~strata.predicted))
    varies = strata.size**2 * strata.share * (1 - strata.share) / np.maximum(strata.n_effective, 1)
    of_predicted, of_others = (float(varies[side].sum()) for side in (strata.predicted, ~strata.predicted))
    hits, alarms, misses = judged.counts
    return CategoryScore(
        n=strata.n,
        n_positive=strata.n_positive,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        precision=estimate_of(
            ratio_of(tp, fp, 0.0, 0.0),
            shares_of(hits, alarms),
            strata.n_predicted,
            why="" if strata.n_predicted else "it was predicted for no labelled item",
        ),
        recall=estimate_of(
            ratio_of(tp, fn, of_predicted, of_others),
            shares_of(hits, misses),
            strata.n_positive,
            why="" if strata.n_positive else "no labelled item has it",
        ),
        f1=estimate_of(
            ratio_of(2 * tp, fp + fn, 4 * of_predicted, of_predicted + of_others),
            shares_of(2 * hits, alarms + misses),
            strata.n_either,
            why="" if strata.n_either else "it is neither present nor predicted in any labelled item",
        ),
    )


def _overall(
    drawn: Sequence[tuple[Floats, Floats, Floats]], scores: Sequence[CategoryScore], n: int
) -> OverallScore:
    defined = [number for number, score in enumerate(scores) if score.f1.value is not None]
    if not defined:
        nothing = Estimate(None, None, None, n, "no category is present or predicted anywhere")
        return OverallScore(nothing, nothing, 0)
    values = [scores[number].f1.value or 0.0 for number in defined]
    each = [shares_of(2 * drawn[number][0], drawn[number][1] + drawn[number][2]) for number in defined]
    hits, alarms, misses = (np.sum([counts[part] for counts in drawn], axis=0) for part in range(3))
    tp, wrong = sum(score.tp for score in scores), sum(score.fp + score.fn for score in scores)
    return OverallScore(
        macro_f1=estimate_of(float(np.mean(values)), np.mean(each, axis=0), n),
        micro_f1=estimate_of(ratio_of(2 * tp, wrong, 0.0, 0.0), shares_of(2 * hits, alarms + misses), n),
        n_categories=len(defined),
    )


def shares_of(part: Floats, others: Floats) -> Floats:
    """part / (part + others), 0 where both are."""
    shares: Floats = part / np.maximum(part + others, _NOTHING)
    return shares


def ratio_of(hits: float, others: float, of_hits: float, of_others: float) -> float:
    """hits / (hits + others) less its bias to second order; `of_hits` and `of_others` are their variances."""
    whole = hits + others
    if whole <= 0:
        return 0.0
    bias = (hits * of_others - others * of_hits) / whole**3
    return float(np.clip(hits / whole - bias, 0, 1))


def estimate_of(value: float, drawn: Floats, n: int, *, why: str = "") -> Estimate:
    """A value with the interval of draws (n_draws,), widened to hold the value; None where `why` says so."""
    low, high = (float(end) for end in np.quantile(drawn, _ENDS))
    if why:
        return Estimate(None, None, None, n, why)
    return Estimate(value, min(low, value), max(high, value), n, "")
