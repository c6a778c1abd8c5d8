"""The pages and the API of errors, as a scientist and a lead use them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from learner.core.recipe import RECIPE
from learner.errors.models import ClassifierError, ErrorAction, ErrorCause, ErrorCluster, ErrorReport, Part
from learner.evaluation.models import Evaluation
from learner.query.models import FeatureShard
from tests.erred import make_errors
from tests.evaluated import make_evaluation
from tests.factories import (
    GAMES,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/pilot"


@pytest.fixture
def errors() -> list[ClassifierError]:
    """Four false alarms of games, with two judgments on the first."""
    project = make_project("pilot")
    version = make_classifier(project)
    items = make_items(project, 4, topic="casino roulette")
    make_batch(project, items)
    make_judgment(items[0], make_member(project, username="annie"), [])
    make_judgment(items[0], make_member(project, username="bo"), [GAMES])
    resolutions = [make_resolution(item, []) for item in items]
    return make_errors(make_evaluation(version, items), resolutions)


@pytest.fixture
def project(errors: list[ClassifierError]) -> Project:
    return errors[0].project


def signed_in(client: Client, project: Project, role: Role = Role.SCIENTIST) -> Client:
    client.force_login(make_member(project, role))
    return client


def test_the_list_shows_errors_counts_and_clusters(client: Client, project: Project) -> None:
    page = signed_in(client, project).get("/projects/pilot/errors/").content.decode()

    assert page.count("data-row") == 4
    assert "4 false alarms of Games share the word “roulette”" in page
    assert "Not learned, so never predicted: Violence (on 3 audited pages)" in page
    assert "https://" not in page.split("<main")[1].split("</main")[0]


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("category=games", 4),
        ("category=violence", 0),
        ("kind=miss", 0),
        ("kind=alarm&cause=none", 4),
        ("cause=label", 0),
        ("part=train", 0),
        ("site=nowhere.example", 0),
    ],
)
def test_the_list_is_narrowed(client: Client, project: Project, query: str, n: int) -> None:
    answer = signed_in(client, project).get(f"/projects/pilot/errors/?{query}")

    assert answer.status_code == 200
    assert answer.content.decode().count("data-row") == n


@pytest.mark.parametrize(
    "query", ["category=moon", "kind=x", "version=99", "cluster=x", "cause=moon", "part=%00"]
)
def test_a_filter_that_cannot_be_is_told(client: Client, project: Project, query: str) -> None:
    answer = signed_in(client, project).get(f"/projects/pilot/errors/?{query}")

    assert answer.status_code == 422
    assert "This filter cannot be read" in answer.content.decode()


def test_a_project_without_errors_says_what_is_waited_for(client: Client) -> None:
    project = make_project("pilot")
    signed_in(client, project)

    for path in ("errors/", "errors/clusters/", "errors/reports/"):
        assert "No errors yet" in client.get(f"/projects/pilot/{path}").content.decode()
    assert "No cause yet" in client.get("/projects/pilot/errors/causes/").content.decode()
    assert client.get(f"{API}/errors/").json()["classifier"] is None


def test_one_error_tells_words_people_similar_pages_and_reasons(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    page = signed_in(client, project).get(f"/projects/pilot/errors/{errors[0].pk}/").content.decode()

    assert "roulette" in page
    assert "+1.40" in page
    assert "Person 1" in page
    assert "annie" not in page, "a scientist does not learn who said what"
    assert "1 of 2 people judged otherwise than is held." in page
    assert "Nothing is chosen for you." in page
    assert "has it" in page


def test_a_lead_sees_who_judged_and_may_begin_a_clause(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    signed_in(client, project, Role.LEAD)

    page = client.get(f"/projects/pilot/errors/{errors[0].pk}/").content.decode()
    answer = client.post(
        "/projects/pilot/errors/clause/", {"error": errors[0].pk, "title": "Roulette", "body": "Is gambling."}
    )

    assert "annie" in page
    assert "Add to the draft of the guideline" in page
    assert answer["Location"] == f"/projects/pilot/errors/{errors[0].pk}/"
    assert ErrorAction.objects.get().clause


def test_a_withheld_page_shows_nothing(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    Item.objects.filter(pk=errors[0].item_id).update(withheld=True)
    signed_in(client, project)

    assert client.get(f"/projects/pilot/errors/{errors[0].pk}/").status_code == 409
    assert client.get("/projects/pilot/errors/").status_code == 200


def test_causes_are_assigned_in_the_list_and_one_by_one(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    signed_in(client, project)
    sent: dict[str, Any] = {"cause": "guideline", "reason": "No clause.", "back": "kind=alarm"}

    answer = client.post("/projects/pilot/errors/causes/", {**sent, "error": [errors[0].pk, errors[1].pk]})
    client.post("/projects/pilot/errors/causes/", {**sent, "error": errors[2].pk, "back": ""})

    assert answer["Location"] == "/projects/pilot/errors/?kind=alarm"
    assert ErrorCause.objects.count() == 3
    assert ErrorCause.objects.latest("pk").suggested in ("", "guideline", "label", "features", "drift")
    assert (
        '<td data-label="Guideline gap" class="num">'
        in client.get("/projects/pilot/errors/causes/").content.decode()
    )


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"error": ""}, 400),
        ({"error": "x"}, 400),
        ({"cause": "moon"}, 400),
        ({"reason": ""}, 400),
        ({"error": str(2**60)}, 404),
        ({"cluster": "1"}, 400),
    ],
)
def test_what_cannot_be_assigned_is_refused(
    client: Client, project: Project, errors: list[ClassifierError], change: dict[str, str], status: int
) -> None:
    signed_in(client, project)
    sent = {"error": str(errors[0].pk), "cause": "label", "reason": "x", **change}

    assert client.post("/projects/pilot/errors/causes/", sent).status_code == status
    assert not ErrorCause.objects.exists()


def test_a_cluster_goes_to_the_report_that_asked_for_it(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    signed_in(client, project, Role.LEAD)
    client.post("/projects/pilot/errors/reports/", {"title": "Casinos", "version": 1, "category": GAMES})
    cluster = ErrorCluster.objects.get(by="word")
    FeatureShard.objects.create(
        project=project, recipe=RECIPE, first_item=1, last_item=2, n_items=2, path="x", sha256="0" * 64
    )
    make_items(project, 1)

    page = client.get("/projects/pilot/errors/clusters/?report=1").content.decode()
    relook = client.post("/projects/pilot/errors/relook/", {"cluster": cluster.pk, "report": 1})
    batch = client.post("/projects/pilot/errors/batch/", {"cluster": cluster.pk, "report": 1, "n": 10})

    assert 'name="report" value="1"' in page
    assert relook["Location"] == batch["Location"] == "/projects/pilot/errors/reports/1/"
    text = client.get("/projects/pilot/errors/reports/1/").content.decode()
    assert "Put up 4 labels as suspects from 4 false alarms of Games share the word" in text
    assert "Asked for 10 pages like" in text


def test_a_report_is_written_finished_and_downloaded(client: Client, project: Project) -> None:
    signed_in(client, project)
    begun = client.post("/projects/pilot/errors/reports/", {"title": "Casinos", "version": 1, "category": ""})
    address = begun["Location"]
    sent = {"summary": "**Casinos** <script>alert(1)</script>", "why": "x", "done": "y", "based_on": 1}

    saved = client.post(address, sent)
    stale = client.post(address, sent)
    finished = client.post(address, {**sent, "based_on": 2, "finish": "1"})

    assert (saved.status_code, stale.status_code, finished.status_code) == (302, 422, 302)
    page = client.get(address).content.decode()
    assert "<strong>Casinos</strong>" in page
    assert "<script>alert" not in page
    assert "it stays as it is" in page
    file = client.get(f"{address}report.md")
    assert file["Content-Type"].startswith("text/markdown")
    assert file.content.decode().startswith("# Casinos\n")
    assert client.post(address, {**sent, "based_on": 3}).status_code == 422


def test_the_errors_of_a_version_are_looked_for_anew(client: Client, project: Project) -> None:
    signed_in(client, project)

    assert client.post(reverse("errors:search", args=["pilot", 1])).status_code == 302
    assert client.post(reverse("errors:search", args=["pilot", 9])).status_code == 404


def test_the_api_lists_reads_assigns_and_acts(
    client: Client, project: Project, errors: list[ClassifierError]
) -> None:
    signed_in(client, project, Role.LEAD)

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"{API}/{path}", body, content_type="application/json")

    listed = client.get(f"{API}/errors/?kind=alarm").json()
    assert (listed["classifier"], listed["count"], listed["next_page"]) == (1, 4, None)
    assert listed["categories"] == [{"category": GAMES, "misses": 0, "alarms": 4}]
    assert listed["results"][0]["address"].startswith("hxxps://www[.]")
    assert client.get(f"{API}/errors/?page=2").json()["results"] == []
    assert client.get(f"{API}/errors/?page=x").status_code == 400
    one = client.get(f"{API}/errors/{errors[0].pk}/").json()
    assert (one["agree"], one["oppose"], one["towards"][0]["word"]) == (1, 1, "roulette")
    assert len(one["causes"]) == 4
    sent = {"errors": [errors[0].pk], "cause": "label", "reason": "They play."}
    assert post("errors/causes/", sent).json() == {"n": 1}
    assert client.get(f"{API}/errors/causes/").json()["versions"][0]["causes"]["label"] == 1
    assert client.get(f"{API}/errors/{errors[0].pk}/").json()["error"]["cause"]["cause"] == "label"
    assert post("errors/relook/", {"errors": [errors[0].pk]}).status_code == 201
    assert post("errors/relook/", {"errors": [errors[0].pk]}).status_code == 409
    assert post("errors/batch/", {"errors": [errors[0].pk], "n": 5}).status_code == 409


def test_a_report_is_begun_and_written_through_the_api(client: Client, project: Project) -> None:
    signed_in(client, project)

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"{API}/{path}", body, content_type="application/json")

    begun = post("error-reports/", {"title": "Casinos", "classifier": 1})
    written = {"summary": "a", "why": "b", "done": "c", "finish": True}
    finished = post("error-reports/1/", {**written, "based_on": 1})

    assert begun.status_code == 201
    assert begun.json()["version"] == 1
    assert finished.json()["finished"] is True
    assert "# Casinos" in client.get(f"{API}/error-reports/1/").json()["markdown"]
    assert client.get(f"{API}/error-reports/").json()["count"] == 1
    assert post("error-reports/1/", {**written, "based_on": 2}).status_code == 409
    assert post("error-reports/", {"title": "x", "classifier": 9}).status_code == 404
    assert ErrorReport.objects.count() == 1


def test_the_list_asks_as_many_questions_for_fifty_errors_as_for_four(
    client: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    evaluation = Evaluation.objects.get(project=project)
    items = make_items(project, 60, topic="casino")
    make_errors(evaluation, [make_resolution(item, []) for item in items], part=Part.AUDIT)
    signed_in(client, project)

    with django_assert_max_num_queries(16):
        page = client.get("/projects/pilot/errors/").content.decode()

    assert page.count("data-row") == 50
