"""The next guideline in the making: clauses added, said differently and removed, by numbers that stay."""

import pytest

from annotator.errors import BadInput, Conflict
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit, clause_draft_add
from annotator.projects.models import Clause, Draft, GuidelineDraft, Project, Role
from annotator.projects.selectors import guideline_current
from tests.factories import draft_changed, draft_published, make_member, make_project, make_taxonomy

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def add(project: Project, title: str = "Betting", category: str = "gambling") -> Draft:
    return clause_draft_add(
        project, by=project.created_by, category=category, title=title, body="Stakes count."
    )


def edit(project: Project, change: str, number: str, **columns: str) -> Draft:
    return draft_changed(GUIDELINE, project, ClauseEdit(change, number=number, **columns))


def numbers() -> list[str]:
    return [clause["number"] for clause in GuidelineDraft.objects.get().clauses]


def test_a_clause_is_added_after_those_of_its_category_whatever_others_did(project: Project) -> None:
    add(project)
    clause_draft_add(
        project, by=make_member(project, Role.LEAD), category="games", title="Chess", body="Counts."
    )
    add(project, "Odds")

    assert numbers() == ["1.1", "2.1", "2.2", "3.1"]
    assert guideline_current(project).version.number == 1


def test_a_clause_is_saved_and_removed_and_the_rest_stays(project: Project) -> None:
    add(project)

    edit(project, "save", "2.1", title=" Bets ", body=" Any stake. ")
    edit(project, "remove", "1.1")

    draft_published(GUIDELINE, project)
    (clause,) = guideline_current(project).clauses
    assert (clause.number, clause.category, clause.title, clause.body) == (
        "2.1",
        "gambling",
        "Bets",
        "Any stake.",
    )


def test_the_number_of_a_removed_clause_is_never_given_again(project: Project) -> None:
    add(project)
    first = draft_published(GUIDELINE, project)
    edit(project, "remove", "2.1")
    draft_published(GUIDELINE, project)

    add(project)

    assert numbers()[-1] != Clause.objects.get(guideline=first.pk, title="Betting").number


def test_a_draft_is_not_published_when_its_category_is_gone(project: Project) -> None:
    add(project)
    make_taxonomy(project, ["games"])

    with pytest.raises(Conflict, match="which the taxonomy has no more"):
        draft_published(GUIDELINE, project)

    assert GuidelineDraft.objects.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (ClauseEdit("add", category="nope", title="x", body="x"), '"nope" is not a category'),
        (ClauseEdit("add", title=" ", body="x"), "title of a clause has 1 to 120"),
        (ClauseEdit("add", title="x", body="\x00"), "text of a clause"),
        (ClauseEdit("add", title="x" * 121, body="x"), "this one has 121"),
        (ClauseEdit("save", number="1.1", title="x", body=""), "text of a clause has 1 to 20000"),
        (ClauseEdit("save", number="9.9", title="x", body="x"), r'no clause "9\.9"'),
        (ClauseEdit("remove", number="9.9"), r'no clause "9\.9"'),
        (ClauseEdit("remove", number="1.1"), "at least one clause"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    project: Project, change: ClauseEdit, message: str
) -> None:
    with pytest.raises(BadInput, match=message):
        draft_changed(GUIDELINE, project, change)

    assert not GuidelineDraft.objects.exists()
