"""Adaptive overlap in the sweep: an item stops where known skills settle it, and never where it may not."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.overlap import NoSkills
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item, Split
from annotator.projects.models import Membership, Project, Standing
from annotator.queue.models import Assignment, AssignmentState, BatchItem, Skip, Stopping, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.queue.starting import stopping_drawn
from annotator.review.adaptive import adaptive_now, why_no_skills
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import Disagreement, Method, OverlapCheck, Resolution
from annotator.review.services import Swept, review_sweep
from tests.annotator.review.knowing import know_skills, look_again
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db

GOOD, POOR = (0.98, 0.999), (0.6, 0.9)


@pytest.fixture
def project() -> Project:
    return make_project(overlap=3, overlap_max=5, adaptive=True)


@pytest.fixture
def people(project: Project) -> list[User]:
    return [make_member(project) for _ in range(6)]


def opened(
    project: Project,
    *,
    stream: Stream = Stream.QUERY,
    split: Split = Split.TRAIN,
    stopping: Stopping | None = None,
) -> Item:
    """An item in a batch of its own, drawn as wanted: the seed is looked for."""
    (item,) = make_items(project, 1, split=split)
    project.refresh_from_db()
    wanted = stopping or Stopping.ADAPTIVE
    seeds = range(item.pk * 1000, item.pk * 1000 + 500)
    seed = next(
        (one for one in seeds if stopping_drawn(project, {item.pk: stream}, seed=one)[item.pk] == wanted), 1
    )
    choice = BatchChoice(item.pk, stream, "random", None, "for a test", None, 1, 1.0, seed)
    batch_open(
        project,
        [choice],
        fingerprint=f"f{item.pk}",
        reason="a test",
        seed=seed,
        classifier_number=None,
        pool_size=1,
    )
    return item


def judge(item: Item, people: Sequence[User], *answers: Sequence[str]) -> Swept:
    for person, labels in zip(people, answers, strict=False):
        make_judgment(item, person, labels)
    return review_sweep(item.project)


def places(item: Item) -> int:
    return Assignment.objects.filter(item=item).count()


def held(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


# Stopping ----------------------------------------------------------------------------------------------------------


def test_item_starts_with_the_least_and_stops_where_skills_settle_it(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project)
    assert places(item) == 2

    swept = judge(item, people, [GAMES], [GAMES])

    assert swept == Swept(resolved=1, inferred=1)
    assert places(item) == 2
    resolution = held(item)
    assert (resolution.method, resolution.labels) == (Method.INFERRED, [GAMES])
    assert "all categories are certain, the least" in resolution.reason
    assert resolution.reason.endswith("%, by 2 judgments and known skills")
    assert len(resolution.judgments) == 2


def test_places_open_one_by_one_while_it_is_uncertain_and_never_beyond_the_maximum(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, POOR), prevalence=0.4)
    item = opened(project)

    numbers = []
    for person, labels in zip(people, ([GAMES], [], [GAMES], [], [GAMES], []), strict=True):
        make_judgment(item, person, labels)
        review_sweep(project)
        numbers.append(places(item))

    assert numbers == [2, 3, 4, 5, 5, 5]
    assert Disagreement.objects.filter(item=item, closed_at__isnull=True).exists()
    assert not Resolution.objects.filter(item=item).exists()


def test_reliable_answer_outweighs_a_poor_one(project: Project, people: list[User]) -> None:
    know_skills(project, {people[0]: GOOD, people[1]: POOR})
    item = opened(project)

    judge(item, people, [GAMES], [])

    assert (held(item).method, held(item).labels) == (Method.INFERRED, [GAMES])


def test_person_without_a_skill_counts_as_the_team(project: Project, people: list[User]) -> None:
    know_skills(project)
    item = opened(project)

    swept = judge(item, people, [GAMES], [])

    # 0.1 * 0.9 * 0.1 against 0.9 * 0.01 * 0.99: about even.
    assert swept == Swept(places_added=1)
    assert judge(item, people[2:], [GAMES]).inferred == 1


def test_one_judgment_may_do_when_the_project_says_so_but_not_of_what_is_harmful(people: list[User]) -> None:
    project = make_project(overlap=2, overlap_max=3, adaptive=True, adaptive_least=1, adaptive_certainty=0.95)
    know_skills(project, dict.fromkeys(people, GOOD), prevalence=0.02)
    games, violence = opened(project), opened(project)
    assert places(games) == 1

    judge(games, people, [GAMES])
    judge(violence, people, [VIOLENCE])

    assert (held(games).method, held(games).labels) == (Method.INFERRED, [GAMES])
    assert places(violence) == 2
    assert not Resolution.objects.filter(item=violence).exists()


def test_nobody_who_names_a_severe_category_is_overruled_by_a_probability(
    project: Project, people: list[User]
) -> None:
    know_skills(project, {**dict.fromkeys(people, GOOD), people[0]: (0.5, 0.5)})
    item = opened(project)

    judge(item, people, [VIOLENCE], [])
    for person in people[2:5]:
        make_judgment(item, person, [])
        review_sweep(project)

    assert places(item) == 5
    assert not Resolution.objects.filter(item=item).exists()
    assert Disagreement.objects.get(item=item, closed_at__isnull=True).categories == [VIOLENCE]


def test_doubt_is_no_answer_and_other_verdicts_go_by_fixed_overlap(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD), prevalence=0.02)
    doubted, broken = opened(project), opened(project)

    for person in people[:2]:
        make_judgment(doubted, person, unsure=[GAMES])
        make_judgment(broken, person, verdict=Verdict.UNREACHABLE)
    review_sweep(project)

    assert (places(doubted), places(broken)) == (3, 3)
    assert not Resolution.objects.exists()


def test_category_too_rare_to_measure_settles_nothing_that_somebody_names(
    project: Project, people: list[User]
) -> None:
    know_skills(project, prevalence=0.002)  # two finds
    named, absent = opened(project), opened(project)

    judge(named, people, [GAMES], [GAMES])
    judge(absent, people, [], [])

    assert places(named) == 3  # fixed overlap
    assert held(absent).method == Method.INFERRED


# Never -------------------------------------------------------------------------------------------------------------


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


# In between --------------------------------------------------------------------------------------------------------


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


# The check ---------------------------------------------------------------------------------------------------------


def test_item_drawn_for_the_check_is_asked_about_in_full_and_keeps_what_would_have_been(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project, stopping=Stopping.CHECK)
    assert places(item) == 3

    assert judge(item, people, [GAMES], [GAMES]) == Swept()
    look_again(item.pk, project)
    judge(item, people[2:], [GAMBLING, GAMES])

    check = OverlapCheck.objects.get(item=item)
    assert (check.labels, check.n_judgments) == ([GAMES], 2)
    assert check.probability > 0.95
    assert places(item) == 4  # the third differs: as with fixed overlap
    assert not Resolution.objects.exists()


def test_check_is_drawn_for_some_and_audits_are_never_drawn(project: Project) -> None:
    know_skills(project)
    items = {item.pk: Stream.QUERY for item in make_items(project, 400)}

    drawn = stopping_drawn(project, items, seed=7)

    n = sum(one == Stopping.CHECK for one in drawn.values())
    assert 5 < n < 45
    assert n + sum(one == Stopping.ADAPTIVE for one in drawn.values()) == 400
    assert drawn == stopping_drawn(project, items, seed=7)


# Measured ----------------------------------------------------------------------------------------------------------


def test_hundred_pages_with_three_judgments_make_skills_known(people: list[User]) -> None:
    project = make_project(overlap=3, overlap_max=3, adaptive=True)
    team = [make_member(project) for _ in range(3)]
    items = make_items(project, 100)
    for number, item in enumerate(items):
        opened_batch(project, item)
        for person in team:
            make_judgment(item, person, [GAMES] if number < 30 else [])

    agreement_measure(project)

    project.refresh_from_db()
    assert project.skills_enough
    adaptive = adaptive_now(project, [person.pk for person in team], timezone.now())
    assert not isinstance(adaptive, NoSkills)
    assert adaptive.skills[GAMES].is_known
    assert not adaptive.skills[VIOLENCE].is_known  # nobody ever named it
    assert places(opened(project)) == 2


def opened_batch(project: Project, item: Item) -> None:
    choice = BatchChoice(item.pk, Stream.QUERY, "random", None, "for a test", None, 1, 1.0, 1)
    batch_open(
        project,
        [choice],
        fingerprint=f"b{item.pk}",
        reason="a test",
        seed=1,
        classifier_number=None,
        pool_size=1,
    )


# Whom it waits for --------------------------------------------------------------------------------------------------


def waiting_for(item: Item) -> int | None:
    free = Assignment.objects.get(item=item, state=AssignmentState.FREE)
    return free.for_annotator_id


def at_work(project: Project, people: Sequence[User]) -> None:
    """Everybody has judged a page of their own just now."""
    for person in people:
        (item,) = make_items(project, 1)
        opened_batch(project, item)
        make_judgment(item, person)
    review_sweep(project)


def test_further_place_waits_for_whoever_tells_what_is_doubted_best(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, *_ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.95, 0.99), di: GOOD})
    at_work(project, people)
    item = opened(project)

    judge(item, [ada, bo], [GAMES], [])

    assert waiting_for(item) == di.pk
    place = Assignment.objects.get(item=item, state=AssignmentState.FREE)
    assert place.reserved_until is not None
    assert timedelta(minutes=9) < place.reserved_until - timezone.now() <= timedelta(minutes=10)


def test_nobody_gets_more_than_three_nor_what_they_know_and_who_is_away_gets_none(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, eve, _ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.95, 0.99), di: GOOD, eve: GOOD})
    at_work(project, [ada, bo, cy, di])  # eve has gone home
    items = [opened(project) for _ in range(7)]
    Skip.objects.create(item=items[0], annotator=di, project=project, reason=Skip.Reason.OTHER)
    for item in items:
        make_judgment(item, ada, [GAMES])
        make_judgment(item, bo, [])

    review_sweep(project)

    assert [waiting_for(item) for item in items] == [cy.pk, di.pk, di.pk, di.pk, cy.pk, cy.pk, None]


def test_warned_people_and_those_worse_than_the_team_are_not_asked_first(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, *_ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.8, 0.9), di: GOOD})
    Membership.objects.filter(user=di).update(standing=Standing.WARNED)
    at_work(project, people)
    item = opened(project)

    judge(item, [ada, bo], [GAMES], [])

    assert waiting_for(item) is None


def test_places_of_fixed_overlap_wait_for_nobody(project: Project, people: list[User]) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    at_work(project, people)
    audit = opened(project, stream=Stream.AUDIT, split=Split.HOLDOUT)
    check = opened(project, stopping=Stopping.CHECK)

    for item in (audit, check):
        judge(item, people, [GAMES], [], [GAMBLING])

    assert (places(audit), waiting_for(audit)) == (4, None)
    assert (places(check), waiting_for(check)) == (4, None)


def test_sweep_gives_back_what_waited_in_vain(project: Project, people: list[User]) -> None:
    know_skills(project, {people[0]: POOR, people[1]: POOR, people[2]: GOOD})
    at_work(project, people)
    item = opened(project)
    judge(item, people, [GAMES], [])
    Assignment.objects.filter(item=item, reserved_until__isnull=False).update(reserved_until=timezone.now())

    review_sweep(project)  # nothing else is due

    assert waiting_for(item) is None
