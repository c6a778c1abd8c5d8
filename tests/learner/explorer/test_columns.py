"""Columns as they are stored, and what they say."""

from datetime import date

import numpy as np
import pytest

from learner.explorer import columns as c


@pytest.mark.parametrize("name", [*c.NUMBERS, c.HOLDOUT, f"{c.HELD}games", f"{c.PROBABILITY}games"])
def test_a_column_comes_back_as_it_was(name: str) -> None:
    rng = np.random.default_rng(1)
    for most in (1, 120):
        column = rng.integers(0, most + 1, c.CHUNK_ITEMS).astype(c.dtype_of(name))

        assert np.array_equal(c.column_unpack(c.column_pack(column), name), column)
        assert c.column_unpack(c.column_pack(column), name).dtype == column.dtype


def test_nothing_is_not_stored() -> None:
    assert c.column_pack(c.column_empty(c.SITE)) == b""


def test_days_and_probabilities_come_back() -> None:
    assert c.day_of(c.day_number(date(2026, 11, 27))) == date(2026, 11, 27)
    assert c.day_number(None) == 0
    assert c.probability_of(0) is None
    assert [c.probability_of(level) for level in c.levels_of(np.array([0.0, 1.0]))] == [0.0, 1.0]
    assert c.probability_of(c.level_of(0.25)) == pytest.approx(0.25, abs=1e-5)
