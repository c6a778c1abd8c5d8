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


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """One column of a population from its lowest score to its highest, so that each cut costs a search and no pass.

    `scores` (n_items,) ascend; `measure` and `expected` (n_items + 1,) are sums over the items below each place: of
    what they measure, and of the positives that the classifier expects among them.
    """

    scores: Floats
    measure: Floats
    expected: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The labelled items of one column, (n_known,) each: scores, truth, what each stands for, and its site."""

    scores: Floats
    truth: Floats
    weight: Floats
    sites: Integers


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One category in strata, with draws of what is positive in each, (N_DRAWS, n_strata).

    `sizes` are draws of what the strata measure, where that is not known: of part of the items, say.
    """

    strata: Strata
    positives: Floats
    sizes: Floats | None = None

    @property
    def counts(self) -> tuple[Floats, Floats, Floats]:
        """Draws of tp, fp and fn, (N_DRAWS,) each."""
        return _counts(self)

    @property
    def total(self) -> float:
        """What the whole population measures."""
        return float(self.strata.size.sum())


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


def judged_of(strata: Strata, *, rng: np.random.Generator) -> Judged:
    """The strata with draws from their posterior."""
    return Judged(strata, _drawn_positives(strata, rng))


def n_labelled(drawn: Drawn) -> int:
    """Items of which something is known."""
    return int((drawn.truth >= 0).any(axis=1).sum())


def ranked_of(population: Population, category: int) -> Ranked:
    """One category of a population, ranked."""
    logits = population.logits[:, category].astype(np.float64)
    return ranked(logits, expit(logits), population.measure)


def ranked(scores: Floats, expected: Floats, measure: Floats | None = None) -> Ranked:
    """Scores (n_items,) with the probability that each is positive, ranked."""
    order = np.argsort(scores)
    weights = np.ones(len(scores)) if measure is None else measure[order]
    return Ranked(scores[order], _running(weights), _running(expected[order] * weights))


def known_of(population: Population, drawn: Drawn, category: int) -> Known:
    """The items of which it is known whether they have one category."""
    return known(drawn, population.logits[drawn.rows, category], drawn.truth[:, category], population.measure)


def known(drawn: Drawn, scores: Array, truth: Floats, measure: Floats | None = None) -> Known:
    """The drawn items with scores and truth of their own, (n_drawn,) each, but for those with a truth of -1."""
    is_known = truth >= 0
    rows = drawn.rows[is_known]
    sites = drawn.rows if drawn.sites is None else drawn.sites
    weight = (np.ones(len(rows)) if measure is None else measure[rows]) / drawn.inclusion[is_known]
    return Known(scores[is_known].astype(np.float64), truth[is_known], weight, sites[is_known])


def strata_of(population: Population, drawn: Drawn, threshold: float, category: int) -> Strata:
    """The population of one category in strata, with what is known of each."""
    return strata_at(ranked_of(population, category), known_of(population, drawn, category), threshold)


def strata_at(column: Ranked, labelled: Known, threshold: float) -> Strata:
    """A ranked column in strata on either side of a threshold."""
    return strata_between(column, labelled, _cuts(labelled.scores, threshold), threshold)


def strata_between(column: Ranked, labelled: Known, cuts: Floats, threshold: float) -> Strata:
    """A ranked column in strata that part at `cuts`, ascending; those from `threshold` on are predicted."""
    places = np.searchsorted(column.scores, cuts)
    stratum = np.searchsorted(cuts, labelled.scores, side="right")

    def total(values: Array) -> Floats:
        summed: Floats = np.bincount(stratum, values, minlength=len(cuts) + 1).astype(np.float64)
        return summed

    truth, weight = labelled.truth, labelled.weight
    size = between(column.measure, places)
    whole = np.maximum(total(weight), _NOTHING)
    predicted = np.append(cuts, np.inf) > threshold
    present, said = truth >= 1 / 2, predicted[stratum]
    doubtful = (truth > 0) & (truth < 1)
    return Strata(
        cuts=cuts,
        predicted=predicted,
        size=size,
        items=np.diff(np.concatenate([[0], places, [len(column.scores)]])),
        share=total(weight * truth) / whole,
        n_effective=_effective(weight, stratum, labelled.sites, len(whole)),
        expected=between(column.expected, places) / np.maximum(size, _NOTHING),
        doubts=(stratum[doubtful], truth[doubtful], (weight / whole[stratum])[doubtful]),
        n=len(truth),
        n_positive=int(present.sum()),
        n_predicted=int(said.sum()),
        n_either=int((present | said).sum()),
    )


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


def _counts(judged: Judged) -> tuple[Floats, Floats, Floats]:
    """Draws of tp, fp and fn, (n_draws,) each."""
    strata, positives = judged.strata, judged.positives
    hits = positives[:, strata.predicted].sum(axis=1)
    misses = positives[:, ~strata.predicted].sum(axis=1)
    sizes = strata.size[None, :] if judged.sizes is None else judged.sizes
    return hits, sizes[:, strata.predicted].sum(axis=1) - hits, misses


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


def _running(values: Floats) -> Floats:
    """Sums of all values before each place, from 0; (n + 1,)."""
    return np.concatenate([[0.0], np.cumsum(values)])


def between(running: Floats, places: Integers) -> Floats:
    """What lies between the places: one more than there are."""
    return np.diff(running[np.concatenate([[0], places, [len(running) - 1]])])


def _cuts(logits: Floats, threshold: float) -> Floats:
    """Where the strata part, ascending; the threshold is one of the cuts.

    Strata of one side have about as many labels each, at least 30.
    """
    cuts = [threshold]
    for is_predicted in (True, False):
        side = np.sort(logits[(logits >= threshold) == is_predicted])
        n_strata = min(_MOST_STRATA[is_predicted], len(side) // _STRATUM_ITEMS)
        cuts += [float(side[len(side) * place // n_strata]) for place in range(1, n_strata)]
    return np.unique(cuts)


def _effective(weight: Floats, stratum: Integers, sites: Integers, n_strata: int) -> Floats:
    """Kish's effective number of labels of each stratum, (n_strata,): a site counts once, with all its weight."""
    _, site = np.unique(sites, return_inverse=True)
    cells, units = np.unique(site.ravel() * n_strata + stratum, return_inverse=True)
    of_unit = np.bincount(units.ravel(), weight, minlength=len(cells))
    whole, squares = (
        np.bincount(cells % n_strata, values, minlength=n_strata) for values in (of_unit, of_unit**2)
    )
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
