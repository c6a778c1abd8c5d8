"""Stretches of the append-only logs, copied to the storage once, as columns: whoever freezes has the database send the
rest alone.

What is written to a log stays as it is, so a copy of it does too. A copy is a convenience: without one, or with one
whose bytes are not those that were written, the database is asked. Decision 186.
"""

import logging
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import OperationalError, connection, transaction

from annotator.projects.models import Project
from learner.snapshots.copying import Columns, Shape, columns_copied, is_varying, microseconds
from learner.snapshots.files import file_facts, file_fetch
from learner.snapshots.frozen import State, frozen_states, run
from learner.snapshots.models import LogStretch
from learner.snapshots.rowsets import Rows, Told, narrow, rows_read
from learner.snapshots.statements import (
    JUDGMENTS,
    JUDGMENTS_SHAPE,
    LEDGER,
    LEDGER_SHAPE,
    RESOLUTIONS,
    RESOLUTIONS_SHAPE,
)

logger = logging.getLogger(__name__)

ROWS_LEAST: Final = 50_000
"""Rows that are worth a file: the database sends as many in a tenth of a second."""
ROWS_MOST: Final = 1_000_000
GROUP: Final = 131_072
LOCK_MILLISECONDS: Final = 100
"""For how long those who write wait at most, once for each log and round."""
STRETCHES: Final = """
    SELECT last_id, stored, sha256 FROM log_stretch
    WHERE project_id = %(project)s AND log = %(log)s AND shape = %(shape)s ORDER BY last_id
"""
NEXT: Final = """
    SELECT count(*), max(id) FROM (
        SELECT id FROM {table} WHERE {project} = %(project)s AND id > %(after)s AND id <= %(until)s
        ORDER BY id LIMIT {most}
    ) next
"""


@dataclass(frozen=True)
class Log:
    """An append-only table, and how a snapshot reads it. `moment` names the time at which a row was written."""

    name: str
    table: str
    statement: str
    columns: Shape
    moment: str = "created_at"

    @property
    def shape(self) -> str:
        """Another one when anything of a row is read otherwise: copies that were made before count no more."""
        told = [self.statement, *(f"{name} {kind}" for name, kind in self.columns.items())]
        return sha256("\n".join(told).encode()).hexdigest()[:16]

    @property
    def texts(self) -> list[str]:
        """The columns of texts."""
        return [name for name, kind in self.columns.items() if is_varying(kind)]


RESOLUTION_LOG: Final = Log("resolutions", "resolution", RESOLUTIONS, RESOLUTIONS_SHAPE)
LEDGER_LOG: Final = Log("ledger", "batch_item", LEDGER, LEDGER_SHAPE, moment="")
JUDGMENT_LOG: Final = Log("judgments", "judgment", JUDGMENTS, JUDGMENTS_SHAPE)
LOGS: Final = (RESOLUTION_LOG, LEDGER_LOG, JUDGMENT_LOG)


def log_read(state: State, log: Log, values: Mapping[str, Any], told: Told | None = None) -> Rows:
    """The rows of a log by their id: of its stretches, and what came after them of the database.

    Those of the ledger may be of batches that were opened after the moment. Where the values name `ids`, the database
    is asked for these, and nothing else is read.
    """
    if values["ids"] is not None:
        return rows_read(state, log.statement, values, log.columns, told)
    with tempfile.TemporaryDirectory(prefix="crossguard-log-") as folder:
        after, files = _fetched(state, log, values, Path(folder))
        return rows_read(
            state,
            log.statement,
            {**values, "after": after},
            log.columns,
            told,
            before=_pieces(log, files, values["as_of"]),
        )


def logs_copy(project: Project, *, rows_least: int = ROWS_LEAST) -> list[LogStretch]:
    """Copy what is new in each log of a project, where that are `rows_least` rows or more; and give the new stretches.

    Stretches that are read otherwise by now are deleted. A log whose writers do not pause for a tenth of a second waits
    for the next time.
    """
    made = []
    for log in LOGS:
        _old_delete(project, log)
        until = _settled(log)
        while until is not None and (stretch := _next_copy(project, log, until, rows_least)) is not None:
            made.append(stretch)
    return made


def _settled(log: Log) -> int | None:
    """The highest id of the log, when no row with a lower one can come any more; None where writers do not pause.

    Ids are given when rows are written, and seen when their transaction ends. Who has this lock has seen all of them.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
            cursor.execute(f"LOCK TABLE {log.table} IN SHARE MODE")
            cursor.execute(f"SELECT max(id) FROM {log.table}")  # noqa: S608 - a constant
            ((highest,),) = cursor.fetchall()
    except OperationalError:
        return None
    return int(highest or 0)


def _next_copy(project: Project, log: Log, until: int, rows_least: int) -> LogStretch | None:
    last = LogStretch.objects.filter(project=project, log=log.name).order_by("last_id").last()
    values = {"project": project.pk, "as_of": "infinity", "ids": None, "after": last.last_id if last else 0}
    with frozen_states() as (state, _), tempfile.TemporaryDirectory(prefix="crossguard-log-") as folder:
        values["until"] = _bound(state, log, values, until, rows_least)
        if values["until"] is None:
            return None
        path = Path(folder) / "stretch.parquet"
        n_rows = _written(state, log, values, path)
        return _stored(project, log, values, path, n_rows)


def _bound(state: State, log: Log, values: Mapping[str, Any], until: int, rows_least: int) -> int | None:
    """The last id of the next stretch; None when there are too few rows for one."""
    of_project = "(SELECT project_id FROM batch WHERE id = batch_id)" if log is LEDGER_LOG else "project_id"
    statement = NEXT.format(table=log.table, project=of_project, most=ROWS_MOST)
    ((n_rows, last),) = run(state, statement, {**values, "until": until})
    return int(last) if n_rows >= max(rows_least, 1) else None


def _written(state: State, log: Log, values: Mapping[str, Any], path: Path) -> int:
    """Write the rows that the values name, and say how many there are."""
    n_rows, waiting = 0, []
    with pq.ParquetWriter(path, _schema(log), compression="zstd", use_dictionary=log.texts) as file:
        for piece in columns_copied(state, log.statement, values, log.columns):
            columns = [piece[name] for name in log.columns]
            waiting.append(pa.table(columns, schema=_schema(log)))
            if sum(map(len, waiting)) >= GROUP:
                n_rows += _flush(file, waiting)
        return n_rows + _flush(file, waiting)


def _flush(file: pq.ParquetWriter, waiting: list[pa.Table]) -> int:
    if not waiting:
        return 0
    table = pa.concat_tables(waiting)
    waiting.clear()
    file.write_table(table, row_group_size=table.num_rows)
    return int(table.num_rows)


def _stored(project: Project, log: Log, values: Mapping[str, Any], path: Path, n_rows: int) -> LogStretch:
    """Store the file, then say so: a worker that dies between leaves a file that the next one writes again."""
    facts = file_facts(path)
    stored = (
        f"snapshots/{project.slug}/log/{log.name}-{log.shape}-{values['after'] + 1}-{values['until']}.parquet"
    )
    default_storage.delete(stored)
    with path.open("rb") as stream:
        default_storage.save(stored, File(stream))
    stretch, _ = LogStretch.objects.get_or_create(
        project=project,
        log=log.name,
        first_id=values["after"] + 1,
        defaults={
            "last_id": values["until"], "n_rows": n_rows, "shape": log.shape, "stored": stored,
            "sha256": facts["sha256"], "size": facts["bytes"],
        },
    )  # fmt: skip
    return stretch


def _old_delete(project: Project, log: Log) -> None:
    for stretch in LogStretch.objects.filter(project=project, log=log.name).exclude(shape=log.shape):
        default_storage.delete(stretch.stored)
        stretch.delete()


def _schema(log: Log) -> pa.Schema:
    kinds = {"?": pa.bool_(), ">i4": pa.int32(), ">i8": pa.int64(), ">f8": pa.float64(), "text": pa.string()}
    return pa.schema([(name, kinds.get(str(kind), pa.binary())) for name, kind in log.columns.items()])


def _fetched(state: State, log: Log, values: Mapping[str, Any], folder: Path) -> tuple[int, list[Path]]:
    """The stretches of a log in `folder`, and the last id in them; up to the first that cannot be read."""
    last, paths = 0, []
    named = {"project": values["project"], "log": log.name, "shape": log.shape}
    for last_id, stored, digest in run(state, STRETCHES, named):
        path = folder / f"{last_id}.parquet"
        if file_fetch(stored, digest, path) is None:
            logger.warning(
                "The copy %s of a log is gone or damaged: the database is read from there on.", stored
            )
            break
        last = last_id
        paths.append(path)
    return last, paths


def _pieces(log: Log, paths: list[Path], as_of: Any) -> Iterator[Columns]:
    """The rows of these files by the moment, as the database would have sent them: a file at a time, column by column.

    Large arrays: many small ones of several columns would leave holes in the memory that nothing fits into.
    """
    for path in paths:
        with pq.ParquetFile(path, memory_map=True, read_dictionary=log.texts) as file:
            then = file.read([log.moment])[0].to_numpy() <= microseconds(as_of) if log.moment else None
            kept = None if then is None or then.all() else pa.array(then)
            yield {name: _column(file, name, kept) for name in log.columns}


def _column(file: pq.ParquetFile, name: str, kept: pa.Array | None) -> Any:
    column = file.read([name])[0]
    if kept is not None:
        column = column.filter(kept)
    if pa.types.is_dictionary(column.type):
        return column.unify_dictionaries().combine_chunks()
    return narrow(column.to_numpy())
