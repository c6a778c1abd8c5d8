"""Fitting the next classifier version: labels and features in, an artifact and its row out. For workers only."""

from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256

from django.db import transaction
from django.utils import timezone

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.projects.services import log_write
from annotator.runs import STALE_AFTER, run_claim, run_done, run_progress
from learner.core.artifact import artifact_bytes
from learner.core.category_fit import CategoryStatus, KeptSetting
from learner.core.classifier import LinearClassifier
from learner.core.learner import QueryModel
from learner.core.recipe import RECIPE
from learner.query.files import StoredFile, file_write
from learner.query.running import Phases, run_worked
from learner.query.services import ClassifierFile, query_run_hand_over
from learner.training.labelled import LabelledItems, labelled_items
from learner.training.material import Material, material_of
from learner.training.models import ClassifierVersion, DrivingRun, TrainingRun
from learner.training.selectors import FIRST_CHOOSE, classifier_latest


def training_run_execute(run_id: int) -> None:
    """Train the next classifier version; the same labels, features and seed as the newest's give no new one.

    The words that drive it are found by a run of their own, once it chooses: no batch waits for them.
    """
    run = run_claim(TrainingRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "training", "Training"):
        phases = Phases()
        taxonomy = taxonomy_current(run.project)
        run_progress(run, "reading labels", 0)
        with phases.timed("labels"):
            labelled = labelled_items(run.project, taxonomy)
        with phases.timed("features"):
            material = material_of(run, run.project, labelled)
        classifier = LinearClassifier(taxonomy.slugs, seed=run.seed)
        fingerprint = _fingerprint(classifier, taxonomy, labelled, len(material.truth))
        if _ends_with_nothing_new(run, fingerprint):
            return
        run_progress(run, f"fitting on {len(material.truth):,} items", 0)
        with phases.timed("fit"):
            _fit(classifier, material, _kept(run.project, taxonomy))
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
        )
        with phases.timed("write"):
            file = _write(classifier, version)
        _publish(run, version, file, phases=phases)


def _fit(classifier: LinearClassifier, material: Material, kept: Mapping[str, KeptSetting]) -> None:
    QueryModel(classifier).fit(
        material.features,
        material.truth,
        groups=material.sites,
        sample_weight=material.weights,
        kept=kept,
    )


def _kept(project: Project, taxonomy: Taxonomy) -> dict[str, KeptSetting]:
    """The settings that the newest version has, where it reads the same features and knows the same taxonomy."""
    latest = classifier_latest(project)
    if latest is None or latest.recipe != RECIPE or latest.taxonomy_id != taxonomy.version.pk:
        return {}
    statuses = [CategoryStatus(**row) for row in latest.categories]
    return {status.category: status.kept for status in statuses if status.kept}


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
    """The version's row and the end of its run, together: a worker that was overtaken publishes nothing.

    A query that no worker has begun yet goes to the new version.
    """
    run_done(run, stage=f"made v{version.number}", phases=phases.seconds)
    version.artifact, version.sha256, version.size = file.name, file.sha256, file.size
    version.save()
    query_run_hand_over(run.project, ClassifierFile(version.number, file.name, file.sha256))
    learned = sum(category["learned"] for category in version.categories)
    text = (
        f"Classifier v{version.number} is trained on {version.n_resolutions:,} resolutions and {version.n_known:,} "
        f"known labels: {learned} of {len(version.categories)} categories learned, "
        f"in {sum(phases.seconds.values()):.1f} s ({run.reason})"
    )
    log_write(run.project, "training", text)
    last_woken = (
        timezone.now() - STALE_AFTER + FIRST_CHOOSE
    )  # so the tick that looks for the next batch leaves it
    DrivingRun.objects.create(project=run.project, version=version, heartbeat_at=last_woken)
