"""A project whose classifier was trained on clear pages and errs on some audited ones."""

from dataclasses import dataclass

import pytest

from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import Resolution
from annotator.runs import RunStatus
from learner.errors.finding import error_run_execute
from learner.errors.models import ErrorRun
from learner.errors.services import error_run_start
from learner.evaluation.models import Evaluation
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion
from learner.training.services import training_run_start
from tests.factories import GAMES, VIOLENCE, make_items, make_project, make_resolution, make_wave
from tests.learner.evaluation.release import good_facts


@dataclass(frozen=True)
class Erring:
    """The project, the audited pages that are false alarms and misses, and those that are right."""

    project: Project
    alarms: list[Item]
    misses: list[Item]
    right: list[Item]


@pytest.fixture
def erring() -> Erring:
    return make_erring()


def make_erring() -> Erring:
    """Games say "chess" or "dice". Six audited pages say "dice" and are no games; two fights do not say so."""
    project = make_project("pilot")
    for topic, labels in (
        ("games chess", [GAMES]),
        ("games dice", [GAMES]),
        ("fight blood", [VIOLENCE]),
        ("weather rain", []),
    ):
        for item in make_items(project, 15, topic=topic):
            make_resolution(item, labels)
    make_items(project, 10, topic="games dice club")  # unlabelled, in the pool
    alarms = audited(project, make_items(project, 6, topic="dice carpentry", split=Split.HOLDOUT), [])
    misses = audited(project, make_items(project, 2, topic="weather rain", split=Split.HOLDOUT), [VIOLENCE])
    right = audited(project, make_items(project, 4, topic="games chess", split=Split.HOLDOUT), [GAMES])
    right += audited(project, make_items(project, 4, topic="weather rain", split=Split.HOLDOUT), [])
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "a test asks").pk)
    Evaluation.objects.create(
        project=project,
        classifier=ClassifierVersion.objects.get(project=project),
        last_resolution=Resolution.objects.latest("pk").pk,
        n_items=16,
        facts=good_facts(),
    )
    return Erring(project, alarms, misses, right)


def audited(project: Project, items: list[Item], labels: list[str]) -> list[Item]:
    """These holdout items drawn for audit, and resolved."""
    choices = [
        BatchChoice(
            item_id=item.pk,
            stream=Stream.AUDIT,
            strategy="uniform",
            score=None,
            reason="",
            classifier_number=None,
            pool_size=100,
            inclusion_probability=0.5,
            seed=1,
        )
        for item in items
    ]
    batch = batch_open(
        project,
        choices,
        fingerprint=str(items[0].pk),
        reason="",
        seed=1,
        classifier_number=None,
        pool_size=100,
    )
    make_wave(batch, {item.pk: 0.5 for item in items})
    for item in items:
        make_resolution(item, labels)
    return items


def find(project: Project) -> ErrorRun:
    """A finished search."""
    run = error_run_start(project)
    error_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE, run.error
    return run
