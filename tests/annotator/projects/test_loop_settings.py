"""The settings that a file or a form may set: bounds, and what has to fit together."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from annotator.errors import BadInput
from annotator.projects.fields import Fields
from annotator.projects.loop_settings import BOUNDS, LoopSettings, misfits, settings_read
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import project_configure
from tests.factories import make_project


def read(**given: Any) -> tuple[LoopSettings, list[str]]:
    problems: list[str] = []
    return settings_read(Fields(given, where="project", problems=problems)), problems


def test_every_setting_is_read_when_the_file_gives_it() -> None:
    given = {
        "overlap": 2, "overlap_max": 5, "adaptive": True, "adaptive_certainty": 0.99, "adaptive_least": 1,
        "batch_size": 30, "retrain_after": 20, "holdout_percent": 5, "prefetch": 0,
        "break_minutes": 0, "idle_minutes": 5, "exposure_budget": 0, "exposure_hours": 8, "cooldown_minutes": 45,
        "qualification": False, "gold_share": 0.05, "gold_share_new": 0.2, "retest_share": 0, "retest_days": 14,
        "gold_line": 0.8,
    }  # fmt: skip

    settings, problems = read(**given)

    assert problems == []
    assert asdict(settings) == given


def test_the_usual_settings_hold_and_fit_together_when_the_file_gives_none() -> None:
    assert read() == (LoopSettings(), [])
    assert misfits(LoopSettings()) == {}


@pytest.mark.parametrize("name", sorted(BOUNDS))
def test_a_setting_out_of_its_bounds_is_refused(name: str) -> None:
    _, problems = read(**{name: BOUNDS[name][1] + 1})

    assert len(problems) == 1
    assert problems[0].startswith(f"project.{name} is ")
    assert f"{BOUNDS[name][1]:g}." in problems[0]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"adaptive_certainty": 0.5}, "project.adaptive_certainty is 0.5; use a number from 0.9 to 0.999."),
        ({"adaptive": 1}, "project.adaptive is 1; use true or false."),
        (
            {"adaptive": True},
            "project.adaptive_least is 2, and the overlap is 2: nothing could be saved; start with fewer, "
            "or raise the overlap.",
        ),
        ({"qualification": "yes"}, "project.qualification is 'yes'; use true or false."),
        ({"gold_share": "3 %"}, "project.gold_share is '3 %'; use a number from 0 to 0.5."),
        ({"gold_line": True}, "project.gold_line is true; use a number from 0 to 1."),
        (
            {"exposure_hours": 1, "cooldown_minutes": 90},
            "project.cooldown_minutes is 90, longer than the budget's window of 1 h; use at most 60 minutes.",
        ),
        (
            {"gold_share": 0.2},
            "project.gold_share_new is 0.1, less than the share for everybody, 0.2; raise it.",
        ),
        (
            {"gold_share_new": 0.5, "retest_share": 0.1},
            "project.gold_share_new is 0.5, with retests 60% of a new person's pages would be checks; "
            "50% is the most.",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_the_cure(given: dict[str, Any], problem: str) -> None:
    assert read(**given)[1] == [problem]


def test_settings_that_fit_are_let_through_at_the_very_edge() -> None:
    edge = replace(
        LoopSettings(), exposure_hours=1, cooldown_minutes=60, gold_share_new=0.4, retest_share=0.1
    )

    assert misfits(edge) == {}


@pytest.mark.django_db
def test_a_project_is_not_saved_when_its_settings_do_not_fit() -> None:
    project = make_project()
    project.cooldown_minutes = 600

    with pytest.raises(BadInput, match="cooldown_minutes is 600, longer than the budget's window of 4 h"):
        project_configure(project, by=project.created_by)

    project.refresh_from_db()
    assert project.cooldown_minutes == 20
    assert not LogEntry.objects.filter(text__contains="changed the settings").exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [
        ({"overlap_max": 6}, "project_overlap_1_to_5"),
        ({"overlap": 0}, "project_overlap_1_to_5"),
        ({"adaptive": True}, "project_adaptive_saves_something"),
        ({"adaptive_certainty": 0.5}, "project_adaptive_in_bounds"),
        ({"adaptive_least": 3}, "project_adaptive_in_bounds"),
    ],
)
def test_database_refuses_settings_of_overlap_that_make_no_sense(
    wrong: dict[str, Any], constraint: str
) -> None:
    project = make_project()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(**wrong)


@pytest.mark.django_db
def test_the_log_says_when_adaptive_overlap_is_switched() -> None:
    project = make_project(overlap=3, overlap_max=5)

    for adaptive in (True, True, False):
        project.adaptive = adaptive
        project_configure(project, by=project.created_by)

    by = project.created_by.username
    texts = LogEntry.objects.filter(project=project).order_by("pk").values_list("text", flat=True)
    assert list(texts) == [
        f"{by} changed the settings: adaptive overlap is on from the next batch on, from 2 places to 5, "
        "until every category is 95.0% certain",
        f"{by} changed the settings",
        f"{by} changed the settings: adaptive overlap is off from the next batch on",
    ]
