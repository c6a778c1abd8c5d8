"""What a retrain reads: of the labelled items alone, from shards or, where these hold few, from the pages."""

import numpy as np
import pytest

from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from learner.query import featurising
from learner.query.featurising import feature_run_execute
from learner.query.models import FeatureShard
from learner.query.services import feature_run_start
from learner.training import material
from learner.training.labelled import labelled_items
from learner.training.material import Material, NothingToLearn, material_of
from learner.training.models import TrainingRun
from learner.training.services import training_run_start
from tests.factories import GAMES, make_items, make_project, make_resolution

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    """Forty pages in four shards; five are resolved in the first and one in the second."""
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 10)
    project = make_project()
    items = make_items(project, 40, topic="games chess")
    for item in (*items[:5], items[12]):
        make_resolution(item, [GAMES])
    feature_run_execute(feature_run_start(project).pk)
    assert FeatureShard.objects.count() == 4
    return project


def read(project: Project) -> Material:
    run = training_run_start(project, "")
    TrainingRun.objects.filter(pk=run.pk).update(status="running")
    return material_of(run, project, labelled_items(project, taxonomy_current(project)))


@pytest.mark.parametrize("few", [1, 5, 1_000])
def test_the_same_is_learned_from_shards_as_from_pages(
    project: Project, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """With 1 both shards are not worth reading, with 5 the second alone is not, with 1,000 both are."""
    whole = read(project)

    monkeypatch.setattr(material, "FEW", few)
    found = read(project)

    assert found.item_ids.tolist() == whole.item_ids.tolist() == sorted(found.item_ids.tolist())
    assert abs(found.features - whole.features).sum() == 0
    assert np.array_equal(found.sites, whole.sites)
    assert found.truth[:, 0].tolist() == [1] * 6


def test_shards_without_labelled_items_are_not_read(project: Project) -> None:
    for row in FeatureShard.objects.order_by("-first_item")[:2]:
        FeatureShard.objects.filter(pk=row.pk).update(path="gone")

    assert len(read(project).item_ids) == 6


def test_withheld_pages_are_not_read_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(material, "FEW", 1)
    Item.objects.filter(pk=Item.objects.earliest("pk").pk).update(withheld=True)

    assert len(read(project).item_ids) == 5


def test_there_is_nothing_to_learn_when_no_labelled_item_has_features(project: Project) -> None:
    FeatureShard.objects.all().delete()

    with pytest.raises(NothingToLearn, match="There is nothing to learn from yet"):
        read(project)
