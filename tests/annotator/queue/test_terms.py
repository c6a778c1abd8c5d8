"""On which terms a person claims."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.projects.models import Membership, Project, Standing
from annotator.queue.models import Assignment, Exposure, OptOut, Purpose
from annotator.queue.places import assignment_claim
from annotator.queue.rationing import opt_outs_of, opt_outs_set
from annotator.queue.terms import ClaimTerms, claim_terms, exposure_add
from tests.factories import (
    CATEGORIES,
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_member,
    make_project,
    make_taxonomy,
    make_user,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(exposure_budget=6, exposure_hours=4, cooldown_minutes=20)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project)


def test_whoever_is_no_member_claims_as_somebody_qualified_without_checks(project: Project) -> None:
    assert claim_terms(project, make_user()) == ClaimTerms()


@pytest.mark.parametrize("standing", Standing)
def test_only_who_is_qualifying_is_given_qualification(
    project: Project, ann: User, standing: Standing
) -> None:
    Membership.objects.filter(user=ann).update(standing=standing)

    assert claim_terms(project, ann).qualifying == (standing == Standing.QUALIFYING)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_check_is_due_as_often_as_the_share_says(project: Project, ann: User, share: float) -> None:
    Membership.objects.filter(user=ann).update(check_share=share)

    assert {claim_terms(project, ann).check is not None for _ in range(20)} == {bool(share)}


@pytest.mark.parametrize(("retests", "kind"), [(0.0, Purpose.GOLD), (1.0, Purpose.RETEST)])
def test_a_check_is_of_the_kind_that_the_project_asks_for(
    project: Project, ann: User, retests: float, kind: Purpose
) -> None:
    Membership.objects.filter(user=ann).update(check_share=1)
    project.retest_share = retests

    assert {claim_terms(project, ann).check for _ in range(20)} == {kind}


def test_opt_outs_are_those_of_this_person_in_this_project(project: Project, ann: User) -> None:
    for category in (VIOLENCE, GAMBLING):
        OptOut.objects.create(project=project, annotator=ann, category=category)
    OptOut.objects.create(project=make_project(), annotator=ann, category="games")
    OptOut.objects.create(project=project, annotator=make_member(project), category="games")

    terms = claim_terms(project, ann)

    assert terms.avoid == (GAMBLING, VIOLENCE)
    assert terms.restricted


def test_only_benign_items_follow_when_the_budget_is_spent(project: Project, ann: User) -> None:
    before = claim_terms(project, ann)

    exposure_add(ann, 3)
    exposure_add(ann, 3)
    after = claim_terms(project, ann)

    spent = Exposure.objects.get(annotator=ann)
    assert (spent.points, spent.items) == (6, 2)
    assert not before.benign_only
    assert after.benign_only
    assert after.until is not None
    assert after.until > timezone.now() + timedelta(minutes=19)


def test_points_that_are_about_to_be_written_count_already(project: Project, ann: User) -> None:
    exposure_add(ann, 3)

    assert not claim_terms(project, ann).benign_only
    assert claim_terms(project, ann, taking=3).benign_only


def test_pages_in_hand_count_for_what_is_given_beside_them(project: Project, ann: User) -> None:
    make_batch(project, make_items(project, 3, topic=VIOLENCE))
    exposure_add(ann, 3)
    place = assignment_claim(project, ann)
    assert place is not None

    beside = claim_terms(project, ann)

    assert (beside.benign_only, beside.until) == (True, None)  # nothing is spent before it is looked at
    assert not claim_terms(project, ann, answering=place.pk).benign_only
    assert assignment_claim(project, ann, holding=[place.pk]) is None
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert not claim_terms(project, ann).benign_only  # nobody has it on the screen any more


def test_what_the_newest_taxonomy_rates_as_harmful_is_left_out_in_a_rest(project: Project, ann: User) -> None:
    exposure_add(ann, 3)
    exposure_add(ann, 3)
    before = claim_terms(project, ann)

    make_taxonomy(project, [*CATEGORIES[1:], GAMES])

    assert before.harmful == (VIOLENCE,)
    assert claim_terms(project, ann).left_out == (GAMES,)


def test_an_opt_out_holds_for_what_the_category_was_and_what_became_of_it(
    project: Project, ann: User
) -> None:
    opt_outs_set(project, ann, [VIOLENCE])
    publish_operations(project, split_into(VIOLENCE, "gore", "fights"))

    assert claim_terms(project, ann).avoid == ("fights", "gore", VIOLENCE)
    assert opt_outs_of(project, ann) >= {"fights", "gore"}
    opt_outs_set(project, ann, ["gore"])
    assert claim_terms(project, ann).avoid == (
        "gore",
        VIOLENCE,
    )  # what was expected to be violence may be gore


def test_nothing_is_added_up_when_there_is_no_limit(ann: User, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(exposure_budget=0)
    project.refresh_from_db()
    minute = timezone.now().replace(second=0, microsecond=0)
    Exposure.objects.create(annotator=ann, minute=minute, points=1000, items=1000)

    assert claim_terms(project, ann) == ClaimTerms()


def test_a_harmless_page_leaves_no_row(ann: User) -> None:
    exposure_add(ann, 0)
    exposure_add(ann, 1)

    assert not Exposure.objects.exists()


def test_the_terms_are_one_query(
    project: Project, ann: User, django_assert_num_queries: Callable[[int], Any]
) -> None:
    exposure_add(ann, 3)
    OptOut.objects.create(project=project, annotator=ann, category=VIOLENCE)
    claim_terms(project, ann)  # what became of a category is read once, and from memory then

    with django_assert_num_queries(1):
        claim_terms(project, ann)
