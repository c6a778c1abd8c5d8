"""The file of an ingest, judged before any of its rows is written: what it is, and whether all of it can be read.

`file_look` reads the beginning and is cheap enough for a request; `file_check` reads all of it, once, in the
worker. After both have passed, what can still be wrong is wrong with single rows.
"""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import PurePath
from tempfile import TemporaryFile
from typing import BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.errors import BadInput, TooLarge
from annotator.pool.models import Ingest

Format = Ingest.Format

GZIP_MAGIC, PARQUET_MAGIC, WARC_MAGIC, ZIP_MAGIC = b"\x1f\x8b", b"PAR1", b"WARC/", b"PK\x03\x04"
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
# What people send by mistake, by its first bytes.
MISTAKES = {
    ZIP_MAGIC: "an Excel workbook or a zip archive. Save the sheet as CSV; an archive is read as lists only",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as CSV",
    b"%PDF": "a PDF",
    b"\xff\xfe": "UTF-16 text. Save it as UTF-8",
    b"\xfe\xff": "UTF-16 text. Save it as UTF-8",
    b"BZh": "bzip2. Use gzip, or unpack it",
    b"(\xb5/\xfd": "Zstandard. Use gzip, or unpack it",
    b"\xfd7zXZ": "xz. Use gzip, or unpack it",
}
SUFFIXES = {
    ".csv": Format.CSV, ".tsv": Format.TSV, ".tab": Format.TSV, ".jsonl": Format.JSONL, ".ndjson": Format.JSONL,
    ".parquet": Format.PARQUET, ".pq": Format.PARQUET, ".warc": Format.WARC,
    ".zip": Format.LISTS, ".tar": Format.LISTS, ".tgz": Format.LISTS,
}  # fmt: skip
TEXTS = (Format.CSV, Format.TSV, Format.JSONL)
LOOK_BYTES = 256 * 1024
BLOCK_BYTES = 1024 * 1024
LINE_BYTES_MAX = 32 * 1024 * 1024
# Text and logs compress 3 to 60 times; deflate can do 1,032.
RATIO_MAX = 200
RATIO_FROM_BYTES = 16 * 1024 * 1024
PARQUET_BATCH_ROWS = 2_000
PARQUET_BATCH_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Shape:
    """What a file is."""

    format: str
    gzipped: bool


@dataclass(frozen=True)
class Checked:
    """A file that can be read to its end: `lines` of text, or rows of Parquet."""

    shape: Shape
    lines: int


@dataclass(frozen=True)
class Look:
    """What the beginning of a file tells: its shape, and a stream of rows to try, where there is one."""

    shape: Shape
    beginning: BinaryIO | None


def file_look(stream: BinaryIO, filename: str, wanted: str | None = None) -> Look:
    """What the file is, by its first bytes; of Parquet the whole is the beginning, unless it is gzipped.

    The format is `wanted`, else what the name ends with, else what the content looks like. Raises BadInput where
    the bytes contradict the name.
    """
    head = _head(stream, filename)
    path = PurePath(filename.lower())
    suffix = PurePath(path.stem).suffix if path.suffix == ".gz" else path.suffix
    format_ = wanted or SUFFIXES.get(suffix) or _sniffed(head.unpacked)
    _check_content(filename, format_, head.unpacked)
    beginning: BinaryIO | None = io.BytesIO(head.unpacked) if format_ in TEXTS else None
    if format_ == Format.PARQUET:
        beginning = None if head.gzipped else stream
    return Look(Shape(format=str(format_), gzipped=head.gzipped), beginning)


@dataclass(frozen=True)
class _Head:
    gzipped: bool
    unpacked: bytes


def _head(stream: BinaryIO, filename: str) -> _Head:
    stream.seek(0)
    packed = stream.read(LOOK_BYTES)
    stream.seek(0)
    if not packed:
        raise BadInput(f"{filename} is empty.")
    if packed.startswith(GZIP_MAGIC):
        return _Head(gzipped=True, unpacked=_unpacked_head(packed, filename))
    if filename.lower().endswith(".gz"):
        raise BadInput(f"{filename} is not gzip, though its name ends with .gz. Rename it, or pack it again.")
    return _Head(gzipped=False, unpacked=_whole_lines(packed) if len(packed) == LOOK_BYTES else packed)


def _unpacked_head(packed: bytes, filename: str) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(packed, LOOK_BYTES)
    except zlib.error as error:
        raise broken_gzip(filename, error) from error
    if unpacker.eof:
        return unpacked
    if len(packed) < LOOK_BYTES and not unpacker.unconsumed_tail and len(unpacked) < LOOK_BYTES:
        raise broken_gzip(filename, EOFError())
    return _whole_lines(unpacked)


def _whole_lines(head: bytes) -> bytes:
    return head[: head.rfind(b"\n") + 1] or head


def _sniffed(head: bytes) -> str:
    magic = _magic_format(head)
    if magic:
        return magic
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return Format.JSONL
    first = head.splitlines()[0] if head else b""
    return Format.TSV if first.count(b"\t") > first.count(b",") else Format.CSV


def _magic_format(head: bytes) -> str:
    """What the first bytes alone say; empty for text, which says nothing."""
    if head.startswith(PARQUET_MAGIC):
        return Format.PARQUET
    if head.startswith(WARC_MAGIC):
        return Format.WARC
    is_tar = head[TAR_MAGIC_AT:].startswith(TAR_MAGIC)
    return Format.LISTS if is_tar or (head.startswith(ZIP_MAGIC) and not _is_workbook(head)) else ""


def _is_workbook(head: bytes) -> bool:
    return any(part in head for part in (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/"))


def _check_content(filename: str, format_: str, head: bytes) -> None:
    found, label = _magic_format(head), Format(format_).label
    if found != format_ and (found or format_ not in TEXTS):
        _check_mistakes(filename, head)
        what = Format(found).label if found else f"not {label}"
        raise BadInput(f"{filename} is {what}, but was to be read as {label}.")
    if found:
        return
    _check_mistakes(filename, head)
    if format_ == Format.JSONL and head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
        raise BadInput(
            f"{filename} is one JSON array. JSON Lines has one object on each line, and no brackets around."
        )
    if b"\x00" in head[:4096]:
        raise BadInput(f"{filename} is not text: it cannot be read as {label}.")


def _check_mistakes(filename: str, head: bytes) -> None:
    for magic, what in MISTAKES.items():
        if head.startswith(magic):
            raise BadInput(f"{filename} is {what}.")


def file_check(stream: BinaryIO, filename: str, shape: Shape, bytes_max: int) -> Checked:
    """Read the whole file once and prove that a second reading will reach its end within the limits.

    Raises BadInput for a truncated or damaged gzip or Parquet file, TooLarge for a gzip bomb, more unpacked bytes
    than `bytes_max`, or a line that would not fit in memory.
    """
    if shape.format == Format.PARQUET:
        with file_unpacked(stream, filename, shape, bytes_max) as unpacked:
            return Checked(shape, _check_parquet(unpacked, filename, bytes_max))
    lines, run = 0, 0
    last = b"\n"
    for block in blocks_of(stream, filename, shape, bytes_max):
        breaks = block.count(b"\n")
        lines += breaks
        run = len(block) - block.rfind(b"\n") - 1 if breaks else run + len(block)
        last = block[-1:]
        if run > LINE_BYTES_MAX:
            raise TooLarge(
                f"{filename} has a line of more than {LINE_BYTES_MAX // 2**20} MB (line {lines + 1:,})."
            )
    return Checked(shape, lines + (last != b"\n"))


def _check_parquet(unpacked: BinaryIO, filename: str, bytes_max: int) -> int:
    try:
        file = pq.ParquetFile(unpacked, pre_buffer=False)
        size = sum(file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups))
        if size > bytes_max:
            raise too_large(filename, bytes_max)
        return sum(batch.num_rows for batch in file.iter_batches(batch_rows(file)))
    except (pa.ArrowException, OSError) as error:
        raise BadInput(
            f"{filename} is damaged: {_first_line(error)}. Write the Parquet file again."
        ) from error


def batch_rows(file: pq.ParquetFile) -> int:
    """How many rows of this file to hold at a time, so that rows of whole pages do not fill the memory."""
    groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
    row_bytes = max((group.total_byte_size / max(group.num_rows, 1) for group in groups), default=1)
    return max(1, min(PARQUET_BATCH_ROWS, int(PARQUET_BATCH_BYTES / max(row_bytes, 1))))


@contextmanager
def file_unpacked(stream: BinaryIO, filename: str, shape: Shape, bytes_max: int) -> Iterator[BinaryIO]:
    """The bytes of the file unpacked, as a stream; for Parquet one that can seek."""
    stream.seek(0)
    if not shape.gzipped:
        yield stream
    elif shape.format != Format.PARQUET:
        with gzip.open(stream) as unpacked:
            yield cast(BinaryIO, io.BufferedReader(cast(io.RawIOBase, unpacked), BLOCK_BYTES))
    else:
        with TemporaryFile() as whole:
            for block in blocks_of(stream, filename, shape, bytes_max):
                whole.write(block)
            whole.seek(0)
            yield cast(BinaryIO, whole)


def blocks_of(stream: BinaryIO, filename: str, shape: Shape, bytes_max: int) -> Iterator[bytes]:
    """The whole file unpacked, in blocks. Raises BadInput for damaged gzip, TooLarge for a bomb or beyond the limit."""
    stream.seek(0)
    size = 0
    with gzip.open(stream) if shape.gzipped else nullcontext(stream) as source:
        while block := _block(source, filename):
            size += len(block)
            if size > bytes_max:
                raise too_large(filename, bytes_max)
            if shape.gzipped and size > RATIO_FROM_BYTES and size > RATIO_MAX * stream.tell():
                raise TooLarge(
                    f"{filename} unpacks to more than {RATIO_MAX} times its size, as only a gzip bomb does. "
                    "If it is honest, send it unpacked."
                )
            yield block


def _block(source: BinaryIO | gzip.GzipFile, filename: str) -> bytes:
    try:
        return source.read(BLOCK_BYTES)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise broken_gzip(filename, error) from error


def too_large(filename: str, bytes_max: int) -> TooLarge:
    """The refusal of a file that unpacks to more than the installation takes."""
    return TooLarge(
        f"{filename} holds more than {bytes_max:,} bytes unpacked (CROSSGUARD_INGEST_MAX_BYTES). Split it, or ask "
        "the operator to raise the limit."
    )


def broken_gzip(filename: str, error: Exception) -> BadInput:
    """The refusal of a gzip file that ends too early or is damaged."""
    what = (
        "ends too early, as after a broken download"
        if isinstance(error, EOFError)
        else f"is damaged gzip ({error})"
    )
    return BadInput(f"{filename} {what}. Copy or pack it again.")


def damaged_parquet(filename: str, error: Exception) -> BadInput:
    """The refusal of a Parquet file that its library cannot read."""
    return BadInput(f"{filename} is damaged: {_first_line(error)}. Write the Parquet file again.")


def _first_line(error: Exception) -> str:
    return (
        str(error).strip().splitlines()[0][:200].rstrip(".") if str(error).strip() else type(error).__name__
    )
