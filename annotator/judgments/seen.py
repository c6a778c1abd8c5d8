"""Which version of a page's evidence a judgment was given on.

Whoever judges says which version was shown to them: a page may change between the offer of a place and the answer, and
again when it is loaded anew. Where that is not said it is told by time, and only where time leaves no doubt.
"""

from datetime import datetime
from typing import Any, Final

from django.db import connection

SURE: Final = "1 hour"
"""No version becomes visible so long after the time it notes: a chunk of an ingest is committed within seconds."""
# In the judgment's own statement: an index range of one row, for nearly every page.
SEEN: Final = f"""(
    SELECT CASE
        WHEN %(evidence)s::bigint IS NOT NULL THEN MAX(version) FILTER (WHERE version = %(evidence)s::bigint)
        WHEN COALESCE(MAX(added_at) < {{since}} - INTERVAL '{SURE}', MAX(added_at) IS NULL) THEN MAX(version) END
    FROM evidence WHERE item_id = {{item}})"""  # noqa: S608 - our own constant only


def version_seen(item_id: int, *, said: int | None, since: datetime | None) -> int | None:
    """The version that was shown, or None where that is not known. One query.

    As `said`, where the page has such a version. Else the newest, if it was there long before `since`, the time from
    which on the page was shown at the earliest; without that, only if the page has never come again.
    """
    values: dict[str, Any] = {"item": item_id, "evidence": said, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {SEEN.format(item='%(item)s', since='%(since)s::timestamptz')}", values)
        (version,) = cursor.fetchone()
    return None if version is None else int(version)
