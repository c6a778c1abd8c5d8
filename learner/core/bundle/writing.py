"""The bundle: a classifier that scores outside of Crossguard. Packed weights, recipe, card and a scorer; no pickle."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

import numpy as np

from learner.core import features, hashing
from learner.core.archive import archive_bytes
from learner.core.arrays import Array
from learner.core.artifact import LoadedClassifier
from learner.core.recipe import RECIPE

FORMAT: Final = "crossguard-classifier-1"
MANIFEST: Final = "manifest.json"
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_KINDS: Final = ("domain", "host", "path", "query", "pair", "word", "stem")


def recipe_facts() -> dict[str, Any]:
    """All numbers that another program needs to make the same features."""
    salts = features._SALTS.tolist()  # noqa: SLF001 - the recipe is the same package's
    return {
        "name": RECIPE,
        "block_columns": features.N_URL,
        "max_url": features._MAX_URL,  # noqa: SLF001
        "max_words": features.MAX_WORDS,
        "max_characters": features._MAX_CHARACTERS,  # noqa: SLF001
        "stem": features._PREFIX,  # noqa: SLF001
        "base": hashing._BASE,  # noqa: SLF001
        "mix": int(hashing._MIX),  # noqa: SLF001
        "salts": dict(zip(_KINDS, salts[features._DOMAIN :], strict=True)),  # noqa: SLF001
        "grams": list(zip(features._GRAMS, features._GRAM_SALTS.tolist(), strict=True)),  # noqa: SLF001
    }


def bundle_bytes(loaded: LoadedClassifier, card: Mapping[str, str], about: Mapping[str, Any]) -> bytes:
    """The bundle as a zip file; equal arguments give equal bytes.

    Parameters
    ----------
    loaded : LoadedClassifier
    card : mapping
        The files of the model card, by name.
    about : mapping
        What else is said of the version; JSON.
    """
    classifier = loaded.classifier
    columns = np.flatnonzero(classifier.weights_.any(axis=1))
    arrays: dict[str, Array] = {
        "columns": columns.astype(np.int32),
        "weights": classifier.weights_[columns],
        "bias": classifier.bias_,
        "thresholds": classifier.thresholds_,
    }
    told = {"format": FORMAT, **about, "categories": _categories(loaded), "recipe": recipe_facts()}
    written = {
        **{name: text.encode() for name, text in card.items()},
        "classifier.json": _json(told),
        "weights.npz": archive_bytes(arrays, compressed=True),
        "score.py": files("learner.core.bundle").joinpath("score.py").read_bytes(),
    }
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(written.items())}
    return _zipped(written | {MANIFEST: _json({"format": FORMAT, "files": hashes})})


def _categories(loaded: LoadedClassifier) -> list[dict[str, Any]]:
    return [
        {"slug": row.category, "learned": row.learned, "threshold": row.threshold}
        for row in loaded.classifier.statuses_
    ]


def _json(value: Any) -> bytes:
    return (json.dumps(value, sort_keys=True, indent=2, allow_nan=False) + "\n").encode()


def _zipped(written: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(written):
            member = zipfile.ZipInfo(name, _DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, written[name])
    return buffer.getvalue()
