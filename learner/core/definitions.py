"""Category definitions in the feature space of pages, so that the two can be compared before any label."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags_array, hstack
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from learner.core.arrays import Floats32
from learner.core.features import N_URL, PageText, featurise, gram_block, text_block, unit_rows

FINDS = 8
"""Of a category that is not learned, so many positives at the most, the newest, say what to look for."""
RARITY_PAGES = 1_000
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class CategoryDefinition:
    """What is known of one category before any label: its name, its definition in plain words, and pages of it."""

    name: str
    definition: str
    examples: tuple[PageText, ...] = ()


def featurise_definitions(
    definitions: Sequence[CategoryDefinition], rarity: Floats32 | None = None
) -> csr_matrix:
    """Definitions in the feature space of `learner.core.features`, one row per category.

    A term counts by how few definitions use it (inverse definition frequency), so that "page" or "content"
    steer little. The words of the name count three times. In the URL block the words stand as grams of a host. Of the
    examples the mean is taken; in a category that has some, it counts as much as all words together.

    Parameters
    ----------
    definitions : sequence of CategoryDefinition
        In the order of the classifier's categories.
    rarity : float32 (N_FEATURES,), optional
        How rare each column is in the pool: `column_rarity`. Only examples need it.

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
    said = csr_matrix(hstack([_by_rarity(url), _by_rarity(text)], format="csr", dtype=np.float32))
    if not any(definition.examples for definition in definitions):
        return said
    return beside_examples(said, _shown(definitions), rarity)


def beside_examples(said: csr_matrix, shown: csr_matrix, rarity: Floats32 | None) -> csr_matrix:
    """What definitions say and what examples show, as one; all (n_categories, N_FEATURES).

    Of a page everything counts, also what most pages have: columns of examples are weighted by the square of their
    rarity, as finds are. The words of a definition were chosen by somebody, and are not.
    """
    if rarity is not None:
        shown = csr_matrix(shown @ diags_array(rarity**2))
    return _unit_blocks(csr_matrix(said + _unit_blocks(shown)))


def _shown(definitions: Sequence[CategoryDefinition]) -> csr_matrix:
    """The sum of the examples of each category, (n_categories, N_FEATURES)."""
    pages = [page for definition in definitions for page in definition.examples]
    rows = np.repeat(np.arange(len(definitions)), [len(definition.examples) for definition in definitions])
    whose = csr_matrix(
        (np.ones(len(pages), dtype=np.float32), (rows, np.arange(len(pages)))),
        shape=(len(definitions), len(pages)),
    )
    return csr_matrix(whose @ featurise(pages))


def _unit_blocks(matrix: csr_matrix) -> csr_matrix:
    """Both blocks of each row scaled to length 1, or empty."""
    blocks = (unit_rows(csr_matrix(matrix[:, :N_URL])), unit_rows(csr_matrix(matrix[:, N_URL:])))
    return csr_matrix(hstack(blocks, format="csr", dtype=np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class Finds:
    """The few positives of a category that has too few to be learned: what to look for instead of its definition.

    `toward` is csr_matrix, float32 (1, N_FEATURES): the mean of their features, not weighted yet.
    """

    n: int
    toward: csr_matrix


def finds_of(features: csr_matrix) -> Finds:
    """Finds from the features of the positives, (n_items, N_FEATURES), at least one."""
    return Finds(features.shape[0], csr_matrix(features.mean(axis=0), dtype=np.float32))


def column_rarity(features: csr_matrix) -> Floats32:
    """How rare each column is among some pages, float32 (n_features,); the rarest have 1.

    ln((1 + n) / (1 + pages with the column)) + 1, scaled, over at most `RARITY_PAGES` pages, evenly spread: the
    weight that a classifier fitted on so many would give the column.
    """
    n_pages, n_columns = features.shape
    chosen = features[:: max(1, -(-n_pages // RARITY_PAGES))]
    found_in = np.bincount(chosen.indices, minlength=n_columns)
    weight = np.log((1 + chosen.shape[0]) / (1 + found_in)) + 1
    return np.asarray(weight / (np.log(1 + chosen.shape[0]) + 1), dtype=np.float32)


def _terms(definition: CategoryDefinition) -> list[str]:
    text = f"{definition.name} {definition.name} {definition.name} {definition.definition}".lower()
    return [word for word in _WORD.findall(text) if word not in ENGLISH_STOP_WORDS]


def _by_rarity(block: csr_matrix) -> csr_matrix:
    """Weigh each column by ln((1 + n) / used by), and scale the rows back to length 1."""
    n_rows, n_columns = block.shape
    used_by = np.bincount(block.indices, minlength=n_columns)
    rarity = np.log((1 + n_rows) / np.maximum(used_by, 1)).astype(np.float32)
    return unit_rows(csr_matrix(block @ diags_array(rarity)))
