"""Adaptive overlap never stops where it may not, and switching it on or off loses nothing."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.overlap import NoSkills
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Split
from annotator.projects.models import Project
from annotator.queue.models import BatchItem, Stream
from annotator.review.adaptive import adaptive_now, why_no_skills
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.services import Swept, review_sweep
from tests.annotator.review.adaptive.opening import GOOD, POOR, judge, opened, places
from tests.annotator.review.knowing import know_skills, look_again
from tests.annotator.review.resolving import held
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_items,
    make_judgment,
    make_project,
    make_resolution,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stream", "split"),
    [(Stream.AUDIT, Split.HOLDOUT), (Stream.AUDIT, Split.TRAIN), (Stream.EXPLORE, Split.HOLDOUT)],
)
def test_what_evaluations_rest_on_always_has_fixed_overlap(
    project: Project, people: list[User], stream: Stream, split: Split
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project, stream=stream, split=split)

    judge(item, people, [GAMES], [GAMES])

    assert places(item) == 3
    assert not Resolution.objects.exists()
    assert judge(item, people[2:], [GAMES]) == Swept(resolved=1)
    assert held(item).method == Method.UNANIMOUS


def test_the_database_refuses_an_audit_that_stops_early(project: Project) -> None:
    know_skills(project)
    row = BatchItem.objects.get(item=opened(project))
    columns = {field.attname: getattr(row, field.attname) for field in BatchItem._meta.concrete_fields}
    (item,) = make_items(project, 1)

    with pytest.raises(IntegrityError, match="batch_item_audit_is_fixed"), transaction.atomic():
        BatchItem.objects.create(
            **(columns | {"id": None, "item_id": item.pk, "rank": 9, "stream": Stream.AUDIT})
        )


@pytest.mark.parametrize(
    ("known", "why"),
    [
        (None, "Skills are not measured yet."),
        ({"days_ago": 8}, "Skills were last measured on "),
        ({"n_deep": 99}, "99 of the 100 pages are judged that it takes"),
    ],
)
def test_fixed_overlap_holds_while_skills_are_not_known_and_the_reason_is_given(
    project: Project, people: list[User], known: dict[str, int] | None, why: str
) -> None:
    if known is not None:
        know_skills(project, dict.fromkeys(people, GOOD), **known)
    item = opened(project)

    judge(item, people, [GAMES], [GAMES])

    assert places(item) == 3  # at once, or one more where skills went stale since the last measurement
    assert why_no_skills(project, timezone.now()).startswith(why)
    assert isinstance(adaptive_now(project, [], timezone.now()), NoSkills)
    assert not Resolution.objects.exists()
    project.refresh_from_db()
    assert not project.skills_enough


def test_new_taxonomy_ends_it_until_skills_are_measured_again(project: Project, people: list[User]) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    early = opened(project)
    make_judgment(early, people[0], [GAMES])
    make_taxonomy(project, ["chat", GAMES, GAMBLING, VIOLENCE])

    assert judge(early, people[1:], [GAMES]) == Swept(places_added=1)

    assert why_no_skills(project, timezone.now()) == "Skills were measured under an earlier taxonomy."
    project.refresh_from_db()
    assert not project.skills_enough
    assert places(opened(project)) == 3
    know_skills(project, dict.fromkeys(people, GOOD))
    look_again(early.pk, project)
    assert review_sweep(project) == Swept()  # one judgment was made under the earlier taxonomy


def test_empty_project_and_one_without_it_have_nothing_to_do(project: Project) -> None:
    assert review_sweep(project) == Swept()
    assert review_sweep(make_project()) == Swept()


def test_switching_off_midway_asks_for_what_is_missing_and_keeps_what_is_held(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    done, half = opened(project), opened(project)
    judge(done, people, [GAMES], [GAMES])
    make_judgment(half, people[0], [GAMES])
    Project.objects.filter(pk=project.pk).update(adaptive=False)
    project.refresh_from_db()
    look_again(done.pk, project)

    swept = judge(half, people[1:], [GAMES])

    assert swept == Swept(places_added=1)
    assert held(done).method == Method.INFERRED
    assert judge(half, people[2:], [GAMES]) == Swept(resolved=1)
    assert held(half).method == Method.UNANIMOUS


def test_switching_on_midway_leaves_opened_items_as_they_are(project: Project, people: list[User]) -> None:
    Project.objects.filter(pk=project.pk).update(adaptive=False)
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project)
    Project.objects.filter(pk=project.pk).update(adaptive=True)
    project.refresh_from_db()

    assert judge(item, people, [GAMES], [GAMES]) == Swept()
    assert places(item) == 3


def test_new_skills_alone_question_nothing_and_a_new_judgment_does(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project)
    judge(item, people, [GAMES], [GAMES])
    know_skills(project, dict.fromkeys(people, (0.5, 0.6)))
    look_again(item.pk, project)

    assert review_sweep(project) == Swept()

    first = Judgment.objects.get(pk=held(item).judgments[0])
    make_judgment(item, people[0], verdict=Verdict.WITHDRAWN, supersedes=first)
    assert review_sweep(project) == Swept(reopened=1)


def test_lead_is_not_questioned_by_a_probability(project: Project, people: list[User]) -> None:
    know_skills(project, {people[0]: GOOD, people[1]: POOR})
    item = opened(project)
    make_judgment(item, people[1], [])
    make_resolution(item, [], method=Method.ADJUDICATED, resolved_by=project.created_by, reason="No game.")

    judge(item, people, [GAMES])

    assert held(item).method == Method.ADJUDICATED
    assert not Disagreement.objects.filter(item=item, closed_at__isnull=True).exists()


class Killed(Exception):
    """The worker died before its commit."""


@transaction.atomic
def swept_and_killed(project: Project) -> None:
    review_sweep(project)
    raise Killed


def test_sweep_that_is_cut_off_leaves_nothing_and_the_next_does_it_all(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    sure, unsure = opened(project), opened(project)
    for person, labels in zip(people, ([GAMES], [GAMES]), strict=False):
        make_judgment(sure, person, labels)
    make_judgment(unsure, people[0], [GAMES])
    make_judgment(unsure, people[1], [GAMBLING])

    with pytest.raises(Killed):
        swept_and_killed(project)

    assert not Resolution.objects.exists()
    assert places(unsure) == 2
    assert review_sweep(project) == Swept(resolved=1, inferred=1, places_added=1)
    assert review_sweep(project) == Swept()
