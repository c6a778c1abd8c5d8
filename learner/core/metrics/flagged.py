"""How many pages of a slice that must not be over-blocked are flagged."""

from typing import Final

import numpy as np
from scipy.stats import beta

from learner.core.arrays import Booleans, Integers
from learner.core.evaluation import CONFIDENCE, Estimate

_ENDS: Final = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)


def flagged_share(flagged: Booleans, sites: Integers) -> Estimate:
    """The share of pages that are flagged.

    The pages were chosen by people and stand for those like them. The interval is Jeffreys' (Brown, Cai and DasGupta
    2001, doi:10.1214/ss/1009213286) on Kish's effective number of pages: those of a site count as one.

    Parameters
    ----------
    flagged : bool (n_items,)
    sites : (n_items,)

    Examples
    --------
    >>> flagged_share(np.array([False, False, True, False]), np.arange(4)).value
    0.25
    """
    if not len(flagged):
        return Estimate(None, None, None, 0, "no page is in it")
    _, counts = np.unique(sites, return_counts=True)
    effective = len(flagged) ** 2 / float((counts**2).sum())
    share = float(flagged.mean())
    low, high = (
        float(beta.ppf(end, effective * share + 0.5, effective * (1 - share) + 0.5)) for end in _ENDS
    )
    return Estimate(share, low if share > 0 else 0.0, high if share < 1 else 1.0, len(flagged), "")
