"""What the learner does now and how well: its part of a project's home, of its own page and of `progress/`."""

from dataclasses import dataclass

from django.db.models import Q

from annotator.projects.models import Project
from annotator.runs import Run, RunStatus
from learner.evaluation.models import EvaluationRun
from learner.evaluation.selectors import ClassifierResult, results_of
from learner.query.models import FeatureRun, QueryRun
from learner.query.selectors import query_latest
from learner.training.models import TrainingRun
from learner.training.selectors import TrainingProgress, classifiers_of, training_progress

VERSIONS_SHOWN = 5
KINDS: tuple[tuple[str, type[Run]], ...] = (
    ("Features", FeatureRun),
    ("Query", QueryRun),
    ("Training", TrainingRun),
    ("Evaluation", EvaluationRun),
)


@dataclass(frozen=True)
class RunLine:
    """One run of the learner that is active, or was the last of its kind and failed."""

    kind: str
    run: Run


@dataclass(frozen=True)
class LearnerOverview:
    """The machine half of a project's home at one moment."""

    progress: TrainingProgress
    query: QueryRun | None
    results: tuple[ClassifierResult, ...]
    runs: tuple[RunLine, ...]

    @property
    def newest(self) -> ClassifierResult | None:
        """The newest classifier version."""
        return self.results[0] if self.results else None

    @property
    def query_seconds(self) -> float | None:
        """Seconds of the last query, all phases together."""
        return sum(self.query.phases.values()) if self.query and self.query.phases else None


def learner_overview(project: Project) -> LearnerOverview:
    """The machine half of the home. Nine queries, each on an index or on few rows: it is polled."""
    return LearnerOverview(
        progress=training_progress(project),
        query=query_latest(project),
        results=tuple(results_of(classifiers_of(project)[:VERSIONS_SHOWN])),
        runs=runs_to_show(project),
    )


def runs_to_show(project: Project) -> tuple[RunLine, ...]:
    """Active runs of the learner, and failed ones until the next of their kind. Four queries."""
    newest = ((kind, _newest(model, project)) for kind, model in KINDS)
    return tuple(
        RunLine(kind, run)
        for kind, run in newest
        if run and (run.is_active or run.status == RunStatus.FAILED)
    )


def _newest(model: type[Run], project: Project) -> Run | None:
    runs: list[Run] = list(model._default_manager.filter(Q(project=project)).order_by("-pk")[:1])
    return runs[0] if runs else None
