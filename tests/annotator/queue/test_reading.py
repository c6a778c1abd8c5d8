"""The least time in which a page can be judged, in Python and in SQL."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from annotator.pool.models import Evidence
from annotator.queue.models import Assignment
from annotator.queue.reading import FIRST, MOST, READING_SQL, reading_seconds
from tests.factories import make_batch, make_items, make_project


@given(st.integers(0, 10**7), st.integers(0, 10**7))
def test_a_longer_page_never_takes_less_time(one: int, other: int) -> None:
    shorter, longer = sorted((one, other))

    assert FIRST <= reading_seconds(shorter) <= reading_seconds(longer) <= MOST


def test_a_negative_length_is_refused() -> None:
    with pytest.raises(ValueError, match="not -1"):
        reading_seconds(-1)


@pytest.mark.django_db
@pytest.mark.parametrize("n", [0, 1, 69, 70, 140, 279, 280, 281, 100_000])
def test_the_database_says_the_same(n: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {READING_SQL.format(n_chars='%s::int')}", [n])

        assert float(cursor.fetchone()[0]) == pytest.approx(reading_seconds(n))


@pytest.mark.django_db
def test_each_place_knows_how_long_its_newest_evidence_takes_when_a_batch_opens() -> None:
    project = make_project(overlap=2)
    first, second = make_items(project, 2)
    newest = Evidence.objects.get(item=first)
    Evidence.objects.create(item=first, version=2, text="x" * 140, content_hash=newest.content_hash)
    Evidence.objects.filter(item=second).delete()

    make_batch(project, [first, second])

    seconds = Assignment.objects.order_by("item", "place").values_list("reading_seconds", flat=True)
    assert list(seconds) == [3.0, 3.0, 1.0, 1.0]
