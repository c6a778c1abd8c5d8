"""Finding errors: a real classifier, real features, real rows."""

import pytest
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import LogEntry
from annotator.runs import RunStatus
from learner.core.due import Due, ErrorFacts, NotDue, errors_due
from learner.errors.finding import error_run_execute
from learner.errors.models import ClassifierError, ErrorCluster, ErrorDetail, ErrorRun, Kind, Part
from learner.errors.selectors import (
    ErrorsWanted,
    category_counts,
    cluster_lines,
    clusters_listed,
    error_facts,
    error_lines,
    errors_listed,
    run_taxonomy,
)
from learner.errors.services import error_run_start
from learner.evaluation.models import Evaluation
from learner.tick import project_tick
from tests.factories import GAMES, VIOLENCE, make_classifier, make_resolution
from tests.learner.errors.conftest import Erring, find

pytestmark = pytest.mark.django_db


def test_missed_grave_pages_come_first_then_the_surest_false_alarms(erring: Erring) -> None:
    run = find(erring.project)

    rows = list(errors_listed(run, ErrorsWanted()))

    misses, alarms = rows[:2], rows[2:]
    assert {row.item_id for row in misses} == {item.pk for item in erring.misses}
    assert {(row.kind, row.category, row.grave, row.part) for row in misses} == {
        (Kind.MISS, VIOLENCE, 3, Part.AUDIT)
    }
    assert {row.item_id for row in alarms if row.category == GAMES} == {item.pk for item in erring.alarms}
    assert {row.kind for row in alarms} == {Kind.ALARM}
    assert [row.wrongness for row in alarms] == sorted((row.wrongness for row in alarms), reverse=True)
    assert all(row.probability >= row.threshold for row in alarms)
    assert all(row.probability < row.threshold for row in misses)


def test_what_was_counted_is_told_by_category_and_apart_for_train(erring: Erring) -> None:
    run = find(erring.project)
    taxonomy = run_taxonomy(run)

    counted = {row.slug: (row.misses, row.alarms) for row in category_counts(run, Part.AUDIT, taxonomy)}

    assert counted[VIOLENCE][0] == 2
    assert counted[GAMES][1] == 6
    assert run.facts["n_pages"] == {"audit": 16, "train": 60}
    assert [row["category"] for row in run.facts["unlearned"]] == ["gambling"]
    assert not errors_listed(run, ErrorsWanted(part=Part.TRAIN, category=GAMES)).exists()


def test_errors_that_share_the_word_that_misled_are_one_cluster(erring: Erring) -> None:
    run = find(erring.project)

    lines = cluster_lines(clusters_listed(run, Part.AUDIT, category=GAMES), run_taxonomy(run))

    words = {line.cluster.word: line for line in lines if line.cluster.by == ErrorCluster.By.WORD}
    assert words, [line.words for line in lines]
    largest = max(words.values(), key=lambda line: line.cluster.n)
    assert largest.cluster.n == 6
    assert largest.words.startswith("6 false alarms of Games share the word “")
    assert errors_listed(run, ErrorsWanted(cluster=largest.cluster)).count() == 6


def test_errors_on_one_site_are_one_cluster(erring: Erring) -> None:
    site = erring.alarms[0].registrable_domain
    Item.objects.filter(pk__in=[item.pk for item in erring.alarms[:3]]).update(registrable_domain=site)
    run = find(erring.project)

    # The key of the site is that of the feature shard, which knows the sites of then.
    assert {row.n for row in clusters_listed(run, Part.AUDIT) if row.by == "site"} in (set(), {3})
    assert errors_listed(run, ErrorsWanted(site=f"https://{site}/x")).count() >= 1
    assert not errors_listed(run, ErrorsWanted(site="nowhere.example")).exists()


def test_each_error_has_its_words_and_similar_training_pages(erring: Erring) -> None:
    run = find(erring.project)
    error = errors_listed(run, ErrorsWanted(category=GAMES)).first()
    assert error is not None

    detail = ErrorDetail.objects.get(error=error)

    assert detail.towards[0][2] > 0
    assert "dice" in {word for word, *_ in detail.towards}
    assert detail.has_text
    assert detail.n_words > 5
    similar = Item.objects.filter(pk__in=[row[0] for row in detail.similar])
    assert similar
    assert {item.split for item in similar} == {"train"}
    assert [row[1] for row in detail.similar] == sorted((row[1] for row in detail.similar), reverse=True)
    assert detail.similar[0][2] == 1, "the nearest page says dice too, and is a game"


def test_what_is_erased_or_sealed_loses_its_words_at_once(erring: Erring) -> None:
    run = find(erring.project)
    first, second = errors_listed(run, ErrorsWanted(category=GAMES))[:2]

    Item.objects.filter(pk=first.item_id).update(erased_at=timezone.now())
    Item.objects.filter(pk=second.item_id).update(withheld=True)

    assert not ErrorDetail.objects.filter(error__in=[first.pk, second.pk]).exists()
    lines = {line.error.pk: line for line in error_lines([first, second], run_taxonomy(run))}
    assert lines[second.pk].title == ""


def test_a_newer_search_replaces_the_rows_of_the_version(erring: Erring) -> None:
    earlier = find(erring.project)
    n = ClassifierError.objects.filter(run=earlier).count()

    later = find(erring.project)

    assert later.pk != earlier.pk
    assert ClassifierError.objects.filter(run=later).count() == n
    assert not ClassifierError.objects.filter(run=earlier).exists()
    assert not ErrorCluster.objects.filter(run=earlier).exists()


def test_a_label_that_was_corrected_is_no_error_in_the_next_search(erring: Erring) -> None:
    first = find(erring.project)
    error = errors_listed(first, ErrorsWanted(category=GAMES)).first()
    assert error is not None
    make_resolution(error.item, [GAMES], supersedes=error.resolution)

    run = find(erring.project)

    assert error.item_id not in errors_listed(run, ErrorsWanted(category=GAMES)).values_list(
        "item", flat=True
    )


def test_a_search_is_due_after_each_evaluation_and_the_tick_starts_it(erring: Erring) -> None:
    now = timezone.now()
    assert isinstance(errors_due(ErrorFacts(None), now=now), NotDue)
    assert errors_due(error_facts(erring.project), now=now) == Due("errors due: v1 was evaluated")

    project_tick(erring.project, now)

    run = ErrorRun.objects.get(project=erring.project)
    error_run_execute(run.pk)
    assert errors_due(error_facts(erring.project), now=now) == NotDue("the errors of v1 are known")
    assert LogEntry.objects.filter(
        project=erring.project, text__contains="audited holdout items, and"
    ).exists()


def test_a_version_whose_file_is_gone_says_so(erring: Erring) -> None:
    version = make_classifier(erring.project)
    evaluation = Evaluation.objects.latest("pk")
    Evaluation.objects.create(
        project=erring.project, classifier=version, last_resolution=1, n_items=1, facts=evaluation.facts
    )

    run = error_run_start(erring.project)
    error_run_execute(run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "is gone from the storage" in run.error
