"""Choosing the next batch: a map over the shards, a reduce over their candidates, one batch. For workers only."""

from collections.abc import Iterator
from hashlib import sha256

import numpy as np
from django.db import transaction

from annotator.pool.models import Item
from annotator.projects.models import Category, Project
from annotator.projects.selectors import taxonomy_current
from annotator.projects.services import log_write
from annotator.queue.expecting import NO_FORECAST
from annotator.queue.models import Assignment, AssignmentState, Batch, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Booleans
from learner.core.artifact import artifact_read
from learner.core.candidates import merge
from learner.core.classifier import LinearClassifier
from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.learner import QueryModel
from learner.core.selection import Candidates, Choice, StreamPlan, select_batch, shard_candidates
from learner.core.shards import Shard, domain_key
from learner.core.strategies import BY_DISTANCE, strategy_for
from learner.query.files import file_read
from learner.query.finds import finds_now
from learner.query.forecasting import Outlook, outlook_of
from learner.query.models import QueryRun
from learner.query.running import Phases, run_worked
from learner.query.shards import shards_load, shards_of

BENIGN_FLOOR = 0.25  # of a batch, so that whoever is on lighter pages finds some


def query_run_execute(run_id: int) -> None:
    """Choose the next batch of a project and open it."""
    run = run_claim(QueryRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "The query"):
        phases = Phases()
        with phases.timed("classifier"):
            model = query_model(run)
        chosen, outlook = _choose(run, model, phases)
        _open(run, chosen, outlook, phases)


def query_model(run: QueryRun) -> QueryModel:
    """The query model of a run: its classifier, or before the first one the definitions of the categories alone."""
    taxonomy = taxonomy_current(run.project)
    if not run.artifact:
        classifier = LinearClassifier(taxonomy.slugs)
    else:
        artifact = file_read(run.artifact, run.artifact_sha256)
        classifier = artifact_read(artifact, run.artifact_sha256).classifier
    known = {category.slug: category for category in taxonomy.categories}
    definitions = [_definition(slug, known.get(slug)) for slug in classifier.categories]
    return QueryModel(
        classifier,
        strategy_for(classifier),
        featurise_definitions(definitions),
        finds_now(run.project, classifier),
    )


def _definition(slug: str, category: Category | None) -> CategoryDefinition:
    """What steers the search for a category: its terms, for a definition also names what it is not."""
    if category is None:
        return CategoryDefinition(slug, "")
    return CategoryDefinition(category.name, " ".join(category.terms) or category.definition)


def _choose(run: QueryRun, model: QueryModel, phases: Phases) -> tuple[list[Choice], Outlook]:
    """The items of the batch, and what the classifier expects of them."""
    project = run.project
    plan = StreamPlan(project.batch_size, project.shares, run.seed, BENIGN_FLOOR)
    rng = np.random.default_rng(run.seed)
    pool = merge(_candidates(run, model, plan, rng=rng, phases=phases))
    outlook = outlook_of(model.estimator, pool, taxonomy_current(project))
    if not len(pool.item_ids):
        return [], outlook
    with phases.timed("select"):
        return select_batch([pool], plan, _open_domains(project), rng, benign=outlook.benign), outlook


def _candidates(
    run: QueryRun, model: QueryModel, plan: StreamPlan, *, rng: np.random.Generator, phases: Phases
) -> Iterator[Candidates]:
    """What each shard would put into the batch; memory holds one shard, and the candidates of all."""
    total = shards_of(run.project).count()
    shards = shards_load(run.project)
    for number in range(total):
        run_progress(run, "scoring", number, total)
        with phases.timed("load"):
            shard = next(shards)
        with phases.timed("mask"):
            available = _available(run.project, shard)
        with phases.timed("score"):
            yield shard_candidates(model, shard, available, plan, rng)


def _available(project: Project, shard: Shard) -> Booleans:
    ends = (int(shard.item_ids[0]), int(shard.item_ids[-1]))
    pooled = Item.objects.filter(project=project, pooled=True, pk__range=ends).values_list("pk", flat=True)
    return np.isin(shard.item_ids, np.fromiter(pooled.iterator(), dtype=np.int64))


def _open_domains(project: Project) -> set[int]:
    """Sites of items that wait in the queue already."""
    waiting = Assignment.objects.filter(project=project, state=AssignmentState.FREE)
    domains = waiting.values_list("item__registrable_domain", flat=True).distinct()
    return {domain_key(domain) for domain in domains}


@transaction.atomic
def _open(run: QueryRun, chosen: list[Choice], outlook: Outlook, phases: Phases) -> None:
    """The batch and the end of its run, together: a worker that was overtaken opens nothing."""
    batch = None
    pool_size = max((choice.pool_size for choice in chosen), default=0)
    with phases.timed("open"):
        if chosen:
            batch = batch_open(
                run.project,
                [_batch_choice(run, choice, outlook) for choice in chosen],
                fingerprint=_fingerprint(run),
                reason=run.reason,
                seed=run.seed,
                classifier_number=run.classifier_number,
                pool_size=pool_size,
            )
    run_done(run, batch=batch, pool_size=pool_size, phases=phases.seconds)
    log_write(run.project, "query", _summary(batch, phases))


def _fingerprint(run: QueryRun) -> str:
    facts = f"query {run.pk}: seed {run.seed}, classifier {run.artifact_sha256}"
    return sha256(facts.encode()).hexdigest()


def _batch_choice(run: QueryRun, choice: Choice, outlook: Outlook) -> BatchChoice:
    return BatchChoice(
        item_id=choice.item_id,
        stream=Stream(choice.stream),
        strategy=choice.strategy,
        score=choice.score,
        reason=_reason(choice, outlook),
        classifier_number=run.classifier_number,
        pool_size=choice.pool_size,
        inclusion_probability=choice.inclusion_probability,
        seed=run.seed,
        forecast=outlook.forecasts.get(choice.item_id, NO_FORECAST),
    )


def _reason(choice: Choice, outlook: Outlook) -> str:
    """Why it was chosen; of two categories whose lines a page is close to, both are named."""
    line = outlook.lines.get(choice.item_id, "") if choice.strategy in BY_DISTANCE else ""
    threshold, separator, note = choice.reason.partition("; ")
    return f"{line or threshold}{separator}{note}"


def _summary(batch: Batch | None, phases: Phases) -> str:
    seconds = sum(phases.seconds.values())
    if batch is None:
        return f"The query found no item left in the pool, after {seconds:.1f} s"
    scored_by = (
        f"classifier v{batch.classifier_number}" if batch.classifier_number else "category definitions"
    )
    return f"Batch {batch.number} is open: {batch.n_items} items chosen by {scored_by} in {seconds:.1f} s"
