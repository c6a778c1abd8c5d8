"""WARC files, as crawlers write them: each `response` record becomes one row with its page and the time of its capture.

A record is read whole only when it is short enough; what its server packed is unpacked up to the same limit.
"""

import io
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from fastwarc.stream_io import BrotliReader, ChunkedReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType
from resiliparse.parse.encoding import bytes_to_str, detect_encoding, map_encoding_to_html5

from annotator.errors import BadInput
from annotator.pool.cleaning import SOURCE_CHARS_MAX, VALUE_CHARS_MAX, Refusal, refusal
from annotator.pool.files import Shape, blocks_of
from annotator.pool.pages import HTML_CHARS_MAX
from annotator.pool.reasons import Reason
from annotator.pool.rows import RawRow

PAGE_BYTES_MAX: Final = 2 * HTML_CHARS_MAX
SUCCESS: Final = range(200, 300)
HTML: Final = frozenset({"text/html", "application/xhtml+xml"})
TEXT: Final = "text/plain"
GZIP_OR_ZLIB, DEFLATE = 47, -15  # as zlib names them


class _CutOff(Exception):
    """A record of which the end is missing."""


def warc_check(stream: BinaryIO, filename: str, shape: Shape, bytes_max: int) -> int:
    """How many records the file has, after proof that all of it can be read.

    Raises BadInput, saying how many records come before the damage, and TooLarge for a gzip bomb.
    """
    try:
        for _ in blocks_of(stream, filename, shape, bytes_max):
            pass
    except BadInput as error:
        whole, _ = _whole_records(stream)
        raise BadInput(f"{error.message} {_before(whole)}") from error
    whole, damage = _whole_records(stream)
    if damage:
        raise BadInput(f"{filename} {damage}. {_before(whole)}")
    return whole


def _whole_records(stream: BinaryIO) -> tuple[int, str]:
    """How many records can be read, and what is wrong with the next; empty at the end of the file."""
    n = 0
    try:
        for record in _records(stream):
            if record.reader.consume() < record.content_length:
                return n, "ends too early"
            n += 1
    except OSError as error:
        return n, f"is damaged WARC ({error})"
    return n, ""


def _before(n: int) -> str:
    return f"Before that come {n:,} whole records; nothing of the file was taken in. Copy it again."


def _records(stream: BinaryIO) -> Iterator[WarcRecord]:
    stream.seek(0)
    return iter(ArchiveIterator(stream, parse_http=False, record_types=WarcRecordType.any_type))


def warc_rows(stream: BinaryIO, filename: str) -> Iterator[RawRow]:
    """A row for each `response` record; requests, revisits and the notes of the crawler are none."""
    for number, record in enumerate(_records(stream), start=1):
        if record.record_type == WarcRecordType.response:
            yield RawRow(number, _cells(record, filename))


def _cells(record: WarcRecord, filename: str) -> dict[str, object] | Refusal:
    address = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    if record.content_length > PAGE_BYTES_MAX:
        sentence = f"The record has {record.content_length:,} bytes; {PAGE_BYTES_MAX:,} is the most."
        return refusal(Reason.HTML_TOO_LONG, sentence, address)
    try:
        record.parse_http(auto_decode="none")
        body = record.reader.read()
    except OSError as error:
        return refusal(Reason.NOT_READABLE, f"What the server answered cannot be read: {error}.", address)
    page = _page(record, body)
    if isinstance(page, Refusal):
        return page._replace(value=address[:VALUE_CHARS_MAX])
    return {
        "url": address,
        **page,
        "observed_at": record.record_date,
        "source": filename[:SOURCE_CHARS_MAX],
    }


def _page(record: WarcRecord, body: bytes) -> dict[str, object] | Refusal:
    http = record.http_headers
    if not record.is_http_parsed or http.status_code is None:
        return refusal(Reason.NOT_READABLE, "The record holds no answer of a web server.")
    if http.status_code not in SUCCESS:
        return refusal(Reason.HTTP_STATUS, f"The server answered {http.status_code}, not a page.")
    kind = (record.http_content_type or "").lower()
    if kind not in HTML and kind != TEXT:
        return refusal(Reason.CONTENT_TYPE, f"The content is {kind or 'of no type'}, not HTML or text.")
    if (http.get("Transfer-Encoding") or "").lower() == "chunked":
        body = _unpacked(body, _unchunk)
    packed = (http.get("Content-Encoding") or "").strip().lower()
    if packed not in PACKINGS:
        return refusal(Reason.NOT_READABLE, f'The page is packed as "{packed}", which is not read here.')
    page = _unpacked(body, *PACKINGS[packed])
    if len(page) > PAGE_BYTES_MAX:
        return refusal(Reason.HTML_TOO_LONG, f"The page has more than {PAGE_BYTES_MAX:,} bytes.")
    text = _decoded(page, record.http_charset)
    return {"text" if kind == TEXT else "html": text, "http_status": http.status_code}


def _inflate(wbits: int) -> Callable[[bytes], bytes]:
    return lambda body: zlib.decompressobj(wbits).decompress(body, PAGE_BYTES_MAX + 1)


def _unchunk(body: bytes) -> bytes:
    return ChunkedReader(io.BytesIO(body)).read(PAGE_BYTES_MAX + 1)


def _unbrotli(body: bytes) -> bytes:
    return BrotliReader(io.BytesIO(body)).read(PAGE_BYTES_MAX + 1)


PACKINGS: Final[dict[str, tuple[Callable[[bytes], bytes], ...]]] = {
    "": (), "identity": (), "gzip": (_inflate(GZIP_OR_ZLIB),), "x-gzip": (_inflate(GZIP_OR_ZLIB),),
    "deflate": (_inflate(GZIP_OR_ZLIB), _inflate(DEFLATE)), "br": (_unbrotli,),
}  # fmt: skip


def _unpacked(body: bytes, *ways: Callable[[bytes], bytes]) -> bytes:
    """What the first way that works makes of it, at most one byte more than allowed; as it is when none does.

    Crawlers differ: some keep what came over the wire, some what it unpacks to, and both keep the header.
    """
    for way in ways:
        try:
            return way(body)
        except (OSError, zlib.error):
            continue
    return body


def _decoded(page: bytes, charset: str | None) -> str:
    """The page as text: by what its server said, else by its own `meta`, else by its bytes."""
    named = map_encoding_to_html5(charset, fallback_utf8=False) if charset else None
    encoding = named or detect_encoding(page, from_html_meta=True) or "utf-8"
    return bytes_to_str(page, encoding, errors="replace")
