"""What scientists and admins do on their pages, done over the API on the pilot project: the learner and the release."""

import pytest
from django.test import Client

from annotator.projects.models import Project
from learner.evaluation.models import GateRules, ProfileVersion, Truth
from learner.evaluation.packs import pack_members
from learner.evaluation.selectors import truth_of
from learner.explorer.models import ExplorerFilter
from learner.query.models import QueryRun, ShadowRun
from learner.query.selectors import steering_latest
from learner.query.suggestions import is_on
from learner.training.models import TrainingRun
from tests.flows.over_api.calls import API, as_, get, post
from tests.pilot import Pilot

pytestmark = pytest.mark.django_db


@pytest.fixture
def sam(pilot: Pilot) -> Client:
    return as_(pilot, "sam")


def test_training_and_a_batch_are_asked_for(sam: Client, pilot: Pilot) -> None:
    trained, no_features = post(sam, "training-runs/"), post(sam, "queries/")

    assert (trained.status_code, trained.json()["reason"]) == (202, "asked by sam")
    assert get(sam, "training-runs/")["results"][0]["id"] == TrainingRun.objects.latest("pk").pk
    assert (no_features.status_code, QueryRun.objects.filter(reason="asked by sam").count()) == (409, 0)
    Project.objects.filter(pk=pilot.project.pk).update(paused=True)
    assert post(sam, "training-runs/").status_code == 409


def test_the_candidate_of_a_comparison_is_adopted_unless_others_were_set_since(
    sam: Client, pilot: Pilot
) -> None:
    run = ShadowRun.objects.latest("pk")

    adopted = post(sam, f"comparisons/{run.pk}/adopt/")
    again = post(sam, f"comparisons/{run.pk}/adopt/")

    assert (adopted.status_code, again.status_code) == (201, 409)
    latest = steering_latest(pilot.project)
    assert latest is not None
    assert (latest.strategy, latest.note) == ("rare_category", f"after comparison {run.pk}")
    assert [row["number"] for row in get(sam, "learner-settings/history/")["results"]] == [2, 1]
    assert [row["id"] for row in get(sam, "comparisons/")["results"]] == [run.pk]


def test_suggestions_are_switched_by_admins(sam: Client, pilot: Pilot) -> None:
    assert sam.get(f"{API}suggestions/").status_code == 404
    assert post(sam, "suggestions/", {"on": True}).status_code == 403

    switched = post(as_(pilot, "ada"), "suggestions/", {"on": True})

    assert (switched.status_code, is_on(pilot.project)) == (204, True)
    assert get(sam, "suggestions/")["set_by"] == "ada"


def test_what_is_taken_for_true_is_set(sam: Client, pilot: Pilot) -> None:
    assert get(sam, "audits/truth/") == {"truth": "resolved", "set_by": None, "set_at": None}

    done = post(sam, "audits/truth/", {"truth": "adjudicated"})
    same = post(sam, "audits/truth/", {"truth": "adjudicated"})

    assert (done.status_code, same.status_code, done.json()["set_by"]) == (201, 400, "sam")
    assert truth_of(pilot.project) == Truth.ADJUDICATED
    assert get(sam, "audits/state/")["classifier"] == 2


def test_a_version_goes_through_the_gate_and_back(sam: Client, pilot: Pilot) -> None:
    assert sam.get(f"{API}classifiers/2/gate/").status_code == 404
    asked = post(sam, "classifiers/2/gate/")
    unsigned = post(sam, "classifiers/2/promote/", {"based_on": 0, "reason": "better"})
    lead = as_(pilot, "lee")
    signed = post(
        lead, "classifiers/2/promote/", {"based_on": 0, "reason": "better", "exception": "We know why."}
    )
    back = post(lead, "promotions/back/", {"promotion": 1, "based_on": 1})

    assert asked.json()["verdict"] != "pass"
    assert asked.json()["lines"] == get(sam, "classifiers/2/gate/")["lines"] != []
    assert (unsigned.status_code, unsigned.json()["error"]["code"]) == (409, "gate_not_passed")
    assert (signed.status_code, signed.json()["exception"]) == (201, "We know why.")
    assert back.status_code == 400  # it serves already
    assert get(sam, "serving/")["current"]["classifier"] == 2
    assert [row["number"] for row in get(sam, "promotions/")["results"]] == [1]
    assert get(sam, "classifiers/2/summary/")["headline"] == "Version 2 serves."
    assert post(sam, "classifiers/1/gate/").status_code == 400  # never evaluated
    assert post(sam, "classifiers/1/evaluate/").status_code == 202


def test_rules_of_the_gate_are_tried_and_then_set(sam: Client) -> None:
    rules = get(sam, "gate-rules/")
    number = rules.pop("number")
    stricter = rules | {"recall": {"gambling": 0.99}, "latency_ms": None}

    effect = post(sam, "gate-rules/effect/", stricter)
    done = post(sam, "gate-rules/", stricter | {"based_on": number, "note": "Stricter"})
    late = post(sam, "gate-rules/", rules | {"based_on": number})
    unknown = post(sam, "gate-rules/", rules | {"based_on": 1, "recall": {"nothing": 0.5}})

    assert [row["classifier"] for row in effect.json()] == [2]
    assert (done.status_code, late.status_code, unknown.status_code) == (201, 409, 400)
    assert GateRules.objects.get().rules["recall"] == {"gambling": 0.99}
    assert get(sam, "gate-rules/history/")["results"][0]["note"] == "Stricter"


def test_the_model_card_is_written_and_read(sam: Client) -> None:
    written = post(sam, "model-card-sections/model-contact/", {"text": "Ask the district.", "based_on": 0})

    assert written.status_code == 200, written.content
    sections = {row["section"]: row for row in get(sam, "model-card-sections/")}
    assert sections["model-contact"]["text"] == "Ask the district."
    assert post(sam, "model-card-sections/licence/", {"text": "x", "based_on": 0}).status_code == 404
    missing = sam.get(f"{API}classifiers/1/card/README.md")
    assert (missing.status_code, "once it is evaluated" in missing.json()["error"]["message"]) == (404, True)


def test_two_versions_are_compared(sam: Client) -> None:
    asked = post(sam, "version-comparisons/", {"base": 1, "candidate": 2})
    same = post(sam, "version-comparisons/", {"base": 2, "candidate": 2})

    assert (asked.status_code, same.status_code) == (202, 400)
    run = get(sam, f"version-comparisons/{asked.json()['id']}/")
    assert (run["run"]["status"], run["categories"]) == ("pending", [])
    assert len(get(sam, "version-comparisons/")["results"]) == 1


def test_a_profile_is_read_changed_and_set_as_a_whole(sam: Client, pilot: Pilot) -> None:
    usual = get(sam, "profiles/high/rules/")
    assert (usual["number"], len(usual["rules"])) == (0, 16)
    rules = [row | ({"action": "warn"} if row["category"] == "games" else {}) for row in usual["rules"]]

    done = post(sam, "profiles/high/rules/", {"based_on": 0, "rules": rules, "note": "For us"})
    late = post(sam, "profiles/high/rules/", {"based_on": 0, "rules": rules})
    partly = post(sam, "profiles/high/rules/", {"based_on": 1, "rules": rules[:1]})

    assert done.status_code == 201, done.content
    assert (late.status_code, partly.status_code) == (409, 400)
    assert "there is none for" in partly.json()["error"]["message"]
    assert ProfileVersion.objects.filter(name="high").count() == 1
    assert get(sam, "profiles/high/")["actions"]["games"] == "warn"
    assert get(sam, "profiles/") == [get(sam, f"profiles/{one['name']}/") for one in get(sam, "profiles/")]
    (version,) = get(sam, "profiles/high/history/")["results"]
    assert (version["number"], version["set_by"], version["note"]) == (1, "sam", "For us")
    assert sam.get(f"{API}profiles/none/history/").status_code == 404
    assert sam.get(f"{API}profiles/none/rules/").status_code == 404


def test_pages_come_into_the_pack_and_go(sam: Client, pilot: Pilot) -> None:
    items = [item.pk for item in pilot.items[5:7]]

    added = post(sam, "packs/", {"pack": "art", "items": items[:1], "addresses": ["site6.example", "x.test"]})
    removed = post(sam, "packs/remove/", {"pack": "art", "item": items[0]})

    assert added.json() == {"n_added": 2, "unknown": ["x.test"]}
    assert (removed.status_code, pack_members(pilot.project)["art"]) == (204, items[1:])
    packs = {row["pack"]: row for row in get(sam, "packs/")}
    assert [row["item"] for row in packs["art"]["members"]] == items[1:]


def test_filters_are_kept_shared_and_deleted(sam: Client, pilot: Pilot) -> None:
    lead = as_(pilot, "lee")
    body = {"name": "Games", "address": "held=games", "shared": True}

    saved = post(sam, "explorer/filters/", body)
    empty = post(sam, "explorer/filters/", body | {"address": "held=nothing"})
    seen = get(lead, "explorer/filters/")
    path = f"{API}explorer/filters/{saved.json()['id']}/"

    assert (saved.status_code, empty.status_code) == (201, 400)
    assert [(row["name"], row["saved_by"], row["address"]) for row in seen] == [
        ("Games", "sam", "held=games")
    ]
    assert lead.delete(path).status_code == 403
    assert sam.delete(path).status_code == 204
    assert not ExplorerFilter.objects.exists()


def test_what_was_made_with_a_judgment_is_told_to_whoever_gave_it(sam: Client, pilot: Pilot) -> None:
    annie = as_(pilot, "annie")

    assert get(annie, f"judgments/{pilot.judgment.pk}/uses/") == {
        "snapshots": [], "classifiers": [], "sentence": "",
    }  # fmt: skip
    assert get(annie, "judgments/undone/uses/")["snapshots"] == []
    assert as_(pilot, "bo").get(f"{API}judgments/{pilot.judgment.pk}/uses/").status_code == 404
    assert sam.get(f"{API}judgments/{pilot.judgment.pk}/uses/").status_code == 403


def test_leads_read_what_is_stored_of_the_classifiers_view_of_an_item(pilot: Pilot) -> None:
    shown = get(as_(pilot, "lee"), f"items/{pilot.disagreement.item_id}/classifier/")

    assert (shown["classifier"], shown["served_by"], shown["blind"]) == (2, None, [])
