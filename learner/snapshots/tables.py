"""The tables of a snapshot: read from one frozen state in canonical order, written as Parquet, column by column.

Rows go by the id of the item, then by their own: ids are given once and stay, so that the same state gives the same
bytes, and the database reads in the order in which it wrote.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym_by
from annotator.projects.selectors import Taxonomy, carried, taxonomy_versions
from learner.core.splits import NAMES, Cut
from learner.snapshots.copying import FLAG, TIME, tables_copied
from learner.snapshots.frozen import CURRENT, METHOD, State

Progress = Callable[[int], None]
TEXT: Final = pa.string()
LIST: Final = pa.list_(pa.string())
INT: Final = pa.int32()
BIG: Final = pa.int64()
FLOAT: Final = pa.float64()

# What a later evidence version says was not known before it was seen.
ITEMS: Final = f"""
    SELECT c.id, c.url, c.registrable_domain, coalesce(e.title, ''), coalesce(e.text, ''), c.held, c.method,
           c.n_judgments, c.stream, c.inclusion_probability, c.batch, c.source
    FROM ({CURRENT}) c
    LEFT JOIN LATERAL (
        SELECT title, text FROM evidence
        WHERE item_id = c.id AND (version = 1 OR added_at <= %(as_of)s)
        ORDER BY version DESC LIMIT 1) e ON true
    ORDER BY c.id
"""  # noqa: S608 - composed of constants
JUDGMENTS: Final = f"""
    SELECT c.url, j.annotator_id, array_to_string(j.labels, '|'), array_to_string(j.unsure, '|'), j.verdict, j.seconds,
           j.late, j.verdict <> 'withdrawn' AND later.id IS NULL, j.created_at, t.number, g.number, clause.number,
           coalesce(j.id > asked.about, false), j.imported_id IS NOT NULL, j.given_at
    FROM ({CURRENT}) c JOIN judgment j ON j.item_id = c.id AND j.purpose = 'overlap' AND j.created_at <= %(as_of)s
    LEFT JOIN judgment later ON later.supersedes_id = j.id AND later.created_at <= %(as_of)s
    LEFT JOIN clause ON clause.id = j.clause_id
    LEFT JOIN (
        SELECT p.item_id, p.annotator_id, min(p.judgment_id) AS about
        FROM question_participant p JOIN question q ON q.id = p.question_id
        WHERE q.project_id = %(project)s AND q.asked_at <= %(as_of)s GROUP BY 1, 2
    ) asked ON asked.item_id = j.item_id AND asked.annotator_id = j.annotator_id
    JOIN taxonomy_version t ON t.id = j.taxonomy_id JOIN guideline_version g ON g.id = j.guideline_id
    ORDER BY c.id, j.id
"""  # noqa: S608 - composed of constants
RESOLUTIONS: Final = f"""
    SELECT c.url, array_to_string(r.labels, '|'), r.verdict, {METHOD},
           CASE WHEN r.method <> 'adjudicated' THEN '' WHEN r.reason LIKE 'Suspect: %%' THEN 'suspect'
                WHEN r.clause_id IS NOT NULL THEN 'clause' WHEN r.reason <> '' THEN 'words' ELSE '' END,
           clause.number, cardinality(r.judgments), later.id IS NULL, r.created_at, t.number
    FROM ({CURRENT}) c JOIN resolution r ON r.item_id = c.id AND r.created_at <= %(as_of)s
    LEFT JOIN resolution later ON later.supersedes_id = r.id AND later.created_at <= %(as_of)s
    LEFT JOIN adjudication act ON act.id = r.entry_id
    LEFT JOIN clause ON clause.id = r.clause_id
    JOIN taxonomy_version t ON t.id = r.taxonomy_id
    ORDER BY c.id, r.id
"""  # noqa: S608 - composed of constants
BATCHES: Final = f"""
    SELECT c.url, b.number, b.opened_at, l.rank, l.stream, l.strategy, l.score, l.reason, l.classifier_number,
           l.pool_size, l.inclusion_probability, l.seed, l.stopping, l.overlap
    FROM ({CURRENT}) c JOIN batch_item l ON l.item_id = c.id
    JOIN batch b ON b.id = l.batch_id AND b.opened_at <= %(as_of)s AND NOT b.personal
    ORDER BY c.id, l.id
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

ITEMS_READ: Final = pa.schema(
    [("id", BIG), ("url", TEXT), ("registrable_domain", TEXT), ("title", TEXT), ("text", TEXT), ("held", TEXT),
     ("method", TEXT), ("n_judgments", INT), ("stream", TEXT), ("inclusion_probability", FLOAT), ("batch", INT),
     ("source", TEXT)]
)  # fmt: skip
JUDGMENTS_READ: Final = pa.schema(
    [("url", TEXT), ("annotator", BIG), ("labels", TEXT), ("unsure", TEXT), ("verdict", TEXT), ("seconds", FLOAT),
     ("late", FLAG), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT), ("guideline", INT),
     ("clause", TEXT), ("after_question", FLAG), ("imported", FLAG), ("given_at", TIME)]
)  # fmt: skip
RESOLUTIONS_READ: Final = pa.schema(
    [("url", TEXT), ("labels", TEXT), ("verdict", TEXT), ("method", TEXT), ("reason_class", TEXT), ("clause", TEXT),
     ("n_judgments", INT), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT)]
)  # fmt: skip
BATCHES_READ: Final = pa.schema(
    [("url", TEXT), ("batch", INT), ("opened_at", TIME), ("rank", INT), ("stream", TEXT), ("strategy", TEXT),
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


@dataclass(frozen=True)
class Reading:
    """One state of a project and one choice of its content: what every table is read with."""

    state: State
    project: Project
    taxonomy: Taxonomy
    values: Mapping[str, Any]


def items_write(reading: Reading, cut: Cut, path: Path, progress: Progress) -> None:
    """Write `items.parquet`, with the side and the group that `cut` gives each item.

    Labels are those of the taxonomy of the snapshot, carried from the version that they were held under; a category of
    which that says nothing is null.
    """
    taxonomy = reading.taxonomy
    spelled = HeldLabels(reading.project, taxonomy)
    names, done = pa.array(NAMES), 0

    def columns(rows: pa.Table) -> list[pa.Array]:
        nonlocal done
        part = slice(done, done + rows.num_rows)
        done += rows.num_rows
        labels, flags, versions = spelled.columns(rows["held"])
        first = [rows[name] for name in ("url", "registrable_domain", "title", "text")]
        then = [rows[name] for name in ("method", "n_judgments")]
        why = [rows[name] for name in ("stream", "inclusion_probability", "batch", "source")]
        split = names.take(pa.array(cut.split[part]))
        group = pa.array(cut.group[part], mask=cut.group[part] < 0)
        return [*first, labels, *flags, *then, split, *why, versions, group, pa.array(cut.near_test[part])]

    read = tables_copied(reading.state, ITEMS, reading.values, ITEMS_READ)
    _write(read, items_schema(taxonomy), path, columns, progress)
    assert done == len(cut.split), "the frozen state has moved"


def judgments_write(reading: Reading, path: Path, progress: Progress, names: "Pseudonymous") -> None:
    """Write `judgments.parquet`. Labels are those that were given."""

    def columns(rows: pa.Table) -> list[pa.Array]:
        changed = {"labels": _lists, "unsure": _lists, "annotator": names.column}
        return [changed[name](rows[name]) if name in changed else rows[name] for name in rows.column_names]

    read = tables_copied(reading.state, JUDGMENTS, reading.values, JUDGMENTS_READ)
    _write(read, JUDGMENTS_SCHEMA, path, columns, progress)


def resolutions_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `resolutions.parquet`: all that was ever held of these items, in the order in which it was."""
    read = tables_copied(reading.state, RESOLUTIONS, reading.values, RESOLUTIONS_READ)
    _write(read, RESOLUTIONS_SCHEMA, path, _with_lists, progress)


def batches_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `batches.parquet`: why each of these items was served, each time. Checks of annotators are left out."""
    read = tables_copied(reading.state, BATCHES, reading.values, BATCHES_READ)
    _write(read, BATCHES_READ, path, _as_read, progress)


def categories_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `categories.parquet`: the categories of every taxonomy version that there was."""
    read = tables_copied(reading.state, CATEGORIES, reading.values, CATEGORIES_READ)
    _write(read, CATEGORIES_READ, path, _as_read, progress)


def clauses_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `clauses.parquet`: the clauses of every guideline version that there was."""
    read = tables_copied(reading.state, CLAUSES, reading.values, CLAUSES_READ)
    _write(read, CLAUSES_READ, path, _as_read, progress)


class HeldLabels:
    """Label sets as they were held, in the words of one taxonomy. There are few different ones, each carried once."""

    def __init__(self, project: Project, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.numbers = {row.version.pk: row.version.number for row in taxonomy_versions(project)}

    def columns(self, held: pa.ChunkedArray) -> tuple[pa.Array, list[pa.Array], pa.Array]:
        """The labels, a flag for each category (null where the mapping cannot tell), and the version held under."""
        spelled = held.combine_chunks().dictionary_encode()
        rows = [self._carried(text) for text in spelled.dictionary.to_pylist()]
        labels = pa.array([sorted(found.labels) for found, _ in rows], LIST).take(spelled.indices)
        flags = [
            pa.array(
                [None if slug in found.unknown else slug in found.labels for found, _ in rows], FLAG
            ).take(spelled.indices)
            for slug in self.taxonomy.slugs
        ]
        return labels, flags, pa.array([number for _, number in rows], INT).take(spelled.indices)

    def present(self, held: list[str]) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which categories these label sets hold: bool (n, n_categories)."""
        rows = [self._carried(text)[0].labels for text in held]
        found = [[slug in labels for slug in self.taxonomy.slugs] for labels in rows]
        return np.array(found, dtype=np.bool_).reshape(len(held), len(self.taxonomy.slugs))

    def _carried(self, text: str) -> tuple[Any, int]:
        labels, _, version = text.rpartition("@")
        given = tuple(filter(None, labels.split("|")))
        return carried(given, (), int(version), self.taxonomy.version.pk), self.numbers[int(version)]


@dataclass
class Pseudonymous:
    """Annotators' names in one snapshot, from a key that is never shown."""

    key: bytes
    names: dict[int, str] = field(default_factory=dict)

    def column(self, ids: pa.ChunkedArray) -> pa.Array:
        """The names of a column of ids."""
        spelled = ids.combine_chunks().dictionary_encode()
        found = [self.of(annotator) for annotator in spelled.dictionary.to_pylist()]
        return pa.array(found, TEXT).take(spelled.indices)

    def of(self, annotator_id: int) -> str:
        """One annotator's name."""
        return self.names.setdefault(annotator_id, pseudonym_by(self.key, annotator_id))


def key_of_state(project: Project, state: str) -> bytes:
    """The key for names that hold in one snapshot only: of the project's salt and what was frozen."""
    return hashlib.blake2b(state.encode(), key=project.holdout_salt.encode(), person=b"snapshot").digest()[
        :32
    ]


def column_of(slug: str) -> str:
    """The boolean column of a category."""
    return f"is_{slug.replace('-', '_')}"


def items_schema(taxonomy: Taxonomy) -> pa.Schema:
    """The columns of `items.parquet`."""
    return pa.schema(
        [
            ("url", TEXT),
            ("registrable_domain", TEXT),
            ("title", TEXT),
            ("text", TEXT),
            ("labels", LIST),
            *((column_of(slug), FLAG) for slug in taxonomy.slugs),
            ("method", TEXT),
            ("n_judgments", INT),
            ("split", TEXT),
            ("stream", TEXT),
            ("inclusion_probability", FLOAT),
            ("batch", INT),
            ("source", TEXT),
            ("taxonomy", INT),
            ("split_group", BIG),
            ("near_test", FLAG),
        ]
    )


def _schema_with(read: pa.Schema, changed: Mapping[str, pa.DataType]) -> pa.Schema:
    return pa.schema([(column.name, changed.get(column.name, column.type)) for column in read])


JUDGMENTS_SCHEMA: Final = _schema_with(JUDGMENTS_READ, {"labels": LIST, "unsure": LIST, "annotator": TEXT})
RESOLUTIONS_SCHEMA: Final = _schema_with(RESOLUTIONS_READ, {"labels": LIST})


def _as_read(rows: pa.Table) -> list[pa.ChunkedArray]:
    return list(rows.columns)


def _with_lists(rows: pa.Table) -> list[pa.Array]:
    return [_lists(rows[name]) if name == "labels" else rows[name] for name in rows.column_names]


def _lists(spelled: pa.ChunkedArray) -> pa.Array:
    """A column of lists from one of texts with `|` between: there are few different ones."""
    encoded = spelled.combine_chunks().dictionary_encode()
    values = [text.split("|") if text else [] for text in encoded.dictionary.to_pylist()]
    return pa.array(values, LIST).take(encoded.indices)


def _write(
    chunks: Iterator[pa.Table],
    schema: pa.Schema,
    path: Path,
    columns: Callable[[pa.Table], Iterable[pa.Array]],
    progress: Progress,
) -> None:
    done = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for rows in chunks:
            writer.write_table(pa.table(list(columns(rows)), schema=schema), row_group_size=rows.num_rows)
            done += rows.num_rows
            progress(done)


def labels_joined(labels: pa.ChunkedArray) -> pa.Array:
    """One text for each label set, to compare them by."""
    return pc.binary_join(labels.combine_chunks(), "|")
