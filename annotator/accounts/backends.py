"""Who a session belongs to, found by a statement that is planned once: every request asks."""

from django.contrib.auth.backends import ModelBackend

from annotator.accounts.models import User
from annotator.statements import columns_of, row_as, row_of

ACCOUNT = f"SELECT {columns_of(User, 'account')} FROM account WHERE id = %(id)s"  # noqa: S608 - our own columns only


class AccountBackend(ModelBackend):
    """Django's backend, which asks the database at every request: who was shut out is out at once."""

    def get_user(self, user_id: int) -> User | None:
        """The account, unless there is none or it is not active."""
        row = row_of(ACCOUNT, {"id": user_id})
        user = None if row is None else row_as(User, row)
        return user if user is not None and self.user_can_authenticate(user) else None
