"""Sessions in PostgreSQL as Django keeps them, found by a statement that is planned once: every request asks."""

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from annotator.statements import columns_of, row_as, row_of

LIVING = f"""
SELECT {columns_of(Session, "living")} FROM django_session living
WHERE session_key = %(key)s AND expire_date > %(now)s
"""  # noqa: S608 - our own columns only


class SessionStore(DatabaseStore):
    """Django's store, which asks the database at every request: a session that is ended has ended at once."""

    def _get_session_from_db(self) -> Session | None:
        row = None
        if str(self.session_key).isalnum():  # ours are; a cookie may hold what no database stores
            row = row_of(LIVING, {"key": self.session_key, "now": timezone.now()})
        if row is None:
            self._session_key = None
            return None
        return row_as(Session, row)
