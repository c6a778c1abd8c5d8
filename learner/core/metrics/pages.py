"""What is true of a page as a whole and not of one category: columns of their own, with a score and a chance each."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from learner.core.arrays import Booleans, Floats
from learner.core.audited import Drawn, Known, Population, Ranked, known, ranked, strata_at
from learner.core.posterior import Judged, judged_of

_NOT_KNOWN = -1.0
_SURE = 1e-9
_FAR = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """Something that a page is or is not: of the population, of its labelled items, and of all drawn ones.

    `scores` and `truth` are (n_drawn,); the truth is -1 where it is not known.
    """

    population: Ranked
    labelled: Known
    scores: Floats
    truth: Floats

    def judged(self, threshold: float, *, rng: np.random.Generator) -> Judged:
        """In strata, predicted from the threshold on."""
        return judged_of(strata_at(self.population, self.labelled, threshold), rng=rng)


def blocked_column(population: Population, drawn: Drawn, thresholds: Floats, blocks: Booleans) -> Column:
    """Whether a page has any category that is blocked; it is predicted from a score of 0 on.

    `thresholds` are logits and `blocks` says which categories count, (n_categories,) each; at least one must.
    """
    margin = (population.logits[:, blocks] - thresholds[blocks]).max(axis=1).astype(np.float64)
    return _column(population, drawn, margin, 1 - _none_of(population, blocks), _any_of(drawn, blocks))


def nothing_column(population: Population, drawn: Drawn, thresholds: Floats) -> Column:
    """Whether a page has no category at all; it is predicted from a score of 0 on."""
    every = np.ones(len(thresholds), dtype=np.bool_)
    margin = (population.logits - thresholds).max(axis=1).astype(np.float64)
    calm = np.where(margin >= 0, np.minimum(-margin, -_SURE), -margin)
    some = _any_of(drawn, every)
    truth = np.where(some < 0, _NOT_KNOWN, 1 - some)
    return _column(population, drawn, calm, _none_of(population, every), truth)


def right_column(population: Population, drawn: Drawn, thresholds: Floats) -> Column:
    """Whether all categories of a page are answered right. Its score is the chance of that by the classifier itself."""
    predicted = population.logits >= thresholds
    probability = expit(population.logits)
    chance = np.where(predicted, probability, 1 - probability).prod(axis=1, dtype=np.float64)
    of_drawn = predicted[drawn.rows]
    truth = np.where(of_drawn, drawn.truth, 1 - drawn.truth).prod(axis=1)
    truth[(drawn.truth < 0).any(axis=1)] = _NOT_KNOWN
    return _column(population, drawn, logit(np.clip(chance, _SURE, 1 - _SURE)), chance, truth)


def _column(population: Population, drawn: Drawn, scores: Floats, chance: Floats, truth: Floats) -> Column:
    scores = np.clip(scores, -_FAR, _FAR)
    of_drawn = scores[drawn.rows]
    return Column(
        ranked(scores, chance, population.measure),
        known(drawn, of_drawn, truth, population.measure),
        of_drawn,
        truth,
    )


def _none_of(population: Population, categories: Booleans) -> Floats:
    """The chance that none of these is present, the categories taken as independent, (n_items,)."""
    absent: Floats = (1 - expit(population.logits[:, categories])).prod(axis=1, dtype=np.float64)
    return absent


def _any_of(drawn: Drawn, categories: Booleans) -> Floats:
    """The probability that any is present, (n_drawn,); -1 where one that may be is not known."""
    truth = drawn.truth[:, categories]
    some = 1 - (1 - np.maximum(truth, 0)).prod(axis=1)
    unknown = (truth < 0).any(axis=1) & (some < 1)
    return np.where(unknown, _NOT_KNOWN, some)
