"""One state of a project, of now or of any earlier moment: the statements that read it, and the connection they share.

What is append-only is read as it was: a row counts when it was written by the moment, and is superseded when what
supersedes it was. Whatever a statement here reads, later rows must not change.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import psycopg
from django.db import connection

from annotator.projects.models import Project
from annotator.projects.selectors import Guideline, Taxonomy, carried, guideline_version, taxonomy_version
from learner.snapshots.content import ACTS, NEVER_SERVED, Content

Row = tuple[Any, ...]
State = psycopg.Connection[Row]

NAMED_ACTS: Final = ", ".join(f"'{kind}'" for kind in ACTS)
METHOD: Final = (
    f"CASE WHEN r.method = 'adjudicated' AND act.kind IN ({NAMED_ACTS}) THEN act.kind ELSE r.method END"
)
HELD: Final = "array_to_string(r.labels, '|') || '@' || r.taxonomy_id"

# Of a page that was sealed at the moment and released since, the case still knows.
SEALED: Final = """(i.withheld OR i.id IN (
    SELECT s.item_id FROM "case" s WHERE s.opened_at <= %(as_of)s AND s.closed_at > %(as_of)s))"""
# A key that may be null is joined where it is not: the database then reads the few that are.
LATER: Final = """resolution later
    ON later.supersedes_id = r.id AND later.supersedes_id IS NOT NULL AND later.created_at <= %(as_of)s"""
RESOLVED: Final = f"""
    resolution r JOIN item i ON i.id = r.item_id
    LEFT JOIN {LATER}
    WHERE r.project_id = %(project)s AND r.created_at <= %(as_of)s AND later.id IS NULL
"""
CURRENT: Final = f"""
    SELECT i.id, i.url, i.registrable_domain, i.split, i.source, {HELD} AS held, {METHOD} AS method,
           cardinality(r.judgments) AS n_judgments, coalesce(served.stream, '') AS stream,
           served.inclusion_probability, served.number AS batch, r.created_at AS resolved_at
    FROM resolution r JOIN item i ON i.id = r.item_id
    LEFT JOIN {LATER}
    LEFT JOIN adjudication act ON act.id = r.entry_id
    LEFT JOIN (
        SELECT DISTINCT ON (l.item_id) l.item_id, l.stream, l.inclusion_probability, b.number
        FROM batch_item l JOIN batch b ON b.id = l.batch_id
        WHERE b.project_id = %(project)s AND b.opened_at <= %(as_of)s ORDER BY l.item_id, l.id
    ) served ON served.item_id = i.id
    WHERE r.project_id = %(project)s AND r.created_at <= %(as_of)s AND later.id IS NULL AND r.verdict = 'labelled'
      AND NOT {SEALED}
      AND (%(methods)s::text[] IS NULL OR {METHOD} = ANY(%(methods)s::text[]))
      AND (%(min_judgments)s = 0 OR cardinality(r.judgments) >= %(min_judgments)s)
      AND (%(held)s::text[] IS NULL OR {HELD} = ANY(%(held)s::text[]))
      AND (%(streams)s::text[] IS NULL OR coalesce(served.stream, '{NEVER_SERVED}') = ANY(%(streams)s::text[]))
      AND (%(sources)s::text[] IS NULL OR i.source = ANY(%(sources)s::text[]))
      AND r.created_at >= %(resolved_from)s AND r.created_at < %(resolved_until)s
"""  # noqa: S608 - composed of constants
LEFT_OUT: Final = f"""
    SELECT (SELECT count(*) FROM {RESOLVED} AND r.verdict NOT IN ('labelled', 'withdrawn') AND NOT {SEALED}),
           (SELECT count(*) FROM {RESOLVED} AND r.verdict = 'labelled' AND {SEALED})
"""  # noqa: S608 - composed of constants
LAST: Final = """
    SELECT greatest(
        (SELECT max(created_at) FROM resolution WHERE project_id = %(project)s AND created_at <= %(as_of)s),
        (SELECT max(created_at) FROM judgment WHERE project_id = %(project)s AND created_at <= %(as_of)s))
"""
HOW_MANY: Final = f"SELECT count(*) FROM ({CURRENT}) c"  # noqa: S608 - composed of constants
HELD_SETS: Final = f"SELECT DISTINCT {HELD} FROM {RESOLVED} AND r.verdict = 'labelled'"  # noqa: S608 - constants
# What was still being written at the moment, and erased since, shows in one of these.
COUNTS: Final = """
    SELECT count(*) FROM judgment WHERE project_id = %(project)s AND created_at <= %(as_of)s
    UNION ALL SELECT count(*) FROM resolution WHERE project_id = %(project)s AND created_at <= %(as_of)s
    UNION ALL SELECT count(*) FROM batch WHERE project_id = %(project)s AND opened_at <= %(as_of)s
    UNION ALL SELECT count(*) FROM question WHERE project_id = %(project)s AND asked_at <= %(as_of)s
    UNION ALL SELECT count(*) FROM snapshot WHERE project_id = %(project)s AND created_at <= %(as_of)s
    UNION ALL SELECT count(*) FROM item WHERE project_id = %(project)s AND erased_at IS NOT NULL
"""
NEWEST: Final = """
    SELECT greatest(
        (SELECT max(created_at) FROM judgment WHERE project_id = %(project)s),
        (SELECT max(created_at) FROM resolution WHERE project_id = %(project)s),
        (SELECT max(created_at) FROM taxonomy_version WHERE project_id = %(project)s),
        (SELECT max(created_at) FROM guideline_version WHERE project_id = %(project)s))
"""
VERSIONS: Final = """
    SELECT (SELECT id FROM taxonomy_version WHERE project_id = %(project)s AND created_at <= %(as_of)s
            ORDER BY number DESC LIMIT 1),
           (SELECT id FROM guideline_version WHERE project_id = %(project)s AND created_at <= %(as_of)s
            ORDER BY number DESC LIMIT 1)
"""
LAST_ID: Final = 2**63 - 1
WORK_MEMORY: Final = "128MB"
SECOND: Final = "%Y-%m-%d %H:%M:%S UTC"


@dataclass(frozen=True)
class Totals:
    """How much there is to freeze, and the time of the last thing that happened to it.

    `n_left_out` are resolved as something else than labelled; `n_withheld` were resolved and are sealed in a case.
    """

    n_items: int
    n_left_out: int
    n_withheld: int
    last: datetime | None

    @property
    def state_as_of(self) -> str:
        """The time of the newest judgment or resolution, to the second."""
        return self.last.strftime(SECOND) if self.last else "the beginning"


@dataclass(frozen=True)
class Versions:
    """The taxonomy and the guideline that held at the moment."""

    taxonomy: Taxonomy
    guideline: Guideline


@contextmanager
def frozen_states() -> Iterator[tuple[State, State]]:
    """Two more connections that see the database as of the same moment, whatever is written meanwhile.

    The default connection stays free to write progress.
    """
    with _connected() as first, _connected() as second:
        name = run(first, "SELECT pg_export_snapshot()", {})[0][0]
        second.execute(f"SET TRANSACTION SNAPSHOT '{name}'")
        for state in (first, second):
            state.execute("SET LOCAL TimeZone = 'UTC'")
            state.execute(f"SET LOCAL work_mem = '{WORK_MEMORY}'")
            state.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        yield first, second


@contextmanager
def _connected() -> Iterator[State]:
    other = connection.copy()
    try:
        other.ensure_connection()
        raw = other.connection
        raw.autocommit = False
        raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield raw
    finally:
        other.close()


def versions_then(state: State, project: Project, as_of: datetime | None) -> Versions | None:
    """The versions that held; None before there was one of each."""
    row = _row(state, VERSIONS, {"project": project.pk, "as_of": as_of or "infinity"})
    taxonomy, guideline = row
    if taxonomy is None or guideline is None:
        return None
    return Versions(taxonomy_version(taxonomy), guideline_version(guideline))


def parameters_of(
    state: State, project: Project, content: Content, as_of: datetime | None, taxonomy: Taxonomy
) -> dict[str, Any]:
    """The values of every statement here for one choice. One query when categories are chosen, else none."""
    values: dict[str, Any] = {
        "project": project.pk,
        "as_of": as_of or "infinity",
        "methods": list(content.methods) or None,
        "min_judgments": content.min_judgments,
        "streams": list(content.streams) or None,
        "sources": list(content.sources) or None,
        "resolved_from": _start(content.resolved_from) or "-infinity",
        "resolved_until": _start(content.resolved_until, days=1) or "infinity",
        "held": None,
        "after": 0,
        "until": LAST_ID,
    }
    if content.categories:
        found = [held for (held,) in run(state, HELD_SETS, values)]
        wanted = set(content.categories)
        values["held"] = [held for held in found if held_labels(held, taxonomy) & wanted]
    return values


def held_labels(held: str, taxonomy: Taxonomy) -> frozenset[str]:
    """The labels of one spelled label set (`HELD`), in the words of `taxonomy`."""
    labels, _, version = held.rpartition("@")
    return carried(tuple(filter(None, labels.split("|"))), (), int(version), taxonomy.version.pk).labels


def totals_read(state: State, values: Mapping[str, Any]) -> Totals:
    """How much there is to freeze. Three statements."""
    n_left_out, n_withheld = _row(state, LEFT_OUT, values)
    return Totals(_row(state, HOW_MANY, values)[0], n_left_out, n_withheld, _row(state, LAST, values)[0])


def run(state: State, statement: str, values: Mapping[str, Any]) -> list[Row]:
    """All rows of a statement. Bound by the client, as COPY has to be: both see the same statement."""
    with psycopg.ClientCursor(state) as cursor:
        return cursor.execute(statement, values).fetchall()


def _row(state: State, statement: str, values: Mapping[str, Any]) -> Row:
    return run(state, statement, values)[0]


def _start(day: date | None, days: int = 0) -> datetime | None:
    return datetime.combine(day, time.min, UTC) + timedelta(days=days) if day else None
