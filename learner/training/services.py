"""Asking for training runs. Imports nothing heavy: pages ask, workers do the work."""

from annotator.projects.models import Project
from annotator.runs import run_start
from learner.training.models import TrainingRun


def training_run_start(project: Project, reason: str) -> TrainingRun:
    """A run that will train the next classifier version, or the one that is active. The tick wakes it.

    The seed is the project's for ever: the same labels give the same classifier.
    """
    return run_start(TrainingRun, project, reason=reason, seed=project.pk)
