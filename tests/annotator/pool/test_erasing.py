"""Erasing evidence: what goes, what stays, who may, and that it is written down for ever."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound
from annotator.pool.cases import case_close, case_open
from annotator.pool.erasing import Wanted, erased_count, evidence_erase, retention_of, retention_set
from annotator.pool.models import Case, Erasure, Evidence, Item, Retention, Signature
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Membership, Project, Role
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def admin(project: Project) -> Access:
    return project_for(make_member(project, Role.ADMIN, "ada"), "pilot", Can.CONFIGURE)


def erase(admin: Access, item: Item, reason: str = "the author asked") -> Erasure:
    return evidence_erase(admin, Wanted(item_id=item.pk), reason=reason)


def test_the_evidence_goes_and_address_hashes_and_judgments_stay(project: Project, admin: Access) -> None:
    item, other = make_items(project, 2, metadata={"remark": "words"}, known_labels=[GAMES])
    make_batch(project, [item])
    judgment = make_judgment(item, make_member(project), [GAMES])
    signatures_write([item.pk, other.pk])
    before = Evidence.objects.get(item=item)

    erasure = erase(admin, item)

    after = Evidence.objects.get(item=item)
    assert (after.title, after.description, after.text) == ("", "", "")
    assert (after.content_hash, after.captured_at) == (before.content_hash, before.captured_at)
    kept = Item.objects.get(pk=item.pk)
    assert (kept.url, kept.known_labels, kept.metadata, kept.pooled) == (item.url, [GAMES], {}, False)
    assert kept.erased_at is not None
    assert not Signature.objects.filter(pk=item.pk).exists()
    judgment.refresh_from_db()
    assert judgment.labels == [GAMES]
    assert Evidence.objects.get(item=other).text
    assert Item.objects.get(pk=other.pk).metadata == {"remark": "words"}
    assert (erasure.by, erasure.n_items, erasure.reason) == (admin.user, 1, "the author asked")
    assert erased_count(project) == 1
    assert LogEntry.objects.filter(
        project=project, text__contains="ada erased the evidence of 1 item: "
    ).exists()


def test_all_pages_of_a_site_are_erased_by_any_address_on_it(project: Project, admin: Access) -> None:
    items = make_items(project, 3)
    Item.objects.filter(pk__in=[item.pk for item in items[:2]]).update(registrable_domain="example.org")

    erasure = evidence_erase(admin, Wanted(site="https://www.example.org/about"), reason="a request")

    assert (erasure.scope, erasure.site, erasure.n_items) == ("site", "example.org", 2)
    assert erased_count(project) == 2
    assert Evidence.objects.get(item=items[2]).text


def test_what_cannot_be_erased_is_said(project: Project, admin: Access) -> None:
    item, sealed = make_items(project, 2)
    (foreign,) = make_items(make_project(), 1)
    case_open(project, sealed.pk, by=admin.user)
    erase(admin, item)

    for wanted in (Wanted(), Wanted(1, "a.example"), Wanted(site="no site")):
        with pytest.raises(BadInput):
            evidence_erase(admin, wanted, reason="x")
    for wanted in (Wanted(foreign.pk), Wanted(2**40), Wanted(site="nowhere.example")):
        with pytest.raises(NotFound, match="nothing of"):
            evidence_erase(admin, wanted, reason="x")
    with pytest.raises(Conflict, match="sealed in a case"):
        erase(admin, sealed)
    with pytest.raises(Conflict, match="erased before"):
        erase(admin, item)
    for reason in ("", "  ", "x" * 501, "a\x00b"):
        with pytest.raises(BadInput, match="Say why"):
            erase(admin, item, reason)
    with pytest.raises(BadInput, match=r"manage\.py erase"):
        evidence_erase(admin, Wanted(site=make_items(project, 1)[0].registrable_domain), reason="x", most=0)
    assert Erasure.objects.count() == 1


def test_a_request_for_what_was_kept_long_enough_is_written_down(project: Project, admin: Access) -> None:
    (item,) = make_items(project, 1)
    Item.objects.filter(pk=item.pk).update(erased_at=timezone.now())

    assert erase(admin, item).n_items == 1


def test_erasures_are_never_changed(project: Project, admin: Access) -> None:
    erasure = erase(admin, make_items(project, 1)[0])

    with pytest.raises(DatabaseError), transaction.atomic():
        Erasure.objects.filter(pk=erasure.pk).update(reason="another")
    with pytest.raises(DatabaseError), transaction.atomic():
        erasure.delete()


def test_a_page_that_was_erased_and_then_stopped_by_mistake_can_be_released(
    project: Project, admin: Access
) -> None:
    (item,) = make_items(project, 1)
    erase(admin, item)
    Membership.objects.filter(user=admin.user).update(case_holder=True)
    opened = case_open(project, item.pk, by=admin.user)

    case_close(admin, opened.case, Case.Outcome.RELEASED)

    kept = Item.objects.get(pk=item.pk)
    assert (kept.url, kept.withheld) == (item.url, False)
    assert kept.erased_at is not None


def test_how_long_evidence_is_kept_is_for_ever_until_somebody_decides(
    project: Project, admin: Access
) -> None:
    assert retention_of(project) is None

    retention_set(admin, 30)
    retention_set(admin, 60)

    kept = Retention.objects.get()
    assert (kept.days, kept.set_by, kept.swept_at) == (60, admin.user, None)
    assert retention_set(admin, None).days is None
    for days in (0, -1, 40_000):
        with pytest.raises(BadInput, match="Evidence is kept"):
            retention_set(admin, days)


def test_the_page_counts_first_and_erases_when_it_is_confirmed(
    client: Client, project: Project, admin: Access
) -> None:
    (item,) = make_items(project, 1)
    client.force_login(admin.user)
    sent = {"item": item.pk, "reason": "a request"}

    counted = client.post("/projects/pilot/erasures/", sent)

    assert f"Item {item.pk} will lose its evidence" in counted.content.decode()
    assert erased_count(project) == 0
    assert client.post("/projects/pilot/erasures/", sent | {"confirm": "1"}).status_code == 302
    assert erased_count(project) == 1
    listed = client.get("/projects/pilot/erasures/").content.decode()
    assert "a request" in listed
    assert "was erased on" in client.get(f"/projects/pilot/items/{item.pk}/").content.decode()
    again = client.post("/projects/pilot/erasures/", sent)
    assert again.status_code == 409
    assert "erased before" in again.content.decode()
    assert client.post("/projects/pilot/erasures/", {"item": "x", "reason": "y"}).status_code == 422
    assert client.post("/projects/pilot/erasures/", {"reason": "y"}).status_code == 400


def test_the_page_sets_how_long_evidence_is_kept(client: Client, project: Project, admin: Access) -> None:
    client.force_login(admin.user)

    assert client.post("/projects/pilot/erasures/retention/", {"days": "90"}).status_code == 302
    assert "90 days after it was resolved" in client.get("/projects/pilot/erasures/").content.decode()
    assert client.post("/projects/pilot/erasures/retention/", {"days": "0"}).status_code == 422
    assert client.post("/projects/pilot/erasures/retention/", {"days": ""}).status_code == 302
    assert Retention.objects.get().days is None


def test_a_scientist_sees_what_was_erased_and_has_no_form(
    client: Client, project: Project, admin: Access
) -> None:
    erase(admin, make_items(project, 1)[0])
    client.force_login(make_member(project, Role.SCIENTIST))

    page = client.get("/projects/pilot/erasures/").content.decode()

    assert "the author asked" in page
    assert "Erase by request" not in page


def test_the_api_erases_and_lists(client: Client, project: Project, admin: Access) -> None:
    (item,) = make_items(project, 1)
    client.force_login(admin.user)
    base = "/api/v1/projects/pilot"

    made = client.post(f"{base}/erasures/", {"item": item.pk, "reason": "r"}, content_type="application/json")

    assert (made.status_code, made.json()["n_items"], made.json()["by"]) == (201, 1, "ada")
    assert client.get(f"{base}/erasures/").json()["results"] == [made.json()]
    assert client.get(f"{base}/items/{item.pk}/").json()["item"]["erased_at"] is not None
    for sent, status in (
        ({"reason": "r"}, 400),
        ({"item": item.pk, "reason": "r"}, 409),
        ({"item": 2**62, "reason": "r"}, 404),
    ):
        assert client.post(f"{base}/erasures/", sent, content_type="application/json").status_code == status
    assert client.get(f"{base}/retention/").json() == {"days": None}
    assert client.post(f"{base}/retention/", {"days": 5}, content_type="application/json").json() == {
        "days": 5
    }
    assert client.post(f"{base}/retention/", {"days": 0}, content_type="application/json").status_code == 400


def test_the_command_erases_in_the_name_of_an_admin(project: Project, admin: Access) -> None:
    (item,) = make_items(project, 1)

    call_command("erase", "pilot", item=item.pk, reason="r", by="ada")

    assert Erasure.objects.get().by == admin.user
    make_member(project, Role.SCIENTIST, "sam")
    for by in ("sam", "nobody"):
        with pytest.raises(CommandError):
            call_command("erase", "pilot", item=item.pk, reason="r", by=by)
