"""Taking files in: an ingest is created by a door, then run by whoever claims it: a worker or the command."""

import gc
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, CrossguardError, TooLarge
from annotator.pool.cases import upload_drop
from annotator.pool.cleaning import CleanRow, Refusal, Rules, row_clean
from annotator.pool.columns import LabelNames
from annotator.pool.files import BLOCK_BYTES, Shape, file_look
from annotator.pool.lists import Source, UnknownLists
from annotator.pool.models import Ingest, IngestReport
from annotator.pool.readable import Readable, file_readable
from annotator.pool.reading import check_beginning, no_rows
from annotator.pool.rows import RawRow
from annotator.pool.signatures import signatures_renew
from annotator.pool.writing import (
    bulk_settings,
    items_copy,
    project_wait,
    refused_copy,
    rows_new,
    versions_copy,
)
from annotator.projects.models import LogEntry, Project
from annotator.projects.selectors import taxonomy_current
from annotator.projects.services import log_write
from annotator.runs import ACTIVE, run_claim, run_done, run_held, run_progress

CHUNK_ROWS = 10_000
CHUNK_CHARS = 16 * 1024 * 1024
STAGE_CHECK, STAGE_READ = "checking the file", "reading lines"


@dataclass(frozen=True)
class Upload:
    """A file that somebody hands in; `format` overrules its name, `names` says what lists in it are."""

    filename: str
    stream: BinaryIO
    format: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Chunk:
    """Rows that are committed together: how many were read, up to which line, and what they became."""

    read: int
    line: int
    clean: list[CleanRow]
    refused: list[tuple[int, Refusal]]


def ingest_create(project: Project, upload: Upload, *, by: User | None) -> Ingest:
    """A pending ingest of the file, which is kept in the file storage; the tick wakes a worker for it.

    The same bytes while an earlier ingest of them is still under way: that ingest. Raises BadInput or TooLarge,
    having kept nothing, when the beginning of the file shows that it cannot be read.
    """
    filename = _plain_name(upload.filename)
    look = file_look(upload.stream, filename, upload.format)
    check_beginning(look, filename)
    shape = look.shape
    size, digest = _measure(upload.stream)
    if not shape.gzipped and size > settings.INGEST_MAX_BYTES:
        raise TooLarge(f"{filename} has {size:,} bytes; {settings.INGEST_MAX_BYTES:,} is the most. Split it.")
    names = dict(upload.names)
    if not all(cell.isprintable() for pair in names.items() for cell in pair):
        raise BadInput("What a list means is plain text: the name of the list, and a category.")
    active = Ingest.objects.filter(
        project=project, sha256=digest, list_names=names, status__in=ACTIVE
    ).first()
    if active is not None:
        return active
    stored = default_storage.save(f"ingests/{project.pk}/{uuid.uuid4().hex}", File(upload.stream))
    return Ingest.objects.create(
        project=project,
        created_by=by,
        filename=filename,
        file=stored,
        format=shape.format,
        gzipped=shape.gzipped,
        list_names=names,
        size=size,
        sha256=digest,
    )


def _plain_name(filename: str) -> str:
    # Browsers of old send whole paths, and a file system holds names that are not UTF-8.
    name = PurePath(filename.replace("\\", "/")).name.encode("utf-8", "replace").decode()
    return name[:255] or "upload"


def ingest_run(ingest_id: int, *, on_progress: Callable[[Ingest], object] | None = None) -> Ingest | None:
    """Take the file in, or what an earlier worker left of it; the ingest, or None when it is not ours to run.

    `on_progress` gets the ingest after each step.

    1. Claim the ingest. 2. Read the whole file once: what cannot be read to its end is refused before a row of it
    is written. 3. Skip the rows already committed; clean and commit the others chunk by chunk, counts and all.
    A worker killed in between leaves whole chunks; one that was overtaken fails its next commit (RunLost).
    """
    ingest = run_claim(Ingest, ingest_id)
    if ingest is None:
        return None
    with run_held(ingest, partial(_log_failure, ingest)), _rare_collections():
        _take_in(ingest, on_progress or _silent)
    ingest.refresh_from_db()
    return ingest


@contextmanager
def _rare_collections() -> Iterator[None]:
    # The rows of a chunk are many objects and no cycles: looking for cycles among them took a tenth of the time.
    before = gc.get_threshold()
    gc.set_threshold(500_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _take_in(ingest: Ingest, show: Callable[[Ingest], object]) -> None:
    rules = rules_of(ingest.project)
    shape = Shape(format=ingest.format, gzipped=ingest.gzipped)
    source = Source(ingest.filename, shape, settings.INGEST_MAX_BYTES, rules.labels, ingest.list_names)
    with default_storage.open(ingest.file) as file:
        run_progress(ingest, STAGE_CHECK, 0)
        show(ingest)
        try:
            with file_readable(cast(BinaryIO, file), source) as readable:
                for _ in _rows_committed(ingest, readable, rules):
                    show(ingest)
        except CrossguardError as error:
            if isinstance(error, UnknownLists):
                _ask_names(ingest, error)
            # Nothing of it was taken in: its name and its error are all that stays.
            upload_drop(ingest)
            raise
    with transaction.atomic():
        run_done(ingest)
        IngestReport.objects.get_or_create(ingest=ingest, defaults={"project": ingest.project})
    # What it held is in rows now. A page that is withheld later must not be left in a file.
    upload_drop(ingest)
    ingest.refresh_from_db()
    log_write(ingest.project, "pool", f"{ingest.filename} taken in: {_counts(ingest)}")


def _ask_names(ingest: Ingest, error: UnknownLists) -> None:
    names = ingest.list_names | dict.fromkeys(error.names, "")
    Ingest.objects.filter(pk=ingest.pk).update(list_names=names)


def _rows_committed(ingest: Ingest, readable: Readable, rules: Rules) -> Iterator[None]:
    for _ in islice(readable.rows, ingest.rows_read):
        pass
    for chunk in _chunks(readable.rows, rules):
        _chunk_commit(ingest, chunk, readable.lines)
        yield
    if not Ingest.objects.filter(pk=ingest.pk, rows_read__gt=0).exists():
        raise no_rows(ingest.filename)


def rules_of(project: Project) -> Rules:
    """What the project decides about rows. One query."""
    names = LabelNames.of((category.slug, category.name) for category in taxonomy_current(project).categories)
    return Rules(salt=project.holdout_salt, holdout_percent=project.holdout_percent, labels=names)


def _chunks(rows: Iterator[RawRow], rules: Rules) -> Iterator[_Chunk]:
    while True:
        chunk = _next_chunk(rows, rules)
        if chunk.read == 0:
            return
        yield chunk


def _next_chunk(rows: Iterator[RawRow], rules: Rules) -> _Chunk:
    clean: list[CleanRow] = []
    refused: list[tuple[int, Refusal]] = []
    read = line = chars = 0
    for line, cells in islice(rows, CHUNK_ROWS):
        read += 1
        outcome = cells if isinstance(cells, Refusal) else row_clean(cells, rules)
        if isinstance(outcome, Refusal):
            refused.append((line, outcome))
            continue
        clean.append(outcome)
        chars += len(outcome.page.text) + len(outcome.origin.metadata)
        if chars > CHUNK_CHARS:
            break
    return _Chunk(read=read, line=line, clean=clean, refused=refused)


@transaction.atomic
def _chunk_commit(ingest: Ingest, chunk: _Chunk, lines: int) -> None:
    """Write one chunk and the count of its rows together. Raises RunLost, with nothing written, when overtaken."""
    # Ours first: an overtaken worker must not write, and its successor waits here until we have committed.
    run_progress(ingest, STAGE_READ, chunk.line, lines)
    project_wait(ingest.project_id)
    bulk_settings()
    new = rows_new(ingest.project_id, chunk.clean)
    items_copy(ingest, new)
    refused_copy(ingest, chunk.refused)
    changed = versions_copy(ingest.project_id, _repeated(chunk.clean, new), timezone.now())
    signatures_renew(changed)
    Ingest.objects.filter(pk=ingest.pk).update(
        rows_read=F("rows_read") + chunk.read,
        rows_added=F("rows_added") + len(new),
        rows_known=F("rows_known") + len(chunk.clean) - len(new),
        rows_changed=F("rows_changed") + len(changed),
        rows_refused=F("rows_refused") + len(chunk.refused),
    )


def _repeated(rows: Sequence[CleanRow], new: Sequence[CleanRow]) -> Iterator[CleanRow]:
    """The rows that are not the first of their address, in the order of the file."""
    taken = set(map(id, new))
    return (row for row in rows if id(row) not in taken)


def _silent(_: Ingest) -> None:
    """Show nothing."""


def _measure(stream: BinaryIO) -> tuple[int, str]:
    stream.seek(0)
    size, digest = 0, sha256()
    while block := stream.read(BLOCK_BYTES):
        size += len(block)
        digest.update(block)
    stream.seek(0)
    return size, digest.hexdigest()


def _counts(ingest: Ingest) -> str:
    return (
        f"{ingest.rows_added:,} added, {ingest.rows_known:,} known already, {ingest.rows_refused:,} refused"
    )


def _log_failure(ingest: Ingest, sentence: str) -> None:
    log_write(ingest.project, "pool", f"Ingest of {ingest.filename}: {sentence}", level=LogEntry.Level.ERROR)
