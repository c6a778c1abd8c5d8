"""Reading classifier versions, and how far a project is to its next one. Imports nothing heavy: pages read these."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Exists, F, Func, OuterRef, QuerySet

from annotator.errors import NotFound
from annotator.judgments.models import Verdict
from annotator.pool.models import Ingest, Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current
from learner.core.due import TrainingFacts
from learner.core.recipe import RECIPE
from learner.training.models import ClassifierVersion, DrivingRun, TrainingRun

FIRST_VERSION_ITEMS = 30
FIRST_CHOOSE = timedelta(seconds=6)
"""So long other work on a new version waits, while it chooses its first batch."""
LEARNABLE_POSITIVES = 5  # as `LinearClassifier.min_positives`


@dataclass(frozen=True)
class TrainingProgress:
    """How far a project is to its next classifier version: `done` of `needed`."""

    latest: ClassifierVersion | None
    done: int
    needed: int

    @property
    def shown(self) -> int:
        """`done`, held at `needed`: what a progress bar can show."""
        return min(self.done, self.needed)


def classifiers_of(project: Project) -> QuerySet[ClassifierVersion]:
    """The classifier versions of a project, newest first, with their runs. One query."""
    return (
        ClassifierVersion.objects.filter(project=project)
        .select_related("training_run", "taxonomy")
        .order_by("-number")
    )


def classifier_latest(project: Project) -> ClassifierVersion | None:
    """The newest classifier version of a project, or None. One query."""
    return classifiers_of(project).first()


def classifier_of(project: Project, number: int) -> ClassifierVersion:
    """One classifier version by its number; raises NotFound. One query."""
    version = classifiers_of(project).filter(number=number).first()
    if version is None:
        raise NotFound(f"This project has no classifier version {number}.")
    return version


def driving_of(version: ClassifierVersion) -> DrivingRun | None:
    """The words that drive each category of a version, or the run that looks for them. One query."""
    return DrivingRun.objects.filter(version=version).first()


def training_runs_of(project: Project) -> QuerySet[TrainingRun]:
    """The training runs of a project, newest first. One query."""
    return TrainingRun.objects.filter(project=project).order_by("-pk")


def training_resolutions(project: Project) -> QuerySet[Resolution]:
    """What is held true of train items, as labels: all that a classifier may learn from resolutions. One query."""
    return resolutions_current(project).filter(item__split=Split.TRAIN, verdict=Verdict.LABELLED)


def training_known(project: Project) -> QuerySet[Item]:
    """Train items that came with known labels, and of which nothing is held true yet. One query."""
    resolved = resolutions_current(project).filter(item=OuterRef("pk"))
    known = Item.objects.filter(
        project=project, split=Split.TRAIN, known_labels__isnull=False, withheld=False
    )
    return known.filter(~Exists(resolved))


def training_progress(project: Project) -> TrainingProgress:
    """How far the project is to its next classifier version. Two queries; three before the first version."""
    latest = classifier_latest(project)
    if latest is None:
        return TrainingProgress(None, labelled_count(project), FIRST_VERSION_ITEMS)
    new = training_resolutions(project).filter(pk__gt=latest.last_resolution).count()
    return TrainingProgress(latest, new, project.retrain_after)


def labelled_count(project: Project) -> int:
    """Train items with a resolution or known labels, counted up to what a first version needs. Two queries."""
    resolved = training_resolutions(project)[:FIRST_VERSION_ITEMS].count()
    return resolved + training_known(project)[: FIRST_VERSION_ITEMS - resolved].count()


def learnable_count(project: Project) -> int:
    """Categories with enough positives on train items to be learned. Two queries."""
    positives: dict[str, int] = {}
    for rows, labels in (
        (training_resolutions(project), "labels"),
        (training_known(project), "known_labels"),
    ):
        counted = rows.annotate(label=Func(F(labels), function="unnest")).values("label").order_by()
        for row in counted.annotate(n=Count("pk")):
            positives[row["label"]] = positives.get(row["label"], 0) + row["n"]
    return sum(n >= LEARNABLE_POSITIVES for n in positives.values())


def training_facts(project: Project) -> TrainingFacts:
    """What the tick has to know of training. Four queries with a version, at most seven before the first.

    Known labels are new when their ingest ended after the newest version was made: it cannot have seen them all.
    """
    progress = training_progress(project)
    version = progress.latest
    if version is None:
        enough = progress.done >= FIRST_VERSION_ITEMS
        labelled = training_resolutions(project).count() + training_known(project).count() if enough else 0
        return TrainingFacts(
            new_resolutions=progress.done,
            labelled=labelled or progress.done,
            learnable_categories=learnable_count(project) if enough else 0,
            minimum=FIRST_VERSION_ITEMS,
            retrain_after=project.retrain_after,
        )
    ingests = Ingest.objects.filter(project=project, finished_at__gt=version.created_at, rows_added__gt=0)
    newest = taxonomy_current(project).version
    return TrainingFacts(
        new_resolutions=progress.done,
        labelled=version.n_resolutions + version.n_known + progress.done,
        learnable_categories=0,
        minimum=FIRST_VERSION_ITEMS,
        retrain_after=project.retrain_after,
        last_version=version.number,
        new_known=training_known(project).filter(ingest__in=ingests).count() if ingests.exists() else 0,
        new_taxonomy=newest.number if newest.pk != version.taxonomy_id else None,
        new_recipe=version.recipe != RECIPE,
    )
