import numpy as np

from learner.core.definitions import CategoryDefinition, featurise_definitions
from learner.core.features import N_FEATURES, PageText, featurise
from tests.learner.core.pages import make_definitions


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
