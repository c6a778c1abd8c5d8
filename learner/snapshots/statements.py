"""Statements that read the tables of a snapshot for some items at a time, in their order, and the columns they give.

`ids` are the items, in the order of the snapshot; `place` is the place of an item among them, from 0.
"""

from typing import Final

import pyarrow as pa

from learner.snapshots.copying import FLAG, LIST_16, TIME
from learner.snapshots.frozen import CURRENT, LATER, METHOD

TEXT: Final = pa.string()
LIST: Final = pa.list_(pa.string())
INT: Final = pa.int32()
BIG: Final = pa.int64()
FLOAT: Final = pa.float64()

WANTED: Final = "(SELECT id, n - 1 AS place FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY w(id, n)) c"
# A list of few labels is empty more often than not, and that is told without looking into it.
LABELS: Final = "CASE WHEN cardinality({0}.labels) = 0 THEN '' ELSE array_to_string({0}.labels, '|') END"
UNSURE: Final = "CASE WHEN cardinality(j.unsure) = 0 THEN '' ELSE array_to_string(j.unsure, '|') END"

# Each wave raises the chances: those of now are of then where no wave came later, and nothing was drawn without one.
WAVES_ONLY: Final = """NOT EXISTS (SELECT FROM audit_wave WHERE project_id = %(project)s AND drawn_at > %(as_of)s)
    AND NOT EXISTS (
        SELECT FROM batch_item l JOIN batch b ON b.id = l.batch_id
        WHERE b.project_id = %(project)s AND l.stream = 'audit' AND l.inclusion_probability IS NOT NULL
          AND NOT EXISTS (SELECT FROM audit_wave w WHERE w.batch_id = b.id))"""
HELD: Final = f"""
    SELECT c.id, c.url, c.registrable_domain, c.split, c.held, c.method, c.n_judgments, c.stream,
           c.inclusion_probability, c.batch, c.source, CASE WHEN {WAVES_ONLY} THEN drawn.chance END
    FROM ({CURRENT}) c LEFT JOIN audit_chance drawn ON drawn.item_id = c.id
"""  # noqa: S608 - composed of constants
# What a later evidence version says was not known before it was seen.
TEXTS: Final = f"""
    SELECT coalesce(e.title, ''), coalesce(e.text, ''), e.version FROM {WANTED}
    LEFT JOIN LATERAL (
        SELECT title, text, version FROM evidence
        WHERE item_id = c.id AND (version = 1 OR added_at <= %(as_of)s)
        ORDER BY version DESC LIMIT 1) e ON true
    ORDER BY c.place
"""  # noqa: S608 - composed of constants
BANDS: Final = f"""
    SELECT coalesce(g.bands, array_fill(0::bigint, ARRAY[{LIST_16.list_size}])) FROM {WANTED}
    LEFT JOIN signature g ON g.item_id = c.id AND cardinality(g.bands) = {LIST_16.list_size}
    ORDER BY c.place
"""  # noqa: S608 - composed of constants
JUDGMENTS: Final = f"""
    SELECT c.place, j.annotator_id, {LABELS.format("j")}, {UNSURE}, j.verdict, j.seconds, j.late,
           j.verdict <> 'withdrawn' AND later.id IS NULL, j.created_at, t.number, g.number, clause.number,
           coalesce(j.id > asked.about, false), j.imported_id IS NOT NULL, j.given_at, j.evidence
    FROM {WANTED} JOIN judgment j ON j.item_id = c.id AND j.purpose = 'overlap' AND j.created_at <= %(as_of)s
    LEFT JOIN {LATER.replace("r.id", "j.id").replace("resolution", "judgment")}
    LEFT JOIN clause ON clause.id = j.clause_id
    LEFT JOIN (
        SELECT p.item_id, p.annotator_id, min(p.judgment_id) AS about
        FROM question_participant p JOIN question q ON q.id = p.question_id
        WHERE q.project_id = %(project)s AND q.asked_at <= %(as_of)s AND p.item_id = ANY(%(ids)s::bigint[])
        GROUP BY 1, 2
    ) asked ON asked.item_id = j.item_id AND asked.annotator_id = j.annotator_id
    JOIN taxonomy_version t ON t.id = j.taxonomy_id JOIN guideline_version g ON g.id = j.guideline_id
    ORDER BY c.place, j.id
"""  # noqa: S608 - composed of constants
RESOLUTIONS: Final = f"""
    SELECT c.place, {LABELS.format("r")}, r.verdict, {METHOD},
           CASE WHEN r.method <> 'adjudicated' THEN '' WHEN r.reason LIKE 'Suspect: %%' THEN 'suspect'
                WHEN r.clause_id IS NOT NULL THEN 'clause' WHEN r.reason <> '' THEN 'words' ELSE '' END,
           clause.number, cardinality(r.judgments), later.id IS NULL, r.created_at, t.number
    FROM {WANTED} JOIN resolution r ON r.item_id = c.id AND r.created_at <= %(as_of)s
    LEFT JOIN {LATER}
    LEFT JOIN adjudication act ON act.id = r.entry_id
    LEFT JOIN clause ON clause.id = r.clause_id
    JOIN taxonomy_version t ON t.id = r.taxonomy_id
    ORDER BY c.place, r.id
"""  # noqa: S608 - composed of constants
BATCHES: Final = f"""
    SELECT c.place, b.number, b.opened_at, l.rank, l.stream, l.strategy, l.score, l.reason, l.classifier_number,
           l.pool_size, l.inclusion_probability, l.seed, l.stopping, l.overlap
    FROM {WANTED} JOIN batch_item l ON l.item_id = c.id
    JOIN batch b ON b.id = l.batch_id AND b.opened_at <= %(as_of)s AND NOT b.personal
    ORDER BY c.place, l.id
"""  # noqa: S608 - composed of constants
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


HELD_READ: Final = pa.schema(
    [("id", BIG), ("url", TEXT), ("registrable_domain", TEXT), ("split", TEXT), ("held", TEXT), ("method", TEXT),
     ("n_judgments", INT), ("stream", TEXT), ("inclusion_probability", FLOAT), ("batch", INT), ("source", TEXT),
     ("inclusion_probability_union", FLOAT)]
)  # fmt: skip
TEXTS_READ: Final = pa.schema([("title", TEXT), ("text", TEXT), ("evidence", INT)])
BANDS_READ: Final = pa.schema([("bands", LIST_16)])
JUDGMENTS_READ: Final = pa.schema(
    [("place", BIG), ("annotator", BIG), ("labels", TEXT), ("unsure", TEXT), ("verdict", TEXT), ("seconds", FLOAT),
     ("late", FLAG), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT), ("guideline", INT),
     ("clause", TEXT), ("after_question", FLAG), ("imported", FLAG), ("given_at", TIME), ("evidence", INT)]
)  # fmt: skip
RESOLUTIONS_READ: Final = pa.schema(
    [("place", BIG), ("labels", TEXT), ("verdict", TEXT), ("method", TEXT), ("reason_class", TEXT), ("clause", TEXT),
     ("n_judgments", INT), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT)]
)  # fmt: skip
BATCHES_READ: Final = pa.schema(
    [("place", BIG), ("batch", INT), ("opened_at", TIME), ("rank", INT), ("stream", TEXT), ("strategy", TEXT),
     ("score", FLOAT), ("reason", TEXT), ("classifier", INT), ("pool_size", BIG), ("inclusion_probability", FLOAT),
     ("seed", BIG), ("stopping", TEXT), ("overlap", INT)]
)  # fmt: skip
CATEGORIES_READ: Final = pa.schema(
    [("taxonomy", INT), ("position", INT), ("slug", TEXT), ("name", TEXT), ("definition", TEXT), ("severity", INT),
     ("cipa", FLAG), ("recall_floor", FLOAT)]
)  # fmt: skip
CLAUSES_READ: Final = pa.schema(
    [("guideline", INT), ("position", INT), ("number", TEXT), ("category", TEXT), ("title", TEXT), ("body", TEXT)]
)  # fmt: skip
