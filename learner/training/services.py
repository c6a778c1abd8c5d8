"""Asking for training runs and batches. Imports nothing heavy: pages ask, workers do the work."""

from typing import Final

from annotator.errors import BadInput, Conflict, Withheld
from annotator.pool.models import Item, Split
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_start
from learner.core.recipe import RECIPE
from learner.query.models import FeatureShard, LookRun, QueryRun, ShadowRun
from learner.query.services import (
    ClassifierFile,
    audit_run_start,
    look_run_start,
    query_run_start,
    shadow_run_start,
)
from learner.query.steering import Steering
from learner.training.models import TrainingRun
from learner.training.selectors import classifier_latest

AUDITS_MAX: Final = 2_000
"""In one batch: more would keep people from everything else for days."""


def training_run_start(project: Project, reason: str) -> TrainingRun:
    """A run that will train the next classifier version, or the one that is active. The tick wakes it.

    The seed is the project's for ever: the same labels give the same classifier.
    """
    return run_start(TrainingRun, project, reason=reason, seed=project.pk)


def batch_run_start(project: Project, reason: str) -> QueryRun:
    """A query run with the newest classifier version, or the one that is active. The tick wakes it."""
    return query_run_start(project, reason, newest_file(project))


def training_request(access: Access) -> TrainingRun:
    """A training run because a person asks for it; raises Conflict while the project is paused."""
    _refuse_when_paused(access.project)
    log_write(access.project, "training", f"{access.user.username} asked for a retrain")
    return training_run_start(access.project, f"asked by {access.user.username}")


def batch_request(access: Access) -> QueryRun:
    """A query run because a person asks for it; raises Conflict while the project is paused or has no features."""
    _refuse_when_paused(access.project)
    _refuse_without_features(access.project)
    log_write(access.project, "query", f"{access.user.username} asked for a batch")
    return batch_run_start(access.project, f"asked by {access.user.username}")


def audits_request(access: Access, category: str, n: int) -> QueryRun:
    """A query run for a batch of audits alone, drawn where this category may be, because a person asks for it.

    Raises BadInput for a category or a number that cannot be; Conflict while the project is paused, has no features,
    has no holdout item left, or chooses another batch.
    """
    asked = _audits_asked(access, category, n)
    file = newest_file(access.project)
    run = audit_run_start(access.project, f"asked by {asked}", file, n=n, focus={category: 1.0})
    log_write(access.project, "query", asked.replace(":", " asked for", 1))
    return run


def audits_at_random_request(access: Access, category: str, n: int) -> QueryRun:
    """The same with all holdout items alike, where that takes fewer; raises the same.

    The run has no classifier, so its draw is a simple random sample.
    """
    asked = f"{_audits_asked(access, category, n)}, at random"
    run = audit_run_start(access.project, f"asked by {asked}", None, n=n, focus={})
    log_write(access.project, "query", asked.replace(":", " asked for", 1))
    return run


def shadow_request(access: Access, candidate: Steering) -> ShadowRun:
    """A comparison of the settings in use with `candidate`, by the newest classifier version; it opens nothing.

    Raises BadInput that names what cannot be; Conflict while the project has no features, or another comparison runs.
    """
    _refuse_without_features(access.project)
    return shadow_run_start(access, candidate, newest_file(access.project))


def look_request(access: Access, item: Item) -> LookRun:
    """A look at one item by the newest classifier version: where it stands in each lane.

    Raises Withheld for a sealed one; Conflict when it has left the pool, or has no features yet.
    """
    if item.withheld:
        raise Withheld
    if not item.pooled:
        raise Conflict("This page has left the pool: a batch has taken it. Its ledger says why.")
    if not FeatureShard.objects.filter(
        project=access.project, recipe=RECIPE, first_item__lte=item.pk, last_item__gte=item.pk
    ).exists():
        raise Conflict("No features of this page are computed yet. Wait a moment, then ask again.")
    return look_run_start(access, item, newest_file(access.project))


def _audits_asked(access: Access, category: str, n: int) -> str:
    """Who asks for what, in words, once nothing speaks against it."""
    if category not in access.taxonomy.slugs:
        raise BadInput(f'The taxonomy has no category "{category[:40]}".')
    if not 1 <= n <= AUDITS_MAX:
        raise BadInput(f"{n} is out of bounds; a batch has 1 to {AUDITS_MAX:,} audits.")
    _refuse_when_paused(access.project)
    _refuse_without_features(access.project)
    if not Item.objects.filter(project=access.project, split=Split.HOLDOUT, pooled=True).exists():
        raise Conflict("Every holdout item is audited already. Take in pages of other sites.")
    return f"{access.user.username}: {n} audits for {access.taxonomy.name_of(category)}"


def newest_file(project: Project) -> ClassifierFile | None:
    """The newest version's file; None when it reads features that are made no more, until the next one is trained."""
    version = classifier_latest(project)
    if version is None or version.recipe != RECIPE:
        return None
    return ClassifierFile(version.number, version.artifact, version.sha256)


def _refuse_without_features(project: Project) -> None:
    if not FeatureShard.objects.filter(project=project).exists():
        raise Conflict(
            "No features are computed yet, so there is nothing to choose from. Take in pages, and wait a moment."
        )


def _refuse_when_paused(project: Project) -> None:
    if project.paused:
        raise Conflict(
            "The project is paused: it opens no batch and trains nothing. An admin can go on with it."
        )
