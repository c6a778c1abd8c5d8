import json
import zipfile
from io import BytesIO

import numpy as np
import pytest

from learner.core import artifact as module
from learner.core.archive import archive_bytes, archive_read
from learner.core.artifact import artifact_bytes, artifact_read, artifact_sha256
from learner.core.classifier import LinearClassifier
from learner.core.errors import HashMismatchError, MalformedFileError, RecipeMismatchError
from tests.learner.core.pages import CATEGORIES, Pages, make_pages


@pytest.fixture(scope="module")
def pages() -> Pages:
    return make_pages(200, prevalence=(0.3, 0.3, 0.0))


@pytest.fixture(scope="module")
def classifier(pages: Pages) -> LinearClassifier:
    return LinearClassifier(CATEGORIES, seed=7).fit(pages.features, pages.truth, groups=pages.sites)


def test_a_classifier_reads_back_as_it_was_written(classifier: LinearClassifier, pages: Pages) -> None:
    written = artifact_bytes(classifier, {"n_resolutions": 200})

    loaded = artifact_read(written, artifact_sha256(written))

    np.testing.assert_array_equal(
        loaded.classifier.predict_proba(pages.features), classifier.predict_proba(pages.features)
    )
    np.testing.assert_array_equal(
        loaded.classifier.predict(pages.features), classifier.predict(pages.features)
    )
    assert loaded.categories == CATEGORIES
    assert loaded.classifier.statuses_ == classifier.statuses_
    np.testing.assert_array_equal(loaded.classifier.seen_, pages.features.getnnz(axis=0))
    assert (loaded.recipe, loaded.seed, loaded.facts) == ("url-text-2", 7, {"n_resolutions": 200})
    assert artifact_bytes(loaded.classifier, loaded.facts) == written


def test_it_is_small(classifier: LinearClassifier) -> None:
    assert len(artifact_bytes(classifier, {})) < 50_000 < classifier.weights_.nbytes


def test_a_changed_byte_is_refused(classifier: LinearClassifier) -> None:
    written = artifact_bytes(classifier, {})
    damaged = written[:-1] + bytes([written[-1] ^ 1])

    with pytest.raises(HashMismatchError, match=f"{artifact_sha256(written)} was recorded; train again"):
        artifact_read(damaged, artifact_sha256(written))


def test_another_recipe_is_refused(classifier: LinearClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECIPE", "url-text-0")
    old = artifact_bytes(classifier, {})
    monkeypatch.undo()

    with pytest.raises(
        RecipeMismatchError, match="recipe url-text-0, this code computes url-text-2; train again"
    ):
        artifact_read(old, artifact_sha256(old))


def test_arrays_that_do_not_fit_together_are_refused(classifier: LinearClassifier) -> None:
    other = LinearClassifier.restored(
        classifier.statuses_,
        weights=classifier.weights_,
        bias=classifier.bias_[:2],
        thresholds=classifier.thresholds_,
    )
    written = artifact_bytes(other, {})

    with pytest.raises(MalformedFileError, match="were expected; train again"):
        artifact_read(written, artifact_sha256(written))


def test_an_artifact_of_before_counts_each_column_with_a_weight_once(classifier: LinearClassifier) -> None:
    arrays = archive_read(BytesIO(artifact_bytes(classifier, {})), [*module._PARTS, *module._NEWER])
    old = archive_bytes({name: array for name, array in arrays.items() if name != "seen"}, compressed=True)

    loaded = artifact_read(old, artifact_sha256(old)).classifier

    np.testing.assert_array_equal(loaded.weights_, classifier.weights_)
    np.testing.assert_array_equal(loaded.seen_, classifier.weights_.any(axis=1))


def test_counts_that_do_not_fit_the_columns_are_refused(classifier: LinearClassifier) -> None:
    arrays = archive_read(BytesIO(artifact_bytes(classifier, {})), [*module._PARTS, *module._NEWER])
    written = archive_bytes(arrays | {"seen": arrays["seen"][1:]}, compressed=True)

    with pytest.raises(MalformedFileError, match="columns; train again"):
        artifact_read(written, artifact_sha256(written))


def test_bytes_that_are_no_archive_are_refused() -> None:
    with pytest.raises(MalformedFileError, match="cannot be read as arrays"):
        artifact_read(b"not an archive", artifact_sha256(b"not an archive"))


def test_an_unfitted_classifier_is_not_written() -> None:
    with pytest.raises(ValueError, match="not fitted; fit it before"):
        artifact_bytes(LinearClassifier(CATEGORIES), {})


def test_facts_that_are_no_json_are_not_written(classifier: LinearClassifier) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        artifact_bytes(classifier, {"loss": float("nan")})


def test_it_holds_no_clock_and_no_pickle(classifier: LinearClassifier) -> None:
    with zipfile.ZipFile(BytesIO(artifact_bytes(classifier, {"b": 1, "a": 2}))) as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        about = json.loads(np.load(BytesIO(archive.read("about.npy")), allow_pickle=False).tobytes())
    assert list(about["facts"]) == ["a", "b"]
