"""The words that drive a version: found after it is published, by a run of their own."""

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.explaining import driving_run_execute
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion, DrivingRun
from learner.training.services import training_run_start
from tests.factories import GAMBLING, GAMES, make_items, make_member, make_project, make_resolution

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> DrivingRun:
    """That of a version trained on pages about games and about the weather."""
    project = make_project("pilot")
    for topic, labels in (("games chess", [GAMES]), ("weather", [])):
        for item in make_items(project, 12, topic=topic):
            make_resolution(item, labels)
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "a test").pk)
    return DrivingRun.objects.get()


def test_a_version_is_there_before_its_words(run: DrivingRun) -> None:
    assert run.version == ClassifierVersion.objects.get()
    assert (run.status, run.result) == (RunStatus.PENDING, {})


def test_words_are_found_for_the_categories_that_are_learned(run: DrivingRun) -> None:
    driving_run_execute(run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    assert {"chess", "games"} & {row["word"] for row in run.result[GAMES]}
    assert run.result[GAMBLING] == []


def test_what_was_resolved_since_is_left_out(run: DrivingRun) -> None:
    for item in make_items(run.project, 9, topic="games chess"):
        make_resolution(item, [GAMES])

    driving_run_execute(run.pk)

    run.refresh_from_db()
    assert {row["of_positives"] for row in run.result[GAMES]} == {12}


def test_a_missing_artifact_is_a_sentence_on_the_page(run: DrivingRun, client: Client) -> None:
    default_storage.delete(run.version.artifact)
    driving_run_execute(run.pk)
    client.force_login(make_member(run.project, Role.SCIENTIST))

    text = page_of(client, run.project)

    assert "is gone from the storage" in text
    assert "data-poll" not in text


def test_the_page_waits_for_the_words_and_then_shows_them(run: DrivingRun, client: Client) -> None:
    client.force_login(make_member(run.project, Role.SCIENTIST))
    assert "Comes in a moment" in page_of(client, run.project)

    driving_run_execute(run.pk)

    text = page_of(client, run.project)
    assert "Comes in a moment" not in text
    assert "Other pages with it" in text


def page_of(client: Client, project: Project) -> str:
    """The part that polls."""
    address = reverse("training:classifier", args=[project.slug, 1])
    return client.get(address, headers={"HX-Request": "true"}).content.decode()
