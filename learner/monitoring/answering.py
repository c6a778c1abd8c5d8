"""From rows to answers, with a classifier in memory. Heavy, and knows no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from learner.core.arrays import Floats
from learner.core.artifact import LoadedClassifier
from learner.core.features import PageText, featurise
from learner.monitoring.actions import action_of
from learner.monitoring.rows import AskedPage, BadRow

DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Ruled:
    """A version in memory with the thresholds, as logits, and the actions that hold for this request."""

    number: int
    loaded: LoadedClassifier
    thresholds: Floats
    actions: Mapping[str, str]


def answers_of(
    loaded: LoadedClassifier,
    rows: Sequence[AskedPage | BadRow],
    thresholds: Floats,
    actions: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The answer to each row, in their order; `thresholds` (n_categories,) are logits, `actions` go by short name."""
    pages = pages_of(rows)
    ruled = Ruled(0, loaded, thresholds, actions)
    return in_their_order(rows, iter(answered(pages, features_of(pages), ruled)))


def pages_of(rows: Sequence[AskedPage | BadRow]) -> list[AskedPage]:
    """The rows that can be scored."""
    return [row for row in rows if isinstance(row, AskedPage)]


def in_their_order(
    rows: Sequence[AskedPage | BadRow], found: Iterator[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The answers to the pages, with the error of each row that is none in its place."""
    return [_refused(row) if isinstance(row, BadRow) else next(found) for row in rows]


def features_of(pages: Sequence[AskedPage]) -> csr_matrix:
    """The features of the pages, (n_pages, n_features): the same for every version."""
    return featurise([_page(page) for page in pages])


def answered(pages: Sequence[AskedPage], features: csr_matrix, ruled: Ruled) -> list[dict[str, Any]]:
    """What one version says of each page."""
    logits = ruled.loaded.classifier.decision(features)
    categories = ruled.loaded.categories
    probabilities = np.round(expit(logits).astype(np.float64), DIGITS).tolist()
    labels: list[list[str]] = [[] for _ in pages]
    for row, column in np.argwhere(logits >= ruled.thresholds).tolist():
        labels[row].append(categories[column])
    return [
        {
            "url": page.address.url,
            "probabilities": dict(zip(categories, row, strict=True)),
            "labels": present,
            "action": action_of(present, ruled.actions),
        }
        for page, row, present in zip(pages, probabilities, labels, strict=True)
    ]


def thresholds_used(loaded: LoadedClassifier, chosen: Mapping[str, float] | None) -> Floats:
    """The thresholds as logits, those of a profile where it names them.

    A category that is not learned has none, whatever a profile says.
    """
    own: Floats = loaded.classifier.thresholds_
    if chosen is None:
        return own
    given = np.array([chosen.get(slug, np.nan) for slug in loaded.categories])
    with np.errstate(divide="ignore"):
        wanted = np.log(given) - np.log1p(-given)
    thresholds: Floats = np.where(np.isnan(wanted) | ~loaded.classifier.learned, own, wanted)
    return thresholds


def _page(page: AskedPage) -> PageText:
    address = page.address
    return PageText(address.url, address.host, address.registrable_domain, page.title, "", page.text)


def _refused(row: BadRow) -> dict[str, Any]:
    return {"url": _sendable(row.sent), "error": {"code": row.code, "message": _sendable(row.message)}}


def _sendable(text: str) -> str:
    """The text without what is no character, and cannot be sent back."""
    return text.encode("utf-8", "replace").decode()
