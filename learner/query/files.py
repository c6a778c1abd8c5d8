"""The learner's files in the storage: written whole or not at all, and checked by hash before use."""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from annotator.errors import CrossguardError


class FileDamagedError(CrossguardError):
    """A stored file is gone, or does not have the bytes that were written."""

    code = "file_damaged"


@dataclass(frozen=True)
class StoredFile:
    """Where a file went, and how to know it again."""

    name: str
    sha256: str
    size: int


def file_write(directory: str, stem: str, content: bytes) -> StoredFile:
    """Store `content` under a name that holds its hash, so that writing the same twice stores it once.

    On a disk it is written beside its place, flushed and renamed; object stores put whole objects anyway.
    """
    digest = sha256(content).hexdigest()
    name = f"{directory}/{stem}-{digest[:16]}.npz"
    try:
        place = Path(default_storage.path(name))
    except NotImplementedError:
        if not default_storage.exists(name):
            name = default_storage.save(name, ContentFile(content))
    else:
        _write_on_disk(place, content)
    return StoredFile(name, digest, len(content))


def file_read(name: str, digest: str) -> bytes:
    """The bytes of a stored file; raises FileDamagedError when they are not those that were written."""
    try:
        with default_storage.open(name) as file:
            content: bytes = file.read()
    except FileNotFoundError:
        raise FileDamagedError(f"The file {name} is gone from the storage.") from None
    if sha256(content).hexdigest() != digest:
        raise FileDamagedError(f"The file {name} is damaged: its SHA-256 is not the one that was recorded.")
    return content


def _write_on_disk(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=place.parent, prefix=".", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(place)
