"""Resolutions, further places and disagreements as rows: by the sweep, and by a lead."""

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.models import Flag, Judgment, ReviewDue, Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.mapping import Kind
from annotator.projects.models import Project, Role
from annotator.projects.operations import Operation
from annotator.queue.models import Assignment, AssignmentState
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.selectors import disagreements_open, item_review, resolutions_current
from annotator.review.services import (
    Adjudication,
    BasedOn,
    Swept,
    flag_close,
    resolution_adjudicate,
    review_sweep,
)
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


def held(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


def seen(item: Item) -> BasedOn:
    review = item_review(item.project, item.pk)
    newest = review.newest.pk if review.newest else None
    return BasedOn(frozenset(judgment.pk for judgment in review.judgments), newest)


def judge_apart(item: Item, people: list[User]) -> list[Judgment]:
    """Three judgments of which no two are the same, swept: an open disagreement."""
    answers: list[list[str]] = [[GAMES], [GAMBLING], []]
    judgments = []
    for person, labels in zip(people, answers, strict=False):
        judgments.append(make_judgment(item, person, labels))
        review_sweep(item.project)
    return judgments


GAMES_IT_IS = Adjudication(frozenset({GAMES}), Verdict.LABELLED, "A game without stakes.", "1.1")


# The sweep -------------------------------------------------------------------------------------------------------


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


def test_the_newest_taxonomy_counts_when_all_judgments_say_something_on_all_of_it(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES, VIOLENCE])
    publish_operations(project, merge_into("harm", GAMBLING, VIOLENCE))
    second = make_judgment(item, people[1], [GAMES, "harm"])

    review_sweep(project)

    assert (held(item).taxonomy, held(item).labels) == (second.taxonomy, [GAMES, "harm"])


def test_the_oldest_taxonomy_counts_when_somebody_was_not_asked_about_a_later_category(
    project: Project, item: Item, people: list[User]
) -> None:
    first = make_judgment(item, people[0], [GAMES])
    publish_operations(
        project, split_into(GAMES, "board", "video"), Operation(Kind.ADD, (), (category_draft("chat"),))
    )
    make_judgment(item, people[1], ["video"])

    review_sweep(project)

    assert (held(item).taxonomy, held(item).labels) == (first.taxonomy, [GAMES])
    assert held(item).method == Method.UNANIMOUS


def test_what_only_one_of_two_was_asked_about_waits_for_a_third(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES])
    publish_operations(project, Operation(Kind.ADD, (), (category_draft("chat"),)))
    make_judgment(item, people[1], [GAMES, "chat"])

    first = review_sweep(project)
    make_judgment(item, people[2], [GAMES, "chat"])
    review_sweep(project)

    assert (first.resolved, first.places_added) == (0, 1)
    assert (held(item).method, held(item).labels) == (Method.MAJORITY, ["chat", GAMES])


def test_nobody_overrules_who_named_a_gravest_category_that_has_another_name_now(
    project: Project, item: Item, people: list[User]
) -> None:
    for person, labels in zip(people, ([VIOLENCE], [], []), strict=False):
        make_judgment(item, person, labels)
        review_sweep(project)
    assert not resolutions_current(project).exists()
    renamed = category_draft("gore", severity=3)
    publish_operations(project, Operation(Kind.RENAME, (VIOLENCE,), (renamed,)))
    ReviewDue.objects.create(project=project, item=item)

    review_sweep(project)

    assert not resolutions_current(project).exists()


def test_a_lead_is_not_questioned_by_a_part_of_what_they_decided(
    project: Project, item: Item, people: list[User]
) -> None:
    seen = make_judgment(item, people[0], [VIOLENCE])
    make_resolution(
        item, [VIOLENCE], method=Method.ADJUDICATED, resolved_by=project.created_by, judgments=[seen.pk]
    )
    parts = tuple(category_draft(slug, severity=3) for slug in ("gore", "fights"))
    publish_operations(project, Operation(Kind.SPLIT, (VIOLENCE,), parts))
    make_judgment(item, people[1], ["gore"])

    review_sweep(project)

    assert not Disagreement.objects.filter(item=item).exists()


def test_a_lead_is_questioned_by_a_gravest_category_that_came_later(
    project: Project, item: Item, people: list[User]
) -> None:
    seen = make_judgment(item, people[0], [])
    make_resolution(item, [], method=Method.ADJUDICATED, resolved_by=project.created_by, judgments=[seen.pk])
    publish_operations(project, Operation(Kind.ADD, (), (category_draft("poison", severity=3),)))
    make_judgment(item, people[1], ["poison"])

    review_sweep(project)

    assert Disagreement.objects.get(item=item).categories == ["poison"]


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


# A lead ----------------------------------------------------------------------------------------------------------


def test_lead_resolves_when_people_stay_apart(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)

    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))

    assert held(item) == resolution
    assert (resolution.labels, resolution.method) == ([GAMES], Method.ADJUDICATED)
    assert (resolution.resolved_by, resolution.clause.number) == (lead.user, "1.1")  # type: ignore[union-attr]
    assert resolution.judgments == [judgment.pk for judgment in judgments]
    assert not disagreements_open(project).exists()


def test_lead_corrects_when_the_rule_resolved(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0])
    make_judgment(item, people[1])
    review_sweep(project)
    by_rule = held(item)

    resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))

    assert held(item).supersedes == by_rule
    assert resolutions_current(project).get().labels == [GAMES]


def test_sweep_keeps_the_leads_decision_when_it_reads_the_item_again(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    ReviewDue.objects.create(project=project, item=item)

    assert review_sweep(project) == Swept()
    assert held(item) == resolution


def test_lead_is_asked_again_when_a_later_judgment_names_the_gravest_category(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    resolution = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    make_judgment(item, people[3], [VIOLENCE])

    swept = review_sweep(project)

    assert swept == Swept(disagreements=1)
    asked = disagreements_open(project).get()
    assert (asked.categories, asked.pattern) == ([VIOLENCE], f"lead:{VIOLENCE}")
    assert held(item) == resolution


def test_adjudication_is_refused_when_a_judgment_came_in_meanwhile(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    before = seen(item)
    late = make_judgment(item, people[3], [VIOLENCE])

    with pytest.raises(Conflict, match=f"{people[3].username} judged it") as refusal:
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    assert late.pk in refusal.value.details["judgments"]  # type: ignore[operator]
    assert disagreements_open(project).exists()
    assert not Resolution.objects.exists()


def test_adjudication_is_refused_when_another_lead_was_faster(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    before = seen(item)
    other = project_for(make_member(project, Role.LEAD, "second-lead"), project.slug, Can.RESOLVE)
    first = resolution_adjudicate(other, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    with pytest.raises(Conflict, match="second-lead wrote: decided by a lead"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)

    assert held(item) == first


def test_adjudication_is_refused_when_a_judgment_was_undone_meanwhile(
    lead: Access, item: Item, people: list[User]
) -> None:
    judgments = judge_apart(item, people)
    before = seen(item)
    make_judgment(item, people[2], supersedes=judgments[2], verdict=Verdict.WITHDRAWN)

    with pytest.raises(Conflict, match="1 judgment was changed or withdrawn"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=before)


@pytest.mark.parametrize(
    ("adjudication", "message"),
    [
        (Adjudication(frozenset({GAMES}), Verdict.LABELLED, "  "), "Say why"),
        (Adjudication(frozenset({GAMES}), Verdict.LABELLED, "x" * 1001), "1001 characters"),
        (Adjudication(frozenset({"cats"}), Verdict.LABELLED, "why"), 'no category "cats"'),
        (Adjudication(frozenset({GAMES}), Verdict.UNREACHABLE, "why"), "goes without labels"),
        (Adjudication(frozenset(), Verdict.WITHDRAWN, "why"), "cannot withdraw"),
        (Adjudication(frozenset(), Verdict.LABELLED, "why", "9.9"), 'no clause "9.9"'),
    ],
)
def test_adjudication_is_refused_when_the_answer_cannot_be(
    lead: Access, item: Item, people: list[User], adjudication: Adjudication, message: str
) -> None:
    judge_apart(item, people)

    with pytest.raises(BadInput, match=message):
        resolution_adjudicate(lead, item.pk, adjudication=adjudication, based_on=seen(item))

    assert not Resolution.objects.exists()


def test_adjudication_is_refused_when_nobody_has_judged(lead: Access, item: Item) -> None:
    with pytest.raises(BadInput, match="Nobody has judged"):
        resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))


def test_adjudication_finds_nothing_when_the_item_is_of_another_project(lead: Access) -> None:
    (foreign,) = make_items(make_project(), 1)

    with pytest.raises(NotFound):
        resolution_adjudicate(lead, foreign.pk, adjudication=GAMES_IT_IS, based_on=BasedOn(frozenset(), None))


def test_database_refuses_when_two_resolutions_supersede_the_same(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    judge_apart(item, people)
    first = resolution_adjudicate(lead, item.pk, adjudication=GAMES_IT_IS, based_on=seen(item))
    columns = {
        "project": project,
        "item": item,
        "method": Method.ADJUDICATED,
        "resolved_by": lead.user,
        "taxonomy": first.taxonomy,
        "supersedes": first,
    }
    Resolution.objects.create(**columns)

    with pytest.raises(IntegrityError, match="supersedes"), transaction.atomic():
        Resolution.objects.create(**columns)


# Flags -----------------------------------------------------------------------------------------------------------


def test_flag_closes_once_when_closed_twice(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    flag = Flag.objects.create(project=project, item=item, annotator=people[0], note="A live chat.")

    flag_close(lead, flag.pk)
    closed_at = Flag.objects.get().closed_at
    flag_close(lead, flag.pk)

    assert closed_at is not None
    assert Flag.objects.get().closed_at == closed_at


def test_flag_is_not_found_when_it_is_of_another_project(
    lead: Access, item: Item, people: list[User]
) -> None:
    other = make_project()
    (foreign,) = make_items(other, 1)
    flag = Flag.objects.create(project=other, item=foreign, annotator=people[0])

    with pytest.raises(NotFound):
        flag_close(lead, flag.pk)

    assert Flag.objects.get().closed_at is None
