"""Pages on which versions are compared, and the one that tells an executive what ships."""

from typing import Any

import pytest
from django.test import Client

from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.core.gate import Rules
from learner.evaluation.models import ComparisonRun
from learner.evaluation.release.services import gate_of, promotion_make, rules_set
from tests.factories import GAMES, VIOLENCE, make_classifier, make_items, make_member, make_project
from tests.learner.evaluation.release import access_as, bad, estimate, make_evaluated, write_card

pytestmark = pytest.mark.django_db

HOME = "/projects/pilot/classifiers"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    write_card(project)
    rules_set(access_as(project, Role.ADMIN), Rules(recall={VIOLENCE: 0.9}), based_on=0)
    return project


@pytest.fixture
def client(project: Project) -> Client:
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    return client


def pair(**changes: Any) -> dict[str, Any]:
    nothing = estimate(-0.01, 0.0, 0.01)
    counts = {"n": 240, "lost": 0, "found": 0, "blocked": 0, "cleared": 0, "p_lost": 1.0, "p_blocked": 1.0}
    return {
        "category": GAMES,
        **counts,
        "recall": nothing,
        "false_positive_rate": nothing,
        "f1": nothing,
        **changes,
    }


def test_two_versions_are_chosen_and_compared_by_a_worker(project: Project, client: Client) -> None:
    make_evaluated(project)
    make_evaluated(project)

    assert '<option value="2" selected>v2</option>' in client.get(f"{HOME}/compare/").content.decode()
    answer = client.post(f"{HOME}/compare/", {"base": 1, "candidate": 2})

    run = ComparisonRun.objects.get()
    assert (run.base.number, run.candidate.number, run.status) == (1, 2, RunStatus.PENDING)
    assert answer["Location"] == f"{HOME}/compare/{run.pk}/"
    assert "every 2s" in client.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    "sent", [{}, {"base": 1, "candidate": 1}, {"base": 9, "candidate": 1}, {"base": "x", "candidate": 1}]
)
def test_what_cannot_be_compared_is_refused(
    project: Project, client: Client, sent: dict[str, object]
) -> None:
    make_evaluated(project)

    answer = client.post(f"{HOME}/compare/", sent)

    assert answer.status_code == 422
    assert not ComparisonRun.objects.exists()


def test_a_comparison_shows_differences_and_pages_but_no_sealed_one(project: Project, client: Client) -> None:
    shown, sealed = make_items(project, 2)
    type(sealed).objects.filter(pk=sealed.pk).update(withheld=True)
    flips = [
        {"item": item.pk, "present": True, "candidate": False, "weight": 4.0} for item in (shown, sealed)
    ]
    worse = pair(lost=12, p_lost=0.0001, recall=estimate(-0.3, -0.2, -0.1), flips=flips)
    run = ComparisonRun.objects.create(
        project=project,
        base=make_evaluated(project),
        candidate=make_evaluated(project),
        asked_by=project.created_by,
        status=RunStatus.DONE,
        result={"n_items": 240, "n_sites": 200, "categories": [pair(category=VIOLENCE, flips=[]), worse]},
    )

    page = client.get(f"{HOME}/compare/{run.pk}/").content.decode()

    assert "-0.200" in page
    assert page.count('chip-bad">worse') == 1
    assert shown.host.replace(".", "[.]") in page
    assert sealed.host.replace(".", "[.]") not in page
    assert client.get(f"{HOME}/compare/999999/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"lost": 12, "p_lost": 0.0001, "recall": estimate(-0.3, -0.2, -0.1)},
            "v2 is worse than v1 in Games (recall -0.200 [-0.300, -0.100], n=",
        ),
        (
            {"cleared": 12, "p_cleared": 0.0001, "false_positive_rate": estimate(-0.03, -0.02, -0.01)},
            "v2 is better than v1 in Games (false-positive rate -0.020 [-0.030, -0.010], n=",
        ),
        (
            {"lost": 2, "found": 1, "p_lost": 0.4, "p_found": 0.9, "recall": estimate(-0.1, -0.01, 0.08)},
            "v2 and v1 are not told apart on 240 items. They differ most on 3 of them, in Games (recall -0.010 [",
        ),
        (
            {"blocked": 2, "p_blocked": 0.4, "false_positive_rate": estimate(-0.1, 0.02, 0.08)},
            "v2 and v1 are not told apart on 240 items. They differ most on 2 of them, in Games"
            " (false-positive rate +0.020 [",
        ),
        ({}, "v2 and v1 are not told apart on 240 items. They answer every one alike."),
    ],
)
def test_a_comparison_leads_with_its_result(
    project: Project, client: Client, changes: dict[str, Any], said: str
) -> None:
    run = ComparisonRun.objects.create(
        project=project,
        base=make_evaluated(project),
        candidate=make_evaluated(project),
        asked_by=project.created_by,
        status=RunStatus.DONE,
        result={"n_items": 240, "n_sites": 200, "categories": [pair(flips=[]) | changes]},
    )

    page = client.get(f"{HOME}/compare/{run.pk}/").content.decode()

    assert f'<p class="lede">{said}' in page


def test_the_summary_says_what_got_better_what_is_at_risk_and_links_to_its_sources(
    project: Project, client: Client
) -> None:
    first = make_evaluated(project)
    promotion_make(access_as(project, Role.LEAD), first, based_on=0, reason="the first")
    better = pair(f1=estimate(0.05, 0.1, 0.15))
    second = make_evaluated(project, **bad(VIOLENCE), against={"number": 1, "categories": [better]})
    gate_of(second)

    page = client.get(f"{HOME}/2/summary/").content.decode()

    assert "Version 2 may not serve: it fails the gate." in page
    assert "Games is told better than by v1: F1 +0.10 [+0.05, +0.15]." in page
    assert "Violence: recall at least 0.90: fail, even the upper bound 0.40 is below it." in page
    assert "Nothing can be foreseen yet, for too few evaluated versions" in page
    for source in ("2/card/", "2/gate/", "2/gate/#rule-1"):
        assert f'href="{HOME}/{source}"' in page
    for source in ("1/evaluation/", "2/evaluation/", f"2/evaluation/{VIOLENCE}/"):
        assert f'href="/projects/pilot/classifiers/{source}"' in page
    assert 'id="rule-1"' in client.get(f"{HOME}/2/gate/").content.decode()
    assert f'href="{HOME}/curve/"' in page
    assert page.count('<svg class="chart"') >= 2
    assert "Version 1 serves." in client.get(f"{HOME}/1/summary/").content.decode()


def test_the_summary_of_a_version_of_which_nothing_is_known_says_so(project: Project, client: Client) -> None:
    make_classifier(project)

    page = client.get(f"{HOME}/1/summary/").content.decode()

    assert "was not held against the release gate yet" in page
    assert "Nobody knows how often pages that must not be blocked are" in page


def test_a_comparison_shows_its_slices_profiles_and_packs_and_the_api_has_them_too(
    project: Project, client: Client
) -> None:
    first, second = make_evaluated(project), make_evaluated(project)
    better = estimate(0.05, 0.1, 0.15)
    part = {"kind": "source", "name": "crawl", "n": 90, "categories": [pair(found=3, recall=better)]}
    run = ComparisonRun.objects.create(
        project=project,
        base=first,
        candidate=second,
        asked_by=project.created_by,
        status=RunStatus.DONE,
        result={
            "n_items": 240,
            "n_sites": 180,
            "categories": [pair() | {"flips": []}],
            "slices": [part],
            "profiles": [pair(lost=2) | {"name": "high", "number": 3}],
            "packs": [pair(n=40) | {"name": "art", "title": "Art"}],
        },
    )

    page = client.get(f"{HOME}/compare/{run.pk}/").content.decode()
    address = "/api/v1/projects/pilot/version-comparisons/"
    listed, read = client.get(address).json(), client.get(f"{address}{run.pk}/").json()

    for said in ("Source: crawl", "+0.100", "High school", "Pages about", "Art"):
        assert said in page
    assert listed["results"][0]["status"] == "done"
    assert read["slices"][0]["lines"][0]["found"] == 3
    assert read["profiles"][0]["lost"] == 2
    assert read["packs"][0]["name"] == "Art"
    assert (read["n_items"], read["n_sites"]) == (240, 180)
    assert read["verdict"].startswith(
        f"v{second.number} and v{first.number} are not told apart on 240 items."
    )
    assert f'<p class="lede">{read["verdict"]}</p>' in page
    assert [(row["worse"], row["better"]) for row in read["categories"]] == [(False, False)]


def test_a_comparison_that_runs_has_no_verdict_over_the_api(project: Project, client: Client) -> None:
    first, second = make_evaluated(project), make_evaluated(project)
    run = ComparisonRun.objects.create(
        project=project, base=first, candidate=second, asked_by=project.created_by
    )

    read = client.get(f"/api/v1/projects/pilot/version-comparisons/{run.pk}/").json()

    assert (read["verdict"], read["n_items"], read["categories"]) == (None, None, [])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"base": 1, "candidate": 1}, 400),
        ({"base": 1, "candidate": 9}, 404),
        ({"base": 1}, 400),
        ({"base": 1, "candidate": 2}, 202),
    ],
)
def test_the_api_has_two_versions_compared(project: Project, client: Client, sent: Any, status: int) -> None:
    make_evaluated(project)
    make_evaluated(project)

    answer = client.post("/api/v1/projects/pilot/version-comparisons/", sent, content_type="application/json")

    assert answer.status_code == status
    assert ComparisonRun.objects.count() == (status == 202)
