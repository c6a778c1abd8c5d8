"""Reading a person's own API tokens."""

from django.db.models import QuerySet
from django.utils import timezone

from annotator.accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """The living tokens of `user`, newest first. One query."""
    now = timezone.now()
    return ApiToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=now).order_by("-id")
