"""Patterns of disagreements on the page: their order, and going through one."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.models import Disagreement
from annotator.review.services import review_sweep
from tests.annotator.review.visiting import filled, page
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_batch, make_items, make_judgment

pytestmark = pytest.mark.django_db


def test_patterns_come_by_items_and_severity_and_lead_to_their_items(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    games = [dispute(), dispute(), dispute()]
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for person, labels in zip(people[:3], ([VIOLENCE], [], []), strict=True):
        make_judgment(item, person, labels)
        review_sweep(project)
    violence = Disagreement.objects.get(item=item)

    listed = pages.get(page(project, "disagreements")).context["patterns"]

    by_severity = {line.key: (line.words, line.n_items, line.n_sites) for line, _ in listed}
    assert by_severity == {
        "either:gambling.games": ("Gambling or Games", 3, 3),
        "one:violence": ("Violence: present or absent", 1, 1),
    }
    assert [line.weight for line, _ in listed] == sorted((line.weight for line, _ in listed), reverse=True)
    narrowed = pages.get(page(project, "disagreements"), {"pattern": violence.pattern})
    assert [line.disagreement for line in narrowed.context["lines"]] == [violence]
    assert "patterns" not in narrowed.context
    shown = pages.get(page(project, "disagreement", games[1].pk), {"pattern": games[1].pattern}).context
    assert shown["onward"] == page(project, "disagreement_next") + (
        f"?pattern=either%3Agambling.games&after={games[1].pk}"
    )
    assert f"/{games[0].pk}/?pattern=" in shown["back"]
    assert shown["left"] == 2


def serve(project: Project, score: float | None, strategy: str = "multilabel_uncertainty") -> Item:
    """An item that a classifier chose with this score."""
    (item,) = make_items(project, 1)
    choice = BatchChoice(item.pk, Stream.QUERY, strategy, score, "-", 1, 1, None, 1)
    fingerprint = f"of {item.pk}"
    batch_open(
        project, [choice], fingerprint=fingerprint, reason="due", seed=1, classifier_number=1, pool_size=1
    )
    return item


def test_patterns_say_that_there_is_no_classifier(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()

    before = pages.get(page(project, "disagreements")).content.decode()
    serve(project, 1.0, "rare_category")
    after = pages.get(page(project, "disagreements")).content.decode()

    assert "No classifier yet (none has chosen a batch)" in before
    assert "it chose none of these pages by it" in after


def test_patterns_on_the_line_come_first_and_unknown_ones_weigh_as_the_mean(
    pages: Client, project: Project, people: list[User]
) -> None:
    answers: dict[str, tuple[list[str], ...]] = {
        "sure": ([GAMES], [], [GAMBLING, GAMES]),
        "close": ([GAMES], [GAMES, GAMBLING, VIOLENCE], [GAMES, GAMBLING]),
        "unknown": ([GAMES], [GAMBLING], []),
    }
    scores = {"sure": -1000.0, "close": 0.0, "unknown": None}
    for name, labels in answers.items():
        item = serve(project, scores[name])
        for person, given in zip(people, labels, strict=False):
            make_judgment(item, person, given)
            review_sweep(project)

    lines = pages.get(page(project, "disagreements")).context["patterns"]

    assert [(line.key, round(line.doubt, 3), line.n_doubted) for line, _ in lines] == [
        ("several:gambling.violence", 1.0, 1),
        ("either:gambling.games", 0.5, 0),
        ("several:gambling.games", 0.0, 1),
    ]


def test_resolving_goes_on_in_the_pattern_and_ends_at_its_empty_list(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    address = page(project, "disagreement", row.pk) + f"?pattern={row.pattern}"

    answer = pages.post(address, filled(pages, address), follow=True)

    assert answer.redirect_chain[0][0] == page(project, "disagreements") + "?pattern=either%3Agambling.games"
    assert "None of this pattern" in answer.content.decode()


def test_a_word_that_is_no_pattern_narrows_nothing(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()

    answer = pages.get(page(project, "disagreements"), {"pattern": "one:\x00"})

    assert [line.disagreement for line in answer.context["lines"]] == [row]
