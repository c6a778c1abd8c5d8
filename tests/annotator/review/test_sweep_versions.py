"""The sweep where judgments were given under several taxonomies: nobody is overruled by what they were not asked."""

import pytest

from annotator.accounts.models import User
from annotator.judgments.models import ReviewDue
from annotator.pool.models import Item
from annotator.projects.mapping import Kind
from annotator.projects.models import Project
from annotator.projects.operations import Operation
from annotator.review.models import Disagreement, Method
from annotator.review.selectors import resolutions_current
from annotator.review.services import review_sweep
from tests.annotator.review.resolving import held
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    category_draft,
    make_judgment,
    make_resolution,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


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
