"""The API of classifier versions, and the progress of a project."""

import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from annotator.projects.models import Project, Role
from annotator.runtime.embedded import REPOSITORY
from learner.query.services import query_run_start
from tests.factories import make_batch, make_items, make_judgment, make_member

pytestmark = pytest.mark.django_db


def signed_in(client: Client, project: Project, role: Role = Role.SCIENTIST) -> Client:
    client.force_login(make_member(project, role))
    return client


def test_versions_are_listed_newest_first_with_their_scores(client: Client, evaluated: Project) -> None:
    response = signed_in(client, evaluated).get(reverse("api:classifier-list", args=[evaluated.slug]))

    newest, first = response.json()["results"]
    assert (newest["number"], first["number"]) == (2, 1)
    assert newest["macro_f1"] == {"value": 0.75, "low": 0.5, "high": 0.9, "n": 12, "why": ""}
    assert newest["n_audited"] == 31
    assert first["n_audited"] is None
    assert first["macro_f1"]["why"] == "not evaluated yet"
    assert [category["learned"] for category in newest["categories"]] == [True, False, False]


def test_one_version_is_read_by_its_number(client: Client, evaluated: Project) -> None:
    signed_in(client, evaluated)

    assert client.get(reverse("api:classifier-read", args=[evaluated.slug, 1])).json()["number"] == 1
    missing = client.get(reverse("api:classifier-read", args=[evaluated.slug, 9]))
    assert missing.status_code == 404
    assert missing.json()["error"]["message"] == "This project has no classifier version 9."


def test_annotators_read_progress_but_no_classifiers(client: Client, evaluated: Project) -> None:
    signed_in(client, evaluated, Role.ANNOTATOR)

    assert client.get(reverse("api:classifier-list", args=[evaluated.slug])).status_code == 403
    assert client.get(reverse("api:progress-read", args=[evaluated.slug])).status_code == 200


def test_progress_tells_where_the_loop_stands(client: Client, evaluated: Project) -> None:
    items = make_items(evaluated, 2)
    make_batch(evaluated, items)
    make_judgment(items[0], make_member(evaluated))
    run = query_run_start(evaluated, "next batch due: 3 free places", None)

    body = signed_in(client, evaluated).get(reverse("api:progress-read", args=[evaluated.slug])).json()

    assert body["queue"] == {"free": 3, "offered": 0, "waiting": 0}
    assert body["judgments"] == {"today": 1, "last_hour": 1}
    assert body["training"] == {"latest": 2, "done": 0, "needed": evaluated.retrain_after}
    assert body["query"]["reason"] == "next batch due: 3 free places"
    assert [(line["kind"], line["id"], line["status"]) for line in body["runs"]] == [
        ("Query", run.pk, "pending")
    ]


def test_the_web_process_loads_nothing_that_computes() -> None:
    # Each web worker would hold a hundred megabytes more, and start four seconds later.
    code = (
        "import sys, annotator.wsgi, annotator.urls\n"
        "print([name for name in ('sklearn', 'modAL') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == "[]"
