"""What is counted from frozen tables, on tables that fit in a comment."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from learner.core.cards import Tops
from learner.snapshots.files import ITEMS, JUDGMENTS, cut_name
from learner.snapshots.pictures import counted

COLUMNS = {"games": "is_games", "hate": "is_hate"}


def write(folder: Path, items: Sequence[dict[str, Any]], times: Sequence[datetime] = ()) -> None:
    defaults = {
        "registrable_domain": "a.example", "n_judgments": 2, "split": "train", "stream": "explore",
        "inclusion_probability": 0.5, "is_games": False, "is_hate": False, "labels": [],
    }  # fmt: skip
    schema = pa.schema(
        [
            ("registrable_domain", pa.string()),
            ("n_judgments", pa.int32()),
            ("split", pa.string()),
            ("stream", pa.string()),
            ("inclusion_probability", pa.float64()),
            ("is_games", pa.bool_()),
            ("is_hate", pa.bool_()),
            ("labels", pa.list_(pa.string())),
        ]
    )
    pq.write_table(pa.Table.from_pylist([defaults | row for row in items], schema), folder / ITEMS)
    of_time = pa.schema([("created_at", pa.timestamp("us", tz="UTC")), ("seconds", pa.float64())])
    rows = [{"created_at": time, "seconds": 4.0 + at} for at, time in enumerate(times)]
    pq.write_table(pa.Table.from_pylist(rows, of_time), folder / JUDGMENTS)


def test_the_share_of_the_pool_is_weighed_and_leaves_out_what_is_unknown(tmp_path: Path) -> None:
    write(
        tmp_path,
        [
            {"is_games": True, "inclusion_probability": 0.5},  # weight 2
            {"is_games": False, "inclusion_probability": 0.1},  # weight 10
            {"is_games": None, "inclusion_probability": 0.1},
            {"is_games": True, "stream": "query", "inclusion_probability": None},
            {"is_games": True, "stream": "audit", "split": "holdout"},
        ],
    )

    found = counted(tmp_path, COLUMNS)

    games = found.drawn["games"]
    assert games.value == pytest.approx(2 / 12)
    assert games.n_items == 2
    assert games.low is not None
    assert games.high is not None
    assert games.low < 2 / 12 < games.high
    assert found.pictures.n_drawn == 4


def test_there_is_no_share_when_nothing_was_drawn(tmp_path: Path) -> None:
    write(tmp_path, [{"stream": "query", "inclusion_probability": None}])

    found = counted(tmp_path, COLUMNS)

    assert found.drawn["hate"].value is None
    assert found.drawn["hate"].why_undefined == "no item of explore is in the snapshot"
    assert (found.pictures.periods, found.pictures.first_judgment) == ([], "")
    assert found.pictures.median_seconds is None


def test_pairs_are_counted_once_and_null_counts_for_none(tmp_path: Path) -> None:
    write(
        tmp_path,
        [{"is_games": True, "is_hate": True}, {"is_games": True, "is_hate": None}, {"is_games": True}],
    )

    assert counted(tmp_path, COLUMNS).pictures.together == {"games": {"hate": 1}}


@pytest.mark.parametrize(
    ("first", "last", "period", "n"),
    [
        ((2026, 1, 1), (2026, 1, 1), "day", 1),
        ((2026, 2, 27), (2026, 3, 2), "day", 4),
        ((2026, 1, 1), (2026, 3, 31), "week", 14),
        ((2025, 1, 31), (2026, 3, 1), "month", 15),
        ((2019, 6, 1), (2026, 3, 1), "year", 8),
    ],
)
def test_the_time_line_has_every_period_also_the_empty_ones(
    tmp_path: Path, first: tuple[int, int, int], last: tuple[int, int, int], period: str, n: int
) -> None:
    times = [datetime(*first, 23, 59, tzinfo=UTC), datetime(*last, 0, 1, tzinfo=UTC)]
    write(tmp_path, [{}], times if first != last else times[:1])

    pictures = counted(tmp_path, COLUMNS).pictures

    assert (pictures.period, len(pictures.periods)) == (period, n)
    assert sum(row.n_judgments for row in pictures.periods) == (1 if first == last else 2)


def test_sites_are_added_up_from_the_largest_and_not_named(tmp_path: Path) -> None:
    write(
        tmp_path,
        [{"registrable_domain": f"s{n}.example"} for n in (1, 1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
    )

    assert counted(tmp_path, COLUMNS).pictures.tops == [Tops(1, 3), Tops(10, 13)]


def test_tables_are_told_with_the_cuts_in_the_order_of_the_splits(tmp_path: Path) -> None:
    write(tmp_path, [{}])
    splits = ("test", "train", "holdout", "validation")
    for split in splits:
        shutil.copy(tmp_path / ITEMS, tmp_path / cut_name(split))

    tables = counted(tmp_path, COLUMNS, {"judgments.parquet": {"sha256": "known", "bytes": 7}}).tables

    assert [(table.file, table.split) for table in tables] == [
        ("items.parquet", ""),
        ("judgments.parquet", ""),
        ("items-train.parquet", "train"),
        ("items-validation.parquet", "validation"),
        ("items-test.parquet", "test"),
        ("items-holdout.parquet", "holdout"),
    ]
    assert (tables[1].sha256, tables[1].n_bytes) == ("known", 7)
    assert {column.name: column.dtype for column in tables[2].columns}["labels"] == "list<string>"
