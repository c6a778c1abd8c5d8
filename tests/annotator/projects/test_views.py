"""The pages of a project."""

import json
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from annotator.projects.forms import SettingsForm
from annotator.projects.models import GuidelineVersion, Membership, Project, Role
from annotator.projects.selectors import taxonomy_current
from tests.factories import make_member, make_project, make_user

pytestmark = pytest.mark.django_db
NEW = {"name": "Pilot", "slug": "pilot", "description": "", "overlap": "2", "holdout_percent": "10"}


@pytest.fixture
def founder(client: Client) -> Client:
    user = make_user()
    user.user_permissions.add(Permission.objects.get(codename="add_project"))
    client.force_login(user)
    return client


def member(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(make_member(project, role))
    return client


def test_one_screen_makes_a_project_with_the_k12_taxonomy(founder: Client) -> None:
    answer = founder.post("/projects/new/", NEW)

    assert answer.status_code == 302
    assert len(taxonomy_current(Project.objects.get(slug="pilot")).slugs) == 16
    assert b"Pilot" in founder.get("/").content


def test_a_json_blueprint_brings_its_own_taxonomy(founder: Client) -> None:
    spam = {
        "slug": "spam",
        "name": "Spam",
        "definition": "Unwanted.",
        "severity": 1,
        "cipa": False,
        "key": "1",
    }
    blueprint = {
        "project": {"slug": "a", "name": "A"},
        "categories": [spam | {"terms": ["buy"]}],
        "guideline": [{"number": "1.1", "title": "Judge", "body": "The page."}],
    }
    upload = BytesIO(json.dumps(blueprint).encode())
    upload.name = "blueprint.json"

    answer = founder.post("/projects/new/", NEW | {"blueprint": upload})

    assert answer.status_code == 302
    assert taxonomy_current(Project.objects.get(slug="pilot")).slugs == ("spam",)


def test_a_broken_blueprint_is_named_on_the_form_and_nothing_is_made(founder: Client) -> None:
    upload = BytesIO(b"categories: 5")
    upload.name = "blueprint.yaml"

    answer = founder.post("/projects/new/", NEW | {"blueprint": upload})

    assert answer.status_code == 422
    assert b"categories" in answer.content
    assert not Project.objects.exists()


def test_a_taken_slug_is_said_on_its_field(founder: Client) -> None:
    make_project("pilot")

    answer = founder.post("/projects/new/", NEW)

    assert answer.status_code == 422
    assert b"Choose another short name" in answer.content


def settings_of(project: Project) -> dict[str, object]:
    """The form of the settings as a browser would send it back unchanged."""
    form = SettingsForm(instance=project)
    return {
        field.name: field.value() for field in form if not (field.name in ("paused",) and not field.value())
    }


def test_settings_that_do_not_fit_together_change_nothing() -> None:
    project = make_project()
    address = f"/projects/{project.slug}/settings/"
    client = member(project, Role.ADMIN)
    sent = settings_of(project) | {"overlap": 3, "overlap_max": 2}

    answer = client.post(address, sent)
    fixed = client.post(address, sent | {"overlap_max": 3})

    assert answer.status_code == 422
    assert b"More than the maximum of 2 places" in answer.content
    assert fixed.status_code == 302
    project.refresh_from_db()
    assert project.overlap == 3


def test_every_new_setting_is_saved_and_shown_when_it_is_changed() -> None:
    project = make_project()
    client = member(project, Role.ADMIN)
    address = f"/projects/{project.slug}/settings/"
    changed = {
        "prefetch": 2, "break_minutes": 0, "idle_minutes": 30, "exposure_budget": 0, "exposure_hours": 6,
        "cooldown_minutes": 45, "gold_share": 0.05, "gold_share_new": 0.2, "gold_line": 0.8, "retest_share": 0.0,
        "retest_days": 14,
    }  # fmt: skip
    sent = settings_of(project) | changed
    del sent["qualification"]  # an empty check box is not sent

    answer = client.post(address, sent)

    assert answer.status_code == 302
    project.refresh_from_db()
    assert {name: getattr(project, name) for name in changed} == changed
    assert project.qualification is False
    html = client.get(address).content.decode()
    for group in ('id="seat"', 'id="care"', 'id="quality"'):
        assert group in html


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"cooldown_minutes": 300}, "Longer than the budget&#x27;s window of 4 h; use at most 240 minutes."),
        ({"exposure_budget": 10_001}, "Use 0 to 10000."),
        ({"gold_share": 0.4}, "Less than the share for everybody, 0.4; raise it."),
        ({"idle_minutes": 0}, "Use 1 to 240."),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_at_its_field(
    changed: dict[str, object], problem: str
) -> None:
    project = make_project()
    before = {name: getattr(project, name) for name in changed}

    answer = member(project, Role.ADMIN).post(
        f"/projects/{project.slug}/settings/", settings_of(project) | changed
    )

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    project.refresh_from_db()
    assert {name: getattr(project, name) for name in changed} == before


def test_a_lead_publishes_what_the_page_offers_with_one_word_changed() -> None:
    project = make_project()
    client = member(project, Role.LEAD)
    address = f"/projects/{project.slug}/guideline/publish/"
    text = client.get(address).context["form"].initial["text"]

    same = client.post(address, {"note": "none", "text": text})
    changed = client.post(
        address, {"note": "clearer", "text": text.replace("Only it.", "Only what it shows.")}
    )

    assert same.status_code == 422
    assert b"published already" in same.content
    assert changed.status_code == 302
    assert GuidelineVersion.objects.filter(project=project).count() == 2
    assert b"Only what it shows." in client.get(f"/projects/{project.slug}/guideline/").content


def test_a_clause_cannot_smuggle_markup_or_links() -> None:
    project = make_project()
    client = member(project, Role.LEAD)
    address = f"/projects/{project.slug}/guideline/publish/"
    text = client.get(address).context["form"].initial["text"]
    evil = "<script>alert(1)</script> [go](https://evil.example) ![x](https://evil.example/x.png)"

    client.post(address, {"note": "evil", "text": text.replace("Only it.", evil)})

    page = client.get(f"/projects/{project.slug}/guideline/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="https://evil' not in page
    assert "<img" not in page


def test_members_are_added_and_removed_on_their_page() -> None:
    project = make_project()
    make_user("ada")
    client = member(project, Role.ADMIN)

    client.post(f"/projects/{project.slug}/members/", {"username": "ada", "role": "lead"})
    unknown = client.post(f"/projects/{project.slug}/members/", {"username": "nobody", "role": "lead"})

    assert Membership.objects.get(project=project, user__username="ada").role == Role.LEAD
    assert unknown.status_code == 422
    client.post(f"/projects/{project.slug}/members/end/", {"username": "ada"})
    assert not Membership.objects.filter(project=project, user__username="ada").exists()


def test_adaptive_overlap_is_set_on_the_page_and_refused_where_it_saves_nothing() -> None:
    project = make_project()
    client, address = member(project, Role.ADMIN), f"/projects/{project.slug}/settings/"
    sent = settings_of(project) | {"adaptive": "on", "adaptive_certainty": 0.99}

    refused = client.post(address, sent)
    coarse = client.post(address, sent | {"overlap": 3, "adaptive_certainty": 0.5})
    saved = client.post(address, sent | {"overlap": 3, "overlap_max": 5})

    assert refused.status_code == coarse.status_code == 422
    assert b"And the overlap is 2: nothing could be saved" in refused.content
    assert b"Use 0.9 to 0.999." in coarse.content
    assert saved.status_code == 302
    project.refresh_from_db()
    assert (project.adaptive, project.adaptive_certainty, project.overlap_max) == (True, 0.99, 5)
    read = client.get(f"/api/v1/projects/{project.slug}/").json()
    assert (read["adaptive"], read["adaptive_certainty"], read["adaptive_least"]) == (True, 0.99, 2)


def test_a_blueprint_that_does_not_fit_the_form_is_refused_not_an_error(founder: Client) -> None:
    blueprint = {
        "project": {"slug": "a", "name": "A", "overlap": 3, "overlap_max": 5, "adaptive": True},
        "categories": [
            {"slug": "spam", "name": "Spam", "definition": "Unwanted.", "severity": 1, "cipa": False}
        ],
        "guideline": [{"number": "1.1", "title": "Judge", "body": "The page."}],
    }

    def send(overlap: str) -> int:
        upload = BytesIO(json.dumps(blueprint).encode())
        upload.name = "blueprint.json"
        return founder.post("/projects/new/", NEW | {"overlap": overlap, "blueprint": upload}).status_code

    assert send("2") == 422
    assert send("3") == 302
    project = Project.objects.get(slug="pilot")
    assert (project.adaptive, project.overlap_max) == (True, 5)
