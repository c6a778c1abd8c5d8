"""How an answer compares with the right one."""

import pytest

from annotator.agreement.intervals import Tally
from annotator.judgments.models import Verdict
from annotator.review.scoring import NONE, Checked, score_of


def checked(labels: str = "", right: str = "", unsure: str = "", verdict: str = Verdict.LABELLED) -> Checked:
    return Checked(
        frozenset(labels.split()), frozenset(unsure.split()), verdict, right=frozenset(right.split())
    )


@pytest.mark.parametrize(
    ("answer", "is_right", "by_category"),
    [
        (checked("games", "games"), True, {"games": True}),
        (checked("games", "gambling"), False, {"games": False, "gambling": False}),
        (checked("games", "games gambling"), False, {"games": True, "gambling": False}),
        (checked("", ""), True, {NONE: True}),
        (checked("games", ""), False, {"games": False, NONE: False}),
        (checked("", "games"), False, {"games": False}),
        (checked("games", "games gambling", unsure="gambling"), None, {"games": True}),
        (checked("", "", unsure="games"), None, {}),
        (checked("", "games", verdict=Verdict.UNREACHABLE), None, {}),
    ],
)
def test_an_answer_is_right_wrong_or_not_counted(
    answer: Checked, *, is_right: bool | None, by_category: dict[str, bool]
) -> None:
    assert answer.is_right is is_right
    assert answer.by_category == by_category


def test_a_score_adds_up_exact_matches_and_categories() -> None:
    score = score_of(
        [checked("games", "games"), checked("", "games"), checked("", "", unsure="games"), checked("", "")]
    )

    assert (score.exact, score.n_answers) == (Tally(2, 3), 4)
    assert score.by_category == {"games": Tally(1, 2), NONE: Tally(1, 1)}
    assert score.of("gambling") == Tally()
