"""Which sites have more errors than chance puts there."""

import numpy as np

from learner.errors.grouping import Group, sites_in_excess
from learner.errors.models import Kind, Part


def alarms(on_sites: list[int], at_risk: list[int]) -> Group:
    """False alarms on these sites, of known pages without the category on those."""
    n = len(on_sites)
    return Group(
        part=Part.AUDIT,
        category="games",
        place=0,
        kind=Kind.ALARM,
        grave=0,
        threshold=0.4,
        item_ids=np.arange(n),
        sites=np.array(on_sites),
        probabilities=np.full(n, 0.9),
        wrongness=np.ones(n),
        found_ids=np.empty(0, dtype=np.int64),
        at_risk=np.array(at_risk),
    )


def test_a_site_is_told_when_its_pages_err_more_often_than_those_of_others() -> None:
    at_risk = [7] * 6 + [8] * 60 + [*range(100, 160)]

    (found,) = sites_in_excess(alarms([8, 7, 7, 7, 7, 7, 100], at_risk))

    # 5 of 6 pages of site 7 err, and 7 of all 126.
    assert (found.site, found.n, found.right, found.first) == (7, 5, 1, 1)
    assert found.p_value < 0.001
    assert found.lift == round((5 / 6) / (7 / 126), 2)


def test_two_or_three_errors_on_a_large_site_are_no_cluster() -> None:
    at_risk = [8] * 60 + [*range(100, 160)]

    assert sites_in_excess(alarms([8, 8, 8, 100, 101], at_risk)) == []


def test_a_site_whose_pages_could_be_no_such_error_is_not_compared() -> None:
    assert sites_in_excess(alarms([], [8] * 10)) == []
