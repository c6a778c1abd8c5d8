"""The policy of exposure: examples worked by hand, and properties over any history."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from annotator.queue.exposure import POINTS, Limits, Ration, Spent, ration

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LIMITS = Limits(budget=12, window=timedelta(hours=1), cooldown=timedelta(minutes=20))


def at(minute: int, points: float = 3.0) -> Spent:
    return Spent(NOON + minute * MINUTE, points)


histories = st.lists(
    st.builds(at, st.integers(-400, 0), st.integers(0, 9).map(float)),
    max_size=30,
    unique_by=lambda s: s.minute,
)
limits = st.builds(
    Limits,
    budget=st.integers(1, 40).map(float),
    window=st.integers(10, 120).map(lambda n: n * MINUTE),
    cooldown=st.integers(0, 150).map(lambda n: n * MINUTE),
)


def test_graver_pages_cost_more_points_and_benign_ones_none() -> None:
    assert POINTS[0] == POINTS[1] == 0
    assert 0 < POINTS[2] < POINTS[3]


def test_everything_is_given_when_the_budget_is_not_spent() -> None:
    given = ration([at(0), at(1), at(2)], LIMITS, NOON + 5 * MINUTE)

    assert given == Ration(benign_only=False, until=None, points=9.0)


def test_benign_only_until_enough_points_have_left_when_the_budget_is_spent() -> None:
    # 12 points by 12:30; the line is 9. The 3 points of 12:00 count to 13:01, and then 9 are left.
    given = ration([at(0), at(10), at(20), at(30)], LIMITS, NOON + 31 * MINUTE)

    assert given == Ration(benign_only=True, until=NOON + 61 * MINUTE, points=12.0)


def test_benign_only_for_the_cooldown_when_points_leave_earlier() -> None:
    # 12 points at 12:58. Those of 12:00 leave at 13:01, but the cool-down lasts until 12:59 + 20 minutes.
    given = ration([at(0), at(10), at(20), at(58)], LIMITS, NOON + 62 * MINUTE)

    assert given == Ration(benign_only=True, until=NOON + 79 * MINUTE, points=9.0)


def test_no_rest_again_when_one_page_follows_a_recovery() -> None:
    # Recovered at 13:01 with 9 of 12 points; one page of 1 point does not end the work again.
    given = ration([at(0), at(10), at(20), at(30), at(62, 1.0)], LIMITS, NOON + 63 * MINUTE)

    assert not given.benign_only


def test_a_rest_grows_when_a_surprise_comes_during_it() -> None:
    spent = [at(0), at(10), at(20), at(30)]
    before = ration(spent, LIMITS, NOON + 41 * MINUTE).until

    after = ration([*spent, at(40)], LIMITS, NOON + 41 * MINUTE).until

    assert before == NOON + 61 * MINUTE
    assert after == NOON + 71 * MINUTE  # 15 points: those of 12:00 and 12:10 must both leave


def test_one_page_beyond_the_budget_rests_for_a_window_when_it_comes_alone() -> None:
    given = ration([at(0, 30.0)], LIMITS, NOON + MINUTE)

    assert given.until == NOON + 61 * MINUTE


def test_nothing_is_limited_when_the_budget_is_0() -> None:
    given = ration([at(n, 9.0) for n in range(50)], replace(LIMITS, budget=0), NOON + 50 * MINUTE)

    assert given == Ration(benign_only=False, until=None, points=450.0)


@given(histories, limits)
def test_never_benign_only_when_the_budget_was_never_reached(spent: list[Spent], limits: Limits) -> None:
    enough = replace(limits, budget=sum(one.points for one in spent) + 1)

    assert not ration(spent, enough, NOON).benign_only


@given(histories, limits)
def test_benign_only_when_the_points_of_the_window_reach_the_budget(
    spent: list[Spent], limits: Limits
) -> None:
    points = ration([*spent, at(0, 1.0)], limits, NOON).points

    assert ration([*spent, at(0, 1.0)], replace(limits, budget=points), NOON).benign_only


@given(histories, limits, st.integers(-400, 0), st.integers(1, 9))
def test_more_points_never_shorten_a_rest(
    spent: list[Spent], limits: Limits, minute: int, points: int
) -> None:
    before, after = ration(spent, limits, NOON), ration([*spent, at(minute, points)], limits, NOON)

    assert after.points >= before.points
    assert (after.until or NOON) >= (before.until or NOON)


@given(histories, limits, st.data())
def test_a_lower_budget_or_a_longer_cooldown_never_shortens_a_rest(
    spent: list[Spent], limits: Limits, data: st.DataObject
) -> None:
    stricter = replace(
        limits,
        budget=data.draw(st.integers(1, int(limits.budget))),
        cooldown=limits.cooldown + data.draw(st.integers(0, 60)) * MINUTE,
    )

    before, after = ration(spent, limits, NOON), ration(spent, stricter, NOON)

    assert (after.until or NOON) >= (before.until or NOON)


@given(histories, limits)
def test_until_is_the_moment_the_rest_ends_when_nothing_further_is_taken(
    spent: list[Spent], limits: Limits
) -> None:
    surely = [*spent, at(0, limits.budget)]

    until = ration(surely, limits, NOON).until

    assert until is not None
    last = ration(surely, limits, until - timedelta(microseconds=1))
    assert (last.benign_only, last.until) == (True, until)
    assert not ration(surely, limits, until).benign_only


@given(histories, limits)
def test_a_rest_recovers_after_at_most_the_window_or_the_cooldown(spent: list[Spent], limits: Limits) -> None:
    until = ration([*spent, at(0, limits.budget)], limits, NOON).until

    assert until is not None
    assert until <= NOON + MINUTE + max(limits.window, limits.cooldown)


@given(histories, limits)
def test_what_is_older_than_the_history_changes_nothing(spent: list[Spent], limits: Limits) -> None:
    recent = [one for one in spent if one.minute > NOON - limits.history]

    assert ration(recent, limits, NOON) == ration(spent, limits, NOON)


@given(histories.flatmap(lambda spent: st.tuples(st.just(spent), st.permutations(spent))), limits)
def test_the_order_of_what_was_taken_changes_nothing(
    both: tuple[list[Spent], list[Spent]], limits: Limits
) -> None:
    spent, shuffled = both

    assert ration(shuffled, limits, NOON) == ration(spent, limits, NOON)
