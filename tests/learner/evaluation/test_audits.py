"""The page of audits and its API: plans, batches of audits alone, and what evaluations take for true."""

from typing import Any

import numpy as np
import pytest
from django.test import Client

from annotator.pool.models import Item, Split
from annotator.projects.models import LogEntry, Project, Role
from annotator.queue.models import BatchItem, Stream
from annotator.runs import RunStatus
from learner.core.planner import played
from learner.evaluation.models import Evaluation, EvaluationRun, Truth, TruthSetting
from learner.evaluation.planning import audit_plan, pace_seconds
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.models import AuditWave, QueryRun
from learner.query.services import feature_run_start, query_run_hand_over
from learner.training.services import newest_file
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
)
from tests.learner.core.test_planner import known

pytestmark = pytest.mark.django_db

PAGE = "/projects/pilot/classifiers/audits/"
API = "/api/v1/projects/pilot/audits/"
ASKED = {"category": GAMES, "measure": "recall", "points": "8"}


@pytest.fixture
def project() -> Project:
    """A project with holdout items, and an evaluation that knows something of games."""
    project = make_project("pilot")
    make_items(project, 20, topic="games chess")
    make_items(project, 30, topic="weather", split=Split.HOLDOUT)
    feature_run_execute(feature_run_start(project).pk)
    return project


@pytest.fixture
def evaluated(project: Project) -> Project:
    estimate = {"value": 0.7, "low": 0.5, "high": 0.9, "n": 12, "why_undefined": ""}
    scores: dict[str, Any] = dict.fromkeys(("precision", "recall", "f1"), estimate)
    row = [{"category": GAMES, **scores}]
    facts = {
        "macro_f1": estimate,
        "micro_f1": estimate,
        "n_categories": 1,
        "categories": row,
        "plans": {GAMES: played(known(300), rng=np.random.default_rng(1))},
        "traffic": {"categories": row},
    }
    Evaluation.objects.create(
        project=project,
        classifier=make_classifier(project),
        last_resolution=0,
        n_items=300,
        facts=facts,
    )
    return project


@pytest.fixture
def sam(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, Role.SCIENTIST))
    return client


def test_the_plan_says_how_many_labels_and_what_they_cost(evaluated: Project, sam: Client) -> None:
    annotator = make_member(evaluated)
    judged = make_items(evaluated, 10)
    make_batch(evaluated, judged)
    for item in judged:
        make_judgment(item, annotator, seconds=36.0)
    evaluated.overlap = 2
    evaluated.save()

    plan = audit_plan(evaluated, GAMES, "recall", 8)
    text = sam.get(PAGE, ASKED).content.decode()

    assert plan.plan is not None
    assert plan.minutes is not None
    assert plan.minutes.value == pytest.approx(plan.plan.needed.value * 2 * 36 / 60)
    assert plan.number == 1
    assert plan.n == plan.plan.needed.value
    assert "To know recall of Games within 8 points takes about" in text
    assert "of people&#x27;s time" in text


def test_no_cost_is_said_before_there_is_a_pace(evaluated: Project) -> None:
    assert pace_seconds(evaluated) is None
    assert audit_plan(evaluated, GAMES, "recall", 8).minutes is None


@pytest.mark.parametrize(
    ("category", "why"),
    [(GAMBLING, "Version 1 has not learned Gambling"), (GAMES, "")],
)
def test_a_category_that_is_not_learned_has_no_plan(evaluated: Project, category: str, why: str) -> None:
    assert audit_plan(evaluated, category, "recall", 3).why.startswith(why)


def test_no_plan_is_made_before_the_first_evaluation(sam: Client) -> None:
    text = sam.get(PAGE, ASKED).content.decode()

    assert "No version is evaluated yet." in text
    assert "None yet. Each batch has a share of audits" in text


@pytest.mark.parametrize(
    "asked",
    [
        ASKED | {"category": "nothing"},
        ASKED | {"measure": "accuracy"},
        ASKED | {"points": "0"},
        ASKED | {"points": "nan"},
        ASKED | {"points": "99"},
        {"category": GAMES},
    ],
)
def test_what_cannot_be_planned_is_named(evaluated: Project, sam: Client, asked: dict[str, str]) -> None:
    page, api = sam.get(PAGE, asked), sam.get(API + "plan/", asked)

    assert page.status_code == 200
    assert "errorlist" in page.content.decode()
    assert api.status_code == (200 if len(asked) == 1 else 400)  # the API has defaults


def test_the_api_has_the_plan(evaluated: Project, sam: Client) -> None:
    found = sam.get(API + "plan/", ASKED).json()

    plan = audit_plan(evaluated, GAMES, "recall", 8)
    assert plan.plan is not None
    assert found["needed"]["value"] == plan.plan.needed.value
    assert found["words"] == plan.words
    assert (found["classifier"], found["why"], found["minutes"]) == (1, "", None)


def test_a_batch_of_audits_alone_opens_through_the_normal_ways(project: Project, sam: Client) -> None:
    answer = sam.post(PAGE + "open/", {"category": GAMES, "n": "12"})

    run = QueryRun.objects.get(project=project)
    assert answer.status_code == 302
    assert (run.audits_only, run.audit_focus) == (12, {GAMES: 1.0})
    query_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    ledger = BatchItem.objects.filter(batch=run.batch)
    assert ledger.count() == 12
    assert set(ledger.values_list("stream", "stopping")) == {(Stream.AUDIT, "fixed")}
    assert AuditWave.objects.get(project=project).n_drawn == 12
    assert LogEntry.objects.filter(project=project, text__endswith="asked for 12 audits for Games").exists()
    assert "chance alone" in sam.get(PAGE).content.decode()


def test_the_draw_that_takes_fewer_labels_is_planned_and_opened(evaluated: Project, sam: Client) -> None:
    evaluation = Evaluation.objects.get()
    ways = evaluation.facts["plans"][GAMES]["recall"]
    ways["by_score"], ways["at_random"] = ways["at_random"], ways["by_score"]
    Evaluation.objects.create(
        project=evaluated,
        classifier=evaluation.classifier,
        last_resolution=0,
        n_items=300,
        facts=evaluation.facts,
    )

    plan = audit_plan(evaluated, GAMES, "recall", 8)
    page = sam.get(PAGE, ASKED).content.decode()
    answer = sam.post(PAGE + "open/", {"category": GAMES, "n": plan.n, "at_random": "1"})

    assert plan.plan is not None
    assert plan.n == plan.plan.at_random.value < plan.plan.needed.value
    assert "more labels, drawn at random. Drawn where the category may be it would take" in plan.words
    assert 'name="at_random" value="1"' in page
    assert answer.status_code == 302
    run = QueryRun.objects.get(project=evaluated, audits_only=plan.n)
    newest = newest_file(evaluated)
    assert newest is not None
    assert not query_run_hand_over(evaluated, newest), "a draw at random goes by no classifier"
    run.refresh_from_db()
    assert (run.artifact, run.audit_focus) == ("", {})
    assert run.reason.endswith(f"{plan.n} audits for Games, at random")


def test_the_api_opens_a_batch_of_audits_too(project: Project, sam: Client) -> None:
    answer = sam.post(API, {"category": GAMES, "n": 5}, content_type="application/json")

    assert answer.status_code == 202
    assert answer.json()["id"] == QueryRun.objects.get(project=project, audits_only=5).pk


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"category": "nothing", "n": 5}, 400),
        ({"category": GAMES, "n": 0}, 400),
        ({"category": GAMES, "n": 99_999}, 400),
        ({"category": GAMES, "n": "many"}, 400),
        ({}, 400),
    ],
)
def test_a_batch_that_cannot_be_is_refused(sam: Client, sent: dict[str, Any], status: int) -> None:
    assert sam.post(API, sent, content_type="application/json").status_code == status
    assert sam.post(PAGE + "open/", sent).status_code == status
    assert not QueryRun.objects.exists()


def test_a_batch_is_refused_while_another_is_chosen_or_when_all_is_audited(
    project: Project, sam: Client
) -> None:
    sent = {"category": GAMES, "n": 5}
    sam.post(API, sent, content_type="application/json")
    busy = sam.post(API, sent, content_type="application/json")
    QueryRun.objects.update(status=RunStatus.DONE)
    Item.objects.filter(project=project, split=Split.HOLDOUT).update(pooled=False)
    used_up = sam.post(API, sent, content_type="application/json")

    assert (busy.status_code, used_up.status_code) == (409, 409)
    assert "Every holdout item is audited already." in used_up.content.decode()
    assert QueryRun.objects.count() == 1


def test_what_is_taken_for_true_is_a_row_and_asks_for_an_evaluation(evaluated: Project, sam: Client) -> None:
    sam.post(PAGE + "truth/", {"truth": Truth.INFERRED})

    setting = TruthSetting.objects.get(project=evaluated)
    assert setting.truth == Truth.INFERRED
    assert EvaluationRun.objects.filter(project=evaluated, status=RunStatus.PENDING).count() == 1
    assert f"Set by {setting.set_by.username}" in sam.get(PAGE).content.decode()


@pytest.mark.parametrize("truth", ["", "nothing", Truth.RESOLVED])
def test_a_truth_that_is_none_or_the_same_is_refused(sam: Client, truth: str) -> None:
    assert sam.post(PAGE + "truth/", {"truth": truth}).status_code == 400
    assert not TruthSetting.objects.exists()


def test_scores_by_requests_are_shown_where_they_are_known(evaluated: Project, sam: Client) -> None:
    text = sam.get(PAGE).content.decode()

    assert "The same by requests" in text
    assert text.count("[0.50, 0.90]") == 4
