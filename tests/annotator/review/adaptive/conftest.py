"""A project with adaptive overlap and six people."""

import pytest

from annotator.accounts.models import User
from annotator.projects.models import Project
from tests.factories import make_member, make_project


@pytest.fixture
def project() -> Project:
    return make_project(overlap=3, overlap_max=5, adaptive=True)


@pytest.fixture
def people(project: Project) -> list[User]:
    return [make_member(project) for _ in range(6)]
