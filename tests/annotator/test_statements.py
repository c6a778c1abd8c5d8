"""Statements of the hot paths: values by name, each as often as it is named, and a percent sign is one."""

import pytest
from django.db import DataError

from annotator.statements import BIGINT, row_of

pytestmark = pytest.mark.django_db


def test_values_are_bound_by_name_in_any_order_and_more_than_once() -> None:
    statement = "SELECT %(b)s::bigint - %(a)s::bigint, %(b)s::bigint, 'x' LIKE '%%', 7 %% 4"

    assert row_of(statement, {"a": 1, "b": 3, "unused": None}) == (2, 3, True, 3)
    assert row_of(statement, {"b": 1, "a": 3}) == (-2, 1, True, 3)


def test_a_value_is_never_part_of_the_statement() -> None:
    hostile = "'; DROP TABLE account; -- $1 %(b)s"

    assert row_of("SELECT %(a)s::text, %(b)s::text", {"a": hostile, "b": "%s"}) == (hostile, "%s")


def test_small_and_large_numbers_share_one_type_and_what_no_bigint_holds_does_not() -> None:
    statement = "SELECT pg_typeof(%(a)s)::text"

    assert row_of(statement, {"a": 1}) == row_of(statement, {"a": BIGINT - 1}) == ("bigint",)
    with pytest.raises(DataError):
        row_of("SELECT %(a)s::bigint", {"a": BIGINT})


def test_a_value_that_is_not_given_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        row_of("SELECT %(a)s::text, %(b)s::text", {"a": "x"})
