"""One item per site, and near-duplicates once, within a batch."""

from collections.abc import Collection

import numpy as np
from scipy.sparse import csc_matrix

from learner.core.arrays import Booleans, Floats
from learner.core.candidates import Candidates
from learner.core.features import unit_rows

NEAR = 0.9


class Diversity:
    """What a batch under construction holds, and what may therefore still come into it.

    An item that repeats another's text (equal `contents`, or cosine of the features at least `NEAR`) is never
    taken; one of a site already present only when `allow_same_site` was called.

    Parameters
    ----------
    candidates : Candidates
    exclude_domains : collection of int
        Domain keys of sites that other open batches hold.
    """

    def __init__(self, candidates: Candidates, exclude_domains: Collection[int]) -> None:
        self._candidates = candidates
        self._directions = unit_rows(candidates.features)
        self._columns = csc_matrix(self._directions)
        self._repeats: Booleans = np.zeros(len(candidates.item_ids), dtype=np.bool_)
        self._domains = {int(domain) for domain in exclude_domains}
        self._one_per_site = True

    def allow_same_site(self) -> None:
        """Give up the rule of one item per site, for the places that are left."""
        self._one_per_site = False

    def allows(self, row: int) -> bool:
        """Whether a candidate may come in now."""
        if self._repeats[row]:
            return False
        return not (self._one_per_site and int(self._candidates.domains[row]) in self._domains)

    def add(self, row: int) -> None:
        """Take a candidate in, and with it everything that repeats it out of the running."""
        candidates = self._candidates
        self._domains.add(int(candidates.domains[row]))
        self._repeats |= self._cosines(row) >= NEAR
        if candidates.contents[row]:
            self._repeats |= candidates.contents == candidates.contents[row]
        self._repeats[row] = True

    def _cosines(self, row: int) -> Floats:
        """The cosines of a candidate with all, (n_rows,), from the columns that it has: few of many."""
        own = slice(*self._directions.indptr[row : row + 2])
        columns, weights = self._directions.indices[own], self._directions.data[own]
        starts = self._columns.indptr[columns]
        sizes = self._columns.indptr[columns + 1] - starts
        places = np.repeat(starts - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        products = self._columns.data[places] * np.repeat(weights, sizes)
        cosines = np.bincount(self._columns.indices[places], products, minlength=len(self._repeats))
        return cosines.astype(np.float64)
