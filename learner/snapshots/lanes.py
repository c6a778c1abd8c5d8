"""The tables of a snapshot in two lanes, each with a connection that sees the same moment.

While the database works for one lane, Python packs for the other, so that two cores are busy. The items go in a lane of
their own: they wait for the splits and have the texts.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from threading import Event
from typing import Any, Final

import pyarrow.parquet as pq

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from learner.snapshots.agreeing import Answers, answers_of_file
from learner.snapshots.aligned import order_of
from learner.snapshots.files import ITEMS, JUDGMENTS, OF_PAGES, TABLES, cut_name, file_facts, is_cut
from learner.snapshots.frozen import State
from learner.snapshots.held import Held, held_of, rows_found
from learner.snapshots.items_table import items_write
from learner.snapshots.parquet import Progress, Reading
from learner.snapshots.splitting import Splits, splits_of
from learner.snapshots.tables import (
    Pseudonymous,
    batches_write,
    categories_write,
    clauses_write,
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


Keep = Callable[[Path, dict[str, int | str], str], None]
"""Called with a table that is whole, its size and hash, and the order of its rows."""


class Stopped(Exception):
    """Somebody ended the work."""


def held_found(
    states: tuple[State, State], values: Mapping[str, Any], project: Project, taxonomy: Taxonomy, tell: Tell
) -> Held:
    """The items of the snapshot, read in two lanes."""
    is_stopped = Event()

    def told(_n_rows: int) -> None:
        if is_stopped.is_set():
            raise Stopped

    with ThreadPoolExecutor(3, thread_name_prefix="items") as pool:
        reading = pool.submit(rows_found, states, values, pool, told)
        try:
            while not wait([reading], timeout=TOLD_EVERY).done:
                tell("finding the items", {})
        except BaseException:
            is_stopped.set()
            raise
    return held_of(reading.result(), values, project, taxonomy)


class Lanes:
    """The work, how far it is, and size and hash of each table that is whole."""

    def __init__(
        self,
        reading: Reading,
        other: State,
        folder: Path,
        known: Mapping[str, dict[str, int | str]],
        orders: Mapping[str, str],
    ) -> None:
        self.reading = reading
        self.other = replace(reading, state=other)
        self.folder = folder
        n_items = reading.held.n_items
        self.progress = {name: TableProgress(total=n_items if name in OF_PAGES else 0) for name in TABLES}
        self.files: dict[str, dict[str, int | str]] = dict(known)
        self.orders = orders
        self.fresh: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.answers: Answers | None = None
        self.is_stopped = False

    def run(self, names: Pseudonymous, tell: Tell, keep: Keep) -> tuple[Splits, Answers]:
        """Write every table that is not known yet, keep each that is whole, and tell twice a second how far it is.

        Gives the splits of the items, and the answers of the judgments.
        """
        with ThreadPoolExecutor(2, thread_name_prefix="table") as pool:
            lanes: list[Future[Any]] = [pool.submit(self._items), pool.submit(self._others, names)]
            try:
                self._watch(lanes, tell, keep)
            except BaseException:
                self.is_stopped = True
                raise
        splits: Splits = lanes[0].result()
        return splits, self.answers or answers_of_file(self.folder / JUDGMENTS)

    def _watch(self, lanes: list[Future[Any]], tell: Tell, keep: Keep) -> None:
        waiting = set(lanes)
        while waiting:
            ended, waiting = wait(waiting, timeout=TOLD_EVERY, return_when=FIRST_COMPLETED)
            for lane in ended:
                lane.result()
            tell("writing tables", self.progress)
            while not self.fresh.empty():
                name, rows_order = self.fresh.get()
                keep(self.folder / name, self.files[name], rows_order)

    def _items(self) -> Splits:
        order = self.reading.order
        try:
            splits = splits_of(self.reading)
            cuts = [cut_name(split) for split, n_items in splits.n_by_split.items() if n_items]
            found = order_of(splits.cut.split)
            self._forget(cuts, found.sha256)
            order.set_result(found)
        except BaseException as error:
            order.set_exception(error)  # the other lane waits for it
            raise
        self._table("items", partial(items_write, self.reading, splits.cut), cuts)
        return splits

    def _forget(self, cuts: Sequence[str], order: str) -> None:
        """Of what an earlier attempt wrote let go: tables in another order, and the items unless all cuts are there."""
        gone = {name for name, of_rows in self.orders.items() if of_rows not in {"", order}}
        gone |= {name for name in self.files if is_cut(name) and name not in cuts}
        if not {ITEMS, *cuts} <= set(self.files) - gone:
            gone |= {ITEMS, *cuts}
        for name in gone:
            self.files.pop(name, None)
            (self.folder / name).unlink(missing_ok=True)

    def _others(self, names: Pseudonymous) -> None:
        reading = self.other
        self._table("categories", partial(categories_write, reading))
        self._table("clauses", partial(clauses_write, reading))
        if self.orders:
            reading.order.result()  # then it is known which of the others can be kept
        self._table("judgments", partial(self._judgments, names=names))
        self._table("resolutions", partial(resolutions_write, reading))
        self._table("batches", partial(batches_write, reading))

    def _judgments(self, path: Path, progress: Progress, names: Pseudonymous) -> None:
        self.answers = judgments_write(self.other, path, progress, names)

    def _table(self, name: str, write: Callable[[Path, Progress], None], cuts: Sequence[str] = ()) -> None:
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
        for each in (path.name, *cuts):
            self.files[each] = file_facts(self.folder / each)
            self.fresh.put((each, self.reading.order.result().sha256 if name in OF_PAGES else ""))
        self._whole(name, seconds=round(time.monotonic() - started, 2))

    def _whole(self, name: str, **told: Any) -> None:
        told["done"] = self.progress[name].total
        self.progress[name] = replace(self.progress[name], is_whole=True, **told)
