"""Judging a classifier version on the audited holdout items so far. For workers only."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from annotator.errors import CrossguardError
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Array, Integers
from learner.core.artifact import artifact_read
from learner.core.audited import Drawn, Population
from learner.core.classifier import LinearClassifier
from learner.core.features import describe_recipe
from learner.core.metrics.doubt import doubt_by_score
from learner.core.metrics.report import measured
from learner.core.planner import drawable_of, played
from learner.evaluation.audited import Audited, audited_items
from learner.evaluation.beside import measured_beside
from learner.evaluation.cards import card_make
from learner.evaluation.measuring import (
    Scored,
    known_pages,
    pack_facts,
    policy_facts,
    profiles_for,
    slice_kinds,
)
from learner.evaluation.models import Evaluation, EvaluationRun, KnownPages, Truth
from learner.evaluation.packs import members_harmful, pack_members, packs_asked
from learner.evaluation.profiles import ProfileRules
from learner.evaluation.release.services import gate_ask
from learner.evaluation.responses import response_of
from learner.evaluation.selectors import truth_of
from learner.evaluation.traffic import traffic_facts
from learner.query.files import file_read
from learner.query.running import run_worked
from learner.query.shards import shards_load, shards_of
from learner.training.labelled import LabelledItems, labelled_items
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
        evaluation, pages = _evaluated(run, version, artifact.classifier, audited)
        run_progress(run, "measuring beside the scores", 0)
        evaluation.facts |= measured_beside(version, artifact.classifier, audited)
        _publish(run, evaluation, pages)


def _evaluated(
    run: EvaluationRun, version: ClassifierVersion, classifier: LinearClassifier, audited: Audited
) -> tuple[Evaluation, list[KnownPages]]:
    """The evaluation, and the pages near each threshold of which the truth is known. Neither is saved."""
    taxonomy = taxonomy_version(version.taxonomy_id)
    labelled, members = labelled_items(run.project, taxonomy), pack_members(run.project)
    others = np.union1d(labelled.item_ids, [item for ids in members.values() for item in ids])
    holdout, beside = _all_scored(run, classifier, others.astype(np.int64))
    _, rows, places = np.intersect1d(
        holdout.item_ids, audited.item_ids, assume_unique=True, return_indices=True
    )
    if not len(rows):
        raise NothingToEvaluate(NOTHING[truth_of(run.project)])
    run_progress(run, "measuring", 0, None)
    population = Population(holdout.logits)
    drawn = doubt_by_score(
        Drawn(rows, audited.truth[places], audited.chances[places], holdout.sites[rows]), holdout.logits[rows]
    )
    rng = np.random.default_rng((version.pk, audited.last_resolution))
    kinds = slice_kinds(holdout, rows, now=timezone.now())
    facts: dict[str, Any] = measured(
        population,
        drawn,
        classifier.thresholds_,
        kinds,
        categories=classifier.categories,
        rng=rng,
    )
    profiles = profiles_for(run.project, classifier, facts)
    facts["policies"] = policy_facts(profiles, population, drawn, classifier, kinds, rng=rng)
    facts["pack"] = _pack_facts(run.project, profiles, members, (beside, classifier), taxonomy.harmful)
    facts |= {
        "truth": truth_of(run.project),
        "response": asdict(response_of(run.project)),
        "plans": plans_of(population, drawn, classifier),
        "traffic": traffic_facts(run.project, holdout.item_ids, holdout.logits, drawn, classifier),
    }
    evaluation = Evaluation(
        project=run.project,
        classifier=version,
        last_resolution=audited.last_resolution,
        n_items=len(rows),
        facts=facts,
    )
    learned_from = _learned_from(labelled, beside, classifier, taxonomy)
    of_audits = Scored(holdout.item_ids[rows], holdout.sites[rows], holdout.logits[rows])
    pages = known_pages(classifier, (of_audits, audited.held[places]), learned_from)
    return evaluation, [
        KnownPages(evaluation=evaluation, category=slug, pages=rows) for slug, rows in pages.items()
    ]


def _pack_facts(
    project: Project,
    profiles: Sequence[ProfileRules],
    members: Mapping[str, Sequence[int]],
    beside: tuple[Scored, LinearClassifier],
    harmful: frozenset[str],
) -> list[dict[str, Any]]:
    """The over-block pack by the limits of now; pages that turned out to be harmful are none of it. Two queries."""
    found_harmful = members_harmful(project, members, harmful)
    innocent = {slug: [item for item in ids if item not in found_harmful] for slug, ids in members.items()}
    asked = packs_asked(project)
    return [
        row
        | {
            "limit": asked[row["name"]].limit,
            "quota": asked[row["name"]].quota,
            "n_harmful": len(members[row["name"]]) - len(innocent[row["name"]]),
        }
        for row in pack_facts(profiles, innocent, *beside, harmful)
    ]


def plans_of(population: Population, drawn: Drawn, classifier: LinearClassifier) -> dict[str, object]:
    """What more audits would bring each learned category."""
    return {
        classifier.categories[number]: played(
            drawable_of(population, drawn, float(classifier.thresholds_[number]), number),
            rng=np.random.default_rng(number),
        )
        for number in np.flatnonzero(classifier.learned).tolist()
    }


def _learned_from(
    labelled: LabelledItems, beside: Scored, classifier: LinearClassifier, taxonomy: Taxonomy
) -> tuple[Scored, Array]:
    """The train items with a label, scored, and their truth in the order of the classifier's categories."""
    _, rows, places = np.intersect1d(
        beside.item_ids, labelled.item_ids, assume_unique=True, return_indices=True
    )
    columns = [taxonomy.slugs.index(slug) for slug in classifier.categories]
    scored = Scored(beside.item_ids[rows], beside.sites[rows], beside.logits[rows])
    return scored, labelled.truth[places][:, columns]


def _all_scored(run: EvaluationRun, classifier: LinearClassifier, others: Integers) -> tuple[Scored, Scored]:
    """What the classifier gives the whole holdout, and of all items the `others`, ascending; none that is withheld.

    A statement about the holdout rests on all scores, and on some labels.
    """
    withheld = Item.objects.filter(project=run.project, withheld=True)
    hidden = np.fromiter(withheld.values_list("pk", flat=True).iterator(), dtype=np.int64)
    parts: tuple[list[Scored], list[Scored]] = ([], [])
    total = shards_of(run.project).count()
    for number, shard in enumerate(shards_load(run.project)):
        run_progress(run, "scoring holdout items", number, total)
        seen = ~np.isin(shard.item_ids, hidden)
        for found, wanted in zip(parts, (shard.holdout, np.isin(shard.item_ids, others)), strict=True):
            rows = np.flatnonzero(wanted & seen)
            logits = classifier.decision(shard.features[rows])
            found.append(Scored(shard.item_ids[rows], shard.domains[rows], logits))
    n_categories = len(classifier.categories)
    holdout, beside = (_joined(found, n_categories) for found in parts)
    return holdout, beside


def _joined(parts: Sequence[Scored], n_categories: int) -> Scored:
    """All parts as one, by item."""
    empty = np.empty(0, dtype=np.int64)
    whole = [Scored(empty, empty, np.empty((0, n_categories), dtype=np.float32)), *parts]
    ids = np.concatenate([part.item_ids for part in whole])
    order = np.argsort(ids)
    return Scored(
        ids[order],
        np.concatenate([part.sites for part in whole])[order],
        np.concatenate([part.logits for part in whole])[order],
    )


@transaction.atomic
def _publish(run: EvaluationRun, evaluation: Evaluation, pages: Sequence[KnownPages]) -> None:
    run_done(run)
    evaluation.save()
    KnownPages.objects.bulk_create(pages)
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
