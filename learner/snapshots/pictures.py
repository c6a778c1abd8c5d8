"""What the card shows of the frozen tables, counted from the Parquet files themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.agreement.intervals import score_interval
from learner.core.cards import ColumnFacts, Interval, PeriodFacts, Pictures, TableFacts, Tops, in_order
from learner.snapshots import files

BATCH: Final = 65_536
TOPS: Final = (1, 10, 100, 1_000, 10_000)
PERIODS: Final = ((45, "day"), (300, "week"), (1_500, "month"))
"""The longest span in days that is told by so short a period; what is longer is told by year."""
FileFacts = dict[str, int | str]
DTYPES: Final = {"double": "float64", "float": "float32", "large_string": "string"}


@dataclass(frozen=True, slots=True)
class Counted:
    """The plots of a card, the share of each category among what was drawn at random, and the tables."""

    pictures: Pictures
    drawn: Mapping[str, Interval]
    tables: Sequence[TableFacts]


def counted(
    folder: Path, column_of: Mapping[str, str], known: Mapping[str, FileFacts] = MappingProxyType({})
) -> Counted:
    """Count what `folder` holds; `known` are files whose size and hash are.

    `column_of` has the boolean column of each category. Texts are not read.
    """
    items = pq.read_table(
        folder / files.ITEMS,
        columns=["registrable_domain", "n_judgments", "stream", "inclusion_probability", *column_of.values()],
        read_dictionary=["registrable_domain"],
    )
    judgments = pq.read_table(folder / files.JUDGMENTS, columns=["created_at", "seconds"])
    period, periods = _periods(judgments["created_at"])
    first, last = pc.min_max(judgments["created_at"]).as_py().values()
    pictures = Pictures(
        together=_together(items, column_of),
        judgments={int(n): items for n, items in _tally(items["n_judgments"])},
        period=period,
        periods=periods,
        first_judgment=_day(first),
        last_judgment=_day(last),
        median_seconds=pc.approximate_median(judgments["seconds"]).as_py(),
        tops=_tops(items["registrable_domain"]),
        n_drawn=len(items) - items["inclusion_probability"].null_count,
    )
    return Counted(pictures, _drawn(items, column_of), list(_tables(folder, known)))


def _tables(folder: Path, known: Mapping[str, FileFacts]) -> Iterable[TableFacts]:
    """Every table of the folder, the items first, and the cuts last."""
    names = sorted(path.name for path in folder.glob("*.parquet") if not files.is_cut(path.name))
    for name in sorted(names, key=lambda name: name != files.ITEMS):
        yield _table(folder / name, name.removesuffix(".parquet"), "", known)
    for split in in_order(
        files.cut_of(path.name) for path in folder.glob("*.parquet") if files.is_cut(path.name)
    ):
        yield _table(folder / files.cut_name(split), "items", split, known)


def _table(path: Path, name: str, split: str, known: Mapping[str, FileFacts]) -> TableFacts:
    facts, parquet = known.get(path.name) or files.file_facts(path), pq.ParquetFile(path)
    return TableFacts(
        name=name,
        file=path.name,
        split=split,
        n_rows=parquet.metadata.num_rows,
        n_bytes=int(facts["bytes"]),
        sha256=str(facts["sha256"]),
        columns=[ColumnFacts(each.name, _dtype(each.type)) for each in parquet.schema_arrow],
    )


def _dtype(kind: pa.DataType) -> str:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"list<{_dtype(kind.value_type)}>"
    return DTYPES.get(str(kind), str(kind))


def _together(items: pa.Table, column_of: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Items with both categories, for each pair that occurs."""
    slugs = list(column_of)
    both = np.zeros((len(slugs), len(slugs)))
    for batch in items.select(list(column_of.values())).to_batches(max_chunksize=BATCH):
        flags = np.array([_flags(batch[column_of[slug]]) for slug in slugs], dtype=np.float32)
        both += flags @ flags.T
    upper = np.triu(both, 1).astype(int)
    found: dict[str, dict[str, int]] = {}
    for one, other in zip(*np.nonzero(upper), strict=True):
        found.setdefault(slugs[one], {})[slugs[other]] = int(upper[one, other])
    return found


def _flags(column: Any) -> Any:
    return pc.fill_null(column, False).to_numpy(zero_copy_only=False)


def _drawn(items: pa.Table, column_of: Mapping[str, str]) -> dict[str, Interval]:
    """Each category's share of the train pool: Hajek's ratio over the explore items."""
    explore = items.filter(
        pc.and_(pc.equal(items["stream"], "explore"), pc.is_valid(items["inclusion_probability"]))
    )
    weights = 1.0 / explore["inclusion_probability"].to_numpy()
    return {slug: _hajek(explore[column], weights) for slug, column in column_of.items()}


def _hajek(flags: pa.ChunkedArray, weights: np.ndarray[Any, Any]) -> Interval:
    """The weighed share where it is known, with the score interval of Kish's effective number of items."""
    known = pc.is_valid(flags).to_numpy()
    has, weight = pc.fill_null(flags, False).to_numpy()[known], weights[known]
    if not len(weight):
        return Interval(None, None, None, 0, "no item of explore is in the snapshot")
    share = float(weight[has].sum() / weight.sum())
    effective = float(weight.sum() ** 2 / (weight**2).sum())
    ends = score_interval(share * effective, effective)
    return Interval(share, ends.low, ends.high, len(weight))


def _tally(column: pa.ChunkedArray) -> list[tuple[Any, int]]:
    counts = pc.value_counts(column)
    return sorted(zip(counts.field(0).to_pylist(), counts.field(1).to_pylist(), strict=True))


def _tops(sites: pa.ChunkedArray) -> list[Tops]:
    """What the largest 1, 10, 100, ... sites hold together. None of them is named: the card shows no address."""
    sizes = np.sort(pc.value_counts(sites).field(1).to_numpy())[::-1]
    sums = np.cumsum(sizes)
    return [Tops(top, int(sums[top - 1])) for top in TOPS if top <= len(sizes)]


def _periods(times: pa.ChunkedArray) -> tuple[str, list[PeriodFacts]]:
    """Judgments in each day, week, month or year of the whole span, also where there were none."""
    ends = pc.min_max(times).as_py()
    if ends["min"] is None:
        return "day", []
    days = (ends["max"] - ends["min"]).days
    period = next((name for longest, name in PERIODS if days <= longest), "year")
    seen = {start.date(): n for start, n in _tally(pc.floor_temporal(times, unit=period))}
    starts = _starts(min(seen), max(seen), period)
    return period, [PeriodFacts(start.isoformat(), seen.get(start, 0)) for start in starts]


def _starts(first: date, last: date, period: str) -> list[date]:
    starts = [first]
    while starts[-1] < last:
        starts.append(_next(starts[-1], period))
    return starts


def _next(start: date, period: str) -> date:
    if period == "year":
        return date(start.year + 1, 1, 1)
    if period == "month":
        return (start.replace(day=1) + timedelta(days=32)).replace(day=1)
    return start + timedelta(days=7 if period == "week" else 1)


def _day(time: datetime | None) -> str:
    return "" if time is None else time.date().isoformat()
