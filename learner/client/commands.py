"""What each command does, given a client and what was written on its line; the exit status comes back."""

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from learner.client.crossguard import Crossguard
from learner.client.errors import WRONG, NotFound, Refused
from learner.client.exporting import bundle_unpack
from learner.client.pulling import Step, Wanted, pull
from learner.client.shapes import End, Run
from learner.client.telling import (
    Progress,
    differences_text,
    megabytes,
    note,
    out,
    out_json,
    out_table,
    plain,
)
from learner.client.verify import findings_of
from learner.client.versions import named

Command = Callable[[Crossguard, argparse.Namespace], int]
CHOICE: Final = (
    "methods",
    "min_judgments",
    "categories",
    "streams",
    "sources",
    "resolved_from",
    "resolved_until",
    "as_of",
    "formats",
    "pseudonyms",
)
FILTERS: Final = {
    "judgments": (
        "item", "label", "verdict", "since", "until", "annotator", "stream", "split", "source", "history",
    ),
    "items": (
        "text", "domain", "split", "source", "stream", "category", "verdict", "method", "resolved", "since", "until",
        "changed_since",
    ),
}  # fmt: skip


def projects(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """The projects of the token's owner."""
    rows = crossguard.projects()
    if given.json:
        out_json([asdict(row) for row in rows])
    else:
        out_table(("PROJECT", "ROLE", "NAME"), [(row.slug, row.role, row.name) for row in rows])
    return 0


def snapshots(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """The snapshots of one project."""
    rows = list(crossguard.snapshots(given.project))
    if given.json:
        out_json([asdict(row) for row in rows])
        return 0
    out_table(
        ("NUMBER", "VERSION", "TAKEN", "ITEMS", "JUDGMENTS", "SIZE", "NAME"),
        [
            (
                row.number,
                row.semantic,
                f"{row.created_at:%Y-%m-%d %H:%M}",
                f"{row.n_items:,}",
                f"{row.n_judgments:,}",
                megabytes(row.size),
                f"DEPRECATED: {row.deprecated}" if row.deprecated else row.name,
            )
            for row in rows
        ],
    )
    return 0


def pulled(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """The files of one snapshot."""
    which = named(given.snapshot)
    wanted = Wanted(tuple(given.only or ()), tuple(given.format or ()))
    with _progress() as progress:

        def tell(step: Step) -> None:
            if step.words:
                progress.end()
                note(f"{step.name}: {step.words}")
            else:
                progress.say(f"{step.name}  {megabytes(step.done)} of {megabytes(step.total)}")

        done = pull(crossguard, which.project, which.version, given.dir, wanted=wanted, tell=tell)
    if done.snapshot.deprecated:
        note(f"{done.snapshot} is deprecated: {done.snapshot.deprecated}")
    out(
        f"{which.project} {done.snapshot} is in {given.dir}: {len(done.fetched)} files fetched, "
        f"{len(done.there)} were there, every hash is right."
    )
    return 0


def diff(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """What differs between two snapshots."""
    before, after = named(given.before), named(given.after)
    if before.project != after.project:
        raise Refused(f"{before.project} and {after.project} are two projects. Name two snapshots of one.")
    numbers = [crossguard.snapshot(which.project, which.version).number for which in (before, after)]
    found = crossguard.differences(before.project, *numbers)
    if given.json:
        out_json(found)
    else:
        out(differences_text(found))
    return 0


def ingest(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """Files taken in, one after the other."""
    missing = [path for path in given.files if not path.is_file()]
    if missing:
        raise NotFound(f"There is no file {missing[0]}. Nothing was sent.")
    statuses = [_ingest_one(crossguard, given, path) for path in given.files]
    return max(statuses)


def snapshot(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """A new snapshot of what the filters choose."""
    choice = {name: getattr(given, name) for name in CHOICE if getattr(given, name) is not None}
    run = crossguard.snapshot_start(given.project, choice)
    if given.no_wait:
        out(f"run {run.id}: {run.status}")
        return 0
    run = _waited(crossguard, run)
    if run.snapshot is None:
        note(f"No snapshot was taken: {run.error}")
        return WRONG
    taken = crossguard.snapshot(given.project, str(run.snapshot))
    if given.json:
        out_json(asdict(taken))
    else:
        out(f"{given.project} {taken}: {taken.n_items:,} items, {taken.n_judgments:,} judgments.")
    return 0


def rows(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """Judgments or items as they come, a line each."""
    names = FILTERS[given.command]
    filters: dict[str, Any] = {name: getattr(given, name) for name in (*names, "after", "fields")}
    if given.fields and "id" not in given.fields.split(","):
        filters["fields"] = f"id,{given.fields}"
    with _progress() as progress:
        for count, row in enumerate(crossguard.rows(given.project, given.command, filters), 1):
            if isinstance(row, End):
                if given.end:
                    _line({"end": asdict(row)})
            else:
                _line(row)
                if not count % 1000:
                    progress.say(f"{count:,} {given.command}")
    return 0


def verify(folder: Path, key: str) -> int:
    """Whether the files of a directory are the frozen ones: no server is asked."""
    findings = findings_of(folder, key)
    for finding in findings:
        out(plain(str(finding)))
    return 0 if all(finding.is_good for finding in findings) else WRONG


def _ingest_one(crossguard: Crossguard, given: argparse.Namespace, path: Path) -> int:
    run = _waited(crossguard, crossguard.ingest(given.project, path, form=given.format))
    if run.status == "failed":
        note(f"{path}: not taken in: {run.error}")
        return WRONG
    refused = list(crossguard.refused(run)) if run.rows_refused else []
    if given.json:
        out_json(asdict(run) | {"refused": [asdict(row) for row in refused]})
    else:
        out(
            f"{path}: {run.rows_read:,} rows read, {run.rows_added:,} added, {run.rows_known:,} known, "
            f"{run.rows_changed:,} of them changed, {run.rows_refused:,} refused."
        )
        for row in refused:
            out(f"  line {row.line}: {plain(row.detail)}" + (f" [{plain(row.value)}]" if row.value else ""))
    return WRONG if refused else 0


def _waited(crossguard: Crossguard, run: Run) -> Run:
    with _progress() as progress:

        def tell(run: Run) -> None:
            of = f" {run.done:,} of {run.total:,}" if run.total else f" {run.done:,}" if run.done else ""
            progress.say(f"{run.stage or run.status}{of}")

        return crossguard.wait(run, tell)


def _line(row: dict[str, Any]) -> None:
    out(json.dumps(row, ensure_ascii=False))


@contextmanager
def _progress() -> Iterator[Progress]:
    progress = Progress()
    try:
        yield progress
    finally:
        progress.end()


def export_classifier(crossguard: Crossguard, given: argparse.Namespace) -> int:
    """A classifier version that scores without Crossguard, in a directory of its own."""
    names = bundle_unpack(crossguard.bundle(given.project, given.number), given.dir)
    out(f"{given.dir}: {', '.join(names)}")
    return 0


ASKING: Final[dict[str, Command]] = {
    "projects": projects,
    "snapshots": snapshots,
    "pull": pulled,
    "diff": diff,
    "ingest": ingest,
    "snapshot": snapshot,
    "export-classifier": export_classifier,
    "judgments": rows,
    "items": rows,
}
"""The commands that ask a server."""
