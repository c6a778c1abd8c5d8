"""A file proven readable to its end, and its rows: the one way from a stored file to raw rows, whatever its format."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from annotator.pool.files import Format, file_check, file_unpacked
from annotator.pool.lists import Source, lists_check, lists_rows
from annotator.pool.reading import rows_of
from annotator.pool.rows import RawRow
from annotator.pool.warc import warc_check, warc_rows


@dataclass(frozen=True)
class Readable:
    """A file that has been read to its end once: how many lines, and its rows for the second reading."""

    lines: int
    rows: Iterator[RawRow]


@contextmanager
def file_readable(stream: BinaryIO, source: Source) -> Iterator[Readable]:
    """The rows of a file, after all of it was read once. Raises BadInput or TooLarge before the first row."""
    name, shape, limit = source.filename, source.shape, source.bytes_max
    if shape.format == Format.WARC:
        yield Readable(warc_check(stream, name, shape, limit), warc_rows(stream, name))
    elif shape.format == Format.LISTS:
        lists = lists_check(stream, source)
        yield Readable(lists.lines, lists_rows(stream, source, lists))
    else:
        checked = file_check(stream, name, shape, limit)
        with file_unpacked(stream, name, shape, limit) as unpacked:
            yield Readable(checked.lines, rows_of(unpacked, name, shape))
