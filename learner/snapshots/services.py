"""Freezing snapshots: the run as a row, the files in the storage, the snapshot as an append-only row."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.review.selectors import resolutions_current
from annotator.runs import ACTIVE, RunStatus, run_claim, run_done, run_held, run_progress, run_start
from learner.client.manifest import MANIFEST, SIGNATURE, manifest_bytes, public_text, signature_of
from learner.core.cards import Changes
from learner.core.snapshot_sections import ContentFacts, content_sections
from learner.snapshots import files
from learner.snapshots.content import EVERYTHING, Choice, Pseudonyms
from learner.snapshots.dialects import card_write
from learner.snapshots.facts import card_facts, changes_between
from learner.snapshots.freezing import Written, tables_freeze
from learner.snapshots.frozen import NEWEST
from learner.snapshots.items_table import column_of
from learner.snapshots.lanes import TableProgress
from learner.snapshots.models import Snapshot, SnapshotNote, SnapshotRun, SnapshotSite
from learner.snapshots.parts import Parts, leftovers_delete, runs_with_leftovers, snapshot_folder
from learner.snapshots.pictures import Counted, counted
from learner.snapshots.sections.selectors import card_written
from learner.snapshots.sections.services import card_demand
from learner.snapshots.selectors import choice_preview, snapshot_with_content, snapshots_of
from learner.snapshots.signing import signing_key

NOTE_MAX: Final = 1000
NAME_MAX: Final = 60


def snapshot_run_start(project: Project, by: User | None, *, choice: Choice = EVERYTHING) -> SnapshotRun:
    """A new run that freezes `project` as chosen, or the one of the same choice that is under way.

    The next tick wakes a worker. Raises BadInput when nothing fits: an empty dataset helps nobody; and when a section
    of the data card is missing that only people can write. Conflict when a snapshot of another choice is under way.
    """
    if not resolutions_current(project).filter(verdict="labelled").exists():
        raise BadInput("No item is resolved yet, so a snapshot would be empty. Label a few pages first.")
    if choice != EVERYTHING and not choice_preview(project, choice).n_items:
        raise BadInput("No resolved item fits this choice, so the snapshot would be empty. Leave less out.")
    card_demand(project, card_written(project, as_of=choice.as_of), as_of=choice.as_of)
    run = run_start(
        SnapshotRun,
        project,
        created_by=by,
        content=choice.content.as_json(),
        as_of=choice.as_of,
        formats=sorted(choice.formats),
        pseudonyms=choice.pseudonyms,
    )
    asked = (choice.content.as_json(), choice.as_of, sorted(choice.formats), choice.pseudonyms)
    if (run.content, run.as_of, sorted(run.formats), run.pseudonyms) != asked:
        raise Conflict("A snapshot of another choice is under way. Wait until it is done, or cancel it.")
    return run


def snapshot_run_cancel(project: Project, run_id: int, *, by: User) -> None:
    """End a run that is under way: its worker stops at the next step, and nothing of it is published.

    By compare-and-set: raises Conflict when it has ended already.
    """
    ended = SnapshotRun.objects.filter(project=project, pk=run_id, status__in=ACTIVE).update(
        status=RunStatus.FAILED, finished_at=timezone.now(), error=f"Cancelled by {by.username}."
    )
    if not ended:
        raise Conflict("This run has ended already. Reload the page to see how.")
    log_write(project, "snapshots", f"{by.username} cancelled a snapshot that was under way")


def snapshot_run_execute(run_id: int) -> None:
    """Do the work of a run: freeze, or find the snapshot that holds the same already.

    A worker that dies leaves no snapshot; the next one reads the same moment, keeps the tables that were whole, and
    goes on. When the run has ended, nothing is left of it in the storage but a snapshot's files.
    """
    run = run_claim(SnapshotRun, run_id)
    if run is None:
        return

    def failed(sentence: str) -> None:
        log_write(run.project, "snapshots", f"Snapshot failed: {sentence}", level=LogEntry.Level.ERROR)

    try:
        with run_held(run, failed), tempfile.TemporaryDirectory() as name:
            _freeze(run, Path(name))
    finally:
        leftovers_delete(run)


def snapshot_leftovers_sweep() -> None:
    """Delete what runs left in the storage that ended while their worker was dead. One query when there is nothing."""
    for run in runs_with_leftovers(timezone.now()):
        leftovers_delete(run)


@transaction.atomic
def snapshot_annotate(snapshot: Snapshot, kind: str, text: str, *, by: User) -> SnapshotNote:
    """Write a name, a note, or why the snapshot is deprecated, beside it: it is never edited itself.

    The newest name holds. Raises BadInput for an empty or too long text, Conflict when it is deprecated already.
    """
    if kind not in SnapshotNote.Kind.values:
        raise BadInput(f'"{kind}" is not one of {", ".join(SnapshotNote.Kind.values)}.')
    text, most = text.strip(), NAME_MAX if kind == SnapshotNote.Kind.NAME else NOTE_MAX
    if not text or len(text) > most or "\x00" in text:
        raise BadInput(f"Write 1 to {most} characters.")
    Snapshot.objects.select_for_update(no_key=True).get(pk=snapshot.pk)
    deprecated = SnapshotNote.Kind.DEPRECATED
    if kind == deprecated and SnapshotNote.objects.filter(snapshot=snapshot, kind=deprecated).exists():
        raise Conflict("This snapshot is deprecated already. Add a note if there is more to say.")
    note = SnapshotNote.objects.create(snapshot=snapshot, kind=kind, text=text, by=by)
    if kind == deprecated:
        log_write(snapshot.project, "snapshots", f"{by.username} deprecated {snapshot}: {text}"[:1000])
    return note


def _freeze(run: SnapshotRun, folder: Path) -> None:
    def tell(stage: str, tables: Mapping[str, TableProgress]) -> None:
        items = tables.get("items", TableProgress())
        run_progress(run, stage, items.done, items.total or None)
        _tables_told(run, tables)

    choice = replace(run.choice, as_of=_moment(run))
    written = tables_freeze(run.project, choice, folder, tell, Parts(run))
    run_progress(run, "writing the card", 0)
    known = snapshot_with_content(run.project, written.manifest["content_sha256"])
    if known is not None:
        run_done(run, stage="done", snapshot=known)
        return
    parent = snapshots_of(run.project).first()
    changes = _changes(parent, folder / files.ITEMS)
    number = 1 if parent is None else parent.number + 1
    semantic = ".".join(map(str, _semantic(parent, written.manifest, changes)))
    counts = counted(folder, {slug: column_of(slug) for slug in written.frozen.taxonomy.slugs}, written.files)
    facts = card_facts(written.frozen, number, semantic, changes, counts)
    card_write(folder, facts, content_sections(_content_facts(written)))
    manifest = written.manifest | {
        "version": number,
        "semantic": semantic,
        "parent": None if parent is None else {"version": parent.number, "sha256": parent.sha256},
        "files": _file_facts(folder, written, counts),
    }
    _sign(folder, manifest)
    run_progress(run, "storing", 0)
    _publish(run, folder, manifest, parent, written)


def _moment(run: SnapshotRun) -> datetime:
    """The moment that every attempt of the run reads: that which was asked for, or when the first attempt began.

    Not before the newest row that it sees: the clock of another machine may be ahead.
    """
    if run.moment is None:
        with connection.cursor() as cursor:
            cursor.execute(NEWEST, {"project": run.project_id})
            (newest,) = cursor.fetchone() or (None,)
        now = timezone.now()
        run.moment = run.as_of or max(now, newest or now)
        SnapshotRun.objects.filter(pk=run.pk, moment=None).update(moment=run.moment)
    return run.moment


def _tables_told(run: SnapshotRun, tables: Mapping[str, TableProgress]) -> None:
    """Write how far each table is; the first time that some are kept, say so in the log."""
    before = run.kept
    run.tables = [{"name": name, **asdict(told)} for name, told in tables.items()]
    SnapshotRun.objects.filter(pk=run.pk, attempt=run.attempt).update(tables=run.tables)
    if run.kept and not before:
        log_write(run.project, "snapshots", f"Snapshot resumed; kept as they were: {', '.join(run.kept)}")


def _file_facts(folder: Path, written: Written, counts: Counted) -> dict[str, dict[str, int | str]]:
    """Size and hash of each file; those of the tables are known, and large."""
    cuts: dict[str, dict[str, int | str]] = {
        table.file: {"sha256": table.sha256, "bytes": table.n_bytes} for table in counts.tables
    }
    known = cuts | written.files
    return {path.name: known.get(path.name) or files.file_facts(path) for path in sorted(folder.iterdir())}


def _sign(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest, and its signature where the installation has a key."""
    key = signing_key()
    if key is not None:
        manifest["public_key"] = public_text(key)
    written = manifest_bytes(manifest)
    (folder / MANIFEST).write_bytes(written)
    if key is not None:
        (folder / SIGNATURE).write_bytes(signature_of(written, key))


def _publish(
    run: SnapshotRun, folder: Path, manifest: dict[str, Any], parent: Snapshot | None, written: Written
) -> None:
    """Store the files, then write the snapshot and end the run at once: a run that was cancelled publishes nothing."""
    content = (folder / MANIFEST).read_bytes()
    directory = snapshot_folder(run, manifest["version"])
    files.files_store(folder, directory)
    major, minor, patch = map(int, manifest["semantic"].split("."))
    with transaction.atomic():
        snapshot = Snapshot.objects.create(
            project=run.project,
            number=manifest["version"],
            major=major,
            minor=minor,
            patch=patch,
            parent=parent,
            created_by=run.created_by,
            content_sha256=manifest["content_sha256"],
            manifest_sha256=hashlib.sha256(content).hexdigest(),
            directory=directory,
            manifest=manifest,
            n_items=manifest["n_items"],
            n_judgments=manifest["n_judgments"],
            size=len(content) + sum(int(facts["bytes"]) for facts in manifest["files"].values()),
        )
        _sites_write(snapshot, written.splits.dealt)
        log_write(
            run.project,
            "snapshots",
            f"{snapshot} ({snapshot.semantic}) frozen: {snapshot.n_items} items, {snapshot.n_judgments} judgments",
        )
        run_done(run, stage="done", snapshot=snapshot)


def _sites_write(snapshot: Snapshot, dealt: list[tuple[int, int]]) -> None:
    table = SnapshotSite._meta.db_table
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} (snapshot_id, site, side) FROM STDIN") as copy,
    ):
        for site, side in dealt:
            copy.write_row((snapshot.pk, site, side))


def _semantic(
    parent: Snapshot | None, manifest: dict[str, Any], changes: Changes | None
) -> tuple[int, int, int]:
    """Major when the taxonomy changed, minor when items came or went, patch for any other change."""
    if parent is None or changes is None:
        return (1, 0, 0)
    if parent.manifest["versions"]["taxonomy"] != manifest["versions"]["taxonomy"] or not parent.major:
        return (parent.major + 1, 0, 0)
    if changes.added or changes.removed:
        return (parent.major, parent.minor + 1, 0)
    return (parent.major, parent.minor, parent.patch + 1)


def _changes(parent: Snapshot | None, path: Path) -> Changes | None:
    """What differs from the parent, read from both files."""
    if parent is None:
        return None
    with files.file_verified(parent, files.ITEMS) as stream:
        return changes_between(parent.number, stream, path)


def _content_facts(written: Written) -> ContentFacts:
    splits, choice = written.splits, written.choice
    return ContentFacts(
        sentences=choice.content.sentences(),
        n_withheld=written.frozen.totals.n_withheld,
        formats=choice.formats,
        is_stable=choice.pseudonyms == Pseudonyms.STABLE,
        n_by_split=splits.n_by_split,
        n_groups=splits.n_groups,
        largest_group=splits.largest_group,
        n_inherited=splits.cut.n_inherited,
        n_conflicts=splits.cut.n_conflicts,
        leakage=splits.leakage,
    )
