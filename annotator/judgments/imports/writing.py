"""Judgments of a file into the tables: many a statement, each person once on an item, none of them in a place."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from annotator.interchange.neutral import Refused
from annotator.judgments.imports.mapping import Given
from annotator.judgments.models import JudgmentImport, RefusedJudgment
from annotator.projects.selectors import Taxonomy

# Sorted by item and file, so that two imports wait for each other and never in a circle. Item by item, as in
# `annotator.pool.writing.rows_new`: a join may scan all items for each chunk.
ADD: Final = """
    INSERT INTO judgment (project_id, item_id, annotator_id, client_id, labels, unsure, verdict, seconds, note, late,
        taxonomy_id, guideline_id, created_at, purpose, fast, imported_id, given_at)
    SELECT %(project)s, item.id, new.annotator, md5(item.id || '/' || new.annotator || '/imported')::uuid,
        string_to_array(new.labels, '|'), string_to_array(new.unsure, '|'), new.verdict, new.seconds, new.note, FALSE,
        %(taxonomy)s, %(guideline)s, STATEMENT_TIMESTAMP(), 'overlap', FALSE, %(run)s, new.given_at
    FROM UNNEST(%(hashes)s::uuid[], %(annotators)s::bigint[], %(labels)s::text[], %(unsure)s::text[],
        %(verdicts)s::text[], %(seconds)s::float8[], %(notes)s::text[], %(given_at)s::timestamptz[]) WITH ORDINALITY
        AS new (url_hash, annotator, labels, unsure, verdict, seconds, note, given_at, number)
    CROSS JOIN LATERAL (
        SELECT id FROM item WHERE project_id = %(project)s AND item.url_hash = new.url_hash LIMIT 1) AS item
    ORDER BY item.id, new.number
    ON CONFLICT DO NOTHING
    RETURNING item_id, annotator_id, labels || unsure
"""
DUE: Final = """
    INSERT INTO review_due (project_id, item_id) SELECT %(project)s, item FROM UNNEST(%(items)s::bigint[]) item
"""
# What enough people have judged is no question any more; what fewer have may still be chosen, and is asked on.
SETTLED: Final = """
    UPDATE item SET pooled = FALSE
    WHERE id = ANY(%(items)s) AND pooled AND %(overlap)s <= (
        SELECT COUNT(*) FROM judgment
        WHERE item_id = item.id AND purpose = 'overlap' AND verdict <> 'withdrawn'
          AND NOT EXISTS (SELECT FROM judgment later WHERE later.supersedes_id = judgment.id))
"""
# As one who judged too late for a place: they are not asked about it again.
NOT_AGAIN: Final = """
    INSERT INTO skip (item_id, annotator_id, project_id, reason, note, created_at)
    SELECT new.item, new.annotator, %(project)s, 'late', '', STATEMENT_TIMESTAMP()
    FROM UNNEST(%(items)s::bigint[], %(annotators)s::bigint[]) AS new (item, annotator)
    JOIN account ON account.id = new.annotator AND account.is_active
    ON CONFLICT (item_id, annotator_id) DO NOTHING
"""
# The places first, by their items: asked of each place of the table, it took as long as there are places.
RAISE: Final = """
    WITH free AS MATERIALIZED (
        SELECT place.id, new.severity, new.said
        FROM UNNEST(%(items)s::bigint[], %(severities)s::smallint[], %(said)s::text[]) AS new (item, severity, said)
        CROSS JOIN LATERAL (
            SELECT id FROM assignment a WHERE a.item_id = new.item AND a.purpose = 'overlap' AND a.state = 'free'
            FOR UPDATE SKIP LOCKED) AS place)
    UPDATE assignment SET severity = GREATEST(assignment.severity, free.severity),
        expected = ARRAY(SELECT DISTINCT slug
                         FROM UNNEST(assignment.expected || string_to_array(free.said, '|')) AS slug ORDER BY slug)
    FROM free WHERE assignment.id = free.id
"""


@dataclass(frozen=True)
class Versions:
    """The taxonomy that a file was mapped to, and the guideline of that time."""

    taxonomy: Taxonomy
    guideline: int


def judgments_add(run: JudgmentImport, rows: Sequence[tuple[str, Given]], versions: Versions) -> int:
    """Write judgments, each with the hash of its address; how many. Five statements.

    Whoever has judged an item already, here or further up in the file, keeps that judgment. No place is taken, nothing
    counts into anybody's exposure, and whoever judged is not asked again.
    """
    if not rows:
        return 0
    given = [one for _, one in rows]
    values: dict[str, Any] = {
        "project": run.project_id,
        "run": run.pk,
        "taxonomy": versions.taxonomy.version.pk,
        "guideline": versions.guideline,
        "hashes": [url_hash for url_hash, _ in rows],
        "annotators": [one.annotator for one in given],
        "labels": ["|".join(one.labels) for one in given],
        "unsure": ["|".join(one.unsure) for one in given],
        "verdicts": [one.verdict for one in given],
        "seconds": [one.seconds for one in given],
        "notes": [one.note for one in given],
        "given_at": [one.given_at for one in given],
    }
    with connection.cursor() as cursor:
        cursor.execute(ADD, values)
        added = cursor.fetchall()
    _follow(run, added, versions.taxonomy)
    return len(added)


def refused_add(run: JudgmentImport, refused: Iterable[Refused]) -> None:
    """Keep what was not taken, with its reason. One statement."""
    RefusedJudgment.objects.bulk_create(
        RefusedJudgment(
            run=run, line=one.line, reason=one.reason, detail=one.detail[:300], value=one.value[:200]
        )
        for one in refused
    )


def _follow(run: JudgmentImport, added: Sequence[tuple[int, int, list[str]]], taxonomy: Taxonomy) -> None:
    """Tell the review, and let the pool, the queue and its shields know what is known now."""
    said: dict[int, set[str]] = defaultdict(set)
    for item, _, slugs in added:
        said[item].update(slugs)
    items = sorted(said)
    project: dict[str, Any] = {"project": run.project_id}
    named = [item for item in items if said[item]]
    raised: dict[str, Any] = {
        "items": named,
        "severities": [taxonomy.severity_of(said[item]) for item in named],
        "said": ["|".join(sorted(said[item])) for item in named],
    }
    pairs: dict[str, Any] = {
        "items": [item for item, _, _ in added],
        "annotators": [who for _, who, _ in added],
    }
    with connection.cursor() as cursor:
        cursor.execute(DUE, project | {"items": items})
        cursor.execute(SETTLED, {"items": items, "overlap": run.project.overlap})
        cursor.execute(NOT_AGAIN, project | pairs)
        cursor.execute(RAISE, raised)
