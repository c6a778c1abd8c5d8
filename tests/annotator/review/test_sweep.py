"""What the sweep makes of judgments: resolutions, further places and disagreements, as rows."""

from functools import partial

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import ReviewDue, Verdict
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.selectors import disagreements_open, resolutions_current
from annotator.review.services import Swept, review_sweep, reviews_sweep
from tests.annotator.review.resolving import held, judge_apart
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_batch, make_items, make_judgment, make_project

pytestmark = pytest.mark.django_db


def test_item_is_resolved_when_its_judgments_are_the_same(
    project: Project, item: Item, people: list[User]
) -> None:
    judgments = [make_judgment(item, person, [GAMES]) for person in people[:2]]

    swept = review_sweep(project)

    assert swept == Swept(resolved=1)
    resolution = held(item)
    assert (resolution.labels, resolution.method) == ([GAMES], Method.UNANIMOUS)
    assert resolution.judgments == [judgment.pk for judgment in judgments]
    assert not ReviewDue.objects.exists()


def test_one_judgment_resolves_when_the_project_asks_for_one(project: Project, people: list[User]) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=1, overlap_max=1)
    project.refresh_from_db()
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    make_judgment(item, people[0])

    review_sweep(project)

    assert (held(item).method, held(item).labels) == (Method.SINGLE, [])


def test_third_place_opens_when_two_disagree(project: Project, item: Item, people: list[User]) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMBLING])

    swept = review_sweep(project)

    assert swept == Swept(places_added=1)
    third = Assignment.objects.get(item=item, place=3)
    assert third.state == AssignmentState.FREE
    assert not Disagreement.objects.exists()
    assert not Resolution.objects.exists()


def test_majority_resolves_when_the_third_agrees_with_one(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMBLING])
    review_sweep(project)
    make_judgment(item, people[2], [GAMES])

    review_sweep(project)

    assert (held(item).method, held(item).labels) == (Method.MAJORITY, [GAMES])


def test_severe_category_goes_to_the_lead_when_one_of_three_names_it(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [VIOLENCE])
    make_judgment(item, people[1])
    review_sweep(project)
    make_judgment(item, people[2])

    swept = review_sweep(project)

    assert swept == Swept(disagreements=1)
    assert Disagreement.objects.get(item=item).categories == [VIOLENCE]
    assert not Resolution.objects.exists()


def test_disagreement_opens_once_when_the_item_is_swept_again(
    project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    ReviewDue.objects.create(project=project, item=item)

    swept = review_sweep(project)

    assert swept == Swept()
    disagreement = disagreements_open(project).get()
    assert disagreement.categories == [GAMBLING, GAMES]
    assert disagreement.pattern == f"either:{GAMBLING}.{GAMES}"
    assert vars(disagreement)["n_judgments"] == 3


def test_pattern_is_kept_current_when_an_answer_changes(
    project: Project, item: Item, people: list[User]
) -> None:
    last = judge_apart(item, people)[2]
    make_judgment(item, people[2], [VIOLENCE], supersedes=last)

    review_sweep(project)

    assert disagreements_open(project).get().pattern == f"several:{GAMBLING}.{GAMES}.{VIOLENCE}"


def test_disagreement_opens_when_no_further_place_may_be_added(project: Project, people: list[User]) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=2, overlap_max=2)
    project.refresh_from_db()
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1])

    assert review_sweep(project) == Swept(disagreements=1)


def test_disagreement_is_settled_when_a_later_judgment_makes_a_majority(
    project: Project, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)
    make_judgment(item, people[2], [GAMES], supersedes=judgments[2])

    swept = review_sweep(project)

    assert swept == Swept(resolved=1, settled=1)
    assert Disagreement.objects.get(item=item).closed_at is not None
    assert held(item).labels == [GAMES]


def test_disagreement_is_put_away_when_a_judgment_is_undone(
    project: Project, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)
    make_judgment(item, people[2], supersedes=judgments[2], verdict=Verdict.WITHDRAWN)

    assert review_sweep(project) == Swept(settled=1)
    assert not Resolution.objects.exists()


def test_item_is_left_alone_when_a_place_is_still_open(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])

    assert review_sweep(project) == Swept()
    assert not ReviewDue.objects.exists()


def test_item_gets_a_place_when_the_overlap_was_raised_meanwhile(
    project: Project, item: Item, people: list[User]
) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=3)
    project.refresh_from_db()
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])

    assert review_sweep(project) == Swept(places_added=1)
    assert not Resolution.objects.exists()


def test_nothing_is_held_when_a_judgment_is_undone(project: Project, item: Item, people: list[User]) -> None:
    first = make_judgment(item, people[0], [GAMES])
    second = make_judgment(item, people[1], [GAMES])
    review_sweep(project)
    resolution = held(item)
    make_judgment(item, people[1], supersedes=second, verdict=Verdict.WITHDRAWN)

    swept = review_sweep(project)

    assert swept == Swept(reopened=1)
    ended = held(item)
    assert (ended.method, ended.verdict, ended.labels) == (Method.REOPENED, Verdict.WITHDRAWN, [])
    assert (ended.supersedes, ended.judgments) == (resolution, [first.pk])
    assert not resolutions_current(project).exists()


def test_item_is_resolved_anew_when_the_undone_judgment_comes_again(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    second = make_judgment(item, people[1], [GAMES])
    review_sweep(project)
    undone = make_judgment(item, people[1], supersedes=second, verdict=Verdict.WITHDRAWN)
    review_sweep(project)
    make_judgment(item, people[1], [GAMES], supersedes=undone)

    review_sweep(project)

    assert resolutions_current(project).get().labels == [GAMES]
    assert Resolution.objects.filter(item=item).count() == 3


def test_late_judgment_supersedes_when_it_changes_the_majority(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMES])
    review_sweep(project)
    late = make_judgment(item, people[2])

    review_sweep(project)

    assert late.late
    assert (held(item).method, held(item).labels) == (Method.MAJORITY, [GAMES])
    assert late.pk in held(item).judgments


def test_sweep_leaves_the_rest_when_more_is_due_than_its_limit(project: Project, people: list[User]) -> None:
    items = make_items(project, 3)
    make_batch(project, items)
    for item in items:
        make_judgment(item, people[0])
        make_judgment(item, people[1])

    assert review_sweep(project, limit=4).resolved == 2
    assert review_sweep(project, limit=4).resolved == 1
    assert review_sweep(project, limit=4) == Swept()


def test_sweep_reads_only_its_own_project(project: Project, item: Item, people: list[User]) -> None:
    make_judgment(item, people[0])
    make_judgment(item, people[1])

    assert review_sweep(make_project()) == Swept()
    assert ReviewDue.objects.count() == 2


def test_queries_stay_few_when_many_items_are_due(
    project: Project, people: list[User], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    items = make_items(project, 40)
    make_batch(project, items)
    for number, item in enumerate(items):
        make_judgment(item, people[0], [GAMES])
        make_judgment(item, people[1], [GAMES] if number % 2 else [])

    with django_assert_max_num_queries(17):  # of which two are the savepoint
        swept = review_sweep(project)

    assert swept == Swept(resolved=20, places_added=20)


def test_sweeps_follow_each_other_while_there_is_more_and_time(
    project: Project, people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    items = make_items(project, 5)
    make_batch(project, items)
    for item in items:
        make_judgment(item, people[0], [GAMES])
        make_judgment(item, people[1], [GAMES])
    monkeypatch.setattr("annotator.review.services.review_sweep", partial(review_sweep, limit=4))

    assert reviews_sweep(project, seconds=0) == 1
    assert Resolution.objects.count() == 2
    assert reviews_sweep(project) == 2
    assert Resolution.objects.count() == 5
    assert not ReviewDue.objects.exists()


def test_sweeps_end_when_what_is_left_has_to_wait(project: Project, people: list[User]) -> None:
    """Two rows of the outbox, of an item that is withheld: they stay, and nobody turns on the spot."""
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    make_judgment(item, people[0], [GAMES])
    Item.objects.filter(pk=item.pk).update(withheld=True)

    assert reviews_sweep(project) == 1
    assert ReviewDue.objects.count() == 1
