import numpy as np
import pytest
from sklearn.base import clone

from learner.core.classifier import LinearClassifier
from learner.core.learner import QueryModel
from learner.core.strategies import STRATEGIES
from tests.learner.core.pages import CATEGORIES, Pages, make_definitions, make_pages


@pytest.fixture(scope="module")
def pages() -> Pages:
    return make_pages(200)


def make_model() -> QueryModel:
    return QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["cold_start"], make_definitions())


def test_fit_reaches_the_classifier_with_its_sites(pages: Pages) -> None:
    model = make_model().fit(pages.features, pages.truth, groups=pages.sites)
    alone = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)

    np.testing.assert_array_equal(model.predict_proba(pages.features), alone.predict_proba(pages.features))
    np.testing.assert_array_equal(model.predict(pages.features), alone.predict(pages.features))


def test_teach_adds_to_what_is_known(pages: Pages) -> None:
    model = make_model().fit(pages.features[:120], pages.truth[:120])

    model.teach(pages.features[120:], pages.truth[120:], groups=pages.sites)

    assert model.X_training is not None
    assert model.X_training.shape[0] == 200
    alone = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    np.testing.assert_array_equal(model.predict_proba(pages.features), alone.predict_proba(pages.features))


def test_teach_starts_what_is_known_when_nothing_was(pages: Pages) -> None:
    model = make_model()

    model.teach(pages.features, pages.truth)

    assert model.estimator.is_fitted
    assert model.X_training is pages.features


def test_teach_only_new_forgets_nothing_but_fits_the_new(pages: Pages) -> None:
    model = make_model().fit(pages.features[:120], pages.truth[:120])

    model.teach(pages.features[120:], pages.truth[120:], only_new=True)

    assert model.X_training is not None
    assert model.X_training.shape[0] == 120
    assert model.estimator.statuses_[0].n_positive == pages.truth[120:, 0].sum()


def test_labels_of_another_length_are_refused(pages: Pages) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        make_model().fit(pages.features, pages.truth[:5])


def test_decisions_are_computed_once_and_again_after_a_fit(pages: Pages) -> None:
    model = make_model().fit(pages.features[:120], pages.truth[:120])

    first = model.decision(pages.features)
    again = model.decision(pages.features)
    model.teach(pages.features[120:], pages.truth[120:])
    later = model.decision(pages.features)

    assert again is first
    assert not np.array_equal(later, first)


def test_it_can_be_copied_and_printed() -> None:
    model = make_model()

    assert "QueryModel" in repr(model)
    assert clone(model, safe=False).query_strategy.name == "cold_start"
