"""Taking in judgments of other tools: the file is handed in, read, mapped by a lead, and written by a worker."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO, Final, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.accounts.services import account_imported
from annotator.errors import BadInput, Conflict, TooLarge
from annotator.interchange.formats import FORMATS, author_of, format_of, pages_of
from annotator.interchange.neutral import NAME_MAX, Doubtful, Page, Reading, Refused, Unreadable, plain
from annotator.interchange.tables import folded
from annotator.judgments.imports.dropping import file_drop
from annotator.judgments.imports.looking import found_in
from annotator.judgments.imports.mapping import NEW, FileMapping, Given, Sent, judgment_mapped, sent_check
from annotator.judgments.imports.selectors import annotators_before
from annotator.judgments.imports.writing import Versions, judgments_add, refused_add
from annotator.judgments.models import JudgmentImport
from annotator.pool.cleaning import CleanRow, Refusal, Rules, row_clean
from annotator.pool.services import rules_of
from annotator.pool.writing import items_take, project_wait
from annotator.projects.models import LogEntry, Membership, Project
from annotator.projects.selectors import Taxonomy, guideline_current, taxonomy_current
from annotator.projects.services import log_write
from annotator.runs import ACTIVE, RunStatus, run_claim, run_done, run_held, run_progress

Phase = JudgmentImport.Phase
BLOCK_BYTES: Final = 1024 * 1024
CHUNK_PAGES: Final = 2_000
CHUNK_CHARS: Final = 16 * 1024 * 1024
LOOK_EVERY: Final = 5_000


@dataclass(frozen=True)
class ImportUpload:
    """A file that a lead hands in; empty `format` and `author` are told from the file itself and its name."""

    filename: str
    stream: BinaryIO
    format: str = ""
    author: str = ""
    question: str = ""


@dataclass(frozen=True)
class _AsMapped:
    """What decides on a page: the rules of the project, the lead's mapping, and what time it is."""

    rules: Rules
    mapping: FileMapping
    now: datetime


@dataclass
class _Chunk:
    """Pages that are committed together, and what they became."""

    read: int = 0
    chars: int = 0
    rows: list[CleanRow] = field(default_factory=list)
    judgments: list[tuple[str, Given]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: int = 0
    twice: int = 0


def import_create(project: Project, upload: ImportUpload, *, by: User) -> JudgmentImport:
    """A pending import, whose file a worker reads to see what is in it. Nothing is written before a lead maps it.

    The same bytes while an earlier import of them is under way: that import. Raises BadInput for a format that is not
    known or not to be seen, TooLarge.
    """
    if upload.format and upload.format not in FORMATS:
        raise BadInput(f'"{upload.format}" is not a format. Use one of: {", ".join(FORMATS)}.')
    try:
        slug = upload.format or format_of(upload.stream)
    except Unreadable as unreadable:
        raise BadInput(str(unreadable)) from None
    name = plain(PurePath(upload.filename.replace("\\", "/")).name, 255) or "upload"
    size, digest = _measure(upload.stream)
    if size > settings.INGEST_MAX_BYTES:
        raise TooLarge(f"{name} has {size:,} bytes; {settings.INGEST_MAX_BYTES:,} is the most. Split it.")
    active = JudgmentImport.objects.filter(project=project, sha256=digest, format=slug, status__in=ACTIVE)
    if (under_way := active.first()) is not None:
        return under_way
    stored = default_storage.save(f"imports/{project.pk}/{uuid.uuid4().hex}", File(upload.stream))
    return JudgmentImport.objects.create(
        project=project,
        created_by=by,
        filename=name,
        file=stored,
        format=slug,
        author=plain(upload.author, NAME_MAX) or author_of(name),
        question=plain(upload.question, NAME_MAX),
        size=size,
        sha256=digest,
    )


@transaction.atomic
def import_start(run: JudgmentImport, sent: Sent, *, by: User) -> JudgmentImport:
    """The import with its mapping, to be written by a worker; people whom nobody is chosen for get an account.

    Such an account is not active and has no role: it is a name that judgments belong to. Whoever was mapped in an
    earlier import of the project, and is not chosen anew, is the same again. Raises BadInput, naming the value, for a
    mapping that is not whole; Conflict when the import does not wait for one.
    """
    taxonomy = taxonomy_current(run.project)
    if run.phase != Phase.MAPPING or run.status != RunStatus.DONE:
        raise Conflict("This import does not wait for a mapping. Reload the page to see how far it is.")
    sent_check(sent, run.found, taxonomy)
    people = _people(run, sent.annotators)
    mapping = FileMapping(sent.url, sent.title, sent.text, dict(sent.labels), people)
    waiting = JudgmentImport.objects.filter(pk=run.pk, phase=Phase.MAPPING, status=RunStatus.DONE)
    if not waiting.update(
        phase=Phase.WRITING,
        status=RunStatus.PENDING,
        mapping=mapping.as_json(),
        stage="",
        done=0,
        heartbeat_at=None,
        finished_at=None,
    ):
        raise Conflict("Somebody else has started this import. Reload the page to see how far it is.")
    log_write(run.project, "judgments", f"{by.username} imports the judgments of {run.filename}")
    run.refresh_from_db()
    return run


def import_cancel(run: JudgmentImport, *, by: User) -> None:
    """End an import that is under way or waits for its mapping. What is written stays: judgments are append-only.

    By compare-and-set: raises Conflict when it has ended already.
    """
    ended = JudgmentImport.objects.filter(pk=run.pk, status__in=ACTIVE).update(
        status=RunStatus.FAILED, finished_at=timezone.now(), error=f"Cancelled by {by.username}."
    ) or JudgmentImport.objects.filter(pk=run.pk, phase=Phase.MAPPING, status=RunStatus.DONE).update(
        status=RunStatus.FAILED, error=f"Cancelled by {by.username}."
    )
    if not ended:
        raise Conflict("This import has ended already. Reload the page to see how.")
    file_drop(run)
    log_write(run.project, "judgments", f"{by.username} cancelled the import of {run.filename}")


def import_run(run_id: int) -> None:
    """Do what the import is at: read the file to its end, or write what an earlier worker has left of it.

    1. Reading keeps nothing but counts; a file that cannot be read to its end is refused here, before a row of it is
    written. 2. Writing commits whole chunks with their counts, and skips those that are committed. A worker that was
    overtaken, or whose import was cancelled, fails its next commit (RunLost).
    """
    run = run_claim(JudgmentImport, run_id)
    if run is None:
        return
    with run_held(run, partial(_failed, run)):
        if run.phase == Phase.READING:
            _look(run)
        else:
            _write(run)


def _look(run: JudgmentImport) -> None:
    run_progress(run, Phase.READING.label, 0, None)
    counted = None
    with _pages(run) as pages:
        for counted in found_in(pages, FORMATS[run.format].place):
            if counted.pages % LOOK_EVERY == 0:
                run_progress(run, Phase.READING.label, counted.pages, None)
    assert counted is not None  # a file without a page was refused
    run_done(run, phase=Phase.MAPPING, stage="", found=counted.as_json())


def _write(run: JudgmentImport) -> None:
    as_mapped = _AsMapped(rules_of(run.project), FileMapping.of(run.mapping), timezone.now())
    versions = _versions(run)
    with _pages(run) as pages:
        for _ in islice(pages, run.pages_read):
            pass
        while (chunk := _chunk(pages, run.format, as_mapped)).read:
            _commit(run, chunk, versions)
    run_done(run, stage="")
    run.refresh_from_db()
    file_drop(run)
    log_write(run.project, "judgments", f"{run.filename}: {run.judgments_added:,} judgments imported")


def _versions(run: JudgmentImport) -> Versions:
    taxonomy = taxonomy_current(run.project)
    gone = set(run.mapping["labels"].values()) - {"none", "ignore", *taxonomy.slugs}
    if gone:
        raise BadInput(
            f'The taxonomy has no category "{min(gone)}" any more. Hand the file in again, and map it to the new one.'
        )
    return Versions(taxonomy, guideline_current(run.project).version.pk)


@contextmanager
def _pages(run: JudgmentImport) -> Iterator[Iterator[Page | Refused]]:
    """The pages of the file. Raises BadInput with the place where it is broken."""
    reading = Reading(run.author, run.question, _names(taxonomy_current(run.project)))
    with default_storage.open(run.file) as file:
        pages = pages_of(cast(BinaryIO, file.file), run.format, reading)
        try:
            with closing(pages):
                yield pages
        except Unreadable as unreadable:
            raise BadInput(str(unreadable)) from None


def _names(taxonomy: Taxonomy) -> frozenset[str]:
    return frozenset(folded(name) for row in taxonomy.categories for name in (row.slug, row.name))


def _chunk(pages: Iterator[Page | Refused], source: str, as_mapped: "_AsMapped") -> _Chunk:
    chunk = _Chunk()
    for page in islice(pages, CHUNK_PAGES):
        chunk.read += 1
        if isinstance(page, Refused):
            chunk.refused.append(page)
        else:
            _page_add(chunk, page, source, as_mapped)
        if chunk.chars > CHUNK_CHARS:
            break
    return chunk


def _page_add(chunk: _Chunk, page: Page, source: str, as_mapped: "_AsMapped") -> None:
    mapping = as_mapped.mapping
    chunk.refused += page.refused
    cells = {"url": page.fields.get(mapping.url, ""), "source": source}
    cells |= {
        name: page.fields.get(chosen, "")
        for name, chosen in (("title", mapping.title), ("text", mapping.text))
        if chosen
    }
    row = row_clean(cells, as_mapped.rules)
    if isinstance(row, Refusal):
        chunk.refused.append(Refused(page.line, str(row.reason), row.detail, row.value))
        return
    chunk.rows.append(row)
    chunk.chars += len(row.page.text)
    newest: dict[int, Given] = {}
    for judgment in page.judgments:
        try:
            given = judgment_mapped(judgment, mapping, as_mapped.now)
        except Doubtful as doubtful:
            chunk.refused.append(doubtful.at(page.line))
            continue
        if given is None:
            chunk.left_out += 1
            continue
        known = newest.get(given.annotator)
        chunk.twice += known is not None
        if known is None or _time(given) >= _time(known):
            newest[given.annotator] = given
    chunk.judgments += [(row.url_hash, given) for given in newest.values()]


def _time(given: Given) -> float:
    return given.given_at.timestamp() if given.given_at else 0.0


@transaction.atomic
def _commit(run: JudgmentImport, chunk: _Chunk, versions: Versions) -> None:
    """Write one chunk and its counts together. Raises RunLost, with nothing written, when overtaken or cancelled."""
    done = run.pages_read + chunk.read
    run_progress(run, Phase.WRITING.label, done, run.found["pages"])
    project_wait(run.project_id)
    hashes = {row.url_hash for row in chunk.rows}
    added_items = items_take(run.project_id, chunk.rows)
    added = judgments_add(run, chunk.judgments, versions)
    refused_add(run, chunk.refused)
    JudgmentImport.objects.filter(pk=run.pk).update(
        pages_read=F("pages_read") + chunk.read,
        items_added=F("items_added") + added_items,
        items_known=F("items_known") + len(hashes) - added_items,
        judgments_added=F("judgments_added") + added,
        judgments_known=F("judgments_known") + len(chunk.judgments) + chunk.twice - added,
        judgments_left_out=F("judgments_left_out") + chunk.left_out,
        refused=F("refused") + len(chunk.refused),
    )
    run.pages_read = done


def _people(run: JudgmentImport, chosen: Mapping[str, str]) -> dict[str, int]:
    """The account of everybody in the file: a member who was chosen, the one from before, or a new one."""
    members = {
        row.user.username: row.user_id
        for row in Membership.objects.filter(project=run.project).select_related("user")
    }
    before = annotators_before(run.project)
    people: dict[str, int] = {}
    for name in run.found["annotators"]:
        username = chosen.get(name, NEW)
        if username and username not in members:
            raise BadInput(f'"{username}" is not a member of this project. Choose a member, or nobody.')
        people[name] = members[username] if username else before.get(name) or account_imported(name).pk
    return people


def _failed(run: JudgmentImport, sentence: str) -> None:
    file_drop(run)
    text = f"Import of {run.filename}: {sentence}"
    log_write(run.project, "judgments", text[:1000], level=LogEntry.Level.ERROR)


def _measure(stream: BinaryIO) -> tuple[int, str]:
    stream.seek(0)
    size, digest = 0, sha256()
    while block := stream.read(BLOCK_BYTES):
        size += len(block)
        digest.update(block)
    stream.seek(0)
    return size, digest.hexdigest()
