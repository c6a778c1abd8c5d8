"""The rule: what follows for one item."""

import pytest

from annotator.agreement.decide import Resolved
from annotator.judgments.models import Judgment, Verdict
from annotator.review.models import Method, Resolution
from annotator.review.standing import Outcome, Rule, Standing, outcome_of

RULE = Rule(overlap=2, overlap_max=3, severe=frozenset({"violence"}))


def judgment(pk: int, *labels: str, verdict: Verdict = Verdict.LABELLED) -> Judgment:
    return Judgment(pk=pk, labels=list(labels), unsure=[], verdict=verdict)


def resolution(method: Method, *labels: str, judgments: tuple[int, ...] = ()) -> Resolution:
    return Resolution(pk=1, labels=list(labels), method=method, judgments=list(judgments))


def standing(*judgments: Judgment, held: Resolution | None = None, waits: bool = False) -> Standing:
    return Standing(item_id=1, judgments=judgments, waits=waits, resolution=held, disagreement=None)


def test_nothing_is_written_when_a_place_is_still_open() -> None:
    assert outcome_of(standing(judgment(1, "games"), waits=True), RULE) == Outcome()


def test_item_is_resolved_when_two_agree() -> None:
    outcome = outcome_of(standing(judgment(1, "games"), judgment(2, "games")), RULE)

    assert isinstance(outcome.resolve, Resolved)
    assert (outcome.resolve.labels, outcome.resolve.method) == (frozenset({"games"}), "unanimous")


def test_place_is_asked_for_when_two_disagree() -> None:
    outcome = outcome_of(standing(judgment(1, "games"), judgment(2)), RULE)

    assert outcome.needs_place
    assert outcome.resolve is None


def test_dispute_waits_when_a_further_place_is_open_already() -> None:
    assert outcome_of(standing(judgment(1, "games"), judgment(2), waits=True), RULE) == Outcome()


def test_place_is_asked_for_when_the_overlap_was_raised_since_the_places_were_opened() -> None:
    three = Rule(overlap=3, overlap_max=3, severe=frozenset())

    assert outcome_of(standing(judgment(1), judgment(2)), three) == Outcome(needs_place=True)


def test_dispute_names_its_categories_when_three_disagree() -> None:
    outcome = outcome_of(standing(judgment(1, "games"), judgment(2), judgment(3, "gambling")), RULE)

    assert not outcome.needs_place
    assert outcome.dispute is not None
    assert outcome.dispute.categories == {"games", "gambling"}


def test_nothing_is_written_when_the_same_is_held_already() -> None:
    held = resolution(Method.UNANIMOUS, "games", judgments=(1, 2))

    assert outcome_of(standing(judgment(1, "games"), judgment(2, "games"), held=held), RULE) == Outcome()


def test_resolution_is_superseded_when_a_late_judgment_joins() -> None:
    held = resolution(Method.UNANIMOUS, "games", judgments=(1, 2))

    outcome = outcome_of(standing(judgment(1, "games"), judgment(2, "games"), judgment(3), held=held), RULE)

    assert outcome.resolve is not None
    assert outcome.resolve.method == "majority"


def test_resolution_is_ended_when_a_judgment_was_withdrawn() -> None:
    held = resolution(Method.UNANIMOUS, "games", judgments=(1, 2))

    outcome = outcome_of(standing(judgment(1, "games"), waits=True, held=held), RULE)

    assert outcome == Outcome(reopen="1 of 2 judgments are in")


def test_resolution_is_ended_once_when_it_was_ended_before() -> None:
    held = resolution(Method.REOPENED)

    assert outcome_of(standing(judgment(1, "games"), waits=True, held=held), RULE) == Outcome()


@pytest.mark.parametrize(
    ("judgments", "categories"),
    [
        pytest.param([judgment(1, "games"), judgment(2)], None, id="all were seen"),
        pytest.param([judgment(1, "games"), judgment(9)], None, id="a new one, without agreement"),
        pytest.param([judgment(8, "games"), judgment(9, "games")], None, id="new ones that say the same"),
        pytest.param([judgment(8), judgment(9)], {"games"}, id="new ones that agree on something else"),
        pytest.param(
            [judgment(1, "games"), judgment(9, "violence")], {"violence"}, id="a new one names the gravest"
        ),
    ],
)
def test_lead_is_asked_again_only_when_new_judgments_say_so(
    judgments: list[Judgment], categories: set[str] | None
) -> None:
    held = resolution(Method.ADJUDICATED, "games", judgments=(1, 2))

    outcome = outcome_of(standing(*judgments, held=held), RULE)

    assert outcome.resolve is None
    assert not outcome.reopen
    assert not outcome.needs_place
    assert (outcome.dispute.categories if outcome.dispute else None) == categories


def test_lead_is_not_asked_again_when_people_agree_after_a_withdrawal() -> None:
    held = resolution(Method.ADJUDICATED, "games", judgments=(1, 2, 3))

    assert outcome_of(standing(judgment(2), judgment(3), held=held), RULE) == Outcome()


def test_verdict_counts_as_an_answer_when_the_lead_held_labels() -> None:
    held = resolution(Method.ADJUDICATED, judgments=(1,))
    gone = [judgment(8, verdict=Verdict.UNREACHABLE), judgment(9, verdict=Verdict.UNREACHABLE)]

    assert outcome_of(standing(*gone, held=held), RULE).dispute is not None
