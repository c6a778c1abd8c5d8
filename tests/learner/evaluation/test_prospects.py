"""The learning curve of a project: what its versions reached, and what more labels would bring."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotator.projects.models import Project, Role
from learner.evaluation.models import Evaluation
from learner.evaluation.prospects import learning_curve
from learner.training.models import ClassifierVersion
from tests.factories import CATEGORIES, GAMBLING, GAMES, make_classifier, make_member, make_project
from tests.learner.evaluation.conftest import estimate

pytestmark = pytest.mark.django_db

RECALL = (0.3, 0.5, 0.62, 0.7)


def evaluate(version: ClassifierVersion, recall: float, n: int) -> None:
    none = estimate(None, "no item has it")
    known = {"value": recall, "low": recall - 0.1, "high": recall + 0.1, "n": n, "why_undefined": ""}
    scores = [{"category": slug, **dict.fromkeys(("precision", "recall", "f1"), none)} for slug in CATEGORIES]
    scores[0] |= {"recall": known}
    facts = {"macro_f1": known, "micro_f1": known, "n_categories": 1, "categories": scores}
    Evaluation.objects.create(
        project=version.project, classifier=version, last_resolution=9, n_items=31, facts=facts
    )


@pytest.fixture
def learned() -> Project:
    """Four versions, each on twice the labels of the one before it."""
    project = make_project("pilot")
    for number, recall in enumerate(RECALL):
        evaluate(make_classifier(project, n_resolutions=100 * 2**number), recall, n=80)
    return project


def test_a_category_with_a_history_has_a_gain_and_a_way_to_its_floor(learned: Project) -> None:
    curve = learning_curve(learned)

    games = next(row for row in curve.categories if row.slug == GAMES)
    assert games.reached == RECALL
    assert games.prospect.gain is not None
    assert 0 < games.prospect.gain.value < 0.3
    assert games.prospect.needed is not None
    assert games.prospect.needed.value > 0
    assert [row.name for row in curve.macro_f1] == ["100", "200", "400", "800"]


def test_a_category_without_audited_items_says_why(learned: Project) -> None:
    gambling = next(row for row in learning_curve(learned).categories if row.slug == GAMBLING)

    assert gambling.prospect.gain is None
    assert "0 evaluated versions are too few" in gambling.prospect.words
    assert gambling.recall.why == "no item has it"


def test_the_same_rows_give_the_same_numbers(learned: Project) -> None:
    assert learning_curve(learned).categories == learning_curve(learned).categories


def test_the_page_and_the_api_say_the_same(client: Client, learned: Project) -> None:
    client.force_login(make_member(learned, Role.SCIENTIST))

    text = client.get(reverse("training:curve", args=["pilot"])).content.decode()
    answer = client.get(reverse("api:classifier-prospects", args=["pilot"]))

    games = next(row for row in answer.json() if row["slug"] == GAMES)
    assert games["words"] in text
    assert json.loads(answer.content, parse_constant=_no_number) == answer.json()
    assert "Macro-F1 by labels" in text


def _no_number(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")


def test_a_project_without_an_evaluation_has_nothing_to_show(client: Client) -> None:
    project = make_project("empty")
    make_classifier(project)
    client.force_login(make_member(project, Role.LEAD))

    text = client.get(reverse("training:curve", args=["empty"])).content.decode()

    assert "No evaluated version yet" in text
