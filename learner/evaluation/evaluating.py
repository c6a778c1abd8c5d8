"""Judging the newest classifier version on the audited holdout items so far. For workers only."""

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from django.db import transaction

from annotator.errors import CrossguardError
from annotator.pool.models import Item, Split
from annotator.projects.selectors import taxonomy_version
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Floats32, Integers
from learner.core.artifact import artifact_read
from learner.core.audited import Drawn, Population, audited_scores
from learner.core.classifier import LinearClassifier
from learner.core.features import describe_recipe
from learner.core.planner import drawable_of, played
from learner.evaluation.audited import Audited, audited_items
from learner.evaluation.beside import measured_beside
from learner.evaluation.cards import card_make
from learner.evaluation.models import Evaluation, EvaluationRun, Truth
from learner.evaluation.release.services import gate_ask
from learner.evaluation.responses import response_of
from learner.evaluation.selectors import truth_of
from learner.evaluation.traffic import traffic_facts
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
        audited = audited_items(
            run.project, taxonomy_version(version.taxonomy_id), artifact.categories, truth_of(run.project)
        )
        evaluation = _evaluated(run, version, artifact.classifier, audited)
        run_progress(run, "measuring beside the scores", 0)
        evaluation.facts |= measured_beside(version, artifact.classifier, audited)
        _publish(run, evaluation)


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
