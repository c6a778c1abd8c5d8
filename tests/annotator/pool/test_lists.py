"""Directories of lists: names, lines, labels of several lists, and archives that are refused."""

import io
import stat
import tarfile
import zipfile

import pytest

from annotator.errors import BadInput, TooLarge
from annotator.pool import archives
from annotator.pool.cleaning import Refusal
from annotator.pool.columns import LabelNames
from annotator.pool.files import Format, file_look
from annotator.pool.lists import (
    Source,
    UnknownLists,
    address_in,
    list_name,
    lists_check,
    lists_rows,
    names_read,
)
from annotator.pool.readable import file_readable
from annotator.pool.rows import RawRow
from tests.annotator.pool.archives import tar_of, zip_of

LABELS = LabelNames.of([("games", "Games"), ("adult-content", "Adult Content"), ("self-harm", "Self-Harm")])
GIGABYTE = 2**30


def source(content: bytes, name: str, **names: str) -> Source:
    return Source(name, file_look(io.BytesIO(content), name).shape, GIGABYTE, LABELS, names)


def read(content: bytes, name: str = "lists.zip", **names: str) -> list[RawRow]:
    with file_readable(io.BytesIO(content), source(content, name, **names)) as readable:
        return list(readable.rows)


def labels(found: list[RawRow]) -> list[tuple[object, object]]:
    return [(row.cells["url"], row.cells["labels"]) for row in found if not isinstance(row.cells, Refusal)]


@pytest.mark.parametrize(
    ("name", "pack"),
    [("l.zip", zip_of), ("l.tar.gz", tar_of), ("l.tgz", tar_of), ("l.tar", lambda f: tar_of(f, "w:"))],
)
def test_the_name_of_a_list_is_the_label_of_its_addresses(name: str, pack: object) -> None:
    assert callable(pack)
    content = pack(
        {
            "games.txt": b"# games\n\nplay.example\nwww.fun.example\n",
            "blacklists/Adult Content/domains": b"x.example",
        }
    )

    found = read(content, name)

    assert labels(found) == [
        ("play.example", ["games"]), ("fun.example", ["games"]), ("x.example", ["adult-content"])
    ]  # fmt: skip
    assert [row.line for row in found] == [3, 4, 5]
    assert [row.cells["source"] for row in found if not isinstance(row.cells, Refusal)][
        -1
    ] == "list adult-content"


def test_an_address_in_several_lists_has_several_labels_in_each() -> None:
    content = zip_of(
        {"games.txt": b"a.example\nb.example\n", "adult-content.txt": b"WWW.B.example\nc.example\n"}
    )

    found = labels(read(content))

    assert found == [
        ("a.example", ["games"]),
        ("b.example", ["adult-content", "games"]),
        ("B.example", ["adult-content", "games"]),
        ("c.example", ["adult-content"]),
    ]


def test_an_address_that_is_and_is_not_is_refused() -> None:
    content = zip_of({"games.txt": b"a.example\n", "none.txt": b"a.example\nb.example\n"})

    found = read(content)

    assert [isinstance(row.cells, Refusal) for row in found] == [True, True, False]
    assert labels(found) == [("b.example", [])]


def test_unknown_names_are_all_told_with_what_they_could_be() -> None:
    content = zip_of(
        {"games.txt": b"a.example\n", "porn.txt": b"b.example\n", "drogue/domains": b"c.example\n"}
    )

    with pytest.raises(
        UnknownLists, match=r'"drogue", "porn".*adult-content, games, self-harm, none, or leave-out'
    ) as refused:
        read(content)

    assert refused.value.names == ("drogue", "porn")


def test_names_come_with_the_upload_or_in_the_archive_and_the_upload_wins() -> None:
    files = {
        "names.csv": b"list,category\nporn,games\nads,leave-out\n",
        "porn.txt": b"b.example\n",
        "ads.txt": b"c.example\n",
    }

    assert labels(read(zip_of(files))) == [("b.example", ["games"])]
    assert labels(read(zip_of(files), porn="Adult Content|self-harm")) == [
        ("b.example", ["adult-content", "self-harm"])
    ]
    with pytest.raises(BadInput, match='"porn" cannot be "weather"'):
        read(zip_of(files), porn="weather")


@pytest.mark.parametrize(
    ("line", "address"),
    [
        (b"example.com\r\n", "example.com"), (b"\xef\xbb\xbfexample.com", "example.com"),
        (b"127.0.0.1\texample.com # ads", "example.com"), (b"*.www.example.com", "example.com"),
        (b".example.com,", "example.com"), (b"www.com", "www.com"), (b"https://www.example.com/a", "https://www.example.com/a"),
        (b"example.com/a#b", "example.com/a#b"), (b"; note", None), (b"// note", None), (b"  \r\n", None),
        (b"\xff\xfe", None), ("\u2003".encode(), ""),
    ],
)  # fmt: skip
def test_a_line_is_read_as_lists_are_written(line: bytes, address: str | None) -> None:
    assert address_in(line) == address


def test_a_list_is_called_by_its_file_or_its_folder() -> None:
    names = ["a/b/adult_content.txt", "adult content/urls", "domains", "malware.example.list"]

    assert [list_name(name) for name in names] == [
        "adult-content",
        "adult-content",
        "domains",
        "malware.example",
    ]


@pytest.mark.parametrize("lines", [["a,b,c"], ["a"], [",games"], ['"a,b']])
def test_names_that_are_no_pairs_are_refused(lines: list[str]) -> None:
    with pytest.raises(BadInput, match="names"):
        names_read(lines, "names")


def zip_with(name: str, mode: int = 0o100644, content: bytes = b"a.example\n") -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        archive.writestr(entry, content)
    return sink.getvalue()


def tar_with(kind: bytes, name: str = "games.txt") -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, "/etc/passwd"
        archive.addfile(entry)
    return sink.getvalue()


REFUSED = [
    ("up.zip", zip_with("../games.txt"), "leads out of the archive"),
    ("root.zip", zip_with("/etc/games.txt"), "leads out of the archive"),
    ("back.zip", zip_with("..\\games.txt"), "leads out of the archive"),
    ("up.tar.gz", tar_of({"a/../../games.txt": b"a.example"}), "leads out of the archive"),
    ("link.zip", zip_with("games.txt", stat.S_IFLNK | 0o777), "is a link"),
    ("link.tar.gz", tar_with(tarfile.SYMTYPE), "is a link"),
    ("hard.tar.gz", tar_with(tarfile.LNKTYPE), "is a link"),
    ("device.tar.gz", tar_with(tarfile.CHRTYPE), "is a link"),
    ("many.zip", zip_of({f"{n}.txt": b"" for n in range(1_001)}), "more than 1,000 files"),
    ("many.tar.gz", tar_of({f"{n}.txt": b"" for n in range(1_001)}), "more than 1,000 files"),
    ("nested.zip", zip_of({"games.txt": zip_of({"games.txt": b"a.example"})}), "is not text"),
    ("picture.zip", zip_of({"games.txt": b"\x89PNG\x00\x00"}), "is not text"),
    ("line.zip", zip_of({"games.txt": b"a" * 70_000}), "no list of addresses"),
    ("cut.zip", zip_of({"games.txt": b"a.example\n" * 99})[:-30], "ends too early"),
    ("cut.tar.gz", tar_of({"games.txt": b"a.example\n" * 99})[:-9], "ends too early"),
    ("cut.tar", tar_of({"games.txt": b"a.example\n" * 999}, "w:")[:3_000], "damaged archive"),
    ("middle.tar", tar_of({"games.txt": b"a.example\n"}, "w:")[:1024] + b"x" * 1024, "damaged archive"),
    ("empty.zip", zip_of({".hidden": b"a.example\n"}), "holds no list"),
]


@pytest.mark.parametrize(("name", "content", "sentence"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_an_archive_that_is_no_directory_of_lists_is_refused(
    name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(content, name)


def test_a_crc_that_is_wrong_is_found() -> None:
    content = bytearray(zip_with("games.txt"))
    content[content.index(b"a.example")] ^= 1

    with pytest.raises(BadInput, match="damaged archive"):
        read(bytes(content))


@pytest.mark.parametrize(("name", "pack"), [("bomb.zip", zip_of), ("bomb.tar.gz", tar_of)])
def test_a_bomb_is_refused(name: str, pack: object) -> None:
    assert callable(pack)
    content = pack({"games.txt": b"a.example\n" * 3_000_000})

    with pytest.raises(TooLarge, match="bomb"):
        read(content, name)


def test_a_header_as_long_as_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        entry = tarfile.TarInfo("games.txt")
        entry.pax_headers = {"comment": "x" * 100_000}
        archive.addfile(entry)

    with pytest.raises(BadInput, match="header of an unusual length"):
        read(sink.getvalue(), "lists.tar.gz")


def test_a_zip_with_a_password_is_refused() -> None:
    content = bytearray(zip_with("games.txt"))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + at] |= archives.ENCRYPTED

    with pytest.raises(BadInput, match="has a password"):
        read(bytes(content))


def test_a_workbook_is_no_archive_of_lists() -> None:
    content = zip_of({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"})

    with pytest.raises(BadInput, match="Excel workbook"):
        file_look(io.BytesIO(content), "book.xlsx")
    assert file_look(io.BytesIO(zip_of({"games.txt": b"a"})), "lists").shape.format == Format.LISTS


def test_what_several_lists_say_takes_no_memory_for_the_others() -> None:
    content = zip_of(
        {
            "games.txt": b"".join(b"s%d.example\n" % n for n in range(2_000)),
            "adult-content.txt": b"s7.example\n",
        }
    )
    wanted = source(content, "lists.zip")

    lists = lists_check(io.BytesIO(content), wanted)

    assert (lists.lines, len(lists.several)) == (2_001, 1)
    assert labels(list(lists_rows(io.BytesIO(content), wanted, lists)))[7] == (
        "s7.example",
        ["adult-content", "games"],
    )
