"""The scoring API: who answers, what comes back, and rows that cannot be scored."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from scipy.special import expit

from annotator.accounts.services import token_create
from annotator.errors import Conflict
from annotator.projects.models import Project, Role
from learner.core.features import featurise
from learner.evaluation.lens.services import ProfileDraft, profile_set, usual_rule
from learner.evaluation.release.services import promotion_back, promotion_make
from learner.monitoring.scoring import classifier_loaded
from learner.training.models import ClassifierVersion
from tests.factories import CATEGORIES, GAMBLING, GAMES, make_classifier, make_member, make_project
from tests.learner.evaluation.release import access_as, make_evaluation
from tests.learner.monitoring.serving import fitted, make_served, make_version, page_of

pytestmark = pytest.mark.django_db

ADDRESS = "/api/v1/projects/pilot/score/"


@pytest.fixture
def version() -> ClassifierVersion:
    return make_served()


@pytest.fixture
def client(version: ClassifierVersion) -> Client:
    client = Client()
    client.force_login(make_member(version.project, Role.SCIENTIST))
    return client


def ask(client: Client, body: Any, **headers: str) -> Any:
    return client.post(ADDRESS, json.dumps(body), content_type="application/json", headers=headers)


def test_each_page_gets_probabilities_labels_and_an_action_by_the_version_that_serves(
    client: Client, version: ClassifierVersion
) -> None:
    pages = [
        "HTTP://X.example/arcade#top",
        {"url": "x.example/river", "title": "poker", "text": "poker night"},
        "x.example",
    ]

    answer = ask(client, {"pages": pages})

    body = answer.json()
    assert (answer.status_code, body["classifier"], body["profile"]) == (200, version.number, "")
    first, second, third = body["results"]
    assert first["url"] == "http://x.example/arcade"
    assert (first["labels"], first["action"]) == ([GAMES], "warn")
    assert (third["labels"], third["action"]) == ([], "allow")
    pages_of = [
        page_of("http://x.example/arcade"),
        page_of("x.example/river", "poker", "poker night"),
        page_of("x.example"),
    ]
    expected = expit(fitted().decision(featurise(pages_of)))
    for row, wanted in zip((first, second, third), expected, strict=True):
        assert list(row["probabilities"]) == list(CATEGORIES)
        assert list(row["probabilities"].values()) == pytest.approx(wanted.tolist(), abs=1e-6)


def test_a_school_profile_says_what_follows_and_from_which_probability_on(
    client: Client, version: ClassifierVersion
) -> None:
    admin = access_as(version.project, Role.ADMIN)
    usual = {rule.slug: usual_rule("high", rule) for rule in admin.taxonomy.categories}
    strict = replace(usual[GAMES], action="block", objective="fixed", threshold=0.001)
    lax = replace(usual[GAMBLING], action="allow", objective="fixed", threshold=0.999_999)
    rules = list((usual | {GAMES: strict, GAMBLING: lax}).values())
    profile_set(admin, ProfileDraft("high", rules, None, "", 0))
    pages = ["x.example/arcade", "x.example/poker", "x.example"]

    bare = ask(client, {"pages": pages}).json()["results"]
    by_profile = ask(client, {"pages": pages, "profile": "high"}).json()

    assert [row["action"] for row in bare] == ["warn", "warn", "allow"]
    assert by_profile["profile"] == "high"
    assert [row["action"] for row in by_profile["results"]] == ["block", "block", "block"]
    assert [row["labels"] for row in by_profile["results"]] == [[GAMES]] * 3


def test_a_row_that_cannot_be_scored_has_its_error_and_the_others_are_answered(client: Client) -> None:
    rows = [
        "https://x.example/poker",
        "",
        "mailto:me@x.example",
        7,
        {"url": None},
        {"url": "x.example", "text": ["a"]},
        {"url": "x.example", "title": "x" * 1001},
        {"url": "x.example", "colour": "red"},
        {"url": "x.example", "text": "a\u0000\ud800b"},
        "https://x.example/\ud800",
    ]

    results = ask(client, {"pages": rows}).json()["results"]

    assert results[0]["labels"] == [GAMBLING]
    assert [row["error"]["code"] for row in results[1:8]] == [
        "no_url", "not_http", "not_a_page", "no_url", "not_text", "too_long", "unknown_field",
    ]  # fmt: skip
    assert all(row["error"]["message"] for row in results[1:8])
    assert "labels" in results[8]
    assert results[9]["error"]["code"] == "not_utf8"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "Send"),
        ({}, "Send"),
        ({"pages": []}, "1 to 1,000 pages"),
        ({"pages": "x.example"}, "1 to 1,000 pages"),
        ({"pages": ["x.example"] * 1001}, "1 to 1,000 pages"),
        ({"pages": ["x.example"], "profile": 3}, "profile is the name"),
        ({"pages": ["x.example"], "profile": "high"}, 'no school profile "high"'),
        ({"pages": ["x.example"], "models": "all"}, "cannot have models"),
        ({"pages": [{"url": "x.example", "text": "x" * 150_000}] * 30}, "at most 4,194,304 are read"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_a_sentence(
    client: Client, body: Any, said: str
) -> None:
    answer = ask(client, body)

    assert answer.status_code in (400, 413)
    assert said in answer.json()["error"]["message"]


def test_nothing_answers_before_the_first_promotion() -> None:
    project = make_project("pilot")
    make_version(project)
    client = Client()
    client.force_login(make_member(project, Role.LEAD))

    answer = ask(client, {"pages": ["x.example"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "nothing_serves")


def test_going_back_is_answered_by_the_earlier_version_at_once(
    client: Client, version: ClassifierVersion
) -> None:
    project, lead = version.project, access_as(version.project, Role.LEAD)
    newer = make_version(project, seed=1)
    assert ask(client, {"pages": ["x.example"]}).json()["classifier"] == version.number

    make_evaluation(newer)
    promotion_make(lead, newer, based_on=1, reason="newer", exception="a test")
    after = ask(client, {"pages": ["x.example"]}).json()["classifier"]
    promotion_back(lead, 1, based_on=2)

    assert after == newer.number
    assert ask(client, {"pages": ["x.example"]}).json()["classifier"] == version.number


def test_a_token_of_a_member_scores_and_an_annotators_does_not(version: ClassifierVersion) -> None:
    project: Project = version.project
    for role, status in ((Role.SCIENTIST, 200), (Role.ANNOTATOR, 403)):
        token = token_create(make_member(project, role), "filter", days=1)

        answer = ask(Client(), {"pages": ["x.example"]}, authorization=f"Token {token.secret}")

        assert answer.status_code == status


def test_a_damaged_artifact_answers_nothing_and_says_who_can_help(
    client: Client, version: ClassifierVersion
) -> None:
    make_classifier(version.project)  # it has no artifact in the storage
    newest = ClassifierVersion.objects.latest("number")

    answer = client.get(f"/api/v1/projects/pilot/classifiers/{newest.number}/bundle/")

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "file_damaged")
    assert "An operator restores it" in answer.json()["error"]["message"]
    version.sha256 = "1" * 64
    with pytest.raises(Conflict, match="is damaged"):
        classifier_loaded(version)


def test_a_version_is_read_once_in_a_process(version: ClassifierVersion) -> None:
    assert classifier_loaded(version) is classifier_loaded(ClassifierVersion.objects.get(pk=version.pk))
