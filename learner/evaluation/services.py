"""Asking for evaluations. Imports nothing heavy: the work is done by workers."""

from django.db import transaction

from annotator.errors import BadInput, Conflict
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_start
from learner.evaluation.models import EvaluationRun, Truth, TruthSetting
from learner.evaluation.selectors import truth_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest


@transaction.atomic
def truth_set(access: Access, truth: str) -> TruthSetting:
    """What evaluations take for true from now on; the newest version is evaluated anew as soon as it can be.

    Raises BadInput for what is no choice, and where nothing is different.
    """
    if truth not in Truth.values:
        raise BadInput(f'"{truth[:40]}" is no choice; use {", ".join(Truth.values)}.')
    if truth == truth_of(access.project):
        raise BadInput("Evaluations take this for true already.")
    setting = TruthSetting.objects.create(project=access.project, truth=truth, set_by=access.user)
    words = Truth(truth).label
    log_write(
        access.project, "evaluation", f"{access.user.username} set what evaluations take for true: {words}"
    )
    if classifier_latest(access.project):
        evaluation_run_start(access.project)
    return setting


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
