"""The sweep: gold stays true, checks are ready for people at work, and their answers have consequences in rows."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.agreement.intervals import Tally
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment
from annotator.judgments.selectors import judgments_current
from annotator.judgments.services import judgment_submit
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Membership, Project, Role, Standing
from annotator.projects.services import membership_set
from annotator.queue.models import (
    Assignment,
    AssignmentState,
    Batch,
    BatchItem,
    Lesson,
    OptOut,
    Purpose,
    Skip,
    Stream,
)
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.queue.places import assignment_claim
from annotator.queue.selectors import queue_level
from annotator.review.checks.gold import gold_add, gold_retire_outdated
from annotator.review.checks.qualifying import PAUSE
from annotator.review.checks.qualifying_policy import GOLD_A_CATEGORY
from annotator.review.checks.results import retest_tallies
from annotator.review.models import Gold, Resolution, StandingChange
from annotator.review.people.sweep import NEW_FOR, READY, quality_sweep
from annotator.review.selectors import standings_of
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def annie(project: Project) -> User:
    """An annotator who has judged one page just now."""
    annie = make_member(project, username="annie")
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    make_judgment(item, annie, [GAMES])
    return annie


def make_gold(lead: Access, labels: Sequence[str], n: int = 1) -> list[Item]:
    """Items that are gold with these labels, judged by nobody who is there."""
    items = make_items(lead.project, n)
    make_batch(lead.project, items)
    for item in items:
        make_resolution(item, labels)
        gold_add(lead, item.pk, f"It shows {labels}.", clause_number="1.1")
    return items


def make_full_gold(lead: Access, n: int = GOLD_A_CATEGORY) -> None:
    """Gold enough to examine people in every category."""
    for labels in ([GAMES], [GAMBLING], [VIOLENCE], []):
        make_gold(lead, labels, n)


def sweep(project: Project, later: timedelta = timedelta()) -> None:
    quality_sweep(Project.objects.get(pk=project.pk), timezone.now() + later)


def places(user: User, purpose: Purpose, state: str = AssignmentState.FREE) -> list[Assignment]:
    return list(Assignment.objects.filter(for_annotator=user, purpose=purpose, state=state).order_by("pk"))


def answer(place: Assignment, labels: Sequence[str]) -> Judgment:
    """What the person says in their place, through the door that everybody uses."""
    user = place.for_annotator
    assert user is not None
    now = timezone.now()
    Assignment.objects.filter(pk=place.pk).update(
        state=AssignmentState.OFFERED, annotator=user, offered_at=now, lease_until=now + timedelta(hours=1)
    )
    access = project_for(user, place.project.slug, Can.LABEL)
    return judgment_submit(access, place.pk, Answer(client_id=uuid4(), labels=tuple(labels))).judgment


def standing(project: Project, user: User) -> str:
    return Membership.objects.get(project=project, user=user).standing


def old_hand(project: Project) -> tuple[User, Item]:
    """Somebody who judged a page eight days ago, and another one just now; and that first page."""
    user = make_member(project)
    first, second = make_items(project, 2)
    make_batch(project, [first, second])
    make_judgment(first, user, [GAMES], created_at=timezone.now() - timedelta(days=8))
    make_judgment(second, user, [GAMES])
    return user, first


def test_few_queries_are_asked_when_nothing_is_due(
    project: Project, lead: Access, annie: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_gold(lead, [GAMES], 3)
    sweep(project)
    fresh = Project.objects.get(pk=project.pk)

    with django_assert_num_queries(6):
        quality_sweep(fresh, timezone.now())


def test_gold_is_ready_for_whoever_was_active(project: Project, lead: Access, annie: User) -> None:
    make_gold(lead, [GAMES], 2)
    make_gold(lead, [GAMBLING], 2)
    idle = make_member(project)

    sweep(project)
    sweep(project)

    opened = places(annie, Purpose.GOLD)
    assert len(opened) == READY[Purpose.GOLD]
    assert places(idle, Purpose.GOLD) == []
    batch = Batch.objects.get(personal=True)
    ledger = BatchItem.objects.filter(batch=batch)
    assert {(row.stream, row.strategy, row.pool_size, row.seed) for row in ledger} == {
        (Stream.GOLD, "gold-balanced", 4, batch.seed)
    }
    assert all(0 < (row.inclusion_probability or 0) <= 1 for row in ledger)
    assert Membership.objects.get(project=project, user=annie).check_share == project.gold_share_new


def test_gold_is_balanced_over_categories(project: Project, lead: Access, annie: User) -> None:
    make_gold(lead, [GAMES], 6)
    make_gold(lead, [VIOLENCE])
    make_gold(lead, [])

    sweep(project)

    shown = Counter(
        tuple(Gold.objects.get(item=place.item_id).labels) for place in places(annie, Purpose.GOLD)
    )
    assert shown == {(GAMES,): 1, (VIOLENCE,): 1, (): 1}


def test_nobody_is_given_gold_that_they_judged_skipped_or_opted_out_of(
    project: Project, lead: Access, annie: User
) -> None:
    judged, skipped, avoided, left = make_items(project, 4)
    make_batch(project, [judged, skipped, avoided, left])
    make_judgment(judged, annie, [GAMES])
    Skip.objects.create(project=project, item=skipped, annotator=annie, reason=Skip.Reason.UNCLEAR)
    OptOut.objects.create(project=project, annotator=annie, category=VIOLENCE)
    for item, label in ((judged, GAMES), (skipped, GAMES), (avoided, VIOLENCE), (left, GAMES)):
        make_resolution(item, [label])
        gold_add(lead, item.pk, "So it is.")

    sweep(project)

    assert [place.item_id for place in places(annie, Purpose.GOLD)] == [left.pk]


def test_a_check_is_no_free_place_of_the_queue_and_keeps_nothing_unresolved(
    project: Project, lead: Access, annie: User
) -> None:
    free = queue_level(project).free
    (item,) = make_gold(lead, [GAMES])
    free_with_item = queue_level(project).free

    sweep(project)

    assert len(places(annie, Purpose.GOLD)) == 1
    assert queue_level(project).free == free_with_item == free + project.overlap
    assert not standings_of(project, [item.pk])[0].judgments


def test_no_share_is_set_when_nothing_is_ready(project: Project, annie: User) -> None:
    sweep(project)

    assert Membership.objects.get(project=project, user=annie).check_share == 0


def test_an_own_judgment_comes_again_after_days_and_only_once(project: Project) -> None:
    user, first = old_hand(project)

    sweep(project)
    sweep(project)

    (place,) = places(user, Purpose.RETEST)
    assert (place.item_id, place.batch_item.stream) == (first.pk, Stream.RETEST)
    assert place.batch_item.inclusion_probability == 1.0
    assert Membership.objects.get(project=project, user=user).check_share == project.retest_share
    answer(place, [GAMBLING])
    sweep(project)
    assert places(user, Purpose.RETEST) == []
    assert retest_tallies(project, [user.pk]) == {user.pk: Tally(0, 1)}


def test_a_page_does_not_come_again_when_it_was_judged_of_late(project: Project, annie: User) -> None:
    sweep(project, later=timedelta(hours=23))

    assert places(annie, Purpose.RETEST) == []


def test_a_withheld_page_does_not_come_again(project: Project) -> None:
    user, first = old_hand(project)
    Item.objects.filter(pk=first.pk).update(withheld=True)

    sweep(project)

    assert places(user, Purpose.RETEST) == []


def test_gold_is_retired_when_other_labels_are_held_true(project: Project, lead: Access, annie: User) -> None:
    items = make_gold(lead, [GAMES], 2)
    sweep(project)
    held = Resolution.objects.get(item=items[0])
    make_resolution(items[0], [GAMBLING], supersedes=held)

    sweep(project)

    assert set(Gold.objects.filter(retired_at__isnull=False).values_list("item", flat=True)) == {items[0].pk}
    states = {place.item_id: place.state for place in Assignment.objects.filter(purpose=Purpose.GOLD)}
    assert states == {items[0].pk: AssignmentState.WITHHELD, items[1].pk: AssignmentState.FREE}
    assert f"items {items[0].pk}" in LogEntry.objects.latest("pk").text
    assert gold_retire_outdated(project) == 0


def warn(project: Project, lead: Access, annie: User, right: int, wrong: int) -> None:
    """Let the person answer so many checks."""
    for item in make_gold(lead, [GAMES], right + wrong):
        places_personal_open(
            project,
            annie,
            Purpose.GOLD,
            [PersonalChoice(item.pk, frozenset({GAMES}), 1.0)],
            draw=Draw("test", "a test", pool_size=1, seed=item.pk),
        )
    for number, place in enumerate(places(annie, Purpose.GOLD)[: right + wrong]):
        answer(place, [GAMES] if number < right else [GAMBLING])


def test_a_person_is_warned_with_a_reason_when_their_checks_fall_under_the_line(
    project: Project, lead: Access, annie: User
) -> None:
    warn(project, lead, annie, right=3, wrong=5)

    sweep(project)

    assert standing(project, annie) == Standing.WARNED
    change = StandingChange.objects.get(annotator=annie)
    assert change.reason.startswith("3 of 8 checks were right")
    assert change.by is None
    log = LogEntry.objects.filter(text__contains="annie was warned").get()
    assert log.level == LogEntry.Level.WARNING
    assert "3 of 8" not in log.text
    sweep(project)
    assert StandingChange.objects.count() == 1


def test_nothing_happens_when_few_checks_are_wrong(project: Project, lead: Access, annie: User) -> None:
    warn(project, lead, annie, right=0, wrong=7)

    sweep(project)

    assert standing(project, annie) == Standing.QUALIFIED
    assert not StandingChange.objects.exists()


def test_a_warned_person_recovers_by_new_answers(project: Project, lead: Access, annie: User) -> None:
    warn(project, lead, annie, right=0, wrong=8)
    sweep(project)
    assert standing(project, annie) == Standing.WARNED

    warn(project, lead, annie, right=8, wrong=0)
    sweep(project)

    assert standing(project, annie) == Standing.QUALIFIED
    reasons = list(StandingChange.objects.order_by("pk").values_list("reason", flat=True))
    assert reasons[1] == "8 of 8 checks since the warning were right"


def test_a_warned_person_goes_to_qualification_only_when_there_is_gold_for_it(
    project: Project, lead: Access, annie: User
) -> None:
    warn(project, lead, annie, right=0, wrong=8)
    sweep(project)
    warn(project, lead, annie, right=0, wrong=8)
    sweep(project)
    assert standing(project, annie) == Standing.WARNED

    make_full_gold(lead)
    warn(project, lead, annie, right=0, wrong=1)
    sweep(project)

    assert standing(project, annie) == Standing.QUALIFYING
    assert Membership.objects.get(project=project, user=annie).check_share == 0
    assert "After a warning, still: 0 of " in StandingChange.objects.latest("pk").reason
    assert places(annie, Purpose.QUALIFICATION)


def newcomer(project: Project) -> User:
    """Somebody whom an admin has just made an annotator."""
    user = make_user("nia")
    membership_set(Project.objects.get(pk=project.pk), "nia", Role.ANNOTATOR, by=project.created_by)
    return user


def test_a_new_annotator_is_qualified_when_there_is_too_little_gold(project: Project, lead: Access) -> None:
    make_gold(lead, [GAMES])
    sweep(project)

    nia = newcomer(project)

    assert standing(project, nia) == Standing.QUALIFIED
    assert "too little gold" in LogEntry.objects.latest("pk").text


def test_a_new_annotator_is_given_each_category_with_its_lesson(project: Project, lead: Access) -> None:
    make_full_gold(lead)
    sweep(project)

    nia = newcomer(project)
    sweep(project)
    sweep(project)

    assert standing(project, nia) == Standing.QUALIFYING
    opened = places(nia, Purpose.QUALIFICATION)
    lessons = Lesson.objects.filter(assignment__in=opened)
    assert Counter(tuple(lesson.labels) for lesson in lessons) == {
        (GAMES,): 2,
        (GAMBLING,): 2,
        (VIOLENCE,): 2,
        (): 2,
    }
    assert {lesson.clause and lesson.clause.number for lesson in lessons} == {"1.1"}
    assert StandingChange.objects.get(annotator=nia).standing == Standing.QUALIFYING


def test_a_new_annotator_passes_when_every_category_is_right(project: Project, lead: Access) -> None:
    make_full_gold(lead)
    sweep(project)
    nia = newcomer(project)
    sweep(project)

    for place in places(nia, Purpose.QUALIFICATION):
        answer(place, place.lesson.labels)
    sweep(project)

    assert standing(project, nia) == Standing.QUALIFIED
    assert (
        StandingChange.objects.latest("pk").reason == "Qualification passed in every category with 8 answers"
    )
    assert not judgments_current(project).filter(annotator=nia).exists()


def test_one_slip_costs_more_items_and_not_the_attempt(project: Project, lead: Access) -> None:
    make_full_gold(lead)
    sweep(project)
    nia = newcomer(project)
    sweep(project)
    slips = 1
    for place in places(nia, Purpose.QUALIFICATION):
        wrong = place.lesson.labels == [GAMES] and slips > 0
        slips -= wrong
        answer(place, [GAMES, VIOLENCE] if wrong else place.lesson.labels)

    for _ in range(3):
        sweep(project)
        for place in places(nia, Purpose.QUALIFICATION):
            answer(place, place.lesson.labels)

    assert standing(project, nia) == Standing.QUALIFIED
    assert "with 10 answers" in StandingChange.objects.latest("pk").reason


def test_a_failed_attempt_is_repeated_with_other_gold_after_a_pause(project: Project, lead: Access) -> None:
    make_full_gold(lead, n=2 * GOLD_A_CATEGORY)
    sweep(project)
    nia = newcomer(project)
    for _ in range(2):
        sweep(project)
        for place in places(nia, Purpose.QUALIFICATION):
            answer(place, [GAMES] if place.lesson.labels != [GAMES] else [])
    first = set(Lesson.objects.values_list("assignment__item", flat=True))
    change = StandingChange.objects.latest("pk")
    assert change.standing == Standing.QUALIFYING
    assert change.reason.startswith(
        "Attempt 1 is not passed yet: games 0 of 8. Another one, with other pages"
    )

    sweep(project)
    assert places(nia, Purpose.QUALIFICATION) == []
    sweep(project, later=PAUSE + timedelta(minutes=1))

    second = Lesson.objects.filter(attempt=2)
    assert second.count() == 8
    assert not first & set(second.values_list("assignment__item", flat=True))


def skip(place: Assignment) -> None:
    Skip.objects.get_or_create(
        item=place.item, annotator=place.for_annotator, project=place.project, reason=Skip.Reason.DISTRESS
    )


def test_nobody_gets_past_qualification_by_skipping_its_pages(project: Project, lead: Access) -> None:
    make_full_gold(lead, n=2 * GOLD_A_CATEGORY)
    sweep(project)
    nia = newcomer(project)
    for later in (timedelta(), timedelta(), 2 * PAUSE, 4 * PAUSE, 6 * PAUSE, 8 * PAUSE):
        sweep(project, later=later)
        for place in places(nia, Purpose.QUALIFICATION):
            skip(place)

    assert standing(project, nia) == Standing.QUALIFYING
    change = StandingChange.objects.filter(annotator=nia).latest("pk")
    assert change.reason.startswith(
        "Every page of the attempt was skipped. Another one, with other pages, from"
    )
    assert set(Lesson.objects.values_list("attempt", flat=True)) == {1, 2, 3}


def test_nobody_passes_in_a_category_whose_pages_they_skipped(project: Project, lead: Access) -> None:
    make_full_gold(lead)
    sweep(project)
    nia = newcomer(project)
    sweep(project)
    for _ in range(6):
        for place in places(nia, Purpose.QUALIFICATION):
            if place.lesson.labels == [VIOLENCE]:
                skip(place)
            else:
                answer(place, place.lesson.labels)
        sweep(project)

    assert standing(project, nia) == Standing.QUALIFYING
    reason = StandingChange.objects.filter(annotator=nia).latest("pk").reason
    assert "no decided answer about violence, and no gold is left" in reason


def test_a_category_with_three_gold_items_is_left_out_and_the_others_are_examined(
    project: Project, lead: Access
) -> None:
    for labels, n in (([GAMES], 5), ([GAMBLING], 5), ([VIOLENCE], 3), ([], 5)):
        make_gold(lead, labels, n)
    sweep(project)
    nia = newcomer(project)
    sweep(project)

    for place in places(nia, Purpose.QUALIFICATION):
        assert place.lesson.labels != [VIOLENCE]
        answer(place, place.lesson.labels)
    sweep(project)

    assert standing(project, nia) == Standing.QUALIFIED


def test_three_gold_items_of_the_only_category_examine_nobody() -> None:
    project = make_project(categories=[VIOLENCE])
    lead = project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)
    make_gold(lead, [VIOLENCE], 3)
    make_gold(lead, [], GOLD_A_CATEGORY)
    sweep(project)

    nia = newcomer(project)

    assert standing(project, nia) == Standing.QUALIFIED
    assert "too little gold" in LogEntry.objects.filter(project=project).latest("pk").text


def test_a_project_without_pages_people_or_gold_is_swept_without_a_trace() -> None:
    project = make_project()

    sweep(project)

    assert not Assignment.objects.filter(project=project).exists()
    assert not LogEntry.objects.filter(project=project).exists()


def test_standing_and_checks_of_one_project_say_nothing_in_another(
    project: Project, lead: Access, annie: User
) -> None:
    other = make_project()
    Membership.objects.create(project=other, user=annie, role=Role.ANNOTATOR)
    make_gold(lead, [GAMES], 10)
    sweep(project)
    for _ in range(4):
        for place in places(annie, Purpose.GOLD):
            answer(place, [GAMBLING])
        sweep(project)
    sweep(other)

    assert standing(project, annie) == Standing.WARNED
    assert standing(other, annie) == Standing.QUALIFIED
    assert not Assignment.objects.filter(project=other, for_annotator=annie).exists()


def test_settings_hold_for_the_next_page_when_they_change_while_people_label(
    project: Project, lead: Access, annie: User
) -> None:
    make_gold(lead, [GAMES], 4)
    sweep(project)
    mine = Membership.objects.filter(project=project, user=annie)
    assert mine.get().check_share == project.gold_share_new

    Project.objects.filter(pk=project.pk).update(gold_share=0, gold_share_new=0, retest_share=0)
    sweep(project)
    assert mine.get().check_share == 0

    Project.objects.filter(pk=project.pk).update(gold_share_new=0.4)
    sweep(project)
    assert mine.get().check_share == 0.4


def test_gold_comes_more_often_to_new_people_and_after_a_warning(
    project: Project, lead: Access, annie: User
) -> None:
    make_gold(lead, [GAMES], 4)
    items = make_items(project, NEW_FOR)
    make_batch(project, items)
    mine = Membership.objects.filter(project=project, user=annie)

    def share() -> float:
        sweep(project)
        return mine.get().check_share

    for item in items[:-1]:  # and the page of the fixture
        make_judgment(item, annie, [GAMES])
    as_new = share()
    make_judgment(items[-1], annie, [GAMES])
    as_old_hand = share()
    mine.update(standing=Standing.WARNED)
    as_warned = share()

    assert project.gold_share < project.gold_share_new
    assert (as_new, as_old_hand, as_warned) == (
        project.gold_share_new,
        project.gold_share,
        project.gold_share_new,
    )


def test_what_a_person_holds_when_they_are_paused_is_still_welcome(
    project: Project, lead: Access, annie: User
) -> None:
    make_batch(project, make_items(project, 3))
    access = project_for(annie, project.slug, Can.LABEL)
    held = assignment_claim(project, annie)
    assert held is not None

    Membership.objects.filter(user=annie).update(standing=Standing.QUALIFYING)
    submitted = judgment_submit(access, held.pk, Answer(client_id=uuid4(), labels=(GAMES,)))

    assert (submitted.created, submitted.judgment.purpose) == (True, Purpose.OVERLAP)
    assert assignment_claim(project, annie) is None  # nothing but qualification from here on
