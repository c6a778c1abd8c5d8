"""Pages nearest to others in the space of hashed features, by cosine."""

from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from learner.core.arrays import Floats, Floats32, Integers
from learner.core.features import unit_rows

COMMON: Final = 0.5
"""A column of so large a share of the pages tells none of them from another."""
FEW: Final = 20
"""Of fewer pages nothing is known of what is common."""
AT_ONCE: Final = 256


class Likeness:
    """Pages to compare with; rare columns weigh more, and what most pages have weighs nothing.

    Parameters
    ----------
    features : csr_matrix, float32 (n_items, n_features)
        From `learner.core.features.featurise`.

    Examples
    --------
    >>> Likeness(csr_matrix(np.eye(3, dtype=np.float32))).nearest(csr_matrix([[0, 1, 0]]), 1)[0].tolist()
    [[1]]
    """

    def __init__(self, features: csr_matrix) -> None:
        n_items = features.shape[0]
        found_in = np.bincount(features.indices, minlength=features.shape[1])
        rarity = np.log((1 + n_items) / (1 + found_in)) + 1
        if n_items >= FEW:
            rarity[found_in > COMMON * n_items] = 0.0
        self._rarity: Floats = rarity
        self._columns = self._weighed(features).T.tocsr()
        self.n_items = n_items

    def nearest(self, wanted: csr_matrix, n: int) -> tuple[Integers, Floats32]:
        """Places of the `n` pages nearest to each wanted one, nearest first, and the cosines.

        int64 and float32, both (n_wanted, min(n, n_items)).
        """
        n = min(n, self.n_items)
        places = np.zeros((wanted.shape[0], n), dtype=np.int64)
        cosines = np.zeros((wanted.shape[0], n), dtype=np.float32)
        for start in range(0, wanted.shape[0] if n else 0, AT_ONCE):
            part = slice(start, start + AT_ONCE)
            likeness = self.cosines(csr_matrix(wanted[part]))
            best = np.argpartition(-likeness, n - 1, axis=1)[:, :n]
            found = np.take_along_axis(likeness, best, axis=1)
            order = np.argsort(-found, axis=1, kind="stable")
            places[part] = np.take_along_axis(best, order, axis=1)
            cosines[part] = np.take_along_axis(found, order, axis=1)
        return places, cosines

    def cosines(self, wanted: csr_matrix) -> Floats32:
        """How alike each wanted page is to each page, 0 to 1, float32 (n_wanted, n_items). For a few at a time."""
        return np.asarray((self._weighed(wanted) @ self._columns).toarray(), dtype=np.float32)

    def _weighed(self, features: csr_matrix) -> csr_matrix:
        weighed = csr_matrix(features @ diags_array(self._rarity))
        weighed.eliminate_zeros()
        return csr_matrix(unit_rows(weighed), dtype=np.float32)
