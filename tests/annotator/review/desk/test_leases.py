"""Leases on disagreements: one lead at a time is given an item, and everybody is told who has it."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client

from annotator.accounts.models import User
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.desk.leases import LEASE, lease_next, lease_release, lease_take
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import Wanted
from tests.annotator.review.visiting import page
from tests.factories import GAMES, make_judgment, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD, "ada"), project.slug, Can.RESOLVE)


def lapse(row: Disagreement) -> None:
    Disagreement.objects.filter(pk=row.pk).update(
        lease_at=F("lease_at") - 2 * LEASE, lease_until=F("lease_until") - 2 * LEASE
    )


def test_second_lead_is_given_another_item(
    ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()

    given = [lease_next(ada), lease_next(lead), lease_next(lead, after=second.pk)]

    assert given == [first, second, None]
    first.refresh_from_db()
    assert (first.lease_by, first.lease_until) == (ada.user, first.lease_at and first.lease_at + LEASE)


def test_moving_on_gives_the_item_back(
    ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()
    lease_next(ada)

    assert lease_next(ada, after=first.pk) == second
    assert lease_next(lead) == first


def test_next_stays_in_the_pattern_and_starts_again_after_its_end(
    ada: Access, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()
    wanted = Wanted(pattern=first.pattern)

    assert lease_next(ada, wanted, after=second.pk) == first
    assert lease_next(ada, Wanted(pattern="one:violence")) is None


def test_lease_that_lapsed_goes_to_whoever_asks(
    ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    lease_take(ada, row.pk)
    refused = lease_take(lead, row.pk)
    lapse(row)

    taken = lease_take(lead, row.pk)

    assert refused is not None
    assert (refused.by, refused.is_own) == ("ada", False)
    assert taken is not None
    assert taken.is_own


def test_renewing_keeps_the_time_since_when(ada: Access, dispute: Callable[[], Disagreement]) -> None:
    row = dispute()
    first = lease_take(ada, row.pk)
    Disagreement.objects.update(lease_until=F("lease_until") - timedelta(seconds=60))

    again = lease_take(ada, row.pk)

    assert first is not None
    assert again is not None
    assert again.since == first.since
    assert again.until >= first.until


def test_only_its_holder_ends_a_lease(ada: Access, lead: Access, dispute: Callable[[], Disagreement]) -> None:
    row = dispute()
    lease_take(ada, row.pk)

    lease_release(lead, row.pk)
    row.refresh_from_db()
    assert row.lease_by == ada.user

    lease_release(ada, row.pk)
    row.refresh_from_db()
    assert row.lease_by is None


def test_closed_disagreement_has_no_lease(
    client: Client, project: Project, ada: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    client.force_login(ada.user)
    address = page(project, "disagreement", row.pk)
    context = client.get(address).context
    answer = {
        "labels": [GAMES],
        "verdict": "labelled",
        "reason": "No stakes.",
        "judgments": context["shown_judgments"],
    }

    client.post(address, answer)

    row.refresh_from_db()
    assert row.closed_at is not None
    assert row.lease_by is None
    assert lease_take(ada, row.pk) is None


def test_page_opened_by_hand_says_who_is_looking(
    client: Client, project: Project, ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    lease = lease_take(ada, row.pk)
    client.force_login(lead.user)

    text = client.get(page(project, "disagreement", row.pk)).content.decode()
    listed = client.get(page(project, "disagreements")).content.decode()

    assert lease is not None
    assert f"ada is looking at this since {lease.since:%H:%M} UTC" in text
    assert "ada is looking" in listed
    row.refresh_from_db()
    assert row.lease_by == ada.user


def test_going_on_says_that_the_rest_is_with_others(
    client: Client, project: Project, ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    lease_take(ada, dispute().pk)
    client.force_login(lead.user)

    answer = client.get(page(project, "disagreement_next"), follow=True)

    assert answer.redirect_chain == [(page(project, "disagreements"), 302)]
    assert "What is left here is open before other leads: 1." in answer.content.decode()


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "²"])
def test_going_on_after_nonsense_starts_at_the_first(
    client: Client, project: Project, lead: Access, dispute: Callable[[], Disagreement], after: str
) -> None:
    row = dispute()
    client.force_login(lead.user)

    answer = client.get(page(project, "disagreement_next"), {"after": after})

    assert answer.headers["Location"] == page(project, "disagreement", row.pk)


def test_renewal_tells_what_changed_meanwhile(
    client: Client,
    project: Project,
    lead: Access,
    people: list[User],
    dispute: Callable[[], Disagreement],
) -> None:
    row = dispute()
    client.force_login(lead.user)
    shown = client.get(page(project, "disagreement", row.pk)).context["shown_judgments"]
    seen = {"judgments": shown, "resolution": ""}
    before = client.post(page(project, "lease", row.pk), seen).content.decode()
    make_judgment(row.item, people[3], [GAMES])

    after = client.post(page(project, "lease", row.pk), seen).content.decode()

    assert "Changed since" not in before
    assert f"{people[3].username} judged it: Games" in after
    for nonsense in ("x", "²", "9" * 5000):
        assert client.post(page(project, "lease", row.pk), {"judgments": nonsense}).status_code == 400


def test_lease_is_taken_renewed_refused_and_ended_by_api(
    client: Client, project: Project, ada: Access, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row, other = dispute(), dispute()
    root = f"/api/v1/projects/{project.slug}/disagreements"
    client.force_login(ada.user)
    given = client.post(f"{root}/next/", {}, content_type="application/json").json()
    taken = client.post(f"{root}/{row.pk}/lease/")

    client.force_login(lead.user)
    refused = client.post(f"{root}/{row.pk}/lease/")
    second = client.post(f"{root}/next/", {}, content_type="application/json").json()
    unknown = client.post(f"{root}/next/", {"pattern": "games"}, content_type="application/json")
    none = client.post(f"{root}/next/", {"after": other.pk}, content_type="application/json").json()

    assert (given["disagreement"]["id"], given["disagreement"]["lease_by"]) == (row.pk, "ada")
    assert (taken.status_code, taken.json()["by"]) == (200, "ada")
    assert refused.status_code == 409
    assert refused.json()["error"]["details"]["by"] == "ada"
    assert (second["disagreement"]["id"], none["disagreement"]) == (other.pk, None)
    assert unknown.status_code == 400
    client.force_login(ada.user)
    assert client.delete(f"{root}/{row.pk}/lease/").status_code == 204
    assert not Disagreement.objects.filter(lease_by__isnull=False).exists()
    assert not Resolution.objects.exists()
