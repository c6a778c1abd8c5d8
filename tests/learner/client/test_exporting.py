"""`crossguard export-classifier`: over the API of a real server, checked file by file, and it scores as the product."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotator.accounts.services import token_create
from annotator.projects.models import Role
from learner.client.__main__ import main
from learner.client.errors import ClientError
from learner.client.exporting import bundle_unpack
from learner.core.bundle.score import Scorer
from learner.core.features import featurise
from learner.evaluation.cards import card_make
from learner.evaluation.selectors import evaluation_latest
from tests.factories import GAMES, make_member
from tests.learner.monitoring.serving import fitted, make_served, page_of


@pytest.mark.django_db(transaction=True)
def test_a_version_is_fetched_checked_and_scores_as_the_product_does(
    live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    version = make_served()
    evaluation = evaluation_latest(version)
    assert evaluation is not None
    card_make(evaluation, {"hash": "a polynomial"})
    token = token_create(make_member(version.project, Role.SCIENTIST), "export", days=1)
    monkeypatch.setenv("CROSSGUARD_TOKEN", token.secret)
    monkeypatch.setenv("CROSSGUARD_SERVER", live_server.url)
    call = ["export-classifier", "pilot", str(version.number), str(tmp_path / "out")]

    assert main(call) == 0
    assert main(call) == 7
    assert "not an empty directory" in capsys.readouterr().err
    assert main([*call[:2], "99", str(tmp_path / "none")]) == 4
    assert "has no classifier version 99" in capsys.readouterr().err

    page = page_of("https://x.example/arcade")
    scorer = Scorer(tmp_path / "out")
    logits = scorer.logits(page.url, page.host, page.registrable_domain)
    assert np.array_equal(logits, fitted().decision(featurise([page]))[0])
    assert scorer.labels(logits) == [GAMES]
    assert "Model card" in (tmp_path / "out" / "card.html").read_text()
    assert json.loads((tmp_path / "out" / "classifier.json").read_text())["number"] == version.number


def zipped(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html>", "not a bundle"),
        (zipped({"a": b"x"}), "not a bundle"),
        (zipped({"a": b"x", "manifest.json": b'{"files": {"a": "0"}}'}), "not those of the manifest"),
        (zipped({"a": b"x", "manifest.json": b'{"files": {}}'}), "not those of the manifest"),
        (
            zipped(
                {
                    "../a": b"",
                    "manifest.json": b'{"files": {"../a": '
                    b'"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}}',
                }
            ),
            "outside of its directory",
        ),
    ],
)
def test_what_is_no_bundle_is_not_written(content: bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ClientError, match=said):
        bundle_unpack(content, tmp_path / "out")

    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "a").exists()
