"""Freezing: what is in the files, that nothing else is, and that the same state gives the same bytes."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest
import yaml
from django.core.files.storage import default_storage
from django.db import DatabaseError, transaction
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound, Unavailable
from annotator.pool.cases import case_close, case_open
from annotator.pool.erasing import Wanted, evidence_erase, evidence_expire
from annotator.pool.models import Case, Evidence, Item, Retention, Split
from annotator.projects.access import Access
from annotator.projects.models import Clause, Project, Role
from annotator.projects.pseudonyms import pseudonym
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Exposure
from annotator.queue.rationing import opt_outs_set
from annotator.review.models import Method, Resolution
from annotator.runs import RunStatus
from learner.snapshots.files import (
    CARD,
    CROISSANT,
    FACTS,
    ITEMS,
    JUDGMENTS,
    PAGE,
    TABLES,
    cut_name,
    file_open,
    sha256_of,
    zip_stream,
)
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db(transaction=True)
TRAIN = cut_name("train")


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    return make_project()


def resolve(item: Item, labels: Sequence[str], **columns: Any) -> Resolution:
    taxonomy = taxonomy_current(item.project).version
    defaults = {"method": Method.UNANIMOUS, "taxonomy": taxonomy}
    return Resolution.objects.create(
        project=item.project, item=item, labels=sorted(labels), **(defaults | columns)
    )


def take(project: Project) -> Snapshot:
    run = snapshot_run_start(project, by=None)
    snapshot_run_execute(run.pk)
    run = SnapshotRun.objects.get(pk=run.pk)
    assert run.status == RunStatus.DONE, run.error
    assert run.snapshot is not None
    return run.snapshot


def rows_of(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    with file_open(snapshot, name) as stream:
        rows: list[dict[str, Any]] = pq.read_table(stream).to_pylist()
    return rows


def card_of(snapshot: Snapshot) -> str:
    with file_open(snapshot, CARD) as stream:
        return stream.read().decode()


def test_a_row_says_labels_split_and_why_it_was_served(project: Project) -> None:
    (train,) = make_items(project, 1)
    (holdout,) = make_items(project, 1, split=Split.HOLDOUT)
    batch = make_batch(project, [train])
    resolve(train, [GAMES, GAMBLING], judgments=[1, 2])
    resolve(holdout, [])

    by_url = {row["url"]: row for row in rows_of(take(project), ITEMS)}

    assert by_url[train.url] | {} == {
        "url": train.url,
        "registrable_domain": train.registrable_domain,
        "title": f"chess {train.pk}",
        "text": Evidence.objects.get(item=train).text,
        "labels": [GAMBLING, GAMES],
        "is_games": True,
        "is_gambling": True,
        "is_violence": False,
        "method": "unanimous",
        "n_judgments": 2,
        "split": "train",
        "stream": "explore",
        "inclusion_probability": 1.0,
        "batch": batch.number,
        "source": "",
        "taxonomy": 1,
        "split_group": 0,
        "near_test": False,
        "evidence": 1,
        "inclusion_probability_union": None,
    }
    assert (by_url[holdout.url]["split"], by_url[holdout.url]["labels"]) == ("test", [])
    assert by_url[holdout.url]["inclusion_probability"] is None


def test_what_was_inferred_from_skills_is_marked_in_its_row_and_on_the_card(project: Project) -> None:
    judged, inferred = make_items(project, 2)
    resolve(judged, [GAMES])
    resolve(inferred, [GAMES], method=Method.INFERRED)

    snapshot = take(project)

    assert {row["url"]: row["method"] for row in rows_of(snapshot, ITEMS)} == {
        judged.url: "unanimous",
        inferred.url: "inferred",
    }
    assert "judgments and known skills make every category certain" in card_of(snapshot)
    assert "an item of method `inferred` stopped with fewer." in card_of(snapshot)
    assert "Labels of method `inferred` rest on fewer judgments" in card_of(snapshot)


def test_only_what_is_held_true_now_is_frozen(project: Project) -> None:
    corrected, unreachable, reopened, unresolved = make_items(project, 4)
    first = resolve(corrected, [GAMES])
    resolve(corrected, [GAMBLING], supersedes=first)
    resolve(unreachable, [], verdict="unreachable")
    before = resolve(reopened, [GAMES])
    resolve(reopened, [], verdict="withdrawn", method=Method.REOPENED, supersedes=before)

    snapshot = take(project)

    assert [(row["url"], row["labels"]) for row in rows_of(snapshot, ITEMS)] == [(corrected.url, [GAMBLING])]
    assert "1 further items are resolved as not labelled" in card_of(snapshot)
    assert unresolved.url not in card_of(snapshot)


def test_judgments_carry_pseudonyms_and_say_which_count(project: Project) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    person = make_member(project, Role.ANNOTATOR, "ada.lovelace")
    first = make_judgment(item, person, [GAMES])
    make_judgment(item, person, [GAMBLING], supersedes=first)
    resolve(item, [GAMBLING])

    snapshot = take(project)

    rows = rows_of(snapshot, JUDGMENTS)
    assert [(row["labels"], row["is_current"]) for row in rows] == [([GAMES], False), ([GAMBLING], True)]
    assert {row["annotator"] for row in rows} == {pseudonym(project, person.pk)}
    assert b"lovelace" not in b"".join(zip_stream(snapshot))


def test_judgments_name_the_clause_that_was_cited_and_leave_out_checks(project: Project) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    clause = Clause.objects.get(guideline__project=project)
    person = make_member(project)
    make_judgment(item, person, [GAMES], clause=clause)
    make_judgment(item, make_member(project), [GAMBLING], purpose="gold")
    resolve(item, [GAMES])

    rows = rows_of(take(project), JUDGMENTS)

    assert [(row["labels"], row["clause"]) for row in rows] == [([GAMES], clause.number)]


def test_nothing_changes_when_somebody_rests_or_opts_out(project: Project) -> None:
    items = make_items(project, 2)
    make_batch(project, items)
    annotator = make_member(project)
    make_judgment(items[0], annotator, [GAMES])
    resolve(items[0], [GAMES])
    before = take(project)

    Exposure.objects.create(annotator=annotator, minute=timezone.now(), points=900, items=300)
    opt_outs_set(project, annotator, [GAMES])

    assert take(project) == before


def test_same_state_gives_the_same_snapshot_and_the_same_bytes(project: Project) -> None:
    for item in make_items(project, 30):
        resolve(item, [GAMES])
    first = take(project)
    archive = b"".join(zip_stream(first))

    again = take(project)

    assert again.pk == first.pk
    assert [run.found_again for run in SnapshotRun.objects.order_by("pk")] == [None, first]
    assert Snapshot.objects.filter(project=project).count() == 1
    assert b"".join(zip_stream(again)) == archive


def test_a_changed_state_gives_the_next_version_and_the_card_counts_the_changes(project: Project) -> None:
    kept, corrected, added = make_items(project, 3)
    resolve(kept, [GAMES])
    wrong = resolve(corrected, [GAMES])
    take(project)
    resolve(corrected, [GAMBLING], supersedes=wrong)
    resolve(added, [])

    second = take(project)

    assert (second.number, second.parent and second.parent.number) == (2, 1)
    assert "Since v1: 1 items added, 0 removed, 1 with other labels." in card_of(second)


def test_labels_are_carried_to_the_newest_taxonomy_and_what_it_cannot_tell_is_null(project: Project) -> None:
    split_item, free, both = make_items(project, 3)
    make_batch(project, [split_item])
    make_judgment(split_item, make_member(project), [GAMES])
    resolve(split_item, [GAMES])
    resolve(free, [])
    resolve(both, [GAMBLING, VIOLENCE])
    before = take(project)
    bytes_before = b"".join(zip_stream(before))
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))

    after = take(project)

    by_url = {row["url"]: row for row in rows_of(after, ITEMS)}
    flags = [
        [by_url[item.url][f"is_{slug}"] for slug in ("board", "video", "harm")]
        for item in (split_item, free, both)
    ]
    assert flags == [[None, None, False], [False, False, False], [False, False, True]]
    assert [by_url[item.url]["labels"] for item in (split_item, free, both)] == [[], [], ["harm"]]
    assert {row["taxonomy"] for row in by_url.values()} == {1}
    assert [row["labels"] for row in rows_of(after, JUDGMENTS)] == [[GAMES]]  # as it was given
    card = card_of(after)
    assert "3 items were resolved under another version" in card
    assert "| 2 | split | `games` | `board`, `video` |" in card
    assert "| `is_board` | 1 (33.3%) |" in card
    assert [row["source"] for row in after.manifest["mapping"]] == [GAMES, GAMBLING, VIOLENCE]
    assert b"".join(zip_stream(before)) == bytes_before  # what was frozen stays as it was, byte for byte


def test_the_manifest_names_the_hash_of_each_file(project: Project) -> None:
    resolve(make_items(project, 1)[0], [GAMES])

    snapshot = take(project)

    for name, facts in snapshot.manifest["files"].items():
        with default_storage.open(f"{snapshot.directory}/{name}", "rb") as stream:
            assert sha256_of(stream) == facts["sha256"]
    tables = {f"{name}.parquet" for name in TABLES}
    assert set(snapshot.manifest["files"]) == {TRAIN, CARD, PAGE, FACTS, CROISSANT, *tables}


def test_a_file_that_was_changed_in_the_storage_is_not_handed_out(project: Project) -> None:
    resolve(make_items(project, 1)[0], [GAMES])
    snapshot = take(project)
    path = Path(default_storage.path(f"{snapshot.directory}/{ITEMS}"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(Unavailable, match=r"items\.parquet of snapshot v1 was changed after it was frozen"):
        zip_stream(snapshot)
    with pytest.raises(NotFound, match=r'has no file "\.\./manifest\.json"'):
        file_open(snapshot, "../manifest.json")


def test_a_snapshot_row_cannot_be_changed_or_deleted(project: Project) -> None:
    resolve(make_items(project, 1)[0], [GAMES])
    snapshot = take(project)

    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(n_items=5)
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        Snapshot.objects.raw("DELETE FROM snapshot WHERE id = %s RETURNING *", [snapshot.pk])[0]

    assert Snapshot.objects.get(pk=snapshot.pk).n_items == 1


def test_an_empty_snapshot_is_refused(project: Project) -> None:
    make_items(project, 2)

    with pytest.raises(BadInput, match="No item is resolved yet"):
        snapshot_run_start(project, by=None)

    assert not SnapshotRun.objects.exists()


def test_starting_twice_gives_the_run_under_way(project: Project) -> None:
    resolve(make_items(project, 1)[0], [GAMES])

    first = snapshot_run_start(project, by=None)

    assert snapshot_run_start(project, by=None).pk == first.pk


def test_the_card_is_honest_about_a_category_with_few_positives(project: Project) -> None:
    item, other = make_items(project, 2)
    make_batch(project, [item, other])
    for annotator in (make_member(project), make_member(project)):
        make_judgment(item, annotator, [GAMES])
        make_judgment(other, annotator)
    resolve(item, [GAMES])
    resolve(other, [])

    card = card_of(take(project))

    front = yaml.safe_load(card.split("---")[1])
    files = {config["config_name"]: config["data_files"] for config in front["configs"]}
    assert files["items"] == [{"split": "train", "path": "items-train.parquet"}]
    assert files["judgments"] == [{"split": "full", "path": JUDGMENTS}]
    assert "- Games: 1 positives. Too few to train or to judge a classifier on." in card
    assert "| Games | 1.00 [" in card
    assert "| Gambling | " in card.split("## Agreement")[1]
    assert "undefined: " in card.split("## Agreement")[1]
    assert "prevalences in this snapshot are not those of the" in card


def test_the_zip_holds_the_frozen_files(project: Project) -> None:
    resolve(make_items(project, 1)[0], [GAMES])
    snapshot = take(project)

    with ZipFile(BytesIO(b"".join(zip_stream(snapshot)))) as archive:
        assert archive.testzip() is None
        tables = sorted([TRAIN, *(f"{name}.parquet" for name in TABLES)])
        assert archive.namelist() == [CARD, *sorted([PAGE, FACTS, CROISSANT, *tables]), "manifest.json"]
        assert archive.read(CARD).decode() == card_of(snapshot)


def test_a_withheld_page_is_left_out_of_new_snapshots_and_old_ones_are_not_handed_out(
    project: Project,
) -> None:
    stopped, other = make_items(project, 2)
    resolve(stopped, [GAMES])
    before = take(project)
    resolve(other, [])
    case = case_open(project, stopped.pk, by=project.created_by).case

    after = take(project)

    assert [row["url"] for row in rows_of(after, ITEMS)] == [other.url]
    for name in (ITEMS, TRAIN, JUDGMENTS):
        with pytest.raises(Conflict, match="withheld since") as refused:
            file_open(before, name)
        assert refused.value.code == "withheld"
    with pytest.raises(Conflict, match="withheld since"):
        zip_stream(before)
    with file_open(before, CARD) as card:
        assert b"1 item" in card.read()
    holder = Access(project, project.created_by, Role.ADMIN, case_holder=True)
    case_close(holder, case, Case.Outcome.RELEASED)
    assert [row["url"] for row in rows_of(before, ITEMS)] == [stopped.url]
    zip_stream(before)


def test_erased_evidence_is_counted_and_snapshots_that_show_it_are_not_handed_out(project: Project) -> None:
    erased, other = make_items(project, 2)
    for item in (erased, other):
        resolve(item, [GAMES])
    before = take(project)
    admin = Access(project, project.created_by, Role.ADMIN)

    evidence_erase(admin, Wanted(erased.pk), reason="a request")

    with pytest.raises(Conflict, match="erased by request"):
        file_open(before, ITEMS)
    after = take(project)
    shown = {row["url"]: (row["title"], row["text"], row["labels"]) for row in rows_of(after, ITEMS)}
    assert shown[erased.url] == ("", "", [GAMES])
    assert shown[other.url][1]
    assert after.manifest["n_erased"] == 1
    assert "The evidence of 1 item was erased" in card_of(after)
    assert take(project) == after
    zip_stream(after)


def test_evidence_that_was_kept_long_enough_leaves_old_snapshots_as_they_are(project: Project) -> None:
    (item,) = make_items(project, 1)
    resolve(item, [GAMES])
    before = take(project)
    kept = Retention.objects.create(project=project, days=1, set_by=project.created_by)

    evidence_expire(kept, [item.pk])

    assert rows_of(before, ITEMS)[0]["text"]
    assert take(project).manifest["n_erased"] == 1
