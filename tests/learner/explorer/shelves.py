"""What tests of the explorer share: a refreshed project, and a search by its address."""

from django.http import QueryDict

from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project, Role
from learner.explorer.reading import Answer, answer_of, asked_of
from learner.explorer.refreshing import explorer_refresh


def scientist(project: Project) -> Access:
    """The access of the project's admin, who may do all that a scientist may."""
    admin = Membership.objects.filter(project=project, role=Role.ADMIN).earliest("pk").user
    return project_for(admin, project.slug, Can.INSPECT)


def refresh(project: Project) -> None:
    assert explorer_refresh(project)


def answer(project: Project, address: str = "", *, facets: bool = False, size: int = 50) -> Answer:
    access = scientist(project)
    asked = asked_of(access, QueryDict(address))
    assert asked.form.is_valid(), asked.form.errors
    before = asked.form.cleaned_data["before"]
    return answer_of(access, asked, asked.form.wanted, before=before, size=size, with_facets=facets)


def found(project: Project, address: str = "") -> list[int]:
    """The ids that are found, newest first."""
    page = answer(project, address)
    assert page.n == len(page.rows)
    return [row.item.pk for row in page.rows]
