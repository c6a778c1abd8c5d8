"""A file that was joined from others is a Parquet file for everybody, and has their rows one after the other."""

from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from learner.snapshots.joining import files_joined
from learner.snapshots.thrift import struct_read, struct_written

SCHEMA = pa.schema(
    [("n", pa.int64()), ("text", pa.string()), ("labels", pa.list_(pa.string())), ("ok", pa.bool_())]
)


def table(rows: range) -> pa.Table:
    made = [
        {"n": n, "text": f"text {n}" * 9, "labels": ["games"] * (n % 3), "ok": None if n % 5 == 0 else True}
        for n in rows
    ]
    return pa.Table.from_pylist(made, SCHEMA)


def write(path: Path, rows: range, **options: object) -> Path:
    pq.write_table(table(rows), path, compression="zstd", row_group_size=100, **options)
    return path


@pytest.mark.parametrize("options", [{}, {"write_page_index": True}, {"use_dictionary": False}])
def test_rows_of_all_files_come_one_after_the_other(tmp_path: Path, options: dict[str, object]) -> None:
    parts = [range(250), range(250, 250), range(250, 2350)]
    paths = [write(tmp_path / f"{place}.parquet", part, **options) for place, part in enumerate(parts)]

    files_joined(paths, tmp_path / "all.parquet")

    expected = table(range(2350))
    assert pq.read_table(tmp_path / "all.parquet").equals(expected)
    assert pd.read_parquet(tmp_path / "all.parquet")["n"].tolist() == list(range(2350))
    assert pl.read_parquet(tmp_path / "all.parquet")["text"].to_list() == expected["text"].to_pylist()
    file = pq.ParquetFile(tmp_path / "all.parquet")
    assert file.metadata.num_rows == 2350
    last = file.num_row_groups - 1
    assert file.read_row_group(last)["n"].to_pylist()[0] == 2250
    assert [file.metadata.row_group(n).num_rows for n in range(3)] == [100, 100, 50]


def test_one_file_joined_is_itself(tmp_path: Path) -> None:
    path = write(tmp_path / "one.parquet", range(350))

    files_joined([path], tmp_path / "all.parquet")

    assert (tmp_path / "all.parquet").read_bytes() == path.read_bytes()


def test_what_is_read_is_written_again_byte_for_byte(tmp_path: Path) -> None:
    data = write(tmp_path / "one.parquet", range(2000)).read_bytes()
    directory = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]

    assert struct_written(struct_read(directory)) == directory


def test_what_parquet_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="thrift type 11 does not occur in Parquet"):
        struct_read(bytes([0x1B, 0]))
