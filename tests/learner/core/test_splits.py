import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.core.splits import is_holdout


def test_the_split_of_a_site_never_changes() -> None:
    sites = [f"site-{number}.example" for number in range(12)]

    assert [number for number, site in enumerate(sites) if is_holdout(site, "demo", 25)] == [0, 4, 5, 6]


def test_about_the_wanted_share_of_sites_is_held_out() -> None:
    held_out = sum(is_holdout(f"site-{number}.example", "demo", 10) for number in range(20_000))

    assert held_out == pytest.approx(2_000, abs=4 * (20_000 * 0.1 * 0.9) ** 0.5)


@given(st.text(max_size=40), st.floats(0, 100), st.floats(0, 100))
def test_a_larger_percentage_only_adds_sites(site: str, one: float, other: float) -> None:
    if is_holdout(site, "demo", min(one, other)):
        assert is_holdout(site, "demo", max(one, other))


def test_projects_with_other_salts_hold_out_other_sites() -> None:
    sites = [f"site-{number}.example" for number in range(400)]

    assert {s for s in sites if is_holdout(s, "a", 10)} != {s for s in sites if is_holdout(s, "b", 10)}


@pytest.mark.parametrize("percent", [-0.1, 100.1])
def test_an_impossible_percentage_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match=f"percent is {percent}; give a share of sites between 0 and 100"):
        is_holdout("a.example", "demo", percent)
