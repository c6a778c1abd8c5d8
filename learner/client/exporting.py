"""A classifier version as files that score elsewhere: the bundle that came, checked, and written."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from learner.client.errors import ClientError, HashWrong, NoRoom


class NoBundle(ClientError):
    """What came is not a bundle that may be written."""


def bundle_unpack(content: bytes, folder: Path) -> list[str]:
    """Write the files of a bundle once each has the hash that its manifest names; the names, sorted.

    Raises NoBundle for what is none, HashWrong when a file is missing, added or changed, NoRoom when the directory
    holds something or cannot be written.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            written = {name: archive.read(name) for name in archive.namelist()}
        hashes: dict[str, str] = json.loads(written.pop("manifest.json"))["files"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise NoBundle(f"What came is not a bundle: {error}") from error
    found = {name: hashlib.sha256(part).hexdigest() for name, part in written.items()}
    if found != hashes:
        raise HashWrong("The files are not those of the manifest. Fetch them again.")
    if any("/" in name or "\\" in name or name.startswith(".") for name in written):
        raise NoBundle("The bundle names files outside of its directory.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NoRoom(f"{folder} is not an empty directory.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, part in written.items():
            (folder / name).write_bytes(part)
    except OSError as error:
        raise NoRoom(f"{folder} cannot be written ({error.strerror or error}).") from error
    return sorted(written)
