"""What changed between two versions of the guideline."""

import pytest
from django.test import Client
from django.urls import reverse

from annotator.projects.changes import guideline_changes
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.projects.selectors import Guideline
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def version(project: Project, *clauses: tuple[str, str, str]) -> Guideline:
    number = GuidelineVersion.objects.filter(project=project).count() + 1
    row = GuidelineVersion.objects.create(project=project, number=number, created_by=project.created_by)
    made = tuple(
        Clause.objects.create(guideline=row, position=n, number=clause, title=title, body=body)
        for n, (clause, title, body) in enumerate(clauses)
    )
    return Guideline(row, made)


def test_clauses_are_added_changed_and_removed_by_their_number(project: Project) -> None:
    old = version(project, ("1.1", "A", "stays"), ("1.2", "B", "one two three"), ("2.1", "C", "goes"))
    new = version(project, ("1.2", "B", "one 2 three"), ("1.3", "D", "comes"), ("1.1", "A", "stays"))

    changes = guideline_changes(old, new)

    assert [(row.change, row.clause.number, row.body) for row in changes] == [
        ("changed", "1.2", "<p>one <del>two</del><ins>2</ins> three</p>"),
        ("added", "1.3", "<p><ins>comes</ins></p>"),
        ("removed", "2.1", "<p><del>goes</del></p>"),
    ]


def test_a_title_alone_is_a_change(project: Project) -> None:
    old, new = version(project, ("1.1", "Bets", "x")), version(project, ("1.1", "Bets and odds", "x"))

    (row,) = guideline_changes(old, new)

    assert (row.title, row.body) == ("Bets<ins> and odds</ins>", "<p>x</p>")


def test_a_paragraph_that_was_only_wrapped_anew_is_the_same(project: Project) -> None:
    old = version(project, ("1.1", "A", "one two\nthree\n\n- four\n- five"))
    new = version(project, ("1.1", "A", "one\ntwo three\n\n- four\n- five\n"))
    newer = version(project, ("1.1", "A", "one two three\n\n- four\n- six"))

    assert guideline_changes(old, new) == ()
    (row,) = guideline_changes(new, newer)
    assert row.body == (
        "<p>one two three</p> <ul> <li>four</li> <li><del>five</del><ins>six</ins></li> </ul>"
    )


def test_nothing_changed_when_the_clauses_are_the_same(project: Project) -> None:
    assert guideline_changes(version(project, ("1", "A", "b")), version(project, ("1", "A", "b"))) == ()


def test_the_guideline_page_lists_what_each_version_changed(client: Client, project: Project) -> None:
    client.force_login(make_member(project), backend="annotator.accounts.backends.AccountBackend")
    address = reverse("projects:guideline", args=[project.slug])
    before = client.get(address).content.decode()
    version(project, ("1.1", "Judge the page", "Only it, with <b>care</b>."))

    html = client.get(address).content.decode()

    assert "What changed" not in before
    assert "Version 2" in html
    assert "1 clause" in html
    assert "<ins>, with &lt;b&gt;care&lt;/b&gt;</ins>" in html
