"""How the learner chooses: what may be set, by whom first, and that each query goes by it."""

from dataclasses import replace

import pytest
from django.db import ProgrammingError, transaction

from annotator.errors import BadInput, Conflict
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Project, Role
from annotator.projects.services import project_configure
from learner.core.catalogue import WORDS
from learner.core.strategies import STRATEGIES
from learner.query.models import SteeringVersion
from learner.query.selectors import steering_latest, steering_of
from learner.query.services import steering_set
from learner.query.steering import Steering, steering_changes, steering_problems
from tests.factories import CATEGORIES, GAMES, make_member, make_project

SHARES = {"query": 0.5, "rare": 0.2, "explore": 0.2, "audit": 0.1}
USUAL = Steering(shares=SHARES)


@pytest.fixture
def scientist() -> Access:
    project = make_project("pilot")
    return project_for(make_member(project, Role.SCIENTIST, username="sam"), "pilot", Can.STEER)


def test_the_catalogue_says_of_each_strategy_what_it_says_itself() -> None:
    assert {strategy.name: strategy.summary for strategy in STRATEGIES.values()} == WORDS


@pytest.mark.parametrize(
    ("wrong", "named", "problem"),
    [
        ({"strategy": "magic"}, "strategy", "no query strategy"),
        ({"batch_size": 0}, "batch_size", "use 1 to 5,000"),
        ({"low_water": 0}, "low_water", "use 1 to 100,000"),
        ({"retrain_after": 100_001}, "retrain_after", "use 1 to 100,000"),
        ({"shares": SHARES | {"query": 0.6}}, "", "sum to 1.1"),
        ({"shares": SHARES | {"query": -0.5}}, "query", "use 0 to 1"),
        ({"shares": SHARES | {"query": float("nan")}}, "query", "use 0 to 1"),
        ({"shares": SHARES | {"gold": 0.0}}, "", "no stream gold"),
        ({"weights": {GAMES: 11.0}}, f"weight-{GAMES}", "use 0 to 10"),
        ({"weights": {"unheard": 1.0}}, "weight-unheard", "no category"),
    ],
)
def test_what_cannot_be_is_named_with_what_to_do(wrong: dict[str, object], named: str, problem: str) -> None:
    problems = steering_problems(replace(USUAL, **wrong), CATEGORIES)  # type: ignore[arg-type]

    assert list(problems) == [named]
    assert problem in problems[named]


def test_what_has_changed_is_said_setting_by_setting() -> None:
    after = replace(USUAL, batch_size=80, shares=SHARES | {"query": 0.4, "rare": 0.3}, weights={GAMES: 2.0})

    assert steering_changes(USUAL, USUAL) == []
    assert steering_changes(USUAL, after) == [
        "batch size 60 → 80",
        "query 50% → 40%",
        "rare 20% → 30%",
        f"{GAMES} ×1 → ×2",
    ]


@pytest.mark.django_db
def test_before_anybody_sets_it_the_project_says_how_it_is_chosen(scientist: Access) -> None:
    project = scientist.project

    assert steering_latest(project) is None
    assert steering_of(project) == Steering(
        shares=project.shares,
        batch_size=project.batch_size,
        low_water=project.low_water,
        retrain_after=project.retrain_after,
    )


@pytest.mark.django_db
def test_a_set_is_the_next_version_and_stands_on_the_project(scientist: Access) -> None:
    wanted = replace(USUAL, strategy="rare_category", batch_size=80, weights={GAMES: 2.0})

    version = steering_set(scientist, wanted, based_on=0, note="Games are thin")

    project = Project.objects.get()
    assert (version.number, version.set_by, version.note) == (1, scientist.user, "Games are thin")
    assert steering_of(project) == wanted
    assert (project.batch_size, project.shares) == (80, SHARES)
    assert "sam set learner settings 1: strategy" in LogEntry.objects.latest("pk").text


@pytest.mark.django_db
def test_whoever_read_older_settings_is_told_what_changed_and_nothing_is_set(scientist: Access) -> None:
    steering_set(scientist, replace(USUAL, batch_size=80), based_on=0)

    with pytest.raises(Conflict, match="sam changed these settings meanwhile: batch size 60 → 80"):
        steering_set(scientist, replace(USUAL, batch_size=90), based_on=0)

    assert Project.objects.get().batch_size == 80
    assert SteeringVersion.objects.count() == 1


@pytest.mark.django_db
def test_settings_that_cannot_be_and_settings_in_use_are_refused(scientist: Access) -> None:
    with pytest.raises(BadInput, match="batch_size: 0 is out of bounds"):
        steering_set(scientist, replace(USUAL, batch_size=0), based_on=0)
    with pytest.raises(BadInput, match="in use already"):
        steering_set(scientist, steering_of(scientist.project), based_on=0)

    assert not SteeringVersion.objects.exists()


@pytest.mark.django_db
def test_a_settings_page_that_was_opened_before_does_not_undo_it(scientist: Access) -> None:
    opened_before = Project.objects.get()
    steering_set(scientist, replace(USUAL, batch_size=80), based_on=0)

    opened_before.prefetch = 3
    project_configure(opened_before, by=scientist.user)

    project = Project.objects.get()
    assert (project.prefetch, project.batch_size) == (3, 80)


@pytest.mark.django_db
def test_versions_are_never_changed(scientist: Access) -> None:
    version = steering_set(scientist, replace(USUAL, batch_size=80), based_on=0)

    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        SteeringVersion.objects.filter(pk=version.pk).update(batch_size=1)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        version.delete()
