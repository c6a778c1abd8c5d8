"""A project by API: made, configured, its members, and what it goes by as one text."""

from typing import Any

import pytest
from django.test import Client

from annotator.projects.models import LogEntry, Membership, Project, Role
from annotator.projects.selectors import guideline_current, taxonomy_current
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
PROJECTS = "/api/v1/projects/"
API = f"{PROJECTS}pilot/"


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def admin(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, Role.ADMIN, "ada"))
    return client


def post(client: Client, path: str, body: Any) -> Any:
    return client.post(path, body, content_type="application/json")


def test_a_project_is_made_by_whoever_may(client: Client) -> None:
    client.force_login(make_user("flo", is_superuser=True))

    made = post(client, PROJECTS, {"name": "Schools", "slug": "schools", "overlap": 3})
    again = post(client, PROJECTS, {"name": "Schools", "slug": "schools"})

    assert (made.status_code, made.json()["overlap"]) == (201, 3)
    assert len(taxonomy_current(Project.objects.get(slug="schools")).categories) == 16
    assert Membership.objects.get(project__slug="schools").user.username == "flo"
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")


def test_a_project_is_made_from_a_blueprint(client: Client) -> None:
    client.force_login(make_user(is_superuser=True))
    category = "{slug: games, name: Games, definition: A game., severity: 1, cipa: false, key: q}"
    clause = "{number: '1.1', title: Judge, body: Judge the page.}"
    text = f"project: {{slug: any, name: any}}\ncategories: [{category}]\nguideline: [{clause}]"

    made = post(client, PROJECTS, {"name": "One", "slug": "one", "blueprint": text})
    broken = post(client, PROJECTS, {"name": "Two", "slug": "two", "blueprint": "categories: ["})

    assert made.status_code == 201, made.content
    assert taxonomy_current(Project.objects.get(slug="one")).slugs == ("games",)
    assert broken.status_code == 400
    assert "blueprint" in broken.json()["error"]["details"]
    assert not Project.objects.filter(slug="two").exists()


def test_whoever_may_not_make_projects_is_told_so_before_anything_is_read(admin: Client) -> None:
    refused = post(admin, PROJECTS, {})

    assert refused.status_code == 403
    assert "Ask an operator" in refused.json()["error"]["message"]


def test_settings_that_are_named_change_and_the_others_stay(admin: Client, project: Project) -> None:
    before = admin.get(f"{API}settings/").json()

    changed = post(admin, f"{API}settings/", {"paused": True, "gold_share": 0.05})

    assert changed.status_code == 200, changed.content
    assert changed.json() == before | {"paused": True, "gold_share": 0.05}
    project.refresh_from_db()
    assert (project.paused, project.gold_share, project.name) == (True, 0.05, "Pilot")
    assert LogEntry.objects.filter(text="ada changed the settings").count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"overlap": 5, "overlap_max": 2}, "overlap"),
        ({"gold_share": 0.9}, "gold_share"),
        ({"adaptive": True, "adaptive_least": 2, "overlap": 2}, "adaptive_least"),
        ({}, ""),
        ({"unknown": 1}, ""),
    ],
)
def test_settings_that_do_not_fit_are_refused_with_the_field(
    admin: Client, project: Project, body: dict[str, Any], field: str
) -> None:
    refused = post(admin, f"{API}settings/", body)

    assert refused.status_code == 400
    assert list(refused.json()["error"]["details"]) == ([field] if field else [])
    assert not LogEntry.objects.filter(text__contains="changed the settings").exists()


def test_members_come_change_and_go(admin: Client, project: Project) -> None:
    make_user("bo")

    given = post(admin, f"{API}members/", {"username": "bo", "role": "lead"})
    holds = post(admin, f"{API}members/case-holder/", {"username": "bo", "holds": True})
    listed = {row["username"]: row for row in admin.get(f"{API}members/").json()}
    gone = post(admin, f"{API}members/end/", {"username": "bo"})

    assert (given.status_code, holds.status_code, gone.status_code) == (200, 204, 204)
    assert listed["bo"] == {"username": "bo", "role": "lead", "case_holder": True, "is_active": True}
    assert not Membership.objects.filter(project=project, user__username="bo").exists()
    nobody = post(admin, f"{API}members/", {"username": "nobody", "role": "lead"})
    assert (nobody.status_code, "no active account" in nobody.json()["error"]["message"]) == (400, True)


def test_the_last_admin_stays(admin: Client, project: Project) -> None:
    Membership.objects.filter(project=project, role=Role.ADMIN).exclude(user__username="ada").delete()

    refused = post(admin, f"{API}members/end/", {"username": "ada"})

    assert refused.status_code == 409
    assert "the only admin" in refused.json()["error"]["message"]


def test_what_is_published_is_read_changed_and_published_as_one_text(
    client: Client, project: Project
) -> None:
    client.force_login(make_member(project, Role.LEAD))
    now = client.get(f"{API}blueprint/").json()
    text = now["text"].replace("Only it.", "Only what it shows.")

    done = post(client, f"{API}blueprint/", {"text": text, "note": "Clearer"})
    again = post(client, f"{API}blueprint/", {"text": text, "note": "Clearer"})
    broken = post(client, f"{API}blueprint/", {"text": "categories: 1", "note": "Clearer"})

    assert (done.status_code, done.json()["guideline"], done.json()["taxonomy"]) == (201, 2, 1)
    assert guideline_current(project).clauses[0].body == "Only what it shows."
    assert (again.status_code, broken.status_code) == (400, 400)
    assert "published already" in again.json()["error"]["message"]
    assert broken.json()["error"]["details"]["text"]
