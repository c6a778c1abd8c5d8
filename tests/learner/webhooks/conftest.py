"""What tests of webhooks share: a receiver in house that the settings allow, and an endpoint that leads to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from annotator.projects.models import Project
from learner.webhooks.models import Endpoint, Event
from learner.webhooks.services import endpoint_create
from tests.factories import make_project
from tests.learner.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_HTTP, settings.WEBHOOK_HOSTS = True, frozenset({"localhost"})
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def endpoint(project: Project, receiver: Receiver) -> Endpoint:
    """Told of everything."""
    return endpoint_create(project, receiver.url, list(Event.values), by=project.created_by)[0]
