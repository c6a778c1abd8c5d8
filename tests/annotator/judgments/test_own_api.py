"""One's own work by API: a judgment changed or undone, a flag, the day, and one's own care."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.projects.models import Project, Role
from annotator.queue.models import OptOut
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/pilot"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=2)
    make_batch(project, make_items(project, 3))
    return project


@pytest.fixture
def ann(project: Project, client: Client) -> Client:
    client.force_login(make_member(project, username="ann"))
    return client


def post(client: Client, path: str, body: Any = None) -> Any:
    return client.post(f"{API}{path}", body or {}, content_type="application/json")


def submitted(client: Client, *labels: str) -> dict[str, Any]:
    place = post(client, "/queue/claim/").json()["assignment"]
    answer = {"client_id": str(uuid4()), "labels": list(labels)}
    stored: dict[str, Any] = post(client, f"/assignments/{place}/judgment/", answer).json()
    return stored


def test_an_answer_is_changed_by_a_row_that_supersedes_it(ann: Client) -> None:
    first = submitted(ann, GAMES)
    answer = {"client_id": str(uuid4()), "labels": [GAMBLING]}

    changed = post(ann, f"/judgments/{first['id']}/", answer)
    again = post(ann, f"/judgments/{first['id']}/", answer)
    late = post(ann, f"/judgments/{first['id']}/", answer | {"client_id": str(uuid4())})

    assert (changed.status_code, again.status_code, late.status_code) == (201, 200, 404)
    assert changed.json()["labels"] == [GAMBLING]
    assert Judgment.objects.get(pk=changed.json()["id"]).supersedes_id == first["id"]
    assert Judgment.objects.count() == 2


def test_a_judgment_tells_why_its_page_was_served(ann: Client) -> None:
    first = submitted(ann, GAMES)

    told = ann.get(f"{API}/judgments/{first['id']}/").json()

    assert told["judgment"]["id"] == first["id"]
    assert told["told"]["why"].startswith("Not for its looks.")
    assert (told["told"]["alike"], told["lesson"]) == ([], None)


def test_nobody_reads_or_changes_the_judgment_of_somebody_else(ann: Client, project: Project) -> None:
    first = submitted(ann, GAMES)
    other = Client()
    other.force_login(make_member(project, Role.LEAD))

    answer = {"client_id": str(uuid4()), "labels": []}

    assert other.get(f"{API}/judgments/{first['id']}/").status_code == 404
    assert post(other, f"/judgments/{first['id']}/", answer).status_code == 404


def test_the_last_judgment_is_undone_once_with_one_id(ann: Client) -> None:
    first = submitted(ann, GAMES)
    undo = {"client_id": str(uuid4())}

    undone, again = post(ann, "/judgments/undo/", undo), post(ann, "/judgments/undo/", undo)

    assert (undone.status_code, again.status_code) == (200, 200)
    assert undone.json()["assignment"] == again.json()["assignment"] == first["assignment"]
    assert undone.json()["lease_until"]
    assert Judgment.objects.filter(verdict=Verdict.WITHDRAWN).count() == 1
    assert post(ann, "/judgments/undo/").status_code == 404


def test_a_page_is_flagged_once(ann: Client) -> None:
    place = post(ann, "/queue/claim/").json()["assignment"]

    flagged = post(ann, f"/assignments/{place}/flag/", {"note": "Is this a game?"})
    again = post(ann, f"/assignments/{place}/flag/", {"note": "And this?"})

    assert (flagged.status_code, again.status_code) == (201, 201)
    assert flagged.json() == again.json()
    assert Flag.objects.get().note == "Is this a game?"
    assert post(ann, "/assignments/999999/flag/").status_code == 404


def test_ones_own_day_is_told_and_why_there_is_nothing(ann: Client) -> None:
    submitted(ann, GAMES)

    session = ann.get(f"{API}/session/").json()

    assert session["day"] == {"judgments": 1, "longest_run": 1, "run": 1}
    assert (session["batch"]["places"], session["qualifying"]) == (6, None)
    assert session["nothing"]["title"] == "Nothing to label for you right now"


def test_opt_outs_are_set_as_a_whole_and_are_ones_own(ann: Client, project: Project) -> None:
    other = Client()
    other.force_login(make_member(project))

    set_ = post(ann, "/care/", {"avoid": [GAMBLING]})
    unknown = post(ann, "/care/", {"avoid": ["nothing"]})

    assert (set_.status_code, set_.json()["avoid"]) == (200, [GAMBLING])
    assert (unknown.status_code, ann.get(f"{API}/care/").json()["avoid"]) == (400, [GAMBLING])
    assert other.get(f"{API}/care/").json()["avoid"] == []
    assert post(ann, "/care/", {"avoid": []}).json()["avoid"] == []
    assert not OptOut.objects.exists()
    assert len(set_.json()["hours"]) == 24
