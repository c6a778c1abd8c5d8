"""The manifest of a snapshot in its one spelling, the hash of its content, and its signature."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"
KEY_BYTES: Final = 32
CONTENT_KEYS: Final = ("project", "versions", "categories", "filter", "formats", "pseudonyms", "tables")
"""What makes two snapshots the same: not their number, when they were taken, by which code, or what the card says."""


def manifest_bytes(manifest: Mapping[str, Any]) -> bytes:
    """The manifest in its one spelling: sorted keys, two spaces, UTF-8."""
    return (json.dumps(manifest, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def content_sha256(manifest: Mapping[str, Any]) -> str:
    """The SHA-256 of what the snapshot holds, from the parts of its manifest that `CONTENT_KEYS` names.

    >>> content_sha256({"tables": {}}) == content_sha256({"tables": {}, "version": 7})
    True
    """
    content = {name: manifest.get(name) for name in CONTENT_KEYS}
    return hashlib.sha256(manifest_bytes(content)).hexdigest()


def private_key(text: str) -> Ed25519PrivateKey:
    """The signing key from 32 bytes in base64; raises ValueError, which does not repeat them."""
    return Ed25519PrivateKey.from_private_bytes(_bytes(text))


def public_key(text: str) -> Ed25519PublicKey:
    """The key to verify with, from 32 bytes in base64; raises ValueError."""
    return Ed25519PublicKey.from_public_bytes(_bytes(text))


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half of a signing key, in base64."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def signature_of(manifest: bytes, key: Ed25519PrivateKey) -> bytes:
    """What stands in the signature file: base64 and a line end. The same manifest gives the same signature."""
    return base64.b64encode(key.sign(manifest)) + b"\n"


def is_signed(manifest: bytes, signature: bytes, key: Ed25519PublicKey) -> bool:
    """Whether the owner of `key` signed just these bytes."""
    try:
        key.verify(base64.b64decode(signature.strip(), validate=True), manifest)
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        found = b""
    if len(found) != KEY_BYTES:
        msg = f"a key is {KEY_BYTES} bytes in base64"
        raise ValueError(msg)
    return found
