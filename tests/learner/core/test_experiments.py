"""Arms by site, and differences with intervals over groups of sites."""

import numpy as np
import pytest
from scipy.stats import t

from learner.core.experiments import (
    BOTH_EVERY,
    GROUPS,
    LATENCY_MS,
    Arm,
    Shares,
    added,
    by_group,
    difference_of,
    latency_bin,
    latency_quantile,
    place_of,
    scored_by_both,
    student_t,
)

SITES = [f"site{at}.example" for at in range(4_000)]


def test_a_site_has_one_place_for_ever_and_another_in_another_experiment() -> None:
    first = [place_of(1, site, 50) for site in SITES]

    assert first == [place_of(1, site, 50) for site in SITES]
    other = [place_of(2, site, 50).arm for site in SITES]
    same = np.mean([one.arm == arm for one, arm in zip(first, other, strict=True)])
    assert 0.45 < same < 0.55


@pytest.mark.parametrize("share", [1, 10, 50, 99])
def test_the_candidate_has_its_share_of_the_sites_in_every_group(share: int) -> None:
    places = [place_of(3, site, share) for site in SITES]

    drawn = np.array([place.arm is Arm.CANDIDATE for place in places])
    assert drawn.mean() == pytest.approx(share / 100, abs=4 * np.sqrt(share / 100 / len(SITES)))
    assert {place.group for place in places} == set(range(GROUPS))


def test_a_larger_share_keeps_the_sites_of_a_smaller_one() -> None:
    small, large = ({site for site in SITES if place_of(3, site, n).arm is Arm.CANDIDATE} for n in (10, 30))

    assert small < large


def test_one_address_in_twenty_is_scored_by_both_the_same_ones_each_time() -> None:
    urls = [f"https://{site}/{at}" for at, site in enumerate(SITES)]

    both = [scored_by_both(5, url) for url in urls]

    assert both == [scored_by_both(5, url) for url in urls]
    assert np.mean(both) == pytest.approx(1 / BOTH_EVERY, abs=0.012)


def test_a_latency_is_in_the_bin_whose_end_it_does_not_pass() -> None:
    assert [latency_bin(ms) for ms in (0.2, 1, 1.01, 20, 5_000)] == [
        0,
        0,
        1,
        LATENCY_MS.index(20),
        len(LATENCY_MS),
    ]
    counts = [0] * (len(LATENCY_MS) + 1)
    counts[1], counts[7] = 98, 2
    assert (latency_quantile(counts, 0.5), latency_quantile(counts, 0.99)) == (2, 20)
    assert latency_quantile([0] * len(counts), 0.5) is None


@pytest.mark.parametrize("freedom", [7, 12, 31])
def test_students_t_is_that_of_scipy(freedom: int) -> None:
    assert student_t(freedom) == pytest.approx(t.ppf(0.975, freedom), abs=2e-3)


def test_a_difference_has_the_variance_of_the_jackknife() -> None:
    rng = np.random.default_rng(1)
    pages = rng.integers(20, 60, (2, GROUPS))
    hits = rng.binomial(pages, 0.2)
    base, candidate = (Shares(pages[at].tolist(), hits[at].tolist()) for at in (0, 1))

    found = difference_of(candidate, base)

    whole = hits.sum(axis=1) / pages.sum(axis=1)
    left = (hits.sum(axis=1)[:, None] - hits) / (pages.sum(axis=1)[:, None] - pages)
    gaps = left[1] - left[0]
    half = t.ppf(0.975, GROUPS - 1) * np.sqrt((GROUPS - 1) / GROUPS * ((gaps - gaps.mean()) ** 2).sum())
    assert found.value == pytest.approx(whole[1] - whole[0])
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=1e-4)
    assert found.n == pages.sum()


def test_an_interval_covers_when_the_pages_of_a_site_go_together() -> None:
    """Sites of very different sizes, blocked as a whole or not: by page, the interval would be far too narrow."""
    rng = np.random.default_rng(2)
    covered, repetitions = 0, 400
    for _ in range(repetitions):
        arms = []
        for _arm in range(2):
            sizes, group = rng.geometric(0.05, 1_500), rng.integers(0, GROUPS, 1_500)
            blocked = rng.random(1_500) < 0.1
            pages = np.bincount(group, sizes, minlength=GROUPS).astype(int)
            hits = np.bincount(group, sizes * blocked, minlength=GROUPS).astype(int)
            arms.append(Shares(pages.tolist(), hits.tolist()))
        found = difference_of(arms[1], arms[0])
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0 <= found.high

    assert covered / repetitions >= 0.92


def test_without_enough_groups_or_anything_seen_there_is_no_interval_but_a_reason() -> None:
    few = Shares([9] * 7 + [0] * (GROUPS - 7), [1] * 7 + [0] * (GROUPS - 7))
    calm = Shares([9] * GROUPS, [0] * GROUPS)

    assert (difference_of(few, calm).value, difference_of(few, calm).why) == (None, "too few sites yet")
    assert difference_of(calm, calm).why == "not seen yet, by either"
    assert not difference_of(calm, calm).is_clear
    alike = Shares([9] * GROUPS, [2] * GROUPS)
    assert difference_of(alike, alike).why == "no difference seen yet"


def test_counts_add_up_field_by_field() -> None:
    totals = added({"base:block:0": 2, "base:warn:3": 1}, {"base:block:0": 1, "base:block:3": 4})

    assert totals == {"base:block:0": 3, "base:block:3": 4, "base:warn:3": 1}
    assert by_group(totals, ["base:block", "base:warn"])[:4] == [3, 0, 0, 5]
