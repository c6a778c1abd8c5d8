"""The chances that an evaluation weighs by: those of all waves, and of what was drawn before there were waves."""

import pytest

from annotator.pool.models import Item, Split
from annotator.queue.models import Batch, Stream
from annotator.queue.services import BatchChoice, batch_open
from learner.evaluation.chances import chances_of
from learner.query.models import AuditChance
from tests.factories import make_items, make_project, make_wave

pytestmark = pytest.mark.django_db


def drawn_uniformly(items: list[Item], probability: float) -> Batch:
    choices = [
        BatchChoice(
            item_id=item.pk,
            stream=Stream.AUDIT,
            strategy="uniform",
            score=None,
            reason="",
            classifier_number=None,
            pool_size=100,
            inclusion_probability=probability,
            seed=1,
        )
        for item in items
    ]
    return batch_open(
        items[0].project,
        choices,
        fingerprint=f"draw {items[0].pk}",
        reason="",
        seed=1,
        classifier_number=None,
        pool_size=100,
    )


def test_the_chance_is_that_of_all_waves_so_far() -> None:
    project = make_project()
    items = make_items(project, 2, split=Split.HOLDOUT)
    make_wave(drawn_uniformly(items, 0.1), {items[0].pk: 0.25, items[1].pk: 1.0})

    assert chances_of(project, [items[1].pk, items[0].pk]).tolist() == [1.0, 0.25]


def test_draws_from_before_the_waves_add_up_when_the_item_was_there() -> None:
    project = make_project()
    first = make_items(project, 2, split=Split.HOLDOUT)
    drawn_uniformly(first, 0.1)
    second = make_items(project, 3, split=Split.HOLDOUT)
    drawn_uniformly(second, 0.2)

    chances = chances_of(project, [first[0].pk, second[0].pk])

    assert chances.tolist() == pytest.approx([1 - 0.9 * 0.8, 0.2])


def test_waves_add_to_what_was_drawn_before_them() -> None:
    project = make_project()
    before, later = make_items(project, 2, split=Split.HOLDOUT)
    drawn_uniformly([before], 0.1)
    make_wave(drawn_uniformly([later], 0.5), {later.pk: 0.5})
    AuditChance.objects.create(project=project, item=before, chance=0.3)

    chances = chances_of(project, [before.pk, later.pk])

    assert chances.tolist() == pytest.approx([1 - 0.9 * 0.7, 1 - 0.9 * 0.5])
