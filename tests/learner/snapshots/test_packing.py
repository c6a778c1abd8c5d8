"""Columns that the database packs into values are those of the rows, however many are asked for at once."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from annotator.pool.cleaning import TEXT_CHARS_MAX
from learner.snapshots.copying import BOOL, INT4, INT8, TEXT
from learner.snapshots.frozen import State, frozen_states
from learner.snapshots.packing import Packed, columns_of
from learner.snapshots.statements import TEXTS

pytestmark = pytest.mark.django_db(transaction=True)

# Every third number is missing, and the texts are of several sizes, some of them empty.
NUMBERS = Packed(
    columns={
        "id": ("g", INT8),
        "odd": ("g %% 2 = 1", BOOL),
        "n": ("-g::int", INT4),
        "text": ("repeat('ä', g::int %% 4)", TEXT),
        "pair": ("ARRAY[g, -g]", np.dtype((INT8, 2))),
    },
    source="""generate_series(1::bigint, 200) g
        WHERE g BETWEEN %(first)s AND %(last)s AND g %% 3 > 0
          AND (%(ids)s::bigint[] IS NULL OR g = ANY(%(ids)s::bigint[]))""",
    at_once=50,
)


@pytest.fixture
def state() -> Iterator[State]:
    with frozen_states() as (first, _):
        yield first


def read(state: State, packed: Packed, ids: list[int]) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for piece in columns_of(state, packed, {}, np.array(ids)):
        numbers = [piece[name].tolist() for name in ("id", "odd", "n")]
        found += zip(*numbers, piece["text"].to_pylist(), map(tuple, piece["pair"].tolist()), strict=True)
    return found


def row(number: int) -> tuple[object, ...]:
    return number, number % 2 == 1, -number, "ä" * (number % 4), (number, -number)


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_rows_of_a_range_come_in_their_order(state: State, at_once: int) -> None:
    found = read(state, replace(NUMBERS, at_once=at_once), list(range(1, 101)))

    assert found == [row(number) for number in range(1, 101) if number % 3]


def test_ids_far_from_each_other_are_asked_for_one_by_one(state: State) -> None:
    assert read(state, NUMBERS, [1, 100, 200]) == [row(1), row(100), row(200)]


def test_where_no_row_is_there_is_no_piece(state: State) -> None:
    assert read(state, NUMBERS, [3]) == []
    assert read(state, NUMBERS, []) == []


def test_as_many_texts_as_are_asked_for_at_once_fit_into_a_value() -> None:
    bytes_of_a_character, value_bytes_max = 4, 2**30 - 1
    assert TEXTS.at_once * TEXT_CHARS_MAX * bytes_of_a_character < value_bytes_max
