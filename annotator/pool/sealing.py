"""Moving the address and the evidence of an item into its case and back, byte for byte, within the database.

The database moves them itself: numbers and texts that went through Python and its JSON could come back spelled
otherwise.
"""

from datetime import datetime

from django.db import connection

from annotator.pool.addresses import WITHHELD

ADVISORY_CLASS = 0x63617365  # "case": the first half of the advisory key, the project's id is the second

SEAL = """
INSERT INTO "case" (project_id, item_id, number, content_hash, sealed, opened_by_id, opened_at, outcome, reference)
SELECT i.project_id, i.id,
       COALESCE((SELECT MAX(number) FROM "case" WHERE project_id = i.project_id), 0) + 1,
       COALESCE((SELECT content_hash FROM evidence WHERE item_id = i.id ORDER BY version DESC LIMIT 1), i.url_hash),
       JSONB_BUILD_OBJECT(
           'item', (SELECT TO_JSONB(s) FROM (SELECT i.url, i.raw_url, i.host, i.registrable_domain, i.source,
                                                    i.observed_at, i.traffic, i.known_labels, i.metadata) s),
           'evidence', (SELECT COALESCE(JSONB_AGG(TO_JSONB(e) ORDER BY e.version), '[]') FROM evidence e
                        WHERE e.item_id = i.id),
           'signature', (SELECT COALESCE(JSONB_AGG(TO_JSONB(g)), '[]') FROM signature g WHERE g.item_id = i.id)),
       %(by)s, %(now)s, '', ''
FROM item i WHERE i.id = %(item)s
ON CONFLICT (item_id) DO UPDATE
SET sealed = EXCLUDED.sealed, content_hash = EXCLUDED.content_hash, opened_by_id = EXCLUDED.opened_by_id,
    opened_at = EXCLUDED.opened_at, closed_by_id = NULL, closed_at = NULL, outcome = '', reference = ''
RETURNING REPLACE(content_hash::text, '-', '')
"""
# The hash of the address stays: a file that brings the same address again is told that it is known.
BLANK_ITEM = """
UPDATE item SET url = %(shown)s, raw_url = %(shown)s, host = %(hash)s, registrable_domain = %(hash)s, source = '',
    observed_at = NULL, traffic = NULL, known_labels = NULL, metadata = '{}', pooled = FALSE, withheld = TRUE
WHERE id = %(item)s
"""
BLANK_EVIDENCE = "UPDATE evidence SET title = '', description = '', text = '' WHERE item_id = %(item)s"
BLANK_SIGNATURE = "DELETE FROM signature WHERE item_id = %(item)s"

RESTORE_ITEM = """
UPDATE item SET url = s.url, raw_url = s.raw_url, host = s.host, registrable_domain = s.registrable_domain,
    source = s.source, observed_at = s.observed_at, traffic = s.traffic, known_labels = s.known_labels,
    metadata = s.metadata, withheld = FALSE
FROM "case" c, JSONB_POPULATE_RECORD(NULL::item, c.sealed -> 'item') s WHERE c.id = %(case)s AND item.id = c.item_id
"""
RESTORE_EVIDENCE = """
UPDATE evidence SET title = s.title, description = s.description, text = s.text
FROM "case" c, JSONB_POPULATE_RECORDSET(NULL::evidence, c.sealed -> 'evidence') s
WHERE c.id = %(case)s AND evidence.id = s.id AND evidence.item_id = c.item_id
"""
RESTORE_SIGNATURE = """
INSERT INTO signature (item_id, bands)
SELECT s.item_id, s.bands FROM "case" c, JSONB_POPULATE_RECORDSET(NULL::signature, c.sealed -> 'signature') s
WHERE c.id = %(case)s
"""
EMPTY = """UPDATE "case" SET sealed = '{}' WHERE id = %(case)s"""


def case_number_wait(project_id: int) -> None:
    """Wait behind whoever opens a case of this project, until the end of the transaction: numbers have no gaps."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_CLASS, project_id])


def item_seal(item_id: int, *, by_id: int, now: datetime) -> None:
    """Move address and evidence of the item into its case; it has only a hash left. Four statements.

    Numbered after the newest case; a case that was closed before keeps its number. A page without evidence goes
    by the hash of its address. The caller has locked the item and waited for the number.
    """
    with connection.cursor() as cursor:
        cursor.execute(SEAL, {"item": item_id, "by": by_id, "now": now})
        (content,) = cursor.fetchone()
        left = {"item": item_id, "hash": content, "shown": f"{WITHHELD}{content}"}
        for statement in (BLANK_ITEM, BLANK_EVIDENCE, BLANK_SIGNATURE):
            cursor.execute(statement, left)


def item_restore(case_id: int) -> None:
    """Give address and evidence back to the item of the case, which holds nothing any more. Four statements."""
    with connection.cursor() as cursor:
        for statement in (RESTORE_ITEM, RESTORE_EVIDENCE, RESTORE_SIGNATURE, EMPTY):
            cursor.execute(statement, {"case": case_id})
