"""One pilot project for all that is done over the API; each test leaves it as it was."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.pilot import Pilot, pilot_undone


@pytest.fixture(scope="module")
def pilot(django_db_setup: None, django_db_blocker: Any) -> Iterator[Pilot]:
    with django_db_blocker.unblock(), pilot_undone() as pilot:
        yield pilot


@pytest.fixture(autouse=True)
def _undone(pilot: Pilot) -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _empty_storage() -> None:
    """In place of the one that empties it after each test: the snapshot is of all of them."""
