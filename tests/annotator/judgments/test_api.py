"""The judgments by API: submit, replay, list."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.accounts.services import token_create
from annotator.judgments.models import Judgment
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db

API = "/api/v1/projects/pilot"


class Caller:
    """A script with a token."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client(
            headers={"authorization": f"Token {token_create(user, 'script', days=1).secret}"}
        )

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(
            f"{API}{path}", body if body is not None else {}, content_type="application/json"
        )

    def get(self, path: str) -> Any:
        return self.client.get(f"{API}{path}")

    def claim(self) -> dict[str, Any]:
        claimed: dict[str, Any] = self.post("/queue/claim/").json()
        return claimed


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=2)
    make_batch(project, make_items(project, 3))
    return project


@pytest.fixture
def ann(project: Project) -> Caller:
    return Caller(make_member(project, username="ann"))


def answer(**fields: Any) -> dict[str, Any]:
    return {"client_id": str(uuid4()), "labels": [GAMES], "seconds": 2.5, **fields}


def test_a_claim_gives_place_page_lease_and_taxonomy(ann: Caller) -> None:
    claimed = ann.claim()

    assert set(claimed) == {"assignment", "lease_until", "item", "taxonomy"}
    assert set(claimed["item"]) == {
        "id",
        "url",
        "registrable_domain",
        "title",
        "description",
        "text",
        "captured_at",
        "evidence",
    }
    assert claimed["taxonomy"] == {"version": 1, "categories": ["games", "gambling", "violence"]}


def test_a_claim_beside_held_places_gives_another_one(ann: Caller) -> None:
    first = ann.claim()

    again = ann.claim()
    beside = ann.post("/queue/claim/", {"holding": [first["assignment"]]}).json()

    assert again["assignment"] == first["assignment"]
    assert beside["assignment"] != first["assignment"]


def test_a_judgment_is_created_once_and_replayed_with_the_same_body(ann: Caller) -> None:
    path = f"/assignments/{ann.claim()['assignment']}/judgment/"
    body = answer(unsure=[GAMBLING], note="n")

    first, again = ann.post(path, body), ann.post(path, body)
    other = ann.post(path, {**body, "labels": []})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert first.json() == again.json()
    assert other.json()["error"]["code"] == "conflict"
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"client_id": "x"},
        {"client_id": str(uuid4()), "labels": ["cats"]},
        {"client_id": str(uuid4()), "labels": "games"},
        {"client_id": str(uuid4()), "verdict": "withdrawn"},
        {"client_id": str(uuid4()), "seconds": -1},
        {"client_id": str(uuid4()), "note": "x" * 2001},
        [],
    ],
)
def test_an_answer_that_cannot_be_is_a_400_in_the_one_shape(ann: Caller, body: Any) -> None:
    refused = ann.post(f"/assignments/{ann.claim()['assignment']}/judgment/", body)

    assert refused.status_code == 400
    assert set(refused.json()["error"]) == {"code", "message", "details"}


def test_renewing_releasing_and_skipping(ann: Caller) -> None:
    base = f"/assignments/{ann.claim()['assignment']}"

    renewed, released = ann.post(f"{base}/renew/"), ann.post(f"{base}/release/")
    lost = ann.post(f"{base}/renew/")
    skipped = ann.post(f"{base}/skip/", {"reason": "language"})

    assert [r.status_code for r in (renewed, released, lost, skipped)] == [200, 204, 409, 204]
    assert "lease_until" in renewed.json()


def test_a_place_never_held_is_a_404(ann: Caller, project: Project) -> None:
    theirs = Caller(make_member(project)).claim()["assignment"]

    for name in ("judgment", "renew", "release", "skip"):
        body = answer() if name == "judgment" else {"reason": "other"}
        for pk in (theirs, 10**17, 10**30):
            assert ann.post(f"/assignments/{pk}/{name}/", body).status_code == 404


def test_a_lead_lists_all_judgments_and_an_annotator_their_own(ann: Caller, project: Project) -> None:
    bob, lead = Caller(make_member(project)), Caller(make_member(project, Role.LEAD))
    for caller, label in ((ann, GAMES), (bob, GAMBLING)):
        caller.post(f"/assignments/{caller.claim()['assignment']}/judgment/", answer(labels=[label]))

    def labels(caller: Caller, query: str = "") -> list[list[str]]:
        return [row["labels"] for row in caller.get(f"/judgments/{query}").json()["results"]]

    assert labels(lead) == [[GAMBLING], [GAMES]]
    assert labels(ann) == [[GAMES]]
    assert labels(lead, f"?label={GAMES}") == [[GAMES]]
    assert labels(lead, f"?item={Judgment.objects.latest('pk').item_id}") == [[GAMBLING]]
    assert lead.get("/judgments/?item=x").status_code == 400


def test_nothing_to_claim_is_a_204(ann: Caller) -> None:
    Project.objects.update(paused=True)

    assert ann.post("/queue/claim/").status_code == 204


def test_a_submit_carries_the_next_place_when_asked(ann: Caller) -> None:
    first = ann.claim()
    prefetched = ann.post("/queue/claim/", {"holding": [first["assignment"]]}).json()
    path = f"/assignments/{first['assignment']}/judgment/"
    body = answer(next=True, holding=[prefetched["assignment"]], clause="1.1")

    stored, again = ann.post(path, body), ann.post(path, body)

    assert (stored.status_code, again.status_code) == (201, 200)
    assert stored.json()["clause"] == "1.1"
    assert set(stored.json()["next"]) == set(first)
    assert stored.json()["next"]["assignment"] not in {first["assignment"], prefetched["assignment"]}
    assert stored.json()["next"]["item"]["title"].startswith("chess")
    assert again.json()["next"]["assignment"] == stored.json()["next"]["assignment"]
    assert Judgment.objects.count() == 1


def test_next_is_null_when_nothing_is_left_and_missing_when_not_asked(ann: Caller) -> None:
    Project.objects.update(overlap=1)
    place = ann.claim()["assignment"]
    plain = ann.post(f"/assignments/{place}/judgment/", answer()).json()
    place = ann.claim()["assignment"]
    Project.objects.update(paused=True)

    last = ann.post(f"/assignments/{place}/judgment/", answer(next=True)).json()

    assert "next" not in plain
    assert last["next"] is None


def test_an_unknown_clause_is_refused_by_its_number(ann: Caller) -> None:
    refused = ann.post(f"/assignments/{ann.claim()['assignment']}/judgment/", answer(clause="7.7"))

    assert refused.status_code == 400
    assert '"7.7" is not a clause' in refused.json()["error"]["message"]
    assert not Judgment.objects.exists()


def test_a_place_says_nothing_of_why_it_is_served_or_what_is_expected(ann: Caller) -> None:
    Assignment.objects.update(severity=3, expected=["violence"])

    claimed = ann.claim()
    judged = ann.post(f"/assignments/{claimed['assignment']}/judgment/", answer(next=True)).json()

    assert set(claimed) == {"assignment", "lease_until", "item", "taxonomy"}
    assert not {"purpose", "fast", "severity", "expected"} & set(judged)
    assert set(judged["next"]) == set(claimed)
