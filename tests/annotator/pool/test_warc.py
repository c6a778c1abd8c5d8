"""WARC files: what becomes a row, what is refused, and that a broken one brings nothing."""

import gzip
import io
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest
from fastwarc.stream_io import BrotliWriter

from annotator.errors import BadInput, TooLarge
from annotator.pool import warc
from annotator.pool.cleaning import Refusal
from annotator.pool.files import Format, Shape, file_look
from annotator.pool.reasons import Reason
from annotator.pool.rows import RawRow
from annotator.pool.warc import warc_check, warc_rows
from tests.annotator.pool.archives import any_record, packed, record

GIGABYTE = 2**30
PAGE = "<html><title>Tïtle</title><body><p>Wörds of the page.</p></body></html>"
FIRST = record("https://a.example/", PAGE.encode())
SECOND = record("https://b.example/", PAGE.encode())


def rows(content: bytes) -> list[RawRow]:
    return list(warc_rows(io.BytesIO(content), "crawl.warc"))


def html_of(content: bytes) -> object:
    (row,) = rows(content)
    assert not isinstance(row.cells, Refusal), row.cells
    return row.cells["html"]


def refused(content: bytes) -> Refusal:
    (row,) = rows(content)
    assert isinstance(row.cells, Refusal)
    return row.cells


def check(content: bytes, name: str = "crawl.warc") -> int:
    look = file_look(io.BytesIO(content), name)
    assert look.shape.format == Format.WARC
    return warc_check(io.BytesIO(content), name, look.shape, GIGABYTE)


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def brotli(body: bytes) -> bytes:
    sink = io.BytesIO()
    writer = BrotliWriter(sink)
    writer.write(body)
    writer.close()
    return sink.getvalue()


@pytest.mark.parametrize("content", [FIRST + SECOND, packed(FIRST, SECOND), gzip.compress(FIRST + SECOND)])
def test_each_response_is_a_row_however_it_is_packed(content: bytes) -> None:
    assert check(content) == 2

    found = rows(content)

    assert [row.line for row in found] == [1, 2]
    assert not isinstance(found[0].cells, Refusal)
    assert found[0].cells == {
        "url": "https://a.example/",
        "html": PAGE,
        "http_status": 200,
        "observed_at": datetime(2026, 3, 1, 10, tzinfo=UTC),
        "source": "crawl.warc",
    }


def test_other_records_are_no_rows_and_keep_their_number() -> None:
    content = (
        any_record("warcinfo", "", b"software: x")
        + any_record("request", "https://a.example/", b"GET /")
        + FIRST
    )

    assert check(content) == 3
    assert [row.line for row in rows(content)] == [3]


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        ("text/html; charset=windows-1252", PAGE.encode("cp1252")),
        ("text/html; charset=latin1", PAGE.encode("latin1")),
        ("text/html; charset=utf-16", b"\xff\xfe" + PAGE.encode("utf-16-le")),
        ("text/html", PAGE.replace("<title>", '<meta charset="windows-1252"><title>').encode("cp1252")),
        ("text/html; charset=nonsense", PAGE.encode()),
        ("text/html; charset=punycode", PAGE.encode()),
        ("application/xhtml+xml", PAGE.encode()),
    ],
)
def test_the_encoding_is_the_servers_or_the_pages_own(kind: str, encoded: bytes) -> None:
    html = html_of(record("https://a.example/", encoded, kind=kind))

    assert "Tïtle" in str(html)
    assert "Wörds" in str(html)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(PAGE.encode()), {"Content_Encoding": "gzip"}),
        (zlib.compress(PAGE.encode()), {"Content_Encoding": "deflate"}),
        (zlib.compress(PAGE.encode(), wbits=-15), {"Content_Encoding": "deflate"}),
        (brotli(PAGE.encode()), {"Content_Encoding": "br"}),
        (chunked(PAGE.encode()), {"Transfer_Encoding": "chunked"}),
        (chunked(gzip.compress(PAGE.encode())), {"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}),
        (PAGE.encode(), {"Content_Encoding": "gzip"}),
        (PAGE.encode(), {"Content_Encoding": "br", "Transfer_Encoding": "chunked"}),
    ],
    ids=["gzip", "zlib", "deflate", "br", "chunked", "chunked gzip", "no gzip after all", "no br after all"],
)
def test_a_page_is_unpacked_where_the_crawler_kept_it_packed(body: bytes, headers: dict[str, str]) -> None:
    assert html_of(record("https://a.example/", body, **headers)) == PAGE


def test_plain_text_is_the_text_itself() -> None:
    (row,) = rows(record("https://a.example/", b"<b>words", kind="text/plain"))

    assert not isinstance(row.cells, Refusal)
    assert row.cells["text"] == "<b>words"


@pytest.mark.parametrize(
    ("content", "reason", "sentence"),
    [
        (record("https://a.example/", b"", status="404 Not Found"), Reason.HTTP_STATUS, "answered 404"),
        (record("https://a.example/", b"", status="301 Moved"), Reason.HTTP_STATUS, "answered 301"),
        (record("https://a.example/", b"GIF", kind="image/gif"), Reason.CONTENT_TYPE, "image/gif"),
        (record("https://a.example/", b"x", Content_Encoding="zstd"), Reason.NOT_READABLE, '"zstd"'),
        (
            any_record("response", "https://a.example/", b"no answer"),
            Reason.NOT_READABLE,
            "no answer of a web server",
        ),
        (record("https://a.example/", b"x" * (warc.PAGE_BYTES_MAX + 1)), Reason.HTML_TOO_LONG, "is the most"),
    ],
)
def test_what_is_no_page_is_refused_with_its_address(content: bytes, reason: Reason, sentence: str) -> None:
    found = refused(content)

    assert (found.reason, found.value) == (reason, "https://a.example/")
    assert sentence in found.detail


def test_a_bomb_inside_a_record_is_refused_without_being_held() -> None:
    content = (
        record("https://a.example/", gzip.compress(b"x" * 300_000_000), Content_Encoding="gzip") + SECOND
    )
    tracemalloc.start()

    first, second = rows(content)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(first.cells, Refusal)
    assert first.cells.reason == Reason.HTML_TOO_LONG
    assert not isinstance(second.cells, Refusal)
    assert peak < 60_000_000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (packed(FIRST, SECOND)[:-20], "ends too early"),
        (packed(FIRST, SECOND)[:-4] + b"0000", "damaged gzip"),
        ((FIRST + SECOND)[:-30], "ends too early"),
        (FIRST + b"nothing of the kind\r\n" + SECOND, "damaged WARC"),
    ],
)
def test_a_broken_file_is_refused_whole_and_says_how_far_it_was_read(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence) as refusal:
        check(content)

    assert "Before that come 1 whole records; nothing of the file was taken in" in refusal.value.message


def test_a_gzip_bomb_is_refused() -> None:
    bomb = packed(FIRST, any_record("resource", "https://c.example/", b"x" * 60_000_000))

    with pytest.raises(TooLarge, match="gzip bomb"):
        warc_check(io.BytesIO(bomb), "crawl.warc.gz", Shape(Format.WARC, gzipped=True), GIGABYTE)


def test_a_file_of_another_kind_is_not_read_as_warc() -> None:
    with pytest.raises(BadInput, match="not WARC"):
        file_look(io.BytesIO(b"url\nhttps://a.example/\n"), "crawl.warc")
    with pytest.raises(BadInput, match="is WARC, but was to be read as CSV"):
        file_look(io.BytesIO(FIRST), "rows.csv")


def test_a_file_without_one_whole_record_says_so() -> None:
    with pytest.raises(BadInput, match="Before that come 0 whole records"):
        check(FIRST[:-60])
    with pytest.raises(BadInput, match="Before that come 0 whole records"):
        check(b"WARC/1.0\r\nX: " + b"y" * 200_000 + b"\r\n\r\n")
