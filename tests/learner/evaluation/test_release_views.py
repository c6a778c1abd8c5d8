"""Pages of the release: the gate of a version, what serves, one click back, and the rules with their effect."""

import pytest
from django.test import Client

from annotator.projects.models import Project, Role
from learner.core.gate import Rules
from learner.evaluation.models import EvaluationRun, GateRules
from learner.evaluation.release.services import gate_of, promotion_make, rules_set
from learner.evaluation.serving import version_serving
from tests.factories import CATEGORIES, GAMES, VIOLENCE, make_member, make_project
from tests.learner.evaluation.release import access_as, bad, make_evaluated, write_card

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    write_card(project)
    rules_set(access_as(project, Role.ADMIN), Rules(recall={VIOLENCE: 0.9}), based_on=0, note="to begin")
    return project


def as_role(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(make_member(project, role))
    return client


def page(client: Client, path: str) -> str:
    answer = client.get(f"/projects/pilot/classifiers/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_says_each_rule_with_its_verdict_and_a_button_promotes(project: Project) -> None:
    version = make_evaluated(project)
    gate_of(version)
    client = as_role(project, Role.SCIENTIST)

    text = page(client, "1/gate/")
    answer = client.post("/projects/pilot/classifiers/1/gate/", {"based_on": 0, "reason": "better"})

    assert "the lower bound 0.96 reaches it" in text.replace("The lower", "the lower")
    assert "Let v1 serve" in text
    assert answer.status_code == 302
    assert version_serving(project) == version
    assert "serves since" in page(client, "1/gate/")


def test_a_scientist_is_told_who_may_sign_and_a_lead_signs(project: Project) -> None:
    version = make_evaluated(project, **bad(VIOLENCE))
    gate_of(version)
    scientist, lead = as_role(project, Role.SCIENTIST), as_role(project, Role.LEAD)
    sent = {"based_on": 0, "reason": "needed", "exception": "<b>nothing else</b> is there"}

    assert "A lead or an admin may sign an exception." in page(scientist, "1/gate/")
    refused = scientist.post("/projects/pilot/classifiers/1/gate/", sent)
    unsigned = lead.post("/projects/pilot/classifiers/1/gate/", sent | {"exception": ""})
    signed = lead.post("/projects/pilot/classifiers/1/gate/", sent)

    assert (refused.status_code, unsigned.status_code, signed.status_code) == (422, 422, 302)
    assert "Only a lead or an admin may sign" in refused.content.decode()
    assert "The gate says fail" in unsigned.content.decode()
    assert "&lt;b&gt;nothing else&lt;/b&gt; is there" in page(lead, "serving/")


def test_one_click_goes_back(project: Project) -> None:
    first = make_evaluated(project)
    second = make_evaluated(project, against={"number": 1, "categories": []})
    lead = access_as(project, Role.LEAD)
    promotion_make(lead, first, based_on=0, reason="first")
    promotion_make(lead, second, based_on=1, reason="better")
    client = as_role(project, Role.LEAD)

    assert "Go back to v1" in page(client, "serving/")
    answer = client.post("/projects/pilot/classifiers/serving/back/", {"promotion": 1, "based_on": 2})

    assert answer.status_code == 302
    assert version_serving(project) == first
    for sent in ({}, {"promotion": "x", "based_on": 3}, {"promotion": 10**30, "based_on": 3}):
        assert client.post("/projects/pilot/classifiers/serving/back/", sent).status_code == 400


def test_a_version_can_be_evaluated_and_the_gate_asked_by_hand(project: Project) -> None:
    make_evaluated(project)
    client = as_role(project, Role.SCIENTIST)

    assert "was not asked" in page(client, "1/gate/")
    assert client.post("/projects/pilot/classifiers/1/gate/again/").status_code == 302
    assert client.post("/projects/pilot/classifiers/1/evaluate/").status_code == 302

    assert "reaches it" in page(client, "1/gate/")
    assert EvaluationRun.objects.get(project=project).classifier is not None


def sent_rules(**changes: object) -> dict[str, object]:
    floors = {f"{what}-{slug}": "" for slug in CATEGORIES for what in ("recall", "precision")}
    return {"number": 1, "calibration": "", "latency_ms": "20", "megabytes": "", **floors, **changes}


def test_a_scientist_sees_what_would_change_before_it_is_set(project: Project) -> None:
    make_evaluated(project)
    client = as_role(project, Role.SCIENTIST)
    stricter = sent_rules(**{f"recall-{GAMES}": "0.999"})

    shown = client.post("/projects/pilot/classifiers/rules/", stricter | {"preview": "1"}).content.decode()
    assert "would be" in shown
    assert "recall at least 1.00: fail" in shown
    assert GateRules.objects.count() == 1
    answer = client.post("/projects/pilot/classifiers/rules/", stricter)

    assert answer.status_code == 302
    assert GateRules.objects.latest("pk").rules["recall"] == {GAMES: 0.999}


@pytest.mark.parametrize(
    "changes",
    [
        {f"recall-{GAMES}": "1.5"},
        {f"recall-{GAMES}": "nan"},
        {"latency_ms": "-1"},
        {"number": ""},
        {"number": "0"},
        {"note": "x" * 301},
    ],
)
def test_bad_rules_are_refused_with_a_sentence(project: Project, changes: dict[str, str]) -> None:
    answer = as_role(project, Role.ADMIN).post("/projects/pilot/classifiers/rules/", sent_rules(**changes))

    assert answer.status_code == 422
    assert GateRules.objects.count() == 1


def test_the_rules_are_shown_and_not_set_by_a_lead(project: Project) -> None:
    client = as_role(project, Role.LEAD)

    assert "Scientists and admins may change this." in page(client, "rules/")
    assert client.post("/projects/pilot/classifiers/rules/", sent_rules()).status_code == 403
