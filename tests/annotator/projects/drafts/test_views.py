"""The pages of drafts, as a lead uses them without JavaScript: nothing has to be typed twice."""

from typing import Any

import pytest
from django.test import Client

from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit, clause_draft_add
from annotator.projects.drafts.taxonomy import TAXONOMY, taxonomy_drafting_of
from annotator.projects.mapping import Kind
from annotator.projects.models import GuidelineDraft, Project, Role, TaxonomyDraft
from annotator.projects.operations import Operation
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.projects.services import guideline_publish
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    draft_changed,
    make_member,
    make_project,
)

pytestmark = pytest.mark.django_db

CLAUSES = "/projects/pilot/guideline/draft/"
CATEGORIES = "/projects/pilot/taxonomy/draft/"
CATEGORY = {"name": "Chat", "definition": "Talk.", "severity": "1", "terms": "Chat,  talk\nchat"}
EDIT = {
    "source": VIOLENCE,
    "name": "Gore <b>",
    "definition": "Pages about gore.",
    "severity": "3",
    "key": "3",
}


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def lee(project: Project, client: Client) -> Client:
    client.force_login(make_member(project, Role.LEAD, "lee"))
    return client


def send(client: Client, page: str, change: str, revision: int, **columns: Any) -> Any:
    return client.post(f"{page}change/", {"change": change, "revision": str(revision), **columns})


def test_a_guideline_is_written_previewed_and_published(project: Project, lee: Client) -> None:
    said = {"number": "1.1", "title": "Judge the page", "body": "Only what it shows <b>."}

    saved = send(lee, CLAUSES, "save", 0, **said)
    late = send(lee, CLAUSES, "save", 0, **said)
    preview = lee.get(CLAUSES).content.decode()
    no_note = lee.post(f"{CLAUSES}publish/", {"revision": "2", "note": ""})
    published = lee.post(f"{CLAUSES}publish/", {"revision": "2", "note": "Clearer"})

    assert (saved.status_code, late.status_code) == (302, 409)
    assert "lee changed the draft meanwhile" in late.content.decode()
    assert "<ins>" in preview
    assert "<b>" not in preview
    assert (no_note.status_code, published.status_code) == (422, 302)
    assert guideline_current(project).version.note == "Clearer"


def test_a_taxonomy_is_written_previewed_and_published(project: Project, lee: Client) -> None:
    parts = {
        "name_1": "Board games",
        "definition_1": "On a board.",
        "name_2": "Video games",
        "definition_2": "On.",
    }

    added = send(lee, CATEGORIES, "add", 0, **CATEGORY)
    late = send(lee, CATEGORIES, "add", 0, **CATEGORY | {"name": "Late"})
    divided = send(lee, CATEGORIES, "split", 2, source=GAMES, **parts)
    renamed = send(lee, CATEGORIES, "change", 3, slug=VIOLENCE, **EDIT)
    retired = send(lee, CATEGORIES, "retire", 4, source=GAMBLING)
    preview = lee.get(CATEGORIES).content.decode()
    undone = send(lee, CATEGORIES, "undo", 5, position="3")
    no_note = lee.post(f"{CATEGORIES}publish/", {"revision": "6", "note": ""})
    published = lee.post(f"{CATEGORIES}publish/", {"revision": "6", "note": "Clearer"})

    done = (added, divided, renamed, retired, undone, published)
    assert [answer.status_code for answer in done] == [302] * 6
    assert (late.status_code, no_note.status_code) == (409, 422)
    assert "lee changed the draft meanwhile" in late.content.decode()
    assert 'value="Late"' in late.content.decode()  # nothing has to be typed twice
    assert "Split &quot;Games&quot; into &quot;Board games&quot; and &quot;Video games&quot;" in preview
    assert "<del>violence</del>" in preview
    assert "<b>" not in preview
    current = taxonomy_current(project)
    assert current.slugs == ("board-games", "video-games", GAMBLING, VIOLENCE, "chat")
    assert current.categories[-1].terms == ["chat", "talk"]
    assert current.version.note == "Clearer"


def test_categories_are_merged_as_grave_as_the_gravest(project: Project, lee: Client) -> None:
    merged = {"sources": [GAMES, VIOLENCE], "name": "Fun", "definition": "Any."}

    answer = send(lee, CATEGORIES, "merge", 0, **merged)

    assert answer.status_code == 302
    assert taxonomy_drafting_of(project).categories[0] == category_draft(
        "fun", name="Fun", definition="Any.", severity=3, terms=(GAMES, VIOLENCE)
    )


@pytest.mark.parametrize("page", [CLAUSES, CATEGORIES])
@pytest.mark.parametrize("act", ["publish", "discard"])
def test_a_note_comes_back_when_somebody_was_quicker(
    project: Project, lee: Client, page: str, act: str
) -> None:
    draft_changed(GUIDELINE, project, ClauseEdit("add", title="Odds", body="Count."))
    draft_changed(TAXONOMY, project, Operation(Kind.ADD, (), (category_draft("chat"),)))

    late = lee.post(f"{page}{act}/", {"revision": "1", "note": "Typed note"})

    assert late.status_code == 409
    assert "changed the draft meanwhile" in late.content.decode()
    assert "Typed note" in late.content.decode()


def test_a_clause_comes_back_as_typed_when_somebody_was_quicker(project: Project, lee: Client) -> None:
    by = project.created_by
    seen = clause_draft_add(project, by=by, category=GAMBLING, title="Betting", body="Counts.").revision
    clause_draft_add(project, by=by, category=GAMBLING, title="Odds", body="Count.")
    typed = {"number": "2.1", "title": "Typed title", "body": "Typed body"}

    late = {change: send(lee, CLAUSES, change, seen, **typed) for change in ("save", "remove")}
    bare = send(lee, CLAUSES, "remove", seen, number="2.1")
    draft_changed(GUIDELINE, project, ClauseEdit("remove", number="2.1"))
    lost = {change: send(lee, CLAUSES, change, seen, **typed) for change in ("save", "remove")}

    answers = (*late.values(), bare, *lost.values())
    assert [answer.status_code for answer in answers] == [409] * 5
    assert all("changed the draft meanwhile" in answer.content.decode() for answer in answers)
    for answer in late.values():
        assert answer.context["forms"].lines[1].form["title"].value() == "Typed title"
    assert bare.context["forms"].lines[1].form["title"].value() == "Betting"
    for answer in lost.values():  # its clause is gone: it stands in the form for a new one
        assert answer.context["forms"].others[0][0]["body"].value() == "Typed body"
    assert [clause["number"] for clause in GuidelineDraft.objects.get().clauses] == ["1.1", "2.2"]


def test_a_category_comes_back_as_typed_when_somebody_was_quicker(project: Project, lee: Client) -> None:
    draft_changed(TAXONOMY, project, Operation(Kind.ADD, (), (category_draft("chat"),)))

    late = {change: send(lee, CATEGORIES, change, 1, **EDIT) for change in ("change", "retire")}
    draft_changed(TAXONOMY, project, Operation(Kind.RETIRE, (VIOLENCE,), ()))
    lost = {change: send(lee, CATEGORIES, change, 1, **EDIT) for change in ("change", "retire")}

    answers = (*late.values(), *lost.values())
    assert [answer.status_code for answer in answers] == [409, 409, 400, 400]
    for answer in late.values():
        assert answer.context["forms"].lines[2].form["name"].value() == "Gore <b>"
        assert answer.context["forms"].lines[2].is_open
    for answer in lost.values():  # it is retired: what was typed stands in the form for a new one
        assert answer.context["forms"].others[0][0]["definition"].value() == "Pages about gore."


def test_an_outdated_draft_says_so_and_leads_to_what_was_published(project: Project, lee: Client) -> None:
    draft_changed(GUIDELINE, project, ClauseEdit("add", title="Odds", body="Count."))
    guideline_publish(project, [ClauseDraft("1.1", "", "Judge", "Anew.")], by=project.created_by)

    page = lee.get(CLAUSES).content.decode()

    assert "Version 2 was published after this draft was begun." in page
    assert '/projects/pilot/policy/#guideline-2"' in page


@pytest.mark.parametrize(
    ("page", "change", "sent", "status"),
    [
        (CLAUSES, "nope", {}, 400),
        (CLAUSES, "save", {"revision": "x", "number": "1.1"}, 400),
        (CLAUSES, "save", {"number": "1.1", "title": "x"}, 422),
        (CLAUSES, "save", {"number": "9.9", "title": "x", "body": "x"}, 400),
        (CLAUSES, "remove", {}, 422),
        (CLAUSES, "remove", {"number": "1.1"}, 400),
        (CLAUSES, "add", {"category": "nope", "title": "x", "body": "x"}, 422),
        (CATEGORIES, "nope", {}, 400),
        (CATEGORIES, "add", {"revision": "x"}, 400),
        (CATEGORIES, "retire", {"source": "nope"}, 400),
        (CATEGORIES, "retire", {}, 422),
        (CATEGORIES, "change", {"source": "nope", **CATEGORY}, 400),
        (CATEGORIES, "add", {**CATEGORY, "name": "\x00"}, 422),
        (CATEGORIES, "add", {**CATEGORY, "name": "日本"}, 400),
        (CATEGORIES, "add", {**CATEGORY, "severity": "9"}, 422),
        (CATEGORIES, "split", {"source": GAMES, "name_1": "One", "definition_1": "x"}, 422),
        (CATEGORIES, "merge", {"sources": ["nope"], "name": "x", "definition": "x"}, 422),
        (CATEGORIES, "undo", {}, 422),
        (CATEGORIES, "undo", {"position": "0"}, 400),
    ],
)
def test_what_cannot_be_used_is_said_on_the_page(
    lee: Client, page: str, change: str, sent: dict[str, Any], status: int
) -> None:
    answer = lee.post(f"{page}change/", {"change": change, "revision": "0"} | sent)

    assert answer.status_code == status
    assert not TaxonomyDraft.objects.exists()
    assert not GuidelineDraft.objects.exists()
