"""What is known of a population of which only a drawn part is labelled: in strata by score, category by category.

Items are drawn with known and unequal probabilities, so that rare categories come up often enough. Of each category
the population is cut into strata by score, on either side of the threshold. `learner.core.posterior` says what may be
true of them, `learner.core.audited_scores` what that makes of precision, recall and F1.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers

_STRATUM_ITEMS = 30
_MOST_STRATA = {True: 2, False: 12}
"""On the side of the predicted items, and on the other."""
_NOTHING = 1e-12


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
        Pages of a site rise and fall together, and count as one label. Without it, every item is its own.

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
        n_effective=_effective(weight, stratum, labelled.sites, predicted),
        expected=between(column.expected, places) / np.maximum(size, _NOTHING),
        doubts=(stratum[doubtful], truth[doubtful], (weight / whole[stratum])[doubtful]),
        n=len(truth),
        n_positive=int(present.sum()),
        n_predicted=int(said.sum()),
        n_either=int((present | said).sum()),
    )


def _running(values: Floats) -> Floats:
    """Sums of all values before each place, from 0; (n + 1,)."""
    return np.concatenate([[0.0], np.cumsum(values)])


def between(running: Floats, places: Integers) -> Floats:
    """What lies between the places: one more than there are."""
    return np.diff(running[np.concatenate([[0], places, [len(running) - 1]])])


def _cuts(logits: Floats, threshold: float) -> Floats:
    """Where the strata part, ascending; the threshold is one of the cuts.

    Strata of one side have about as many labels each, at least 30. They part midway between two labelled items: where a
    stratum begins with one, its lowest item is always labelled, and precision came out .7 % too low.
    """
    cuts = [threshold]
    for is_predicted in (True, False):
        side = np.sort(logits[(logits >= threshold) == is_predicted])
        n_strata = min(_MOST_STRATA[is_predicted], len(side) // _STRATUM_ITEMS)
        above = np.array([len(side) * place // n_strata for place in range(1, n_strata)], dtype=np.int64)
        cuts += ((side[above - 1] + side[above]) / 2).tolist()
    return np.unique(cuts)


def _effective(weight: Floats, stratum: Integers, sites: Integers, predicted: Booleans) -> Floats:
    """Kish's effective number of labels of each stratum, (n_strata,): a site counts once, with all its weight.

    Its pages lie in several strata, and rise and fall together in all of them: so what they take from the number of
    all labels on a side of the threshold they take from each stratum, where it has not lost more.
    """
    n_strata = len(predicted)
    side = predicted[stratum].astype(np.int64)
    alone, together = _kish(weight, side, 2), _kish_by_site(weight, side, sites, 2)
    kept = together / np.maximum(alone, _NOTHING)
    of_items = _kish(weight, stratum, n_strata) * kept[predicted.astype(np.int64)]
    return np.minimum(_kish_by_site(weight, stratum, sites, n_strata), of_items)


def _kish_by_site(weight: Floats, group: Integers, sites: Integers, n_groups: int) -> Floats:
    """The same with all pages that a site has in a group as one."""
    _, site = np.unique(sites, return_inverse=True)
    cells, units = np.unique(site.ravel() * n_groups + group, return_inverse=True)
    of_unit = np.bincount(units.ravel(), weight, minlength=len(cells)).astype(np.float64)
    return _kish(of_unit, cells % n_groups, n_groups)


def _kish(weight: Floats, group: Integers, n_groups: int) -> Floats:
    """Kish's effective number of each group, (n_groups,); 0 where it is empty."""
    whole, squares = (np.bincount(group, values, minlength=n_groups) for values in (weight, weight**2))
    return np.where(squares > 0, whole**2 / np.maximum(squares, _NOTHING), 0.0)
