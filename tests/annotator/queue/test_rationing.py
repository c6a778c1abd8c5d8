"""The care for one person, on real claims: exposure, lighter pages, opt-outs, and why nothing is left."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.pool.models import Item
from annotator.projects.models import LogEntry, Membership, Project, Standing
from annotator.queue.models import (
    Assignment,
    AssignmentState,
    Batch,
    Exposure,
    Lesson,
    OptOut,
    Purpose,
)
from annotator.queue.places import assignment_claim
from annotator.queue.rationing import (
    lighter_line,
    lighter_words,
    opt_outs_of,
    opt_outs_set,
    own_exposure,
    why_nothing,
)
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_member,
    make_personal,
    make_project,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1, exposure_budget=6, exposure_hours=4, cooldown_minutes=20)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project)


def expose(person: User, points: float, *, ago: timedelta = timedelta(), items: int = 1) -> None:
    minute = (timezone.now() - ago).replace(second=0, microsecond=0)
    Exposure.objects.create(annotator=person, minute=minute, points=points, items=items)


def open_pages(project: Project, topic: str, n: int = 1) -> list[Item]:
    """A batch of pages about a category (`violence` is of severity 3), or about chess."""
    items = make_items(project, n, topic=topic)
    make_batch(project, items)
    return items


def claimed(project: Project, person: User) -> Item | None:
    place = assignment_claim(project, person)
    if place is None:
        return None
    Assignment.objects.filter(pk=place.pk).update(
        state=AssignmentState.SUBMITTED, submitted_at=timezone.now(), lease_until=None
    )
    return Item.objects.get(pk=place.item_id)


def test_harmful_pages_come_when_the_budget_is_not_spent(project: Project, ann: User) -> None:
    [harmful] = open_pages(project, VIOLENCE)
    expose(ann, 5)

    assert claimed(project, ann) == harmful


def test_lighter_pages_come_first_and_alone_when_the_budget_is_spent(project: Project, ann: User) -> None:
    open_pages(project, VIOLENCE, 3)
    [benign] = open_pages(project, "chess")
    expose(ann, 6)

    assert claimed(project, ann) == benign
    assert claimed(project, ann) is None


def test_the_budget_is_over_all_projects_when_points_were_taken_in_another(project: Project) -> None:
    person = make_member(project)
    Membership.objects.create(project=make_project(exposure_budget=6), user=person, role="annotator")
    open_pages(project, VIOLENCE)
    expose(person, 6)  # wherever

    assert claimed(project, person) is None


def test_what_was_passed_over_in_a_rest_comes_when_the_rest_is_over(project: Project, ann: User) -> None:
    [harmful] = open_pages(project, VIOLENCE)
    open_pages(project, "chess")
    expose(ann, 6)
    claimed(project, ann)

    Exposure.objects.update(minute=timezone.now() - 10 * HOUR)

    assert claimed(project, ann) == harmful


def test_a_random_batch_has_something_lighter_when_the_queue_has_only_harm_left(
    project: Project, ann: User
) -> None:
    open_pages(project, VIOLENCE, 2)
    pooled = make_items(project, 5, topic="chess")
    expose(ann, 6)

    assert claimed(project, ann) in pooled
    assert Batch.objects.filter(fallback=True).count() == 1


def test_nobody_is_named_when_a_random_batch_opens_for_somebody(project: Project, ann: User) -> None:
    open_pages(project, VIOLENCE)
    make_items(project, 5)
    expose(ann, 6)
    claimed(project, ann)

    said = [*LogEntry.objects.values_list("text", flat=True), *Batch.objects.values_list("reason", flat=True)]
    assert len(said) >= 2
    assert not [text for text in said if ann.username in text]


def test_random_batches_do_not_follow_each_other_when_nothing_in_them_suits(
    project: Project, ann: User
) -> None:
    open_pages(project, "chess")
    make_items(project, 40, topic=VIOLENCE)
    expose(ann, 6)
    claimed(project, ann)

    assert [claimed(project, ann) for _ in range(3)] == [None, None, None]
    assert Batch.objects.filter(fallback=True).count() == 1


def test_pages_expected_to_show_a_category_are_not_given_to_whoever_opted_out(
    project: Project, ann: User
) -> None:
    open_pages(project, VIOLENCE, 2)
    [other] = open_pages(project, "chess")

    opt_outs_set(project, ann, [VIOLENCE])

    assert claimed(project, ann) == other
    assert claimed(project, ann) is None
    assert claimed(project, make_member(project)) is not None


def test_nothing_stays_passed_over_when_somebody_opts_in_again(project: Project, ann: User) -> None:
    harmful = open_pages(project, VIOLENCE, 2)
    open_pages(project, "chess")
    opt_outs_set(project, ann, [VIOLENCE])
    while claimed(project, ann) is not None:
        pass

    opt_outs_set(project, ann, [])

    assert [claimed(project, ann), claimed(project, ann)] == harmful


def test_a_page_that_is_held_goes_back_when_its_category_is_opted_out_of(project: Project, ann: User) -> None:
    open_pages(project, VIOLENCE)
    place = assignment_claim(project, ann)
    assert place is not None

    opt_outs_set(project, ann, [VIOLENCE])

    place.refresh_from_db()
    assert (place.state, place.annotator) == (AssignmentState.FREE, None)


def test_a_page_that_is_held_stays_when_another_category_is_opted_out_of(project: Project, ann: User) -> None:
    open_pages(project, VIOLENCE)
    place = assignment_claim(project, ann)
    assert place is not None

    opt_outs_set(project, ann, [GAMBLING])

    place.refresh_from_db()
    assert (place.state, place.annotator) == (AssignmentState.OFFERED, ann)


def test_opt_outs_are_exactly_what_was_chosen_last_and_leave_no_line_in_the_log(
    project: Project, ann: User
) -> None:
    other = make_member(project)
    opt_outs_set(project, other, [VIOLENCE])

    opt_outs_set(project, ann, [GAMES, GAMBLING])
    opt_outs_set(project, ann, [GAMBLING, VIOLENCE])

    assert opt_outs_of(project, ann) == {GAMBLING, VIOLENCE}
    assert opt_outs_of(project, other) == {VIOLENCE}
    assert not LogEntry.objects.exists()


def test_a_category_that_there_is_not_is_refused_and_nothing_changes(project: Project, ann: User) -> None:
    opt_outs_set(project, ann, [GAMES])

    with pytest.raises(BadInput, match='There is no category "cookery" here'):
        opt_outs_set(project, ann, [VIOLENCE, "cookery"])

    assert list(OptOut.objects.values_list("category", flat=True)) == [GAMES]


def test_own_exposure_adds_up_the_window_and_the_hours_of_a_day(project: Project, ann: User) -> None:
    now = timezone.now()
    expose(make_member(project), 50)
    expose(ann, 3)
    expose(ann, 1, ago=2 * HOUR)
    expose(ann, 9, ago=5 * HOUR, items=3)  # no longer in the window
    expose(ann, 9, ago=30 * HOUR)

    own = own_exposure(project, ann, now)

    assert own.ration.points == 4
    assert [n for n in own.hours if n] == [3, 1, 1]
    assert own.pages_today == sum(own.hours[23 - now.hour :])


def test_the_quiet_line_says_until_when_only_while_pages_are_lighter(project: Project, ann: User) -> None:
    now = timezone.now()
    assert lighter_line(project, ann, now) == ""

    expose(ann, 6)

    until = own_exposure(project, ann, now).ration.until
    assert until is not None
    assert lighter_line(project, ann, now) == lighter_words(until, now)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (60 * 60, "Lighter pages until 00:20 UTC (1 h 0 min)"),
        (14 * 60 + 1, "Lighter pages until 00:20 UTC (15 min)"),
        (1, "Lighter pages until 00:20 UTC (1 min)"),
    ],
)
def test_the_end_of_a_rest_is_said_with_how_long_it_still_is(seconds: int, words: str) -> None:
    until = datetime(2026, 3, 2, 0, 20, tzinfo=UTC)

    assert lighter_words(until, until - timedelta(seconds=seconds)) == words


def test_why_nothing_names_the_reason_that_comes_first(project: Project, ann: User) -> None:
    now = timezone.now()
    membership = Membership.objects.get(project=project, user=ann)

    def title() -> str:
        return why_nothing(project, ann, now).title

    assert title() == "Nothing to label for you right now"
    opt_outs_set(project, ann, [GAMES, VIOLENCE])
    assert title() == "Nothing is left outside your opt-outs"
    assert "expected to show Games, Violence." in why_nothing(project, ann, now).text
    expose(ann, 6)
    assert title() == "No lighter page is left right now"
    assert lighter_line(project, ann, now) in why_nothing(project, ann, now).text
    membership.standing = Standing.QUALIFYING
    membership.save()
    assert title() == "Your first pages are being prepared"
    (item,) = make_items(project, 1)
    place = make_personal(item, ann, Purpose.QUALIFICATION)
    Lesson.objects.create(assignment=place, attempt=1, explanation="It is chess.")
    assert title() == "You have been through them all"  # answered or skipped: else it would be given
    project.paused = True
    assert title() == "The project is paused"
