"""The tables of a snapshot in two lanes, each with a connection that sees the same moment.

While the database works for one lane, Python packs for the other, so that two cores are busy. The items go in a lane of
their own: they wait for the splits and have the texts.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Final

import pyarrow.parquet as pq

from learner.snapshots.files import OF_PAGES, TABLES, file_facts
from learner.snapshots.frozen import State
from learner.snapshots.splitting import Splits, splits_of
from learner.snapshots.tables import (
    Progress,
    Pseudonymous,
    Reading,
    batches_write,
    categories_write,
    clauses_write,
    items_write,
    judgments_write,
    resolutions_write,
)

TOLD_EVERY: Final = 0.5
"""Seconds between two words on how far it is."""


@dataclass(frozen=True, slots=True)
class TableProgress:
    """How far a table is: of how many of the items its rows are written, how many rows, and in how many seconds.

    `is_kept` of a table that an earlier attempt had written.
    """

    rows: int = 0
    done: int = 0
    total: int = 0
    seconds: float = 0.0
    is_whole: bool = False
    is_kept: bool = False


Tell = Callable[[str, Mapping[str, TableProgress]], None]
"""Called with the stage, and how far each table is; what it raises ends the work."""


Keep = Callable[[Path, dict[str, int | str]], None]
"""Called with a table that is whole, and its size and hash."""


class Stopped(Exception):
    """Somebody ended the work."""


class Lanes:
    """The work, how far it is, and size and hash of each table that is whole."""

    def __init__(
        self, reading: Reading, other: State, folder: Path, known: Mapping[str, dict[str, int | str]]
    ) -> None:
        self.reading = reading
        self.other = replace(reading, state=other)
        self.folder = folder
        n_items = reading.held.n_items
        self.progress = {name: TableProgress(total=n_items if name in OF_PAGES else 0) for name in TABLES}
        self.files: dict[str, dict[str, int | str]] = dict(known)
        self.fresh: SimpleQueue[str] = SimpleQueue()
        self.is_stopped = False

    def run(self, names: Pseudonymous, tell: Tell, keep: Keep) -> Splits:
        """Write every table that is not known yet, keep each that is whole, and tell twice a second how far it is.

        Gives the splits of the items.
        """
        with ThreadPoolExecutor(2, thread_name_prefix="table") as pool:
            lanes: list[Future[Any]] = [pool.submit(self._items), pool.submit(self._others, names)]
            try:
                self._watch(lanes, tell, keep)
            except BaseException:
                self.is_stopped = True
                raise
        splits: Splits = lanes[0].result()
        return splits

    def _watch(self, lanes: list[Future[Any]], tell: Tell, keep: Keep) -> None:
        waiting = set(lanes)
        while waiting:
            ended, waiting = wait(waiting, timeout=TOLD_EVERY, return_when=FIRST_COMPLETED)
            for lane in ended:
                lane.result()
            tell("writing tables", self.progress)
            while not self.fresh.empty():
                name = self.fresh.get()
                keep(self.folder / name, self.files[name])

    def _items(self) -> Splits:
        splits = splits_of(self.reading)
        self._table("items", partial(items_write, self.reading, splits.cut))
        return splits

    def _others(self, names: Pseudonymous) -> None:
        reading = self.other
        self._table("judgments", partial(judgments_write, reading, names=names))
        self._table("resolutions", partial(resolutions_write, reading))
        self._table("batches", partial(batches_write, reading))
        self._table("categories", partial(categories_write, reading))
        self._table("clauses", partial(clauses_write, reading))

    def _table(self, name: str, write: Callable[[Path, Progress], None]) -> None:
        path, started = self.folder / f"{name}.parquet", time.monotonic()
        if path.name in self.files:
            self._whole(name, is_kept=True, rows=pq.read_metadata(path).num_rows)
            return

        def progress(done: int, rows: int) -> None:
            if self.is_stopped:
                raise Stopped
            seconds = time.monotonic() - started
            self.progress[name] = replace(self.progress[name], rows=rows, done=done, seconds=seconds)

        write(path, progress)
        self.files[path.name] = file_facts(path)
        self.fresh.put(path.name)
        self._whole(name, seconds=round(time.monotonic() - started, 2))

    def _whole(self, name: str, **told: Any) -> None:
        told["done"] = self.progress[name].total
        self.progress[name] = replace(self.progress[name], is_whole=True, **told)
