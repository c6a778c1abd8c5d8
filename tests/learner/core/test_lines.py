"""A page on the line between two categories is told so; one near a single threshold, or none, is not."""

from copy import copy

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from learner.core.classifier import LinearClassifier
from learner.core.lines import NEAR, lines_between
from tests.learner.core.pages import CATEGORIES, Pages, make_pages


@pytest.fixture(scope="module")
def fitted() -> LinearClassifier:
    """Gambling and games learned, weapons not."""
    pages = make_pages(200, prevalence=(0.3, 0.0, 0.2))
    return LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)


@pytest.fixture
def on_the_first(fitted: LinearClassifier, pool: Pages) -> LinearClassifier:
    """The same, with thresholds right beside what it says of the first page."""
    moved = copy(fitted)
    moved.thresholds_ = fitted.decision(pool.features[:1])[0] + np.array([0.3, 0.0, -0.2], dtype=np.float32)
    return moved


@pytest.fixture(scope="module")
def pool() -> Pages:
    return make_pages(300, seed=4)


def test_a_page_near_two_thresholds_is_on_the_line_between_them(
    on_the_first: LinearClassifier, pool: Pages
) -> None:
    distance = np.abs(on_the_first.decision(pool.features) - on_the_first.thresholds_)[:, [0, 2]]

    lines = lines_between(on_the_first, pool.features)

    assert lines[0] == "closest to the line between games and gambling"
    assert [bool(line) for line in lines] == (distance.max(axis=1) <= NEAR).tolist()
    assert not all(lines)


def test_there_is_no_line_when_fewer_than_two_categories_are_learned(pool: Pages) -> None:
    pages = make_pages(200, prevalence=(0.3, 0.0, 0.0))
    one = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)

    assert lines_between(one, pool.features) == [""] * 300


def test_no_pages_have_no_lines(fitted: LinearClassifier) -> None:
    assert lines_between(fitted, csr_matrix((0, fitted.weights_.shape[0]))) == []
