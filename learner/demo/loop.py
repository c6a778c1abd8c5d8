"""The machine's half of the demo's history: the runs of the loop, done here and now instead of by workers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from django.utils import timezone

from annotator.errors import CrossguardError
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.queue.selectors import queue_level
from annotator.runs import Run, RunStatus
from learner.core.due import Due, evaluation_due, query_due, training_due
from learner.evaluation.evaluating import evaluation_run_execute
from learner.evaluation.selectors import evaluation_facts
from learner.evaluation.services import evaluation_run_start
from learner.query.choosing import query_run_execute
from learner.query.facts import queue_facts
from learner.query.featurising import feature_run_execute
from learner.query.services import ClassifierFile, feature_run_start, query_run_start
from learner.query.shards import coverage_of
from learner.suspects.judging import suspect_run_execute
from learner.suspects.services import suspect_run_start
from learner.training.explaining import driving_run_execute
from learner.training.fitting import training_run_execute
from learner.training.models import DrivingRun
from learner.training.selectors import classifier_latest, training_facts, training_progress
from learner.training.services import training_run_start

RESTING: Final = 8
"""With fewer new resolutions, the newest version counts as just trained."""


class RunFailed(CrossguardError):
    """A run of the demo did not end well."""

    code = "run_failed"


def run_ended(run: Run) -> None:
    """Return if the run is done; raises RunFailed with its sentence otherwise."""
    run.refresh_from_db()
    if run.status != RunStatus.DONE:
        raise RunFailed(f"The demo cannot go on: its {run._meta.verbose_name} is {run.status}. {run.error}")


def features_compute(project: Project) -> None:
    """Features of every page of the project."""
    _executed(feature_run_start(project), feature_run_execute)


def query_if_due(project: Project) -> None:
    """Open the next batch if the queue is low."""
    facts = queue_facts(project, queue_level(project), coverage_of(project), timezone.now())
    facts = replace(facts, filled_meanwhile=0)  # the demo's people answer in no time, and wait for nobody
    due = query_due(facts, now=timezone.now())
    if isinstance(due, Due):
        log_write(project, "query", due.reason)
        latest = classifier_latest(project)
        file = ClassifierFile(latest.number, latest.artifact, latest.sha256) if latest else None
        _executed(query_run_start(project, due.reason, file), query_run_execute)


def train_if_due(project: Project) -> None:
    """Train and evaluate the next classifier version if enough is new."""
    due = training_due(training_facts(project), now=timezone.now())
    if not isinstance(due, Due):
        return
    log_write(project, "training", due.reason)
    _executed(training_run_start(project, due.reason), training_run_execute)
    for run in DrivingRun.objects.filter(project=project, status=RunStatus.PENDING):
        _executed(run, driving_run_execute)
    due = evaluation_due(evaluation_facts(project, classifier_latest(project)), now=timezone.now())
    if isinstance(due, Due):
        log_write(project, "evaluation", due.reason)
        _executed(evaluation_run_start(project), evaluation_run_execute)


def suspects_search(project: Project) -> None:
    """Look for resolved labels that look wrong: the simulated annotators err."""
    _executed(suspect_run_start(project), suspect_run_execute)


def is_just_trained(project: Project) -> bool:
    """Whether hardly anything was resolved since the newest classifier version."""
    progress = training_progress(project)
    return progress.latest is not None and progress.done < RESTING


def _executed(run: Run, execute: Callable[[int], None]) -> None:
    execute(run.pk)
    run_ended(run)
