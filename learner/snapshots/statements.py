"""Statements that read the tables of a snapshot as they lie, and the columns they give: no joins, no order, no lists.

What belongs together is joined in memory, by ids. A column of fixed width that may be null sends what stands for that.
"""

from typing import Final

import numpy as np

from annotator.pool.minhash import BANDS as N_BANDS
from learner.snapshots.copying import ARRAY, BOOL, FLOAT8, INT4, INT8, NO_INT, TEXT, Shape
from learner.snapshots.packing import Packed

SIXTEEN: Final = np.dtype((INT8, N_BANDS))

RESOLUTIONS: Final = """
    SELECT id, item_id, taxonomy_id, coalesce(clause_id, 0), coalesce(entry_id, 0), cardinality(judgments), created_at,
           labels, verdict, method,
           CASE WHEN method <> 'adjudicated' THEN '' WHEN reason LIKE 'Suspect: %%' THEN 'suspect'
                WHEN clause_id IS NOT NULL THEN 'clause' WHEN reason <> '' THEN 'words' ELSE '' END
    FROM resolution
    WHERE project_id = %(project)s AND created_at <= %(as_of)s AND id > %(after)s AND id <= %(until)s
"""
RESOLUTIONS_SHAPE: Final[Shape] = {
    "id": INT8, "item": INT8, "taxonomy": INT8, "clause": INT8, "entry": INT8, "n_judgments": INT4, "created_at": INT8,
    "labels": ARRAY, "verdict": TEXT, "method": TEXT, "reason_class": TEXT,
}  # fmt: skip
LEDGER: Final = f"""
    SELECT l.id, l.item_id, l.batch_id, l.rank, coalesce(l.score, 'NaN'), coalesce(l.classifier_number, {NO_INT}),
           l.pool_size, coalesce(l.inclusion_probability, 'NaN'), l.seed, coalesce(l.overlap, {NO_INT}),
           l.stream, l.strategy, l.reason, l.stopping
    FROM batch_item l JOIN batch b ON b.id = l.batch_id
    WHERE b.project_id = %(project)s AND b.opened_at <= %(as_of)s AND l.id > %(after)s AND l.id <= %(until)s
      AND (%(ids)s::bigint[] IS NULL OR l.item_id = ANY(%(ids)s::bigint[]))
"""  # noqa: S608 - composed of constants
LEDGER_SHAPE: Final[Shape] = {
    "id": INT8, "item": INT8, "batch": INT8, "rank": INT4, "score": FLOAT8, "classifier": INT4, "pool_size": INT8,
    "inclusion_probability": FLOAT8, "seed": INT8, "overlap": INT4,
    "stream": TEXT, "strategy": TEXT, "reason": TEXT, "stopping": TEXT,
}  # fmt: skip
JUDGMENTS: Final = f"""
    SELECT id, item_id, annotator_id, taxonomy_id, guideline_id, coalesce(clause_id, 0), coalesce(seconds, 'NaN'),
           created_at, coalesce(given_at, '-infinity'), late, imported_id IS NOT NULL,
           coalesce(evidence::int, {NO_INT}), labels, unsure, verdict
    FROM judgment
    WHERE project_id = %(project)s AND created_at <= %(as_of)s AND purpose = 'overlap'
      AND id > %(after)s AND id <= %(until)s
      AND (%(ids)s::bigint[] IS NULL OR item_id = ANY(%(ids)s::bigint[]))
"""  # noqa: S608 - composed of constants
JUDGMENTS_SHAPE: Final[Shape] = {
    "id": INT8, "item": INT8, "annotator": INT8, "taxonomy": INT8, "guideline": INT8, "clause": INT8, "seconds": FLOAT8,
    "created_at": INT8, "given_at": INT8, "late": BOOL, "imported": BOOL,
    "evidence": INT4,
    "labels": ARRAY, "unsure": ARRAY, "verdict": TEXT,
}  # fmt: skip
ITEMS: Final = Packed(
    columns={
        "id": ("id", INT8),
        "withheld": ("withheld", BOOL),
        "url": ("url", TEXT),
        "registrable_domain": ("registrable_domain", TEXT),
        "split": ("split", TEXT),
        "source": ("source", TEXT),
    },
    source="""item
        WHERE project_id = %(project)s AND id BETWEEN %(first)s AND %(last)s
          AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))""",
    at_once=1_024,
)
# What a later evidence version says was not known before it was seen.
TEXTS: Final = Packed(
    columns={
        "id": ("item_id", INT8),
        "version": ("version::int", INT4),
        "title": ("title", TEXT),
        "text": ("text", TEXT),
    },
    source="""evidence
        WHERE item_id BETWEEN %(first)s AND %(last)s AND (version = 1 OR added_at <= %(as_of)s)
          AND (%(ids)s::bigint[] IS NULL OR item_id = ANY(%(ids)s::bigint[]))""",
    at_once=512,  # of the longest texts these are 410 megabytes
)
BANDS: Final = Packed(
    columns={"id": ("item_id", INT8), "bands": ("bands", SIXTEEN)},
    source=f"""signature
        WHERE item_id BETWEEN %(first)s AND %(last)s AND cardinality(bands) = {N_BANDS}
          AND (%(ids)s::bigint[] IS NULL OR item_id = ANY(%(ids)s::bigint[]))""",
    at_once=1_024,
)

# Few rows each: what rows above name by id, and which of them were superseded by the moment.
SUPERSEDED: Final = """
    SELECT supersedes_id FROM {table}
    WHERE supersedes_id IS NOT NULL AND project_id = %(project)s AND created_at <= %(as_of)s
"""
ACTS: Final = "SELECT id, kind FROM adjudication WHERE project_id = %(project)s AND kind = ANY(%(kinds)s)"
# Each wave raises the chances: those of now are of then where no wave came later, and nothing was drawn without one.
CHANCES: Final = """
    SELECT item_id, chance FROM audit_chance WHERE project_id = %(project)s
      AND NOT EXISTS (SELECT FROM audit_wave WHERE project_id = %(project)s AND drawn_at > %(as_of)s)
      AND NOT EXISTS (
        SELECT FROM batch_item l JOIN batch b ON b.id = l.batch_id
        WHERE b.project_id = %(project)s AND l.stream = 'audit' AND l.inclusion_probability IS NOT NULL
          AND NOT EXISTS (SELECT FROM audit_wave w WHERE w.batch_id = b.id))
"""
# Those withheld now are few of many: the index item_withheld has them alone.
SEALED: Final = """
    SELECT id FROM item WHERE project_id = %(project)s AND withheld
    UNION SELECT item_id FROM "case"
    WHERE project_id = %(project)s AND opened_at <= %(as_of)s AND closed_at > %(as_of)s
"""
OPENED: Final = """
    SELECT id, number, opened_at, personal FROM batch WHERE project_id = %(project)s AND opened_at <= %(as_of)s
"""
ASKED: Final = """
    SELECT p.item_id, p.annotator_id, min(p.judgment_id)
    FROM question_participant p JOIN question q ON q.id = p.question_id
    WHERE q.project_id = %(project)s AND q.asked_at <= %(as_of)s GROUP BY 1, 2
"""
NUMBERED: Final = """
    SELECT 'taxonomy', id, number::text FROM taxonomy_version WHERE project_id = %(project)s
    UNION ALL SELECT 'guideline', id, number::text FROM guideline_version WHERE project_id = %(project)s
    UNION ALL SELECT 'clause', c.id, c.number FROM clause c JOIN guideline_version g ON g.id = c.guideline_id
    WHERE g.project_id = %(project)s
"""
CATEGORIES: Final = """
    SELECT t.number, c.position, c.slug, c.name, c.definition, c.severity, c.cipa, c.recall_floor
    FROM category c JOIN taxonomy_version t ON t.id = c.taxonomy_id
    WHERE t.project_id = %(project)s AND t.created_at <= %(as_of)s ORDER BY t.number, c.position, c.id
"""
CLAUSES: Final = """
    SELECT g.number, c.position, c.number, c.category, c.title, c.body
    FROM clause c JOIN guideline_version g ON g.id = c.guideline_id
    WHERE g.project_id = %(project)s AND g.created_at <= %(as_of)s ORDER BY g.number, c.position, c.id
"""
