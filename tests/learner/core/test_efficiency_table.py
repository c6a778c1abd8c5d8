"""The tables of a comparison: the best first, pairs with signs, and what was not reached left out."""

from learner.core.comparison import reports_of
from learner.core.efficiency import Measured, Scores
from learner.core.efficiency_table import in_words, table_of
from learner.core.simulation import Step


def steps(*heights: float) -> list[Step]:
    return [
        Step(100 * number, Scores(ap, ap / 2, ap / 2, ap / 4, ap / 4), found=number)
        for number, ap in enumerate(heights, start=1)
    ]


FULL = [Scores(0.5, 0.5, 0.5, 0.5, 0.5)] * 2
RUNS = {
    "random": [steps(0.2, 0.4), steps(0.3, 0.5)],
    "default": [steps(0.3, 0.5), steps(0.4, 0.6)],
    "max_score": [steps(0.1, 0.3), steps(0.2, 0.4)],
}


def test_the_best_curve_comes_first_with_its_pairs() -> None:
    _, _, first, second, third, *_ = table_of(reports_of(RUNS, FULL)).splitlines()

    assert first.startswith("| `default` | .450 [-.185, 1.085] | +.100 [+.100, +.100] |  | .225 [")
    assert second.startswith("| `random` | .350 [-.285, .985] |  | -.100 [-.100, -.100] | ")
    assert third.startswith("| `max_score` | ")


def test_budgets_significantly_below_random_are_counted() -> None:
    rows = table_of(reports_of(RUNS, FULL)).splitlines()[2:5]

    assert [row.split(" | ")[-1] for row in rows] == ["0 |", " |", "2 |"]


def test_what_nobody_reached_is_left_out() -> None:
    table = table_of(reports_of(RUNS, FULL))

    assert "| `default` | 90% of macro AP | 150 " in table
    assert "| `max_score` | 90% of macro AP" not in table
    assert "of macro-F1" not in table


def test_numbers_have_signs_and_intervals_only_where_they_are_known() -> None:
    assert in_words(Measured(None, None, None, 0)) == "-"
    assert in_words(Measured(1234.4, None, None, 1), digits=0) == "1,234"
    assert in_words(Measured(-0.5, -1.25, 0.25, 2)) == "-.500 [-1.250, .250]"


def test_one_table_is_enough_when_nobody_reached_anything() -> None:
    far = [Scores(0.9, 0.9, 0.9, 0.9, 0.9)] * 2

    assert len(table_of(reports_of(RUNS, far)).splitlines()) == 5
