"""Which items a snapshot holds, chosen from the resolutions and the ledger in memory.

The same choice as that of `frozen.CURRENT`, which counts before a snapshot is started; a test compares the two.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotator.pool.minhash import BANDS as N_BANDS
from learner.core.arrays import Floats, Integers
from learner.snapshots.aligned import aligned, chunks_of, ids_if_few, places_of
from learner.snapshots.content import ACTS as ACT_KINDS
from learner.snapshots.content import NEVER_SERVED
from learner.snapshots.copying import NO_INT, microseconds
from learner.snapshots.frozen import State, run
from learner.snapshots.packing import columns_of
from learner.snapshots.rowsets import Coder, Codes, Flags, Rows, Told, chosen, factored
from learner.snapshots.statements import (
    ACTS,
    BANDS,
    CHANCES,
    ITEMS,
    OPENED,
    SEALED,
    SUPERSEDED,
)
from learner.snapshots.stretches import LEDGER_LOG, RESOLUTION_LOG, log_read

Values = Mapping[str, Any]
Halves = NDArray[np.int32]
Chances = tuple[Integers, Floats]
"""Ids of items, and how likely each was to be drawn."""
PIECE: Final = 1 << 30
"""Bytes of texts in one array at most: it has room for twice as many."""
ITEM_TEXTS: Final = ("registrable_domain", "split", "source")


@dataclass(frozen=True, eq=False)
class Resolved:
    """All that was ever held, and the rows of what is chosen: one an item, by the id of the item.

    The stream, and the source, are still to be asked about.
    """

    rows: Rows
    held: Rows
    n_left_out: int
    n_withheld: int

    @property
    def ids(self) -> Integers:
        """The ids of the items."""
        return self.held.numbers["item"].astype(np.int64)


@dataclass(frozen=True, eq=False)
class ItemTexts:
    """What the items say of themselves: their addresses, and texts of which there are few different ones."""

    urls: pa.ChunkedArray
    rows: Rows


def resolutions_read(state: State, values: Values, told: Told | None = None) -> Resolved:
    """The resolutions by the moment, and which of them are chosen. Four statements."""
    rows = log_read(state, RESOLUTION_LOG, {**values, "ids": None}, told)
    rows.numbers["is_current"] = ~np.isin(rows.numbers["id"], superseded(state, "resolution", values))
    _acts_named(rows, run(state, ACTS, {**values, "kinds": list(ACT_KINDS)}))
    is_sealed = np.isin(rows.numbers["item"], _column(run(state, SEALED, values)))
    current, labelled = rows.numbers["is_current"], rows.has("verdict", ["labelled"])
    left_out = current & ~rows.has("verdict", ["labelled", "withdrawn"]) & ~is_sealed
    wanted = np.flatnonzero(current & labelled & ~is_sealed & _fits(rows, values))
    held = rows.taken(wanted[np.argsort(rows.numbers["item"][wanted], kind="stable")])
    ids = held.numbers["item"]
    assert (ids[1:] > ids[:-1]).all(), "an item holds two resolutions"
    return Resolved(rows, held, int(left_out.sum()), int((current & labelled & is_sealed).sum()))


def ledger_read(state: State, values: Values, resolved: Resolved, told: Told | None = None) -> Rows:
    """Why the items were served, each time, by the moment; with what their batches are. Two statements."""
    few = ids_if_few(resolved.ids, len(resolved.rows))
    rows = log_read(state, LEDGER_LOG, {**values, "ids": few}, told)
    opened = {pk: told for pk, *told in run(state, OPENED, values)}
    then = np.isin(rows.numbers["batch"], list(opened))
    rows = rows if then.all() else rows.taken(then)
    batch, batches = factored(rows.numbers.pop("batch"))
    of_batch = [opened[pk] for pk in batches]
    numbers = np.array([number for number, _, _ in of_batch], dtype=np.int32)
    times = np.array([microseconds(at) for _, at, _ in of_batch], dtype=np.int64)
    personal = np.array([is_personal for _, _, is_personal in of_batch], dtype=np.bool_)
    rows.numbers["batch"] = chosen(numbers, batch)
    rows.numbers["opened_at"] = chosen(times, batch)
    rows.numbers["personal"] = chosen(personal, batch)
    return rows


def served_first(ledger: Rows, ids: Integers) -> Rows:
    """Of each of the items the first row of the ledger: one an item, empty where nobody was served it."""
    place = places_of(ids, ledger.numbers["item"])
    rows = np.flatnonzero(place >= 0)[::-1]
    first = np.full(len(ids), -1, dtype=np.int64)
    first[place[rows]] = rows  # of several the last one stays, which has the lowest id
    never, streams = first < 0, [*ledger.values["stream"], ""]
    stream = np.append(ledger.codes["stream"], np.int32(len(streams) - 1))
    batch = np.append(ledger.numbers["batch"], np.int32(NO_INT))
    probability = np.append(ledger.numbers["inclusion_probability"], np.nan)
    first[never] = len(ledger)
    numbers = {"batch": batch[first], "inclusion_probability": probability[first]}
    return Rows(numbers, {"stream": stream[first]}, {"stream": streams})


def items_read(state: State, values: Values, ids: Integers) -> ItemTexts:
    """What the items say of themselves, for a row group's number of them at a time."""
    coders = {name: Coder() for name in ITEM_TEXTS}
    withheld: list[Flags] = [np.empty(0, dtype=np.bool_)]
    codes: dict[str, list[Codes]] = {name: [np.empty(0, dtype=np.int32)] for name in ITEM_TEXTS}
    urls: list[pa.Array] = []
    for part in chunks_of(len(ids)):
        own = ids[part]
        columns = aligned(list(columns_of(state, ITEMS, values, own)), own)
        for name, coder in coders.items():
            codes[name] += [coder.codes(piece) for piece in columns[name].chunks]
        withheld.append(columns["withheld"])
        assert not columns["url"].null_count, "a resolution is of no item"
        urls += columns["url"].chunks
    found = {name: np.concatenate(each) for name, each in codes.items()}
    spelled = {name: list(coder.known) for name, coder in coders.items()}
    rows = Rows({"withheld": np.concatenate(withheld)}, found, spelled)
    return ItemTexts(few_pieces(urls), rows)


def few_pieces(texts: list[pa.Array]) -> pa.ChunkedArray:
    """The texts in pieces of up to a gigabyte: what is looked at again and again is not to be joined each time."""
    joined, waiting, n_bytes = [], list[pa.Array](), 0
    for piece in texts:
        if waiting and n_bytes + piece.nbytes > PIECE:
            joined.append(pa.concat_arrays(waiting))
            waiting, n_bytes = [], 0
        waiting.append(piece)
        n_bytes += piece.nbytes
    if waiting:
        joined.append(pa.concat_arrays(waiting))
    return pa.chunked_array(joined, pa.string())


def bands_read(state: State, values: Values, ids: Integers) -> Halves:
    """The lower half of each band of the signatures of these items, int32 (n_items, n_bands); zeros for none.

    Three bands have to be the same: that the halves of one are by chance is one in four billion pairs that share two.
    """
    found = np.zeros((len(ids), N_BANDS), dtype=np.int32)
    for part in chunks_of(len(ids)):
        pieces = list(columns_of(state, BANDS, values, ids[part]))
        if pieces:
            found[part] = halves(aligned(pieces, ids[part])["bands"])
    return found


def halves(bands: Integers) -> Halves:
    """The lower half of each."""
    return bands.astype(np.int32)


def chances_read(state: State, values: Values) -> Chances:
    """How likely each audited item was to be drawn by any wave of audits; nothing where that is not known any more."""
    rows = run(state, CHANCES, values)
    return _column([row[:1] for row in rows]), np.array([chance for _, chance in rows], dtype=np.float64)


def chances_of(chances: Chances, ids: Integers) -> Floats:
    """The chance of each of these items; not a number where there is none."""
    items, known = chances
    place = places_of(ids, items)
    found = np.full(len(ids), np.nan)
    found[place[place >= 0]] = known[place >= 0]
    return found


def of_streams(first: Rows, values: Values) -> Flags:
    """Which items were first served by one of the streams that are wanted."""
    if values["streams"] is None:
        return np.ones(len(first), dtype=np.bool_)
    return first.has("stream", ["" if name == NEVER_SERVED else name for name in values["streams"]])


def of_sources(texts: ItemTexts, values: Values) -> Flags:
    """Which items are from one of the sources that are wanted, and not withheld."""
    kept = ~texts.rows.numbers["withheld"]
    if values["sources"] is None:
        return kept
    wanted: Flags = kept & texts.rows.has("source", values["sources"])
    return wanted


def superseded(state: State, table: str, values: Values) -> Integers:
    """The ids of the rows of a table that others had superseded by the moment."""
    return _column(run(state, SUPERSEDED.format(table=table), values))


def _fits(rows: Rows, values: Values) -> Flags:
    at = rows.numbers["created_at"]
    fits: Flags = (at >= microseconds(values["resolved_from"])) & (
        at < microseconds(values["resolved_until"])
    )
    if values["min_judgments"]:
        fits &= rows.numbers["n_judgments"] >= values["min_judgments"]
    if values["methods"] is not None:
        fits &= rows.has("method", values["methods"])
    if values["held"] is not None:
        codes, texts = held_sets(rows)
        wanted = set(values["held"])
        fits &= chosen(np.array([text in wanted for text in texts], dtype=np.bool_), codes)
    return fits


def held_sets(rows: Rows) -> tuple[Any, list[str]]:
    """The label set of each row with the version it is of, as `frozen.HELD` spells it: numbers, and what these are."""
    version, versions = factored(rows.numbers["taxonomy"])
    codes, pairs = factored(rows.codes["labels"].astype(np.int64) * max(1, len(versions)) + version)
    spelled = []
    for pair in pairs:
        labels, number = divmod(pair, len(versions))
        spelled.append(f"{'|'.join(rows.values['labels'][labels])}@{versions[number]}")
    return codes, spelled


def _acts_named(rows: Rows, acts: list[tuple[Any, ...]]) -> None:
    """Decisions of leads that did not look at the item by itself get the name of the act for a method."""
    method, names = rows.codes["method"], [*rows.values["method"]]
    adjudicated = method == rows.code("method", "adjudicated")
    for kind in ACT_KINDS:
        of_kind = _column([act[:1] for act in acts if act[1] == kind])
        if len(of_kind):
            method = np.where(adjudicated & np.isin(rows.numbers["entry"], of_kind), len(names), method)
            names.append(kind)
    rows.codes["method"], rows.values["method"] = method.astype(np.int32, copy=False), names


def _column(rows: list[tuple[Any, ...]]) -> Integers:
    return np.array([value for (value,) in rows], dtype=np.int64)
