"""Wilson's interval, against another library's."""

import pytest
from scipy.stats import binomtest

from learner.core.evaluation import wilson_interval


def test_wilson_is_that_of_scipy() -> None:
    for hits, n in ((0, 5), (3, 10), (10, 10), (250, 1000)):
        expected = binomtest(hits, n).proportion_ci(method="wilson")

        assert wilson_interval(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)
