"""Files of every kind, whole and broken, without a database."""

import gzip
import io
from collections.abc import Mapping
from contextlib import suppress

import pytest

from annotator.errors import BadInput, CrossguardError, TooLarge
from annotator.pool import files
from annotator.pool.cleaning import Refusal
from annotator.pool.files import file_check, file_look, file_unpacked
from annotator.pool.reading import check_beginning, rows_of
from annotator.pool.reasons import Reason
from annotator.pool.rows import RawRow
from tests.annotator.pool.files import KINDS, file_of, pages

GIGABYTE = 2**30


def read(content: bytes, name: str, bytes_max: int = GIGABYTE) -> list[RawRow]:
    """All rows, by the way that an ingest takes."""
    stream = io.BytesIO(content)
    look = file_look(stream, name)
    check_beginning(look, name)
    file_check(stream, name, look.shape, bytes_max)
    with file_unpacked(stream, name, look.shape, bytes_max) as unpacked:
        return list(rows_of(unpacked, name, look.shape))


def refusals(rows: list[RawRow]) -> dict[int, Reason]:
    return {row.line: row.cells.reason for row in rows if isinstance(row.cells, Refusal)}


@pytest.mark.parametrize("kind", [*KINDS, *(f"{kind}.gz" for kind in KINDS)])
def test_every_kind_of_file_gives_the_same_rows(kind: str) -> None:
    rows = pages(5)

    read_rows = read(file_of(rows, kind), f"rows.{kind}")

    assert [row.cells for row in read_rows] == rows


@pytest.mark.parametrize("kind", KINDS)
def test_the_content_tells_the_format_when_the_name_does_not(kind: str) -> None:
    assert len(read(file_of(pages(3), kind), "download")) == 3


def test_a_row_is_known_by_the_line_on_which_it_begins() -> None:
    content = b'url,text\n\nhttps://a.example/,"two\nlines"\nhttps://b.example/,one\n'

    assert [row.line for row in read(content, "rows.csv")] == [3, 5]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_every_end_of_line_is_understood(newline: bytes) -> None:
    rows = read(newline.join([b"url,title", b"https://a.example/,A", b"https://b.example/,B"]), "rows.csv")

    assert [row.cells for row in rows] == [
        {"url": "https://a.example/", "title": "A"},
        {"url": "https://b.example/", "title": "B"},
    ]


def test_a_header_may_have_a_byte_order_mark_capitals_and_blanks() -> None:
    (row,) = read(b"\xef\xbb\xbf URL ,Title\nhttps://a.example/,A\n", "rows.csv")

    assert row.cells == {"url": "https://a.example/", "title": "A"}


def test_a_broken_line_of_a_table_is_one_refused_row() -> None:
    content = b"url,title\nhttps://a.example/\nhttps://b.example/,B,C\nhttps://c.example/,C\n"

    rows = read(content, "rows.csv")

    assert refusals(rows) == {2: Reason.WRONG_WIDTH, 3: Reason.WRONG_WIDTH}
    assert len(rows) == 3


def test_a_cell_that_never_ends_is_a_refused_row_and_not_the_rest_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("annotator.pool.reading.CELL_CHARS_MAX", 50)
    content = b'url,title\nhttps://a.example/,"open' + b"\n" + b"x" * 60 + b"\nhttps://b.example/,B\n"

    rows = read(content, "rows.csv")

    assert refusals(rows) == {2: Reason.NOT_READABLE}
    assert rows[-1].cells == {"url": "https://b.example/", "title": "B"}


def test_a_broken_line_of_json_is_one_refused_row() -> None:
    content = b'{"url": "https://a.example/"}\n\n{"url": \n["https://b.example/"]\n' + b"[" * 5000 + b"\n"

    assert refusals(read(content, "rows.jsonl")) == dict.fromkeys([3, 4, 5], Reason.NOT_READABLE)


def test_bytes_that_are_not_utf8_reach_only_their_own_row() -> None:
    rows = read(b"url,title\nhttps://a.example/,Caf\xe9\nhttps://b.example/,B\n", "rows.csv")

    assert isinstance(rows[0].cells, Mapping)
    assert rows[0].cells["title"] == "Caf\udce9"
    assert rows[1].cells == {"url": "https://b.example/", "title": "B"}


CSV = b"url,title\nhttps://a.example/,A\n"
BAD = [
    ("empty.csv", b"", "empty.csv is empty."),
    ("header.csv", b"url,title\n", "header.csv has no rows."),
    ("blank.jsonl", b"\n\n", "blank.jsonl has no rows."),
    ("no.csv", b"address,title\nhttps://a.example/,A\n", "its columns are: address, title"),
    ("semicolon.csv", b"url;title\nhttps://a.example/;A\n", "separated by commas"),
    ("twice.csv", b"url,title,Title\nhttps://a.example/,A,B\n", 'the column "title" twice'),
    ("latin.csv", b"url,caf\xe9\nhttps://a.example/,A\n", "header of latin.csv is not UTF-8"),
    ("no.jsonl", b'{"address": "https://a.example/"}\n', "its columns are: address"),
    ("array.jsonl", b'[{"url": "https://a.example/"}]', "one JSON array"),
    ("book.csv", b"PK\x03\x04rest", "an Excel workbook or a zip archive"),
    ("wide.csv", "url\nhttps://a.example/\n".encode("utf-16"), "UTF-16"),
    ("image.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00", "not text"),
    ("rows.parquet", CSV, "not Parquet"),
    ("rows.csv", file_of(pages(1), "parquet"), "is Parquet, but was to be read as CSV"),
    ("cut.parquet", file_of(pages(50), "parquet")[:-20], "is damaged"),
    ("garbage.parquet", b"PAR1" + b"garbage" * 100 + b"PAR1", "is damaged"),
    ("no.parquet", file_of([{"address": "https://a.example/"}], "parquet"), "its columns are: address"),
    ("kind.parquet", file_of([{"url": 7}], "parquet"), 'The column "url" of kind.parquet holds int64'),
    ("zero.parquet", file_of(pages(1), "parquet", keep=0), "zero.parquet has no rows."),
    ("cut.csv.gz", gzip.compress(CSV)[:-9], "ends too early"),
    ("flipped.csv.gz", gzip.compress(CSV)[:-8] + b"\x00" * 8, "is damaged gzip"),
    ("text.csv.gz", CSV, "not gzip, though its name ends with .gz"),
    ("cut.parquet.gz", file_of(pages(50), "parquet.gz")[:-30], "ends too early"),
]


@pytest.mark.parametrize(("name", "content", "words"), BAD, ids=[words for _, _, words in BAD])
def test_a_bad_file_is_refused_in_a_sentence_that_names_it(name: str, content: bytes, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        read(content, name)

    assert words in refused.value.message
    assert name in refused.value.message
    assert refused.value.message.endswith(".")


def test_a_large_gzip_that_ends_too_early_is_found_by_the_whole_check() -> None:
    content = CSV + b"".join(b"https://a%d.example/,%d\n" % (n, n * 7919) for n in range(200_000))
    stream = io.BytesIO(gzip.compress(content, 1)[:-9])
    look = file_look(stream, "cut.csv.gz")

    check_beginning(look, "cut.csv.gz")
    with pytest.raises(BadInput, match="ends too early"):
        file_check(stream, "cut.csv.gz", look.shape, GIGABYTE)


def test_a_gzip_bomb_is_refused_by_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RATIO_FROM_BYTES", 2**20)
    bomb = gzip.compress(b"url\nhttps://a.example/\n" + b" " * 2**23)

    with pytest.raises(TooLarge, match="gzip bomb"):
        read(bomb, "bomb.csv.gz")


@pytest.mark.parametrize("kind", ["csv", "csv.gz", "jsonl.gz", "parquet", "parquet.gz"])
def test_a_file_over_the_configured_size_is_refused(kind: str) -> None:
    with pytest.raises(TooLarge, match="CROSSGUARD_INGEST_MAX_BYTES"):
        read(file_of(pages(200), kind), f"large.{kind}", bytes_max=1000)


def test_a_line_that_would_not_fit_in_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LINE_BYTES_MAX", 2**20)

    with pytest.raises(TooLarge, match="line 3"):
        read(CSV + b"x" * (3 * 2**20), "long.csv")


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "parquet", "csv.gz"])
def test_damage_anywhere_in_a_file_ends_in_rows_or_in_a_sentence(kind: str) -> None:
    whole = file_of(pages(20), kind)
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        damaged = whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]
        with suppress(CrossguardError):
            assert all(isinstance(row, RawRow) for row in read(damaged, f"rows.{kind}"))
