"""The guideline beside the page: citing a clause, and hearing once what changed."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.judgments.clauses import guideline_news, guideline_see
from annotator.judgments.models import Judgment, Seat
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.projects.selectors import guideline_current
from annotator.queue.models import Assignment, AssignmentState
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

LABEL = reverse("judgments:label", args=["pilot"])
NEWS = reverse("judgments:news", args=["pilot"])
WORDS = "The guideline changed while you were away"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=1)
    make_batch(project, make_items(project, 4))
    return project


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
    return user


@pytest.fixture
def access(project: Project, ann: User) -> Access:
    return project_for(ann, "pilot", Can.LABEL)


def publish(project: Project, *clauses: tuple[str, str], note: str = "") -> GuidelineVersion:
    number = GuidelineVersion.objects.filter(project=project).count() + 1
    version = GuidelineVersion.objects.create(
        project=project, number=number, note=note, created_by=project.created_by
    )
    for position, (clause, body) in enumerate(clauses):
        Clause.objects.create(
            guideline=version, position=position, number=clause, title=f"Title {clause}", body=body
        )
    return version


def form(annotator: User, **fields: Any) -> dict[str, Any]:
    place = Assignment.objects.get(annotator=annotator, state=AssignmentState.OFFERED)
    return {"assignment": place.pk, "client_id": str(uuid4()), "labels": [GAMES], **fields}


def news(access: Access) -> Any:
    seat, _ = Seat.objects.get_or_create(project=access.project, annotator=access.user)
    return guideline_news(access, seat, guideline_current(access.project))


def test_a_judgment_carries_the_clause_that_was_cited(client: Client, ann: User, project: Project) -> None:
    client.get(LABEL)

    client.post(LABEL, form(ann, clause="1.1"))

    assert Judgment.objects.get().clause == Clause.objects.get(guideline__project=project, number="1.1")


def test_a_clause_that_does_not_exist_is_refused_and_nothing_is_lost(client: Client, ann: User) -> None:
    client.get(LABEL)

    page = client.post(LABEL, form(ann, clause="9.9", note="keep me"))

    assert page.status_code == 422
    assert "9.9" in page.content.decode()
    assert "keep me" in page.content.decode()
    assert not Judgment.objects.exists()


def test_an_undone_answer_comes_back_with_its_clause(client: Client, ann: User) -> None:
    client.get(LABEL)
    client.post(LABEL, form(ann, clause="1.1"))

    part = client.post(reverse("judgments:undo", args=["pilot"]), {"part": "place"}).content.decode()
    page = client.get(LABEL).content.decode()

    assert "&quot;clause&quot;: &quot;1.1&quot;" in part
    assert '<option value="1.1" selected>' in page


def test_an_edit_keeps_the_clause_or_changes_it(client: Client, ann: User) -> None:
    client.get(LABEL)
    client.post(LABEL, form(ann, clause="1.1"))
    address = reverse("judgments:edit", args=["pilot", Judgment.objects.get().pk])

    shown = client.get(address).content.decode()
    client.post(address, {"client_id": str(uuid4()), "labels": [GAMES], "clause": ""})

    assert '<option value="1.1" selected>' in shown
    assert Judgment.objects.latest("pk").clause is None


def test_a_newcomer_is_told_of_no_change(client: Client, ann: User, project: Project) -> None:
    publish(project, ("1.1", "Only it, really."))

    assert WORDS not in client.get(LABEL).content.decode()
    assert Seat.objects.get(annotator=ann).guideline_seen == 2


def test_changes_are_shown_until_they_are_put_away_and_then_never_again(
    client: Client, ann: User, project: Project
) -> None:
    client.get(LABEL)
    publish(project, ("1.1", "Judge it."), ("1.2", "<script>new</script>"), note="After the meeting")

    first = client.get(LABEL).content.decode()
    again = client.get(LABEL).content.decode()
    put_away = client.post(NEWS, {"number": "2"})
    later = client.get(LABEL).content.decode()

    for page in (first, again):
        assert WORDS in page
        assert "After the meeting" in page
        assert "&lt;script&gt;new&lt;/script&gt;" in page
        assert "<script>new" not in page
    assert (put_away.status_code, put_away["Location"]) == (302, LABEL)
    assert WORDS not in later
    assert Seat.objects.get(annotator=ann).guideline_seen == 2


def test_whoever_judged_before_seats_were_kept_hears_what_changed_since(
    access: Access, ann: User, project: Project
) -> None:
    make_judgment(project_item(project), ann, [GAMES])
    publish(project, ("1.1", "Something else."))

    found = news(access)

    assert (found.since, found.now) == (1, 2)
    assert [row.change for row in found.changes] == ["changed"]


def project_item(project: Project) -> Any:
    return Assignment.objects.filter(project=project).select_related("item__project").earliest("pk").item


def test_a_version_that_changes_no_clause_is_no_news(access: Access, project: Project) -> None:
    guideline_see(access, 1)
    old = Clause.objects.get(guideline__project=project)
    version = publish(project)
    Clause.objects.create(guideline=version, position=0, number=old.number, title=old.title, body=old.body)

    assert news(access) is None


def test_no_question_is_asked_when_the_newest_version_was_seen(access: Access, project: Project) -> None:
    guideline_see(access, 1)
    seat, guideline = Seat.objects.get(), guideline_current(project)

    with CaptureQueriesContext(connection) as queries:
        assert guideline_news(access, seat, guideline) is None

    assert len(queries) == 0


def test_what_was_seen_is_never_unseen(access: Access, project: Project) -> None:
    publish(project, ("1.1", "New."))
    guideline_see(access, 2)

    guideline_see(access, 1)

    assert Seat.objects.get().guideline_seen == 2


@pytest.mark.parametrize("number", [0, 3, 10**9])
def test_a_version_that_does_not_exist_cannot_be_put_away(access: Access, number: int) -> None:
    with pytest.raises(BadInput, match=f"no guideline version {number}"):
        guideline_see(access, number)

    assert not Seat.objects.exists()


def test_the_script_gets_no_page_for_putting_away(client: Client, ann: User) -> None:
    assert client.post(NEWS, {"number": "1", "part": "news"}).status_code == 204
    assert client.post(NEWS, {"number": "x"}).status_code == 400
