"""What words do to one page, and which of them errors share."""

import numpy as np
import pytest

from learner.core.arrays import Booleans
from learner.core.catalogue import ADDRESS, TEXT
from learner.core.classifier import LinearClassifier
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


def test_errors_are_grouped_by_the_word_that_more_of_them_share_than_chance_has_it() -> None:
    lingerie, shop, other = (Push(word, TEXT, 1.0) for word in ("lingerie", "shop", "other"))
    errors = [[lingerie, shop]] * 4 + [[lingerie]] * 2 + [[shop], [other]]
    correct = [{("shop", TEXT)}] * 5 + [{("else", TEXT)}] * 7

    found = shared_words(errors, correct)

    # Of 8 errors and 12 found pages 6 say "lingerie", all of them errors: C(8, 6) / C(20, 6) = 28 / 38,760. Of the
    # three words two could be told apart at all ("other" is on one page). "shop" is on 5 of 8 and 5 of 12: nothing.
    assert [(row.word, row.errors) for row in found] == [("lingerie", (0, 1, 2, 3, 4, 5))]
    assert found[0].p_value == pytest.approx(2 * 28 / 38_760)
    assert found[0].lift == pytest.approx((6.5 / 9) / (0.5 / 13), abs=0.01)
    assert (found[0].correct, found[0].of_correct, found[0].of_errors) == (0, 12, 8)


def test_two_or_three_errors_that_share_a_word_by_chance_are_no_group() -> None:
    errors = [[Push("two", TEXT, 0.5)]] * 2 + [[Push("three", TEXT, 0.5)]] * 3 + [[Push("own", TEXT, 0.5)]]
    correct = [{("else", TEXT)}] * 6

    assert shared_words(errors, correct) == []


def test_a_word_that_is_as_common_on_found_pages_explains_nothing() -> None:
    errors = [[Push("the", TEXT, 0.5)]] * 5 + [[Push("rare", ADDRESS, 0.4)]] * 4
    correct = [{("the", TEXT)}] * 30

    assert [row.word for row in shared_words(errors, correct)] == ["rare"]


def test_each_error_is_in_one_group_and_is_not_counted_for_the_next() -> None:
    a, b = Push("a", TEXT, 1.0), Push("b", TEXT, 1.0)
    errors = [[a]] * 4 + [[a, b]] * 2 + [[b]] * 4 + [[Push("own", TEXT, 2.0)]]
    correct = [{("else", TEXT)}] * 40

    found = shared_words(errors, correct)

    assert [(row.word, len(row.errors), row.of_errors) for row in found] == [("b", 6, 11), ("a", 4, 5)]
    assert shared_words([], correct) == []


def test_nothing_is_told_where_there_is_nothing_to_compare_with() -> None:
    assert shared_words([[Push("a", TEXT, 1.0)]] * 9, []) == []


def test_the_words_of_a_page_are_told_by_where_they_stand() -> None:
    assert words_in(PageText("https://chess.example/play", "chess.example", "", "Chess", "", "")) >= {
        ("chess", TEXT),
        ("chess", ADDRESS),
        ("play", ADDRESS),
    }
