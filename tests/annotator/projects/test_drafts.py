"""The next guideline in the making: nobody overwrites anybody, and nothing is published by halves."""

from functools import partial

import pytest
from django.test import Client

from annotator.errors import BadInput, Conflict
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts import (
    clause_draft_add,
    clause_draft_remove,
    clause_draft_save,
    draft_discard,
    draft_publish,
    drafting_of,
)
from annotator.projects.models import Clause, GuidelineDraft, GuidelineVersion, LogEntry, Project, Role
from annotator.projects.selectors import guideline_current
from annotator.projects.services import guideline_publish
from tests.factories import make_member, make_project, make_taxonomy

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def add(project: Project, title: str = "Betting", category: str = "gambling") -> GuidelineDraft:
    return clause_draft_add(
        project, by=project.created_by, category=category, title=title, body="Stakes count."
    )


def test_a_clause_begins_the_one_draft_and_the_next_one_joins_it(project: Project) -> None:
    add(project)
    draft = add(project, "Odds")

    assert [clause["number"] for clause in draft.clauses] == ["1.1", "2.1", "2.2"]
    assert GuidelineDraft.objects.get() == draft
    assert guideline_current(project).version.number == 1


def test_the_second_of_two_leads_is_told_and_overwrites_nothing(project: Project) -> None:
    seen = add(project).revision
    other = make_member(project, Role.LEAD, "lee")
    save = partial(clause_draft_save, project, revision=seen, number="2.1", body="Any stake.")
    save(by=other, title="By lee")

    with pytest.raises(Conflict, match="lee changed the draft meanwhile"):
        save(by=project.created_by, title="Late")

    assert GuidelineDraft.objects.get().clauses[1]["title"] == "By lee"


def test_two_who_both_saw_no_draft_do_not_overwrite_each_other(project: Project) -> None:
    other = make_member(project, Role.LEAD, "lee")
    clause_draft_save(project, by=other, revision=0, number="1.1", title="By lee", body="x")

    with pytest.raises(Conflict, match="lee"):
        clause_draft_save(project, by=project.created_by, revision=0, number="1.1", title="Late", body="x")

    assert GuidelineDraft.objects.get().clauses[0]["title"] == "By lee"


def test_publishing_makes_the_next_version_and_ends_the_draft(project: Project) -> None:
    draft = add(project)

    version = draft_publish(project, by=project.created_by, revision=draft.revision, note="Casinos")

    assert (version.number, version.note) == (2, "Casinos")
    assert [clause.title for clause in guideline_current(project).clauses] == ["Judge the page", "Betting"]
    assert not GuidelineDraft.objects.exists()
    assert "published guideline v2: Casinos" in LogEntry.objects.latest("id").text
    with pytest.raises(Conflict, match="published or discarded meanwhile"):
        draft_publish(project, by=project.created_by, revision=draft.revision, note="Twice")


def test_the_number_of_a_removed_clause_is_never_given_again(project: Project) -> None:
    first = draft_publish(project, by=project.created_by, revision=add(project).revision, note="In")
    begun = clause_draft_remove(project, by=project.created_by, revision=0, number="2.1")
    draft_publish(project, by=project.created_by, revision=begun.revision, note="Out")

    draft = add(project)

    assert draft.clauses[-1]["number"] != Clause.objects.get(guideline=first, title="Betting").number


def test_a_draft_is_not_published_when_another_version_came_first(project: Project) -> None:
    draft = add(project)
    clause = ClauseDraft(number="1.1", category="", title="Judge the page", body="Only this one.")
    guideline_publish(project, [clause], by=project.created_by)

    with pytest.raises(Conflict, match="Version 2 was published after"):
        draft_publish(project, by=project.created_by, revision=draft.revision, note="Late")

    assert drafting_of(project).is_outdated
    assert GuidelineVersion.objects.filter(project=project).count() == 2


def test_a_draft_is_not_published_when_its_category_is_gone(project: Project) -> None:
    draft = add(project)
    make_taxonomy(project, ["games"])

    with pytest.raises(Conflict, match="which the taxonomy has no more"):
        draft_publish(project, by=project.created_by, revision=draft.revision, note="Late")

    assert GuidelineDraft.objects.exists()


def test_nothing_changes_when_what_was_sent_is_no_clause(project: Project) -> None:
    by = project.created_by
    revision = add(project).revision

    for category, title, body in (
        ("nope", "x", "x"),
        ("", " ", "x"),
        ("", "x", "\x00"),
        ("", "x" * 121, "x"),
    ):
        with pytest.raises(BadInput):
            clause_draft_add(project, by=by, category=category, title=title, body=body)
    with pytest.raises(BadInput, match=r'no clause "9\.9"'):
        clause_draft_save(project, by=by, revision=revision, number="9.9", title="x", body="x")
    with pytest.raises(BadInput, match="what changes, and why"):
        draft_publish(project, by=by, revision=revision, note=" ")

    assert GuidelineDraft.objects.get().revision == revision


def test_a_draft_that_says_what_is_published_is_refused_and_can_be_discarded(project: Project) -> None:
    by = project.created_by
    draft = clause_draft_save(
        project, by=by, revision=0, number="1.1", title="Judge the page", body="Only it."
    )

    with pytest.raises(BadInput, match="published already"):
        draft_publish(project, by=by, revision=draft.revision, note="None")
    draft_discard(project, by=by, revision=draft.revision)

    assert not GuidelineDraft.objects.exists()
    assert GuidelineVersion.objects.filter(project=project).count() == 1


def test_a_lead_writes_previews_and_publishes_without_script(project: Project, client: Client) -> None:
    client.force_login(make_member(project, Role.LEAD, "lee"))
    page = "/projects/pilot/guideline/draft/"
    edit = {"revision": "0", "number": "1.1", "title": "Judge the page", "body": "Only what it shows <b>."}

    saved = client.post(f"{page}save/", edit)
    late = client.post(f"{page}save/", edit)
    preview = client.get(page).content.decode()
    no_note = client.post(f"{page}publish/", {"revision": "2", "note": ""})
    published = client.post(f"{page}publish/", {"revision": "2", "note": "Clearer"})

    assert (saved.status_code, late.status_code) == (302, 409)
    assert "lee changed the draft meanwhile" in late.content.decode()
    assert "<ins>" in preview
    assert "<b>" not in preview
    assert (no_note.status_code, published.status_code) == (422, 302)
    assert guideline_current(project).version.note == "Clearer"


def test_what_was_typed_comes_back_when_somebody_was_quicker(project: Project, client: Client) -> None:
    client.force_login(make_member(project, Role.LEAD, "lee"))
    page = "/projects/pilot/guideline/draft/"
    begun = add(project).revision
    typed = {
        "revision": begun,
        "number": "2.1",
        "title": "Typed title",
        "body": "Typed body",
        "note": "Typed note",
    }
    seen = add(project, "Odds").revision

    late = {name: client.post(f"{page}{name}/", typed) for name in ("remove", "discard")}
    clause_draft_remove(project, by=project.created_by, revision=seen, number="2.1")
    lost = client.post(f"{page}save/", typed)

    assert [answer.status_code for answer in (*late.values(), lost)] == [409] * 3
    shown = {name: answer.content.decode() for name, answer in late.items()}
    assert all("changed the draft meanwhile" in text for text in shown.values())
    assert "Typed title" in shown["remove"]
    assert "Typed note" in shown["discard"]
    assert "Typed body" in lost.content.decode()  # its clause is gone: it stands in the form for a new one
    assert [clause["number"] for clause in GuidelineDraft.objects.get().clauses] == ["1.1", "2.2"]
