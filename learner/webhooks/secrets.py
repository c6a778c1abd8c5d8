"""The secrets that deliveries are signed with: made, kept encrypted, and used, as Standard Webhooks describes it.

https://www.standardwebhooks.com: `whsec_` and 32 random bytes in base64; HMAC-SHA256 over id, time and body.
"""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from annotator.errors import Unavailable

PREFIX: Final = "whsec_"
BYTES: Final = 32


def secret_new() -> str:
    """A new secret, as the receiver keeps it."""
    return PREFIX + b64encode(secrets.token_bytes(BYTES)).decode()


def secret_sealed(secret: str) -> str:
    """The secret as it is stored."""
    return _box().encrypt(secret.encode()).decode()


def secret_opened(sealed: str) -> str:
    """The secret that was stored; raises Unavailable when the installation's secret is another one by now."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unavailable(
            "The signing secret cannot be read: CROSSGUARD_SECRET_KEY has changed. Rotate the secret."
        ) from None


def signatures(secrets_valid: Sequence[str], message: str, timestamp: int, body: str) -> str:
    """The header `webhook-signature`: one signature for each secret that is valid now.

    >>> signatures(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
    ...     '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message}.{timestamp}.{body}".encode()
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets_valid)


def _signature(secret: str, signed: bytes) -> str:
    key = b64decode(secret.removeprefix(PREFIX))
    return b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def _box() -> Fernet:
    derived = HKDF(SHA256(), BYTES, salt=None, info=b"crossguard webhook secrets")
    return Fernet(urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())))
