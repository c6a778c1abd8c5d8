"""Waves of audits: drawn by score, one design for whoever scores, and a chance for every item under all of them."""

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from scipy.sparse import csr_matrix, vstack

from annotator.pool.models import Item, Split
from annotator.projects.models import LogEntry, Project
from annotator.queue.models import BatchItem, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.runs import RunStatus
from learner.core.artifact import artifact_bytes
from learner.core.classifier import LinearClassifier
from learner.core.drawing import uniform_keys
from learner.core.waves import reach_read
from learner.evaluation.selectors import audited_resolutions
from learner.query import featurising
from learner.query.chances_again import chances_again
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.files import file_read, file_write
from learner.query.models import AuditChance, AuditWave, QueryRun
from learner.query.parts import query_help
from learner.query.services import ClassifierFile, feature_run_start, query_run_start
from learner.query.shards import shards_load
from tests.factories import CATEGORIES, make_items, make_project, make_resolution

pytestmark = pytest.mark.django_db
SHARES = {"query": 0.3, "rare": 0.1, "explore": 0.2, "audit": 0.4}


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """Three shards of pages, a third of them held out."""
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 30)
    project = make_project(batch_size=10, shares=SHARES)
    make_items(project, 30, topic="games chess")
    make_items(project, 30, topic="weather")
    make_items(project, 8, topic="games chess", split=Split.HOLDOUT)
    make_items(project, 22, topic="weather", split=Split.HOLDOUT)
    feature_run_execute(feature_run_start(project).pk)
    return project


@pytest.fixture
def classifier(project: Project) -> ClassifierFile:
    shards = list(shards_load(project))
    truth = np.zeros((60, len(CATEGORIES)), dtype=np.int8)
    truth[:30, 0] = 1
    fitted = LinearClassifier(CATEGORIES)
    features = csr_matrix(vstack([shards[0].features, shards[1].features]))
    fitted.fit(features, truth, groups=np.concatenate([shards[0].domains, shards[1].domains]))
    file = file_write("classifiers", "v1", artifact_bytes(fitted, {}))
    return ClassifierFile(1, file.name, file.sha256)


def run_query(project: Project, classifier: ClassifierFile | None, seed: int = 1) -> QueryRun:
    run = query_run_start(project, "asked", classifier)
    QueryRun.objects.filter(pk=run.pk).update(seed=seed)
    query_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE, run.error
    return run


def audits(run: QueryRun) -> dict[int, float]:
    ledger = BatchItem.objects.filter(batch=run.batch, stream=Stream.AUDIT)
    return {item: chance or 0 for item, chance in ledger.values_list("item_id", "inclusion_probability")}


def emptied(tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"TRUNCATE {tables} CASCADE")


def test_a_wave_says_how_it_drew_and_each_item_how_likely_it_was(
    project: Project, classifier: ClassifierFile
) -> None:
    run = run_query(project, classifier)

    wave = AuditWave.objects.get(project=project)
    assert (wave.number, wave.run, wave.batch) == (1, run, run.batch)
    assert (wave.n_drawn, wave.n_available, wave.n_holdout) == (4, 30, 30)
    assert wave.design == run.audit_design
    assert wave.design["seed"] == 1
    assert len(wave.design["means"]) == len(CATEGORIES)
    chances = dict(AuditChance.objects.filter(wave=wave).values_list("item_id", "chance"))
    assert chances == pytest.approx(audits(run))
    strategies = BatchItem.objects.filter(batch=run.batch, stream=Stream.AUDIT)
    assert set(strategies.values_list("strategy", flat=True)) == {"by_score"}


def test_pages_of_a_category_are_likelier_to_be_audited(project: Project, classifier: ClassifierFile) -> None:
    run_query(project, classifier)

    wave = AuditWave.objects.get(project=project)
    held_out = Item.objects.filter(project=project, split=Split.HOLDOUT)
    games = np.array(held_out.filter(url__contains="games").values_list("pk", flat=True))
    others = np.array(held_out.exclude(pk__in=games.tolist()).values_list("pk", flat=True))
    reach = reach_read(file_read(wave.path, wave.sha256))
    assert reach.of(games).min() > reach.of(others).max()


def test_all_audits_are_those_whose_number_is_below_their_chance_after_several_waves(
    project: Project, classifier: ClassifierFile
) -> None:
    """Drawn before there was a classifier, then by it: one draw, with the numbers of the first wave for ever."""
    for seed, scorer in enumerate((None, classifier, None, classifier), start=1):
        run_query(project, scorer, seed)

    waves = AuditWave.objects.filter(project=project).order_by("number")
    assert [wave.number for wave in waves] == [1, 2, 3, 4]
    assert [wave.design["means"] is None for wave in waves] == [True, False, True, False]
    assert {wave.design["seed"] for wave in waves} == {1}
    reach = reach_read(file_read(waves[3].path, waves[3].sha256))
    below = reach.item_ids[uniform_keys(reach.item_ids, 1) < reach.chances]
    drawn = AuditChance.objects.filter(project=project).order_by("item_id")
    assert below.tolist() == [row.item_id for row in drawn]
    assert [row.chance for row in drawn] == reach.of(below).tolist()
    assert len(below) == 16
    assert sorted(row.item_id for row in drawn) == sorted(
        BatchItem.objects.filter(batch__project=project, stream=Stream.AUDIT).values_list(
            "item_id", flat=True
        )
    )


def test_an_item_drawn_earlier_is_likelier_with_each_wave(project: Project) -> None:
    first = audits(run_query(project, None))
    run_query(project, None, seed=2)

    later = dict(AuditChance.objects.filter(item__in=first).values_list("item_id", "chance"))
    assert all(later[item] > chance for item, chance in first.items())
    assert {row.wave.number for row in AuditChance.objects.filter(item__in=first) if row.wave} == {1}


def test_items_that_came_later_were_in_no_earlier_wave(project: Project) -> None:
    run_query(project, None)
    new = [item.pk for item in make_items(project, 40, topic="weather", split=Split.HOLDOUT)]
    feature_run_execute(feature_run_start(project).pk)
    run_query(project, None, seed=2)

    waves = AuditWave.objects.filter(project=project).order_by("number")
    reach = reach_read(file_read(waves[1].path, waves[1].sha256))
    assert (reach.of(np.array(new)) == 1 / waves[1].threshold).all()
    assert (reach.chances >= 1 / waves[1].threshold).all()


def test_what_was_drawn_before_there_were_waves_counts_as_drawn(project: Project) -> None:
    run = run_query(project, None)
    old = sorted(audits(run))
    emptied("audit_chance, audit_wave")

    run_query(project, None, seed=2)

    rows = AuditChance.objects.filter(project=project, wave=None).order_by("item_id")
    assert [row.item_id for row in rows] == old
    assert all(row.chance > 0 for row in rows)


def test_a_sealed_item_could_not_be_drawn(project: Project) -> None:
    sealed = Item.objects.filter(project=project, split=Split.HOLDOUT).earliest("pk")
    Item.objects.filter(pk=sealed.pk).update(pooled=False, withheld=True)

    run_query(project, None)

    wave = AuditWave.objects.get(project=project)
    reach = reach_read(file_read(wave.path, wave.sha256))
    assert reach.of(np.array([sealed.pk])).tolist() == [0]
    assert wave.n_available == 29


def test_a_holdout_that_is_used_up_was_certain(project: Project) -> None:
    project.batch_size, project.shares = 60, {"audit": 1.0}
    project.save()

    run = run_query(project, None)

    assert set(audits(run).values()) == {1.0}
    assert len(audits(run)) == 30
    assert set(AuditChance.objects.values_list("chance", flat=True)) == {1.0}


def test_no_wave_is_written_when_a_batch_has_no_audits(project: Project) -> None:
    project.shares = {"query": 0.5, "explore": 0.5}
    project.save()

    run = run_query(project, None)

    assert not AuditWave.objects.exists()
    assert run.audit_design == {}


def test_the_same_items_are_drawn_when_others_help(project: Project, classifier: ClassifierFile) -> None:
    alone = audits(run_query(project, classifier))
    emptied("audit_chance, audit_wave, batch_item, assignment, batch")
    Item.objects.update(pooled=True)
    run = query_run_start(project, "asked", classifier)
    QueryRun.objects.filter(pk=run.pk).update(seed=1)
    helped: list[int] = []

    query_run_execute(run.pk, call=lambda run_id, _: helped.append(query_help(run_id)))

    run.refresh_from_db()
    assert helped == [3]
    assert audits(run) == alone


def test_the_chances_of_the_newest_waves_alone_stay_in_the_storage(project: Project) -> None:
    for seed in range(1, 5):
        run_query(project, None, seed)

    waves = AuditWave.objects.filter(project=project).order_by("number")
    assert [default_storage.exists(wave.path) for wave in waves] == [False, False, True, True]


def test_a_wave_cannot_be_changed(project: Project) -> None:
    run_query(project, None)

    for change in (lambda: AuditWave.objects.update(threshold=1), AuditWave.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_lost_chances_are_made_again_to_the_last_bit_and_the_next_wave_goes_on_from_them(
    project: Project, classifier: ClassifierFile
) -> None:
    for seed, scorer in enumerate((None, classifier, classifier), start=1):
        run_query(project, scorer, seed)
    last = AuditWave.objects.latest("number")
    before = file_read(last.path, last.sha256)
    kept = dict(AuditChance.objects.values_list("item_id", "chance"))
    default_storage.delete(last.path)

    run = run_query(project, classifier, seed=4)

    again = run.audit_design["again"]
    assert file_read(again["name"], again["sha256"]) == before
    assert len(audits(run)) == 4
    assert all(AuditChance.objects.get(item=item).chance >= chance for item, chance in kept.items())
    newest = AuditWave.objects.latest("number")
    reach = reach_read(file_read(newest.path, newest.sha256))
    below = reach.item_ids[uniform_keys(reach.item_ids, 1) < reach.chances]
    assert below.tolist() == sorted(AuditChance.objects.values_list("item_id", flat=True))
    warned = LogEntry.objects.get(project=project, level=LogEntry.Level.WARNING)
    assert "30 holdout items are made again from the waves." in warned.text


def test_a_damaged_file_of_chances_is_made_again_too(project: Project) -> None:
    run_query(project, None)
    wave = AuditWave.objects.get(project=project)
    with default_storage.open(wave.path, "wb") as file:
        file.write(b"rubbish")

    assert len(audits(run_query(project, None, seed=2))) == 4


def test_drawn_items_keep_the_chance_of_their_row_when_a_page_has_changed_since(
    project: Project, classifier: ClassifierFile
) -> None:
    run_query(project, classifier)
    AuditChance.objects.update(chance=0.5)
    wave = AuditWave.objects.get(project=project)
    default_storage.delete(wave.path)

    found = chances_again(project)

    drawn = np.array(sorted(AuditChance.objects.values_list("item_id", flat=True)))
    assert found.reach.of(drawn).tolist() == [0.5] * 4
    assert (found.n_drawn, found.n_off) == (4, 4)


def test_batches_go_on_without_audits_when_a_classifier_of_a_wave_is_lost_as_well(
    project: Project, classifier: ClassifierFile
) -> None:
    run_query(project, classifier)
    default_storage.delete(AuditWave.objects.get(project=project).path)
    default_storage.delete(classifier.artifact)

    run = run_query(project, None, seed=2)

    assert run.batch is not None
    assert run.batch.n_items == 10
    assert audits(run) == {}
    cannot, lost = LogEntry.objects.filter(project=project, level=LogEntry.Level.WARNING).order_by("pk")
    assert "cannot be made again" in cannot.text
    assert lost.text.startswith("No audits are drawn: The file ")


def test_a_page_that_something_else_took_is_drawn_by_the_wave_whose_number_it_has(project: Project) -> None:
    """Every holdout page but four is taken by hand: the wave draws those of them that it would have drawn."""
    held_out = Item.objects.filter(project=project, split=Split.HOLDOUT)
    by_hand = list(held_out.order_by("pk")[:20])
    batch_open(
        project,
        [
            BatchChoice(
                item_id=item.pk,
                stream=Stream.AUDIT,
                strategy="by hand",
                score=None,
                reason="somebody wanted it",
                classifier_number=None,
                pool_size=20,
                inclusion_probability=None,
                seed=1,
            )
            for item in by_hand
        ],
        fingerprint="by hand",
        reason="by hand",
        seed=1,
        classifier_number=None,
        pool_size=20,
    )

    run = run_query(project, None)

    wave = AuditWave.objects.get(project=project)
    reach = reach_read(file_read(wave.path, wave.sha256))
    below = reach.item_ids[uniform_keys(reach.item_ids, 1) < reach.chances]
    assert len(reach.item_ids) == 30
    assert below.tolist() == sorted(AuditChance.objects.values_list("item_id", flat=True))
    assert set(audits(run)) < set(below.tolist())
    assert set(below.tolist()) - set(audits(run)) <= {item.pk for item in by_hand}
    for item in by_hand:
        make_resolution(item, [])
    assert {row.item_id for row in audited_resolutions(project)} == set(below.tolist()) & {
        item.pk for item in by_hand
    }
