"""Experiments in a real browser: started, looked at while they run, stopped; and the pages around them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Role
from annotator.runs import RunStatus
from learner.evaluation.models import ComparisonRun
from learner.monitoring.experiments.sweeping import pages_written
from learner.monitoring.experiments.tallies import TALLY, counts_key, tally_redis
from learner.monitoring.models import Experiment
from learner.training.models import ClassifierVersion
from tests.browser.test_release import look
from tests.factories import make_items, make_member
from tests.learner.evaluation.release import estimate, make_evaluation
from tests.learner.evaluation.test_release_pages import pair
from tests.learner.monitoring.serving import make_served, make_version
from tests.learner.monitoring.test_experiments import differing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

SignIn = Callable[[BrowserContext, str], None]
HOME = "/projects/pilot/classifiers/experiments/"


@pytest.fixture
def versions() -> tuple[ClassifierVersion, ClassifierVersion]:
    """One serves; the other is evaluated, and passes no gate."""
    base = make_served()
    make_member(base.project, Role.LEAD, "lea")
    candidate = make_version(base.project, seed=1)
    make_evaluation(candidate)
    TALLY.forget()
    return base, candidate


def traffic(client: Client, n: int) -> None:
    """Requests of one page and of many, on sites of very different sizes."""
    words = ("arcade", "poker", "rifle", "river", "arcade/poker", "news")
    for at in range(n):
        pages = [
            f"site{(at * 37 + row) ** 2 % 501}.example/{words[(at + row) % 6]}/{at}" for row in range(200)
        ]
        client.post(
            "/api/v1/projects/pilot/score/", json.dumps({"pages": pages}), content_type="application/json"
        )
        client.post(
            "/api/v1/projects/pilot/score/", json.dumps({"pages": pages[:1]}), content_type="application/json"
        )
    TALLY.send()


def test_a_lead_tries_a_version_on_a_share_of_the_sites_and_stops(
    page: Page, live_server: Any, sign_in: SignIn, versions: tuple[ClassifierVersion, ClassifierVersion]
) -> None:
    sign_in(page.context, "lea")
    client = Client()
    client.force_login(make_member(versions[0].project, Role.SCIENTIST))
    page.goto(f"{live_server.url}{HOME}")
    look(page, "experiments-new")
    page.get_by_label("Of 100 sites").fill("40")
    page.get_by_label("What it is to show").fill("fewer games blocked by mistake")
    page.get_by_label("Why there may be an exception").fill("a week, on forty of a hundred sites")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Experiment 1 runs now.")).to_be_visible()
    row = Experiment.objects.get()
    tally_redis().delete(counts_key(row.pk))
    known = make_items(row.project, 6)
    pages_written(row, [differing(item.url, item.url_hash) for item in known])

    traffic(client, 12)
    page.reload()

    expect(page.get_by_role("heading", name="Arm against arm")).to_be_visible()
    expect(page.get_by_role("rowheader", name="Games")).to_be_visible()
    look(page, "experiment-running")
    page.get_by_label("Why it is to end").fill("seen enough")
    page.get_by_role("button", name="Stop the experiment").click()
    expect(page.get_by_text("seen enough").first).to_be_visible()
    look(page, "experiment-ended")
    page.goto(f"{live_server.url}{HOME}")
    look(page, "experiments")


def test_the_pages_around_it(
    page: Page, live_server: Any, sign_in: SignIn, versions: tuple[ClassifierVersion, ClassifierVersion]
) -> None:
    """A comparison with its parts, the over-block pack with its rules, and the tokens of an account."""
    base, candidate = versions
    better = estimate(0.05, 0.1, 0.15)
    make_member(base.project, Role.SCIENTIST, "sam")
    run = ComparisonRun.objects.create(
        project=base.project,
        base=base,
        candidate=candidate,
        asked_by=base.project.created_by,
        status=RunStatus.DONE,
        result={
            "n_items": 240,
            "n_sites": 180,
            "categories": [pair(found=3, recall=better) | {"flips": []}],
            "slices": [
                {"kind": kind, "name": name, "n": 90, "categories": [pair(found=2, recall=better)]}
                for kind, name in (("source", "crawl"), ("language", "Spanish"))
            ],
            "profiles": [pair(lost=2) | {"name": name, "number": 3} for name in ("elementary", "high")],
            "packs": [pair(n=40, cleared=2) | {"name": "art", "title": "Art"}],
        },
    )
    sign_in(page.context, "sam")

    page.goto(f"{live_server.url}/projects/pilot/classifiers/compare/{run.pk}/")
    page.locator("summary", has_text="Source: crawl").click()
    look(page, "comparison-parts")
    page.goto(f"{live_server.url}/projects/pilot/pack/")
    page.locator("summary", has_text="Health").click()
    look(page, "packs-rules")
    page.goto(f"{live_server.url}/account/")
    page.get_by_label("Name").fill("filter")
    for name in ("Read", "Write"):
        page.get_by_label(name, exact=True).uncheck()
    page.get_by_role("button", name="Make token").click()
    expect(page.get_by_role("cell", name="Score pages")).to_be_visible()
    look(page, "account-tokens")
