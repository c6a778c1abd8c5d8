"""Category definitions in the feature space of pages, so that the two can be compared before any label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from learner.core.features import gram_block, text_block, unit_rows

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class CategoryDefinition:
    """What the taxonomy says of one category: its name, and its definition in plain words."""

    name: str
    definition: str


def featurise_definitions(definitions: Sequence[CategoryDefinition]) -> csr_matrix:
    """Definitions in the feature space of `learner.core.features`, one row per category.

    A term counts by how few definitions use it (inverse definition frequency), so that "page" or "content"
    steer little. The words of the name count three times. In the URL block the words stand as grams of a host.

    Parameters
    ----------
    definitions : sequence of CategoryDefinition
        In the order of the classifier's categories.

    Returns
    -------
    csr_matrix, float32, (n_categories, N_FEATURES)
        Not negative; each block of a row has Euclidean length 1, or is empty where there is no usable word.

    Examples
    --------
    >>> featurise_definitions([CategoryDefinition("Gambling", "Casinos and betting.")]).shape
    (1, 524288)
    """
    words = [_terms(definition) for definition in definitions]
    url, text = gram_block(words), text_block([" ".join(row) for row in words])
    return csr_matrix(hstack([_by_rarity(url), _by_rarity(text)], format="csr", dtype=np.float32))


def _terms(definition: CategoryDefinition) -> list[str]:
    text = f"{definition.name} {definition.name} {definition.name} {definition.definition}".lower()
    return [word for word in _WORD.findall(text) if word not in ENGLISH_STOP_WORDS]


def _by_rarity(block: csr_matrix) -> csr_matrix:
    """Weigh each column by ln((1 + n) / used by), and scale the rows back to length 1."""
    n_rows, n_columns = block.shape
    used_by = np.bincount(block.indices, minlength=n_columns)
    rarity = np.log((1 + n_rows) / np.maximum(used_by, 1)).astype(np.float32)
    return unit_rows(csr_matrix(block @ diags_array(rarity)))
