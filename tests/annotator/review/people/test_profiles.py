"""Profiles: what leads see of each annotator and each of themselves, by page and by API."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.agreement.intervals import Tally
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.review.agreement import reports
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import AgreementReport, AnnotatorWeek, Method, OwnSkill
from annotator.review.people.profiles import (
    FEWEST_TIMED,
    level_of,
    own_profile,
    pace_of,
    profile_of,
    profiles_of,
)
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

MONDAY = date(2026, 9, 7)


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 24)
    make_batch(project, items)
    return items


@pytest.fixture
def measured(project: Project, items: list[Item], people: list[User]) -> None:
    """Two see games on every other page; the third on every fourth only, and never judged before a minute ago."""
    for number, item in enumerate(items):
        right = [GAMES] if number % 2 == 0 else []
        for person in people[:2]:
            make_judgment(item, person, right)
        make_judgment(item, people[2], right if number % 4 == 0 else [])
        make_resolution(item, right, method=Method.MAJORITY)
    agreement_measure(project)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def games(user: User, project: Project) -> Any:
    return next(row for row in profile_of(project, user).categories if row.slug == GAMES)


def week(project: Project, user: User, number: int, right: int, n: int) -> None:
    AnnotatorWeek.objects.create(
        project=project,
        annotator=user,
        week=MONDAY + timedelta(weeks=number),
        n_judgments=n,
        held_right=right,
        held_n=n,
    )


def test_a_profile_has_levels_with_intervals(measured: None, project: Project, people: list[User]) -> None:
    found = games(people[2], project)

    assert found.sensitivity.low < found.sensitivity.value < found.sensitivity.high
    assert found.sensitivity.n == 12
    assert (found.held.value, found.held.n) == (0.5, 12)
    assert found.gold.why == "never came up"


def test_three_positives_are_too_few_to_say(project: Project, items: list[Item], people: list[User]) -> None:
    for number, item in enumerate(items):
        for person in people[:3]:
            make_judgment(item, person, [GAMES] if number < 3 else [])
    agreement_measure(project)

    found = games(people[0], project)

    assert found.sensitivity.value is None
    assert found.sensitivity.why == "too few to say: about 3"
    assert found.specificity.value is not None


def test_the_suggestion_names_the_categorys_clauses(
    measured: None, project: Project, people: list[User], lead: Access
) -> None:
    guideline = GuidelineVersion.objects.create(project=project, number=2, created_by=lead.user)
    Clause.objects.create(
        guideline=guideline, position=0, number="4.2", category=GAMES, title="Games", body="Chess."
    )

    profiles = profiles_of(project, people)

    assert [one.for_lead for one in profiles[people[2].pk].suggestions] == [
        f"Ask {people[2].username} to read clause 4.2: Games is missed in 6 of 12 pages that show it."
    ]
    assert profiles[people[0].pk].suggestions == ()


def test_what_the_others_miss_as_well_is_for_the_guideline(
    project: Project, items: list[Item], people: list[User]
) -> None:
    for number, item in enumerate(items):
        for person in people[:3]:
            make_judgment(item, person, [GAMES] if number % 2 else [])
        make_resolution(item, [GAMES], method=Method.MAJORITY)
    agreement_measure(project)

    (suggestion,) = profile_of(project, people[0]).suggestions

    assert "with everybody" in suggestion.for_lead
    assert "24 of 48 by the others" in suggestion.for_lead
    assert profile_of(project, people[0]).for_self == ()


def test_a_person_without_a_judgment_has_a_page_that_says_so(
    measured: None, project: Project, people: list[User], lead: Access
) -> None:
    profile = profile_of(project, people[3])
    page = browser(lead.user).get(f"/projects/{project.slug}/people/{people[3].pk}/").content.decode()

    assert (profile.categories, profile.weeks, profile.suggestions) == ((), (), ())
    assert "Nothing judged yet." in page
    assert "Too few answers to say anything yet." in page


def test_before_the_first_measurement_every_page_says_so(
    project: Project, people: list[User], lead: Access
) -> None:
    base = f"/projects/{project.slug}"
    own = browser(people[0]).get(f"{base}/judgments/checks/").content.decode()

    assert profile_of(project, people[0]).measure is None
    assert "Not measured yet" in own
    assert browser(people[0]).get(f"/api/v1{base}/people/me/").json()["measure"] is None
    assert browser(lead.user).get(f"/api/v1{base}/people/").status_code == 200


def test_drift_is_said_only_where_it_is_clear(project: Project, people: list[User], lead: Access) -> None:
    for number in range(6):
        week(project, people[0], number, 45, 50)
        week(project, people[1], number, 45, 50)
    week(project, people[0], 6, 25, 40)
    week(project, people[1], 6, 34, 40)
    address = f"/projects/{project.slug}/people"

    lower = browser(lead.user).get(f"{address}/{people[0].pk}/").content.decode()
    same = browser(lead.user).get(f"{address}/{people[1].pk}/").content.decode()

    assert "Lower than before: 0.62 [0.47, 0.76] n=40 since 2026-10-19, 0.90 in 300 before." in lower
    assert f"Ask {people[0].username} how it goes" in lower
    assert "No change that shows" in same
    assert "how it goes" not in same


def test_weeks_older_than_a_year_are_not_the_level_before(project: Project, people: list[User]) -> None:
    week(project, people[0], 0, 300, 300)
    week(project, people[0], 60, 10, 40)

    assert profile_of(project, people[0]).held_drift.verdict == "too few"
    assert profile_of(project, people[0]).held.n == 340


def test_pace_is_the_median_of_the_newest_from_a_number_on(
    project: Project, items: list[Item], people: list[User]
) -> None:
    for number, item in enumerate(items[:FEWEST_TIMED]):
        make_judgment(item, people[0], [GAMES], seconds=number + 1.0)
    make_judgment(items[0], people[1], [GAMES], seconds=3.0)
    make_judgment(items[1], people[1], [GAMES], seconds=None)

    pace, few = pace_of(project, people[0]), pace_of(project, people[1])

    assert (pace.median, pace.n) == (10.5, 20)
    assert (few.median, few.n) == (None, 1)


def test_five_answers_are_no_level() -> None:
    assert level_of(Tally(5, 5)).value is None
    assert level_of(Tally(5, 5)).why == "too few to say: 5 of 5"
    assert level_of(Tally(8, 8)).value == 1


def test_the_people_page_stays_in_the_order_of_names(
    measured: None, project: Project, people: list[User], lead: Access
) -> None:
    make_member(project, username="aaron")

    page = browser(lead.user).get(f"/projects/{project.slug}/people/").content.decode()
    listed = browser(lead.user).get(f"/api/v1/projects/{project.slug}/people/").json()["people"]

    names = [row["username"] for row in listed]
    assert names == sorted(names)
    assert names[0] == "aaron"
    places = [page.index(f">{name}</a>") for name in names]
    assert places == sorted(places)
    assert "Games is missed in 6 of 12" in page


def test_a_person_reads_their_own_numbers_and_nothing_of_others(
    measured: None, project: Project, people: list[User], lead: Access
) -> None:
    base = f"/projects/{project.slug}"
    own = browser(people[2]).get(f"/api/v1{base}/people/me/").json()
    listed = browser(lead.user).get(f"/api/v1{base}/people/").json()["people"]
    page = browser(people[2]).get(f"{base}/judgments/checks/").content.decode()

    theirs = next(row["profile"] for row in listed if row["id"] == people[2].pk)
    assert {key: own[key] for key in own if key != "suggestions"} == {
        key: theirs[key] for key in theirs if key != "suggestions"
    }
    assert own["suggestions"] == [
        "Have another look at the guideline on Games: Games is missed in 6 of 12 pages that show it."
    ]
    assert "Games is missed in 6 of 12 pages" in page
    for other in (*people[:2], people[3]):
        assert other.username not in page
        assert other.username not in str(own)


def test_own_numbers_stand_still_for_the_day_whatever_one_answers(
    measured: None, project: Project, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    before, seen = own_profile(project, people[2], now), profile_of(project, people[2])
    more = make_items(project, 4)
    make_batch(project, more)
    for item in more:
        make_judgment(item, people[0], [GAMES])
        make_judgment(item, people[2], [GAMES])
        make_resolution(item, [GAMES], method=Method.MAJORITY)
    monkeypatch.setattr(reports, "EVERY", timedelta(0))

    agreement_measure(project)

    assert own_profile(project, people[2], now) == before
    assert profile_of(project, people[2]).held.n == seen.held.n + 4
    report = AgreementReport.objects.first()
    assert report is not None
    report.pk, report.computed_at = None, now - timedelta(days=1)
    report.save()
    OwnSkill.objects.update(report=report)
    make_judgment(more[0], people[1], [])

    agreement_measure(project)

    assert own_profile(project, people[2], now).held.n == seen.held.n + 4


def test_the_part_of_own_numbers_in_the_history_stays_the_card_of_checks(
    measured: None, project: Project, people: list[User]
) -> None:
    part = browser(people[2]).get(
        f"/projects/{project.slug}/judgments/checks/", headers={"HX-Request": "true"}
    )

    assert "How my checks went" in part.content.decode()
    assert "By category" not in part.content.decode()


def test_few_judgments_an_item_are_said_to_be_no_ground(
    project: Project, items: list[Item], people: list[User], lead: Access
) -> None:
    for number, item in enumerate(items):
        for person in people[:2]:
            make_judgment(item, person, [GAMES] if number % 2 else [])
    agreement_measure(project)

    page = browser(lead.user).get(f"/projects/{project.slug}/people/{people[0].pk}/").content.decode()

    assert "no ground for a decision" in page


def test_queries_do_not_grow_with_people(
    measured: None,
    project: Project,
    people: list[User],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    profiles_of(project, people)
    with django_assert_num_queries(5):
        profiles_of(project, people[:1])
    with django_assert_num_queries(5):
        profiles_of(project, people)


def test_the_numbers_of_another_project_stay_there(
    measured: None, project: Project, people: list[User]
) -> None:
    elsewhere = make_project()

    assert profile_of(elsewhere, people[0]).categories == ()
    assert profile_of(elsewhere, people[0]).measure is None
