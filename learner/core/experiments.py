"""Two versions side by side in the traffic: which site is answered by which, and what the counts of both say.

Sites, not pages, are drawn: a site has the same arm for as long as an experiment runs. Counts are kept in groups of
sites, so that nothing grows with the traffic; the interval of a difference is a jackknife that leaves out one group
at a time (random groups: Wolter 2007, chapters 2 and 4), so pages of a site stand and fall together. Imports nothing
heavy.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from math import sqrt
from statistics import NormalDist
from typing import Final, NamedTuple
from zlib import crc32

CONFIDENCE: Final = 0.95
GROUPS: Final = 32
GROUPS_LEAST: Final = 8
"""So many groups of sites must have pages, or there is no interval."""
BOTH_EVERY: Final = 20
"""One address in so many is scored by both versions."""
LATENCY_MS: Final = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 100, 200, 500, 1_000)
"""Upper ends of the bins of the histogram; one more bin holds what took longer."""
_HALF: Final = 2**32


class Arm(StrEnum):
    """Who answers: the version that serves, or the candidate."""

    BASE = "base"
    CANDIDATE = "candidate"


class Place(NamedTuple):
    """Where a site stands in an experiment: its arm, and its group of sites, from 0 on."""

    arm: Arm
    group: int


@dataclass(frozen=True, slots=True)
class Shares:
    """Of each group of sites: its pages, and those of them that count."""

    pages: Sequence[int]
    hits: Sequence[int]


@dataclass(frozen=True, slots=True)
class Gap:
    """The candidate's share less the base's, its interval, and the pages behind both; or None, and why."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def place_of(experiment: int, registrable_domain: str, share: int) -> Place:
    """The place of a site, the same for ever; of many sites `share` in a hundred are answered by the candidate.

    Examples
    --------
    >>> place_of(7, "example.org", 100).arm, place_of(7, "example.org", 0).arm
    (<Arm.CANDIDATE: 'candidate'>, <Arm.BASE: 'base'>)
    """
    named = f"{experiment}:{registrable_domain}".encode()
    number = int.from_bytes(blake2b(named, digest_size=8).digest(), "big")
    arm = Arm.CANDIDATE if number // _HALF * 100 < share * _HALF else Arm.BASE
    return Place(arm, number % GROUPS)


def scored_by_both(experiment: int, url: str) -> bool:
    """Whether both versions score the page: one address in `BOTH_EVERY`, always the same ones."""
    return crc32(url.encode(), experiment) % BOTH_EVERY == 0


def latency_bin(milliseconds: float) -> int:
    """The bin of the histogram, from 0 on."""
    return next((at for at, end in enumerate(LATENCY_MS) if milliseconds <= end), len(LATENCY_MS))


def latency_quantile(counts: Sequence[int], q: float) -> int | None:
    """The end of the bin that holds the quantile, in milliseconds; None without a request, or past the last end."""
    seen, wanted = 0, q * sum(counts)
    for at, count in enumerate(counts):
        seen += count
        if count and seen >= wanted:
            return LATENCY_MS[at] if at < len(LATENCY_MS) else None
    return None


def share_of(shares: Shares) -> float | None:
    """The share of pages that count, or None without a page."""
    pages = sum(shares.pages)
    return sum(shares.hits) / pages if pages else None


def difference_of(candidate: Shares, base: Shares) -> Gap:
    """The candidate's share less the base's, with an interval over groups of sites.

    Both may be of the same pages, scored by both: then what the pages have in common falls out of the interval.
    """
    n = sum(candidate.pages) + sum(base.pages)
    why = _why_not(candidate, base)
    if why:
        return Gap(None, None, None, n, why)
    value = _difference(candidate, base, None)
    used = [at for at in range(GROUPS) if candidate.pages[at] or base.pages[at]]
    left_out = [_difference(candidate, base, at) for at in used]
    mean = sum(left_out) / len(used)
    variance = (len(used) - 1) / len(used) * sum((one - mean) ** 2 for one in left_out)
    if not variance:  # nothing differs, and that is no proof that nothing ever will
        return Gap(None, None, None, n, "no difference seen yet")
    half = student_t(len(used) - 1) * sqrt(variance)
    return Gap(value, max(-1.0, value - half), min(1.0, value + half), n, "")


def student_t(freedom: int) -> float:
    """The two-sided quantile of Student's t for the intervals (Abramowitz and Stegun 1964, 26.7.5).

    Examples
    --------
    >>> round(student_t(31), 3), round(student_t(7), 2)
    (2.04, 2.36)
    """
    z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term / float(freedom) ** at for at, term in enumerate(terms))


def added(totals: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Both counts together, field by field; fields ascend."""
    return {field: totals.get(field, 0) + more.get(field, 0) for field in sorted({*totals, *more})}


def by_group(totals: Mapping[str, int], fields: Iterable[str]) -> list[int]:
    """The sum of some fields in each group of sites: field `name` of group 3 is kept as `name:3`."""
    names = list(fields)
    return [sum(totals.get(f"{name}:{at}", 0) for name in names) for at in range(GROUPS)]


def _why_not(candidate: Shares, base: Shares) -> str:
    for shares in (candidate, base):
        if sum(count > 0 for count in shares.pages) < GROUPS_LEAST:
            return "too few sites yet"
    if not sum(candidate.hits) + sum(base.hits):
        return "not seen yet, by either"
    return ""


def _difference(candidate: Shares, base: Shares, without: int | None) -> float:
    """The difference without one group of sites."""
    return _share(candidate, without) - _share(base, without)


def _share(shares: Shares, without: int | None) -> float:
    pages = sum(count for at, count in enumerate(shares.pages) if at != without)
    return sum(count for at, count in enumerate(shares.hits) if at != without) / pages
