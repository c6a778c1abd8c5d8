"""The text files inside a zip or tar archive, read one after the other without being unpacked to a disk.

An archive comes from somebody else: how many files, how they are named, what kind they are and how far they unpack is
checked before the bytes are used.
"""

import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, BinaryIO, Final

from annotator.errors import BadInput, TooLarge
from annotator.pool.files import GZIP_MAGIC, MISTAKES, RATIO_FROM_BYTES, RATIO_MAX, broken_gzip, too_large

FILES_MAX: Final = 1_000
DIRECTORY_BYTES_MAX: Final = 512 * 1024
HEADER_BYTES_MAX: Final = 64 * 1024
NAME_CHARS_MAX: Final = 500
LINE_BYTES_MAX: Final = 64 * 1024
ENCRYPTED: Final = 0x1
PACKED_AS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
EXTENSIONS: Final = frozenset(
    {
        tarfile.XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)
ZIP_END, ZIP_END_BYTES, ZIP64 = b"PK\x05\x06", 22 + 65_535, b"PK\x06\x07"


@dataclass(frozen=True)
class Member:
    """One file of an archive; `lines` reads it, once."""

    name: str
    lines: Callable[[], Iterator[bytes]]


@dataclass
class _Budget:
    """How much may still be unpacked."""

    filename: str
    packed: int
    bytes_max: int
    unpacked: int = 0

    def spend(self, n: int) -> None:
        self.unpacked += n
        if self.unpacked > self.bytes_max:
            raise too_large(self.filename, self.bytes_max)
        if self.unpacked > RATIO_FROM_BYTES and self.unpacked > RATIO_MAX * self.packed:
            raise TooLarge(
                f"{self.filename} unpacks to more than {RATIO_MAX} times its size, as only a bomb does."
            )


def members_of(stream: BinaryIO, filename: str, bytes_max: int, *, gzipped: bool) -> Iterator[Member]:
    """The files of the archive in its own order; each has to be read before the next is asked for.

    Folders, hidden files and what systems add by themselves are passed over. Raises BadInput for more than `FILES_MAX`
    files, a name that leads out of the archive, a link, a password, another archive inside, or damage; TooLarge for
    what unpacks beyond `bytes_max` or as a bomb does.
    """
    stream.seek(0, 2)
    packed = stream.tell()
    stream.seek(0)
    budget = _Budget(filename, packed, bytes_max)
    with _damage(filename):
        is_zip = not gzipped and stream.read(2) == b"PK"
        stream.seek(0)
        yield from _zip_members(stream, budget) if is_zip else _tar_members(stream, budget, gzipped=gzipped)


@contextmanager
def _damage(filename: str) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, NotImplementedError, UnicodeError) as error:
        raise BadInput(f"{filename} is a damaged archive ({error}). Pack it again.") from error
    except (EOFError, OSError, zlib.error) as error:
        raise broken_gzip(filename, error) from error


def _zip_members(stream: BinaryIO, budget: _Budget) -> Iterator[Member]:
    _check_directory(stream, budget)
    with zipfile.ZipFile(stream) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_count(len(entries), budget.filename)
        for entry in entries:
            _check_name(entry.filename, budget.filename)
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise _link(entry.filename, budget.filename)
            if entry.flag_bits & ENCRYPTED or entry.compress_type not in PACKED_AS:
                raise BadInput(
                    f'"{_shown(entry.filename)}" in {budget.filename} has a password, or is packed in an unusual way. '
                    "Pack the files again as an ordinary zip."
                )
            if not _is_passed_over(entry.filename):
                with archive.open(entry) as file:
                    yield Member(entry.filename, _lines_of(file, entry.filename, budget))


def _check_directory(stream: BinaryIO, budget: _Budget) -> None:
    # The library reads the whole list of files into memory, however long: its length is looked at first.
    stream.seek(max(0, budget.packed - ZIP_END_BYTES - 20))
    tail = stream.read()
    at = tail.rfind(ZIP_END)
    stream.seek(0)
    if at < 0 or len(tail) < at + 22:
        raise BadInput(
            f"{budget.filename} ends too early, as after a broken download. Copy or pack it again."
        )
    if (
        tail[max(0, at - 20) : at].startswith(ZIP64)
        or struct.unpack_from("<I", tail, at + 12)[0] > DIRECTORY_BYTES_MAX
    ):
        raise _too_many(budget.filename)


def _tar_members(stream: BinaryIO, budget: _Budget, *, gzipped: bool) -> Iterator[Member]:
    n = 0
    with tarfile.open(fileobj=stream, mode="r:gz" if gzipped else "r:", tarinfo=_ShortHeaders) as archive:
        for entry in archive:
            n += 1
            _check_count(n, budget.filename)
            _check_name(entry.name, budget.filename)
            if entry.isdir():
                continue
            if not entry.isreg() or entry.issparse():
                raise _link(entry.name, budget.filename)
            file = archive.extractfile(entry)
            assert file is not None  # of a regular file
            if _is_passed_over(entry.name):
                budget.spend(entry.size)
            else:
                yield Member(entry.name, _lines_of(file, entry.name, budget))
        _check_tar_end(archive)


def _check_tar_end(archive: tarfile.TarFile) -> None:
    # What is no header ends the archive to the library, wherever it comes.
    assert archive.fileobj is not None  # open
    archive.fileobj.seek(archive.offset)
    if archive.fileobj.read(tarfile.BLOCKSIZE).strip(b"\x00"):
        raise tarfile.TarError("a header that is none")


class _ShortHeaders(tarfile.TarInfo):
    """A header whose extension, read whole into memory by the library, is short."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_ShortHeaders":
        header = super().frombuf(buf, encoding, errors)
        if header.type in EXTENSIONS and header.size > HEADER_BYTES_MAX:
            raise tarfile.TarError("a header of an unusual length")
        return header


def _lines_of(file: IO[bytes], name: str, budget: _Budget) -> Callable[[], Iterator[bytes]]:
    def lines() -> Iterator[bytes]:
        first = True
        with _damage(budget.filename):
            while line := file.readline(LINE_BYTES_MAX):
                budget.spend(len(line))
                if first:
                    _check_content(line, name, budget.filename)
                    first = False
                if len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
                    raise _long_line(name, budget.filename)
                yield line

    return lines


def _long_line(name: str, filename: str) -> BadInput:
    return BadInput(
        f'"{_shown(name)}" in {filename} has a line of {LINE_BYTES_MAX:,} bytes: it is no list of addresses.'
    )


def _check_content(first: bytes, name: str, filename: str) -> None:
    packed = first.startswith(GZIP_MAGIC) or any(first.startswith(magic) for magic in MISTAKES)
    if packed or b"\x00" in first:
        raise BadInput(
            f'"{_shown(name)}" in {filename} is not text. A list is a text file with one address on each line; '
            "unpack what is packed in it."
        )


def _check_count(n: int, filename: str) -> None:
    if n > FILES_MAX:
        raise _too_many(filename)


def _too_many(filename: str) -> BadInput:
    return BadInput(
        f"{filename} holds more than {FILES_MAX:,} files. A directory of lists has one file for each category: "
        "join them, or send them in parts."
    )


def _check_name(name: str, filename: str) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if (
        path.is_absolute()
        or ".." in path.parts
        or ":" in name
        or len(name) > NAME_CHARS_MAX
        or not name.isprintable()
    ):
        raise BadInput(
            f'{filename} has a file named "{_shown(name)}", which leads out of the archive or is no plain name. '
            "Pack the folder itself, with plain names."
        )


def _link(name: str, filename: str) -> BadInput:
    return BadInput(
        f'"{_shown(name)}" in {filename} is a link or another thing that is no file. Pack the files themselves.'
    )


def _is_passed_over(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _shown(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name)[:100]
