from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from learner.core.definitions import CategoryDefinition, column_rarity, featurise_definitions, finds_of
from learner.core.features import N_FEATURES, PageText, featurise
from tests.learner.core.pages import make_definitions, make_pages


def test_a_page_is_most_similar_to_the_definition_whose_words_it_uses() -> None:
    casino = PageText("https://a.example/", "a.example", "a.example", "Casino", "", "betting on poker")
    host_only = PageText(
        "https://bestpistols.example/", "bestpistols.example", "bestpistols.example", "", "", ""
    )

    similarity = (featurise([casino, host_only]) @ make_definitions().T).toarray()

    assert similarity[0].argmax() == 0
    assert similarity[1].argmax() == 1


def test_words_that_every_definition_uses_weigh_less() -> None:
    definitions = [CategoryDefinition("Poker", "common page"), CategoryDefinition("Chess", "common page")]
    page = PageText("", "", "", "", "", "common page poker")

    similarity = (featurise([page]) @ featurise_definitions(definitions).T).toarray()[0]

    assert similarity[0] > 2 * similarity[1] > 0


def test_a_definition_without_usable_words_is_an_empty_row() -> None:
    features = featurise_definitions([CategoryDefinition("", "the of 12")])

    assert features.shape == (1, N_FEATURES)
    assert features.dtype == np.float32
    assert features.nnz == 0


def test_no_definitions_give_no_rows() -> None:
    assert featurise_definitions([]).shape == (0, N_FEATURES)


def test_what_most_pages_have_says_little_of_a_category_when_its_examples_have_it_too() -> None:
    boilerplate = "home contact privacy terms cookies"
    example = PageText("", "", "", "", "", f"{boilerplate} tombola")
    pool = featurise([replace(example, text=f"{boilerplate} topic{chr(97 + n)}") for n in range(20)])
    asked = featurise(
        [replace(example, text=text) for text in ("a tombola tonight", f"{boilerplate} weather")]
    )
    definition = [CategoryDefinition("Gambling", "", (example,))]

    plain = (asked @ featurise_definitions(definition).T).toarray()[:, 0]
    weighted = (asked @ featurise_definitions(definition, column_rarity(pool)).T).toarray()[:, 0]

    assert plain[0] < plain[1]
    assert weighted[0] > weighted[1]


def test_rare_columns_weigh_one_and_common_ones_less() -> None:
    """4 pages: a column of all has (ln(5 / 5) + 1) / (ln 5 + 1), one of none has 1."""
    features = csr_matrix(np.array([[1, 1, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]], dtype=np.float32))

    rarity = column_rarity(features)

    np.testing.assert_allclose(
        rarity, [1 / (np.log(5) + 1), (np.log(5 / 2) + 1) / (np.log(5) + 1), 1], rtol=1e-6
    )


def test_rarity_looks_at_a_thousand_pages_however_many_there_are() -> None:
    features = csr_matrix(np.tile([[1], [0]], (2_000, 1)).astype(np.float32))

    assert column_rarity(features) == pytest.approx(1 / (np.log(1_001) + 1))


def test_rarity_of_no_pages_is_one() -> None:
    assert (column_rarity(featurise([])) == 1).all()


def test_finds_are_the_mean_of_their_pages() -> None:
    pages = make_pages(3)

    finds = finds_of(pages.features)

    assert finds.n == 3
    np.testing.assert_allclose(
        finds.toward.toarray().ravel(), pages.features.toarray().mean(axis=0), rtol=1e-6
    )
