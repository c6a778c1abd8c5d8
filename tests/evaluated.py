"""An evaluation with everything measured, of pages that were never there: facts as a worker writes them."""

from typing import Any

import numpy as np
from scipy.special import logit
from scipy.stats import norm

from annotator.pool.models import Item
from learner.core.audited import Drawn, Population
from learner.core.classifier import LinearClassifier
from learner.core.metrics.report import measured
from learner.evaluation.measuring import Scored, known_pages, pack_facts, policy_facts, profiles_for
from learner.evaluation.models import Evaluation, KnownPages
from learner.evaluation.packs import pack_members
from learner.training.models import ClassifierVersion

N_ITEMS, N_DRAWN = 4_000, 600


def classifier_like(version: ClassifierVersion) -> LinearClassifier:
    """A classifier with the thresholds of the version and nothing else."""
    classifier = LinearClassifier([row["category"] for row in version.categories])
    classifier.thresholds_ = np.array(
        [logit(row["threshold"]) if row["learned"] else np.inf for row in version.categories]
    )
    return classifier


def make_evaluation(version: ClassifierVersion, items: list[Item], *, last_resolution: int = 9) -> Evaluation:
    """An evaluation of a version on a made holdout; its known pages are these items."""
    classifier, rng = classifier_like(version), np.random.default_rng(7)
    n_categories = len(classifier.categories)
    prevalence = np.geomspace(0.02, 0.15, n_categories)
    truth = rng.random((N_ITEMS, n_categories)) < prevalence
    seen = rng.normal(size=truth.shape) + 2.5 * truth
    logits = logit(prevalence) + norm.logpdf(seen - 2.5) - norm.logpdf(seen)
    population = Population(logits.astype(np.float32))
    rows = np.sort(rng.choice(N_ITEMS, N_DRAWN, replace=False))
    drawn = Drawn(rows, truth[rows].astype(np.float64), np.full(N_DRAWN, N_DRAWN / N_ITEMS))
    kinds = {
        "source": ["crawl" if row % 3 else "list" for row in rows],
        "language": ["English" if row % 4 else "Spanish" for row in rows],
    }
    facts: dict[str, Any] = measured(
        population, drawn, classifier.thresholds_, kinds, categories=classifier.categories, rng=rng
    )
    profiles = profiles_for(version.project, classifier, facts)
    ids = np.array(sorted(item.pk for item in items), dtype=np.int64)
    known = Scored(ids, np.arange(len(ids)), population.logits[rows[: len(ids)]])
    members = pack_members(version.project)
    facts["policies"] = policy_facts(profiles, population, drawn, classifier, kinds, rng=rng)
    facts["pack"] = pack_facts(profiles, members, known, classifier, set(classifier.categories[:3]))
    evaluation = Evaluation.objects.create(
        project=version.project,
        classifier=version,
        last_resolution=last_resolution,
        n_items=N_DRAWN,
        facts=facts,
    )
    near = known_pages(classifier, (known, truth[rows[: len(ids)]]), (known, truth[rows[: len(ids)]]))
    KnownPages.objects.bulk_create(
        KnownPages(evaluation=evaluation, category=slug, pages=pages) for slug, pages in near.items()
    )
    return evaluation
