"""The tables of a snapshot beside that of the items, written from what is in memory, column by column.

Rows go by split, by the id of the item, then by their own: ids are given once and stay, so that the same state gives
the same bytes. A dictionary holds the texts that a row group has, in their order, whatever else is in memory.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym_by
from learner.snapshots.agreeing import Answers, answers_of
from learner.snapshots.aligned import chunks_of, groups_of
from learner.snapshots.frozen import run
from learner.snapshots.held import FLAG, INT, LIST
from learner.snapshots.judged import judgments_read, numbered_read, numbers_named
from learner.snapshots.parquet import BIG, FLOAT, TEXT, Progress, Reading, Writer, coded_of
from learner.snapshots.rowsets import TIME, Rows, coded, floats, times, wholes
from learner.snapshots.statements import CATEGORIES, CLAUSES


def judgments_write(reading: Reading, path: Path, progress: Progress, names: "Pseudonymous") -> Answers:
    """Write `judgments.parquet`, and give the answers in it. Labels are those that were given."""
    held = reading.held
    rows = judgments_read(reading.state, reading.values, held.ids, held.n_resolved, lambda _: progress(0, 0))
    rows = reading.placed(rows)
    people = [names.of(pk) for pk in rows.values["annotator"]]
    sets = _sets(rows, "labels"), _sets(rows, "unsure")

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "annotator": coded(part.codes["annotator"], people),
            "labels": sets[0].take(pa.array(part.codes["labels"])),
            "unsure": sets[1].take(pa.array(part.codes["unsure"])),
            "verdict": coded_of(part, "verdict"),
            "seconds": floats(part.numbers["seconds"]),
            "clause": _coded_or_none(part, "clause"),
            "created_at": times(part.numbers["created_at"]),
            "given_at": times(part.numbers["given_at"]),
            "evidence": wholes(part.numbers["evidence"]),
        }

    _OfItems(rows, JUDGMENTS_SCHEMA, columns).write(reading, path, progress)
    return answers_of(rows)


def resolutions_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `resolutions.parquet`: all that was ever held of these items, in the order in which it was."""
    rows = reading.held.resolutions
    numbers_named(rows, numbered_read(reading.state, reading.values))
    rows = reading.placed(rows)
    labels = _sets(rows, "labels")

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "labels": labels.take(pa.array(part.codes["labels"])),
            "verdict": coded_of(part, "verdict"),
            "method": coded_of(part, "method"),
            "reason_class": coded_of(part, "reason_class"),
            "clause": _coded_or_none(part, "clause"),
            "created_at": times(part.numbers["created_at"]),
        }

    _OfItems(rows, RESOLUTIONS_SCHEMA, columns).write(reading, path, progress)


def batches_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `batches.parquet`: why each of these items was served, each time. Checks of annotators are left out."""
    rows = reading.placed(_without_checks(reading.held.ledger))

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "opened_at": times(part.numbers["opened_at"]),
            "score": floats(part.numbers["score"]),
            "classifier": wholes(part.numbers["classifier"]),
            "inclusion_probability": floats(part.numbers["inclusion_probability"]),
            "overlap": wholes(part.numbers["overlap"]),
            **{name: coded_of(part, name) for name in ("stream", "strategy", "reason", "stopping")},
        }

    _OfItems(rows, BATCHES_SCHEMA, columns).write(reading, path, progress)


def categories_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `categories.parquet`: the categories of every taxonomy version that there was."""
    _few_write(reading, CATEGORIES, CATEGORIES_SCHEMA, path, progress)


def clauses_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `clauses.parquet`: the clauses of every guideline version that there was."""
    _few_write(reading, CLAUSES, CLAUSES_SCHEMA, path, progress)


@dataclass(frozen=True)
class Pseudonymous:
    """Annotators' names in one snapshot, from a key that is never shown."""

    key: bytes

    def of(self, annotator_id: int) -> str:
        """One annotator's name."""
        return pseudonym_by(self.key, annotator_id)


def key_of_state(project: Project, state: str) -> bytes:
    """The key for names that hold in one snapshot only: of the project's salt and what was frozen."""
    return hashlib.blake2b(state.encode(), key=project.holdout_salt.encode(), person=b"snapshot").digest()[
        :32
    ]


JUDGMENTS_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("annotator", TEXT), ("labels", LIST), ("unsure", LIST), ("verdict", TEXT), ("seconds", FLOAT),
     ("late", FLAG), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT), ("guideline", INT),
     ("clause", TEXT), ("after_question", FLAG), ("imported", FLAG), ("given_at", TIME), ("evidence", INT)]
)  # fmt: skip
RESOLUTIONS_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("labels", LIST), ("verdict", TEXT), ("method", TEXT), ("reason_class", TEXT), ("clause", TEXT),
     ("n_judgments", INT), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT)]
)  # fmt: skip
BATCHES_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("batch", INT), ("opened_at", TIME), ("rank", INT), ("stream", TEXT), ("strategy", TEXT),
     ("score", FLOAT), ("reason", TEXT), ("classifier", INT), ("pool_size", BIG), ("inclusion_probability", FLOAT),
     ("seed", BIG), ("stopping", TEXT), ("overlap", INT)]
)  # fmt: skip
CATEGORIES_SCHEMA: Final = pa.schema(
    [("taxonomy", INT), ("position", INT), ("slug", TEXT), ("name", TEXT), ("definition", TEXT), ("severity", INT),
     ("cipa", FLAG), ("recall_floor", FLOAT)]
)  # fmt: skip
CLAUSES_SCHEMA: Final = pa.schema(
    [("guideline", INT), ("position", INT), ("number", TEXT), ("category", TEXT), ("title", TEXT), ("body", TEXT)]
)  # fmt: skip


def labels_joined(labels: pa.ChunkedArray) -> pa.Array:
    """One text for each label set, to compare them by."""
    return pc.binary_join(labels.combine_chunks(), "|")


@dataclass(frozen=True)
class _OfItems:
    """Rows that go by the place of their item, as a table: `columns` makes what is not a number."""

    rows: Rows
    schema: pa.Schema
    columns: Callable[[Rows], dict[str, pa.Array]]

    def write(self, reading: Reading, path: Path, progress: Progress) -> None:
        """Write them, those of `CHUNK` items to a row group."""
        held, item, n_rows = reading.held, reading.order.result().item, 0
        with Writer(path, self.schema) as file:
            for part, group in zip(chunks_of(held.n_items), groups_of(self.rows, held.n_items), strict=True):
                made = {"url": held.urls_of(item[group.numbers["place"]]), **self.columns(group)}
                file.write(pa.table({column.name: _made(made, group, column) for column in self.schema}))
                n_rows += len(group)
                progress(part.stop, n_rows)


def _made(made: Mapping[str, pa.Array], group: Rows, column: pa.Field) -> pa.Array:
    return made[column.name] if column.name in made else pa.array(group.numbers[column.name], column.type)


def _few_write(reading: Reading, statement: str, schema: pa.Schema, path: Path, progress: Progress) -> None:
    rows = run(reading.state, statement, reading.values)
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    made = [pa.array(each, column.type) for each, column in zip(columns, schema, strict=True)]
    with Writer(path, schema) as file:
        file.write(pa.table(made, schema=schema))
    progress(0, len(rows))


def _sets(rows: Rows, name: str) -> pa.Array:
    return pa.array([list(labels) for labels in rows.values[name]], LIST)


def _coded_or_none(rows: Rows, name: str) -> pa.Array:
    values = rows.values[name]
    return coded(rows.codes[name], values, none=values.index("") if "" in values else None)


def _without_checks(ledger: Rows) -> Rows:
    personal = ledger.numbers.pop("personal")
    return ledger.taken(~personal) if personal.any() else ledger
