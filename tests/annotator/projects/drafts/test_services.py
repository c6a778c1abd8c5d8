"""What is the same for every draft: nobody overwrites anybody, and nothing is published by halves."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pytest

from annotator.errors import BadInput, Conflict
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit
from annotator.projects.drafts.services import (
    Subject,
    draft_change,
    draft_discard,
    draft_publish,
    drafting_of,
)
from annotator.projects.drafts.taxonomy import TAXONOMY, OperationUndo
from annotator.projects.mapping import Kind
from annotator.projects.models import Draft, LogEntry, Project, Role, Version
from annotator.projects.operations import Operation
from annotator.projects.services import guideline_publish
from tests.factories import (
    GAMES,
    category_draft,
    draft_changed,
    draft_published,
    make_member,
    make_project,
    make_taxonomy,
)

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Case:
    """A subject, two changes of its draft, some that leave it as published, and what publishes another version."""

    subject: Subject[Any, Any]
    first: Any
    second: Any
    nothing: tuple[Any, ...]
    supersede: Any

    def change(self, project: Project, *, by: Any, revision: int, change: Any) -> Draft:
        return draft_change(self.subject, project, by=by, revision=revision, change=change)

    def drafts(self) -> list[dict[str, Any]]:
        return [row.content for row in self.subject.table._default_manager.all()]  # type: ignore[misc]

    def versions(self, project: Project) -> int:
        number: int = self.subject.current(project).version.number
        return number


def _guideline_anew(project: Project) -> None:
    guideline_publish(project, [ClauseDraft("1.1", "", "Judge the page", "Anew.")], by=project.created_by)


def _add(slug: str) -> Operation:
    return Operation(Kind.ADD, (), (category_draft(slug),))


SAVE: Final = partial(ClauseEdit, "save", number="1.1")
CASES: Final = [
    Case(
        GUIDELINE,
        SAVE(title="First", body="x"),
        SAVE(title="Second", body="x"),
        (SAVE(title="Judge the page", body="Only it."),),
        _guideline_anew,
    ),
    Case(
        TAXONOMY,
        _add("first"),
        _add("second"),
        (_add("first"), OperationUndo(0)),
        partial(make_taxonomy, categories=[GAMES]),
    ),
]


@pytest.fixture(params=CASES, ids=lambda case: case.subject.word)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def test_the_first_change_begins_the_one_draft_and_the_next_one_joins_it(
    project: Project, case: Case
) -> None:
    draft_changed(case.subject, project, case.first)
    draft = draft_changed(case.subject, project, case.second)

    assert case.subject.table._default_manager.get() == draft
    assert (draft.revision, draft.changed_by) == (3, project.created_by)
    assert case.versions(project) == 1


def test_the_second_of_two_leads_is_told_and_overwrites_nothing(project: Project, case: Case) -> None:
    seen = draft_changed(case.subject, project, case.first).revision
    draft_changed(case.subject, project, case.second, by=make_member(project, Role.LEAD, "lee"))
    before = case.drafts()

    late: dict[str, Any] = {"by": project.created_by, "revision": seen}
    for act in (
        partial(draft_change, change=case.first),
        partial(draft_publish, note="Late"),
        draft_discard,
    ):
        with pytest.raises(Conflict, match="lee changed the draft meanwhile"):
            act(case.subject, project, **late)

    assert case.drafts() == before
    assert case.versions(project) == 1


def test_two_who_both_saw_no_draft_do_not_overwrite_each_other(project: Project, case: Case) -> None:
    other = make_member(project, Role.LEAD, "lee")
    case.change(project, by=other, revision=0, change=case.first)
    before = case.drafts()

    with pytest.raises(Conflict, match="lee"):
        case.change(project, by=project.created_by, revision=0, change=case.second)

    assert case.drafts() == before


def test_publishing_makes_the_next_version_and_ends_the_draft(project: Project, case: Case) -> None:
    revision = draft_changed(case.subject, project, case.first).revision

    version: Version = draft_published(case.subject, project, " Clearer ")

    assert (version.number, version.note) == (2, "Clearer")
    assert case.drafts() == []
    assert f"published {case.subject.word} v2: Clearer" in LogEntry.objects.latest("id").text
    with pytest.raises(Conflict, match="published or discarded meanwhile"):
        draft_publish(case.subject, project, by=project.created_by, revision=revision, note="Twice")


def test_discarding_ends_the_draft_publishes_nothing_and_is_logged(project: Project, case: Case) -> None:
    revision = draft_changed(case.subject, project, case.first).revision

    draft_discard(case.subject, project, by=project.created_by, revision=revision)

    assert case.drafts() == []
    assert case.versions(project) == 1
    assert f"discarded the draft of the {case.subject.word}" in LogEntry.objects.latest("id").text
    with pytest.raises(Conflict, match="published or discarded meanwhile"):
        draft_discard(case.subject, project, by=project.created_by, revision=revision)


def test_an_outdated_draft_is_not_published_and_can_be_discarded(project: Project, case: Case) -> None:
    draft = draft_changed(case.subject, project, case.first)
    case.supersede(project)

    with pytest.raises(Conflict, match="Version 2 was published after"):
        draft_published(case.subject, project)

    assert drafting_of(case.subject, project).is_outdated
    assert case.versions(project) == 2
    draft_discard(case.subject, project, by=project.created_by, revision=draft.revision)
    assert case.drafts() == []


@pytest.mark.parametrize("note", ["", " ", "x" * 301, "\x00"])
def test_a_draft_is_not_published_without_a_note(project: Project, case: Case, note: str) -> None:
    draft_changed(case.subject, project, case.first)

    with pytest.raises(BadInput, match="what changes, and why"):
        draft_published(case.subject, project, note)

    assert len(case.drafts()) == 1


def test_a_draft_that_says_what_is_published_is_not_published(project: Project, case: Case) -> None:
    for change in case.nothing:
        draft_changed(case.subject, project, change)

    with pytest.raises(BadInput, match="published already"):
        draft_published(case.subject, project)

    assert case.versions(project) == 1
    assert len(case.drafts()) == 1
