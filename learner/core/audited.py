"""How well a classifier does on pages like those of a population of which only a drawn part is labelled.

Items are drawn with known and unequal probabilities, so that rare categories come up often enough. Of each category
the population is cut into strata by score, on either side of the threshold. The share of positives of a stratum has a
Beta posterior of its labelled items, weighted by what they stand for. Draws from all strata together give precision,
recall and F1 with intervals that hold for rare categories too, where the normal approximation, Wilson's interval on an
effective number and the bootstrap do not: none of them knows of the large stratum of low scores in which nothing was
found (`benchmarks/evaluation_coverage.py`, decision 150).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers
from learner.core.evaluation import CONFIDENCE, CategoryScore, Estimate, OverallScore

N_DRAWS = 1_000
_STRATUM_ITEMS = 30
_MOST_STRATA = {True: 2, False: 5}
"""On the side of the predicted items, and on the other."""
_UNSEEN = 0.01
"""Pseudo-count of positives, beside what the classifier expects, in a stratum that it says nothing is in."""
_JEFFREYS = 0.5
_NOTHING = 1e-12
_ENDS = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """All items that a statement is about.

    `logits` (n_items, n_categories) are the classifier's; `measure` (n_items,) is how much each counts, for instance
    its requests a day: 1 each where none is given.
    """

    logits: Floats32
    measure: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """The items of a population that were drawn.

    Attributes
    ----------
    rows : integers (n_drawn,)
        Of the population, each once.
    truth : float (n_drawn, n_categories)
        The probability that the category is present: 1 or 0 where it is held true or not, between where truth inference
        is in doubt; -1 where nothing is known, and those known of its stratum stand for it.
    inclusion : float (n_drawn,)
        The probability with which the item came into the draw, over 0 and at most 1.
    sites : (n_drawn,), optional
        Pages of a site rise and fall together: in a stratum they count as one label. Without it, every item is its own.

    Raises
    ------
    ValueError
        If lengths differ, a row comes twice, or a probability is none.
    """

    rows: Integers
    truth: Floats
    inclusion: Floats
    sites: Integers | None = None

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.truth) == len(self.inclusion):
            raise ValueError(
                f"{len(self.rows)} rows, {len(self.truth)} truths and {len(self.inclusion)} probabilities; "
                "there must be one of each for each item"
            )
        if len(np.unique(self.rows)) != len(self.rows):
            raise ValueError("an item comes twice; give each once, with its probability over all draws")
        if len(self.inclusion) and not (self.inclusion.min() > 0 and self.inclusion.max() <= 1):
            raise ValueError("an inclusion probability is not over 0 and at most 1")
        if self.truth.size and not ((self.truth == -1) | ((self.truth >= 0) & (self.truth <= 1))).all():
            raise ValueError("truth holds probabilities from 0 to 1, and -1 where nothing is known")


@dataclass(frozen=True, slots=True, eq=False)
class Strata:
    """One category, cut by score: each array is (n_strata,), and `cuts` one shorter.

    `predicted` says on which side of the threshold a stratum is, `size` what it measures, `items` how many it holds;
    `share` is the share of positives in it and `n_effective` the effective number of labels behind that (Kish, by
    site); `expected` the share that the classifier expects. `doubts` holds, of labels that are not certain, their
    stratum, probability, and what a positive adds to the share. `n` and its like count labelled items: all, those
    present, predicted, and either.
    """

    cuts: Floats
    predicted: Booleans
    size: Floats
    items: Integers
    share: Floats
    n_effective: Floats
    expected: Floats
    doubts: tuple[Integers, Floats, Floats]
    n: int
    n_positive: int
    n_predicted: int
    n_either: int


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
    strata = [
        strata_of(population, drawn, float(threshold), category)
        for category, threshold in enumerate(thresholds)
    ]
    positives = [_drawn_positives(one, rng) for one in strata]
    scores = [score_of(*pair) for pair in zip(strata, positives, strict=True)]
    n = int((drawn.truth >= 0).any(axis=1).sum())
    return scores, _overall([_counts(*pair) for pair in zip(strata, positives, strict=True)], scores, n)


def strata_of(population: Population, drawn: Drawn, threshold: float, category: int) -> Strata:
    """The population of one category in strata, with what is known of each."""
    logits = population.logits[:, category]
    measure = np.ones(len(logits)) if population.measure is None else population.measure
    is_known = drawn.truth[:, category] >= 0
    truth, rows = drawn.truth[is_known, category], drawn.rows[is_known]
    cuts = _cuts(logits[rows], threshold)
    stratum = np.searchsorted(cuts, logits, side="right")
    of_known = stratum[rows]

    def total(values: Array, places: Array) -> Floats:
        summed: Floats = np.bincount(places, values, minlength=len(cuts) + 1).astype(np.float64)
        return summed

    size = total(measure, stratum)
    weight = measure[rows] / drawn.inclusion[is_known]
    whole = np.maximum(total(weight, of_known), _NOTHING)
    predicted = np.append(cuts, np.inf) > threshold
    present, said = truth >= 1 / 2, predicted[of_known]
    doubtful = (truth > 0) & (truth < 1)
    return Strata(
        cuts=cuts,
        predicted=predicted,
        size=size,
        items=np.bincount(stratum, minlength=len(cuts) + 1),
        share=total(weight * truth, of_known) / whole,
        n_effective=_effective(weight, of_known, drawn, is_known, len(whole)),
        expected=total(expit(logits.astype(np.float64)) * measure, stratum) / np.maximum(size, _NOTHING),
        doubts=(of_known[doubtful], truth[doubtful], (weight / whole[of_known])[doubtful]),
        n=len(rows),
        n_positive=int(present.sum()),
        n_predicted=int(said.sum()),
        n_either=int((present | said).sum()),
    )


def score_of(strata: Strata, positives: Floats) -> CategoryScore:
    """The scores of a category from its strata, and draws of what is positive in each, (n_draws, n_strata)."""
    mean = strata.size * strata.share
    tp, fn = (float(mean[side].sum()) for side in (strata.predicted, ~strata.predicted))
    fp, tn = (float((strata.size - mean)[side].sum()) for side in (strata.predicted, ~strata.predicted))
    varies = strata.size**2 * strata.share * (1 - strata.share) / np.maximum(strata.n_effective, 1)
    of_predicted, of_others = (float(varies[side].sum()) for side in (strata.predicted, ~strata.predicted))
    hits, alarms, misses = _counts(strata, positives)
    return CategoryScore(
        n=strata.n,
        n_positive=strata.n_positive,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        precision=_estimate(
            _ratio(tp, fp, 0.0, 0.0),
            _shares(hits, alarms),
            strata.n_predicted,
            why="" if strata.n_predicted else "it was predicted for no labelled item",
        ),
        recall=_estimate(
            _ratio(tp, fn, of_predicted, of_others),
            _shares(hits, misses),
            strata.n_positive,
            why="" if strata.n_positive else "no labelled item has it",
        ),
        f1=_estimate(
            _ratio(2 * tp, fp + fn, 4 * of_predicted, of_predicted + of_others),
            _shares(2 * hits, alarms + misses),
            strata.n_either,
            why="" if strata.n_either else "it is neither present nor predicted in any labelled item",
        ),
    )


def _counts(strata: Strata, positives: Floats) -> tuple[Floats, Floats, Floats]:
    """Draws of tp, fp and fn, (n_draws,) each."""
    hits = positives[:, strata.predicted].sum(axis=1)
    misses = positives[:, ~strata.predicted].sum(axis=1)
    return hits, float(strata.size[strata.predicted].sum()) - hits, misses


def _overall(
    drawn: Sequence[tuple[Floats, Floats, Floats]], scores: Sequence[CategoryScore], n: int
) -> OverallScore:
    defined = [number for number, score in enumerate(scores) if score.f1.value is not None]
    if not defined:
        nothing = Estimate(None, None, None, n, "no category is present or predicted anywhere")
        return OverallScore(nothing, nothing, 0)
    values = [scores[number].f1.value or 0.0 for number in defined]
    each = [_shares(2 * drawn[number][0], drawn[number][1] + drawn[number][2]) for number in defined]
    hits, alarms, misses = (np.sum([counts[part] for counts in drawn], axis=0) for part in range(3))
    tp, wrong = sum(score.tp for score in scores), sum(score.fp + score.fn for score in scores)
    return OverallScore(
        macro_f1=_estimate(float(np.mean(values)), np.mean(each, axis=0), n),
        micro_f1=_estimate(_ratio(2 * tp, wrong, 0.0, 0.0), _shares(2 * hits, alarms + misses), n),
        n_categories=len(defined),
    )


def _shares(part: Floats, others: Floats) -> Floats:
    """part / (part + others), 0 where both are."""
    shares: Floats = part / np.maximum(part + others, _NOTHING)
    return shares


def _cuts(logits: Floats32, threshold: float) -> Floats:
    """Where the strata part, ascending; the threshold is one of the cuts.

    Strata of one side have about as many labels each, at least 30.
    """
    cuts = [threshold]
    for is_predicted in (True, False):
        side = np.sort(logits[(logits >= threshold) == is_predicted]).astype(np.float64)
        n_strata = min(_MOST_STRATA[is_predicted], len(side) // _STRATUM_ITEMS)
        cuts += [float(side[len(side) * place // n_strata]) for place in range(1, n_strata)]
    return np.unique(cuts)


def _effective(weight: Floats, stratum: Integers, drawn: Drawn, is_known: Booleans, n_strata: int) -> Floats:
    """Kish's effective number of labels of each stratum, (n_strata,): a site counts once, with all its weight."""
    sites = drawn.rows if drawn.sites is None else drawn.sites
    _, units = np.unique(np.stack([stratum, sites[is_known]]), axis=1, return_inverse=True)
    of_unit = np.bincount(units.ravel(), weight)
    where = np.zeros(len(of_unit), dtype=np.int64)
    where[units.ravel()] = stratum
    whole, squares = (np.bincount(where, values, minlength=n_strata) for values in (of_unit, of_unit**2))
    return np.where(squares > 0, whole**2 / np.maximum(squares, _NOTHING), 0.0)


def _drawn_positives(strata: Strata, rng: np.random.Generator) -> Floats:
    """Draws of what is positive of each stratum, (N_DRAWS, n_strata)."""
    share = np.broadcast_to(strata.share, (N_DRAWS, len(strata.share)))
    places, probability, adds = strata.doubts
    if len(places):
        by_stratum = np.zeros((len(places), len(strata.share)))
        by_stratum[np.arange(len(places)), places] = adds
        held = rng.random((N_DRAWS, len(places))) < probability
        share = np.clip(share + (held - probability) @ by_stratum, 0, 1)
    present, absent = prior_of(strata)
    positives: Floats = _drawn_sizes(strata, rng) * rng.beta(
        present + strata.n_effective * share, absent + strata.n_effective * (1 - share)
    )
    return positives


def _drawn_sizes(strata: Strata, rng: np.random.Generator) -> Floats:
    """Draws of what the strata measure, (N_DRAWS, n_strata): how the predicted items fall on theirs is chance, too.

    Of pages like those of the population, that is; how many are predicted in all stays.
    """
    predicted = strata.predicted & (strata.items > 0)
    sizes = np.broadcast_to(strata.size, (N_DRAWS, len(strata.size))).copy()
    whole = strata.size[predicted]
    drawn = rng.gamma(strata.items[predicted], whole / strata.items[predicted], (N_DRAWS, len(whole)))
    sizes[:, predicted] = drawn * whole.sum() / np.maximum(drawn.sum(axis=1, keepdims=True), _NOTHING)
    return sizes


def prior_of(strata: Strata) -> tuple[Floats, Floats]:
    """The prior counts of positives and others in each stratum, (n_strata,) each."""
    present = np.where(strata.predicted, _JEFFREYS, _UNSEEN + strata.expected)
    absent = np.where(strata.predicted, _JEFFREYS, 1 - strata.expected)
    return present, absent


def _ratio(hits: float, others: float, of_hits: float, of_others: float) -> float:
    """hits / (hits + others) less its bias to second order; `of_hits` and `of_others` are their variances."""
    whole = hits + others
    if whole <= 0:
        return 0.0
    bias = (hits * of_others - others * of_hits) / whole**3
    return float(np.clip(hits / whole - bias, 0, 1))


def _estimate(value: float, drawn: Floats, n: int, *, why: str = "") -> Estimate:
    low, high = (float(end) for end in np.quantile(drawn, _ENDS))
    if why:
        return Estimate(None, None, None, n, why)
    return Estimate(value, min(low, value), max(high, value), n, "")
