"""What the tick reads of the queue: its level, and how fast people empty it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.projects.models import Project
from annotator.queue.selectors import queue_level
from annotator.runs import RunStatus
from learner.query.facts import LATELY, filled_meanwhile, queue_facts
from learner.query.models import QueryRun
from learner.query.shards import FeatureCoverage
from tests.factories import make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

NOBODY = FeatureCoverage(n_shards=1, n_items=40, last_item=10**9)


@pytest.fixture
def project() -> Project:
    """A queue of forty places that wants to have four free."""
    project = make_project(overlap=1, low_water=4)
    items = make_items(project, 80)
    make_batch(project, items[:40])
    return project


def label(project: Project, n: int) -> None:
    member = make_member(project)
    for item in make_items(project, n):
        make_batch(project, [item])
        make_judgment(item, member, [])


def asked_and_opened(project: Project, seconds: float) -> None:
    now = timezone.now()
    QueryRun.objects.create(
        project=project,
        reason="",
        seed=1,
        status=RunStatus.DONE,
        created_at=now - timedelta(seconds=seconds),
        finished_at=now,
    )


def test_nothing_is_filled_meanwhile_when_nobody_labels(project: Project) -> None:
    label(project, 3)

    assert filled_meanwhile(project, timezone.now() + timedelta(minutes=1)) == 0


def test_what_is_filled_meanwhile_grows_with_the_pace_and_with_the_slowest_of_the_last_queries(
    project: Project,
) -> None:
    label(project, 15)
    asked_and_opened(project, 6.0)
    soon = timezone.now() + 2 * LATELY

    # 15 in 30 s, for 6 s and two ticks of 2 s, twice
    assert filled_meanwhile(project, soon) == 10

    asked_and_opened(project, 11.0)
    asked_and_opened(project, 6.0)

    assert filled_meanwhile(project, soon) == 15


def test_the_pace_of_the_last_seconds_counts_when_people_come_back_all_at_once(project: Project) -> None:
    label(project, 12)
    asked_and_opened(project, 6.0)

    # 12 in 4 s, for 6 s and two ticks of 2 s, twice
    assert filled_meanwhile(project, timezone.now()) == 60


def test_the_queue_wants_more_when_people_would_empty_it_before_a_batch_opens(project: Project) -> None:
    label(project, 15)
    asked_and_opened(project, 60.0)

    facts = queue_facts(project, queue_level(project), NOBODY, timezone.now())

    assert facts.low_water < facts.free_places < facts.filled_meanwhile
    assert facts.pool_size == 1
