"""Judging the newest classifier version on the audited holdout items so far. For workers only."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from django.db import transaction
from django.db.models import Max

from annotator.errors import CrossguardError
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version, truth_carried
from annotator.projects.services import log_write
from annotator.review.models import Resolution
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Floats32, Integers
from learner.core.artifact import artifact_read
from learner.core.audited import Drawn, Population, audited_scores
from learner.core.classifier import LinearClassifier
from learner.core.features import describe_recipe
from learner.evaluation.cards import card_make
from learner.evaluation.measuring import AuditedTruth, measured_beside
from learner.evaluation.models import Evaluation, EvaluationRun
from learner.evaluation.release.services import gate_ask
from learner.evaluation.selectors import audited_resolutions
from learner.query.files import file_read
from learner.query.running import run_worked
from learner.query.shards import shards_load, shards_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest


class NothingToEvaluate(CrossguardError):
    """There is no classifier version, or no audited item to judge it on."""

    code = "nothing_to_evaluate"


def evaluation_run_execute(run_id: int) -> None:
    """Evaluate the version that the run names, or the newest, and keep the result as a row."""
    run = run_claim(EvaluationRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "evaluation", "The evaluation"):
        version = run.classifier or classifier_latest(run.project)
        if version is None:
            raise NothingToEvaluate("There is no classifier version yet. Train one first.")
        artifact = artifact_read(file_read(version.artifact, version.sha256), version.sha256)
        audited = audited_items(run.project, taxonomy_version(version.taxonomy_id), artifact.categories)
        evaluation = _evaluated(run, version, artifact.classifier, audited)
        run_progress(run, "measuring beside the scores", 0)
        evaluation.facts |= measured_beside(version, artifact.classifier, audited)
        _publish(run, evaluation)


def audited_items(project: Project, taxonomy: Taxonomy, categories: Sequence[str]) -> AuditedTruth:
    """The holdout items that the audit stream drew and people resolved, with what is held true of them. Two queries.

    Labels of other taxonomy versions, older or newer, are carried to that of the classifier.
    Only these were drawn at random, so only these give an unbiased answer.
    """
    newest = Resolution.objects.filter(project=project).aggregate(last=Max("pk"))["last"] or 0
    columns = ("item_id", "labels", "taxonomy_id", "probability")
    rows = list(audited_resolutions(project).filter(pk__lte=newest).order_by("item_id").values_list(*columns))
    columns_of = {slug: place for place, slug in enumerate(taxonomy.slugs)}
    places = [columns_of[slug] for slug in categories]
    whole = [truth_carried(tuple(labels), under, taxonomy.version.pk) for _, labels, under, _ in rows]
    truth = [[row[place] for place in places] for row in whole]
    return AuditedTruth(
        item_ids=np.array([item_id for item_id, _, _, _ in rows], dtype=np.int64),
        truth=np.array(truth, dtype=np.int8).reshape(len(rows), len(categories)),
        chances=np.array([probability for _, _, _, probability in rows], dtype=np.float64),
        last_resolution=newest,
    )


def _evaluated(
    run: EvaluationRun, version: ClassifierVersion, classifier: LinearClassifier, audited: AuditedTruth
) -> Evaluation:
    holdout = _holdout_scored(run, classifier)
    _, rows, places = np.intersect1d(
        holdout.item_ids, audited.item_ids, assume_unique=True, return_indices=True
    )
    if not len(rows):
        raise NothingToEvaluate("No audited holdout item is resolved yet. Label on: each batch has some.")
    scores, overall = audited_scores(
        Population(holdout.logits),
        Drawn(rows, audited.truth[places].astype(np.float64), audited.chances[places], holdout.sites[rows]),
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
            "categories": [{"category": category, **asdict(score)} for category, score in categories],
        },
    )


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
    card_make(evaluation, {name: str(said) for name, said in describe_recipe().items()})
    gate_ask(evaluation)
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
