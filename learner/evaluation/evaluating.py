"""Judging the newest classifier version on the audited holdout items so far. For workers only."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from django.db import transaction
from django.db.models import Max

from annotator.errors import CrossguardError
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version, truth_carried
from annotator.projects.services import log_write
from annotator.review.models import Method, Resolution
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Array, Floats, Floats32, Integers
from learner.core.artifact import artifact_read
from learner.core.audited import Drawn, Population, audited_scores
from learner.core.classifier import LinearClassifier
from learner.core.planner import drawable_of, played
from learner.evaluation.chances import chances_of
from learner.evaluation.models import Evaluation, EvaluationRun, Truth
from learner.evaluation.responses import response_of
from learner.evaluation.selectors import audited_resolutions, truth_of
from learner.evaluation.traffic import traffic_facts
from learner.evaluation.truths import doubt_added
from learner.query.files import file_read
from learner.query.running import run_worked
from learner.query.shards import shards_load, shards_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest

NOTHING: Final = {
    Truth.RESOLVED: "No audited holdout item is resolved yet. Label on: each batch has some.",
    Truth.INFERRED: "No audited holdout item is resolved yet. Label on: each batch has some.",
    Truth.ADJUDICATED: "No audited holdout item is adjudicated yet, and evaluations take only what a lead has decided. "
    "Decide some, or take resolutions too.",
}


class NothingToEvaluate(CrossguardError):
    """There is no classifier version, or no audited item to judge it on."""

    code = "nothing_to_evaluate"


@dataclass(frozen=True, eq=False)
class Audited:
    """Audited holdout items; row i of every part is the same item.

    `item_ids` (n_items,) ascend; `truth` (n_items, n_categories) is 1, 0, something between where doubt is carried, or
    -1 for what the resolution does not tell in the taxonomy of the classifier; `chances` (n_items,) are their inclusion
    probabilities under all draws.
    """

    item_ids: Integers
    truth: Array
    chances: Floats
    last_resolution: int


def evaluation_run_execute(run_id: int) -> None:
    """Evaluate the newest classifier version of a project, and keep the result as a row."""
    run = run_claim(EvaluationRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "evaluation", "The evaluation"):
        version = classifier_latest(run.project)
        if version is None:
            raise NothingToEvaluate("There is no classifier version yet. Train one first.")
        artifact = artifact_read(file_read(version.artifact, version.sha256), version.sha256)
        audited = audited_items(
            run.project, taxonomy_version(version.taxonomy_id), artifact.categories, truth_of(run.project)
        )
        evaluation = _evaluated(run, version, artifact.classifier, audited)
        _publish(run, evaluation)


def audited_items(
    project: Project, taxonomy: Taxonomy, categories: Sequence[str], truth_taken: Truth = Truth.RESOLVED
) -> Audited:
    """The holdout items that the audit stream drew and people resolved, with what is held true of them. Eight queries.

    Labels of other taxonomy versions, older or newer, are carried to that of the classifier.
    Only these were drawn at random, so only these give an unbiased answer.
    """
    newest = Resolution.objects.filter(project=project).aggregate(last=Max("pk"))["last"] or 0
    columns = ("item_id", "labels", "taxonomy_id", "method")
    held = audited_resolutions(project).filter(pk__lte=newest).order_by("item_id")
    if truth_taken == Truth.ADJUDICATED:
        held = held.filter(method=Method.ADJUDICATED)
    rows = list(held.values_list(*columns))
    columns_of = {slug: place for place, slug in enumerate(taxonomy.slugs)}
    places = [columns_of[slug] for slug in categories]
    whole = [truth_carried(tuple(labels), under, taxonomy.version.pk) for _, labels, under, _ in rows]
    item_ids = [item_id for item_id, _, _, _ in rows]
    truth = np.array([[row[place] for place in places] for row in whole], dtype=np.float64)
    truth = truth.reshape(len(rows), len(categories))
    if truth_taken == Truth.INFERRED:
        doubted = [item_id for item_id, _, _, method in rows if method != Method.ADJUDICATED]
        truth = doubt_added(
            project, truth, item_ids, doubted, [taxonomy.categories[place] for place in places]
        )
    return Audited(
        item_ids=np.array(item_ids, dtype=np.int64),
        truth=truth,
        chances=chances_of(project, item_ids),
        last_resolution=newest,
    )


def _evaluated(
    run: EvaluationRun, version: ClassifierVersion, classifier: LinearClassifier, audited: Audited
) -> Evaluation:
    holdout = _holdout_scored(run, classifier)
    _, rows, places = np.intersect1d(
        holdout.item_ids, audited.item_ids, assume_unique=True, return_indices=True
    )
    if not len(rows):
        raise NothingToEvaluate(NOTHING[truth_of(run.project)])
    population = Population(holdout.logits)
    drawn = Drawn(rows, audited.truth[places], audited.chances[places], holdout.sites[rows])
    scores, overall = audited_scores(
        population,
        drawn,
        classifier.thresholds_,
        rng=np.random.default_rng((version.pk, audited.last_resolution)),
    )
    categories = zip(classifier.categories, scores, strict=True)
    return Evaluation(
        project=run.project,
        classifier=version,
        last_resolution=audited.last_resolution,
        n_items=len(rows),
        facts=asdict(overall)
        | {
            "n_population": len(holdout.item_ids),
            "truth": truth_of(run.project),
            "response": asdict(response_of(run.project)),
            "plans": plans_of(population, drawn, classifier),
            "traffic": traffic_facts(run.project, holdout.item_ids, holdout.logits, drawn, classifier),
            "categories": [{"category": category, **asdict(score)} for category, score in categories],
        },
    )


def plans_of(population: Population, drawn: Drawn, classifier: LinearClassifier) -> dict[str, object]:
    """What more audits would bring each learned category."""
    return {
        classifier.categories[number]: played(
            drawable_of(population, drawn, float(classifier.thresholds_[number]), number),
            rng=np.random.default_rng(number),
        )
        for number in np.flatnonzero(classifier.learned).tolist()
    }


@dataclass(frozen=True, eq=False)
class _Holdout:
    """Every holdout item that has features and is not withheld; item_ids (n_items,) ascend."""

    item_ids: Integers
    sites: Integers
    logits: Floats32


def _holdout_scored(run: EvaluationRun, classifier: LinearClassifier) -> _Holdout:
    """What the classifier gives the whole holdout: a statement about it rests on all scores, and on some labels."""
    withheld = Item.objects.filter(project=run.project, split=Split.HOLDOUT, withheld=True)
    hidden = np.fromiter(withheld.values_list("pk", flat=True).iterator(), dtype=np.int64)
    found: list[Integers] = [np.empty(0, dtype=np.int64)]
    sites: list[Integers] = [np.empty(0, dtype=np.int64)]
    logits: list[Floats32] = [np.empty((0, len(classifier.categories)), dtype=np.float32)]
    total = shards_of(run.project).count()
    for number, shard in enumerate(shards_load(run.project)):
        run_progress(run, "scoring holdout items", number, total)
        rows = np.flatnonzero(shard.holdout & ~np.isin(shard.item_ids, hidden))
        found.append(shard.item_ids[rows])
        sites.append(shard.domains[rows])
        logits.append(classifier.decision(shard.features[rows]))
    ids = np.concatenate(found)
    order = np.argsort(ids)
    return _Holdout(ids[order], np.concatenate(sites)[order], np.concatenate(logits)[order])


@transaction.atomic
def _publish(run: EvaluationRun, evaluation: Evaluation) -> None:
    run_done(run)
    evaluation.save()
    macro = evaluation.facts["macro_f1"]
    found = "no F1 is defined yet" if macro["value"] is None else _words(evaluation.facts)
    text = (
        f"Classifier v{evaluation.classifier.number} on {evaluation.n_items:,} audited holdout items: {found}"
    )
    log_write(run.project, "evaluation", text)


def _words(facts: dict[str, dict[str, float]]) -> str:
    macro = facts["macro_f1"]
    return (
        f"macro-F1 {macro['value']:.2f} [{macro['low']:.2f}, {macro['high']:.2f}] "
        f"over {facts['n_categories']} categories"
    )
