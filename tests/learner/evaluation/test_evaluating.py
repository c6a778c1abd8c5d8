"""Evaluating: only on what the audit stream drew from holdout, weighted by how likely each was."""

from dataclasses import asdict

import numpy as np
import pytest

from annotator.judgments.models import Verdict
from annotator.pool.models import Item, Split
from annotator.projects.access import Can, project_for
from annotator.projects.models import LogEntry, Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import AgreementReport, CategoryInference, Method, Resolution
from annotator.runs import RunStatus
from learner.evaluation.audited import audited_items
from learner.evaluation.evaluating import evaluation_run_execute
from learner.evaluation.lens.services import ProfileDraft, pack_add, profile_set, usual_rule
from learner.evaluation.models import Evaluation, EvaluationRun, KnownPages, Truth, TruthSetting
from learner.evaluation.responses import Response, response_of
from learner.evaluation.selectors import audited_resolutions, evaluation_latest, result_of
from learner.evaluation.services import evaluation_run_start
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion
from learner.training.services import training_run_start
from tests.factories import (
    CATEGORIES,
    GAMES,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    make_user,
    make_wave,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """A project with a classifier that knows games, and no audited items."""
    project = make_project()
    for topic, labels in (("games chess", [GAMES]), ("weather", [])):
        for item in make_items(project, 12, topic=topic):
            make_resolution(item, labels)
    return project


def draw(project: Project, items: list[Item], *, probability: float, stream: Stream = Stream.AUDIT) -> None:
    choices = [
        BatchChoice(
            item_id=item.pk,
            stream=stream,
            strategy="uniform",
            score=None,
            reason="",
            classifier_number=None,
            pool_size=100,
            inclusion_probability=probability,
            seed=1,
        )
        for item in items
    ]
    batch = batch_open(
        project,
        choices,
        fingerprint=str(items[0].pk),
        reason="",
        seed=1,
        classifier_number=None,
        pool_size=100,
    )
    if stream == Stream.AUDIT:
        make_wave(batch, {item.pk: probability for item in items})


def audited(project: Project, n: int, topic: str, labels: list[str], *, probability: float) -> list[Item]:
    items = make_items(project, n, topic=topic, split=Split.HOLDOUT)
    draw(project, items, probability=probability)
    for item in items:
        make_resolution(item, labels)
    return items


def evaluate(project: Project) -> EvaluationRun:
    feature_run_execute(feature_run_start(project).pk)
    if not ClassifierVersion.objects.filter(project=project).exists():
        training_run_execute(training_run_start(project, "").pk)
    run = evaluation_run_start(project)
    evaluation_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_each_category_has_scores_with_n_and_intervals_when_holdout_items_are_audited(
    project: Project,
) -> None:
    audited(project, 4, "games chess", [GAMES], probability=0.5)
    audited(project, 6, "weather", [], probability=0.5)

    run = evaluate(project)

    evaluation = Evaluation.objects.get(project=project)
    result = result_of(evaluation.classifier, evaluation)
    games, gambling, _ = result.categories
    assert run.status == RunStatus.DONE
    assert evaluation.n_items == 10
    assert (games.f1.value, games.f1.high, games.f1.n) == (1.0, 1.0, 4)
    assert games.f1.low is not None
    assert games.f1.low < 0.9
    assert gambling.f1.value is None
    assert gambling.f1.why == "not learned yet: 0 positives, 5 needed"
    assert result.macro_f1.value == 1.0
    assert "Classifier v1 on 10 audited holdout items: macro-F1 1.00" in LogEntry.objects.latest("pk").text


def test_what_was_audited_stands_for_the_whole_holdout(project: Project) -> None:
    make_items(project, 27, topic="games chess", split=Split.HOLDOUT)
    audited(project, 3, "games chess", [GAMES], probability=0.1)
    audited(project, 3, "weather", [GAMES], probability=1.0)
    hidden = make_items(project, 1, topic="games chess", split=Split.HOLDOUT)
    Item.objects.filter(pk=hidden[0].pk).update(withheld=True)

    evaluate(project)

    facts = Evaluation.objects.get(project=project).facts
    score = facts["categories"][0]
    assert (score["tp"], score["fn"], score["n"]) == (30.0, 3.0, 6)
    assert facts["n_population"] == 33


def test_only_what_the_audit_stream_drew_from_holdout_counts(project: Project) -> None:
    counted = audited(project, 2, "weather", [], probability=0.5)
    undrawn = make_items(project, 1, split=Split.HOLDOUT)[0]
    make_resolution(undrawn)
    unreachable = make_items(project, 1, split=Split.HOLDOUT)
    draw(project, unreachable, probability=0.5)
    make_resolution(unreachable[0], verdict=Verdict.UNREACHABLE)
    explored = make_items(project, 1)
    draw(project, explored, probability=0.5, stream=Stream.EXPLORE)
    make_resolution(explored[0])

    found = audited_items(project, taxonomy_current(project), CATEGORIES)

    assert found.item_ids.tolist() == [item.pk for item in counted]
    assert np.array_equal(found.chances, [0.5, 0.5])
    assert audited_resolutions(project).count() == 2


def test_audited_labels_are_read_in_the_taxonomy_of_the_classifier(project: Project) -> None:
    earlier = taxonomy_current(project)
    (before,) = audited(project, 1, "chess", [GAMES], probability=0.5)
    publish_operations(project, split_into(GAMES, "board", "video"))
    (after,) = audited(project, 1, "chess", ["video"], probability=0.5)

    old = audited_items(project, earlier, CATEGORIES)
    new = audited_items(project, taxonomy_current(project), taxonomy_current(project).slugs)

    assert old.item_ids.tolist() == [before.pk, after.pk]
    assert old.truth.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert new.truth.tolist() == [[-1, -1, 0, 0], [0, 1, 0, 0]]


def test_a_run_fails_with_a_sentence_when_nothing_is_audited(project: Project) -> None:
    run = evaluate(project)

    assert run.status == RunStatus.FAILED
    assert run.error == "No audited holdout item is resolved yet. Label on: each batch has some."
    assert not Evaluation.objects.exists()


def test_evaluations_add_up_when_more_items_are_audited(project: Project) -> None:
    audited(project, 2, "games chess", [GAMES], probability=0.5)
    evaluate(project)
    audited(project, 2, "games chess", [GAMES], probability=0.5)

    evaluate(project)

    version = ClassifierVersion.objects.get(project=project)
    latest = evaluation_latest(version)
    assert latest is not None
    assert Evaluation.objects.filter(classifier=version).count() == 2
    assert latest.n_items == 4


def test_what_was_inferred_from_skills_is_no_truth_to_evaluate_by(project: Project) -> None:
    (item,) = audited(project, 1, "games chess", [GAMES], probability=0.1)
    before = Resolution.objects.get(item=item)
    assert audited_resolutions(project).count() == 1

    make_resolution(item, [GAMES], method=Method.INFERRED, supersedes=before)

    assert audited_resolutions(project).count() == 0


def test_an_evaluation_says_what_became_of_all_that_was_drawn(project: Project) -> None:
    drawn = make_items(project, 6, topic="weather", split=Split.HOLDOUT)
    draw(project, drawn, probability=0.5)
    make_resolution(drawn[0])
    make_resolution(drawn[1], verdict=Verdict.UNREACHABLE)
    make_resolution(drawn[2], method=Method.INFERRED)
    Item.objects.filter(pk=drawn[3].pk).update(withheld=True)

    found = response_of(project)
    evaluate(project)

    assert found == Response(drawn=6, labelled=1, waiting=2, no_labels=1, inferred=1, withheld=1)
    assert found.silent == 4
    facts = Evaluation.objects.get(project=project).facts
    assert facts["response"] == asdict(found)
    assert facts["truth"] == Truth.RESOLVED


def test_only_what_a_lead_decided_counts_when_the_project_wants_it_so(project: Project) -> None:
    audited(project, 2, "games chess", [GAMES], probability=0.5)
    (decided,) = make_items(project, 1, topic="games chess", split=Split.HOLDOUT)
    draw(project, [decided], probability=0.5)
    TruthSetting.objects.create(project=project, truth=Truth.ADJUDICATED, set_by=make_user())

    failed = evaluate(project)
    make_resolution(decided, [GAMES], method=Method.ADJUDICATED, resolved_by=make_user())
    evaluate(project)

    assert failed.error.startswith("No audited holdout item is adjudicated yet")
    evaluation = Evaluation.objects.get(project=project)
    assert (evaluation.n_items, evaluation.facts["truth"]) == (1, Truth.ADJUDICATED)


def test_doubt_about_people_is_carried_where_the_project_wants_it(project: Project) -> None:
    """Two of three say games: by their skills of .8 and .9 and a prior of .5 that is 36 to 1, with the third 9.14."""
    (doubted,) = audited(project, 1, "games chess", [GAMES], probability=0.5)
    (decided,) = audited(project, 1, "weather", [GAMES], probability=0.5)
    make_resolution(
        decided,
        [],
        method=Method.ADJUDICATED,
        resolved_by=make_user(),
        supersedes=Resolution.objects.get(item=decided),
    )
    skills_of_the_team(project)
    for item in (doubted, decided):
        for labels in ([GAMES], [GAMES], []):
            make_judgment(item, make_member(project), labels)

    found = audited_items(project, taxonomy_current(project), CATEGORIES, Truth.INFERRED)

    odds = (0.8 / 0.1) ** 2 * (0.2 / 0.9)
    assert found.truth[0].tolist() == pytest.approx([odds / (1 + odds), 0, 0])
    assert found.truth[1].tolist() == [0, 0, 0]


def test_doubt_weighs_against_what_pages_with_such_a_score_are(project: Project) -> None:
    """One of one sees games on a page about the weather: 8 to 1 by skill alone, but none of 30 such pages has them."""
    audited(project, 30, "games chess", [GAMES], probability=0.5)
    (doubted, *_) = audited(project, 30, "weather", [], probability=0.5)
    for resolution in Resolution.objects.filter(item__split=Split.HOLDOUT).exclude(item=doubted):
        make_resolution(
            resolution.item,
            resolution.labels,
            method=Method.ADJUDICATED,
            resolved_by=make_user(),
            supersedes=resolution,
        )
    skills_of_the_team(project)
    make_judgment(doubted, make_member(project), [GAMES])
    TruthSetting.objects.create(project=project, truth=Truth.INFERRED, set_by=make_user())

    evaluate(project)

    games = Evaluation.objects.get(project=project).facts["categories"][0]
    assert games["n"] == 60
    assert 0 < games["fn"] < 1  # by the team's prior of one half it were 8 / 9 of two pages


def skills_of_the_team(project: Project) -> None:
    """What truth inference has found of games: half of the items show it, people see 80 % and are right in 90 %."""
    report = AgreementReport.objects.create(
        project=project,
        taxonomy=taxonomy_current(project).version,
        last_judgment=0,
        n_items=100,
        n_judgments=300,
        n_others=0,
        seed=1,
        categories=[],
    )
    CategoryInference.objects.create(
        project=project,
        category=GAMES,
        report=report,
        n_items=100,
        n_judgments=300,
        prevalence=0.5,
        sensitivity=0.8,
        specificity=0.9,
    )


def test_scores_by_requests_are_of_the_pages_whose_traffic_is_known(project: Project) -> None:
    hit = audited(project, 4, "games chess", [GAMES], probability=1.0)
    missed = audited(project, 4, "weather", [GAMES], probability=1.0)
    Item.objects.filter(pk__in=[item.pk for item in hit[:3]]).update(traffic=30)
    Item.objects.filter(pk=missed[0].pk).update(traffic=10)

    evaluate(project)

    facts = Evaluation.objects.get(project=project).facts
    traffic = facts["traffic"]
    assert (traffic["n_population"], traffic["requests"]) == (4, 100)
    games = traffic["categories"][0]
    assert (games["tp"], games["fn"], games["n"]) == (90, 10, 4)
    assert facts["categories"][0]["tp"] == 4


def test_no_scores_by_requests_are_kept_when_no_traffic_is_known(project: Project) -> None:
    audited(project, 2, "games chess", [GAMES], probability=0.5)

    evaluate(project)

    assert Evaluation.objects.get(project=project).facts["traffic"] is None


def test_an_evaluation_keeps_curves_slices_packs_and_known_pages(project: Project) -> None:
    games = audited(project, 6, "games chess", [GAMES], probability=0.5)
    audited(project, 30, "weather", [], probability=0.5)
    trained = Item.objects.filter(project=project, split=Split.TRAIN).order_by("pk")
    admin = project_for(project.created_by, project.slug, Can.STEER)
    pack_add(admin, "reference", [games[0].pk, trained[0].pk])
    rules = [usual_rule("elementary", category) for category in admin.taxonomy.categories]
    profile_set(admin, ProfileDraft("elementary", rules, None, "", 0))

    evaluate(project)

    facts = Evaluation.objects.get(project=project).facts
    score = facts["categories"][0]
    assert score["recall"]["value"] == 1.0
    assert 0 < score["calibration"]["brier"]["value"] < 0.2
    assert len(score["curve"]["thresholds"]) == len(score["curve"]["recall"]) <= 49
    assert facts["confusion"]["categories"] == [*CATEGORIES, "none"]
    assert {one["kind"] for one in facts["slices"]} >= {"site", "text"}
    assert [(one["name"], one["n"]) for one in facts["policies"]] == [("elementary", 36)]
    (reference,) = [one for one in facts["pack"] if one["name"] == "reference"]
    assert reference["n"] == 2
    assert reference["categories"][0]["category"] == GAMES
    known = KnownPages.objects.get(evaluation__project=project, category=GAMES).pages
    assert {page[0] for page in known if page[3]} >= {item.pk for item in games}
    assert any(not page[3] for page in known)
