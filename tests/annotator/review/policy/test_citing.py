"""What rests on a clause: counted where it holds, never what is withheld."""

from typing import Any, Final

import pytest
from django.test import Client

from annotator.pool.models import Item
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts.guideline import GUIDELINE, ClauseEdit
from annotator.projects.models import Clause, Project, Role
from annotator.projects.services import guideline_publish
from annotator.review.citing import impact_of, items_citing, time_words
from tests.factories import (
    draft_changed,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db

CLAUSE: Final = ClauseDraft(number="1.1", category="", title="Judge the page", body="Only what it shows.")


@pytest.fixture
def project() -> Project:
    """Three items that cite 1.1: two judgments by one person (10 and 30 seconds), a resolution, one more withheld."""
    project = make_project("pilot")
    clause = Clause.objects.get(guideline__project=project)
    annie, items = make_member(project, username="annie"), make_items(project, 4)
    make_batch(project, items)
    for item, seconds in zip(items, (10, 30, None, 50), strict=True):
        make_judgment(item, annie, ["games"], clause=clause if seconds else None, seconds=seconds)
    make_resolution(items[2], ["games"], clause=clause)
    Item.objects.filter(pk=items[3].pk).update(withheld=True)
    return project


def test_what_cites_a_clause_is_counted_with_people_and_hours(project: Project) -> None:
    impact = impact_of(project, ["1.1"])

    assert (impact.n_judgments, impact.n_resolutions, impact.n_people, impact.n_timed) == (2, 1, 1, 2)
    assert impact.hours == pytest.approx(2 * 20 / 3600)
    rows = items_citing(project, "1.1")
    assert [(row.n_judgments, row.is_resolved_by_it) for row in rows] == [(0, True), (1, False), (1, False)]


def test_each_person_counts_at_their_own_median(project: Project) -> None:
    clause = Clause.objects.get(guideline__project=project)
    items = make_items(project, 3)
    make_batch(project, items)
    for name, times in (("bo", (4, 5, 60)), ("cyd", (None, None, None)), ("dee", (2, None, None))):
        person = make_member(project, username=name)
        for item, seconds in zip(items, times, strict=True):
            make_judgment(item, person, ["games"], clause=clause, seconds=seconds)

    impact = impact_of(project, ["1.1"])

    assert (impact.n_judgments, impact.n_people, impact.n_timed) == (11, 4, 6)
    assert impact.hours == pytest.approx((2 * 20 + 3 * 5 + 3 * 2) / 3600)
    assert impact.time == "a minute"


def test_beyond_what_is_counted_the_page_says_so(
    project: Project, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.review.citing.COUNTED_MAX", 1)
    monkeypatch.setattr("annotator.review.policy.citing_views.COUNTED_MAX", 1)
    lead = make_member(project, Role.LEAD, "lee")
    client.force_login(lead)
    draft_changed(
        GUIDELINE, project, ClauseEdit("save", "1.1", title="Judge the page", body="Only this."), by=lead
    )

    text = " ".join(client.get("/projects/pilot/guideline/draft/impact/").content.decode().split())

    assert "<dd>over 1</dd>" in text
    assert "<dd>at least 1</dd>" in text
    assert "at least a minute" in text


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0.0001, "a minute"),
        (1 / 60, "a minute"),
        (0.05, "3 minutes"),
        (1.49, "89 minutes"),
        (1.5, "1.5 hours"),
        (9.94, "9.9 hours"),
        (12.4, "12 hours"),
        (4321.0, "4,321 hours"),
    ],
)
def test_a_time_is_said_as_people_plan_it(hours: float, words: str) -> None:
    assert time_words(hours) == words


def test_of_a_popular_clause_only_the_newest_rows_are_read(
    project: Project, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    guideline_publish(project, [CLAUSE], by=project.created_by)
    later = Clause.objects.get(guideline__project=project, guideline__number=2)
    item = make_items(project, 5)[-1]
    make_batch(project, [item])
    make_judgment(item, make_member(project, username="bo"), clause=later)
    monkeypatch.setattr("annotator.review.citing.SHOWN_MAX", 2)

    with django_assert_num_queries(8):
        rows = items_citing(project, "1.1")

    # Of both versions: the newest two judgments, and the one resolution.
    assert [(row.n_judgments, row.is_resolved_by_it) for row in rows] == [(1, False), (0, True), (1, False)]
    assert rows[0].item == item


def test_nothing_is_counted_for_a_clause_that_nobody_names(project: Project) -> None:
    impact = impact_of(project, ["9.9"])

    assert (impact.n_judgments, impact.n_resolutions, impact.n_people, impact.hours) == (0, 0, 0, None)


def test_the_draft_shows_what_it_touches_before_it_is_published(project: Project, client: Client) -> None:
    lead = make_member(project, Role.LEAD, "lee")
    client.force_login(lead)
    address = "/projects/pilot/guideline/draft/impact/"
    before = client.get(address).content.decode()

    edit = ClauseEdit("save", number="1.1", title="Judge the page", body="Only this.")
    draft_changed(GUIDELINE, project, edit, by=lead)
    after = client.get(address).content.decode()

    assert "changes and removes no published clause" in before
    assert "n=2" in after
    assert address in client.get("/projects/pilot/guideline/draft/").content.decode()
    assert client.get("/projects/pilot/guideline/cited/?clause=%00").status_code == 404
    assert client.get("/projects/pilot/guideline/cited/").content.decode().count('scope="row"') == 3
