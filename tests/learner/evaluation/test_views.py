"""Pages about classifiers, as a client without JavaScript sees them."""

import pytest
from django.test import Client
from django.urls import reverse

from annotator.projects.models import LogEntry, Project, Role
from learner.query.models import FeatureShard, QueryRun
from learner.training.models import TrainingRun
from tests.factories import make_classifier, make_member, make_project, make_taxonomy

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}
STAFF = {Role.LEAD, Role.SCIENTIST, Role.ADMIN}


def page(project: Project, name: str, *args: object) -> str:
    return reverse(f"training:{name}", args=[project.slug, *args])


def signed_in(client: Client, project: Project, role: Role = Role.LEAD) -> Client:
    client.force_login(make_member(project, role, username="somebody"))
    return client


def text_of(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers=headers)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", ["classifiers", "overview_part", "train", "choose"])
def test_only_staff_gets_in(client: Client, evaluated: Project, role: Role, name: str) -> None:
    FeatureShard.objects.create(
        project=evaluated, recipe="r", first_item=1, last_item=1, n_items=1, path="p", sha256=""
    )
    ask = client.post if name in {"train", "choose"} else client.get
    signed_in(client, evaluated, role)

    response = ask(page(evaluated, name))

    assert response.status_code == (403 if role not in STAFF else 302 if name in {"train", "choose"} else 200)


def test_a_version_of_another_project_is_not_found(client: Client, evaluated: Project) -> None:
    other = make_project()
    signed_in(client, other)

    assert client.get(page(evaluated, "classifier", 1)).status_code == 404
    assert client.get(page(other, "classifier", 1)).status_code == 404


def test_the_list_shows_versions_with_f1_and_what_is_not_learned(client: Client, evaluated: Project) -> None:
    text = text_of(signed_in(client, evaluated), page(evaluated, "classifiers"))

    assert page(evaluated, "classifier", 2) in text
    assert "Not learned yet: 2 positives, 5 needed" in text
    assert ">0.75<" in text
    assert "n=12" in text
    assert "not evaluated yet" in text
    assert "<h1>" not in text_of(client, page(evaluated, "classifiers"), **HTMX)


def test_a_category_is_marked_when_an_earlier_version_did_not_know_it(
    client: Client, evaluated: Project
) -> None:
    make_taxonomy(evaluated, ["games", "chat"])
    make_classifier(evaluated)

    text = text_of(signed_in(client, evaluated), page(evaluated, "classifiers"))

    assert text.count("not in its taxonomy") == 2


def test_one_version_shows_each_category_with_a_chart(client: Client, evaluated: Project) -> None:
    text = text_of(signed_in(client, evaluated), page(evaluated, "classifier", 2))

    assert "Classifier v2" in text
    assert "0.400" in text
    assert "no item has it" in text
    assert 'class="chart"' in text
    assert "31" in text


def test_an_empty_project_says_what_comes_first(client: Client) -> None:
    project = make_project()
    signed_in(client, project)

    assert "No classifier yet" in text_of(client, page(project, "classifiers"))
    assert "To the first classifier" in text_of(client, page(project, "overview_part"))


def test_the_overview_part_shows_progress_the_last_query_and_failed_runs(
    client: Client, evaluated: Project
) -> None:
    QueryRun.objects.create(
        project=evaluated, reason="next batch due", seed=1, status="failed", error="The file is damaged."
    )

    text = text_of(signed_in(client, evaluated), page(evaluated, "overview_part"))

    assert "new resolutions since v2" in text
    assert "Next batch due" in text
    assert "The file is damaged." in text
    assert "F1 on 31 audited holdout items so far" in text
    assert "<html" not in text


def test_a_retrain_is_started_when_a_lead_asks(client: Client, evaluated: Project) -> None:
    signed_in(client, evaluated)

    response = client.post(page(evaluated, "train"), follow=True)

    assert "A retrain is asked for" in response.content.decode()
    assert TrainingRun.objects.get(project=evaluated, status="pending").reason == "asked by somebody"
    assert LogEntry.objects.latest("pk").text == "somebody asked for a retrain"


def test_a_batch_is_started_with_the_newest_version_when_a_lead_asks(
    client: Client, evaluated: Project
) -> None:
    FeatureShard.objects.create(
        project=evaluated, recipe="r", first_item=1, last_item=1, n_items=1, path="p", sha256=""
    )
    signed_in(client, evaluated)

    client.post(page(evaluated, "choose"))

    run = QueryRun.objects.get(project=evaluated)
    assert (run.reason, run.classifier_number, run.artifact) == (
        "asked by somebody",
        2,
        "classifiers/v2.npz",
    )


def test_asking_is_refused_when_the_project_is_paused_or_has_no_features(
    client: Client, evaluated: Project
) -> None:
    signed_in(client, evaluated)

    assert client.post(page(evaluated, "choose")).status_code == 409
    Project.objects.filter(pk=evaluated.pk).update(paused=True)
    assert client.post(page(evaluated, "train")).status_code == 409
    assert not QueryRun.objects.exists()
    assert not TrainingRun.objects.filter(status="pending").exists()
