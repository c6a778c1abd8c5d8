"""The learner's pages, as a client without JavaScript sees them, and the same by API."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Batch
from annotator.runs import RunStatus
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.looking import look_run_execute
from learner.query.models import LookRun, QueryRun, ShadowRun, SteeringVersion
from learner.query.selectors import steering_of
from learner.query.services import feature_run_start, query_run_start
from learner.query.shadowing import shadow_run_execute
from learner.training.forms import SteeringForm
from tests.factories import GAMES, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", batch_size=10)
    make_items(project, 30, topic="games chess")
    make_items(project, 30, topic="weather")
    feature_run_execute(feature_run_start(project).pk)
    query_run_execute(query_run_start(project, "next batch due: 0 free places", None).pk)
    return project


@pytest.fixture
def sam(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, Role.SCIENTIST, username="sam"))
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"learner:{name}", args=["pilot", *args])


def form_of(project: Project, number: int = 0) -> dict[str, Any]:
    """The form of the settings as a browser would send it back unchanged."""
    taxonomy = taxonomy_current(project)
    return SteeringForm.initial_of(steering_of(project), number, taxonomy) | {"note": ""}


def test_the_list_says_why_who_scored_and_what_was_opened(sam: Client) -> None:
    text = sam.get(page("queries")).content.decode()

    assert "Next batch due: 0 free places" in text
    assert "Definitions" in text
    assert reverse("queue:batch", args=["pilot", 1]) in text
    assert "as the project was made" in text


def test_the_list_asks_as_many_questions_for_ten_queries_as_for_one(
    sam: Client, project: Project, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(100) as one:
        sam.get(page("queries"))
    for _ in range(4):
        query_run_execute(query_run_start(project, "asked", None).pk)

    with django_assert_max_num_queries(len(one.captured_queries)):
        sam.get(page("queries"))


def test_one_query_shows_its_phases_and_its_batch(sam: Client) -> None:
    run = QueryRun.objects.get()

    text = sam.get(page("query", run.pk)).content.decode()

    assert "Ledger of batch 1" in text
    assert "open the batch" in text
    assert f"Seed {run.seed}" in text


def test_a_query_that_runs_shows_how_far_it_is_and_the_seconds_so_far(sam: Client, project: Project) -> None:
    run = query_run_start(project, "asked", None)
    QueryRun.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, stage="scoring", done=2, total=7, phases={"classifier": 0.4, "score": 1.2}
    )

    part = sam.get(page("query", run.pk), headers={"HX-Request": "true"}).content.decode()
    read = sam.get(reverse("api:query-list", args=["pilot"])).json()["results"][0]

    assert "data-poll" in part
    assert "scoring · 2 of 7" in part
    assert "1.60 seconds so far" in part
    assert (read["stage"], read["done"], read["total"], read["workers"]) == ("scoring", 2, 7, 1)
    assert read["phases"] == {"classifier": 0.4, "score": 1.2}


def test_a_query_that_ended_asks_for_no_more(sam: Client) -> None:
    run = QueryRun.objects.get()

    part = sam.get(page("query", run.pk), headers={"HX-Request": "true"}).content.decode()

    assert "data-poll" not in part
    assert "Ledger of batch 1" in part


def test_a_query_without_a_batch_says_why(sam: Client, project: Project) -> None:
    Item.objects.update(pooled=False)
    query_run_execute(query_run_start(project, "asked", None).pk)

    run = QueryRun.objects.latest("pk")
    assert run.batch is None
    assert sam.get(page("query", run.pk)).status_code == 200
    assert sam.get(page("queries")).status_code == 200


def test_an_empty_project_has_nothing_to_show(client: Client) -> None:
    project = make_project("empty")
    client.force_login(make_member(project, Role.SCIENTIST))

    text = client.get(reverse("learner:queries", args=["empty"])).content.decode()

    assert "No query yet" in text


def test_a_scientist_compares_then_sets(sam: Client, project: Project) -> None:
    sent = form_of(project) | {"batch_size": 20, f"weight-{GAMES}": 2, "compare": "1"}
    answer = sam.post(page("steering"), sent)
    run = ShadowRun.objects.get()
    assert answer["Location"] == page("shadow", run.pk)
    assert "waiting for a worker" in sam.get(page("shadow", run.pk)).content.decode()
    assert sam.post(page("shadow_adopt", run.pk)).status_code == 400

    shadow_run_execute(run.pk)
    text = sam.get(page("shadow", run.pk)).content.decode()
    assert "items in common" in text
    assert "Only the candidate" in text
    assert "nobody has labelled in the last seven days" in text
    answer = sam.post(page("shadow_adopt", run.pk))

    assert answer["Location"] == page("steering")
    assert (SteeringVersion.objects.get().batch_size, Batch.objects.count()) == (20, 1)
    assert "Others were set since" in sam.get(page("shadow", run.pk)).content.decode()
    assert sam.post(page("shadow_adopt", run.pk)).status_code == 409


def test_items_that_were_withheld_since_are_not_shown(sam: Client, project: Project) -> None:
    sam.post(page("steering"), form_of(project) | {"batch_size": 20, "compare": "1"})
    run = ShadowRun.objects.get()
    shadow_run_execute(run.pk)
    run.refresh_from_db()
    item = Item.objects.get(pk=run.result["only_candidate"][0]["item"])
    address = reverse("pool:item", args=["pilot", item.pk])
    assert address in sam.get(page("shadow", run.pk)).content.decode()

    Item.objects.filter(pk=item.pk).update(withheld=True)

    assert address not in sam.get(page("shadow", run.pk)).content.decode()


def test_wrong_settings_are_named_at_their_fields_and_nothing_is_set(sam: Client, project: Project) -> None:
    sent = form_of(project) | {"explore": 0.9, "batch_size": 0}
    answer = sam.post(page("steering"), sent)
    unfitting = sam.post(page("steering"), form_of(project) | {"explore": 0.9})

    assert (answer.status_code, unfitting.status_code) == (422, 422)
    assert b"greater than or equal to 1" in answer.content
    assert b"The shares sum to 1.7" in unfitting.content
    assert not SteeringVersion.objects.exists()


def test_a_form_that_is_older_than_the_settings_is_refused(sam: Client, project: Project) -> None:
    old = form_of(project)
    assert sam.post(page("steering"), old | {"batch_size": 20}).status_code == 302

    answer = sam.post(page("steering"), old | {"batch_size": 30})

    assert answer.status_code == 409
    assert SteeringVersion.objects.get().batch_size == 20


def test_a_lead_may_read_and_not_set(client: Client, project: Project) -> None:
    client.force_login(make_member(project, Role.LEAD))

    assert client.get(page("steering")).status_code == 200
    assert client.post(page("steering"), form_of(project) | {"batch_size": 20}).status_code == 403


def test_the_same_by_api(sam: Client, project: Project) -> None:
    address = reverse("api:steering", args=["pilot"])
    in_use = sam.get(address).json()
    assert in_use["number"] == 0
    wanted = {name: in_use[name] for name in in_use if name != "number"} | {"batch_size": 20}

    asked = sam.post(reverse("api:comparison-list", args=["pilot"]), wanted, content_type="application/json")
    shadow_run_execute(asked.json()["id"])
    compared = sam.get(reverse("api:comparison-read", args=["pilot", asked.json()["id"]])).json()
    made = sam.post(address, wanted | {"based_on": 0}, content_type="application/json")
    again = sam.post(address, wanted | {"based_on": 0}, content_type="application/json")

    assert asked.status_code == 202
    assert (compared["status"], compared["result"]["candidate"]["items"]) == ("done", 20)
    assert (made.status_code, made.json()["changes"]) == (201, "batch size 10 → 20")
    assert again.status_code == 409
    assert sam.get(address).json()["number"] == 1
    queries = sam.get(reverse("api:query-list", args=["pilot"])).json()["results"]
    assert [(row["batch"], row["steering"]) for row in queries] == [(1, None)]


def test_the_list_of_queries_has_the_makeup_of_each_batch(sam: Client, project: Project) -> None:
    first = QueryRun.objects.get()
    query_run_start(project, "asked", None)
    address = reverse("api:query-list", args=["pilot"])

    waiting, done = sam.get(address).json()["results"]
    narrow = sam.get(address, {"fields": "id,batch"}).json()["results"]

    read = sam.get(reverse("api:query-read", args=["pilot", first.pk])).json()
    assert (done["id"], done["makeup"]) == (first.pk, read["makeup"])
    assert sum(done["makeup"]["streams"].values()) == done["makeup"]["items"] > 0
    assert waiting["makeup"] is None
    assert [set(row) for row in narrow] == [{"id", "batch"}] * 2


def test_a_page_that_was_never_served_is_scored_when_somebody_asks(sam: Client, project: Project) -> None:
    item = Item.objects.filter(project=project, pooled=True).earliest("pk")
    address = page("look", item.pk)

    assert "Score it now" in sam.get(address).content.decode()
    answer = sam.post(address)

    assert (answer.status_code, answer["Location"]) == (302, reverse("pool:item", args=["pilot", item.pk]))
    run = LookRun.objects.get(item=item)
    assert "waiting for a worker" in sam.get(address).content.decode()

    look_run_execute(run.pk)

    text = sam.get(address).content.decode()
    assert "resembles the definition of" in text.lower()
    assert "Score it again" in text


def test_the_api_says_why_a_page_was_not_chosen_and_has_it_scored(sam: Client, project: Project) -> None:
    item = Item.objects.filter(project=project, pooled=True).earliest("pk")
    address = f"/api/v1/projects/pilot/items/{item.pk}/look/"

    assert sam.get(address).json()["run"] is None
    asked = sam.post(address)
    look_run_execute(asked.json()["run"]["id"])

    assert asked.status_code == 202
    assert sam.get(address).json()["run"]["result"]["lanes"]


def test_a_page_that_a_batch_took_is_not_scored(sam: Client, project: Project) -> None:
    item = Item.objects.filter(project=project, pooled=False).earliest("pk")

    assert sam.post(f"/api/v1/projects/pilot/items/{item.pk}/look/").status_code == 409
    assert sam.post(page("look", item.pk)).status_code == 409
    assert not LookRun.objects.exists()
