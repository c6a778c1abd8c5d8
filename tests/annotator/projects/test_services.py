"""Creating projects, publishing versions, and who belongs."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import Permission
from django.db import DatabaseError, transaction

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, Forbidden
from annotator.projects.blueprint import default_blueprint
from annotator.projects.models import Category, Clause, Membership, Project, Role, Standing, TaxonomyVersion
from annotator.projects.selectors import guideline_current, log_of, taxonomy_current
from annotator.projects.services import (
    guideline_publish,
    membership_end,
    membership_set,
    project_create,
    taxonomy_publish,
    version_publish,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator() -> User:
    user = make_user("founder")
    user.user_permissions.add(Permission.objects.get(codename="add_project"))
    return User.objects.get(pk=user.pk)


@pytest.fixture
def project(creator: User) -> Project:
    return project_create(default_blueprint(), by=creator)


def test_a_project_starts_with_taxonomy_guideline_and_an_admin(project: Project, creator: User) -> None:
    assert len(taxonomy_current(project).slugs) == 16
    assert guideline_current(project).version.number == 1
    assert Membership.objects.get(project=project).user == creator
    assert Membership.objects.get(project=project).role == Role.ADMIN
    assert log_of(project).count() == 1


def test_a_project_is_refused_without_the_permission_and_leaves_nothing(creator: User) -> None:
    with pytest.raises(Forbidden, match="You may not create projects"):
        project_create(default_blueprint(), by=make_user())

    assert not Project.objects.exists()


def test_a_taken_slug_is_a_conflict(project: Project, creator: User) -> None:
    with pytest.raises(Conflict, match='There is a project "k12-web-safety" already'):
        project_create(default_blueprint(), by=creator)


def test_no_project_is_created_when_its_address_would_be_one_of_ours(creator: User) -> None:
    with pytest.raises(BadInput, match='A project cannot be called "new"'):
        project_create(replace(default_blueprint(), slug="new"), by=creator)

    assert not Project.objects.exists()


def test_a_new_taxonomy_leaves_the_old_one_as_it_was(project: Project, creator: User) -> None:
    drafts = default_blueprint().categories
    renamed = (replace(drafts[0], name="Pornography"), *drafts[1:])

    version = taxonomy_publish(project, renamed, by=creator)

    assert (version.number, taxonomy_current(project).categories[0].name) == (2, "Pornography")
    assert Category.objects.get(taxonomy__number=1, position=0).name == drafts[0].name


def test_a_category_keeps_its_key_for_ever(project: Project, creator: User) -> None:
    first, second, *rest = default_blueprint().categories
    swapped = (replace(first, key="z"), second, *rest)
    stolen = (second, replace(first, slug="new-thing"), *rest)

    with pytest.raises(BadInput, match=f'"{first.slug}" has had the key "{first.key}" from its first day'):
        taxonomy_publish(project, swapped, by=creator)
    with pytest.raises(BadInput, match=f'The key "{first.key}" belongs to "{first.slug}" for ever'):
        taxonomy_publish(project, stolen, by=creator)

    assert TaxonomyVersion.objects.filter(project=project).count() == 1


def test_a_key_that_was_given_late_is_kept_as_well(project: Project, creator: User) -> None:
    drafts = default_blueprint().categories
    late = replace(drafts[0], slug="late", name="Late", key="")
    for added in (late, replace(late, key="z")):
        taxonomy_publish(project, (*drafts, added), by=creator)
    taxonomy_publish(project, drafts, by=creator)

    with pytest.raises(BadInput, match='"late" has had the key "z" from its first day'):
        taxonomy_publish(project, (*drafts, replace(late, key="x")), by=creator)
    with pytest.raises(BadInput, match='The key "z" belongs to "late" for ever'):
        taxonomy_publish(project, (*drafts, replace(late, slug="later", key="z")), by=creator)


def test_publishing_what_stands_already_is_refused(project: Project, creator: User) -> None:
    with pytest.raises(BadInput, match="This is what is published already"):
        version_publish(project, default_blueprint(), by=creator, note="again")


def test_publishing_makes_only_the_version_that_changed(project: Project, creator: User) -> None:
    blueprint = default_blueprint()
    clauses = (replace(blueprint.clauses[0], title="Other words"), *blueprint.clauses[1:])

    version_publish(project, replace(blueprint, clauses=clauses), by=creator, note="clearer")

    assert taxonomy_current(project).version.number == 1
    assert guideline_current(project).version.number == 2
    assert "published guideline v2: clearer" in log_of(project)[0].text


def test_an_empty_taxonomy_or_guideline_is_refused(project: Project, creator: User) -> None:
    with pytest.raises(BadInput):
        taxonomy_publish(project, [], by=creator)
    with pytest.raises(BadInput):
        guideline_publish(project, [], by=creator)


@pytest.mark.parametrize("model", [TaxonomyVersion, Category, Clause])
def test_versions_are_append_only(project: Project, model: type[TaxonomyVersion]) -> None:
    row = model._default_manager.order_by("pk")[0]

    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        model._default_manager.filter(pk=row.pk).update(id=row.pk)


def test_the_last_admin_stays(project: Project, creator: User) -> None:
    with pytest.raises(Conflict, match="founder is the only admin"):
        membership_set(project, "founder", Role.LEAD, by=creator)
    with pytest.raises(Conflict, match="founder is the only admin"):
        membership_end(project, "founder", by=creator)

    assert Membership.objects.get(user=creator).role == Role.ADMIN


@pytest.mark.parametrize(
    ("columns", "standing", "words"),
    [
        ({"gold_enough": True}, Standing.QUALIFYING, "they begin with qualification"),
        ({"gold_enough": False}, Standing.QUALIFIED, "there is too little gold yet"),
        ({"gold_enough": True, "qualification": False}, Standing.QUALIFIED, "qualification is switched off"),
    ],
)
def test_a_new_annotator_begins_with_qualification_where_there_is_gold_for_it(
    project: Project, creator: User, columns: dict[str, bool], standing: Standing, words: str
) -> None:
    Project.objects.filter(pk=project.pk).update(**columns)
    make_user("nia")

    membership_set(project, "nia", Role.ANNOTATOR, by=creator)

    assert Membership.objects.get(user__username="nia").standing == standing
    newest = log_of(project).first()
    assert newest is not None
    assert words in newest.text


def test_standing_is_kept_by_an_annotator_and_ends_with_the_role(project: Project, creator: User) -> None:
    Project.objects.filter(pk=project.pk).update(gold_enough=True)
    make_user("nia")
    nia = Membership.objects.filter(user__username="nia")
    membership_set(project, "nia", Role.ANNOTATOR, by=creator)
    nia.update(standing=Standing.WARNED, check_share=0.1)

    membership_set(project, "nia", Role.ANNOTATOR, by=creator)
    kept = nia.get()
    membership_set(project, "nia", Role.LEAD, by=creator)
    ended = nia.get()

    assert (kept.standing, kept.check_share) == (Standing.WARNED, 0.1)
    assert (ended.standing, ended.check_share) == (Standing.QUALIFIED, 0.0)


def test_a_member_gets_another_role_and_leaves(project: Project, creator: User) -> None:
    make_user("ada")

    membership_set(project, "ada", Role.ANNOTATOR, by=creator)
    membership_set(project, "ada", Role.LEAD, by=creator)

    assert Membership.objects.get(user__username="ada").role == Role.LEAD
    membership_end(project, "ada", by=creator)
    assert not Membership.objects.filter(user__username="ada").exists()


def test_nobody_by_that_name_is_said(project: Project, creator: User) -> None:
    with pytest.raises(BadInput, match='There is no active account "adda"'):
        membership_set(project, "adda", Role.LEAD, by=creator)
    with pytest.raises(BadInput, match='"adda" is not a member'):
        membership_end(project, "adda", by=creator)
