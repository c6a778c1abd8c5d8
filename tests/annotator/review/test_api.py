"""API operations of the review."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project, Role
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import resolutions_current
from annotator.review.services import review_sweep
from tests.factories import GAMBLING, GAMES, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

ROLES_THAT_READ = {
    "resolutions": {Role.LEAD, Role.SCIENTIST, Role.ADMIN},
    "disagreements": {Role.LEAD, Role.ADMIN},
    "agreement": {Role.LEAD, Role.SCIENTIST, Role.ADMIN},
}


@pytest.fixture
def api(client: Client, lead: Access) -> Client:
    client.force_login(lead.user)
    return client


def address(project: Project, tail: str) -> str:
    return f"/api/v1/projects/{project.slug}/{tail}"


def decision(disagreement: Disagreement, client: Client) -> dict[str, Any]:
    """A decision on what the API shows now."""
    shown = client.get(address(disagreement.project, f"disagreements/{disagreement.pk}/")).json()
    return {
        "item": disagreement.item_id,
        "labels": [GAMES],
        "reason": "A game without stakes.",
        "clause": "1.1",
        "based_on": shown["based_on"],
    }


def post(client: Client, project: Project, body: dict[str, Any]) -> Any:
    return client.post(address(project, "resolutions/"), body, content_type="application/json")


@pytest.mark.parametrize("operation", ROLES_THAT_READ)
@pytest.mark.parametrize("role", Role)
def test_only_roles_that_may_read_get_in(
    client: Client, project: Project, role: Role, operation: str
) -> None:
    client.force_login(make_member(project, role))

    status = client.get(address(project, f"{operation}/")).status_code

    assert status == (200 if role in ROLES_THAT_READ[operation] else 403)


@pytest.mark.parametrize("operation", ROLES_THAT_READ)
def test_project_is_hidden_when_the_caller_is_no_member(
    client: Client, project: Project, operation: str
) -> None:
    client.force_login(make_member(make_project()))

    assert client.get(address(project, f"{operation}/")).status_code == 404


def test_disagreement_is_listed_and_shown_with_its_judgments(
    api: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()

    (listed,) = api.get(address(project, "disagreements/")).json()["results"]
    shown = api.get(address(project, f"disagreements/{disagreement.pk}/")).json()

    assert (listed["id"], listed["n_judgments"]) == (disagreement.pk, 3)
    assert [judgment["labels"] for judgment in shown["judgments"]] == [[GAMES], [GAMBLING], []]
    assert [(row["category"], row["n_present"], row["n"]) for row in shown["inferred"]] == [
        (GAMES, 1, 3),
        (GAMBLING, 1, 3),
    ]
    assert {row["why"] for row in shown["inferred"]} == {"skills are not measured yet"}
    assert shown["based_on"] == {
        "judgments": [judgment["id"] for judgment in shown["judgments"]],
        "resolution": None,
    }


def test_disagreements_are_narrowed_to_a_category(
    api: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()

    def count(category: str) -> int:
        return len(api.get(address(project, f"disagreements/?category={category}")).json()["results"])

    assert (count(GAMES), count("violence"), count("")) == (1, 0, 1)


def test_disagreements_are_narrowed_to_a_pattern(
    api: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()

    (pattern,) = api.get(address(project, "disagreements/patterns/")).json()["patterns"]

    assert (pattern["key"], pattern["n_items"], pattern["n_sites"]) == (disagreement.pattern, 1, 1)
    for key, found in ((pattern["key"], [disagreement.pk]), ("one:violence", [])):
        rows = api.get(address(project, f"disagreements/?pattern={key}")).json()["results"]
        assert [row["id"] for row in rows] == found


@pytest.mark.parametrize(
    "tail",
    [
        "disagreements/?category=%00",
        "disagreements/?pattern=games",
        "resolutions/?label=%00",
        "resolutions/?method=x",
    ],
)
def test_filter_is_refused_when_it_can_match_nothing(api: Client, project: Project, tail: str) -> None:
    answer = api.get(address(project, tail))

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad_input"


def test_lead_resolves_by_api(
    api: Client, lead: Access, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()

    answer = post(api, project, decision(disagreement, api))

    assert answer.status_code == 201
    body = answer.json()
    assert (body["labels"], body["method"], body["clause"]) == ([GAMES], "adjudicated", "1.1")
    assert body["resolved_by"] == lead.user.username
    disagreement.refresh_from_db()
    assert disagreement.closed_at is not None


def test_second_decision_is_refused_with_what_changed(
    api: Client, lead: Access, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()
    body = decision(disagreement, api)
    first = post(api, project, body).json()

    answer = post(api, project, body)

    assert answer.status_code == 409
    error = answer.json()["error"]
    assert error["details"]["resolution"] == first["id"]
    assert error["details"]["changes"] == [
        f"{lead.user.username} wrote: decided by a lead, Games (“{body['reason']}”)"
    ]
    assert Resolution.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": ["cats"]},
        {"labels": None},
        {"reason": " "},
        {"verdict": "withdrawn"},
        {"clause": "9.9"},
        {"based_on": {"judgments": []}},
        {"item": "x"},
    ],
    ids=str,
)
def test_decision_is_refused_when_it_cannot_be(
    api: Client, project: Project, dispute: Callable[[], Disagreement], wrong: dict[str, Any]
) -> None:
    body = decision(dispute(), api) | wrong

    assert post(api, project, body).status_code == 400
    assert not Resolution.objects.exists()


def test_decision_finds_nothing_when_the_item_is_of_another_project(
    api: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    (foreign,) = make_items(make_project(), 1)
    body = decision(dispute(), api) | {"item": foreign.pk}

    assert post(api, project, body).status_code == 404


def test_scientist_may_not_decide(
    client: Client, project: Project, dispute: Callable[[], Disagreement], lead: Access
) -> None:
    client.force_login(lead.user)
    body = decision(dispute(), client)
    client.force_login(make_member(project, Role.SCIENTIST))

    assert post(client, project, body).status_code == 403


def test_resolutions_are_listed_by_method_and_label(
    api: Client, project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])
    review_sweep(project)

    def labels(query: str) -> list[list[str]]:
        rows = api.get(address(project, f"resolutions/?{query}")).json()["results"]
        return [row["labels"] for row in rows]

    assert labels("") == labels("method=unanimous") == labels(f"label={GAMES}") == [[GAMES]]
    assert labels("method=adjudicated") == labels("label=violence") == []
    assert resolutions_current(project).count() == 1


def test_agreement_is_empty_before_it_is_measured_and_full_after(
    api: Client, project: Project, item: Item, people: list[User]
) -> None:
    before = api.get(address(project, "agreement/")).json()
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1])
    agreement_measure(project)

    after = api.get(address(project, "agreement/")).json()

    assert (before["computed_at"], before["categories"]) == (None, [])
    games = after["categories"][0]
    assert (games["category"], games["alpha"]["n_items"]) == (GAMES, 1)
    assert games["percent"]["value"] == 0.0


def test_agreement_names_what_may_be_asked_when_the_treatment_of_unsure_is_unknown(
    api: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()
    agreement_measure(project)

    known = api.get(address(project, "agreement/"), {"unsure": "value"})
    unknown = api.get(address(project, "agreement/"), {"unsure": "maybe"})

    assert known.status_code == 200
    assert {"alpha", "fleiss", "ac1", "percent"} <= known.json()["categories"][0].keys()
    assert unknown.status_code == 400
    assert "missing, value" in unknown.content.decode()
