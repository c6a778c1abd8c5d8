"""The two tables of a snapshot: read from one frozen state in canonical order, written as Parquet."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
from django.db import connection

from annotator.agreement.ratings import ItemAnswer
from annotator.projects.mapping import Carried
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_versions

CHUNK: Final = 5_000
Row = tuple[Any, ...]
Progress = Callable[[int], None]

CURRENT: Final = """
    resolution r JOIN item i ON i.id = r.item_id
    WHERE r.project_id = %(project)s AND r.verdict = 'labelled' AND NOT i.withheld
      AND NOT EXISTS (SELECT 1 FROM resolution later WHERE later.supersedes_id = r.id)
"""
# Ordered by the bytes of the URL: the same on every server, whatever its locale or the order of ids.
ITEMS: Final = f"""
    SELECT c.url, c.registrable_domain, coalesce(e.title, ''), coalesce(e.text, ''), c.labels, c.method,
           c.n_judgments, c.split, coalesce(b.stream, ''), b.inclusion_probability, b.number, c.source, c.taxonomy_id
    FROM (SELECT i.*, r.labels, r.method, r.taxonomy_id, cardinality(r.judgments) AS n_judgments FROM {CURRENT}) c
    LEFT JOIN LATERAL (
        SELECT title, text FROM evidence WHERE item_id = c.id ORDER BY version DESC LIMIT 1) e ON true
    LEFT JOIN LATERAL (
        SELECT l.stream, l.inclusion_probability, batch.number FROM batch_item l JOIN batch ON batch.id = l.batch_id
        WHERE l.item_id = c.id ORDER BY l.id LIMIT 1) b ON true
    ORDER BY c.url COLLATE "C"
"""  # noqa: S608 - composed of constants
JUDGMENTS: Final = f"""
    SELECT c.url, j.annotator_id, j.labels, j.unsure, j.verdict, j.seconds, j.late,
           j.verdict <> 'withdrawn' AND NOT EXISTS (SELECT 1 FROM judgment later WHERE later.supersedes_id = j.id),
           j.created_at, t.number, g.number, clause.number, t.id
    FROM (SELECT i.id, i.url FROM {CURRENT}) c JOIN judgment j ON j.item_id = c.id AND j.purpose = 'overlap'
    LEFT JOIN clause ON clause.id = j.clause_id
    JOIN taxonomy_version t ON t.id = j.taxonomy_id JOIN guideline_version g ON g.id = j.guideline_id
    ORDER BY c.url COLLATE "C", j.id
"""  # noqa: S608 - composed of constants
TOTALS: Final = f"""
    SELECT (SELECT count(*) FROM {CURRENT}),
           (SELECT count(*) FROM resolution r JOIN item i ON i.id = r.item_id
            WHERE r.project_id = %(project)s AND r.verdict NOT IN ('labelled', 'withdrawn') AND NOT i.withheld
              AND NOT EXISTS (SELECT 1 FROM resolution later WHERE later.supersedes_id = r.id)),
           greatest((SELECT max(created_at) FROM resolution WHERE project_id = %(project)s),
                    (SELECT max(created_at) FROM judgment WHERE project_id = %(project)s))
"""  # noqa: S608 - composed of constants


@dataclass(frozen=True)
class Totals:
    """How much there is to freeze, and the time of the last thing that happened to it."""

    n_items: int
    n_left_out: int
    state_as_of: str


@dataclass
class ItemCounts:
    """What the card says of the items, counted while they pass by."""

    n_items: int = 0
    n_none: int = 0
    sites: set[int] = field(default_factory=set)
    splits: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    streams: Counter[str] = field(default_factory=Counter)
    positives: Counter[tuple[str, str]] = field(default_factory=Counter)
    probabilities: dict[str, tuple[float, float]] = field(default_factory=dict)
    versions: Counter[int] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row, held: Carried) -> None:
        """Count one row of `ITEMS`, with its labels as they are in the taxonomy of the snapshot."""
        _, domain, _, _, labels, method, _, split, stream, probability, _, source, version = row
        self.n_items += 1
        self.n_none += not labels and not held.labels
        self.versions[version] += 1
        self.unknown.update(held.unknown)
        self.sites.add(hash(domain))
        self.splits[split] += 1
        self.sources[source] += 1
        self.methods[method] += 1
        self.streams[stream] += 1
        self.positives.update((slug, split) for slug in held.labels)
        if probability is not None:
            low, high = self.probabilities.get(stream, (probability, probability))
            self.probabilities[stream] = (min(low, probability), max(high, probability))


@dataclass
class JudgmentCounts:
    """What the card says of the judgments, and the current answers for the agreement coefficients.

    Answers under other taxonomy versions are carried to `taxonomy`, that of the snapshot.
    """

    taxonomy: int
    n_judgments: int = 0
    annotators: set[int] = field(default_factory=set)
    answers: list[ItemAnswer] = field(default_factory=list)

    def add(self, row: Row) -> None:
        """Count one row of `JUDGMENTS`."""
        url, annotator, labels, unsure, verdict, _, _, is_current, *_, version = row
        self.n_judgments += 1
        self.annotators.add(annotator)
        if is_current and verdict == "labelled":
            said = carried(tuple(labels), tuple(unsure), version, self.taxonomy)
            self.answers.append(ItemAnswer(url, annotator, said.labels, said.unsure, said.unknown))


@dataclass(frozen=True)
class Shape:
    """How rows become one table: its columns, and who counts each row as it passes."""

    schema: pa.Schema
    columns: Callable[[list[Row]], list[Any]]
    count: Callable[[Row], None]


@contextmanager
def frozen_state() -> Iterator["psycopg.Connection[Row]"]:
    """A second connection that sees the database as of one moment, whatever is written meanwhile.

    The default connection stays free to write progress.
    """
    other = connection.copy()
    try:
        other.ensure_connection()
        raw = other.connection
        raw.autocommit = False
        raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield raw
    finally:
        other.close()


def totals_read(state: "psycopg.Connection[Row]", project: Project) -> Totals:
    """How much there is to freeze."""
    row = state.execute(TOTALS, {"project": project.pk}).fetchone()
    assert row is not None
    n_items, n_left_out, last = row
    as_of = last.strftime("%Y-%m-%d %H:%M:%S UTC") if last else "the beginning"
    return Totals(n_items=n_items, n_left_out=n_left_out, state_as_of=as_of)


def items_write(
    state: "psycopg.Connection[Row]", project: Project, taxonomy: Taxonomy, path: Path, progress: Progress
) -> ItemCounts:
    """Write `items.parquet` and return the counts of what is in it.

    Labels are those of `taxonomy`, carried from the version that they were held under; a category of which that says
    nothing is null.
    """
    counts = ItemCounts()
    slugs, numbers = (
        taxonomy.slugs,
        {row.version.pk: row.version.number for row in taxonomy_versions(project)},
    )

    def held(row: Row) -> Carried:
        return carried(tuple(row[4]), (), row[-1], taxonomy.version.pk)

    def columns(rows: list[Row]) -> list[Any]:
        by_column, found = list(zip(*rows, strict=True)), [held(row) for row in rows]
        labels = [sorted(one.labels) for one in found]
        flags = [[None if slug in one.unknown else slug in one.labels for one in found] for slug in slugs]
        versions = [numbers[version] for version in by_column[-1]]
        return [*by_column[:4], labels, *flags, *by_column[5:-1], versions]

    def count(row: Row) -> None:
        counts.add(row, held(row))

    shape = Shape(schema=items_schema(taxonomy), columns=columns, count=count)
    _write(_rows(state, ITEMS, project), path, shape, progress)
    return counts


def judgments_write(
    state: "psycopg.Connection[Row]", project: Project, taxonomy: Taxonomy, path: Path, progress: Progress
) -> JudgmentCounts:
    """Write `judgments.parquet` and return the counts of what is in it. Labels are those that were given."""
    counts = JudgmentCounts(taxonomy.version.pk)
    names: dict[int, str] = {}

    def columns(rows: list[Row]) -> list[Any]:
        by_column = list(zip(*rows, strict=True))
        by_column[1] = tuple(
            names.setdefault(annotator, pseudonym(project, annotator)) for annotator in by_column[1]
        )
        return by_column[:-1]

    shape = Shape(schema=JUDGMENTS_SCHEMA, columns=columns, count=counts.add)
    _write(_rows(state, JUDGMENTS, project), path, shape, progress)
    return counts


def pseudonym(project: Project, annotator_id: int) -> str:
    """The annotator's name in snapshots: stable within the project, and not to be led back without its salt."""
    keyed = hashlib.blake2b(
        str(annotator_id).encode(), key=project.holdout_salt.encode(), person=b"annotator", digest_size=5
    )
    return f"annotator-{keyed.hexdigest()}"


def column_of(slug: str) -> str:
    """The boolean column of a category."""
    return f"is_{slug.replace('-', '_')}"


def items_schema(taxonomy: Taxonomy) -> pa.Schema:
    """The columns of `items.parquet`."""
    return pa.schema(
        [
            ("url", pa.string()),
            ("registrable_domain", pa.string()),
            ("title", pa.string()),
            ("text", pa.string()),
            ("labels", pa.list_(pa.string())),
            *((column_of(slug), pa.bool_()) for slug in taxonomy.slugs),
            ("method", pa.string()),
            ("n_judgments", pa.int32()),
            ("split", pa.string()),
            ("stream", pa.string()),
            ("inclusion_probability", pa.float64()),
            ("batch", pa.int32()),
            ("source", pa.string()),
            ("taxonomy", pa.int32()),
        ]
    )


JUDGMENTS_SCHEMA: Final = pa.schema(
    [
        ("url", pa.string()),
        ("annotator", pa.string()),
        ("labels", pa.list_(pa.string())),
        ("unsure", pa.list_(pa.string())),
        ("verdict", pa.string()),
        ("seconds", pa.float64()),
        ("late", pa.bool_()),
        ("is_current", pa.bool_()),
        ("created_at", pa.timestamp("us", tz="UTC")),
        ("taxonomy", pa.int32()),
        ("guideline", pa.int32()),
        ("clause", pa.string()),
    ]
)


def _rows(state: "psycopg.Connection[Row]", query: str, project: Project) -> Iterator[list[Row]]:
    """The rows of `query` in chunks, through a cursor on the server: memory does not grow with the project."""
    with psycopg.ServerCursor(state, "snapshot") as cursor:
        cursor.execute(query, {"project": project.pk})
        while rows := cursor.fetchmany(CHUNK):
            yield rows


def _write(chunks: Iterator[list[Row]], path: Path, shape: Shape, progress: Progress) -> None:
    done = 0
    with pq.ParquetWriter(path, shape.schema, compression="zstd") as writer:
        for rows in chunks:
            for row in rows:
                shape.count(row)
            columns = zip(shape.columns(rows), shape.schema, strict=True)
            arrays = [pa.array(values, column.type) for values, column in columns]
            writer.write_batch(pa.record_batch(arrays, schema=shape.schema))
            done += len(rows)
            progress(done)
