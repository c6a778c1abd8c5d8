"""JSON element by element: places of what is broken, and memory that does not grow with the file."""

import io
import json
import tracemalloc
from typing import Any

import pytest

from annotator.interchange import streaming
from annotator.interchange.neutral import Refused, Unreadable
from annotator.interchange.streaming import Element, elements


def read(content: str | bytes) -> list[Element | Refused]:
    """All elements of a file with this content."""
    return list(elements(io.BytesIO(content.encode() if isinstance(content, str) else content)))


@pytest.mark.parametrize("content", ["", "   \n", "[]", " [ ] "])
def test_nothing_comes_of_nothing(content: str) -> None:
    assert read(content) == []


def test_elements_come_with_their_place_when_they_are_an_array_or_lines() -> None:
    assert read('\ufeff [{"a": 1},\n {"a": 2} ]') == [Element(1, {"a": 1}), Element(2, {"a": 2})]
    assert read('\n{"a": 1}\n\n{"a": 2}') == [Element(2, {"a": 1}), Element(4, {"a": 2})]


def test_elements_are_the_same_when_they_are_cut_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"text": 'a "quote" \\ [brace] {curly} ' * n, "n": [n, -1.5e3, None]} for n in range(20)]
    whole = read(json.dumps(rows))

    for block in (1, 2, 3, 7, 64):
        monkeypatch.setattr(streaming, "BLOCK_CHARS", block)
        assert read(json.dumps(rows)) == whole


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('[{"a": 1} {"a": 2}]', "broken after element 1, at character 11"),
        ('[{"a": 1}, {"a" 2}]', "element 2, character 17: Expecting ':' delimiter"),
        ('[{"a": 1}, {"a": 2', "element 2, character 19"),
        ('[{"a": 1},', "element 2, character 11: Expecting value"),
        ('[{"a": 1}', "but its end is there"),
        ('[{"a":' + "[" * 100_000, "nested too deep"),
        ("[" + "9" * 5_000 + "]", "a number in it is too long"),
    ],
)
def test_the_place_is_named_when_an_array_is_broken(content: str, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence.replace("'", ".")):
        read(content)


def test_one_line_is_refused_when_it_is_broken() -> None:
    found = read('{"a": 1}\n{"a" 2}\n[1]\n{"a": 1} {"b": 2}\n{"a": 3}')

    assert found[0] == Element(1, {"a": 1})
    assert [row.reason for row in found[1:4] if isinstance(row, Refused)] == [
        "not_json",
        "not_an_object",
        "not_json",
    ]
    assert found[4] == Element(5, {"a": 3})


def test_an_object_is_refused_when_a_key_comes_twice_at_any_depth() -> None:
    (found,) = read('[{"data": {"url": "a", "url": "b"}}]')

    assert found == Refused(1, "twice", 'The key "url" comes twice in one object.')


@pytest.mark.parametrize("content", [b'[{"a": "\xff"}]', b'{"a": "\xff"}'])
def test_a_file_is_refused_when_it_is_not_utf_8(content: bytes) -> None:
    with pytest.raises(Unreadable, match="not UTF-8"):
        read(content)


@pytest.mark.parametrize("before", ["[", ""])
def test_a_file_is_refused_when_an_element_is_too_long(monkeypatch: pytest.MonkeyPatch, before: str) -> None:
    monkeypatch.setattr(streaming, "ELEMENT_CHARS_MAX", 1_000)
    monkeypatch.setattr(streaming, "BLOCK_CHARS", 100)

    with pytest.raises(Unreadable, match="more than 1,000 characters"):
        read(before + '{"text": "' + "x" * 5_000 + '"}')


def test_memory_does_not_grow_with_an_array_on_one_line() -> None:
    row = json.dumps({"text": "x" * 1_000}).encode()

    class Endless(io.RawIOBase):
        """An array of thirty million bytes that nobody holds."""

        def __init__(self) -> None:
            self.left = 30_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            if self.left == 0:
                return 0
            piece = (b"[" if self.left == 30_000 else b",") + row + (b"]" if self.left == 1 else b"")
            buffer[: len(piece)] = piece
            self.left -= 1
            return len(piece)

    tracemalloc.start()
    try:
        n = len([None for _ in elements(io.BufferedReader(Endless()))])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert n == 30_000
    assert peak < 8_000_000
