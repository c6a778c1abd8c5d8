"""The tick: every few seconds, what is due now, and why. The only place where the ring of the loop closes.

It reads rows, asks pure functions, and starts runs. All it knows is in the database, so a tick that is lost, late or
killed is made up for by the next one.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

from celery import Task, shared_task
from celery.signals import task_success
from django.db import DatabaseError
from django.utils import timezone

from annotator.errors import CrossguardError
from annotator.judgments.imports.dropping import imports_sweep
from annotator.judgments.models import JudgmentImport
from annotator.judgments.tasks import judgments_import
from annotator.pool.models import Ingest, IngestReport
from annotator.pool.tasks import ingest, report
from annotator.projects.models import LogEntry, Project
from annotator.projects.selectors import log_of, taxonomy_current
from annotator.projects.services import log_write
from annotator.queue.models import Batch
from annotator.queue.selectors import queue_level
from annotator.review.acts.sweeping import bulks_sweep
from annotator.review.agreement.reports import agreement_due
from annotator.review.people.sweep import quality_sweep
from annotator.review.questions.asking import questions_sweep
from annotator.review.retention import retention_sweep, retentions_due
from annotator.review.services import reviews_sweep
from annotator.review.tasks import measure_agreement
from annotator.runs import Run, alone, runs_wake, wake
from learner.core.due import (
    Due,
    ErrorFacts,
    EvaluationFacts,
    FeatureFacts,
    NotDue,
    QueueFacts,
    SuspectFacts,
    TrainingFacts,
    errors_due,
    evaluation_due,
    featurise_due,
    query_due,
    suspects_due,
    training_due,
)
from learner.core.recipe import RECIPE
from learner.errors.models import ErrorRun, SimilarRun
from learner.errors.relooks import relooks_put_up
from learner.errors.selectors import error_facts
from learner.errors.services import error_run_start
from learner.errors.tasks import find, similar
from learner.evaluation.models import ComparisonRun, EvaluationRun
from learner.evaluation.pack_audits import pack_audits_open, projects_with_quota
from learner.evaluation.selectors import evaluation_facts
from learner.evaluation.services import evaluation_run_start
from learner.evaluation.tasks import compare_versions, evaluate
from learner.explorer.selectors import explorer_due
from learner.explorer.tasks import refresh
from learner.monitoring.experiments.sweeping import experiments_sweep
from learner.query.facts import feature_facts, queue_facts
from learner.query.models import FeatureRun, LookRun, QueryRun, ShadowRun, SuggestionRun
from learner.query.selectors import attempts_of
from learner.query.services import feature_run_start
from learner.query.shards import coverage_of
from learner.query.suggestions import is_configured, suggestion_category, suggestion_run_start
from learner.query.tasks import choose, compare, featurise, look, suggest
from learner.snapshots.models import IngestOverlap, SnapshotComparison, SnapshotRun
from learner.snapshots.services import snapshot_leftovers_sweep
from learner.snapshots.tasks import compare as compare_snapshots
from learner.snapshots.tasks import freeze, overlap
from learner.suspects.models import SuspectRun
from learner.suspects.selectors import suspect_facts
from learner.suspects.services import suspect_run_start
from learner.suspects.tasks import suspect
from learner.training.models import ClassifierVersion, DrivingRun, TrainingRun
from learner.training.selectors import classifier_latest, training_facts
from learner.training.services import batch_run_start, newest_file, training_run_start
from learner.training.tasks import drive, train
from learner.webhooks.sweeping import webhooks_sweep

logger = logging.getLogger(__name__)

TICK_KEY: Final = 72_001  # of the advisory lock: one tick at a time, on however many machines
KINDS: Final = (
    (Ingest, ingest),
    (IngestReport, report),
    (JudgmentImport, judgments_import),
    (FeatureRun, featurise),
    (QueryRun, choose),
    (ShadowRun, compare),
    (LookRun, look),
    (SuggestionRun, suggest),
    (TrainingRun, train),
    (DrivingRun, drive),
    (EvaluationRun, evaluate),
    (ComparisonRun, compare_versions),
    (SuspectRun, suspect),
    (ErrorRun, find),
    (SimilarRun, similar),
    (SnapshotRun, freeze),
    (SnapshotComparison, compare_snapshots),
    (IngestOverlap, overlap),
)

Facts = TypeVar("Facts", FeatureFacts, QueueFacts, TrainingFacts, EvaluationFacts, SuspectFacts, ErrorFacts)


@shared_task(name="learner.tick")
def tick() -> None:
    """One tick; nothing when another one runs."""
    tick_once()


@task_success.connect
def _follow_up(sender: "Task[Any, Any] | None" = None, **_: object) -> None:
    """What people wait for is looked at as soon as it may be due, and not at the next beat.

    A version that was trained may choose at once, and a batch that was not enough is followed by another; a query that
    opened none is not, or it would be asked without a pause. When a tick runs already, this one does nothing, and the
    next beat finds the same rows.
    """
    if sender is None or sender.name not in {choose.name, train.name}:
        return
    opened = QueryRun.objects.filter(pk__in=sender.request.args or (), batch__isnull=False)
    if sender.name == train.name or opened.exists():
        wake(tick)


def tick_once() -> bool:
    """Whether this was the tick: look at each project, then wake every run that no worker holds.

    What breaks in one project is logged with its traceback and tried again by the next tick; the other projects
    do not wait for it.
    """
    with alone(TICK_KEY) as is_alone:
        if not is_alone:
            return False
        for project in Project.objects.order_by("pk"):
            try:
                project_tick(project, timezone.now())
            except (CrossguardError, DatabaseError, OSError, ValueError) as error:
                logger.exception("The tick of project %s failed", project.slug)
                _note(project, "tick", f"The tick failed: {error}", LogEntry.Level.ERROR)
        _sweep_retentions(timezone.now())
        _sweep_webhooks(timezone.now())
        _sweep_experiments(timezone.now())
        _sweep_packs()
        _sweep_snapshots()
        for model, task in KINDS:
            runs_wake(model, task, timezone.now())
    return True


def _sweep_retentions(now: datetime) -> None:
    for retention in retentions_due(now):
        try:
            retention_sweep(retention, now)
        except DatabaseError as error:
            logger.exception("Erasing evidence of project %s failed", retention.project.slug)
            _note(retention.project, "pool", f"Evidence could not be erased: {error}", LogEntry.Level.ERROR)


def _sweep_webhooks(now: datetime) -> None:
    try:
        webhooks_sweep(now)
    except DatabaseError:
        logger.exception("Making deliveries of webhooks failed")


def _sweep_experiments(now: datetime) -> None:
    try:
        experiments_sweep(now)
    except DatabaseError:
        logger.exception("Counts of experiments could not be written")


def _sweep_packs() -> None:
    for project in projects_with_quota():
        try:
            pack_audits_open(project)
        except (CrossguardError, DatabaseError):
            logger.exception("Audits of the over-block pack of project %s failed", project.slug)


def _sweep_snapshots() -> None:
    try:
        snapshot_leftovers_sweep()
    except (DatabaseError, OSError):
        logger.exception("What ended snapshot runs left in the storage could not be deleted")


def project_tick(project: Project, now: datetime) -> None:
    """Bring the reviews and checks of a project up to date, and start what is due unless it is paused.

    About twenty short queries when nothing is due; each is an index range or stops counting early.
    """
    imports_sweep(project)
    reviews_sweep(project)
    questions_sweep(project, now)
    quality_sweep(project, now)
    bulks_sweep(project, now)
    if agreement_due(project):
        wake(measure_agreement, project.pk)
    if explorer_due(project, now):
        wake(refresh, project.pk)
    if project.paused:
        return
    coverage = coverage_of(project)
    features = feature_facts(project, coverage)
    _start_if_due(project, features, featurise_due, now=now)
    version = classifier_latest(project)
    reads_them = version is not None and version.recipe == RECIPE
    if coverage.n_items and (reads_them or not features.items_without):
        _start_if_due(project, training_facts(project), training_due, now=now)
    level = queue_level(project)
    if coverage.n_items and not _waits_for_first_classifier(project, version, level.waiting):
        _start_if_due(project, queue_facts(project, level, coverage, now), query_due, now=now)
    _start_if_due(project, evaluation_facts(project, version), evaluation_due, now=now)
    _start_if_due(project, suspect_facts(project, version), suspects_due, now=now)
    if version is not None:
        _start_if_due(project, error_facts(project), errors_due, now=now)
        relooks_put_up(project)
    if coverage.n_items and is_configured():
        _suggest_if_due(project, version, now)


def _suggest_if_due(project: Project, version: ClassifierVersion | None, now: datetime) -> None:
    """Ask a language model, where the project has one, about the next category with few positives."""
    positives = {row["category"]: row["n_positive"] for row in version.categories} if version else {}
    category = suggestion_category(project, taxonomy_current(project), positives, now)
    if category is not None:
        suggestion_run_start(project, category, newest_file(project))


def _waits_for_first_classifier(project: Project, version: ClassifierVersion | None, waiting: int) -> bool:
    """Whether the first batch is better chosen in a moment; not when somebody has nothing to do meanwhile."""
    if version is not None or waiting or Batch.objects.filter(project=project).exists():
        return False
    return attempts_of(TrainingRun, project).running


def _start_if_due(
    project: Project, facts: Facts, decide: Callable[..., Due | NotDue], *, now: datetime
) -> None:
    stage, model, start = STARTS[type(facts)]
    decision = decide(facts, now=now)
    if isinstance(decision, Due):
        # How earlier runs went is read only when there is work: most ticks need not know.
        decision = decide(replace(facts, attempts=attempts_of(model, project)), now=now)
    if isinstance(decision, Due):
        start(project, decision.reason)
        log_write(project, stage, decision.reason)
    elif decision.blocked:
        _note(project, stage, decision.reason, LogEntry.Level.WARNING)


def _start_features(project: Project, _: str) -> None:
    feature_run_start(project)


def _start_query(project: Project, reason: str) -> None:
    batch_run_start(project, reason)


def _start_training(project: Project, reason: str) -> None:
    training_run_start(project, reason)


def _start_evaluation(project: Project, _: str) -> None:
    evaluation_run_start(project)


def _start_suspects(project: Project, _: str) -> None:
    suspect_run_start(project)


def _start_errors(project: Project, _: str) -> None:
    error_run_start(project)


STARTS: Final[dict[type, tuple[str, type[Run], Callable[[Project, str], None]]]] = {
    FeatureFacts: ("query", FeatureRun, _start_features),
    QueueFacts: ("query", QueryRun, _start_query),
    TrainingFacts: ("training", TrainingRun, _start_training),
    EvaluationFacts: ("evaluation", EvaluationRun, _start_evaluation),
    SuspectFacts: ("suspects", SuspectRun, _start_suspects),
    ErrorFacts: ("errors", ErrorRun, _start_errors),
}


def _note(project: Project, stage: str, text: str, level: LogEntry.Level) -> None:
    """A line in the log, unless the stage's last line says the same but for its numbers."""
    last = log_of(project).filter(stage=stage).first()
    if last is None or _kind(last.text) != _kind(text):
        log_write(project, stage, text, level=level)


def _kind(text: str) -> str:
    return re.sub(r"[\d,.]+ (\w+?)s?\b", r"# \1", text)
