"""A look at one item: its places in the lanes are those that the next query would give it."""

import pytest

from annotator.errors import Conflict, Withheld
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import BatchItem
from annotator.runs import RunStatus
from learner.core.candidates import QUERY, RARE
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.looking import look_run_execute
from learner.query.models import LookRun
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.looks import look_of
from learner.training.services import batch_run_start, look_request, training_run_start
from tests.factories import GAMBLING, GAMES, make_items, make_member, make_project, make_resolution

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", batch_size=10)
    for topic, labels in (("games chess", [GAMES]), ("casino poker", [GAMBLING])):
        for item in make_items(project, 20, topic=topic):
            make_resolution(item, labels)
            Item.objects.filter(pk=item.pk).update(pooled=False)
    make_items(project, 60, topic="games chess")
    feature_run_execute(feature_run_start(project).pk)
    return project


@pytest.fixture
def scientist(project: Project) -> Access:
    return project_for(make_member(project, Role.SCIENTIST), "pilot", Can.INSPECT)


def train(project: Project) -> None:
    training_run_execute(training_run_start(project, "a test").pk)


def looked(scientist: Access, item: Item) -> LookRun:
    run = look_request(scientist, item)
    look_run_execute(run.pk)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE
    return run


def test_the_best_of_each_lane_is_the_one_that_the_next_query_takes(scientist: Access) -> None:
    train(scientist.project)
    waiting = list(Item.objects.filter(pooled=True))
    places = {item.pk: looked(scientist, item).result["lanes"] for item in waiting[:15]}

    query_run_execute(batch_run_start(scientist.project, "a test").pk)

    chosen = BatchItem.objects.filter(stream__in=[QUERY, RARE], item__in=places)
    assert chosen.exists()
    for row in chosen:
        lanes = [lane for lane in places[row.item_id] if row.reason.startswith(lane["reason"])]
        assert any(lane["recorded"] == pytest.approx(row.score, abs=1e-3) for lane in lanes)
        assert min(lane["better"] for lane in places[row.item_id]) < 10


def test_the_last_batch_says_from_where_on_it_took(scientist: Access) -> None:
    train(scientist.project)
    query_run_execute(batch_run_start(scientist.project, "a test").pk)
    item = Item.objects.filter(pooled=True).earliest("pk")

    run = looked(scientist, item)

    lowest = {lane["lowest"] for lane in run.result["lanes"]} - {None}
    assert lowest <= set(BatchItem.objects.values_list("score", flat=True))
    assert lowest
    assert run.classifier_number == 1
    assert {GAMES, GAMBLING} <= set(run.result["probabilities"])


def test_before_the_first_classifier_the_definitions_score(scientist: Access) -> None:
    run = looked(scientist, Item.objects.filter(pooled=True).earliest("pk"))

    assert run.classifier_number is None
    assert run.result["probabilities"] == {}
    assert look_of(scientist.project, run.item).facts[0].startswith("No classifier has scored it")


def test_scores_of_an_older_classifier_are_marked(scientist: Access) -> None:
    item = Item.objects.filter(pooled=True).earliest("pk")
    looked(scientist, item)

    train(scientist.project)

    assert look_of(scientist.project, item).is_old


def test_a_held_out_page_says_that_audits_alone_take_it(scientist: Access) -> None:
    (item,) = make_items(scientist.project, 1, split=Split.HOLDOUT)

    look = look_of(scientist.project, item)

    assert "Its features are not computed yet" in look.facts[0]
    assert "the audit stream alone may take it, at random (10 % of a batch)" in look.facts[1]
    assert not look.may_score


def test_a_resolved_page_says_what_is_held_of_it(scientist: Access) -> None:
    item = Item.objects.filter(pooled=False).earliest("pk")

    facts = look_of(scientist.project, item).facts

    assert facts[0].startswith("It is resolved already: ")
    assert facts[1:] == ("It has left the pool.",)


def test_nothing_but_its_seal_is_said_of_a_withheld_page(scientist: Access) -> None:
    item = Item.objects.filter(pooled=True).earliest("pk")
    looked(scientist, item)
    Item.objects.filter(pk=item.pk).update(withheld=True, pooled=False)
    item.refresh_from_db()

    look = look_of(scientist.project, item)

    assert look.facts == ("It is withheld: sealed in a case, and served to nobody.",)
    assert (look.run, look.lanes, look.likely) == (None, (), ())
    with pytest.raises(Withheld):
        look_request(scientist, item)


def test_a_look_is_refused_when_it_could_say_nothing(scientist: Access) -> None:
    (new,) = make_items(scientist.project, 1)
    with pytest.raises(Conflict, match="No features"):
        look_request(scientist, new)

    gone = Item.objects.filter(pooled=False).earliest("pk")
    with pytest.raises(Conflict, match="left the pool"):
        look_request(scientist, gone)


def test_one_page_is_looked_at_at_a_time(scientist: Access) -> None:
    first, second = Item.objects.filter(pooled=True)[:2]
    run = look_request(scientist, first)

    assert look_request(scientist, first) == run
    with pytest.raises(Conflict, match="Another page"):
        look_request(scientist, second)
