"""A snapshot's files in the storage: written once, and read only while their hashes are right."""

import hashlib
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.core.files import File
from django.core.files.storage import default_storage

from annotator.errors import Conflict, NotFound, Unavailable
from learner.client.manifest import MANIFEST, SIGNATURE, is_signed, public_key
from learner.snapshots.erased import addresses_erased
from learner.snapshots.models import Snapshot
from learner.snapshots.selectors import addresses_withheld

ITEMS: Final = "items.parquet"
JUDGMENTS: Final = "judgments.parquet"
RESOLUTIONS: Final = "resolutions.parquet"
CARD: Final = "README.md"
PAGE: Final = "card.html"
FACTS: Final = "card.json"
CROISSANT: Final = "croissant.json"
TABLES: Final = ("items", "judgments", "resolutions", "batches", "categories", "clauses")
OF_PAGES: Final = TABLES[:4]
"""Tables that name pages: while one of these is withheld, they are not handed out, in whatever format or part."""
BLOCK: Final = 1 << 20


def sha256_of(stream: IO[bytes]) -> str:
    """The SHA-256 of a stream, in hexadecimal; memory does not grow with it."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()


def file_facts(path: Path) -> dict[str, int | str]:
    """Size and hash of a local file, as the manifest holds them."""
    with path.open("rb") as stream:
        return {"sha256": sha256_of(stream), "bytes": path.stat().st_size}


def file_fetch(stored: str, sha256: str, target: Path) -> dict[str, int | str] | None:
    """Copy a file of the storage to `target`, with its size and hash; None where it is gone or has other bytes."""
    try:
        with default_storage.open(stored, "rb") as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, BLOCK)
    except FileNotFoundError:
        return None
    facts = file_facts(target)
    return facts if facts["sha256"] == sha256 else None


def names_of(snapshot: Snapshot) -> list[str]:
    """The files of a snapshot, in the order in which they are handed out."""
    signature = [SIGNATURE] if "public_key" in snapshot.manifest else []
    return [*sorted(snapshot.manifest["files"]), MANIFEST, *signature]


def cut_name(split: str) -> str:
    """The file of the items of one split."""
    return f"items-{split}.parquet"


def cut_of(name: str) -> str:
    """The split that a file holds alone."""
    return name.removeprefix("items-").removesuffix(".parquet")


def is_cut(name: str) -> bool:
    """Whether a file holds the items of one split alone."""
    return name.startswith("items-") and name.endswith(".parquet")


def files_store(folder: Path, directory: str) -> None:
    """Copy the files of `folder` into the storage under `directory`, over what a killed attempt left there."""
    for path in sorted(folder.iterdir()):
        target = f"{directory}/{path.name}"
        default_storage.delete(target)
        with path.open("rb") as stream:
            default_storage.save(target, File(stream))


def file_open(snapshot: Snapshot, name: str) -> IO[bytes]:
    """One file of a snapshot to hand out, checked by hash first.

    Raises Conflict for a table that holds a page which was withheld, or erased by request, since, and what
    `file_verified` raises.
    """
    handed_out(snapshot, name)
    return file_verified(snapshot, name)


def handed_out(snapshot: Snapshot, name: str) -> None:
    """Raises Conflict for a table that holds a page which was withheld, or erased by request, since."""
    if _table_of(name) in OF_PAGES and withheld_in(snapshot):
        raise Conflict(
            f"{name} of {snapshot} holds a page that was withheld since, or erased by request, so it is not handed "
            "out. Take a new snapshot: it leaves the page or its text out.",
            code="withheld",
        )


def withheld_in(snapshot: Snapshot) -> int:
    """How many pages that were withheld, or erased by request, since the snapshot holds.

    The table is read only when there are any at all.
    """
    addresses = addresses_withheld(snapshot.project) | addresses_erased(snapshot)
    if not addresses:
        return 0
    wanted = pa.array(sorted(addresses))
    with file_verified(snapshot, ITEMS) as stream:
        parts = pq.ParquetFile(stream).iter_batches(columns=["url"])
        return sum(int(pc.sum(pc.is_in(part["url"], value_set=wanted)).as_py() or 0) for part in parts)


def file_verified(snapshot: Snapshot, name: str) -> IO[bytes]:
    """One file of a snapshot for our own reading, checked by hash first.

    Raises NotFound for a name that a snapshot does not have, Unavailable when the bytes are not the frozen ones.
    """
    names = names_of(snapshot)
    if name not in names:
        raise NotFound(f'{snapshot} has no file "{name}". It has {", ".join(names)}.')
    try:
        stream = cast("IO[bytes]", default_storage.open(f"{snapshot.directory}/{name}", "rb"))
    except FileNotFoundError as error:
        raise Unavailable(
            f"{name} of {snapshot} is missing in the storage. Restore it from the backup."
        ) from error
    if not _is_frozen(snapshot, name, stream):
        stream.close()
        raise Unavailable(
            f"{name} of {snapshot} was changed after it was frozen. Restore it from the backup."
        )
    stream.seek(0)
    return stream


def sha256_frozen(snapshot: Snapshot, name: str) -> str:
    """What the SHA-256 of one file has to be; of the signature, what it is. Raises NotFound, Unavailable."""
    if name == MANIFEST:
        return snapshot.sha256
    if name in snapshot.manifest["files"]:
        return str(snapshot.manifest["files"][name]["sha256"])
    with file_verified(snapshot, name) as stream:
        return sha256_of(stream)


def _is_frozen(snapshot: Snapshot, name: str, stream: IO[bytes]) -> bool:
    """Whether the stream has the bytes that were frozen; of the signature, whether it is one of the manifest."""
    if name == SIGNATURE:
        with file_verified(snapshot, MANIFEST) as manifest:
            key = public_key(snapshot.manifest["public_key"])
            return is_signed(manifest.read(), stream.read(BLOCK), key)
    expected = snapshot.sha256 if name == MANIFEST else snapshot.manifest["files"][name]["sha256"]
    return sha256_of(stream) == expected


def _table_of(name: str) -> str:
    """The table that a file holds, all of it or one split: `items` of `items.csv` and `items-train.parquet`."""
    return name.partition(".")[0].partition("-")[0]


def zip_stream(snapshot: Snapshot) -> Iterator[bytes]:
    """The snapshot as a zip, block by block, after the hash of each file was checked. Same snapshot, same bytes."""
    for name in names_of(snapshot):
        file_open(snapshot, name).close()
    return _zip_blocks(snapshot)


class _Outbox:
    """A file to write to whose content is taken away block by block; it cannot seek, and zipfile copes with that."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def write(self, block: bytes) -> int:
        self.blocks.append(bytes(block))
        return len(block)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        taken = b"".join(self.blocks)
        self.blocks.clear()
        return taken


def _zip_blocks(snapshot: Snapshot) -> Iterator[bytes]:
    outbox = _Outbox()
    with zipfile.ZipFile(cast("IO[bytes]", outbox), "w", zipfile.ZIP_STORED) as archive:
        for name in names_of(snapshot):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            with file_open(snapshot, name) as source, archive.open(entry, "w", force_zip64=True) as target:
                while block := source.read(BLOCK):
                    target.write(block)
                    yield outbox.take()
    yield outbox.take()
