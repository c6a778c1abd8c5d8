"""One's own care, asked as a browser asks: what the page says, what it saves, and to whom it shows anything."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from annotator.projects.models import Project
from annotator.queue.models import Assignment, Exposure, OptOut
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_member,
    make_project,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db

CARE = reverse("judgments:care", args=["pilot"])


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=1, exposure_budget=6)


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user)
    return user


def expose(person: User, points: float, **columns: object) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    columns = {"items": 1, "minute": minute} | columns
    Exposure.objects.create(annotator=person, points=points, **columns)


def test_the_page_says_what_i_saw_and_that_i_am_given_everything(client: Client, ann: User) -> None:
    expose(ann, 4, items=2)
    expose(make_member(Project.objects.get(slug="pilot")), 90)

    html = client.get(CARE).content.decode()

    assert "<strong>4</strong> of 6 points within 4 hours" in html
    assert "You are given every page." in html
    assert "My harmful pages in each of the last 24 hours" in html
    assert "after 50 minutes at work" in html
    assert "for 15 minutes, it pauses" in html


def test_the_page_says_until_when_pages_are_lighter(client: Client, ann: User) -> None:
    expose(ann, 6)

    html = client.get(CARE).content.decode()

    minute = Exposure.objects.get().minute
    assert f"Lighter pages until {minute + timedelta(hours=4, minutes=1):%H:%M} UTC" in html
    assert "You are given every page." not in html


def test_the_page_says_so_when_the_project_sets_no_limit_and_no_reminder(
    client: Client, ann: User, project: Project
) -> None:
    Project.objects.filter(pk=project.pk).update(exposure_budget=0, break_minutes=0)
    expose(ann, 600)

    html = client.get(CARE).content.decode()

    assert "This project sets no limit." in html
    assert "You are not reminded of breaks." in html


def test_opt_outs_are_saved_and_shown_and_taken_back(client: Client, ann: User) -> None:
    answer = client.post(CARE, {"avoid": [GAMES, VIOLENCE]}, follow=True)

    assert set(OptOut.objects.values_list("annotator", "category")) == {(ann.pk, GAMES), (ann.pk, VIOLENCE)}
    html = answer.content.decode()
    assert "only you know" in html
    assert f'value="{GAMES}" checked' in html
    assert f'value="{GAMBLING}" checked' not in html

    client.post(CARE, {})

    assert not OptOut.objects.exists()


def test_an_unknown_category_is_refused_and_nothing_is_saved(client: Client, ann: User) -> None:
    answer = client.post(CARE, {"avoid": [GAMES, "cookery"]})

    assert answer.status_code == 422
    assert "There is no category &quot;cookery&quot; here" in answer.content.decode()
    assert not OptOut.objects.exists()


def test_the_first_batch_is_shielded_by_its_words_alone(client: Client, ann: User, project: Project) -> None:
    make_batch(project, make_items(project, 1, topic=VIOLENCE))

    html = client.get(reverse("judgments:label", args=["pilot"])).content.decode()

    assert Assignment.objects.get().severity == 3
    assert 'data-shielded="true"' in html
    before, covered = html.split('<details class="shield">')
    assert "A page about" not in before
    assert "A page about" in covered.split("</details>")[0]


def test_a_page_is_shielded_when_its_category_was_rated_graver_since_the_batch_opened(
    client: Client, ann: User, project: Project
) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    Assignment.objects.update(severity=1, expected=[GAMES])

    make_taxonomy(project, [GAMBLING, VIOLENCE, GAMES])

    html = client.get(reverse("judgments:label", args=["pilot"])).content.decode()
    assert 'data-shielded="true"' in html


def test_a_harmless_page_is_not_shielded(client: Client, ann: User, project: Project) -> None:
    make_batch(project, make_items(project, 1))

    html = client.get(reverse("judgments:label", args=["pilot"])).content.decode()

    assert 'data-shielded=""' in html
    assert "Covered, because it may be harmful" not in html


def test_the_labelling_page_carries_a_quiet_line_only_for_whoever_is_on_lighter_pages(
    client: Client, ann: User, project: Project
) -> None:
    make_batch(project, make_items(project, 2))
    expose(ann, 6)
    other = Client()
    other.force_login(make_member(project))

    for name in ("label", "session"):
        address = reverse(f"judgments:{name}", args=["pilot"])
        assert "Lighter pages until" in client.get(address).content.decode()
        assert "Lighter pages until" not in other.get(address).content.decode()


def test_the_empty_page_says_why_there_is_nothing(client: Client, ann: User, project: Project) -> None:
    expose(ann, 6)

    page = client.get(reverse("judgments:label", args=["pilot"])).content.decode()
    part = client.get(reverse("judgments:nothing", args=["pilot"])).content.decode()

    for html in (page, part):
        assert "No lighter page is left right now" in html
    assert "<html" not in part
