"""On hold, and one more judgment: what a lead does when they cannot decide yet."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment, AssignmentState
from annotator.review.desk.holding import disagreement_hold, disagreement_release, judgment_ask
from annotator.review.desk.leases import lease_next, lease_take
from annotator.review.desk.patterns import patterns_open
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import Wanted, disagreements_open
from annotator.review.services import review_sweep
from tests.annotator.review.visiting import page
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member

pytestmark = pytest.mark.django_db

HELD = Wanted(held=True)


@pytest.fixture
def ada(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD, "ada"), project.slug, Can.RESOLVE)


@pytest.fixture
def early(project: Project, people: list[User]) -> Disagreement:
    """Two of two places are judged and differ; the project allows a third by now."""
    Project.objects.filter(pk=project.pk).update(overlap_max=2)
    project.refresh_from_db()
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for person, labels in zip(people, ([GAMES], [GAMBLING]), strict=False):
        make_judgment(item, person, labels)
        review_sweep(project)
    Project.objects.filter(pk=project.pk).update(overlap_max=3)
    project.refresh_from_db()
    return Disagreement.objects.get(item=item, closed_at__isnull=True)


def act(client: Client, project: Project, row: Disagreement, action: str, **typed: object) -> object:
    form = {"labels": [GAMES], "reason": "Ask legal first.", "verdict": "labelled"} | typed
    return client.post(page(project, "disagreement", row.pk), form | {"action": action})


def test_what_is_on_hold_leaves_the_patterns_and_comes_back(
    project: Project, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    held, other = dispute(), dispute()

    disagreement_hold(lead, held.pk, reason="  Ask legal first. ")

    assert list(disagreements_open(project)) == [other]
    assert list(disagreements_open(project, HELD)) == [held]
    assert [line.n_items for line in patterns_open(project, taxonomy_current(project))] == [1]
    assert lease_next(lead, after=other.pk) is None
    held.refresh_from_db()
    assert (held.hold_by, held.hold_reason, held.lease_by) == (lead.user, "Ask legal first.", None)

    disagreement_release(lead, held.pk)
    disagreement_release(lead, held.pk)

    assert list(disagreements_open(project)) == [held, other]


def test_hold_is_refused_without_a_reason_twice_or_under_another_leads_eyes(
    ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row, held = dispute(), dispute()
    lease_take(ada, row.pk)
    disagreement_hold(ada, held.pk, reason="The guideline changes on Monday.")

    with pytest.raises(BadInput, match="Say why"):
        disagreement_hold(lead, held.pk, reason=" ")
    with pytest.raises(BadInput, match="1001 characters"):
        disagreement_hold(lead, held.pk, reason="x" * 1001)
    with pytest.raises(BadInput, match="NUL character"):
        disagreement_hold(lead, held.pk, reason="a\x00b")
    with pytest.raises(Conflict, match="ada has put this on hold already: The guideline changes on Monday"):
        disagreement_hold(lead, held.pk, reason="Mine.")
    with pytest.raises(Conflict, match="ada is looking at this since"):
        disagreement_hold(lead, row.pk, reason="Mine.")


def test_database_refuses_a_hold_without_a_reason(lead: Access, dispute: Callable[[], Disagreement]) -> None:
    row = dispute()
    disagreement_hold(lead, row.pk, reason="Ask legal first.")

    with pytest.raises(IntegrityError, match="disagreement_hold_has_a_reason"), transaction.atomic():
        Disagreement.objects.update(hold_reason="")


def test_lead_holds_goes_on_and_releases_on_the_page(
    client: Client, project: Project, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row, other = dispute(), dispute()
    client.force_login(lead.user)

    held = act(client, project, row, "hold")
    listed = client.get(page(project, "disagreements") + "?held=1").content.decode()
    shown = client.get(page(project, "disagreement", row.pk)).content.decode()
    released = act(client, project, row, "release")

    assert held.headers["Location"] == page(project, "disagreement", other.pk)  # type: ignore[attr-defined]
    assert "Ask legal first." in listed
    assert "Ask legal first." in shown
    assert released.headers["Location"] == page(project, "disagreement", row.pk)  # type: ignore[attr-defined]
    row.refresh_from_db()
    assert row.hold_at is None
    assert not Resolution.objects.exists()


def test_refused_hold_keeps_what_was_typed(
    client: Client, project: Project, lead: Access, ada: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    lease_take(ada, row.pk)
    client.force_login(lead.user)

    refused = act(client, project, row, "hold", reason="Wait for Monday.")
    empty = act(client, project, dispute(), "hold", reason="")

    assert refused.status_code == 409  # type: ignore[attr-defined]
    text = refused.content.decode()  # type: ignore[attr-defined]
    assert "Not put on hold" in text
    assert "Wait for Monday." in text
    assert 'value="games" id="c-games" data-key="1" checked' in text
    assert empty.status_code == 422  # type: ignore[attr-defined]
    assert not Disagreement.objects.filter(hold_at__isnull=False).exists()


def test_resolving_ends_the_hold_so_that_undoing_brings_it_back_to_all(
    client: Client, project: Project, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    disagreement_hold(lead, row.pk, reason="Ask legal first.")
    client.force_login(lead.user)
    context = client.get(page(project, "disagreement", row.pk)).context
    form = {"labels": [GAMES], "verdict": "labelled", "reason": "Legal says so."}

    client.post(page(project, "disagreement", row.pk), form | {"judgments": context["shown_judgments"]})

    row.refresh_from_db()
    assert (row.hold_by, row.hold_reason) == (None, "")
    assert row.closed_at is not None


def test_one_more_judgment_opens_a_place_and_closes_until_it_is_in(
    project: Project, people: list[User], lead: Access, early: Disagreement
) -> None:
    judgment_ask(lead, early.pk)

    place = Assignment.objects.get(item=early.item, state=AssignmentState.FREE)
    assert place.place == 3
    early.refresh_from_db()
    assert early.closed_at is not None
    make_judgment(early.item, people[2], [GAMES])
    review_sweep(project)
    assert Resolution.objects.get(item=early.item).labels == [GAMES]


def test_one_more_judgment_says_why_not(
    client: Client, project: Project, lead: Access, early: Disagreement, dispute: Callable[[], Disagreement]
) -> None:
    full = dispute()
    client.force_login(lead.user)

    refused = act(client, project, full, "ask", reason="Let me think.")

    assert refused.status_code == 409  # type: ignore[attr-defined]
    text = refused.content.decode()  # type: ignore[attr-defined]
    assert "All 3 places on this item are taken, and 3 are the most." in text
    assert "Let me think." in text
    judgment_ask(lead, early.pk)
    with pytest.raises(Conflict, match="was settled at"):
        judgment_ask(lead, early.pk)
    Disagreement.objects.filter(pk=early.pk).update(closed_at=None)
    with pytest.raises(Conflict, match="A place is open on this item already"):
        judgment_ask(lead, early.pk)


def test_hold_and_ask_by_api(
    client: Client, project: Project, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    root = f"/api/v1/projects/{project.slug}/disagreements/"
    client.force_login(lead.user)

    def post(tail: str, body: dict[str, object]) -> int:
        return client.post(f"{root}{row.pk}/{tail}/", body, content_type="application/json").status_code

    assert post("hold", {}) == 400
    assert post("hold", {"reason": "Ask legal first."}) == 204
    assert post("hold", {"reason": "Again."}) == 409
    assert post("ask", {}) == 409
    listed = client.get(f"{root}?held=true").json()["results"]
    assert [(one["id"], one["hold_reason"]) for one in listed] == [(row.pk, "Ask legal first.")]
    assert client.get(root).json()["results"] == []
    assert client.delete(f"{root}{row.pk}/hold/").status_code == 204
    assert len(client.get(root).json()["results"]) == 1
