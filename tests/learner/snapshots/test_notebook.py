"""The notebook of the documentation, cell by cell, against a snapshot that it pulls from a running server."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import settings as django_settings

from annotator.accounts.services import token_create
from annotator.projects.models import Role
from tests.factories import make_member
from tests.learner.snapshots.shelf import make_shelf, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.filterwarnings("default")]
NOTEBOOK: Final = Path(django_settings.BASE_DIR) / "docs/notebooks/baseline.ipynb"


def test_the_notebook_pulls_a_snapshot_and_trains_a_baseline(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_shelf()
    take(project)
    token = token_create(make_member(project, Role.SCIENTIST), "notebook", days=1)
    monkeypatch.chdir(tmp_path)
    where = {"CROSSGUARD_SERVER": live_server.url, "PROJECT": "shelf", "VERSION": "1"}
    for name, value in {**where, "CROSSGUARD_TOKEN": token.secret}.items():
        monkeypatch.setenv(name, value)

    names: dict[str, Any] = {}
    for cell in cells("code"):
        exec(compile("".join(cell["source"]), f"cell {cell['id']}", "exec"), names)

    assert (tmp_path / "snapshot" / "items-test.parquet").exists()
    scores = names["scores"].set_index("category")
    assert list(scores.index) == ["is_games", "is_gambling", "is_violence"]
    assert scores.n.to_dict() == {"is_games": 6, "is_gambling": 3, "is_violence": 3}
    assert scores.drop(columns="n").min().min() == 1.0  # each topic has a word of its own


def test_the_notebook_carries_no_output_and_fits_a_screen() -> None:
    assert all((cell["outputs"], cell["execution_count"]) == ([], None) for cell in cells("code"))
    assert max(len(line.rstrip()) for cell in cells("code") for line in cell["source"]) <= 110


def cells(kind: str) -> list[dict[str, Any]]:
    notebook = json.loads(NOTEBOOK.read_text())
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]
