"""The nearest pages by cosine, rare columns first."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.metrics.pairwise import cosine_similarity

from learner.core.features import featurise
from learner.core.likeness import Likeness
from tests.learner.core.pages import make_pages


def test_the_nearest_are_those_of_the_full_table() -> None:
    features = csr_matrix(np.random.default_rng(0).random((15, 8)) > 0.6, dtype=np.float32)
    likeness = Likeness(features)  # of fewer than twenty pages nothing is common
    found_in = np.bincount(features.indices, minlength=8)
    weighed = features.toarray() * (np.log(16 / (1 + found_in)) + 1)
    expected = cosine_similarity(weighed[:4], weighed)

    places, cosines = likeness.nearest(csr_matrix(features[:4]), 3)

    assert cosines == pytest.approx(np.sort(expected, axis=1)[:, ::-1][:, :3], abs=1e-5)
    assert np.take_along_axis(expected, places, axis=1) == pytest.approx(cosines, abs=1e-5)


def test_a_page_is_nearest_to_itself_and_then_to_its_topic() -> None:
    pages = make_pages(300, seed=1)
    likeness = Likeness(pages.features)
    gambling = np.flatnonzero((pages.truth == [1, 0, 0]).all(axis=1))[:20]

    places, cosines = likeness.nearest(csr_matrix(pages.features[gambling]), 4)

    assert places[:, 0].tolist() == gambling.tolist()
    assert cosines[:, 0] == pytest.approx(1.0, abs=1e-4)
    assert pages.truth[places[:, 1:], 0].mean() > 0.45  # three in ten pages have it


def test_there_may_be_nothing_to_compare_with_or_nothing_wanted() -> None:
    none = featurise([])

    assert Likeness(none).nearest(featurise([]), 5)[0].shape == (0, 0)
    assert Likeness(make_pages(3).features).nearest(none, 5)[0].shape == (0, 3)
    assert Likeness(none).nearest(make_pages(3).features, 5)[0].shape == (3, 0)
