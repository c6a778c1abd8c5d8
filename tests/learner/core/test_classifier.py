from dataclasses import asdict, replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score

from learner.core import category_fit
from learner.core.artifact import artifact_bytes
from learner.core.category_fit import SETTINGS, KeptSetting, Setting
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from tests.learner.core.pages import CATEGORIES, Pages, make_pages


@pytest.fixture(scope="module")
def pages() -> Pages:
    return make_pages(400)


@pytest.fixture(scope="module")
def classifier(pages: Pages) -> LinearClassifier:
    return LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)


def test_what_it_learned_holds_on_other_sites(classifier: LinearClassifier) -> None:
    others = make_pages(200, seed=9)

    assert f1_score(others.truth, classifier.predict(others.features), average="macro") > 0.9
    assert [status.learned for status in classifier.statuses_] == [True, True, True]


def test_probabilities_are_calibrated_and_float32(classifier: LinearClassifier) -> None:
    others = make_pages(500, seed=9)

    probabilities = classifier.predict_proba(others.features)

    assert probabilities.dtype == np.float32
    assert probabilities.shape == (500, 3)
    np.testing.assert_allclose(probabilities.mean(axis=0), others.truth.mean(axis=0), atol=0.06)


def test_packed_weights_are_float32_rows_of_categories(classifier: LinearClassifier, pages: Pages) -> None:
    assert classifier.weights_.dtype == np.float32
    assert classifier.weights_.flags.c_contiguous
    assert classifier.weights_.shape == (pages.features.shape[1], 3)
    np.testing.assert_allclose(
        classifier.decision(pages.features),
        logit(classifier.predict_proba(pages.features)),
        rtol=1e-2,
        atol=1e-3,
    )


def test_many_rows_have_the_bits_that_each_has_alone(classifier: LinearClassifier, pages: Pages) -> None:
    times = pages.features.shape[1] // pages.features.nnz + 1
    many = csr_matrix(vstack([pages.features] * times))
    assert many.nnz > many.shape[1]  # so many are multiplied by columns

    together = classifier.decision(many)

    alone = np.vstack([classifier.decision(pages.features[row]) for row in range(20)])
    np.testing.assert_array_equal(together[:20], alone)
    np.testing.assert_array_equal(together, np.tile(classifier.decision(pages.features), (times, 1)))


def test_prediction_begins_at_the_stated_probability(classifier: LinearClassifier, pages: Pages) -> None:
    thresholds = [status.threshold for status in classifier.statuses_]

    expected = classifier.predict_proba(pages.features) >= np.array(thresholds)

    np.testing.assert_array_equal(classifier.predict(pages.features), expected)


def test_same_data_and_seed_give_the_same_bytes(pages: Pages) -> None:
    first, second = (
        LinearClassifier(CATEGORIES, seed=5).fit(pages.features, pages.truth, groups=pages.sites)
        for _ in range(2)
    )

    assert artifact_bytes(first, {}) == artifact_bytes(second, {})


def test_settings_that_were_taken_over_give_the_bytes_of_those_chosen_anew(
    classifier: LinearClassifier, pages: Pages
) -> None:
    again = LinearClassifier(CATEGORIES)

    again.fit(pages.features, pages.truth, groups=pages.sites, kept=classifier.kept_settings)

    assert set(classifier.kept_settings) == set(CATEGORIES)
    assert artifact_bytes(again, {}) == artifact_bytes(classifier, {})


def test_a_setting_that_holds_is_kept_and_one_chosen_on_far_fewer_labels_is_not(pages: Pages) -> None:
    odd = Setting(2.0, 0.6)
    kept = {slug: KeptSetting(odd, n) for slug, n in zip(CATEGORIES, (400, 330, 300), strict=True)}

    fitted = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites, kept=kept)

    assert [status.chosen_on for status in fitted.statuses_] == [400, 330, 400]
    assert [status.setting == asdict(odd) for status in fitted.statuses_[:2]] == [True, True]


def test_a_setting_that_is_not_among_those_tried_is_not_kept(pages: Pages) -> None:
    kept = {CATEGORIES[0]: KeptSetting(Setting(9.0, 1.0), 400)}

    fitted = LinearClassifier(CATEGORIES, C=1.0).fit(
        pages.features, pages.truth, groups=pages.sites, kept=kept
    )

    assert fitted.statuses_[0].setting == {"C": 1.0, "url_weight": 1.0}


def test_it_follows_the_contract_of_scikit_learn() -> None:
    copy = clone(LinearClassifier(CATEGORIES, C=0.5, seed=3))

    assert copy.get_params()["C"] == 0.5
    assert not copy.is_fitted
    with pytest.raises(NotFittedError):
        copy.predict(make_pages(1).features)


def test_each_category_says_which_setting_was_chosen(classifier: LinearClassifier, pages: Pages) -> None:
    tried = [asdict(setting) for setting in SETTINGS]
    fixed = LinearClassifier(CATEGORIES, C=3.0).fit(pages.features, pages.truth, groups=pages.sites)

    assert all(status.setting in tried for status in classifier.statuses_)
    assert [status.setting for status in fixed.statuses_] == [{"C": 3.0, "url_weight": 1.0}] * 3


def test_the_weight_of_the_url_is_not_tried_when_nothing_but_the_url_is_known(pages: Pages) -> None:
    bare = featurise([replace(page, title="", text="") for page in pages.pages])

    classifier = LinearClassifier(CATEGORIES).fit(bare, pages.truth, groups=pages.sites)

    settings = [status.setting for status in classifier.statuses_ if status.setting]
    assert all(setting["url_weight"] == 1 for setting in settings)


def test_the_url_weighs_less_when_it_is_noise_and_the_text_tells() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((300, 1)) < 0.3).astype(np.int8)
    texts = [
        " ".join(rng.choice(["casino", "poker"] if present else ["river", "garden"])) for (present,) in truth
    ]
    hosts = ["".join(rng.choice(list("abcdefghij"), 12)) + ".example" for _ in truth]
    features = featurise(
        [PageText(f"https://{h}/", h, h, "", "", t) for h, t in zip(hosts, texts, strict=True)]
    )

    status = LinearClassifier(["gambling"]).fit(features, truth).statuses_[0]

    assert status.setting is not None
    assert status.setting["url_weight"] < 1


def test_settings_are_chosen_and_calibrated_on_a_part_when_there_is_more_than_enough(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = make_pages(200, seed=9)
    monkeypatch.setattr(category_fit, "TUNED_ITEMS", 100)
    monkeypatch.setattr(category_fit, "ENOUGH_DECIDED", 100)
    monkeypatch.setattr(category_fit, "ENOUGH_POSITIVES", 20)

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)

    assert [status.learned for status in classifier.statuses_] == [True, True, True]
    assert f1_score(others.truth, classifier.predict(others.features), average="macro") > 0.9
    np.testing.assert_allclose(
        classifier.predict_proba(others.features).mean(axis=0), others.truth.mean(axis=0), atol=0.08
    )


def test_a_category_with_few_positives_is_not_learned_yet_and_leaves_the_others_alone(pages: Pages) -> None:
    truth = pages.truth.copy()
    truth[np.flatnonzero(truth[:, 1])[3:], 1] = 0
    whole = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, truth, groups=pages.sites)

    status = classifier.statuses_[1]
    assert not status.learned
    assert status.reason == "not learned yet: 3 positives, 5 needed"
    assert status.threshold is None
    assert classifier.predict_proba(pages.features)[:, 1] == pytest.approx(4 / 402)
    assert not classifier.predict(pages.features)[:, 1].any()
    np.testing.assert_array_equal(classifier.weights_[:, [0, 2]], whole.weights_[:, [0, 2]])


def test_positives_on_a_single_site_are_not_enough(pages: Pages) -> None:
    truth = pages.truth.copy()
    truth[:, 0] = 0
    truth[:6, 0] = 1
    sites = pages.sites.copy()
    sites[:6] = sites[0]

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, truth, groups=sites)

    assert classifier.statuses_[0].reason == "not learned yet: 1 site with positives, 2 needed"


def test_a_category_present_everywhere_has_too_few_negatives(pages: Pages) -> None:
    truth = pages.truth.copy()
    truth[:, 2] = 1

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, truth)

    assert classifier.statuses_[2].reason == "not learned yet: 0 negatives, 5 needed"
    assert classifier.predict_proba(pages.features)[:, 2] == pytest.approx(401 / 402)
    assert not classifier.predict(pages.features)[:, 2].any()


def test_a_category_that_is_noise_says_so_or_predicts_no_better_than_it_should() -> None:
    pages = make_pages(60)
    truth = np.random.default_rng(3).integers(0, 2, (60, 3))

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, truth, groups=pages.sites)

    chance = [status for status in classifier.statuses_ if not status.learned]
    assert chance
    assert {status.reason for status in chance} == {
        "not learned yet: no better than chance on sites it had not seen"
    }


def test_items_not_known_for_a_category_are_left_out_for_it_alone(pages: Pages) -> None:
    truth = pages.truth.copy()
    truth[:100, 0] = -1

    statuses = LinearClassifier(CATEGORIES).fit(pages.features, truth, groups=pages.sites).statuses_

    assert statuses[0].n_positive + statuses[0].n_negative == 300
    assert statuses[1].n_positive + statuses[1].n_negative == 400


def test_no_items_at_all_leave_every_category_unlearned() -> None:
    pages = make_pages(0)

    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth)

    assert not classifier.learned.any()
    assert classifier.predict_proba(make_pages(2).features) == pytest.approx(0.5)


def test_counts_are_zero_before_the_first_fit() -> None:
    classifier = LinearClassifier(CATEGORIES)

    assert classifier.n_positives.tolist() == [0, 0, 0]
    assert classifier.learned.tolist() == [False, False, False]


def test_labels_that_count_little_mislead_little(pages: Pages) -> None:
    wrong = np.random.default_rng(3).random(400) < 0.3
    truth = np.where(wrong[:, None], 1 - pages.truth, pages.truth).astype(np.int8)
    weights = np.where(wrong, 0.2, 1.0)
    others = make_pages(300, seed=9)

    misled = LinearClassifier(CATEGORIES).fit(pages.features, truth, groups=pages.sites)
    weighted = LinearClassifier(CATEGORIES).fit(
        pages.features, truth, groups=pages.sites, sample_weight=weights
    )

    def f1(classifier: LinearClassifier) -> float:
        return float(f1_score(others.truth, classifier.predict(others.features), average="macro"))

    assert f1(weighted) > f1(misled) + 0.02
    distance = [
        np.abs(one.predict_proba(others.features).mean(axis=0) - others.truth.mean(axis=0)).max()
        for one in (weighted, misled)
    ]
    assert distance[0] < distance[1]


def test_only_the_ratios_of_weights_count(pages: Pages) -> None:
    weights = 1 + np.arange(400) % 3.0
    first, second, even, plain = (
        LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites, sample_weight=given)
        for given in (weights, 4 * weights, np.full(400, 4.0), None)
    )

    assert artifact_bytes(first, {}) == artifact_bytes(second, {})
    assert artifact_bytes(even, {}) == artifact_bytes(plain, {}) != artifact_bytes(first, {})
    assert plain.statuses_[0].weights == {"least": 1.0, "most": 1.0}
    assert first.statuses_[0].weights == pytest.approx({"least": 1 / 1.9975, "most": 3 / 1.9975}, rel=1e-3)


def test_an_answer_that_is_not_known_stays_so_whatever_its_weight(pages: Pages) -> None:
    truth = pages.truth.copy()
    truth[::2, 1] = -1
    weights = np.where(np.arange(400) % 2 == 0, 3.0, 1.0)

    fitted = LinearClassifier(CATEGORIES).fit(
        pages.features, truth, groups=pages.sites, sample_weight=weights
    )

    status = fitted.statuses_[1]
    assert status.n_positive + status.n_negative == 200
    assert status.weights == {"least": 1.0, "most": 1.0}


def test_bad_training_data_is_refused_with_the_value(pages: Pages) -> None:
    classifier = LinearClassifier(CATEGORIES)

    with pytest.raises(ValueError, match=r"Y is \(400, 2\); 400 items in 3 categories"):
        classifier.fit(pages.features, pages.truth[:, :2])
    with pytest.raises(ValueError, match=r"Y holds \[2\]"):
        classifier.fit(pages.features, pages.truth * 2)
    with pytest.raises(ValueError, match=r"groups \(3,\) and sample_weight \(400,\) need \(400,\)"):
        classifier.fit(pages.features, pages.truth, groups=pages.sites[:3])
    broken = pages.features.copy()
    broken.data[7] = np.nan
    with pytest.raises(ValueError, match="X holds a value that is no finite number"):
        classifier.fit(broken, pages.truth)
    with pytest.raises(ValueError, match="sample_weight has nan"):
        classifier.fit(pages.features, pages.truth, sample_weight=np.full(400, np.nan))
    with pytest.raises(ValueError, match=r"sample_weight has 0\.0"):
        classifier.fit(pages.features, pages.truth, sample_weight=np.zeros(400))
