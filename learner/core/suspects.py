"""Labels that look wrong: what a classifier that never saw the item, its near-duplicates and its site say of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import clone

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.calibration import site_folds
from learner.core.classifier import LinearClassifier
from learner.core.rereading import reread

N_FOLDS: Final = 5
UNKNOWN: Final = -1
DUPLICATES_DOUBT: Final = 0.6
SITE_DOUBT: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Others:
    """What the rest of an item's group holds; both int64 (n_items, n_categories).

    `known` counts the others whose answer is known, `present` those of them that hold the category.
    """

    known: Integers
    present: Integers

    def against(self, truth: Array) -> Integers:
        """How many of the others hold the opposite of `truth`; 0 where the item's own answer is not known."""
        opposite = np.where(truth == 1, self.known - self.present, self.present)
        return np.where(truth == UNKNOWN, 0, opposite)

    def doubt(self, truth: Array) -> Floats:
        """Share against the label, the label itself counted: one of one gives 1/2, twelve of twelve 12/13."""
        return np.asarray(self.against(truth) / (self.known + 1), dtype=np.float64)


def out_of_fold(
    classifier: LinearClassifier, features: csr_matrix, truth: Array, sites: Array, *, n_folds: int = N_FOLDS
) -> Floats:
    """Probabilities of items by classifiers that saw no page of their site.

    Parameters
    ----------
    classifier : LinearClassifier
        Its parameters; it is not fitted itself.
    features : csr_matrix (n_items, n_features)
    truth : integers (n_items, n_categories)
        1 present, 0 absent, -1 not known.
    sites : (n_items,)

    Returns
    -------
    float64 (n_items, n_categories)
        NaN where the fold's classifier has not learned the category.
    """
    groups = np.unique(sites, return_inverse=True)[1]
    probabilities = np.full(truth.shape, np.nan)
    if len(np.unique(groups)) < n_folds:
        return probabilities
    held = (truth == 1).sum(axis=1)
    folds = site_folds(held, groups, n_folds, np.random.default_rng((classifier.seed, n_folds)))
    for fold in range(n_folds):
        judged = folds == fold
        rest = (features[~judged], truth[~judged], groups[~judged])
        probabilities[judged] = _judged(classifier, rest, features[judged])
    return probabilities


def probabilities_unseen(
    classifier: LinearClassifier, features: csr_matrix, truth: Array, sites: Array, holdout: Booleans
) -> Floats:
    """Probabilities of train items out of fold, and of holdout items, which never train, by all train items.

    Each is read again beside those of the other categories. Shapes as in `out_of_fold`; `holdout` is bool (n_items,).
    """
    probabilities = np.full(truth.shape, np.nan)
    if holdout.all():
        return probabilities
    train = ~holdout
    probabilities[train] = out_of_fold(classifier, features[train], truth[train], sites[train])
    if holdout.any():
        probabilities[holdout] = _judged(
            classifier, (features[train], truth[train], sites[train]), features[holdout]
        )
    return reread(probabilities, truth, sites, holdout=holdout, seed=classifier.seed)


def _judged(
    classifier: LinearClassifier, material: tuple[csr_matrix, Array, Array], features: csr_matrix
) -> Floats:
    """Probabilities by a classifier fitted on `material`; NaN where a category is not learned."""
    known, truth, sites = material
    fitted = clone(classifier).fit(known, truth, groups=sites)
    learned = np.array([status.learned for status in fitted.statuses_], dtype=np.bool_)
    return np.where(learned, fitted.predict_proba(features).astype(np.float64), np.nan)


def classifier_doubt(truth: Array, probabilities: Array) -> Floats:
    """How far the classifier's probability speaks against the label, 0 to 1; 0 where either is not known.

    One minus the self-confidence of confident learning (Northcutt, Jiang and Chuang 2021, section 3).

    Examples
    --------
    >>> classifier_doubt(np.array([[1, 0, -1]]), np.array([[0.1, 0.1, 0.9]])).round(1).tolist()
    [[0.9, 0.1, 0.0]]
    """
    against = np.where(truth == 1, 1 - probabilities, probabilities)
    return np.where((truth == UNKNOWN) | np.isnan(probabilities), 0.0, against)


def confident_errors(truth: Array, probabilities: Array) -> Booleans:
    """Where the classifier is at least as sure of the opposite as it is on average where the opposite is held.

    The off-diagonal of the confident joint (Northcutt, Jiang and Chuang 2021, equation 1), category by category;
    bool (n_items, n_categories).
    """
    wrong = np.zeros(truth.shape, dtype=np.bool_)
    for category in range(truth.shape[1]):
        p, held = probabilities[:, category], truth[:, category]
        known = ~np.isnan(p)
        present, absent = known & (held == 1), known & (held == 0)
        if present.any() and absent.any():
            wrong[absent, category] = p[absent] >= p[present].mean()
            wrong[present, category] = p[present] <= p[absent].mean()
    return wrong


def others_in_group(truth: Array, groups: Array) -> Others:
    """What the other items of each item's group hold.

    Parameters
    ----------
    truth : integers (n_items, n_categories)
    groups : (n_items,)

    Examples
    --------
    >>> others_in_group(np.array([[1], [1], [0]]), np.array([7, 7, 7])).present.ravel().tolist()
    [1, 1, 2]
    """
    names, places = np.unique(groups, return_inverse=True)
    known, present = (truth != UNKNOWN).astype(np.int64), (truth == 1).astype(np.int64)
    totals = np.zeros((2, len(names), truth.shape[1]), dtype=np.int64)
    np.add.at(totals[0], places, known)
    np.add.at(totals[1], places, present)
    return Others(totals[0][places] - known, totals[1][places] - present)


@dataclass(frozen=True, slots=True, eq=False)
class Doubts:
    """What speaks against each label; all (n_items, n_categories), row i is the same item everywhere.

    `doubt` is 0 where nothing is suspect, else the strongest of the three kinds of evidence.
    """

    doubt: Floats
    probabilities: Floats
    duplicates: Others
    pages: Others


def doubts_of(truth: Array, probabilities: Array, copies: Array, sites: Array) -> Doubts:
    """What the classifier, near-duplicates (same number in `copies`) and pages of one site say against labels.

    Kinds of evidence are not added up: near-duplicates look alike to the classifier too, and would count twice.
    """
    duplicates, pages = others_in_group(truth, copies), others_in_group(truth, sites)
    by_classifier = np.where(
        confident_errors(truth, probabilities), classifier_doubt(truth, probabilities), 0.0
    )
    by_duplicates, by_pages = duplicates.doubt(truth), pages.doubt(truth)
    doubt = np.maximum.reduce(
        [
            by_classifier,
            np.where(by_duplicates >= DUPLICATES_DOUBT, by_duplicates, 0.0),
            np.where(by_pages >= SITE_DOUBT, by_pages, 0.0),
        ]
    )
    return Doubts(doubt, probabilities, duplicates, pages)
