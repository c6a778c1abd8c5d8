"""Versions by meaning, what people write on them, and what differs between two."""

from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from annotator.errors import BadInput, Conflict
from annotator.projects.models import Project
from annotator.review.models import Method
from learner.snapshots.differences import Agreement, differences_json, differences_markdown, differences_of
from learner.snapshots.models import Snapshot, SnapshotNote
from learner.snapshots.selectors import snapshot_of
from learner.snapshots.services import snapshot_annotate
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
)
from tests.learner.snapshots.test_content import take
from tests.learner.snapshots.test_services import resolve

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def snapshot(project: Project) -> Snapshot:
    resolve(make_items(project, 1)[0], [GAMES])
    return take(project)


def test_the_version_says_what_kind_of_change_it_was(project: Project) -> None:
    item, other = make_items(project, 2)
    held = resolve(item, [GAMES])
    versions = [take(project).semantic]
    resolve(other, [])
    versions.append(take(project).semantic)
    resolve(item, [GAMBLING], supersedes=held)
    versions.append(take(project).semantic)
    publish_operations(project, merge_into("harm", GAMBLING, VIOLENCE))
    versions.append(take(project).semantic)

    assert versions == ["1.0.0", "1.1.0", "1.1.1", "2.0.0"]
    assert snapshot_of(project, 2).manifest["semantic"] == "1.1.0"


def test_differences_are_told_by_category_and_by_cause(project: Project) -> None:
    judged, decided, fixed, merged, left = make_items(project, 5)
    lead = project.created_by
    make_batch(project, [judged])
    for _ in range(2):
        make_judgment(judged, make_member(project), [GAMES])
    first = [resolve(item, [GAMES]) for item in (judged, decided, fixed)]
    resolve(merged, [VIOLENCE])
    gone = resolve(left, [])
    before = take(project)
    led = {"method": Method.ADJUDICATED, "resolved_by": lead}
    resolve(judged, [], supersedes=first[0])
    resolve(decided, [], supersedes=first[1], **led)
    resolve(fixed, [], supersedes=first[2], reason="Suspect: looks wrong", **led)
    resolve(left, [], verdict="unreachable", supersedes=gone)
    (added,) = make_items(project, 1)
    publish_operations(project, merge_into("harm", GAMBLING, VIOLENCE))
    resolve(added, [GAMES])

    found = differences_of(before, take(project))

    assert (found.added, found.removed, found.relabelled, found.same) == (1, 1, 4, 0)
    assert found.by_cause == {"judgments": 1, "adjudication": 1, "taxonomy": 1, "label_noise": 1}
    by_slug = {row.slug: (row.gained, row.lost) for row in found.categories}
    assert by_slug == {GAMES: (0, 3), "harm": (1, 0), GAMBLING: (0, 0), VIOLENCE: (0, 1)}
    told = differences_json(found)
    assert (told["before"], told["after"]) == (1, 2)
    assert told["categories"][0] == {
        "slug": GAMES, "name": "Games", "gained": 0, "lost": 3,
        "by_cause": {"judgments": 1, "adjudication": 1, "taxonomy": 0, "label_noise": 1},
        "alpha_before": {"value": None, "low": None, "high": None, "n_items": 1},
        "alpha_after": {"value": None, "low": None, "high": None, "n_items": 1},
    }  # fmt: skip
    why = "judgments: 1, leads: 1, fixed: 1"
    assert f"| Games | 0 | 3 | {why} | undefined (n 1) | undefined (n 1) |" in differences_markdown(found)
    assert "1 items added, 1 removed, 4 with other labels" in differences_markdown(found)


def test_agreement_is_told_with_its_interval_and_how_many_items() -> None:
    assert Agreement(0.712, 0.6, 0.8, 1_234).words == "0.71 [0.60, 0.80] (n 1,234)"
    assert Agreement(0.712, None, None, 2).words == "0.71 (no interval, n 2)"
    assert Agreement().words == "undefined (n 0)"


def test_a_snapshot_differs_in_nothing_from_itself(snapshot: Snapshot) -> None:
    found = differences_of(snapshot, snapshot)

    assert (found.added, found.removed, found.relabelled, found.same) == (0, 0, 0, 1)


def test_notes_are_kept_and_the_newest_name_holds(project: Project, snapshot: Snapshot) -> None:
    by = project.created_by

    for kind, text in (("name", "spring"), ("note", "Ready."), ("name", " summer ")):
        snapshot_annotate(snapshot, kind, text, by=by)

    read = snapshot_of(project, 1)
    assert (read.name, read.deprecated) == ("summer", "")
    assert [note.text for note in read.notes.all()] == ["spring", "Ready.", "summer"]
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        SnapshotNote.objects.update(text="winter")


def test_a_snapshot_is_deprecated_once_with_a_reason(project: Project, snapshot: Snapshot) -> None:
    snapshot_annotate(snapshot, "deprecated", "Wrong labels in Games.", by=project.created_by)

    assert snapshot_of(project, 1).deprecated == "Wrong labels in Games."
    with pytest.raises(Conflict, match="deprecated already"):
        snapshot_annotate(snapshot, "deprecated", "Again.", by=project.created_by)
    for kind, text in (("note", "  "), ("name", "x" * 61), ("note", "a\x00b"), ("praise", "Good.")):
        with pytest.raises(BadInput):
            snapshot_annotate(snapshot, kind, text, by=project.created_by)
    assert SnapshotNote.objects.count() == 1
