"""Choosing a batch: from features and a classifier, or from definitions alone; once, and only with its run."""

from datetime import timedelta

import numpy as np
import pytest
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item, Split
from annotator.projects.models import Category, LogEntry, Project, TaxonomyVersion
from annotator.queue.models import Assignment, Batch, BatchItem, Stream
from annotator.queue.places import assignment_claim
from annotator.runs import RunStatus
from learner.core.artifact import artifact_bytes
from learner.core.candidates import DEFINED
from learner.core.classifier import LinearClassifier
from learner.query import choosing
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.files import StoredFile, file_write
from learner.query.finds import finds_now
from learner.query.models import QueryRun
from learner.query.services import ClassifierFile, feature_run_start, query_run_start
from learner.query.shards import shards_load
from learner.query.ways import classifier_loaded, way_of_run
from tests.factories import (
    CATEGORIES,
    GAMES,
    VIOLENCE,
    make_items,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project(batch_size=10)
    make_items(project, 30, topic="games chess")
    make_items(project, 30, topic="weather")
    make_items(project, 10, topic="games chess", split=Split.HOLDOUT)
    feature_run_execute(feature_run_start(project).pk)
    return project


def run_query(project: Project, classifier: ClassifierFile | None = None) -> QueryRun:
    run = query_run_start(project, "next batch due: 0 free places", classifier)
    QueryRun.objects.filter(pk=run.pk).update(seed=1)
    query_run_execute(run.pk)
    run.refresh_from_db()
    return run


def stored_classifier(project: Project) -> StoredFile:
    shard = next(shards_load(project))
    truth = np.zeros((len(shard), len(CATEGORIES)), dtype=np.int8)
    truth[:30, 0] = 1
    rows = ~shard.holdout
    classifier = LinearClassifier(CATEGORIES).fit(
        shard.features[rows], truth[rows], groups=shard.domains[rows]
    )
    return file_write("classifiers", "v1", artifact_bytes(classifier, {}))


def test_a_batch_of_every_stream_is_opened_when_there_is_a_classifier(project: Project) -> None:
    file = stored_classifier(project)

    run = run_query(project, ClassifierFile(1, file.name, file.sha256))

    batch = Batch.objects.get(project=project)
    ledger = list(BatchItem.objects.filter(batch=batch).select_related("item"))
    assert run.status == RunStatus.DONE
    assert (run.batch, run.pool_size) == (batch, 60)
    assert set(run.phases) == {"classifier", "load", "mask", "score", "gather", "select", "open"}
    assert (batch.n_items, batch.classifier_number, batch.reason) == (10, 1, "next batch due: 0 free places")
    assert {row.stream for row in ledger} == {Stream.QUERY, Stream.RARE, Stream.EXPLORE, Stream.AUDIT}
    assert all((row.item.split == Split.HOLDOUT) == (row.stream == Stream.AUDIT) for row in ledger)
    assert Assignment.objects.filter(project=project).count() == 10 * project.overlap
    assert "Batch 1 is open: 10 items chosen by classifier v1" in LogEntry.objects.latest("pk").text


def test_every_stream_knows_what_a_learned_classifier_expects(project: Project) -> None:
    grave_without_terms(project, GAMES)
    file = stored_classifier(project)

    run_query(project, ClassifierFile(1, file.name, file.sha256))

    about_games = Q(item__url__contains="games-chess")
    ledger = BatchItem.objects.filter(batch__project=project)
    assert {row.stream for row in ledger} == {Stream.QUERY, Stream.RARE, Stream.EXPLORE, Stream.AUDIT}
    assert {(row.severity, *row.expected) for row in ledger.filter(about_games)} == {(3, GAMES)}
    assert {(row.severity, *row.expected) for row in ledger.exclude(about_games)} == {(0,)}
    places = Assignment.objects.filter(project=project)
    assert set(places.filter(about_games).values_list("severity", flat=True)) == {3}
    assert set(places.exclude(about_games).values_list("severity", flat=True)) == {0}


def grave_without_terms(project: Project, slug: str) -> None:
    """The next taxonomy, where this category is grave and no word points to it."""
    taxonomy = TaxonomyVersion.objects.create(project=project, number=2, created_by=project.created_by)
    Category.objects.create(
        taxonomy=taxonomy, position=0, slug=slug, name=slug, definition=slug, severity=3, cipa=True, key="1"
    )


def test_definitions_steer_the_first_batch_when_nothing_is_labelled(project: Project) -> None:
    run = run_query(project)

    ledger = BatchItem.objects.filter(batch=run.batch, stream=Stream.QUERY)
    assert {row.strategy for row in ledger} == {"cold_start"}
    assert f"resembles the definition of {GAMES}" in {row.reason for row in ledger}


def test_definitions_choose_nearly_all_of_a_first_batch_where_pages_have_texts(project: Project) -> None:
    run = run_query(project)

    assert way_of_run(run).plan.places() == {"query": 5, "rare": 3, "explore": 1, "audit": 1}
    explored = BatchItem.objects.filter(batch=run.batch, stream=Stream.EXPLORE)
    assert {row.inclusion_probability for row in explored} == {explored.count() / 60}


def test_a_few_dozen_places_are_left_to_definitions_where_nobody_knows_of_texts() -> None:
    started = query_run_start(make_project(batch_size=100), "next batch due: 0 free places", None)

    places = way_of_run(started).plan.places()

    assert places["query"] + places["rare"] == DEFINED


def test_the_first_positives_steer_the_hunt_while_their_category_is_not_learned(project: Project) -> None:
    """No word of the definitions says "weather": only two resolved pages of the category lead to the others."""
    file = stored_classifier(project)
    weather = Item.objects.filter(project=project, url__contains="weather").order_by("pk")
    for item in weather[:2]:
        make_resolution(item, [VIOLENCE])
    weather.filter(pk__in=list(weather.values_list("pk", flat=True)[:2])).update(pooled=False)

    run = run_query(project, ClassifierFile(1, file.name, file.sha256))

    hunted = BatchItem.objects.filter(batch=run.batch, stream=Stream.RARE, reason__contains="2 found of")
    assert {row.strategy for row in hunted} == {"rare_category"}
    assert {row.reason.partition(";")[0] for row in hunted} == {
        f"resembles the 2 found of {VIOLENCE}, which is not learned yet"
    }
    assert all("weather" in row.item.url for row in hunted.select_related("item"))


def test_finds_of_holdout_sites_and_of_learned_categories_lead_nowhere(project: Project) -> None:
    file = stored_classifier(project)
    classifier = way_of_run(run_started(project, file)).model.estimator
    for item in Item.objects.filter(project=project, split=Split.HOLDOUT)[:2]:
        make_resolution(item, [VIOLENCE])
    make_resolution(Item.objects.filter(project=project, split=Split.TRAIN)[0], [GAMES])

    assert classifier.learned.tolist() == [slug == GAMES for slug in CATEGORIES]
    assert finds_now(project, classifier) == {}


def run_started(project: Project, file: StoredFile) -> QueryRun:
    return query_run_start(project, "", ClassifierFile(1, file.name, file.sha256))


def test_only_pooled_items_are_chosen_when_a_batch_was_opened_before(project: Project) -> None:
    first, second = run_query(project), run_query(project)

    def chosen(run: QueryRun) -> set[int]:
        return set(BatchItem.objects.filter(batch=run.batch).values_list("item_id", flat=True))

    assert first.batch != second.batch
    assert not chosen(first) & chosen(second)


def test_nothing_is_opened_when_the_pool_is_used_up(project: Project) -> None:
    Item.objects.filter(project=project).update(pooled=False)

    run = run_query(project)

    assert (run.status, run.batch, run.pool_size) == (RunStatus.DONE, None, 0)
    assert not Batch.objects.exists()
    assert "no item left in the pool" in LogEntry.objects.latest("pk").text


def test_a_run_fails_with_a_sentence_when_the_classifier_was_damaged(project: Project) -> None:
    classifier_loaded.cache_clear()  # a worker that has read it does not read it again
    file = stored_classifier(project)

    run = run_query(project, ClassifierFile(1, file.name, "0" * 64))

    assert run.status == RunStatus.FAILED
    assert "is damaged: its SHA-256 is not the one that was recorded" in run.error
    entry = LogEntry.objects.latest("pk")
    assert entry.level == LogEntry.Level.ERROR
    assert entry.text == f"The query failed: {run.error}"
    assert not Batch.objects.exists()


def test_a_run_fails_with_its_error_and_raises_when_something_unforeseen_broke(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> object:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("learner.query.ways.select_batch", broken)
    run = query_run_start(project, "", None)

    with pytest.raises(ZeroDivisionError):
        query_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.error) == (
        RunStatus.FAILED,
        "ZeroDivisionError: division by zero. The worker's log has the details.",
    )


def test_a_worker_that_was_overtaken_opens_no_batch(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = query_run_start(project, "", None)

    def overtaken(*arguments: object) -> set[int]:
        QueryRun.objects.filter(pk=run.pk).update(attempt=7)
        return set()

    monkeypatch.setattr("learner.query.ways._open_domains", overtaken)
    query_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.attempt, run.batch) == (RunStatus.RUNNING, 7, None)
    assert not Batch.objects.exists()


def test_people_label_on_at_random_when_the_query_failed(project: Project) -> None:
    Item.objects.filter(project=project).update(created_at=timezone.now() - timedelta(minutes=2))
    run_query(project, ClassifierFile(1, "classifiers/v1.npz", "0" * 64))

    place = assignment_claim(project, make_member(project))

    assert place is not None
    batch = Batch.objects.get(project=project)
    assert batch.fallback
    assert place.batch_item.batch == batch
    assert {row.stream for row in BatchItem.objects.filter(batch=batch)} == {Stream.EXPLORE}


def test_a_run_shows_its_seconds_while_it_works(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, set[str]]] = []
    opening = choosing._open

    def watched(run: QueryRun, *arguments: object) -> None:
        row = QueryRun.objects.get(pk=run.pk)
        seen.append((row.stage, set(row.phases)))
        opening(run, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(choosing, "_open", watched)
    run_query(project)

    assert seen == [("opening the batch", {"classifier", "load", "mask", "score", "gather", "select"})]
