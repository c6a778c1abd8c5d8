"""Classifier files: safe to read, checked by hash, small, and equal for equal classifiers."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256 as _sha256
from typing import Any

import numpy as np

from learner.core.archive import archive_bytes, archive_read
from learner.core.arrays import Array
from learner.core.category_fit import CategoryStatus
from learner.core.classifier import LinearClassifier
from learner.core.errors import HashMismatchError, MalformedFileError, RecipeMismatchError
from learner.core.features import N_FEATURES
from learner.core.recipe import RECIPE

_PARTS = ("columns", "weights", "bias", "thresholds", "about")
_NEWER = ("seen",)
"""Parts that artifacts of before do not have."""


@dataclass(frozen=True, slots=True, eq=False)
class LoadedClassifier:
    """A classifier read back, with what is known of its training."""

    classifier: LinearClassifier
    categories: tuple[str, ...]
    recipe: str
    seed: int
    facts: dict[str, Any]


def artifact_sha256(artifact: bytes) -> str:
    """The hash that `artifact_read` wants, in hexadecimal."""
    return _sha256(artifact).hexdigest()


def artifact_bytes(classifier: LinearClassifier, facts: Mapping[str, Any]) -> bytes:
    """A fitted classifier as compressed npz: rows of the packed weights that training saw, and facts as JSON.

    Parameters
    ----------
    classifier : LinearClassifier
        Fitted on features of `RECIPE`.
    facts : mapping
        Of its training, JSON-serialisable; keys are sorted, so equal facts give equal bytes.

    Raises
    ------
    ValueError
        If the classifier is not fitted, or a fact is infinite or not a number.
    TypeError
        If a fact is not JSON.
    """
    if not classifier.is_fitted:
        raise ValueError("the classifier is not fitted; fit it before it is written")
    columns = np.flatnonzero(classifier.seen_)
    about = {
        "recipe": RECIPE,
        "seed": classifier.seed,
        "statuses": [asdict(status) for status in classifier.statuses_],
        "facts": facts,
    }
    text = json.dumps(about, sort_keys=True, allow_nan=False)
    arrays: dict[str, Array] = {
        "columns": columns.astype(np.int32),
        "weights": classifier.weights_[columns],
        "seen": classifier.seen_[columns],
        "bias": classifier.bias_,
        "thresholds": classifier.thresholds_,
        "about": np.frombuffer(text.encode(), dtype=np.uint8),
    }
    return archive_bytes(arrays, compressed=True)


def artifact_read(artifact: bytes, sha256: str) -> LoadedClassifier:
    """The classifier in an artifact, after its hash was checked; nothing in the file can run.

    Raises
    ------
    HashMismatchError
        If the bytes are not those that were written.
    RecipeMismatchError
        If it was fitted on features that this code does not compute.
    MalformedFileError
        If the arrays do not fit together.
    """
    found = artifact_sha256(artifact)
    if found != sha256:
        raise HashMismatchError(
            f"the artifact has SHA-256 {found}, {sha256} was recorded; train again or restore it"
        )
    arrays = archive_read(io.BytesIO(artifact), _PARTS, _NEWER)
    about = json.loads(arrays["about"].tobytes())
    if about["recipe"] != RECIPE:
        raise RecipeMismatchError(
            f"the artifact has recipe {about['recipe']}, this code computes {RECIPE}; train again"
        )
    statuses = [CategoryStatus(**status) for status in about["statuses"]]
    classifier = LinearClassifier.restored(
        statuses,
        weights=_packed(arrays, len(statuses)),
        bias=arrays["bias"],
        thresholds=arrays["thresholds"],
        seen=_seen(arrays),
    ).set_params(seed=about["seed"])
    return LoadedClassifier(
        classifier=classifier,
        categories=tuple(classifier.categories),
        recipe=about["recipe"],
        seed=about["seed"],
        facts=about["facts"],
    )


def _packed(arrays: dict[str, Array], n_categories: int) -> Array:
    """The packed weights, float32 (N_FEATURES, n_categories), zero where no training item had the column."""
    columns, weights = arrays["columns"], arrays["weights"]
    expected = ((len(columns), n_categories), (n_categories,), (n_categories,))
    shapes = (weights.shape, arrays["bias"].shape, arrays["thresholds"].shape)
    if shapes != expected or (len(columns) and not 0 <= columns.min() <= columns.max() < N_FEATURES):
        raise MalformedFileError(f"the artifact's arrays are {shapes}, {expected} were expected; train again")
    packed = np.zeros((N_FEATURES, n_categories), dtype=np.float32)
    packed[columns] = weights
    return packed


def _seen(arrays: dict[str, Array]) -> Array | None:
    """Training items with each column, int32 (N_FEATURES,); None of an artifact of before."""
    if "seen" not in arrays:
        return None
    columns, counts = arrays["columns"], arrays["seen"]
    if counts.shape != columns.shape:
        raise MalformedFileError(
            f"the artifact counts {counts.shape} of {columns.shape} columns; train again"
        )
    seen = np.zeros(N_FEATURES, dtype=np.int32)
    seen[columns] = counts
    return seen
