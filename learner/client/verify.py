"""Whether the files of a snapshot are the frozen ones: a line for each file, and one for the signature."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from learner.client.manifest import MANIFEST, SIGNATURE, content_sha256, is_signed, public_key

BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one file."""

    name: str
    is_good: bool
    words: str

    def __str__(self) -> str:
        return f"{'ok' if self.is_good else 'BAD':4}{self.name}: {self.words}"


def findings_of(folder: Path, key: str = "") -> list[Finding]:
    """What is right and wrong with the files in `folder`: changed, missing and added ones, the content, the signature.

    With `key` (base64) the manifest has to be signed by it; without, by the key that the manifest names, if any: that
    shows that nothing was changed by accident, not who made it.
    """
    try:
        written = (folder / MANIFEST).read_bytes()
        manifest = json.loads(written)
        files: Mapping[str, Mapping[str, Any]] = manifest["files"]
        wanted = {name: (str(facts["sha256"]), int(facts["bytes"])) for name, facts in files.items()}
    except FileNotFoundError:
        return [Finding(MANIFEST, is_good=False, words="missing: nothing can be verified without it")]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [Finding(MANIFEST, is_good=False, words="no manifest of a snapshot")]
    return [
        *(_file_finding(folder, name, *facts) for name, facts in sorted(wanted.items())),
        *_added(folder, set(wanted)),
        *_content(manifest),
        *_signature(folder, written, manifest, key),
    ]


def _file_finding(folder: Path, name: str, sha256: str, size: int) -> Finding:
    if "/" in name or "\\" in name or name.startswith("."):
        return Finding(name, is_good=False, words="no name of a file of a snapshot")
    path = folder / name
    if not path.is_file():
        return Finding(name, is_good=False, words="missing")
    if path.stat().st_size != size or sha256_of(path) != sha256:
        return Finding(name, is_good=False, words="changed: its hash is not that of the manifest")
    return Finding(name, is_good=True, words=f"sha256 {sha256[:16]}…")


def _added(folder: Path, known: set[str]) -> Iterator[Finding]:
    for path in sorted(folder.iterdir()):
        if path.name not in known | {MANIFEST, SIGNATURE}:
            yield Finding(path.name, is_good=False, words="added: the manifest does not name it")


def _content(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    if "content_sha256" not in manifest:
        return
    tables = manifest.get("tables") or {}
    same = all(manifest["files"].get(name, {}).get("sha256") == sha256 for name, sha256 in tables.items())
    is_good = same and content_sha256(manifest) == manifest["content_sha256"]
    words = "content hash is right" if is_good else "the content hash is not that of what it names"
    yield Finding(MANIFEST, is_good=is_good, words=words)


def _signature(folder: Path, written: bytes, manifest: Mapping[str, Any], key: str) -> Iterator[Finding]:
    named = str(manifest.get("public_key") or "")
    path = folder / SIGNATURE
    if not path.is_file():
        if named or key:
            yield Finding(SIGNATURE, is_good=False, words="missing")
        else:
            yield Finding(MANIFEST, is_good=True, words="not signed")
        return
    try:
        is_good = is_signed(written, path.read_bytes(), public_key(key or named))
    except ValueError:
        yield Finding(SIGNATURE, is_good=False, words="there is no key to verify it with: pass --key")
        return
    right = "signed by the key you gave" if key else f"signed by {named}; pass --key to say who it has to be"
    yield Finding(
        SIGNATURE, is_good=is_good, words=right if is_good else "wrong: not by this key, or changed since"
    )


def sha256_of(path: Path) -> str:
    """The SHA-256 of a local file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
