"""What is stored of the classifier's view of one item, as leads see it."""

import pytest
from django.test import Client
from django.urls import reverse

from annotator.errors import Withheld
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.queue.expecting import Forecast
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import Disagreement
from annotator.runs import RunStatus
from learner.core.catalogue import BY_DISTANCE
from learner.evaluation.opinion import opinion_of
from learner.suspects.models import Suspect, SuspectRun
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_classifier,
    make_items,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def item(project: Project) -> Item:
    (item,) = make_items(project, 1)
    return item


def serve(item: Item) -> None:
    """In a batch, as the page closest to the line of games."""
    choice = BatchChoice(
        item_id=item.pk,
        stream=Stream.QUERY,
        strategy=BY_DISTANCE[-1],
        score=-0.25,
        reason="close to the threshold of games",
        classifier_number=1,
        pool_size=1,
        inclusion_probability=None,
        seed=1,
        forecast=Forecast(frozenset({GAMES}), frozenset({GAMES})),
    )
    batch_open(
        item.project, [choice], fingerprint="f", reason="due", seed=1, classifier_number=1, pool_size=1
    )


def part(project: Project, item: Item) -> str:
    client = Client()
    client.force_login(make_member(project, Role.LEAD))
    return client.get(reverse("training:item_part", args=[project.slug, item.pk])).content.decode()


def test_nothing_is_said_before_the_first_classifier(project: Project, item: Item) -> None:
    make_batch(project, [item])

    assert opinion_of(project, item).served is None
    assert "No classifier yet." in part(project, item)


def test_why_it_was_chosen_and_what_was_expected(project: Project, item: Item) -> None:
    make_classifier(project)
    serve(item)
    Disagreement.objects.create(project=project, item=item, categories=[GAMBLING, GAMES], reason="-")

    opinion, text = opinion_of(project, item), part(project, item)

    assert (opinion.distance, opinion.expected) == (0.25, ("Games",))
    assert [row.slug for row in opinion.categories] == [GAMES, GAMBLING]
    assert "close to the threshold of Games (0.25 logits from the line)" in text
    assert "not learned yet: 2 positives, 5 needed" in text


def test_page_served_without_a_classifier_says_so(project: Project, item: Item) -> None:
    make_batch(project, [item])
    make_classifier(project)

    assert "served without a classifier" in part(project, item)


def test_probability_of_a_classifier_that_never_saw_the_site_is_shown(project: Project, item: Item) -> None:
    make_classifier(project)
    resolution = make_resolution(item, [GAMES])
    for probability in (0.9, 0.125):
        run = SuspectRun.objects.create(project=project, status=RunStatus.DONE)
        Suspect.objects.create(
            project=project,
            run=run,
            item=item,
            resolution=resolution,
            category=GAMES,
            present=True,
            doubt=0.8,
            rank=1.6,
            probability=probability,
            duplicates=0,
            duplicates_against=0,
            pages=0,
            pages_against=0,
        )

    assert [(row.name, row.probability) for row in opinion_of(project, item).blind] == [("Games", 0.125)]


def test_withheld_page_says_nothing(project: Project, item: Item) -> None:
    Item.objects.filter(pk=item.pk).update(withheld=True)
    item.refresh_from_db()

    with pytest.raises(Withheld):
        opinion_of(project, item)
