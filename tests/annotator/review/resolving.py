"""What is held of an item, and how people and a lead come to it, for tests of the sweep and of decisions."""

import pytest

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item
from annotator.review.models import Resolution
from annotator.review.selectors import item_review
from annotator.review.services import Adjudication, BasedOn, review_sweep
from tests.factories import GAMBLING, GAMES, make_judgment

pytestmark = pytest.mark.django_db


def held(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


def seen(item: Item) -> BasedOn:
    review = item_review(item.project, item.pk)
    newest = review.newest.pk if review.newest else None
    return BasedOn(frozenset(judgment.pk for judgment in review.judgments), newest)


def judge_apart(item: Item, people: list[User]) -> list[Judgment]:
    """Three judgments of which no two are the same, swept: an open disagreement."""
    answers: list[list[str]] = [[GAMES], [GAMBLING], []]
    judgments = []
    for person, labels in zip(people, answers, strict=False):
        judgments.append(make_judgment(item, person, labels))
        review_sweep(item.project)
    return judgments


GAMES_IT_IS = Adjudication(frozenset({GAMES}), Verdict.LABELLED, "A game without stakes.", "1.1")
