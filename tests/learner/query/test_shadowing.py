"""Two ways to choose side by side: the same pool and chance, nothing opened; and what a batch is made of."""

from dataclasses import asdict, replace

import pytest

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Role
from annotator.queue.models import Batch, BatchItem
from annotator.runs import RunStatus
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.makeup import makeups_of
from learner.query.models import QueryRun, ShadowRun
from learner.query.selectors import steering_latest, steering_of
from learner.query.services import feature_run_start, query_run_start, shadow_run_start, steering_set
from learner.query.shadowing import shadow_run_execute
from learner.query.steering import Steering
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def scientist() -> Access:
    project = make_project("pilot", batch_size=10)
    make_items(project, 30, topic="games chess")
    make_items(project, 30, topic="weather")
    make_items(project, 10, topic="games chess", split=Split.HOLDOUT)
    feature_run_execute(feature_run_start(project).pk)
    return project_for(make_member(project, Role.SCIENTIST), "pilot", Can.STEER)


def compare(scientist: Access, **changed: object) -> ShadowRun:
    candidate = replace(steering_of(scientist.project), **changed)  # type: ignore[arg-type]
    run = shadow_run_start(scientist, candidate, None)
    shadow_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_the_same_settings_would_take_the_same_items(scientist: Access) -> None:
    run = compare(scientist)

    assert run.status == RunStatus.DONE
    assert run.result["shared"] == 10
    assert run.result["in_use"] == run.result["candidate"]
    assert run.result["only_in_use"] == run.result["only_candidate"] == []


def test_a_candidate_is_shown_by_what_it_would_take_and_opens_nothing(scientist: Access) -> None:
    run = compare(scientist, shares={"explore": 1.0}, batch_size=20)

    assert not Batch.objects.exists()
    assert Item.objects.filter(pooled=True).count() == 70
    assert (run.result["in_use"]["items"], run.result["candidate"]["items"]) == (10, 20)
    assert run.result["candidate"]["streams"] == {"explore": 20}
    assert 0 < len(run.result["only_candidate"]) <= 20 - run.result["shared"]
    assert {row["stream"] for row in run.result["only_candidate"]} == {"explore"}


def test_what_was_compared_is_what_a_query_then_opens(scientist: Access) -> None:
    run = compare(scientist, shares={"query": 0.5, "explore": 0.5}, batch_size=20)
    version = steering_set(scientist, Steering(**run.candidate), based_on=0)

    opened = query_run_start(scientist.project, "asked", None)
    QueryRun.objects.filter(pk=opened.pk).update(seed=run.seed)
    query_run_execute(opened.pk)

    opened.refresh_from_db()
    assert (opened.steering, opened.strategy) == (version, "cold_start")
    assert opened.batch is not None
    made = makeups_of([opened.batch])[opened.batch.pk]
    assert asdict(made) == run.result["candidate"]


def test_the_makeup_counts_sites_streams_and_what_is_expected(scientist: Access) -> None:
    project = scientist.project
    run = query_run_start(project, "asked", None)
    query_run_execute(run.pk)
    batch = Batch.objects.get()
    ledger = BatchItem.objects.filter(batch=batch)

    made = makeups_of([batch])[batch.pk]

    assert made.items == ledger.count() == 10
    assert sum(made.streams.values()) == sum(made.strategies.values()) == 10
    assert made.sites == ledger.values("item__registrable_domain").distinct().count()
    assert made.most_of_a_site >= 1
    assert made.distance is None  # no category is learned yet
    assert made.harmful == ledger.filter(severity__gte=2).count()


def test_no_batches_have_no_makeup() -> None:
    assert makeups_of([]) == {}


def test_a_second_comparison_waits_for_the_first(scientist: Access) -> None:
    in_use = steering_of(scientist.project)
    first = shadow_run_start(scientist, replace(in_use, batch_size=20), None)

    assert shadow_run_start(scientist, replace(in_use, batch_size=20), None) == first
    with pytest.raises(Conflict, match="Another comparison is under way"):
        shadow_run_start(scientist, replace(in_use, batch_size=30), None)


def test_a_candidate_that_cannot_be_is_refused(scientist: Access) -> None:
    with pytest.raises(BadInput, match="no query strategy"):
        compare(scientist, strategy="magic")

    assert not ShadowRun.objects.exists()
    assert steering_latest(scientist.project) is None
