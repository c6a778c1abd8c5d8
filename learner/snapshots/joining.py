"""One Parquet file of the row groups of several, without reading a row: bytes are copied, and their places corrected.

Whoever wants the items of one split alone and all items together would compress each text twice. A row group does not
know where in its file it is: only the directory at the end does.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from learner.snapshots.thrift import Struct, field_of, struct_read, struct_written

MAGIC: Final = b"PAR1"
FOOT: Final = 8  # size of the directory, and the magic
# Numbers of fields in parquet.thrift (Apache Parquet format 2).
N_ROWS, ROW_GROUPS = 3, 4
COLUMNS, GROUP_OFFSET, ORDINAL = 1, 5, 7
CHUNK_OFFSETS: Final = (2, 4, 6)
META: Final = 3
PAGE_OFFSETS: Final = (9, 10, 11, 14)


def files_joined(paths: Sequence[Path], target: Path) -> None:
    """Write the row groups of all these files to `target`, one after the other.

    All have been written by the same program with the same columns, and are not encrypted.
    """
    with target.open("wb") as out:
        out.write(MAGIC)
        directory: Struct | None = None
        for path in paths:
            with path.open("rb") as source:
                found, size = _directory(source)
                _shift(found, out.tell() - len(MAGIC))
                source.seek(len(MAGIC))
                _copy(source, out, size)
            directory = found if directory is None else _added(directory, found)
        assert directory is not None, "no file was named"
        _number(directory)
        written = struct_written(directory)
        out.write(written + len(written).to_bytes(4, "little") + MAGIC)


def _directory(source: IO[bytes]) -> tuple[Struct, int]:
    """What the end of a file says is in it, and the size of what comes before that."""
    end = source.seek(-FOOT, 2)
    foot = source.read(FOOT)
    assert foot[4:] == MAGIC, "no Parquet file"
    begin = end - int.from_bytes(foot[:4], "little")
    source.seek(begin)
    return struct_read(source.read(end - begin)), begin - len(MAGIC)


def _copy(source: IO[bytes], out: IO[bytes], size: int) -> None:
    start = out.tell()
    shutil.copyfileobj(source, out, 1 << 20)
    out.seek(start + size)
    out.truncate()


def _shift(directory: Struct, by: int) -> None:
    for group in _groups(directory):
        _move(group, (GROUP_OFFSET,), by)
        columns = field_of(group, COLUMNS)
        assert columns is not None
        for chunk in columns.value.values:
            _move(chunk, CHUNK_OFFSETS, by)
            meta = field_of(chunk, META)
            assert meta is not None
            _move(meta.value, PAGE_OFFSETS, by)


def _move(struct: Struct, numbers: Sequence[int], by: int) -> None:
    """Correct places that are said: 0 is none."""
    for number in numbers:
        field = field_of(struct, number)
        if field is not None and field.value:
            field.value += by


def _added(directory: Struct, more: Struct) -> Struct:
    rows, others = field_of(directory, N_ROWS), field_of(more, N_ROWS)
    assert rows is not None
    assert others is not None
    rows.value += others.value
    _groups(directory).extend(_groups(more))
    return directory


def _number(directory: Struct) -> None:
    for number, group in enumerate(_groups(directory)):
        ordinal = field_of(group, ORDINAL)
        if ordinal is not None:
            ordinal.value = number


def _groups(directory: Struct) -> list[Struct]:
    found = field_of(directory, ROW_GROUPS)
    assert found is not None
    groups: list[Struct] = found.value.values
    return groups
