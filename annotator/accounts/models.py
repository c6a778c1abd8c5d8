"""People and their API tokens."""

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone


class User(AbstractUser):
    """A person who signs in; what they may do is decided by their memberships, not here."""

    class Meta:
        db_table = "account"
        verbose_name = "account"


class Scope(models.TextChoices):
    """What a token may be used for, never beyond what its person may do."""

    READ = "read", "Read"
    WRITE = "write", "Write"
    SCORE = "score", "Score pages"


def every_scope() -> list[str]:
    """All that the person may do."""
    return list(Scope.values)


class ApiToken(models.Model):
    """A key for scripts: only its SHA-256 is kept; it expires, can be revoked, and is for nothing but its scopes."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=8)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=8, choices=Scope), default=every_scope)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "api_token"
        constraints = [
            models.CheckConstraint(
                name="api_token_for_something",
                condition=Q(scopes__len__gt=0) & Q(scopes__contained_by=["read", "write", "score"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def purpose(self) -> str:
        """What it is for, in words."""
        if set(self.scopes) == set(Scope.values):
            return "all that you may do"
        return ", ".join(Scope(scope).label.lower() for scope in Scope.values if scope in self.scopes)
