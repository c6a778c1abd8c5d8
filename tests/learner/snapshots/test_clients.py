"""A snapshot on a disk, read by the programs that scientists have. No network, nothing of ours."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from learner.core.cards import facts_load
from tests.connections import database_empty
from tests.factories import GAMBLING, GAMES, VIOLENCE
from tests.learner.snapshots.shelf import make_shelf, pull, take

pytestmark = [
    pytest.mark.filterwarnings("default"),  # of other people's programs
    pytest.mark.django_db,  # only so that there is a database when the snapshot is made
]


@pytest.fixture(scope="module")
def folder(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with django_db_blocker.unblock():
        folder = pull(take(make_shelf()), tmp_path_factory.mktemp("shelf") / "snapshot")
        database_empty()
    return folder


SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY"):
        monkeypatch.setenv(name, "1")
    for name in ("HF_HOME", "HF_DATASETS_CACHE"):
        monkeypatch.setenv(name, str(tmp_path / "hub"))


def test_datasets_loads_typed_splits_and_no_holdout_page_as_train(folder: Path, tmp_path: Path) -> None:
    import datasets  # type: ignore[import-untyped]  # noqa: PLC0415 - three seconds

    loaded = datasets.load_dataset(str(folder), cache_dir=str(tmp_path))
    judgments = datasets.load_dataset(str(folder), "judgments", cache_dir=str(tmp_path))

    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 43, "validation": 5, "test": 12}
    assert all(set(rows["split"]) == {split} for split, rows in loaded.items())
    features = loaded["train"].features
    assert features["labels"].feature.names == [GAMES, GAMBLING, VIOLENCE]
    assert features["is_games"].dtype == "bool"
    assert features["inclusion_probability"].dtype == "float64"
    both = next(row for row in loaded["train"] if row["is_gambling"])
    assert features["labels"].feature.int2str(both["labels"]) == [GAMBLING, GAMES]
    assert {split: len(rows) for split, rows in judgments.items()} == {"full": 120}
    assert judgments["full"].features["created_at"].dtype == "timestamp[us, tz=UTC]"


def test_the_hub_reads_the_front_matter(folder: Path) -> None:
    from huggingface_hub import DatasetCard  # noqa: PLC0415 - a second

    card = DatasetCard.load(folder / "README.md")

    assert card.data.license == "cc-by-4.0"
    assert card.data.size_categories == ["n<1K"]
    names = [config["config_name"] for config in card.data.to_dict()["configs"]]
    assert names[0] == "items"
    assert set(names) == {"items", "judgments", "resolutions", "batches", "categories", "clauses"}
    assert card.text.strip().startswith("# Täglich")


def test_croissant_is_valid_without_a_warning_and_gives_every_row(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import mlcroissant  # type: ignore[import-untyped]  # noqa: PLC0415 - three seconds

    with caplog.at_level(logging.WARNING):
        dataset = mlcroissant.Dataset(jsonld=folder / "croissant.json")
    issues = dataset.metadata.ctx.issues

    assert (issues.errors, issues.warnings, caplog.messages) == (set(), set(), [])
    items = list(dataset.records("items"))
    assert len(items) == 60
    assert {row["items/split"] for row in items} == {b"train", b"validation", b"test"}
    assert next(row for row in items if row["items/is_gambling"])["items/labels"] is not None
    assert len(list(dataset.records("judgments"))) == 120
    assert [row["taxonomy/slug"] for row in dataset.records("taxonomy")] == [
        GAMES,
        GAMBLING,
        VIOLENCE,
    ]
    assert [(row["splits/name"], row["splits/url"]) for row in dataset.records("splits")] == [
        ("train", "cr:TrainingSplit"),
        ("validation", "cr:ValidationSplit"),
        ("test", "cr:TestSplit"),
    ]
    metadata = dataset.metadata
    assert metadata.license == ["https://creativecommons.org/licenses/by/4.0/"]
    assert metadata.annotator_demographics == ["Two teachers."]
    assert "were not drawn at random" in metadata.data_biases[0]
    assert metadata.data_use_cases == ["About intended use."]
    for said in ("data_collection", "data_annotation_protocol", "annotations_per_item", "data_limitations"):
        assert getattr(metadata, said), said
    assert metadata.data_annotation_platform == ["Crossguard"]
    assert metadata.data_social_impact == "About ethical notes."
    assert metadata.data_release_maintenance_plan == "About maintenance.\n\nAbout contact."


def test_pandas_polars_and_arrow_read_the_same_rows(folder: Path) -> None:
    import pandas as pd  # noqa: PLC0415 - a second
    import polars as pl  # noqa: PLC0415 - a second
    import pyarrow.dataset  # noqa: PLC0415 - a second

    frame = pd.read_parquet(folder / "items.parquet")
    other = pl.read_parquet(folder / "items.parquet")
    cuts = pyarrow.dataset.dataset([folder / f"items-{split}.parquet" for split in SPLITS])

    assert frame.url.tolist() == other["url"].to_list()
    assert sorted(frame.url) == sorted(cuts.to_table()["url"].to_pylist())
    drawn = frame[frame.stream == "explore"]
    weight = 1 / drawn.inclusion_probability
    assert (drawn.is_games.astype(float) * weight).sum() / weight.sum() == pytest.approx(0.5)


def test_the_page_is_whole_and_harmless(folder: Path) -> None:
    page = (folder / "card.html").read_text()

    assert page.count("<svg") == 7
    assert "<script" not in page
    assert "<b>" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "Two teachers." in page


def test_the_facts_are_what_was_counted(folder: Path) -> None:
    facts = facts_load((folder / "card.json").read_text())

    assert facts.pictures.together == {GAMES: {GAMBLING: 15}}
    assert facts.pictures.judgments == {2: 60}
    assert (facts.pictures.period, len(facts.pictures.periods)) == ("day", 15)
    assert [(top.n_sites, top.n_items) for top in facts.pictures.tops] == [(1, 1), (10, 10)]
    assert facts.pictures.n_drawn == 28
    assert facts.pictures.first_judgment == "2026-03-01"
    games = facts.categories[0]
    assert games.positives == {"train": 22, "validation": 2, "test": 6}
    assert games.drawn is not None
    assert (games.drawn.value, games.drawn.n_items) == (0.5, 16)
    assert json.loads((folder / "card.json").read_text())["written"][2]["text"] == "About ethical notes."
