"""Stretches of the append-only logs, which were copied to the storage as columns: whoever freezes has the database send
the rest alone.

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

from learner.snapshots.copying import Columns, Shape, is_varying, microseconds
from learner.snapshots.files import file_fetch
from learner.snapshots.frozen import State, run
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

STRETCHES: Final = """
    SELECT first_id, last_id, stored, sha256 FROM log_stretch
    WHERE project_id = %(project)s AND log = %(log)s AND shape = %(shape)s ORDER BY first_id
"""


@dataclass(frozen=True)
class Log:
    """An append-only table, its rows `r` of a project, and how a snapshot reads them.

    `moment` is the column of the time at which a row was written; empty where its batch has that.
    """

    name: str
    table: str
    rows: str
    statement: str
    columns: Shape
    moment: str

    @property
    def shape(self) -> str:
        """Another one when anything of a row is read otherwise: copies that were made before count no more."""
        told = [self.statement, *(f"{name} {kind}" for name, kind in self.columns.items())]
        return sha256("\n".join(told).encode()).hexdigest()[:16]

    @property
    def texts(self) -> list[str]:
        """The columns of texts."""
        return [name for name, kind in self.columns.items() if is_varying(kind)]


RESOLUTION_LOG: Final = Log(
    name="resolutions",
    table="resolution",
    rows="resolution r WHERE r.project_id = %(project)s",
    statement=RESOLUTIONS,
    columns=RESOLUTIONS_SHAPE,
    moment="created_at",
)
LEDGER_LOG: Final = Log(
    name="ledger",
    table="batch_item",
    rows="batch_item r JOIN batch b ON b.id = r.batch_id WHERE b.project_id = %(project)s",
    statement=LEDGER,
    columns=LEDGER_SHAPE,
    moment="",
)
JUDGMENT_LOG: Final = Log(
    name="judgments",
    table="judgment",
    rows="judgment r WHERE r.project_id = %(project)s AND r.purpose = 'overlap'",
    statement=JUDGMENTS,
    columns=JUDGMENTS_SHAPE,
    moment="created_at",
)
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


def _fetched(state: State, log: Log, values: Mapping[str, Any], folder: Path) -> tuple[int, list[Path]]:
    """The stretches of a log in `folder`, and the last id in them: up to the first that is missing or damaged."""
    last, paths = 0, []
    named = {"project": values["project"], "log": log.name, "shape": log.shape}
    for first_id, last_id, stored, digest in run(state, STRETCHES, named):
        path = folder / f"{last_id}.parquet"
        if first_id != last + 1 or file_fetch(stored, digest, path) is None:
            logger.warning(
                "Before %s a log has no sound copy: the database is read from id %d on.", stored, last
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
