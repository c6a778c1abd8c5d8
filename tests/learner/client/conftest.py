"""A running server with one snapshot, and people with tokens."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest

from annotator.accounts.services import token_create
from annotator.pool.cleaning import content_hash
from annotator.pool.models import Evidence
from annotator.pool.pages import PageText
from annotator.projects.models import Project, Role
from learner.client.logins import SERVER, TOKEN
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)
from tests.learner.snapshots.shelf import take

LONG_AGO: Final = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def shelf(transactional_db: None, settings: Any, tmp_path: Path) -> Project:
    """The project `shelf` with two judged and resolved items, one with a long text, and snapshot v1."""
    settings.MEDIA_ROOT = tmp_path / "media"
    project = make_project("shelf")
    items = make_items(project, 2)
    make_batch(project, items)
    page = PageText("Long", "", Random(1).randbytes(60_000).hex())
    Evidence.objects.create(
        item=items[1],
        version=2,
        title=page.title,
        text=page.text,
        content_hash=content_hash(page),
        added_at=LONG_AGO,
    )
    for item, labels in zip(items, ([GAMES], [GAMBLING]), strict=True):
        make_judgment(item, make_member(project), labels, created_at=LONG_AGO, note="Mine.")
        make_resolution(item, labels)
    take(project)
    return project


@pytest.fixture
def token(shelf: Project) -> str:
    """A scientist's."""
    return token_create(make_member(shelf, Role.SCIENTIST, "sam"), "client", days=1).secret


@pytest.fixture
def signed_in(live_server: Any, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The command finds server and token in its environment, and no login of whoever runs the tests."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv(SERVER, live_server.url)
    monkeypatch.setenv(TOKEN, token)
