"""What settings come to in time, at the pace that people had."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.projects.models import Role
from annotator.queue.models import Batch
from learner.query.models import ShadowRun
from learner.training.paces import Pace, pace_compared, pace_of
from tests.factories import (
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db


def test_the_pace_is_that_of_the_last_week() -> None:
    project = make_project()
    member = make_member(project, Role.ANNOTATOR)
    items = make_items(project, 14)
    make_batch(project, items)
    for item in items:
        make_judgment(item, member, [GAMES])
    for item in items[:7]:
        make_resolution(item, [GAMES])

    assert pace_of(project, timezone.now()) == Pace(2.0, 1.0)
    assert pace_of(project, timezone.now() + timedelta(days=8)) == Pace(0.0, 0.0)
    assert Batch.objects.count() == 1


def test_settings_are_told_in_time_and_only_what_differs_is_different() -> None:
    project = make_project(overlap=2)
    settings = {"batch_size": 60, "low_water": 30, "retrain_after": 50}
    run = ShadowRun(project=project, in_use=settings, candidate=settings | {"batch_size": 600})

    lines = {row.words: row for row in pace_compared(run, Pace(240.0, 10.0))}

    assert (lines["A batch lasts"].in_use, lines["A batch lasts"].candidate) == ("12.0 hours", "5.0 days")
    assert lines["What is free at the low-water mark lasts"].in_use == "3.0 hours"
    assert lines["A retrain comes every"].in_use == "5.0 days"
    assert [row.is_same for row in lines.values()] == [False, False, True, True]


def test_nothing_is_told_where_nobody_labels() -> None:
    settings = {"batch_size": 60, "low_water": 30, "retrain_after": 50}
    run = ShadowRun(project=make_project(overlap=2), in_use=settings, candidate=settings)

    assert {row.in_use for row in pace_compared(run, Pace(0.0, 0.0))} == {"120", "–"}
