"""A file by HTTP, as RFC 9110 has it: strong ETag, If-None-Match, one Range, If-Range."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO, Final

from django.http import HttpResponseNotModified, StreamingHttpResponse
from django.http.request import HttpHeaders
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

from annotator.errors import CrossguardError

BLOCK: Final = 1 << 18
ONE_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})")


class NoSuchRange(CrossguardError):
    """The range begins after the end of the file."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    code = "no_such_range"


@dataclass(frozen=True)
class Part:
    """Which bytes of a file to send: from `first` to `last`, both included."""

    first: int
    last: int
    size: int

    @property
    def length(self) -> int:
        """How many bytes that is."""
        return self.last - self.first + 1

    def __str__(self) -> str:
        return f"bytes {self.first}-{self.last}/{self.size}"


def etag_of(sha256: str) -> str:
    """The strong ETag of a file with this hash."""
    return f'"{sha256}"'


def not_modified(headers: HttpHeaders, etag: str) -> HttpResponseNotModified | None:
    """304 when the caller says that it has just this, else None."""
    known = parse_etags(headers.get("If-None-Match", ""))
    if "*" not in known and etag not in [name.removeprefix("W/") for name in known]:
        return None
    response = HttpResponseNotModified()
    response["ETag"] = etag
    return response


def part_wanted(headers: HttpHeaders, etag: str, size: int) -> Part | None:
    """The part that is asked for; None for the whole file.

    Several ranges, another unit and nonsense are no ranges: the whole file is sent. So it is when If-Range names
    other content (or a date: we have none). Raises NoSuchRange.
    """
    found = ONE_RANGE.fullmatch(headers.get("Range", "").replace(" ", ""))
    if found is None or headers.get("If-Range", etag) != etag or not (found["first"] or found["last"]):
        return None
    if not found["first"]:  # the last n bytes
        first, last = max(size - int(found["last"]), 0), size - 1
    else:
        first, last = int(found["first"]), min(int(found["last"] or size - 1), size - 1)
        if found["last"] and int(found["last"]) < first:
            return None
    if first >= size:
        raise NoSuchRange(
            f"The file has {size} bytes; none from {first} on. Ask for fewer, or for all of it."
        )
    return Part(first, last, size)


def file_answer(source: IO[bytes], size: int, etag: str, part: Part | None) -> HttpResponseBase:
    """The file or the part of it, block by block."""
    whole = Part(0, size - 1, size)
    sent = part or whole
    response = StreamingHttpResponse(
        _Blocks(source, sent), content_type="application/octet-stream", status=206 if part else 200
    )
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(sent.length)
    if part:
        response["Content-Range"] = str(part)
    return response


class _Blocks:
    """The bytes of a part; closes its source with the response, read to its end or not."""

    def __init__(self, source: IO[bytes], part: Part) -> None:
        self.source, self.part = source, part

    def __iter__(self) -> Iterator[bytes]:
        self.source.seek(self.part.first)
        left = self.part.length
        while left and (block := self.source.read(min(BLOCK, left))):
            left -= len(block)
            yield block

    def close(self) -> None:
        self.source.close()
