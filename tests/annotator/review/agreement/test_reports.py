"""The agreement report: what counts, when it is measured again, and how it is read."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.review.agreement.reports import ADVISORY_SPACE, EVERY, agreement_due, agreement_measure
from annotator.review.models import AgreementBreakdown, AgreementReport
from annotator.review.selectors import CategoryAgreement, Unsure, agreement_of
from annotator.review.tasks import measure_agreement
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 8)
    make_batch(project, items)
    return items


def measured(project: Project, slug: str) -> CategoryAgreement:
    agreement = agreement_of(project)
    assert agreement is not None
    return next(row for row in agreement.categories if row.category.slug == slug)


def judge_both(items: list[Item], people: list[User]) -> None:
    """Half of the items show games; on one of those the second person does not see it."""
    for number, item in enumerate(items):
        is_game = number % 2 == 0
        make_judgment(item, people[0], [GAMES] if is_game else [])
        make_judgment(item, people[1], [GAMES] if is_game and number else [])


def test_report_measures_each_category_when_two_judged(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)

    report = agreement_measure(project)

    assert report is not None
    assert (report.n_items, report.n_judgments, report.n_others) == (8, 16, 0)
    games = measured(project, GAMES)
    # 14 of 16 answers agree. Observed 1/8; expected 1 - (7*6 + 9*8) / (16*15) = 0.525; alpha = 1 - 0.125 / 0.525.
    assert games.percent.value == pytest.approx(7 / 8)
    assert games.alpha.value == pytest.approx(1 - 0.125 / 0.525)
    assert games.alpha.n_items == 8
    violence = measured(project, VIOLENCE)
    assert violence.alpha.value is None
    assert violence.word.text == "no variation: all 16 judgments say the same"


def test_unsure_is_missing_and_counted(project: Project, items: list[Item], people: list[User]) -> None:
    judge_both(items, people)
    make_judgment(items[0], people[2], unsure=[GAMES])

    agreement_measure(project)

    assert measured(project, GAMES).n_unsure == 1
    assert measured(project, GAMES).alpha.n_judgments == 16
    assert measured(project, GAMBLING).percent.n_judgments == 17


def test_other_verdicts_say_nothing_on_categories(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)
    make_judgment(items[1], people[2], verdict=Verdict.UNREACHABLE)

    report = agreement_measure(project)

    assert report is not None
    assert (report.n_judgments, report.n_others) == (16, 1)


def test_late_judgments_count_and_withdrawn_ones_do_not(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)
    late = make_judgment(items[0], people[2], [GAMES])
    withdrawn = make_judgment(items[1], people[2], [GAMES])
    make_judgment(items[1], people[2], supersedes=withdrawn, verdict=Verdict.WITHDRAWN)

    report = agreement_measure(project)

    assert late.late
    assert report is not None
    assert (report.n_judgments, report.n_others) == (17, 0)


def test_category_is_missing_where_its_taxonomy_version_lacked_it(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgment(items[0], people[0], [GAMES])
    make_judgment(items[0], people[1], [GAMES])
    make_taxonomy(project, (GAMES, "weapons", VIOLENCE))
    make_judgment(items[1], people[0], ["weapons"])
    make_judgment(items[1], people[1])

    agreement_measure(project)

    assert measured(project, "weapons").alpha.n_items == 1
    assert measured(project, GAMES).alpha.n_items == 2
    agreement = agreement_of(project)
    assert agreement is not None
    assert agreement.taxonomy == 2
    assert [row.category.slug for row in agreement.categories] == [GAMES, "weapons", VIOLENCE]


def test_report_is_not_due_before_the_first_judgment(project: Project) -> None:
    assert not agreement_due(project)
    assert agreement_measure(project) is None
    assert agreement_of(project) is None


def test_report_is_due_again_only_when_judgments_changed_and_it_is_a_minute_old(
    project: Project, items: list[Item], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_both(items[:2], people)
    agreement_measure(project)
    later = timezone.now() + EVERY + timedelta(seconds=1)

    assert not agreement_due(project)
    with monkeypatch.context() as patched:
        patched.setattr(timezone, "now", lambda: later)
        assert not agreement_due(project)
    make_judgment(items[3], people[0])
    assert not agreement_due(project)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert agreement_due(project)


def test_report_is_due_when_the_taxonomy_changed(
    project: Project, items: list[Item], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_both(items[:2], people)
    agreement_measure(project)
    make_taxonomy(project, (GAMES, VIOLENCE))
    later = timezone.now() + EVERY
    monkeypatch.setattr(timezone, "now", lambda: later)

    assert agreement_due(project)


def test_report_is_due_when_it_was_not_taken_apart(
    project: Project, items: list[Item], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_both(items[:2], people)
    agreement_measure(project)
    later = timezone.now() + EVERY
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert not agreement_due(project)

    AgreementBreakdown.objects.all().delete()

    assert agreement_due(project)


def test_task_measures_once_when_it_runs_twice(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)

    measure_agreement.run(project.pk)
    measure_agreement.run(project.pk)
    measure_agreement.run(-1)

    assert AgreementReport.objects.count() == 1


def test_reading_costs_one_query_when_the_taxonomy_is_known(
    project: Project, items: list[Item], people: list[User], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    judge_both(items, people)
    agreement_measure(project)
    agreement_of(project)

    with django_assert_num_queries(1):
        agreement_of(project)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_measured_when_another_worker_does(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)
    other = connection.copy()
    try:
        with transaction.atomic(), other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [ADVISORY_SPACE, project.pk])

            assert agreement_measure(project) is None
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [ADVISORY_SPACE, project.pk])
    finally:
        other.close()

    assert agreement_measure(project) is not None


def test_unsure_is_a_value_of_its_own_when_it_is_asked_for(
    project: Project, items: list[Item], people: list[User]
) -> None:
    judge_both(items, people)
    make_judgment(items[0], people[2], unsure=[GAMES])

    agreement_measure(project)

    agreement = agreement_of(project, unsure=Unsure.VALUE)
    assert agreement is not None
    games = next(row for row in agreement.categories if row.category.slug == GAMES)
    assert games.alpha.n_judgments == 17
    assert games.ac1.value is not None
    assert games.fleiss.n_items == 8
