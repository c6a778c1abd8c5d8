"""Asking for evaluations. Imports nothing heavy: the work is done by workers."""

from annotator.projects.models import Project
from annotator.runs import run_start
from learner.evaluation.models import EvaluationRun


def evaluation_run_start(project: Project) -> EvaluationRun:
    """A run that will evaluate the newest classifier version, or the one that is active. The tick wakes it."""
    return run_start(EvaluationRun, project)
