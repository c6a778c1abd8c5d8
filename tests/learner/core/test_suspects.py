"""Doubted labels: by hand, by near-duplicates and sites, and out of fold."""

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.arrays import Array
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from learner.core.suspects import (
    classifier_doubt,
    confident_errors,
    doubts_of,
    others_in_group,
    out_of_fold,
    probabilities_unseen,
)

NAN = float("nan")


def page(number: int, word: str) -> PageText:
    host = f"s{number}.example"
    return PageText(f"https://{host}/", host, host, f"{word} {word}s of the day", "", f"all about {word}")


def games_and_weather(n: int) -> tuple[csr_matrix, Array, Array]:
    """`n` pages on games, then `n` on weather, each on a site of its own; the first game is held to be none."""
    pages = [page(i, "chess" if i < n else "rain") for i in range(2 * n)]
    truth = np.repeat([[1], [0]], n, axis=0)
    truth[0, 0] = 0
    return featurise(pages), truth, np.arange(2 * n)


def test_an_answer_or_a_probability_that_is_not_known_is_no_doubt() -> None:
    doubt = classifier_doubt(np.array([[1, 0, -1, 1]]), np.array([[0.25, 0.25, 0.9, NAN]]))

    assert doubt.tolist() == [[0.75, 0.25, 0.0, 0.0]]


def test_only_what_is_surer_than_the_average_of_the_opposite_is_an_error() -> None:
    # Held present: 0.9, 0.7, 0.1, mean 0.567. Held absent: 0.1, 0.1, 0.6, mean 0.267.
    truth = np.array([[1], [1], [1], [0], [0], [0]])
    probabilities = np.array([[0.9], [0.7], [0.1], [0.1], [0.1], [0.6]])

    assert confident_errors(truth, probabilities).ravel().tolist() == [False, False, True, False, False, True]


def test_twelve_near_duplicates_against_one_make_it_a_suspect_and_not_the_twelve() -> None:
    truth = np.array([[1]] * 12 + [[0]])
    unknown = np.full((13, 1), NAN)

    doubts = doubts_of(truth, unknown, np.zeros(13), np.arange(13))

    assert doubts.duplicates.against(truth).ravel().tolist() == [1] * 12 + [12]
    assert doubts.doubt[12, 0] == 12 / 13
    assert not doubts.doubt[:12].any()


def test_the_order_of_items_changes_nothing() -> None:
    rng = np.random.default_rng(3)
    truth, groups = rng.integers(-1, 2, (40, 3)), rng.integers(0, 8, 40)
    probabilities, order = rng.random((40, 3)), rng.permutation(40)

    doubt = doubts_of(truth, probabilities, groups, groups).doubt
    shuffled = doubts_of(truth[order], probabilities[order], groups[order], groups[order]).doubt

    assert np.allclose(doubt[order], shuffled)
    assert (others_in_group(truth, groups).known >= 0).all()


def test_a_planted_error_is_the_first_suspect() -> None:
    features, truth, sites = games_and_weather(15)

    probabilities = out_of_fold(LinearClassifier(["games"]), features, truth, sites)

    assert classifier_doubt(truth, probabilities).argmax() == 0


def test_nothing_is_said_by_the_classifier_when_there_are_fewer_sites_than_folds() -> None:
    features, truth, _ = games_and_weather(15)

    assert np.isnan(out_of_fold(LinearClassifier(["games"]), features, truth, np.zeros(30))).all()


def test_holdout_labels_change_no_probability() -> None:
    features, truth, sites = games_and_weather(20)
    holdout = sites % 4 == 1
    turned = np.where(holdout[:, None], 1 - truth, truth)

    one, other = (
        probabilities_unseen(LinearClassifier(["games"]), features, labels, sites, holdout)
        for labels in (truth, turned)
    )

    assert np.array_equal(one, other)
    assert not np.isnan(one[holdout]).any()
