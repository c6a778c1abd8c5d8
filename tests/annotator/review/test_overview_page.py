"""Who gets in where, and the page on which a lead or a scientist begins."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Verdict
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import Disagreement
from annotator.review.overview import overview_of, pace_of
from annotator.review.services import review_sweep
from tests.annotator.review.visiting import HTMX, page
from tests.factories import GAMES, make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("disagreements", {Role.LEAD, Role.ADMIN}),
        ("flags", {Role.LEAD, Role.ADMIN}),
        ("agreement", {Role.LEAD, Role.SCIENTIST, Role.ADMIN}),
        ("overview", {Role.LEAD, Role.SCIENTIST, Role.ADMIN}),
    ],
)
@pytest.mark.parametrize("role", Role)
def test_only_roles_that_may_look_get_in(
    client: Client, project: Project, role: Role, name: str, roles: set[Role]
) -> None:
    client.force_login(make_member(project, role))

    status = client.get(page(project, name)).status_code

    assert status == (200 if role in roles else 302 if name == "overview" else 403)


def test_annotator_is_sent_to_their_work(client: Client, project: Project) -> None:
    client.force_login(make_member(project))

    answer = client.get(page(project, "overview"))

    assert answer.headers["Location"] == reverse("judgments:label", args=[project.slug])


def test_scientist_sees_no_judgments_of_an_item(client: Client, project: Project, item: Item) -> None:
    client.force_login(make_member(project, Role.SCIENTIST))

    assert client.get(page(project, "item_review", item.pk)).status_code == 403


def test_overview_says_what_needs_a_human(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    Flag.objects.create(project=project, item=dispute().item, annotator=people[0])

    text = pages.get(page(project, "overview")).content.decode()

    assert "1 disagreement waits for a lead" in text
    assert "1 flag waits for a lead" in text


@pytest.mark.parametrize("role", [Role.LEAD, Role.SCIENTIST, Role.ADMIN])
def test_overview_sends_nobody_where_they_may_not_go(
    client: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement], role: Role
) -> None:
    Flag.objects.create(project=project, item=dispute().item, annotator=people[0])
    project.paused = True
    project.save()
    client.force_login(make_member(project, role))

    answer = client.get(page(project, "overview"))

    assert "1 flag waits for a lead" in answer.content.decode()
    links = set(re.findall(r'href="(/projects/[^"#?]+)"', answer.content.decode()))
    assert links
    assert {link: client.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_overview_polls_only_its_part(pages: Client, project: Project) -> None:
    text = pages.get(page(project, "overview"), headers=HTMX).content.decode()

    assert "<html" not in text
    assert 'hx-trigger="every 3s"' in text


def test_overview_names_categories_that_nobody_has_seen(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])
    review_sweep(project)

    needs = [need.text for need in overview_of(project, timezone.now()).needs]

    assert (
        "No resolved page shows Gambling, Violence: no classifier can learn what it has never seen." in needs
    )


def test_overview_costs_few_queries_when_there_is_much_to_say(
    project: Project,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    dispute()
    agreement_measure(project)

    with django_assert_max_num_queries(18):
        overview_of(project, timezone.now())


def test_pace_counts_answers_and_not_undoes(project: Project, item: Item, people: list[User]) -> None:
    undone = make_judgment(item, people[0])
    make_judgment(item, people[0], supersedes=undone, verdict=Verdict.WITHDRAWN)
    make_judgment(item, people[1])
    now = timezone.now()

    pace = pace_of(project, now)

    assert (pace.last_hour, sum(pace.hours), len(pace.hours)) == (2, 2, 24)
