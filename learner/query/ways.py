"""Ways to choose the next batch: settings and a classifier, played over the shards. For workers only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from annotator.pool.models import Item
from annotator.projects.models import Category, Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment, AssignmentState
from annotator.runs import Run, run_progress
from learner.core.arrays import Booleans
from learner.core.artifact import artifact_read
from learner.core.candidates import merge
from learner.core.catalogue import COLD
from learner.core.classifier import LinearClassifier
from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.learner import QueryModel
from learner.core.selection import Candidates, Choice, StreamPlan, select_batch, shard_candidates
from learner.core.shards import Shard, domain_key
from learner.core.strategies import STRATEGIES
from learner.query.files import file_read
from learner.query.forecasting import Outlook, outlook_of
from learner.query.running import Phases
from learner.query.services import ClassifierFile
from learner.query.shards import shards_load, shards_of
from learner.query.steering import Steering

BENIGN_FLOOR = 0.25  # of a batch, so that whoever is on lighter pages finds some


@dataclass(frozen=True, eq=False)
class Way:
    """One way to choose: who scores, by which strategy, and what a batch is made of."""

    model: QueryModel
    plan: StreamPlan


@dataclass(frozen=True, eq=False)
class Chosen:
    """What one way would put into the next batch, in the order of serving, and what is expected of its candidates."""

    choices: list[Choice]
    outlook: Outlook
    candidates: Candidates


def way_of(project: Project, classifier: ClassifierFile | None, steering: Steering, seed: int) -> Way:
    """The way of these settings, with this classifier, or before the first one the definitions alone. One query."""
    taxonomy = taxonomy_current(project)
    if classifier is None:
        fitted = LinearClassifier(taxonomy.slugs)
    else:
        artifact = file_read(classifier.artifact, classifier.sha256)
        fitted = artifact_read(artifact, classifier.sha256).classifier
    known = {category.slug: category for category in taxonomy.categories}
    definitions = [_definition(slug, known.get(slug)) for slug in fitted.categories]
    strategy = STRATEGIES[steering.strategy if fitted.learned.any() else COLD]
    return Way(
        model=QueryModel(fitted, strategy, featurise_definitions(definitions)),
        plan=StreamPlan(steering.batch_size, steering.shares, seed, BENIGN_FLOOR),
    )


def choose(run: Run, project: Project, ways: Sequence[Way], seed: int, phases: Phases) -> list[Chosen]:
    """What each way would choose now, in one pass over the shards; the run shows how far it is."""
    rngs = [np.random.default_rng(seed) for _ in ways]
    parts: list[list[Candidates]] = [[] for _ in ways]
    for shard, available in _shards(run, project, phases):
        with phases.timed("score"):
            for part, way, rng in zip(parts, ways, rngs, strict=True):
                part.append(shard_candidates(way.model, shard, available, way.plan, rng))
    open_domains = _open_domains(project)
    return [
        _chosen(project, way, merge(part), open_domains, rng=rng, phases=phases)
        for way, part, rng in zip(ways, parts, rngs, strict=True)
    ]


def _definition(slug: str, category: Category | None) -> CategoryDefinition:
    """What steers the search for a category: its terms, for a definition also names what it is not."""
    if category is None:
        return CategoryDefinition(slug, "")
    return CategoryDefinition(category.name, " ".join(category.terms) or category.definition)


def _chosen(
    project: Project,
    way: Way,
    pool: Candidates,
    open_domains: set[int],
    *,
    rng: np.random.Generator,
    phases: Phases,
) -> Chosen:
    outlook = outlook_of(way.model.estimator, pool, taxonomy_current(project))
    if not len(pool.item_ids):
        return Chosen([], outlook, pool)
    with phases.timed("select"):
        choices = select_batch([pool], way.plan, open_domains, rng, benign=outlook.benign)
    return Chosen(choices, outlook, pool)


def _shards(run: Run, project: Project, phases: Phases) -> Iterator[tuple[Shard, Booleans]]:
    """Each shard, and which of its items are in the pool; memory holds one shard at a time."""
    total = shards_of(project).count()
    shards = shards_load(project)
    for number in range(total):
        run_progress(run, "scoring", number, total)
        with phases.timed("load"):
            shard = next(shards)
        with phases.timed("mask"):
            available = _available(project, shard)
        yield shard, available


def _available(project: Project, shard: Shard) -> Booleans:
    ends = (int(shard.item_ids[0]), int(shard.item_ids[-1]))
    pooled = Item.objects.filter(project=project, pooled=True, pk__range=ends).values_list("pk", flat=True)
    return np.isin(shard.item_ids, np.fromiter(pooled.iterator(), dtype=np.int64))


def _open_domains(project: Project) -> set[int]:
    """Sites of items that wait in the queue already."""
    waiting = Assignment.objects.filter(project=project, state=AssignmentState.FREE)
    domains = waiting.values_list("item__registrable_domain", flat=True).distinct()
    return {domain_key(domain) for domain in domains}
