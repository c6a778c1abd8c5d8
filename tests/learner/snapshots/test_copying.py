"""Rows that the database sends are the columns that we read, however they are cut into pieces."""

import psycopg
import pytest

from learner.snapshots import copying
from learner.snapshots.copying import ARRAY, BOOL, FLOAT8, INT4, INT8, TEXT, array_texts, columns_copied
from learner.snapshots.frozen import State, frozen_states

pytestmark = pytest.mark.django_db(transaction=True)

SHAPE = {"id": INT8, "n": INT4, "odd": BOOL, "share": FLOAT8, "text": TEXT, "labels": ARRAY}
STATEMENT = """
    SELECT g::bigint, -g, g % 2 = 1, g / 4.0::float8, repeat('ä', g % 3), CASE g % 3 WHEN 0 THEN '{}'::varchar[]
           WHEN 1 THEN ARRAY['games'] ELSE ARRAY['games', 'self-harm'] END
    FROM generate_series(1, %(rows)s) g
"""
LABELS = [(), ("games",), ("games", "self-harm")]


def read(state: State, rows: int) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for piece in columns_copied(state, STATEMENT.replace("% ", "%% "), {"rows": rows}, SHAPE):
        columns = [piece[name].tolist() for name in SHAPE if name not in {"text", "labels"}]
        labels = [array_texts(sent) for sent in piece["labels"].to_pylist()]
        found += zip(*columns, piece["text"].to_pylist(), labels, strict=True)
    return found


@pytest.mark.parametrize("bytes_at_once", [1, 200, 4 << 20])
@pytest.mark.parametrize("rows", [0, 1, 50])
def test_all_rows_come_in_their_order(rows: int, bytes_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "PIECE", bytes_at_once)

    with frozen_states() as (state, _):
        found = [read(state, rows) for _ in range(2)]  # the connection can be used again

    expected = [(g, -g, g % 2 == 1, g / 4, "ä" * (g % 3), LABELS[g % 3]) for g in range(1, rows + 1)]
    assert found == [expected, expected]


def test_what_the_database_says_against_a_statement_is_raised() -> None:
    with frozen_states() as (state, _), pytest.raises(psycopg.errors.DivisionByZero):
        list(columns_copied(state, "SELECT g / (g - 1000) FROM generate_series(1, 2000) g", {}, {"id": INT4}))
