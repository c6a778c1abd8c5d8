"""Score intervals of a share: what a count of right answers allows one to say, also when it is small."""

from dataclasses import dataclass
from math import sqrt
from typing import Final

SURE: Final = 1.959964
"""Two-sided 95 %: 0.975 quantile of the normal distribution. For what is shown."""
ONE_SIDED: Final = 1.644854
"""One-sided 95 %: 0.95 quantile. For a decision that looks at one end."""
STRICT: Final = 2.326348
"""One-sided 99 %: 0.99 quantile. For a decision that looks at one end of many categories."""
LENIENT: Final = 1.281552
"""One-sided 90 %: 0.9 quantile. For a decision in which many categories have to pass together."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The ends of an interval, 0 <= low <= high <= 1."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of `n` answers were right."""

    right: int = 0
    n: int = 0

    def plus(self, *, right: bool) -> "Tally":
        """The tally with one more answer."""
        return Tally(self.right + right, self.n + 1)

    @property
    def share(self) -> float | None:
        """The share that was right, or None of no answers."""
        return self.right / self.n if self.n else None


def wilson(tally: Tally, z: float = SURE) -> Interval:
    """The score interval of a share; of no answers it is everything.

    Parameters
    ----------
    tally : Tally
        0 <= right <= n.
    z : float
        Quantile of the normal distribution; one end used alone has the one-sided level of that quantile.

    Raises
    ------
    ValueError
        `right` is not between 0 and `n`.

    References
    ----------
    Wilson (1927), Journal of the American Statistical Association 22, 209-212. Brown, Cai and DasGupta (2001),
    Statistical Science 16, 101-133, equation 4: preferred for small n, where the usual interval misses its level.

    Examples
    --------
    >>> ends = wilson(Tally(5, 10))
    >>> round(ends.low, 4), round(ends.high, 4)
    (0.2366, 0.7634)
    """
    right, n = tally.right, tally.n
    if not 0 <= right <= n:
        msg = f"want 0 <= right <= n, got {right} of {n}"
        raise ValueError(msg)
    return score_interval(right, n, z)


def score_interval(right: float, n: float, z: float = SURE) -> Interval:
    """The same interval of counts that need not be whole, as expected counts are; 0 <= right <= n is taken as given."""
    if n <= 0:
        return Interval(0.0, 1.0)
    share, weight = right / n, z * z / n
    middle = (share + weight / 2) / (1 + weight)
    half = z / (1 + weight) * sqrt(share * (1 - share) / n + weight / (4 * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


NO_ANSWERS: Final = Tally()
