"""Making, using and revoking API tokens."""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from annotator.accounts.models import ApiToken, Scope, User
from annotator.errors import BadInput, NotFound
from annotator.statements import columns_of, row_as, row_of, width_of

LIVING = f"""
SELECT {columns_of(ApiToken, "token")}, {columns_of(User, "account")}
FROM api_token token JOIN account ON account.id = token.user_id
WHERE token.digest = %(digest)s AND token.revoked_at IS NULL AND token.expires_at > %(now)s AND account.is_active
"""  # noqa: S608 - our own columns only
TOKEN_PREFIX = "cg_"  # noqa: S105 - lets secret scanners find a leaked token
IMPORTED: Final = "imported: "
USERNAME_MAX: Final = 150
LAST_USED_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class NewToken:
    """A token just made: the only moment at which its secret is known."""

    row: ApiToken
    secret: str


def token_create(
    user: User, name: str, *, days: int, scopes: Sequence[str] = tuple(Scope.values)
) -> NewToken:
    """A new API token of `user` that expires in `days`, for these scopes alone.

    Raises BadInput for a bad name or lifetime, for no scope, and for one that there is not.
    """
    if not name.strip():
        raise BadInput("The token has no name. Name it after the script that will use it.")
    if not 1 <= days <= settings.API_TOKEN_DAYS_MAX:
        raise BadInput(f"A token lives 1 to {settings.API_TOKEN_DAYS_MAX} days, not {days}.")
    if not scopes or not set(scopes) <= set(Scope.values):
        raise BadInput(f"A token is for one or more of {', '.join(Scope.values)}. Say which.")
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        user=user,
        name=name.strip()[:80],
        prefix=secret[:8],
        digest=_digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + timedelta(days=days),
    )
    return NewToken(row=row, secret=secret)


def token_revoke(user: User, pk: int) -> None:
    """End a token of `user` now; revoking twice is harmless. Raises NotFound for somebody else's."""
    mine = ApiToken.objects.filter(pk=pk, user=user)
    if not mine.exists():
        raise NotFound(f"You have no API token number {pk}.")
    mine.filter(revoked_at__isnull=True).update(revoked_at=timezone.now())


def token_check(secret: str) -> ApiToken | None:
    """The living token with this secret, with its user, or None. One query, and a write every five minutes."""
    now = timezone.now()
    row = row_of(LIVING, {"digest": _digest(secret), "now": now})
    if row is None:
        return None
    width = width_of(ApiToken)
    token = row_as(ApiToken, row[:width])
    token.user = row_as(User, row[width:])
    if token.last_used_at is None or now - token.last_used_at > LAST_USED_STEP:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - LAST_USED_STEP)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    return token


def account_imported(name: str) -> User:
    """A new account for somebody whom only a file knows: not active, without a password, so that nobody signs in."""
    plain = f"{IMPORTED}{name.removeprefix(IMPORTED)}"[: USERNAME_MAX - 8].rstrip()
    for number in count(1):
        username = plain if number == 1 else f"{plain} ({number})"
        with suppress(IntegrityError), transaction.atomic():
            account = User(username=username, is_active=False)
            account.set_unusable_password()
            account.save(force_insert=True)
            return account
    raise AssertionError


def _digest(secret: str) -> bytes:
    # The secret has 256 random bits: nothing to guess, hence no slow hash.
    return hashlib.sha256(secret.encode()).digest()
