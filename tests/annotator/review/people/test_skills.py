"""Measuring skills: what counts, what is left out, and that a measurement is whole or not there."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.queue.models import Purpose
from annotator.review.agreement.reports import EVERY, agreement_measure
from annotator.review.checks.gold import gold_add
from annotator.review.models import AgreementReport, AnnotatorWeek, Method, Skill
from annotator.review.scoring import NONE
from annotator.review.tasks import measure_agreement
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_personal,
    make_resolution,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 24)
    make_batch(project, items)
    return items


def judge(items: list[Item], people: list[User]) -> None:
    """Every other item shows games; the third person sees it in every fourth only. Two agree: that is held true."""
    for number, item in enumerate(items):
        right = [GAMES] if number % 2 == 0 else []
        make_judgment(item, people[0], right)
        make_judgment(item, people[1], right)
        make_judgment(item, people[2], right if number % 4 == 0 else [])
        make_resolution(item, right, method=Method.MAJORITY)


def row(person: User, category: str = GAMES) -> Skill:
    return Skill.objects.get(annotator=person, category=category)


def measured(project: Project) -> AgreementReport:
    report = agreement_measure(project)
    assert report is not None
    return report


def test_each_person_has_a_row_for_each_category_and_for_none(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge(items, people)

    report = measured(project)

    assert Skill.objects.count() == 3 * 4
    assert set(Skill.objects.values_list("report", "guideline__number")) == {(report.pk, 1)}
    assert not Skill.objects.filter(annotator=people[3]).exists()


def test_who_misses_half_has_half_the_sensitivity_and_all_the_specificity(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge(items, people)

    measured(project)

    good, misses = row(people[0]), row(people[2])
    # 6 of 12 and four answers at the team's 30 of 36, about: (6 + 3.33) / 16.
    assert misses.sensitivity == pytest.approx((6 + 4 * 30 / 36) / 16, abs=0.02)
    assert misses.specificity == pytest.approx(1, abs=0.02)
    ends = [misses.sensitivity_low, misses.sensitivity, misses.sensitivity_high]
    assert ends == sorted(end for end in ends if end is not None)
    assert [misses.n_positives, misses.n_negatives] == pytest.approx([12, 12], abs=0.1)
    assert (good.sensitivity or 0) > 0.9
    assert good.why_undefined == ""


def test_what_cannot_be_inferred_says_why(project: Project, items: list[Item], people: list[User]) -> None:
    judge(items, people)

    measured(project)

    violence = row(people[0], VIOLENCE)
    assert violence.sensitivity is None
    assert violence.why_undefined == "no variation: all 72 judgments say the same"
    assert row(people[0], NONE).sensitivity is None


def test_answers_are_counted_beside_what_is_held_true(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge(items, people)
    make_judgment(items[0], people[3], [GAMES, GAMBLING])
    make_judgment(items[1], people[3], [], unsure=[GAMES])

    measured(project)

    misses = row(people[2])
    assert (misses.held_shown, misses.held_missed, misses.held_wrong) == (12, 6, 0)
    assert (row(people[3], GAMBLING).held_shown, row(people[3], GAMBLING).held_wrong) == (0, 1)
    none = row(people[2], NONE)
    assert (none.held_shown, none.held_missed) == (12, 0)
    week = AnnotatorWeek.objects.get(annotator=people[3])
    assert (week.n_judgments, week.held_right, week.held_n) == (2, 0, 1)  # a doubt is no mistake


def test_a_resolution_by_that_answer_alone_says_nothing_of_it(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgment(items[0], people[0], [GAMES])
    make_resolution(items[0], [GAMES], method=Method.SINGLE)
    make_judgment(items[1], people[0], [GAMES])
    reopened = make_resolution(items[1], [GAMES])
    make_resolution(items[1], verdict=Verdict.WITHDRAWN, method=Method.REOPENED, supersedes=reopened)
    make_judgment(items[2], people[0], [GAMES])
    make_resolution(items[2], [], method=Method.ADJUDICATED, resolved_by=people[0])
    make_judgment(items[3], people[0], verdict=Verdict.UNREACHABLE)
    make_resolution(items[3], [GAMES])

    measured(project)

    assert (row(people[0]).held_shown, row(people[0]).held_wrong) == (0, 0)
    week = AnnotatorWeek.objects.get(annotator=people[0])
    assert (week.n_judgments, week.held_n) == (4, 0)


def test_gold_is_counted_apart_with_the_clause_that_decided_it(
    project: Project, items: list[Item], people: list[User], lead: Access
) -> None:
    make_judgment(items[0], people[0], [GAMES])
    for item in items[:3]:
        make_resolution(item, [GAMES])
        gold_add(lead, item.pk, "It is chess.", clause_number="1.1")
        make_personal(item, people[2], Purpose.GOLD, [GAMES])
        make_judgment(item, people[2], [GAMBLING], purpose=Purpose.GOLD)

    measured(project)

    games, gambling = row(people[2]), row(people[2], GAMBLING)
    assert (games.gold_shown, games.gold_missed, games.held_shown) == (3, 3, 0)
    assert (gambling.gold_wrong, gambling.held_wrong) == (3, 0)
    assert (games.missed_clause, gambling.wrong_clause) == ("1.1", "1.1")
    week = AnnotatorWeek.objects.get(annotator=people[2])
    assert (week.gold_right, week.gold_n, week.held_n) == (0, 3, 0)


def test_a_clause_on_another_category_decided_nothing_here(
    project: Project, items: list[Item], people: list[User], lead: Access
) -> None:
    guideline = GuidelineVersion.objects.create(project=project, number=2, created_by=lead.user)
    clause = Clause.objects.create(
        guideline=guideline, position=0, number="2.1", category=GAMBLING, title="Stakes", body="Money."
    )
    make_judgment(items[0], people[0], [])
    make_resolution(
        items[0], [GAMES, GAMBLING], method=Method.ADJUDICATED, resolved_by=lead.user, clause=clause
    )

    measured(project)

    assert row(people[0], GAMBLING).missed_clause == "2.1"
    assert row(people[0], GAMES).missed_clause == ""
    assert row(people[0], GAMES).guideline == guideline


def test_a_category_that_was_not_asked_about_is_neither_missed_nor_judged(
    project: Project, items: list[Item], people: list[User]
) -> None:
    for person in people[:2]:
        make_judgment(items[0], person, [GAMES])
    make_taxonomy(project, (GAMES, "weapons", VIOLENCE))
    make_judgment(items[1], people[2], ["weapons"])
    make_resolution(items[0], [GAMES, "weapons"])

    measured(project)

    weapons = row(people[0], "weapons")
    assert (weapons.held_shown, weapons.why_undefined) == (
        0,
        "one annotator only: nobody to compare them with",
    )
    assert AnnotatorWeek.objects.get(annotator=people[0]).held_right == 1
    assert not Skill.objects.filter(category=GAMBLING).exists()


def test_weeks_begin_on_monday(project: Project, items: list[Item], people: list[User]) -> None:
    sunday = datetime(2026, 11, 22, 23, 59, tzinfo=UTC)
    make_judgment(items[0], people[0], [GAMES], created_at=sunday)
    make_judgment(items[1], people[0], [GAMES], created_at=sunday + timedelta(minutes=2))

    measured(project)

    weeks = AnnotatorWeek.objects.order_by("week").values_list("week", "n_judgments")
    assert [(str(week), n) for week, n in weeks] == [("2026-11-16", 1), ("2026-11-23", 1)]


def test_what_was_undone_or_changed_does_not_count(
    project: Project, items: list[Item], people: list[User]
) -> None:
    first = make_judgment(items[0], people[0], [GAMES])
    make_judgment(items[0], people[0], [GAMBLING], supersedes=first)
    undone = make_judgment(items[1], people[0], [GAMES])
    make_judgment(items[1], people[0], supersedes=undone, verdict=Verdict.WITHDRAWN)
    for item in items[:2]:
        make_resolution(item, [GAMES])

    measured(project)

    assert (row(people[0]).held_shown, row(people[0]).held_missed) == (1, 1)
    assert AnnotatorWeek.objects.get().n_judgments == 1


def test_a_measurement_replaces_the_one_before(
    project: Project, items: list[Item], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(items, people)
    first = measured(project)
    make_judgment(items[0], people[3], [GAMES])
    later = timezone.now() + EVERY * 2
    monkeypatch.setattr(timezone, "now", lambda: later)

    second = measured(project)

    assert second != first
    assert set(Skill.objects.values_list("report", flat=True)) == {second.pk}
    assert AnnotatorWeek.objects.count() == 4


def test_what_breaks_half_way_leaves_nothing_and_is_due_again(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge(items, people)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE annotator_week ADD CONSTRAINT broken CHECK (n_judgments < 0)")

    with pytest.raises(IntegrityError, match="broken"):
        agreement_measure(project)

    assert not AgreementReport.objects.exists()
    assert not Skill.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE annotator_week DROP CONSTRAINT broken")
    measure_agreement.run(project.pk)
    assert AgreementReport.objects.count() == 1
    assert Skill.objects.exists()


def test_a_project_where_only_checks_were_answered_is_measured(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgment(items[0], people[0], [GAMES], purpose=Purpose.RETEST)

    measured(project)

    assert not Skill.objects.exists()
    assert AnnotatorWeek.objects.get().n_judgments == 1


def test_queries_do_not_grow_with_people(
    project: Project,
    items: list[Item],
    people: list[User],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    judge(items, people)

    with django_assert_max_num_queries(36):
        measured(project)

    assert Judgment.objects.count() == 72
