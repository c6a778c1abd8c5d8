"""Fitting the next classifier version: labels and features in, an artifact and its row out. For workers only."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from django.db import transaction
from scipy.sparse import csr_matrix, vstack

from annotator.errors import CrossguardError
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Floats, Integers
from learner.core.artifact import artifact_bytes
from learner.core.classifier import LinearClassifier
from learner.core.driving import drivers_of
from learner.core.features import PageText
from learner.core.learner import QueryModel
from learner.core.recipe import RECIPE
from learner.core.shards import Shard
from learner.query.files import StoredFile, file_write
from learner.query.pages import pages_of
from learner.query.running import Phases, run_worked
from learner.query.shards import shards_load, shards_of
from learner.training.labelled import LabelledItems, Truth, labelled_items
from learner.training.models import ClassifierVersion, TrainingRun
from learner.training.selectors import classifier_latest


class NothingToLearn(CrossguardError):
    """No train item is labelled and has features."""

    code = "nothing_to_learn"


@dataclass(frozen=True, eq=False)
class Material:
    """Ids, sites and weights (n_items,), features (n_items, n_features), truth (n_items, n_categories): row by row."""

    item_ids: Integers
    features: csr_matrix
    truth: Truth
    sites: Integers
    weights: Floats


def training_run_execute(run_id: int) -> None:
    """Train the next classifier version; the same labels, features and seed as the newest's give no new one."""
    run = run_claim(TrainingRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "training", "Training"):
        phases = Phases()
        taxonomy = taxonomy_current(run.project)
        with phases.timed("labels"):
            labelled = labelled_items(run.project, taxonomy)
        classifier = LinearClassifier(taxonomy.slugs, seed=run.seed)
        with phases.timed("features"):
            material = _material(run, labelled)
        fingerprint = _fingerprint(classifier, taxonomy, labelled, len(material.truth))
        if _ends_with_nothing_new(run, fingerprint):
            return
        run_progress(run, f"fitting on {len(material.truth):,} items", 0)
        with phases.timed("fit"):
            QueryModel(classifier).fit(
                material.features, material.truth, groups=material.sites, sample_weight=material.weights
            )
        with phases.timed("drivers"):
            driving = _driving(classifier, material)
        version = ClassifierVersion(
            project=run.project,
            number=_next_number(run.project),
            training_run=run,
            taxonomy=taxonomy.version,
            fingerprint=fingerprint,
            recipe=RECIPE,
            n_resolutions=labelled.n_resolutions,
            n_known=labelled.n_known,
            last_resolution=labelled.last_resolution,
            categories=[asdict(status) for status in classifier.statuses_],
            driving=driving,
        )
        with phases.timed("write"):
            file = _write(classifier, version)
        _publish(run, version, file, phases=phases)


def _material(run: TrainingRun, labelled: LabelledItems) -> Material:
    """The features of the labelled items, from the shards; an item that has none yet waits for the next version."""
    parts: list[csr_matrix] = []
    rows: list[Integers] = []
    sites: list[Integers] = []
    for shard in _shards(run):
        found, places = _found(labelled, shard)
        if shard.holdout[places].any():
            raise AssertionError(f"holdout items in the training data of project {run.project_id}")
        parts.append(shard.features[places])
        rows.append(found)
        sites.append(shard.domains[places])
    if not sum(map(len, rows)):
        raise NothingToLearn(
            "There is nothing to learn from yet: no train item is resolved or came with known labels. Label some pages."
        )
    found = np.concatenate(rows)
    return Material(
        labelled.item_ids[found],
        csr_matrix(vstack(parts)),
        labelled.truth[found],
        np.concatenate(sites),
        labelled.weights[found],
    )


def _shards(run: TrainingRun) -> Iterator[Shard]:
    total = shards_of(run.project).count()
    for number, shard in enumerate(shards_load(run.project)):
        run_progress(run, "loading features", number, total)
        yield shard


def _found(labelled: LabelledItems, shard: Shard) -> tuple[Integers, Integers]:
    """Rows of `labelled` that are in the shard, and their places there."""
    _, rows, places = np.intersect1d(
        labelled.item_ids, shard.item_ids, assume_unique=True, return_indices=True
    )
    return rows, places


def _driving(classifier: LinearClassifier, material: Material) -> dict[str, list[dict[str, Any]]]:
    """The words that drive each category, by its slug."""

    def pages_at(rows: Integers) -> list[PageText]:
        items = Item.objects.in_bulk(material.item_ids[rows].tolist())
        return pages_of([items[item_id] for item_id in material.item_ids[rows].tolist()])

    rng = np.random.default_rng(classifier.seed)
    found = drivers_of(classifier, pages_at, material.truth, material.sites, rng)
    return {
        slug: [asdict(driver) for driver in drivers]
        for slug, drivers in zip(classifier.categories, found, strict=True)
    }


def _fingerprint(
    classifier: LinearClassifier, taxonomy: Taxonomy, labelled: LabelledItems, n_items: int
) -> str:
    facts = (RECIPE, taxonomy.version.pk, labelled.digest, n_items, sorted(classifier.get_params().items()))
    return sha256(repr(facts).encode()).hexdigest()


def _ends_with_nothing_new(run: TrainingRun, fingerprint: str) -> bool:
    """Whether the newest version has learned all of this already; the run is done then."""
    latest = classifier_latest(run.project)
    if latest is None or latest.fingerprint != fingerprint:
        return False
    run_done(run, stage=f"nothing new since v{latest.number}")
    log_write(run.project, "training", f"There is nothing new to learn since v{latest.number}")
    return True


def _next_number(project: Project) -> int:
    latest = classifier_latest(project)
    return latest.number + 1 if latest else 1


def _write(classifier: LinearClassifier, version: ClassifierVersion) -> StoredFile:
    facts = {
        "project": version.project.slug,
        "number": version.number,
        "taxonomy": version.taxonomy.number,
        "fingerprint": version.fingerprint,
        "n_resolutions": version.n_resolutions,
        "n_known": version.n_known,
    }
    directory = f"projects/{version.project_id}/classifiers"
    return file_write(directory, f"v{version.number}", artifact_bytes(classifier, facts))


@transaction.atomic
def _publish(run: TrainingRun, version: ClassifierVersion, file: StoredFile, *, phases: Phases) -> None:
    """The version's row and the end of its run, together: a worker that was overtaken publishes nothing."""
    run_done(run, stage=f"made v{version.number}")
    version.artifact, version.sha256, version.size = file.name, file.sha256, file.size
    version.save()
    learned = sum(category["learned"] for category in version.categories)
    text = (
        f"Classifier v{version.number} is trained on {version.n_resolutions:,} resolutions and {version.n_known:,} "
        f"known labels: {learned} of {len(version.categories)} categories learned, "
        f"in {sum(phases.seconds.values()):.1f} s ({run.reason})"
    )
    log_write(run.project, "training", text)
