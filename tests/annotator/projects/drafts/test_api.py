"""Drafts over the API: what a page does, a script does, and neither overwrites the other."""

from typing import Any

import pytest
from django.test import Client

from annotator.projects.models import GuidelineDraft, Project, Role, TaxonomyDraft
from annotator.projects.selectors import guideline_current, taxonomy_current
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_member, make_project

pytestmark = pytest.mark.django_db

GUIDELINE = "/api/v1/projects/pilot/guideline/draft/"
TAXONOMY = "/api/v1/projects/pilot/taxonomy/draft/"


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def lee(project: Project, client: Client) -> Client:
    client.force_login(make_member(project, Role.LEAD, "lee"))
    return client


def send(client: Client, address: str, **data: Any) -> Any:
    return client.post(address, data, content_type="application/json")


def category(slug: str, **columns: Any) -> dict[str, Any]:
    return {"slug": slug, "name": slug, "definition": "x", "severity": 1, "cipa": False, **columns}


def test_a_guideline_is_drafted_published_and_read_again(project: Project, lee: Client) -> None:
    before = lee.get(GUIDELINE).json()
    added = send(lee, GUIDELINE, revision=0, change="add", category=GAMES, title="Chess", body="Counts.")
    saved = send(lee, GUIDELINE, revision=2, change="save", number="2.1", title="Chess", body="Counts too.")
    late = send(lee, GUIDELINE, revision=2, change="remove", number="2.1")
    removed = send(lee, GUIDELINE, revision=3, change="remove", number="1.1")
    published = send(lee, f"{GUIDELINE}publish/", revision=4, note="Chess")

    assert (before["revision"], before["base"], before["changed_by"]) == (0, 1, None)
    assert [answer.status_code for answer in (added, saved, removed, published)] == [200, 200, 200, 201]
    assert (late.status_code, late.json()["error"]["code"]) == (409, "conflict")
    assert added.json()["changed_by"] == "lee"
    assert published.json() == {"version": 2}
    assert [row.body for row in guideline_current(project).clauses] == ["Counts too."]


def test_a_taxonomy_is_drafted_undone_and_published(project: Project, lee: Client) -> None:
    split = {
        "change": "split",
        "sources": [GAMES],
        "made": [category("board"), category("video", terms=["FPS"])],
    }
    retire = {"change": "retire", "sources": [VIOLENCE], "made": []}

    first = send(lee, TAXONOMY, revision=0, **split)
    second = send(lee, TAXONOMY, revision=2, **retire)
    late = send(lee, TAXONOMY, revision=2, **retire)
    undone = send(lee, TAXONOMY, revision=3, change="undo", position=1)
    published = send(lee, f"{TAXONOMY}publish/", revision=4, note="Finer")

    assert [answer.status_code for answer in (first, second, undone, published)] == [200, 200, 200, 201]
    assert late.status_code == 409
    assert [step["words"] for step in second.json()["steps"]] == [
        'Split "Games" into "board" and "video"',
        'Retire "Violence"',
    ]
    assert [row["slug"] for row in undone.json()["categories"]] == ["board", "video", GAMBLING, VIOLENCE]
    assert taxonomy_current(project).categories[1].terms == ["fps"]
    entries = lee.get("/api/v1/projects/pilot/policy/").json()
    assert entries[0]["categories"] == [
        {
            "kind": "split",
            "sources": [GAMES],
            "targets": ["board", "video"],
            "words": 'Split "Games" into "board" and "video"',
            "details": [],
            "definition": "",
        }
    ]


@pytest.mark.parametrize(("address", "draft"), [(GUIDELINE, GuidelineDraft), (TAXONOMY, TaxonomyDraft)])
def test_a_draft_is_discarded_by_its_revision(
    project: Project, lee: Client, address: str, draft: type[GuidelineDraft | TaxonomyDraft]
) -> None:
    send(lee, GUIDELINE, revision=0, change="add", category="", title="x", body="x")
    send(lee, TAXONOMY, revision=0, change="add", made=[category("chat")])

    for revision, status in (
        ("", 400),
        ("x", 400),
        ("0", 400),
        ("9" * 30, 400),
        ("1", 409),
        ("2", 204),
        ("2", 409),
    ):
        assert lee.delete(f"{address}?revision={revision}").status_code == status

    assert not draft._default_manager.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"revision": 0, "change": "nope"},
        {"revision": 0, "change": "add", "made": [{}]},
        {"revision": 0, "change": "add", "made": [category("Bad Slug")]},
        {"revision": 0, "change": "add", "made": [category("chat", severity=4)]},
        {"revision": 0, "change": "retire", "sources": ["nope"]},
        {"revision": 0, "change": "retire", "sources": []},
        {"revision": -1, "change": "retire", "sources": [GAMES]},
        {"revision": 0, "change": "undo"},
        {"revision": 0, "change": "undo", "position": 0},
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(
    project: Project, lee: Client, sent: dict[str, Any]
) -> None:
    answer = send(lee, TAXONOMY, **sent)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert not TaxonomyDraft.objects.exists()


def test_a_recheck_is_opened_listed_and_cancelled(project: Project, lee: Client) -> None:
    nothing = send(lee, "/api/v1/projects/pilot/rechecks/", groups=["category/x"], reason="x", taxonomy=1)
    missing = send(lee, "/api/v1/projects/pilot/rechecks/", groups=["x"], reason="x", taxonomy=7)
    unknown = send(lee, "/api/v1/projects/pilot/rechecks/3/cancel/")

    assert (nothing.status_code, missing.status_code, unknown.status_code) == (400, 404, 404)
    assert lee.get("/api/v1/projects/pilot/rechecks/").json() == []
