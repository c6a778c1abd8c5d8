"""Score intervals of a share: what a count of right answers allows one to say, also when it is small."""

from dataclasses import dataclass
from math import exp, hypot, lgamma, log, log1p, sqrt
from typing import Final

SURE: Final = 1.959964
"""Two-sided 95 %: 0.975 quantile of the normal distribution. For what is shown."""
ONE_SIDED: Final = 1.644854
"""One-sided 95 %: 0.95 quantile. For a decision that looks at one end."""
STRICT: Final = 2.326348
"""One-sided 99 %: 0.99 quantile. For a decision that looks at one end of many categories."""
LENIENT: Final = 1.281552
"""One-sided 90 %: 0.9 quantile. For a decision in which many categories have to pass together."""

CERTAIN: Final = 2.575829
"""Two-sided 99 %: 0.995 quantile. For a verdict on one of many people, looked at again and again."""
EXACT: Final = 1e-16
"""What a term adds less of than this, no float shows."""
HALVINGS: Final = 50
"""Of [0, 1]: closer than any float that is shown."""


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
    # Where all or none were right an end is exactly 1 or 0, and rounding must not leave it a hair short.
    low = max(0.0, middle - half) if right > 0 else 0.0
    return Interval(low, min(1.0, middle + half) if right < n else 1.0)


def difference(one: Tally, other: Tally, z: float = SURE) -> tuple[float, float]:
    """The interval of the share of `one` less that of `other`, in [-1, 1]; everything when one has no answers.

    It leaves out 0 only where the score interval of each, with the same `z`, leaves out the share of the other.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.

    Examples
    --------
    >>> low, high = difference(Tally(56, 70), Tally(48, 80))
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    if not (one.n and other.n):
        return -1.0, 1.0
    p, q, mine, theirs = one.right / one.n, other.right / other.n, wilson(one, z), wilson(other, z)
    return (
        p - q - hypot(p - mine.low, theirs.high - q),
        p - q + hypot(mine.high - p, q - theirs.low),
    )


def chance_of_as_many(tally: Tally, share: float) -> float:
    """The chance that at least `tally.right` of `tally.n` come out, each with the chance `share`, 0 < share < 1. Exact.

    The score interval says "surely more" of small counts too easily; this does not.

    Examples
    --------
    >>> round(chance_of_as_many(Tally(4, 9), 0.1), 4), chance_of_as_many(Tally(0, 9), 0.1)
    (0.0083, 1.0)
    """
    k, n = tally.right, tally.n
    if (
        k <= n * share
    ):  # at or under the mean the sum below would be long, and one minus its other end is as good
        below = Tally(n - k + 1, n)
        return 1.0 if k <= 0 else 1.0 - chance_of_as_many(below, 1.0 - share)
    term = exp(lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1) + k * log(share) + (n - k) * log1p(-share))
    total = 0.0
    while term > total * EXACT and k <= n:
        total += term
        term *= (n - k) / (k + 1) * share / (1.0 - share)
        k += 1
    return min(total, 1.0)


def exact(tally: Tally, level: float = 0.95) -> Interval:
    """The exact interval of a share: wider than the score interval, and never surer than its level.

    Raises
    ------
    ValueError
        `right` is not between 0 and `n`.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413: the shares under which as many, or as few, are not too unlikely.

    Examples
    --------
    >>> ends = exact(Tally(10, 10))
    >>> round(ends.low, 4), ends.high
    (0.6915, 1.0)
    """
    right, n = tally.right, tally.n
    if not 0 <= right <= n:
        msg = f"want 0 <= right <= n, got {right} of {n}"
        raise ValueError(msg)
    tail = (1 - level) / 2
    low = _share_with(tally, tail) if right else 0.0
    high = 1 - _share_with(Tally(n - right, n), tail) if right < n else 1.0
    return Interval(low, high)


def _share_with(tally: Tally, chance: float) -> float:
    """The share under which at least as many come out with this chance, by halving; 0 < right."""
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = chance_of_as_many(tally, middle) < chance
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


NO_ANSWERS: Final = Tally()
