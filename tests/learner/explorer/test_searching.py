"""Each filter of the explorer finds what it says, and what counts and charts say is so."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from annotator.errors import BadInput, Unavailable
from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project
from annotator.review.models import Disagreement
from learner.explorer import columns as c
from learner.explorer.searching import in_time
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion
from learner.training.services import training_run_start
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)
from tests.learner.explorer.shelves import answer, found, refresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Two on chess (train), one on the weather (holdout, of a source), one on dice."""
    made = make_items(project, 2, topic="chess")
    made += make_items(project, 1, topic="weather", split=Split.HOLDOUT, source="crawl-7")
    return made + make_items(project, 1, topic="dice")


def ids(items: list[Item], *places: int) -> list[int]:
    return [items[place].pk for place in sorted(places, reverse=True)]


def test_words_are_of_address_title_and_text(project: Project, items: list[Item]) -> None:
    refresh(project)

    assert found(project, "text=chess") == ids(items, 0, 1)
    assert found(project, "text=Chess+page") == ids(items, 0, 1)
    assert found(project, "text=-chess") == ids(items, 2, 3)
    assert found(project, "text=page+-chess+-dice") == ids(items, 2)
    assert found(project, "text=wea*") == ids(items, 2)
    assert found(project, "text=wea") == []
    assert found(project, f"text={items[3].registrable_domain}") == ids(items, 3)
    with pytest.raises(BadInput, match="no letter"):
        found(project, "text=%22")


def test_what_people_said_and_what_is_held(project: Project, items: list[Item]) -> None:
    make_batch(project, items[:3])
    bo, cy = make_member(project, username="bo"), make_member(project, username="cy")
    make_judgment(items[0], bo, [GAMES])
    make_judgment(items[0], cy, [GAMBLING])
    make_judgment(items[1], bo, [GAMES])
    make_judgment(items[1], cy, [GAMES])
    make_resolution(items[1], [GAMES])
    make_resolution(items[2], [])
    Disagreement.objects.create(project=project, item=items[0], categories=[GAMES])
    refresh(project)

    assert found(project, "held=games") == ids(items, 1)
    assert found(project, "held=_none") == ids(items, 2)
    assert found(project, "held=_unresolved") == ids(items, 0, 3)
    assert found(project, "held=games&held=_none") == ids(items, 1, 2)
    assert found(project, "judged=gambling") == ids(items, 0)
    assert found(project, "methods=unanimous") == ids(items, 1, 2)
    assert found(project, "streams=explore") == ids(items, 0, 1, 2)
    assert found(project, "streams=none") == ids(items, 3)
    assert found(project, "disagreement=disputed") == ids(items, 0)
    assert found(project, "disagreement=differ") == ids(items, 0)
    assert found(project, "disagreement=agree") == ids(items, 1)
    assert found(project, "judgments_min=1") == ids(items, 0, 1)
    assert found(project, "judgments_max=0") == ids(items, 2, 3)
    assert found(project, f"judged_from={timezone.now().date()}") == ids(items, 0, 1)
    assert found(project, "resolved_until=2020-01-01") == []
    assert found(project, "text=chess&held=games&streams=explore&disagreement=agree&split=train") == ids(
        items, 1
    )
    rows = answer(project, "held=games").rows
    assert (rows[0].held, rows[0].judgments) == ((GAMES,), 2)


def test_where_items_come_from(project: Project, items: list[Item]) -> None:
    refresh(project)

    assert found(project, "split=holdout") == ids(items, 2)
    assert found(project, "sources=crawl-7") == ids(items, 2)
    assert found(project, "sources=") == ids(items, 0, 1, 3)
    assert found(project, f"site={items[3].url}") == ids(items, 3)
    assert found(project, "site=nowhere.example") == []
    assert found(project, "ingest=9") == []
    assert found(project, f"added_from={timezone.now().date()}") == ids(items, 0, 1, 2, 3)


def test_a_language_is_one_that_was_found(project: Project, items: list[Item]) -> None:
    text = "Das Spiel der Könige wird seit vielen Jahrhunderten auf einem Brett mit vierundsechzig Feldern gespielt. "
    Evidence.objects.filter(item=items[0]).update(text=3 * text)
    refresh(project)

    assert found(project, "languages=German") == ids(items, 0)


def test_the_newest_classifier_says_what_is_predicted(project: Project) -> None:
    items = make_items(project, 20, topic="chess") + make_items(project, 20, topic="weather")
    for number, item in enumerate(items):
        make_resolution(item, [GAMES] if number < 20 else [])
    refresh(project)
    assert found(project, "predicted=games") == []
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "a test asks").pk)
    assert ClassifierVersion.objects.count() == 1

    refresh(project)

    chess = [item.pk for item in reversed(items[:20])]
    assert found(project, "predicted=games") == chess
    likely = answer(project, "probability=games&p_min=0.5")
    assert {row.item.pk for row in likely.rows} == set(chess)
    assert all(row.probability is not None and row.probability >= 0.499 for row in likely.rows)
    assert answer(project, "probability=games&p_max=0.499").n == 20
    assert answer(project, "probability=gambling").n == 0  # not learned


def test_pages_follow_each_other_and_the_count_is_of_all(project: Project) -> None:
    items = make_items(project, 7)
    refresh(project)

    first = answer(project, size=3)
    second = answer(project, f"before={first.next_before}", size=3)
    third = answer(project, f"before={second.next_before}", size=3)

    pages = [row.item.pk for page in (first, second, third) for row in page.rows]
    assert pages == [item.pk for item in reversed(items)]
    assert {first.n, second.n, third.n} == {7}
    assert third.next_before is None


def test_charts_count_what_was_found(project: Project, items: list[Item]) -> None:
    make_resolution(items[0], [GAMES])
    make_resolution(items[1], [])
    refresh(project)

    facets = answer(project, facets=True).facets
    of_chess = answer(project, "text=chess&held=games", facets=True).facets

    assert facets is not None
    assert of_chess is not None
    assert [(row.value, row.n) for row in facets.categories] == [("games", 1), ("_none", 1)]
    assert (facets.n_resolved, facets.n_sites) == (2, 4)
    assert [(row.name, row.n) for row in facets.sources] == [("not given", 3), ("crawl-7", 1)]
    assert [(row.name, row.n) for row in facets.streams] == [("not served", 4)]
    assert sum(row.n for row in facets.days) == 4
    assert [(row.name, row.n) for row in of_chess.sites] == [(items[0].registrable_domain, 1)]


def test_chunks_join_when_there_are_several(project: Project, monkeypatch: Any) -> None:
    monkeypatch.setattr(c, "CHUNK_ITEMS", 16)
    monkeypatch.setattr("learner.explorer.storing.CHUNK_ITEMS", 16)
    items = make_items(project, 40)
    make_resolution(items[17], [GAMES])
    refresh(project)
    more = make_items(project, 5)
    make_resolution(items[39], [GAMES])
    refresh(project)

    assert found(project, "held=games") == [items[39].pk, items[17].pk]
    assert found(project) == [item.pk for item in reversed(items + more)]


def test_a_search_that_takes_too_long_is_stopped(project: Project) -> None:
    with pytest.raises(Unavailable, match="longer than 2 seconds"), in_time(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(10)")
