"""The installation's key: it signs manifests, so that whoever has the public half knows where a snapshot is from."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from annotator.errors import Unavailable
from learner.client.manifest import private_key, public_text


def signing_key() -> Ed25519PrivateKey | None:
    """The key, or None when the installation has none; raises Unavailable for what is no key."""
    if not settings.SIGNING_KEY:
        return None
    try:
        return private_key(settings.SIGNING_KEY)
    except ValueError as error:
        raise Unavailable(
            f"CROSSGUARD_SIGNING_KEY is no key: {error}. Correct it, or leave it empty and sign nothing."
        ) from None


def signing_public() -> str:
    """The public half in base64; empty when the installation signs nothing."""
    key = signing_key()
    return public_text(key) if key else ""
