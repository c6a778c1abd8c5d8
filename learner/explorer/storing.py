"""Reading and writing the stored columns of a project."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from django.db import connection

from learner.core.arrays import Array
from learner.explorer.columns import CHUNK_ITEMS, column_empty, column_pack, column_unpack
from learner.explorer.models import ExplorerColumn, ExplorerTerm

COLUMNS = "SELECT name, chunk, content FROM explorer_column WHERE project_id = %s AND name = ANY(%s)"
OF_CHUNKS = COLUMNS + " AND chunk = ANY(%s)"
NAMES = "SELECT DISTINCT name FROM explorer_column WHERE project_id = %s AND chunk = %s"


def columns_read(project_id: int, names: Collection[str], n_chunks: int) -> dict[str, Array]:
    """Whole columns by name, (n_chunks * CHUNK_ITEMS,) each. One query."""
    found = {name: column_empty(name, n_chunks) for name in names}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, [project_id, list(names)])
        for name, chunk, content in cursor:
            if chunk < n_chunks:
                values = column_unpack(bytes(content), name)
                found[name][chunk * CHUNK_ITEMS : (chunk + 1) * CHUNK_ITEMS] = values
    return found


def values_read(project_id: int, names: Collection[str], places: Array) -> dict[str, Array]:
    """The values of a few places, in their order. One query."""
    chunks, offsets = places // CHUNK_ITEMS, places % CHUNK_ITEMS
    found = {name: np.zeros(len(places), dtype=column_empty(name, 0).dtype) for name in names}
    with connection.cursor() as cursor:
        cursor.execute(OF_CHUNKS, [project_id, list(names), np.unique(chunks).tolist()])
        for name, chunk, content in cursor:
            here = chunks == chunk
            found[name][here] = column_unpack(bytes(content), name)[offsets[here]]
    return found


def chunk_patch(project_id: int, chunk: int, offsets: Array, values: Mapping[str, Array]) -> None:
    """Write these values at these offsets of a chunk. Two or three queries; what stays the same is not written."""
    kept = columns_of_chunk(project_id, chunk, values)
    changed: dict[str, Array] = {}
    for name, part in values.items():
        column = kept.get(name)
        column = column_empty(name) if column is None else column.copy()
        if not np.array_equal(column[offsets], part):
            column[offsets] = part
            changed[name] = column
    columns_write(project_id, chunk, changed)


def columns_of_chunk(project_id: int, chunk: int, names: Iterable[str]) -> dict[str, Array]:
    """The columns of one chunk that are stored. One query."""
    with connection.cursor() as cursor:
        cursor.execute(OF_CHUNKS, [project_id, list(names), [chunk]])
        return {name: column_unpack(bytes(content), name) for name, _, content in cursor}


def columns_write(project_id: int, chunk: int, columns: Mapping[str, Array]) -> None:
    """Store whole columns of a chunk; those with nothing in them are removed. At most two queries."""
    packed = {name: column_pack(column) for name, column in columns.items()}
    rows = [
        ExplorerColumn(project_id=project_id, name=name, chunk=chunk, content=content)
        for name, content in packed.items()
        if content
    ]
    empty = [name for name, content in packed.items() if not content]
    if rows:
        ExplorerColumn.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["project", "name", "chunk"],
            update_fields=["content"],
        )
    if empty:
        ExplorerColumn.objects.filter(project=project_id, chunk=chunk, name__in=empty).delete()


def terms_numbered(project_id: int, kind: str, names: Iterable[str]) -> dict[str, int]:
    """The number of each of these names, from 1; new ones are given the next. Two or three queries.

    One worker at a time writes those of a project.
    """
    wanted = sorted(set(names))
    terms = ExplorerTerm.objects.filter(project=project_id, kind=kind)
    known = dict(terms.filter(name__in=wanted).values_list("name", "number"))
    fresh = [name for name in wanted if name not in known]
    if fresh:
        first = terms.count() + 1
        known |= {name: first + at for at, name in enumerate(fresh)}
        ExplorerTerm.objects.bulk_create(
            [ExplorerTerm(project_id=project_id, kind=kind, name=name, number=known[name]) for name in fresh],
            batch_size=5_000,
        )
    return known


def terms_of(project_id: int, kind: str) -> dict[int, str]:
    """Number -> name of all terms of a kind. One query."""
    terms = ExplorerTerm.objects.filter(project=project_id, kind=kind)
    return dict(terms.values_list("number", "name"))


def term_number(project_id: int, kind: str, name: str) -> int:
    """The number of one name; 0, which nothing has, when there is none. One query."""
    term = ExplorerTerm.objects.filter(project=project_id, kind=kind, name=name).first()
    return 0 if term is None else term.number
