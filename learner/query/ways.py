"""Ways to choose the next batch: settings and a classifier, played over the shards. For workers only."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Final

import numpy as np
from django.db import connection

from annotator.projects.models import Category, Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment, AssignmentState
from annotator.runs import Run, run_progress
from learner.core.arrays import Booleans
from learner.core.artifact import artifact_read
from learner.core.candidates import AUDIT, SCORERS, merge, plan_for
from learner.core.classifier import LinearClassifier
from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.features import PageText
from learner.core.keys import domain_key
from learner.core.learner import QueryModel
from learner.core.selection import Candidates, Choice, StreamPlan, select_batch, shard_candidates
from learner.core.shards import Shard, worked_ahead
from learner.core.strategies import strategy_for
from learner.core.waves import AuditDesign
from learner.query.examples import examples_of
from learner.query.files import file_read
from learner.query.finds import finds_now
from learner.query.forecasting import Outlook, outlook_of
from learner.query.models import LookRun, QueryRun, ShadowRun
from learner.query.ordering import suggested_first
from learner.query.running import Phases
from learner.query.selectors import steering_of
from learner.query.services import ClassifierFile
from learner.query.shards import pool_has_texts, pool_rarity, shards_load, shards_of
from learner.query.steering import Steering
from learner.query.suggestions import Suggested, suggested_of

TAKEN: Final = """
COPY (SELECT id FROM item WHERE project_id = %s AND NOT pooled AND id BETWEEN %s AND %s) TO STDOUT (FORMAT BINARY)
"""
COPY_HEADER: Final = (
    19  # signature, flags and length of the extension: PostgreSQL's manual, "COPY", "Binary Format"
)
COPY_TRAILER: Final = 2
COPY_ROW: Final = np.dtype([("fields", ">i2"), ("bytes", ">i4"), ("id", ">i8")])
BENIGN_FLOOR: Final = 0.25  # of a batch, so that whoever is on lighter pages finds some


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
    suggested: Mapping[int, Suggested] = field(default_factory=dict)


def way_of(project: Project, classifier: ClassifierFile | None, steering: Steering, seed: int) -> Way:
    """The way of these settings, with this classifier, or before the first one the definitions alone.

    Three queries; with examples up to two more, and one shard is read for what is rare in the pool. Before anything is
    learned one more, and one shard is read for whether pages have texts.
    """
    taxonomy = taxonomy_current(project)
    fitted = LinearClassifier(taxonomy.slugs) if classifier is None else classifier_loaded(classifier)
    known = {category.slug: category for category in taxonomy.categories}
    examples = examples_of(project, steering.examples)
    definitions = [_definition(slug, known.get(slug), examples.get(slug, ())) for slug in fitted.categories]
    rarity = pool_rarity(project) if any(examples.values()) else None
    plan = StreamPlan(steering.batch_size, steering.shares, seed, BENIGN_FLOOR, steering.weights)
    return Way(
        model=QueryModel(
            fitted,
            strategy_for(fitted, steering.strategy),
            featurise_definitions(definitions, rarity),
            finds_now(project, fitted),
            shown=[number for number, slug in enumerate(fitted.categories) if examples.get(slug)],
        ),
        plan=plan_for(fitted, plan, texts=not fitted.learned.any() and pool_has_texts(project)),
    )


@lru_cache(maxsize=2)
def classifier_loaded(file: ClassifierFile) -> LinearClassifier:
    """The classifier in a file, for reading; a worker that plays one query after another loads it once."""
    return artifact_read(file_read(file.artifact, file.sha256), file.sha256).classifier


def way_of_run(run: QueryRun) -> Way:
    """The way by which a query chooses: its settings, its classifier, and how it draws audits once that is settled."""
    way = way_of(run.project, classifier_file(run), steering_of(run.project, run.steering), run.seed)
    plan = way.plan
    if run.audits_only:
        plan = StreamPlan(run.audits_only, {AUDIT: 1.0}, run.seed)
    if run.audit_design:
        plan = replace(plan, audit=AuditDesign.from_json(run.audit_design))
    return replace(way, plan=plan)


def classifier_file(run: QueryRun | ShadowRun | LookRun) -> ClassifierFile | None:
    """The classifier that is to score, None before the first."""
    if not run.artifact or run.classifier_number is None:
        return None
    return ClassifierFile(run.classifier_number, run.artifact, run.artifact_sha256)


def choose(run: Run, project: Project, ways: Sequence[Way], phases: Phases) -> list[Chosen]:
    """What each way would choose now, in one pass over the shards; the run shows how far it is."""
    total, shards = shards_of(project).count(), shards_load(project)
    parts: list[list[Candidates]] = [[] for _ in ways]
    run_progress(run, "scoring", 0, total)
    for number, scored in enumerate(shards_scored(project, shards, ways, phases), start=1):
        for part, candidates in zip(parts, scored, strict=True):
            part.append(candidates)
        run_progress(run, "scoring", number, total)
    return [chosen_of(project, way, part, phases) for way, part in zip(ways, parts, strict=True)]


def shards_scored(
    project: Project, shards: Iterator[Shard], ways: Sequence[Way], phases: Phases
) -> Iterator[list[Candidates]]:
    """What each way would take of each shard, in their order. A query a shard.

    It depends on the shard alone, so any worker may ask. While some are scored, the next is read; the phase `score` is
    what was waited for.
    """
    scored = worked_ahead(_scorings(project, shards, ways, phases), SCORERS)
    while True:
        with phases.timed("score"):
            found = next(scored, None)
        if found is None:
            return
        yield found


def _scorings(
    project: Project, shards: Iterator[Shard], ways: Sequence[Way], phases: Phases
) -> Iterator[Callable[[], list[Candidates]]]:
    """The work that scoring each shard is: by arrays alone, so that a thread can do it."""
    while True:
        with phases.timed("load"):
            shard = next(shards, None)
        if shard is None:
            return
        with phases.timed("mask"):
            available = available_in(project, shard)
        yield partial(_scored, shard, available, ways)


def _scored(shard: Shard, available: Booleans, ways: Sequence[Way]) -> list[Candidates]:
    seeds = [(way.plan.seed, int(shard.item_ids[0])) for way in ways]
    return [
        shard_candidates(way.model, shard, available, way.plan, np.random.default_rng(seed))
        for way, seed in zip(ways, seeds, strict=True)
    ]


def available_in(project: Project, shard: Shard) -> Booleans:
    """Which items of a shard are in the pool. One query, read as bytes: it is asked for every shard.

    It asks for those that are not: they are few, and no item of a shard can be deleted.
    """
    ends = (project.pk, int(shard.item_ids[0]), int(shard.item_ids[-1]))
    with connection.cursor() as cursor, cursor.copy(TAKEN, ends) as copy:
        content = b"".join(bytes(part) for part in copy)
    rows = np.frombuffer(content[COPY_HEADER:-COPY_TRAILER], dtype=COPY_ROW)
    taken = rows["id"].astype(np.int64)
    return np.isin(shard.item_ids, taken, assume_unique=True, invert=True, kind="sort")


def chosen_of(project: Project, way: Way, parts: Iterable[Candidates], phases: Phases) -> Chosen:
    """What a way chooses of the candidates of all shards. At most four queries."""
    pool = merge(parts)
    suggested = suggested_of(project, pool.item_ids.tolist())
    pool = suggested_first(pool, suggested)
    outlook = outlook_of(way.model.estimator, pool, taxonomy_current(project))
    if not len(pool.item_ids):
        return Chosen([], outlook, pool)
    with phases.timed("select"):
        rng = np.random.default_rng(way.plan.seed)
        choices = select_batch([pool], way.plan, _open_domains(project), rng, benign=outlook.benign)
    return Chosen(choices, outlook, pool, suggested)


def _definition(slug: str, category: Category | None, examples: Sequence[PageText]) -> CategoryDefinition:
    """What steers the search for a category: its terms, for a definition also names what it is not; and pages of it."""
    if category is None:
        return CategoryDefinition(slug, "", tuple(examples))
    terms = " ".join(category.terms) or category.definition
    return CategoryDefinition(category.name, terms, tuple(examples))


def _open_domains(project: Project) -> set[int]:
    """Sites of items that wait in the queue already."""
    waiting = Assignment.objects.filter(project=project, state=AssignmentState.FREE)
    domains = waiting.values_list("item__registrable_domain", flat=True).distinct()
    return {domain_key(domain) for domain in domains}
