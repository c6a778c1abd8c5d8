"""Which line a page stands on: the two categories whose thresholds it is closest to."""

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.classifier import LinearClassifier

NEAR = 0.5
"""Logits to a threshold within which a page is on its line: up to twelve hundredths of probability around one half."""


def lines_between(classifier: LinearClassifier, X: csr_matrix) -> list[str]:
    """For each page the line between two categories that it stands on, in words.

    Parameters
    ----------
    classifier : LinearClassifier
        Fitted.
    X : csr_matrix (n_items, n_features)

    Returns
    -------
    list of str, n_items
        "closest to the line between A and B" for the two learned categories, the closer first, whose thresholds
        the page is within `NEAR` logits of; "" where there are no two.
    """
    learned = np.flatnonzero(classifier.learned)
    if len(learned) < 2 or not X.shape[0]:  # noqa: PLR2004 - a line has two sides
        return [""] * X.shape[0]
    distance = np.abs(classifier.decision(X)[:, learned] - classifier.thresholds_[learned])
    closest = np.argsort(distance, axis=1, kind="stable")[:, :2]
    on_line = np.take_along_axis(distance, closest, axis=1)[:, 1] <= NEAR
    names = np.array(classifier.categories)[learned]
    return [
        f"closest to the line between {names[first]} and {names[second]}" if near else ""
        for (first, second), near in zip(closest, on_line, strict=True)
    ]
