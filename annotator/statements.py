"""Hand-written statements for the hot paths: planned once for each connection, their rows as model instances.

The ORM builds its SQL anew at each call, and PostgreSQL plans it anew: for a submit that was most of the work.
Only what a labelling seat asks at every turn is written like this.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model
from psycopg import RawCursor
from psycopg.types.numeric import Int8

M = TypeVar("M", bound=Model)
BIGINT = 2**63
_PLACEHOLDER = re.compile(r"%(?:%|\((\w+)\)s)")


def row_of(statement: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row of a statement that PostgreSQL keeps prepared on this connection (see `prepare_threshold`).

    Values are bound by the server, which takes each by its type: where one may be None, the statement has to cast it.
    """
    numbered, names = _numbered(statement)
    with connection.cursor() as cursor:
        cursor.cursor = RawCursor(connection.connection)
        cursor.execute(numbered, [_bound(parameters[name]) for name in names])
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row


@lru_cache(maxsize=256)
def _numbered(statement: str) -> tuple[str, tuple[str, ...]]:
    """The statement with $1, $2 for the names of its values, and these names: the driver would look at each call."""
    numbers: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        name = found[1]
        return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

    numbered = _PLACEHOLDER.sub(place, statement)
    return numbered, tuple(numbers)


def _bound(value: Any) -> Any:
    # Of one type whatever their size, or a statement would be prepared once for small numbers and once for large ones.
    # What no bigint holds is no id of ours either: it is compared as what it is, and not found.
    return Int8(value) if type(value) is int and -BIGINT <= value < BIGINT else value


def columns_of(model: type[Model], source: str) -> str:
    """Every column of `model`, read from `source`, in the order that `row_as` expects."""
    return ", ".join(f'{source}."{field.column}"' for field in model._meta.concrete_fields)


def row_as(model: type[M], row: Sequence[Any]) -> M:
    """An instance of a row of `columns_of(model, ...)`, as a query set would give it."""
    values = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(model._meta.concrete_fields, row, strict=True)
    ]
    return model.from_db(connection.alias, (), values)


def width_of(model: type[Model]) -> int:
    """How many columns `columns_of` names."""
    return len(model._meta.concrete_fields)
