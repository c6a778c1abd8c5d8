"""Asking for evaluations. Imports nothing heavy: the work is done by workers."""

from annotator.errors import Conflict
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_start
from learner.evaluation.models import EvaluationRun
from learner.training.models import ClassifierVersion


def evaluation_run_start(project: Project) -> EvaluationRun:
    """A run that will evaluate the newest classifier version, or the one that is active. The tick wakes it."""
    return run_start(EvaluationRun, project)


def evaluation_request(access: Access, version: ClassifierVersion) -> EvaluationRun:
    """A run that will evaluate this version on the audited items so far; Conflict while another is evaluated."""
    run = run_start(EvaluationRun, access.project, classifier=version)
    if run.classifier_id != version.pk:
        raise Conflict("Another version of this project is being evaluated. Ask again in a moment.")
    log_write(access.project, "evaluation", f"{access.user.username} asked to evaluate v{version.number}")
    return run
