"""Copying what is new in the append-only logs to the storage, where the next snapshot reads it. Decision 186."""

import logging
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import DatabaseError, OperationalError, connection, transaction

from annotator.errors import CrossguardError
from annotator.projects.models import Project
from annotator.runs import alone
from learner.snapshots.copying import columns_copied
from learner.snapshots.files import file_facts
from learner.snapshots.frozen import LAST_ID, frozen_states
from learner.snapshots.models import LogStretch
from learner.snapshots.stretches import LOGS, Log

logger = logging.getLogger(__name__)

LOGS_KEY: Final = 72_002  # of the advisory lock: one worker copies at a time, on however many machines
ROWS_LEAST: Final = 50_000
"""Rows that are worth a file: the database sends as many in a tenth of a second."""
ROWS_MOST: Final = 1_000_000
GROUP: Final = 131_072
LOCK_MILLISECONDS: Final = 100
"""For how long those who write wait at most, once for a stretch."""
NEXT: Final = """
    SELECT count(*), max(id) FROM (
        SELECT r.id FROM {rows} AND r.id > %(after)s AND r.id <= %(until)s ORDER BY r.id LIMIT {most}
    ) next
"""


def logs_copy_all() -> None:
    """Copy what is new in the logs of every project; nothing while another worker does.

    What breaks in one project is logged with its traceback and tried again the next time; the others go on.
    """
    with alone(LOGS_KEY) as is_alone:
        for project in Project.objects.order_by("pk") if is_alone else ():
            try:
                logs_copy(project)
            except (CrossguardError, DatabaseError, OSError, ValueError) as error:
                logger.exception("Could not copy the logs of %s: %s", project.slug, error)


def logs_copy(project: Project, *, rows_least: int = ROWS_LEAST) -> list[LogStretch]:
    """Copy what is new in each log of a project, where that are `rows_least` rows or more; and give the new stretches.

    Stretches that do not count any more are deleted, and made again. A log that somebody writes to for longer than the
    lock is waited for is left for the next time.
    """
    made = []
    for log in LOGS:
        after = _kept(project, log)
        while (stretch := _next_copy(project, log, after, rows_least)) is not None:
            made.append(stretch)
            after = stretch.last_id
    return made


def _kept(project: Project, log: Log) -> int:
    """The last id of the stretches that follow on each other and are there; what comes after these is deleted."""
    last, is_sound = 0, True
    for stretch in LogStretch.objects.filter(project=project, log=log.name).order_by("first_id"):
        is_sound = (
            is_sound and stretch.shape == log.shape and stretch.first_id == last + 1 and _is_there(stretch)
        )
        if is_sound:
            last = stretch.last_id
        else:
            default_storage.delete(stretch.stored)
            stretch.delete()
    return last


def _is_there(stretch: LogStretch) -> bool:
    """Whether its file is in the storage, as long as it was. Its hash is looked at by those who read it."""
    return default_storage.exists(stretch.stored) and default_storage.size(stretch.stored) == stretch.size


def _next_copy(project: Project, log: Log, after: int, rows_least: int) -> LogStretch | None:
    values = {"project": project.pk, "as_of": "infinity", "ids": None, "after": after, "until": LAST_ID}
    if _bound(log, values, rows_least) is None or (until := _settled(log)) is None:
        return None
    values["until"] = _bound(log, {**values, "until": until}, rows_least)
    if values["until"] is None:
        return None
    with tempfile.TemporaryDirectory(prefix="crossguard-log-") as folder:
        path = Path(folder) / "stretch.parquet"
        return _stored(project, log, values, path, _written(log, values, path))


def _bound(log: Log, values: Mapping[str, Any], rows_least: int) -> int | None:
    """The last id of the next stretch; None when there are too few rows for one."""
    with connection.cursor() as cursor:
        cursor.execute(NEXT.format(rows=log.rows, most=ROWS_MOST), values)
        ((n_rows, last),) = cursor.fetchall()
    return int(last) if n_rows >= max(rows_least, 1) else None


def _settled(log: Log) -> int | None:
    """The highest id of the log, when no row with a lower one can come any more; None if that is not to be had now.

    Ids are given when rows are written, and seen when their transaction ends. Who has this lock has seen all of them.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {LOCK_MILLISECONDS}")
            cursor.execute(f"LOCK TABLE {log.table} IN SHARE MODE")
            cursor.execute(f"SELECT max(id) FROM {log.table}")  # noqa: S608 - a constant
            ((highest,),) = cursor.fetchall()
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
            return None
        raise
    return int(highest or 0)


def _written(log: Log, values: Mapping[str, Any], path: Path) -> int:
    """Write the rows that the values name, and say how many there are."""
    n_rows, waiting = 0, []
    with (
        frozen_states() as (state, _),
        pq.ParquetWriter(path, _schema(log), compression="zstd", use_dictionary=log.texts) as file,
    ):
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
    return LogStretch.objects.create(
        project=project,
        log=log.name,
        shape=log.shape,
        first_id=values["after"] + 1,
        last_id=values["until"],
        n_rows=n_rows,
        stored=stored,
        sha256=facts["sha256"],
        size=facts["bytes"],
    )


def _schema(log: Log) -> pa.Schema:
    kinds = {"?": pa.bool_(), ">i4": pa.int32(), ">i8": pa.int64(), ">f8": pa.float64(), "text": pa.string()}
    return pa.schema([(name, kinds.get(str(kind), pa.binary())) for name, kind in log.columns.items()])
