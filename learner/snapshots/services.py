"""Freezing snapshots: the run as a row, the files in the storage, the snapshot as an append-only row."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import transaction

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.projects.models import LogEntry, Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.projects.services import log_write
from annotator.review.selectors import resolutions_current
from annotator.runs import run_claim, run_done, run_held, run_progress, run_start
from learner.core.cards import Changes, TableFacts
from learner.snapshots import files
from learner.snapshots.dialects import card_write
from learner.snapshots.erased import erased_read
from learner.snapshots.facts import Frozen, card_facts, mapping_facts
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.pictures import counted
from learner.snapshots.sections.selectors import card_written
from learner.snapshots.sections.services import card_demand
from learner.snapshots.selectors import snapshots_of
from learner.snapshots.tables import column_of, frozen_state, items_write, judgments_write, totals_read

FORMAT: Final = "crossguard-snapshot-1"


def snapshot_run_start(project: Project, by: User | None) -> SnapshotRun:
    """A new run that freezes `project`, or the one that is under way. The next tick wakes a worker.

    Raises BadInput when nothing is resolved yet: an empty dataset helps nobody; and when a section of the data card is
    missing that only people can write.
    """
    if not resolutions_current(project).filter(verdict="labelled").exists():
        raise BadInput("No item is resolved yet, so a snapshot would be empty. Label a few pages first.")
    card_demand(project, card_written(project))
    return run_start(SnapshotRun, project, created_by=by)


def snapshot_run_execute(run_id: int) -> None:
    """Do the work of a run: freeze, or find that nothing changed since the newest snapshot."""
    run = run_claim(SnapshotRun, run_id)
    if run is None:
        return

    def failed(sentence: str) -> None:
        log_write(run.project, "snapshots", f"Snapshot failed: {sentence}", level=LogEntry.Level.ERROR)

    with run_held(run, failed), tempfile.TemporaryDirectory() as name:
        snapshot = _freeze(run, Path(name))
        run_done(run, stage="done", snapshot=snapshot)


def _freeze(run: SnapshotRun, folder: Path) -> Snapshot:
    frozen = _write_tables(run, folder)
    run_progress(run, "writing the card", 0)
    written = {name: files.file_facts(folder / name) for name in (files.ITEMS, files.JUDGMENTS)}
    written_by_people = card_written(run.project)
    versions = {
        "taxonomy": frozen.taxonomy.version.number,
        "guideline": frozen.guideline.version.number,
        "card": sum(row.number for row in written_by_people),
    }
    parent = snapshots_of(run.project).first()
    if parent is not None and _is_same(parent, written, versions):
        return parent
    columns = {slug: column_of(slug) for slug in frozen.taxonomy.slugs}
    counts = counted(folder, columns)
    facts = card_facts(frozen, _changes(parent, folder / files.ITEMS), counts, written_by_people)
    card_write(folder, facts)
    manifest = {
        "format": FORMAT,
        "project": run.project.slug,
        "version": facts.number,
        "parent": None if parent is None else {"version": parent.number, "sha256": parent.content_sha256},
        "state_as_of": facts.state_as_of,
        "n_items": facts.n_items,
        "n_judgments": facts.n_judgments,
        "n_erased": facts.n_erased,
        "versions": versions,
        "categories": list(frozen.taxonomy.slugs),
        "mapping": [asdict(row) for row in mapping_facts(frozen)],
        "files": _file_facts(folder, counts.tables),
    }
    (folder / files.MANIFEST).write_bytes(files.manifest_bytes(manifest))
    return _publish(run, folder, manifest, parent)


def _file_facts(folder: Path, tables: Sequence[TableFacts]) -> dict[str, dict[str, int | str]]:
    """Size and hash of each file; those of the tables are known, and large."""
    known: dict[str, dict[str, int | str]] = {
        table.file: {"sha256": table.sha256, "bytes": table.n_bytes} for table in tables
    }
    return {path.name: known.get(path.name) or files.file_facts(path) for path in sorted(folder.iterdir())}


def _write_tables(run: SnapshotRun, folder: Path) -> Frozen:
    """Both tables of one state of the project, read while labelling goes on."""
    project, taxonomy = run.project, taxonomy_current(run.project)
    with frozen_state() as state:
        totals = totals_read(state, project)

        def items_done(done: int) -> None:
            run_progress(run, "writing items", done, totals.n_items)

        def judgments_done(done: int) -> None:
            run_progress(run, "writing judgments", done)

        return Frozen(
            n_erased=erased_read(state, project.pk),
            project=project,
            taxonomy=taxonomy,
            guideline=guideline_current(project),
            totals=totals,
            items=items_write(state, project, taxonomy, folder / files.ITEMS, items_done),
            judgments=judgments_write(state, project, taxonomy, folder / files.JUDGMENTS, judgments_done),
        )


def _is_same(parent: Snapshot, written: dict[str, dict[str, int | str]], versions: dict[str, int]) -> bool:
    frozen = parent.manifest
    return frozen["versions"] == versions and all(
        frozen["files"][name] == facts for name, facts in written.items()
    )


def _publish(run: SnapshotRun, folder: Path, manifest: dict[str, Any], parent: Snapshot | None) -> Snapshot:
    content = (folder / files.MANIFEST).read_bytes()
    directory = f"snapshots/{run.project.slug}/v{manifest['version']}"
    files.files_store(folder, directory)
    with transaction.atomic():
        snapshot = Snapshot.objects.create(
            project=run.project,
            number=manifest["version"],
            parent=parent,
            created_by=run.created_by,
            content_sha256=hashlib.sha256(content).hexdigest(),
            directory=directory,
            manifest=manifest,
            n_items=manifest["n_items"],
            n_judgments=manifest["n_judgments"],
            size=len(content) + sum(int(facts["bytes"]) for facts in manifest["files"].values()),
        )
        log_write(
            run.project,
            "snapshots",
            f"{snapshot} frozen: {snapshot.n_items} items, {snapshot.n_judgments} judgments",
        )
    return snapshot


def _changes(parent: Snapshot | None, path: Path) -> Changes | None:
    """What differs from the parent, read from both files."""
    if parent is None:
        return None
    with files.file_verified(parent, files.ITEMS) as stream:
        before = _labels_by_url(pq.read_table(stream, columns=["url", "labels"]), "before")
    now = _labels_by_url(pq.read_table(path, columns=["url", "labels"]), "now")
    both = before.join(now, keys="url", join_type="full outer")
    was, is_ = both["before"], both["now"]
    return Changes(
        parent=parent.number,
        added=was.null_count,
        removed=is_.null_count,
        relabelled=int(pc.sum(pc.not_equal(was, is_)).as_py() or 0),
    )


def _labels_by_url(table: pa.Table, name: str) -> pa.Table:
    joined = pc.binary_join(table["labels"].combine_chunks(), "|")
    return pa.table({"url": table["url"], name: joined})
