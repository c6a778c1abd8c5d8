"""The files of a snapshot into a directory: gone on with where it broke off, and each right by its hash.

While it goes on the directory holds a marker that names the snapshot, and each file under a name of its own until it is
whole and right; `manifest.json` comes last. So a directory with a manifest is whole, and no other file of anybody's is
ever written over.
"""

import errno
import fnmatch
import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from learner.client.crossguard import Crossguard, file_path
from learner.client.errors import BrokeOff, HashWrong, NoRoom, NotFound, Refused, Unreachable
from learner.client.manifest import MANIFEST, SIGNATURE
from learner.client.shapes import Snapshot
from learner.client.verify import sha256_of

MARKER: Final = ".crossguard-pull"
FORMATS: Final = ("parquet", "csv", "jsonl")
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Wanted:
    """Which files to pull: by pattern, and tables by format. Empty for all."""

    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """How far one file is."""

    name: str
    done: int
    total: int
    words: str = ""


@dataclass(frozen=True)
class Pulled:
    """What came of a pull: files fetched, and files that were there and right."""

    snapshot: Snapshot
    fetched: tuple[str, ...]
    there: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    name: str
    sha256: str
    size: int


Tell = Callable[[Step], None]
ALL: Final = Wanted()


def _silent(step: Step) -> None:
    """For whoever does not want to hear."""
    del step


def pull(
    crossguard: Crossguard,
    project: str,
    version: str,
    folder: Path,
    *,
    wanted: Wanted = ALL,
    tell: Tell = _silent,
) -> Pulled:
    """Bring the files of a snapshot to `folder`; what is there and right is not fetched again.

    Raises Refused for a directory that holds something else; HashWrong for a file that is not the frozen one twice;
    NoRoom for a full disk, after which the same call goes on; and what the connection raises.
    """
    snapshot = crossguard.snapshot(project, version)
    written = crossguard.manifest(project, snapshot.number)
    if hashlib.sha256(written).hexdigest() != snapshot.sha256:
        raise HashWrong(
            f"{MANIFEST} of {project} {snapshot} is not the one that was frozen. Tell the operator."
        )
    manifest = json.loads(written)
    files = _chosen(manifest, wanted)
    fetched, there = [], []
    try:
        marker = _begun(folder, snapshot, written)
        for file in files:
            target = folder / file.name
            if _is_right(target, file):
                there.append(file.name)
                tell(Step(file.name, file.size, file.size, "there"))
            else:
                _fetched(crossguard, file_path(project, snapshot.number, file.name), file, target, tell)
                fetched.append(file.name)
        if "public_key" in manifest:
            _put(
                folder / SIGNATURE, crossguard.connection.read(file_path(project, snapshot.number, SIGNATURE))
            )
        _put(folder / MANIFEST, written)
        marker.unlink(missing_ok=True)
    except OSError as error:
        raise _no_room(error, folder) from error
    return Pulled(snapshot, tuple(fetched), tuple(there))


def _chosen(manifest: dict[str, Any], wanted: Wanted) -> list[_File]:
    files = [
        _File(name, str(facts["sha256"]), int(facts["bytes"]))
        for name, facts in sorted(manifest["files"].items())
    ]
    unsafe = [
        file.name for file in files if "/" in file.name or "\\" in file.name or file.name.startswith(".")
    ]
    if unsafe:
        raise HashWrong(f'The manifest names "{unsafe[0]}", which is no name of a file of a snapshot.')
    lost = _without_match(files, wanted.patterns)
    if lost:
        raise NotFound(f'No file fits "{lost}". There are: {", ".join(file.name for file in files)}.')
    left_out = {f".{form}" for form in FORMATS if wanted.formats and form not in wanted.formats}
    missing = [form for form in wanted.formats if not any(file.name.endswith(f".{form}") for file in files)]
    if missing:
        raise NotFound(f"The snapshot has no {missing[0]} files: take one with --format {missing[0]}.")
    return [
        file
        for file in files
        if Path(file.name).suffix not in left_out
        and (not wanted.patterns or any(fnmatch.fnmatchcase(file.name, one) for one in wanted.patterns))
    ]


def _without_match(files: Sequence[_File], patterns: Sequence[str]) -> str:
    names = [file.name for file in files]
    return next((one for one in patterns if not fnmatch.filter(names, one)), "")


def _begun(folder: Path, snapshot: Snapshot, written: bytes) -> Path:
    """The marker of a pull into `folder`, which is empty, or holds the same snapshot: begun, or whole."""
    marker, manifest = folder / MARKER, folder / MANIFEST
    folder.mkdir(parents=True, exist_ok=True)
    is_same = (marker.is_file() and marker.read_text() == snapshot.sha256) or (
        manifest.is_file() and manifest.read_bytes() == written
    )
    if not is_same and any(folder.iterdir()):
        raise Refused(
            f"{folder} holds something else than {snapshot}, and nothing is written over. Name a new directory."
        )
    _put(marker, snapshot.sha256.encode())
    return marker


def _fetched(crossguard: Crossguard, address: str, file: _File, target: Path, tell: Tell) -> None:
    """Put the whole and right file there; one that came wrong is fetched once more from its beginning."""
    part = target.with_name(f".{file.name}.{file.sha256[:16]}.part")
    for _ in range(2):
        _completed(crossguard, address, file, part, tell)
        if sha256_of(part) == file.sha256:
            part.replace(target)
            return
        part.unlink()
        tell(Step(file.name, 0, file.size, "came wrong; once more"))
    raise HashWrong(f"{file.name} came twice with a hash that is not the manifest's. Tell the operator.")


def _completed(crossguard: Crossguard, address: str, file: _File, part: Path, tell: Tell) -> None:
    """Fetch what is missing of a part until it has the size of the whole, however often the connection breaks."""
    patience, failed, before = crossguard.patience, 0, -1
    while (have := _size_of(part, file)) < file.size or not part.is_file():
        failed = 0 if have > before else failed + 1
        if failed == patience.tries:
            raise Unreachable(
                f"{file.name} broke off at {have:,} of {file.size:,} bytes and gets no further. "
                "The same command goes on there."
            )
        if failed:
            patience.wait(failed)
        before = have
        with suppress(BrokeOff):
            _append(crossguard, address, file, part, tell)


def _append(crossguard: Crossguard, address: str, file: _File, part: Path, tell: Tell) -> None:
    have = _size_of(part, file)
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": f'"{file.sha256}"'}
    with crossguard.connection.opened("GET", address, headers=headers) as answer:
        goes_on = answer.status_code == HTTPStatus.PARTIAL_CONTENT
        done = have if goes_on else 0
        with part.open("ab" if goes_on else "wb") as stream:
            for block in answer.iter_raw():
                stream.write(block)
                done += len(block)
                tell(Step(file.name, done, file.size))


def _size_of(part: Path, file: _File) -> int:
    """How much is there of a file; what is longer than the whole is nothing of it."""
    size = part.stat().st_size if part.is_file() else 0
    if size > file.size:
        part.unlink()
        return 0
    return size


def _is_right(path: Path, file: _File) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256


def _put(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(content)
    draft.replace(path)


def _no_room(error: OSError, folder: Path) -> NoRoom:
    if error.errno in FULL:
        return NoRoom(f"The disk of {folder} is full. Make room: the same command goes on where it stopped.")
    return NoRoom(f"{folder} cannot be written ({error.strerror or error}). The same command goes on.")
