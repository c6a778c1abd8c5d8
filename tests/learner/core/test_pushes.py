"""What words do to one page, and which of them errors share."""

import numpy as np
import pytest

from learner.core.arrays import Booleans
from learner.core.classifier import LinearClassifier
from learner.core.driving import ADDRESS, TEXT
from learner.core.features import PageText, featurise
from learner.core.pushes import Push, pushes_of, shared_words, words_in

COMMON = "welcome to this page about many things"


def page(number: int, host: str, text: str) -> PageText:
    return PageText(f"https://{host}/page", host, host, "", "", f"{text} number {chr(97 + number % 26)}x")


def seen_by(classifier: LinearClassifier) -> Booleans:
    return np.asarray(classifier.weights_.any(axis=1), dtype=np.bool_)


@pytest.fixture(scope="module")
def taught() -> LinearClassifier:
    """Pages that gamble say "roulette", the others say "flower"."""
    pages = [page(n, f"casino-{chr(97 + n)}.example", f"{COMMON} roulette") for n in range(20)]
    pages += [page(n, f"garden-{chr(97 + n % 26)}.example", f"{COMMON} flower") for n in range(40)]
    truth = np.zeros((60, 1), dtype=np.int8)
    truth[:20] = 1
    return LinearClassifier(["gambling"]).fit(featurise(pages), truth)


def test_words_push_towards_and_away_and_unseen_ones_are_counted(taught: LinearClassifier) -> None:
    pages = [
        page(0, "school.example", f"{COMMON} roulette flower zyzzyva"),
        page(1, "x.example", ""),
    ]
    seen = seen_by(taught)

    first, second = pushes_of(pages, featurise(pages), taught.weights_[:, 0], seen)

    assert first.towards[0].word == "roulette"
    assert first.away[0].word == "flower"
    assert first.towards[0].logits > 0 > first.away[0].logits
    assert first.n_unseen >= 1
    assert first.pull >= first.towards[0].logits
    assert second.n_words > 0


def test_a_push_is_what_the_logit_loses_without_the_word(taught: LinearClassifier) -> None:
    # Alone in its text, a word's columns are the whole of its block: 60 pages told it apart by this block alone.
    alone = PageText("", "", "", "", "", "roulette")

    (found,) = pushes_of([alone], featurise([alone]), taught.weights_[:, 0], seen_by(taught))

    decided = taught.decision(featurise([alone]))[0, 0] - taught.bias_[0]
    assert found.towards[0].logits == pytest.approx(float(decided), abs=2e-3)


def test_no_page_and_no_word_push_nothing(taught: LinearClassifier) -> None:
    nothing = [PageText("", "", "", "", "", "")]
    seen = seen_by(taught)

    assert pushes_of([], featurise([]), taught.weights_[:, 0], seen) == []
    (found,) = pushes_of(nothing, featurise(nothing), taught.weights_[:, 0], seen)
    assert (found.towards, found.away, found.n_words) == ((), (), 0)


def test_errors_are_grouped_by_the_word_that_most_of_them_share() -> None:
    lingerie, shop, other = (Push(word, TEXT, 1.0) for word in ("lingerie", "shop", "other"))
    errors = [[lingerie, shop], [lingerie], [lingerie, shop], [shop], [shop], [other]]
    correct = [{("shop", TEXT)}] * 4 + [{("else", TEXT)}] * 6

    found = shared_words(errors, correct)

    # Three of six errors and none of ten found pages: (3.5 / 7) / (0.5 / 11) = 11. The four with "shop" are 4.5 / 7
    # against 4.5 / 11 of the found pages, 1.57 times: they come first, and leave one "lingerie", too few to tell.
    assert [(row.word, row.errors) for row in found] == [("shop", (0, 2, 3, 4))]
    assert found[0].lift == pytest.approx(1.57)
    assert (found[0].correct, found[0].of_correct, found[0].of_errors) == (4, 10, 6)


def test_a_word_that_is_as_common_on_found_pages_explains_nothing() -> None:
    errors = [[Push("the", TEXT, 0.5)]] * 5 + [[Push("rare", ADDRESS, 0.4)]] * 2
    correct = [{("the", TEXT)}] * 5

    assert [row.word for row in shared_words(errors, correct)] == ["rare"]


def test_each_error_is_in_one_group_and_a_word_of_one_page_is_in_none() -> None:
    errors = [[Push("a", TEXT, 1.0), Push(f"own{n}", TEXT, 2.0)] for n in range(4)]
    errors += [[Push("a", TEXT, 1.0), Push("b", TEXT, 1.0)]] * 2 + [[Push("b", TEXT, 1.0)]] * 2

    found = shared_words(errors, [])

    places = [place for row in found for place in row.errors]
    assert sorted(places) == sorted(set(places))
    assert [row.word for row in found] == ["a", "b"]
    assert shared_words([], []) == []


def test_the_words_of_a_page_are_told_by_where_they_stand() -> None:
    assert words_in(PageText("https://chess.example/play", "chess.example", "", "Chess", "", "")) >= {
        ("chess", TEXT),
        ("chess", ADDRESS),
        ("play", ADDRESS),
    }
