"""Beside the scores: a card and a gate result, speed, failures, the version against what serves, any two compared."""

from dataclasses import replace

import pytest

from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.evaluation.cards import card_facts, card_latest
from learner.evaluation.comparing import comparison_run_execute
from learner.evaluation.evaluating import evaluation_run_execute
from learner.evaluation.lens.services import ProfileDraft, pack_add, profile_set, usual_rule
from learner.evaluation.models import ComparisonRun, Evaluation
from learner.evaluation.release.selectors import gate_latest
from learner.evaluation.release.services import promotion_make
from learner.evaluation.services import evaluation_request
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion
from learner.training.services import training_run_start
from tests.factories import GAMES, make_items, make_project, make_resolution, make_user
from tests.learner.evaluation.release import access_as
from tests.learner.evaluation.test_evaluating import audited, evaluate

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """A project whose first version is evaluated: of six audited pages about games two do not look like it."""
    project = make_project()
    for topic, labels in (("games chess", [GAMES]), ("weather", [])):
        for item in make_items(project, 12, topic=topic):
            make_resolution(item, labels)
    audited(project, 4, "games chess", [GAMES], probability=0.5)
    audited(project, 2, "weather", [GAMES], probability=0.25)
    audited(project, 6, "weather", [], probability=0.5)
    evaluate(project)
    return project


def train_again(project: Project) -> ClassifierVersion:
    """A second version, for which weather is games too."""
    for item in make_items(project, 30, topic="weather"):
        make_resolution(item, [GAMES])
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "").pk)
    return ClassifierVersion.objects.latest("number")


def test_an_evaluation_measures_speed_and_failures_and_makes_a_card_and_a_gate_result(
    project: Project,
) -> None:
    evaluation = Evaluation.objects.get()
    version = evaluation.classifier

    assert evaluation.facts["speed"]["p99_ms"] > 0
    assert {row["kind"] for row in evaluation.facts["failures"]} == {"missed"}
    assert evaluation.facts["against"] == {}
    gate, card = gate_latest(version), card_latest(version)
    assert gate is not None
    assert card is not None
    assert gate.row.evaluation == evaluation
    assert "recall:games" in {line.rule for line in gate.lines} or gate.lines
    facts = card_facts(card)
    assert [row.address.startswith("hxxp") for row in facts.failures] == [True, True]
    assert facts.features["recipe"] == version.recipe


def test_a_version_is_compared_with_what_serves_on_the_same_items(project: Project) -> None:
    first = ClassifierVersion.objects.get()
    lead = access_as(project, Role.LEAD)
    promotion_make(lead, first, based_on=0, reason="the first", exception="there is no other")
    second = train_again(project)

    evaluation_run_execute(evaluation_request(lead, second).pk)

    against = Evaluation.objects.latest("pk").facts["against"]
    games = next(row for row in against["categories"] if row["category"] == GAMES)
    assert against["number"] == first.number
    assert (games["found"], games["lost"]) == (2, 0)
    assert games["blocked"] == 6
    assert games["recall"]["value"] == pytest.approx(0.5)  # the two weigh four each, the others two
    gate = gate_latest(second)
    assert gate is not None
    assert gate.row.against == first


def test_an_older_version_can_be_evaluated_too(project: Project) -> None:
    first = ClassifierVersion.objects.get()
    train_again(project)

    evaluation_run_execute(evaluation_request(access_as(project, Role.LEAD), first).pk)

    assert Evaluation.objects.latest("pk").classifier == first
    assert Evaluation.objects.count() == 2


def compare(project: Project) -> ComparisonRun:
    first, second = ClassifierVersion.objects.order_by("number")
    run = ComparisonRun.objects.create(project=project, base=first, candidate=second, asked_by=make_user())
    comparison_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_any_two_versions_are_compared_with_pages_that_flip(project: Project) -> None:
    train_again(project)

    run = compare(project)

    assert (run.status, run.result["n_items"]) == (RunStatus.DONE, 12)
    games = next(row for row in run.result["categories"] if row["category"] == GAMES)
    assert [flip["present"] for flip in games["flips"]].count(True) == 2
    assert games["flips"][0]["weight"] == 4.0


def test_two_versions_are_compared_on_every_slice_profile_and_pack(project: Project) -> None:
    train_again(project)
    admin = access_as(project, Role.ADMIN)
    usual = [usual_rule("high", category) for category in admin.taxonomy.categories]
    blocking = [replace(rule, action="block") if rule.category == GAMES else rule for rule in usual]
    profile_set(admin, ProfileDraft("high", blocking, None, "", 0))
    innocent = make_items(project, 5, topic="weather")
    pack_add(access_as(project, Role.LEAD), "health", [item.pk for item in innocent], "weather harms nobody")

    result = compare(project).result

    assert {row["kind"] for row in result["slices"]} >= {"site", "text"}
    for part in result["slices"]:
        inside = next(row for row in part["categories"] if row["category"] == GAMES)
        assert inside["n"] == part["n"]
    tail = next(row for row in result["slices"] if row["name"].startswith("tail"))
    games = next(row for row in tail["categories"] if row["category"] == GAMES)
    assert (tail["n"], games["found"], games["blocked"]) == (12, 2, 6)
    (school,) = result["profiles"]
    assert (school["name"], school["found"], school["blocked"]) == ("high", 2, 6)
    assert school["recall"]["value"] > 0
    packs = {row["name"]: row for row in result["packs"]}
    assert (len(packs), packs["art"]["n"], packs["health"]["n"]) == (8, 0, 5)


def test_an_evaluation_tells_over_blocking_and_misses_of_a_profile_slice_by_slice(project: Project) -> None:
    admin = access_as(project, Role.ADMIN)
    usual = [usual_rule("high", category) for category in admin.taxonomy.categories]
    blocking = [replace(rule, action="block") if rule.category == GAMES else rule for rule in usual]
    profile_set(admin, ProfileDraft("high", blocking, None, "", 0))

    evaluation_run_execute(evaluation_request(admin, ClassifierVersion.objects.get()).pk)

    (policy,) = Evaluation.objects.latest("pk").facts["policies"]
    assert sum(policy[name] for name in ("tp", "fp", "fn", "tn")) == pytest.approx(12)
    tail = next(row for row in policy["slices"] if row["name"].startswith("tail"))
    assert (tail["kind"], tail["n"]) == ("site", 12)
    assert tail["fnr"]["value"] == pytest.approx(policy["fnr"]["value"], abs=0.2)
    assert tail["fpr"]["value"] == 0


def test_a_sealed_page_is_not_looked_at(project: Project) -> None:
    train_again(project)
    Item.objects.filter(split="holdout").update(withheld=True)

    run = compare(project)

    assert run.status == RunStatus.FAILED
    assert "No audited holdout item" in run.error
