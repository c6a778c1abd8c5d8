"""School profiles: versions that stay, floors that the database keeps, thresholds of the newest evaluation."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from annotator.errors import BadInput, Conflict
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Category, Project, TaxonomyVersion
from learner.core.metrics.policy import Objective
from learner.evaluation.lens.services import ProfileDraft, RuleDraft, profile_set, usual_rule
from learner.evaluation.models import ProfileRule, ProfileVersion
from learner.evaluation.profiles import profile_current, profile_names
from tests.evaluated import make_evaluation
from tests.factories import GAMBLING, GAMES, make_classifier, make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def access() -> Access:
    """A project whose category CIPA names, with a floor of .9."""
    project = make_project(categories=(GAMES,))
    taxonomy = TaxonomyVersion.objects.create(project=project, number=2, created_by=project.created_by)
    for position, (slug, cipa) in enumerate([(GAMES, False), ("adult", True)]):
        Category.objects.create(
            taxonomy=taxonomy,
            position=position,
            slug=slug,
            name=slug.capitalize(),
            definition="",
            severity=3 if cipa else 1,
            cipa=cipa,
            key="",
            recall_floor=0.9 if cipa else None,
        )
    return project_for(project.created_by, project.slug, Can.STEER)


def draft(access: Access, based_on: int = 0, **of_adult: object) -> ProfileDraft:
    rules = [usual_rule("middle", category) for category in access.taxonomy.categories]
    rules[1] = replace(rules[1], **of_adult)  # type: ignore[arg-type]
    return ProfileDraft("middle", rules, 1_000, "", based_on)


def test_a_profile_says_what_to_do_with_each_category(access: Access) -> None:
    version = make_classifier(access.project, learned=(GAMES, "adult"))

    assert profile_current(access.project, "middle") is None
    profile_set(access, draft(access))

    rules = profile_current(access.project, "middle")
    assert rules is not None
    assert (rules.number, rules.pages_a_day) == (1, 1_000)
    assert rules.actions == {GAMES: "warn", "adult": "block"}
    assert rules.thresholds == {GAMES: 0.4, "adult": 0.4}
    assert rules.why["adult"] == "the classifier's own: too little is audited to choose another"
    assert profile_names(version.project) == ["middle"]


def test_thresholds_follow_the_newest_evaluation(access: Access) -> None:
    version = make_classifier(access.project, learned=(GAMES, "adult"))
    profile_set(access, draft(access, recall_floor=0.9))
    evaluation = make_evaluation(version, make_items(access.project, 4))

    rules = profile_current(access.project, "middle")

    assert rules is not None
    (curve,) = [row["curve"] for row in evaluation.facts["categories"] if row["category"] == "adult"]
    place = curve["thresholds"].index(rules.thresholds["adult"])
    assert curve["recall"][place][1] >= 0.9
    assert "surely" in rules.why["adult"]


@pytest.mark.parametrize(
    "change", [{"recall_floor": 0.8}, {"action": "warn"}, {"recall_floor": None, "objective": "own"}]
)
def test_what_cipa_asks_for_is_lowered_only_with_an_exception(
    access: Access, change: dict[str, object]
) -> None:
    with pytest.raises(BadInput, match="CIPA obliges schools"):
        profile_set(access, draft(access, **change))  # type: ignore[arg-type]

    profile_set(access, draft(access, **change, exception="The district's lawyer said so"))  # type: ignore[arg-type]

    rule = ProfileRule.objects.get(category="adult")
    assert rule.exception == "The district's lawyer said so"
    assert rule.profile.set_by == access.user


def test_a_floor_that_was_raised_is_the_next_to_keep(access: Access) -> None:
    profile_set(access, draft(access, recall_floor=0.97))

    with pytest.raises(BadInput, match=r"its floor is 0\.97"):
        profile_set(access, draft(access, 1, recall_floor=0.95))


@pytest.mark.parametrize(
    ("floor", "action", "message"),
    [("0.5", "block", "recall floor"), ("NULL", "block", "recall floor"), ("0.99", "allow", "not blocked")],
)
def test_the_database_refuses_a_lower_floor_whoever_asks(
    access: Access, floor: str, action: str, message: str
) -> None:
    profile_set(access, draft(access))
    version = ProfileVersion.objects.create(
        project=access.project, name="middle", number=2, set_by=access.user
    )
    row = (
        "INSERT INTO profile_rule"
        " (profile_id, category, action, objective, recall_floor, cost_miss, cost_block, exception)"
        f" VALUES ({version.pk}, 'adult', '{action}', 'own', {floor}, 1, 1, %s)"
    )

    with pytest.raises(IntegrityError, match=message), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(row, ["  "])
    with connection.cursor() as cursor:
        cursor.execute(row, ["Signed by the board"])

    assert ProfileRule.objects.filter(profile=version).count() == 1


def test_versions_and_rules_stay_as_they_were(access: Access) -> None:
    version = profile_set(access, draft(access))

    for change in (
        lambda: ProfileRule.objects.update(exception=""),
        lambda: ProfileVersion.objects.filter(pk=version.pk).update(note="other"),
        lambda: ProfileRule.objects.all().delete(),
    ):
        with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
            change()


def test_of_two_who_set_at_once_the_second_is_told(access: Access) -> None:
    profile_set(access, draft(access))

    with pytest.raises(Conflict, match="changed this profile meanwhile"):
        profile_set(access, draft(access))


def test_what_cannot_be_is_named_by_its_field(access: Access) -> None:
    with pytest.raises(BadInput) as refused:
        profile_set(access, draft(access, objective=Objective.FIXED))

    assert list(refused.value.details) == ["threshold-adult"]


def test_a_project_without_a_classifier_has_no_thresholds() -> None:
    project: Project = make_project(categories=(GAMES, GAMBLING))
    admin = project_for(project.created_by, project.slug, Can.STEER)
    rules = [
        RuleDraft(GAMES, "allow", "own", None, None, 1, 1, ""),
        RuleDraft(GAMBLING, "block", "own", None, None, 1, 1, ""),
    ]
    profile_set(admin, ProfileDraft("high", rules, None, "", 0))

    found = profile_current(project, "high")
    assert found is not None
    assert (found.actions[GAMBLING], found.thresholds[GAMBLING]) == ("block", None)
