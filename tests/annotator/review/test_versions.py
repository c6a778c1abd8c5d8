"""Answers given under several taxonomy versions: nobody is wrong for what they were not asked."""

import pytest

from annotator.accounts.models import User
from annotator.agreement.decide import Answer
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Can, project_for
from annotator.projects.mapping import Kind
from annotator.projects.models import Project
from annotator.projects.operations import Operation
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Purpose
from annotator.review.checks.gold import gold_add, gold_set
from annotator.review.checks.results import gold_answers, is_same, retests
from annotator.review.desk.inferring import inferred_of
from annotator.review.people.compared import compared
from annotator.review.versions import reading_of
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    make_items,
    make_judgment,
    make_personal,
    make_resolution,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


def test_other_verdicts_say_all_that_they_can_under_any_version(
    project: Project, item: Item, people: list[User]
) -> None:
    first = make_judgment(item, people[0], verdict=Verdict.UNREACHABLE)
    newest = publish_operations(project, Operation(Kind.ADD, (), (category_draft("chat"),)))
    second = make_judgment(item, people[1], verdict=Verdict.UNREACHABLE)

    reading = reading_of([first, second])

    assert reading.taxonomy_id == newest.pk
    assert set(reading.answers) == {Answer(frozenset(), frozenset(), "unreachable")}


def test_what_nobody_can_compare_is_unsure(project: Project, item: Item, people: list[User]) -> None:
    first = make_judgment(item, people[0], [GAMES])
    newest = publish_operations(
        project, split_into(GAMES, "board", "video"), Operation(Kind.ADD, (), (category_draft("chat"),))
    )
    second = make_judgment(item, people[1], ["chat"])

    reading = reading_of([first, second])

    assert reading.taxonomy_id == newest.pk
    assert reading.answers[0] == Answer(frozenset(), frozenset({"board", "video", "chat"}), "labelled")


def test_a_check_does_not_hold_the_new_words_against_anybody(
    project: Project, item: Item, people: list[User]
) -> None:
    make_resolution(item, [GAMES, GAMBLING])
    lead = project_for(project.created_by, project.slug, Can.RESOLVE)
    gold_add(lead, item.pk, "Both.")
    before = make_judgment(item, people[0], [GAMBLING], purpose=Purpose.GOLD)
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))
    after = make_judgment(item, people[1], ["board", "harm"], purpose=Purpose.GOLD)

    answers = {row.judgment_id: row.checked for row in gold_answers(project, [people[0].pk, people[1].pk])}

    assert answers[before.pk].is_right is False  # what they missed then, they missed
    assert answers[after.pk].is_right is True
    assert answers[after.pk].by_category == {"harm": True}
    assert {row.annotator_id: row.checked.is_right for row in compared(project) if row.checked} == {
        people[0].pk: False,
        people[1].pk: True,
    }


def test_gold_that_shows_a_split_category_is_served_no_more(project: Project) -> None:
    items = make_items(project, 3)
    lead = project_for(project.created_by, project.slug, Can.RESOLVE)
    for gold, labels in zip(items, ([GAMES], [GAMBLING], []), strict=False):
        make_resolution(gold, labels)
        gold_add(lead, gold.pk, "So it is.")
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))

    assert gold_set(project).labels == {items[1].pk: frozenset({"harm"}), items[2].pk: frozenset()}


def test_a_retest_is_the_same_when_only_the_taxonomy_differs(
    project: Project, item: Item, people: list[User]
) -> None:
    make_judgment(item, people[0], [GAMES, VIOLENCE])
    make_judgment(item, people[1])
    make_personal(item, people[0], Purpose.RETEST)
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))
    again = make_judgment(item, people[0], ["video", "harm"], purpose=Purpose.RETEST)

    assert [(row, is_same(row)) for row in retests(project, [people[0].pk])] == [(again, True)]


def test_what_judgments_amount_to_counts_those_that_say_something(
    project: Project, item: Item, people: list[User]
) -> None:
    rows = [make_judgment(item, people[0], [GAMES]), make_judgment(item, people[1], [VIOLENCE])]
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))
    rows.append(make_judgment(item, people[2], ["video"]))

    found = {
        row.category.slug: row for row in inferred_of(project, rows, taxonomy_current(project).categories)
    }

    assert (found["video"].n_present, found["video"].n) == (1, 2)
    assert (found["harm"].n_present, found["harm"].n) == (1, 3)
