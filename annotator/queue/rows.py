"""Rows of hand-written statements as model instances."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)


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
