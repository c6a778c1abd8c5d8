import numpy as np
import pytest

from learner.core.stopping import NEXT, Point, Prospect, prospect_of

LABELS = (200, 400, 800, 1_200, 1_600)


def history(
    ceiling: float, drop: float, rate: float, n: int = 400, labels: tuple[int, ...] = LABELS
) -> list[Point]:
    return [Point(spent, ceiling - drop * spent**-rate, n) for spent in labels]


def prospect(points: list[Point], target: float = 0.9) -> Prospect:
    return prospect_of("Weapons", points, target=target, rng=np.random.default_rng(1))


def test_labels_needed_are_those_of_the_curve() -> None:
    """0.95 - 4 / sqrt(labels) is 0.9 at 6,400 labels, and 0.87 at 2,500: 900 more than 1,600."""
    found = prospect(history(0.95, 4, 0.5, n=20_000), target=0.87)

    assert found.needed is not None
    assert found.needed.value == pytest.approx(900, rel=0.15)
    assert found.needed.low < 900 < found.needed.high
    assert found.words.startswith("Weapons: about ")
    assert " more labels to reach recall 0.87 (95 %: " in found.words
    assert found.why_unknown == ""


def test_the_gain_of_the_next_labels_is_that_of_the_curve() -> None:
    points = history(0.95, 4, 0.5, n=20_000)
    expected = 4 * (1_600**-0.5 - (1_600 + NEXT) ** -0.5)

    found = prospect(points)

    assert found.gain is not None
    assert found.gain.value == pytest.approx(expected, rel=0.25)
    assert found.gain.low <= expected <= found.gain.high


def test_more_items_behind_the_values_make_the_interval_narrower() -> None:
    few, many = (prospect(history(0.95, 4, 0.5, n=n)) for n in (30, 3_000))

    assert few.gain is not None
    assert many.gain is not None
    assert few.gain.high - few.gain.low > 2 * (many.gain.high - many.gain.low)


def test_the_curve_goes_from_the_first_version_to_what_is_foreseen() -> None:
    found = prospect(history(0.95, 4, 0.5))

    assert found.curve[0].labels == 200
    assert found.curve[-1].labels == 1_600 + NEXT
    assert [point.foreseen for point in found.curve] == [point.labels > 1_600 for point in found.curve]
    assert any(point.labels == 1_600 for point in found.curve)
    for point in found.curve:
        assert 0 <= point.reached.low <= point.reached.value <= point.reached.high <= 1


def test_a_target_that_is_reached_needs_nothing() -> None:
    found = prospect(history(0.97, 1, 0.5, n=5_000), target=0.8)

    assert found.needed is not None
    assert (found.needed.value, found.needed.high) == (0, 0)
    assert found.words == "Weapons: recall 0.8 is reached (recall is 0.94, n=5000)."


def test_a_flat_curve_sends_to_the_definition_instead_of_more_labels() -> None:
    found = prospect([Point(labels, 0.6, 5_000) for labels in LABELS])

    assert found.needed is not None
    assert np.isinf(found.needed.value)
    assert found.words.startswith("Weapons: recall 0.9 is not in sight (recall is 0.60, n=5000)")
    assert found.words.endswith("read its disagreements and its definition before labelling on.")


def test_a_falling_curve_promises_no_gain() -> None:
    found = prospect([Point(labels, 0.8 - labels / 10_000, 5_000) for labels in LABELS])

    assert found.gain is not None
    assert found.gain.value == pytest.approx(0, abs=0.002)


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], "0 evaluated versions are too few: 3 are needed"),
        (history(0.9, 4, 0.5)[:1], "1 evaluated version is too few: 3 are needed"),
        ([Point(500, 0.5, 50)] * 5, "1 evaluated version is too few: 3 are needed"),
        (history(0.9, 4, 0.5, n=1), "its newest recall rests on 1 audited item: 10 are needed"),
        (history(0.9, 4, 0.5, n=9), "its newest recall rests on 9 audited items: 10 are needed"),
    ],
)
def test_it_says_why_nothing_can_be_said(points: list[Point], why: str) -> None:
    found = prospect(points)

    assert found.why_unknown == why
    assert found.words == f"Weapons: nothing can be said yet, because {why}."
    assert (found.curve, found.gain, found.needed) == ((), None, None)


def test_the_order_of_the_history_and_the_global_randomness_do_not_matter() -> None:
    points = history(0.95, 4, 0.5)

    assert prospect(points) == prospect(points[::-1])


@pytest.mark.parametrize(
    ("points", "target", "message"),
    [
        (history(0.9, 4, 0.5), 1.0, "the target is 1.0"),
        ([Point(100, 1.2, 5)], 0.9, "value=1.2.* is impossible"),
        ([Point(0, 0.5, 5)], 0.9, "labels=0.* is impossible"),
    ],
)
def test_impossible_values_are_refused(points: list[Point], target: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        prospect(points, target)


def test_the_interval_covers_what_comes_when_versions_are_measured_independently() -> None:
    """A true curve, measured with n = 100 each, 100 times: the true gain is inside at least nine times in ten."""
    rng = np.random.default_rng(5)
    truth = np.array([point.value for point in history(0.92, 4, 0.5)])
    gain = 4 * (1_600**-0.5 - (1_600 + NEXT) ** -0.5)

    inside = 0
    for _ in range(100):
        seen = rng.binomial(100, truth) / 100
        points = [Point(labels, float(value), 100) for labels, value in zip(LABELS, seen, strict=True)]
        found = prospect_of("Weapons", points, rng=rng)
        assert found.gain is not None
        inside += found.gain.low <= gain <= found.gain.high

    assert inside >= 90
