"""One battery that every query strategy passes, then what is special about each."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from learner.core.category_fit import CategoryStatus
from learner.core.classifier import LinearClassifier
from learner.core.definitions import column_rarity, finds_of
from learner.core.features import featurise
from learner.core.learner import QueryModel
from learner.core.strategies import ENOUGH, GIVEN_UP, PLAUSIBLE, STRATEGIES, Strategy, strategy_for
from tests.learner.core.pages import CATEGORIES, Pages, make_definitions, make_pages


@pytest.fixture(scope="module")
def pool() -> Pages:
    return make_pages(300, seed=4)


@pytest.fixture(scope="module")
def fitted() -> LinearClassifier:
    """Gambling and games learned, weapons not."""
    pages = make_pages(200, prevalence=(0.3, 0.0, 0.2))
    return LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)


@pytest.fixture(params=["fitted", "unfitted"])
def classifier(request: pytest.FixtureRequest, fitted: LinearClassifier) -> LinearClassifier:
    return fitted if request.param == "fitted" else LinearClassifier(CATEGORIES)


@pytest.fixture(params=sorted(STRATEGIES))
def strategy(request: pytest.FixtureRequest) -> Strategy:
    return STRATEGIES[request.param]


@pytest.fixture
def model(classifier: LinearClassifier, strategy: Strategy) -> QueryModel:
    return QueryModel(classifier, strategy, make_definitions())


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


class TestBattery:
    @pytest.mark.parametrize("n", [1, 2, 7, 300, 999])
    def test_indices_are_distinct_and_scores_descend(
        self, model: QueryModel, strategy: Strategy, pool: Pages, n: int
    ) -> None:
        indices, scores = strategy(model, pool.features, n, rng=rng())

        assert len(indices) == len(scores) <= min(n, 300)
        assert len(set(indices.tolist())) == len(indices)
        assert np.isfinite(scores).all()
        assert (np.diff(scores) <= 0).all()
        assert not len(indices) or 0 <= indices.min() <= indices.max() < 300

    def test_the_same_rng_gives_the_same_answer(
        self, model: QueryModel, strategy: Strategy, pool: Pages
    ) -> None:
        first, second = (strategy(model, pool.features, 20, rng=rng()) for _ in range(2))

        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])

    def test_global_randomness_is_not_touched(
        self, model: QueryModel, strategy: Strategy, pool: Pages
    ) -> None:
        before = np.random.get_state()[1].tolist()  # type: ignore[index]

        strategy(model, pool.features, 20, rng=rng())

        assert np.random.get_state()[1].tolist() == before  # type: ignore[index]

    def test_an_empty_pool_gives_nothing(self, model: QueryModel, strategy: Strategy) -> None:
        indices, scores = strategy(model, featurise([]), 5, rng=rng())

        assert len(indices) == len(scores) == 0

    def test_lanes_are_complete(self, model: QueryModel, strategy: Strategy, pool: Pages) -> None:
        lanes = strategy.lanes(model, pool.features, rng=rng())

        assert lanes.scores.shape == (len(lanes.reasons), 300)
        assert lanes.scores.dtype == np.float32
        assert not np.isnan(lanes.scores).any()
        assert len(lanes.shares) == len(lanes.reasons)
        assert (lanes.shares > 0).all()
        assert len(set(lanes.reasons)) == len(lanes.reasons)

    def test_modal_queries_through_it(self, model: QueryModel, strategy: Strategy, pool: Pages) -> None:
        expected, _ = strategy(model, pool.features, 2, rng=rng())

        indices, rows = model.query(pool.features, n_instances=2, rng=rng())

        np.testing.assert_array_equal(indices, expected)
        assert rows.shape == (len(expected), pool.features.shape[1])

    def test_it_does_without_definitions(
        self, classifier: LinearClassifier, strategy: Strategy, pool: Pages
    ) -> None:
        indices, _ = strategy(QueryModel(classifier, strategy), pool.features, 5, rng=rng())

        assert len(indices) <= 5

    def test_it_has_a_name_and_a_sentence(self, strategy: Strategy) -> None:
        assert STRATEGIES[strategy.name] is strategy
        assert strategy.summary.endswith(".")


def test_random_sampling_finds_every_item_equally_likely(pool: Pages) -> None:
    model, random = QueryModel(LinearClassifier(CATEGORIES)), STRATEGIES["random_sampling"]
    generator = rng()

    counts = np.zeros(300)
    for _ in range(600):
        counts[random(model, pool.features, 30, rng=generator)[0]] += 1

    assert counts.mean() == 60
    assert ((counts - 60) ** 2 / 54).sum() == pytest.approx(300, abs=5 * (2 * 300) ** 0.5)


def test_uncertainty_serves_learned_categories_alone_and_equally(
    fitted: LinearClassifier, pool: Pages
) -> None:
    model = QueryModel(fitted)

    lanes = STRATEGIES["multilabel_uncertainty"].lanes(model, pool.features, rng=rng())
    indices, _ = model.query(pool.features, n_instances=10, rng=rng())

    assert lanes.reasons == ("close to the threshold of gambling", "close to the threshold of games")
    distance = np.abs(fitted.decision(pool.features) - fitted.thresholds_)[:, [0, 2]]
    ranks = distance.argsort(axis=0).argsort(axis=0)
    assert (ranks[indices] < 10).any(axis=1).all()
    assert (ranks[indices, 0] < 5).sum() == (ranks[indices, 1] < 5).sum() == 5


def test_uncertainty_has_no_opinion_when_nothing_is_learned(pool: Pages) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES))

    indices, scores = model.query_strategy(model, pool.features, 5, rng=rng())

    assert len(indices) == len(scores) == 0


def test_expected_change_prefers_new_words_among_equally_close_items(
    fitted: LinearClassifier, pool: Pages
) -> None:
    """The same lanes as uncertainty, moved by twice the logarithm of the length; the ledger keeps the distance."""
    model = QueryModel(fitted, STRATEGIES["expected_change"])

    lanes = STRATEGIES["expected_change"].lanes(model, pool.features, rng=rng())
    close = STRATEGIES["multilabel_uncertainty"].lanes(model, pool.features, rng=rng())

    shared = pool.features.getnnz(axis=0) >= 3
    worth = shared * column_rarity(pool.features) ** 2 / (1 + fitted.seen_)
    length = np.sqrt(pool.features.multiply(pool.features) @ worth)
    np.testing.assert_allclose(lanes.scores, close.scores + 2 * np.log(length), rtol=1e-4)
    np.testing.assert_array_equal(lanes.recorded, close.scores)
    assert lanes.reasons == close.reasons


def test_expected_change_asks_for_what_no_label_had_and_other_pages_have(pool: Pages) -> None:
    """Three columns of equal weight: one that 99 labels had, one that is new, one that is new and of one page."""
    classifier = LinearClassifier.restored(
        [CategoryStatus("games", True, "", 40, 60, 100, 0.5, 0.5)],
        weights=np.zeros((3, 1), dtype=np.float32),
        bias=np.zeros(1, dtype=np.float32),
        thresholds=np.zeros(1),
        seen=np.array([99, 0, 0]),
    )
    old, new, alone = np.eye(3, dtype=np.float32)
    items = csr_matrix(np.array([*[old] * 4, *[new] * 4, alone]))

    lanes = STRATEGIES["expected_change"].lanes(QueryModel(classifier), items, rng=rng())

    assert sorted(lanes.best(0, 4).tolist()) == [4, 5, 6, 7]
    assert lanes.scores[0, 4] - lanes.scores[0, 0] == pytest.approx(np.log(100), rel=1e-3)
    assert lanes.scores[0, 8] == lanes.scores[0].min()


def test_rare_category_hunts_most_for_what_is_not_learned(fitted: LinearClassifier, pool: Pages) -> None:
    model = QueryModel(fitted, STRATEGIES["rare_category"], make_definitions())

    lanes = model.query_strategy.lanes(model, pool.features, rng=rng())
    indices, _ = model.query(pool.features, n_instances=20, rng=rng())

    n_games = fitted.statuses_[2].n_positive
    assert lanes.reasons == (
        "resembles the definition of weapons, which is not learned yet",
        f"likely games, which has {n_games} positives so far",
    )
    assert lanes.shares[0] > lanes.shares[1]
    assert pool.truth[indices, 1].mean() > 0.4


def test_what_is_learned_is_hunted_among_plausible_items_until_it_has_enough(pool: Pages) -> None:
    pages = make_pages(200, prevalence=(0.5, 0.0, 0.2))
    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    model = QueryModel(classifier, STRATEGIES["rare_category"], make_definitions())

    lanes = model.query_strategy.lanes(model, pool.features, rng=rng())

    assert classifier.n_positives[0] >= ENOUGH > classifier.n_positives[2]
    assert [reason.split(",")[0] for reason in lanes.reasons] == [
        "resembles the definition of weapons",
        "likely games",
    ]
    in_lane = np.isfinite(lanes.scores[1])
    np.testing.assert_array_equal(in_lane, classifier.predict_proba(pool.features)[:, 2] >= PLAUSIBLE)
    assert not in_lane.all()


def test_a_definition_that_brings_nothing_gets_less_as_labels_are_spent(fitted: LinearClassifier) -> None:
    empty = featurise([])
    shares = [
        STRATEGIES["rare_category"].lanes(QueryModel(classifier), empty, rng=rng()).shares[-2]
        for classifier in (LinearClassifier(CATEGORIES), fitted)
    ]

    assert shares == [1, pytest.approx(1 / (1 + 200 / 100))]


def test_a_definition_that_leads_nowhere_is_given_up_unless_pages_show_the_category(pool: Pages) -> None:
    pages = make_pages(GIVEN_UP, prevalence=(0.3, 0.0, 0.2))
    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    hunt = STRATEGIES["rare_category"].lanes

    words, shown = (
        hunt(QueryModel(classifier, definitions=make_definitions(), shown=shown), pool.features, rng=rng())
        for shown in ([], [1])
    )

    assert "weapons" not in words.categories
    assert "weapons" in shown.categories


def test_the_first_finds_of_a_category_lead_to_more_of_it(fitted: LinearClassifier, pool: Pages) -> None:
    positives = pool.features[np.flatnonzero(pool.truth[:, 1] == 1)[:2]]
    finds = {1: finds_of(positives)}
    model = QueryModel(fitted, STRATEGIES["rare_category"], finds=finds)

    lanes = model.query_strategy.lanes(model, pool.features, rng=rng())

    assert lanes.reasons[0] == "resembles the 2 found of weapons, which is not learned yet"
    assert pool.truth[lanes.best(0, 20), 1].mean() > 0.7


def test_the_default_looks_at_definitions_until_something_is_learned(fitted: LinearClassifier) -> None:
    assert strategy_for(LinearClassifier(CATEGORIES)).name == "cold_start"
    assert strategy_for(fitted).name == "expected_change"


def test_cold_start_finds_every_category_without_a_label(pool: Pages) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["cold_start"], make_definitions())

    indices, _ = model.query(pool.features, n_instances=40, rng=rng())

    assert (pool.truth[indices].sum(axis=0) >= 10).all()
