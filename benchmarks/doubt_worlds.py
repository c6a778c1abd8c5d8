"""Labels in doubt: three people of known skill say whether an item has the category, and nobody decides."""

from dataclasses import replace

import numpy as np

from benchmarks.score_worlds import World, by_score, fresh
from learner.core.arrays import Floats
from learner.core.audited import Known, strata_at
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate
from learner.core.metrics.doubt import posterior_of
from learner.core.metrics.rates import rates_of
from learner.core.posterior import judged_of

PEOPLE, SENSITIVITY, SPECIFICITY = 3, 0.8, 0.98
PRIORS = ("", ", one prior")


def true_in_doubt(world: World) -> dict[str, float]:
    """What is true of a world, once for each way of taking doubt."""
    _, fp, _ = world.counts(world.threshold)
    at = world.true(world.threshold)
    true = {
        "precision": at["precision"],
        "recall": at["recall"],
        "F1": at["f1"],
        "prevalence": float(world.present.sum()),
        "fpr": fp / float(world.absent.sum()),
    }
    return {name + prior: value for prior in PRIORS for name, value in true.items()}


def estimates_in_doubt(world: World, labels: int, rng: np.random.Generator) -> dict[str, Estimate]:
    """One repetition: by the prior of where an item stands, and by one prior for all, the share among the labelled."""
    people = fresh(world, rng)
    column, labelled = people.column(), by_score(people, labels, rng)
    said = said_of(labelled.truth, rng)
    share = float(labelled.truth.mean())
    odds = said / (1 - said) * share / (1 - share)
    found: dict[str, Estimate] = {}
    for prior, truth in zip(
        PRIORS, (posterior_of(labelled.scores, said, labelled.weight), odds / (1 + odds)), strict=True
    ):
        in_doubt: Known = replace(labelled, truth=truth)
        judged = judged_of(strata_at(column, in_doubt, world.threshold), rng=rng)
        score, rates = score_of(judged), rates_of(judged, rng=rng)
        of_prior = (score.precision, score.recall, score.f1, rates.prevalence, rates.fpr)
        names = ("precision", "recall", "F1", "prevalence", "fpr")
        found |= {name + prior: estimate for name, estimate in zip(names, of_prior, strict=True)}
    return found


def said_of(truth: Floats, rng: np.random.Generator) -> Floats:
    """The chance that each item has the category, by what people say of it alone: as if half of all had it, (n,)."""
    n_present = rng.binomial(PEOPLE, np.where(truth > 0, SENSITIVITY, 1 - SPECIFICITY))
    odds = (SENSITIVITY / (1 - SPECIFICITY)) ** n_present
    odds *= ((1 - SENSITIVITY) / SPECIFICITY) ** (PEOPLE - n_present)
    chance: Floats = odds / (1 + odds)
    return chance
