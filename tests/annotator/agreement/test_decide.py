"""The resolution rule: who agrees with whom, and what a majority may not override."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.decide import Answer, NeedsAnother, Resolved, Split, Waiting, decide

SEVERE = frozenset({"self-harm"})

answers_to_anything = st.lists(
    st.builds(
        Answer,
        labels=st.frozensets(st.sampled_from(["games", "chat", "self-harm"])),
        unsure=st.frozensets(st.sampled_from(["hate", "dating"])),
        verdict=st.sampled_from(["labelled", "unreachable"]),
    ),
    max_size=4,
)


def answer(*labels: str, unsure: tuple[str, ...] = (), verdict: str = "labelled") -> Answer:
    return Answer(frozenset(labels), frozenset(unsure), verdict)


def test_it_waits_when_a_first_place_is_still_open() -> None:
    assert decide([answer("games")], overlap=2, overlap_max=3, severe=SEVERE) == Waiting(
        "1 of 2 judgments are in"
    )


def test_it_waits_when_there_is_no_judgment() -> None:
    assert decide([], overlap=1, overlap_max=1, severe=SEVERE) == Waiting("0 of 1 judgments are in")


def test_one_judgment_resolves_when_one_was_asked_for() -> None:
    assert decide([answer("games")], overlap=1, overlap_max=3, severe=SEVERE) == Resolved(
        frozenset({"games"}), "labelled", "single", "one judgment was asked for"
    )


def test_another_is_needed_when_the_only_judgment_is_unsure() -> None:
    decision = decide([answer("games", unsure=("chat",))], overlap=1, overlap_max=2, severe=SEVERE)

    assert decision == NeedsAnother("unsure about chat", frozenset({"chat"}))


@pytest.mark.parametrize("verdict", ["labelled", "unreachable", "not-enough-evidence", "language"])
def test_equal_judgments_resolve_when_nobody_is_unsure(verdict: str) -> None:
    decision = decide([answer(verdict=verdict)] * 2, overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == Resolved(frozenset(), verdict, "unanimous", "all 2 judgments are the same")


def test_another_is_needed_when_equal_judgments_are_unsure_about_the_same() -> None:
    decision = decide([answer("games", unsure=("hate",))] * 2, overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == NeedsAnother("unsure about hate", frozenset({"hate"}))


def test_another_is_needed_when_two_label_sets_differ() -> None:
    decision = decide([answer("games", "chat"), answer("games")], overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == NeedsAnother("no agreement on chat", frozenset({"chat"}))


def test_another_is_needed_when_verdicts_differ() -> None:
    decision = decide([answer(), answer(verdict="unreachable")], overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == NeedsAnother("verdicts differ: labelled, unreachable", frozenset())


def test_a_majority_resolves_when_two_of_three_are_the_same() -> None:
    decision = decide(
        [answer("games"), answer("chat"), answer("games")], overlap=2, overlap_max=3, severe=SEVERE
    )

    assert decision == Resolved(frozenset({"games"}), "labelled", "majority", "2 of 3 judgments are the same")


def test_it_is_split_when_all_three_differ() -> None:
    decision = decide([answer("games"), answer("chat"), answer()], overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == Split("no agreement on chat, games", frozenset({"chat", "games"}))


def test_it_is_split_when_two_differ_and_there_is_no_third_place() -> None:
    decision = decide([answer("games"), answer()], overlap=2, overlap_max=2, severe=SEVERE)

    assert decision == Split("no agreement on games", frozenset({"games"}))


@pytest.mark.parametrize("minority", [answer("self-harm"), answer(unsure=("self-harm",))])
def test_a_majority_does_not_override_when_somebody_names_a_severe_category(minority: Answer) -> None:
    decision = decide([answer(), answer(), minority], overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == Split("no agreement on self-harm", frozenset({"self-harm"}))


def test_a_majority_resolves_when_it_names_the_severe_category_itself() -> None:
    decision = decide([answer("self-harm")] * 2 + [answer()], overlap=2, overlap_max=3, severe=SEVERE)

    assert isinstance(decision, Resolved)
    assert decision.labels == frozenset({"self-harm"})


def test_no_majority_forms_when_the_shared_answer_is_unsure() -> None:
    decision = decide([answer(unsure=("hate",))] * 2 + [answer()], overlap=2, overlap_max=3, severe=SEVERE)

    assert decision == Split("no agreement on hate", frozenset({"hate"}))


def test_a_late_fourth_judgment_counts_when_places_were_three() -> None:
    three = [answer("games"), answer("games"), answer("chat")]

    decision = decide([*three, answer("chat")], overlap=2, overlap_max=3, severe=SEVERE)

    assert isinstance(decide(three, overlap=2, overlap_max=3, severe=SEVERE), Resolved)
    assert isinstance(decision, Split)


@pytest.mark.parametrize(("overlap", "overlap_max"), [(0, 1), (3, 2)])
def test_it_is_refused_when_the_places_make_no_sense(overlap: int, overlap_max: int) -> None:
    with pytest.raises(ValueError, match="want 1 <= overlap <= overlap_max"):
        decide([], overlap=overlap, overlap_max=overlap_max, severe=SEVERE)


@given(answers_to_anything)
def test_the_decision_is_the_same_when_the_order_of_people_changes(answers: list[Answer]) -> None:
    decisions = {
        decide(list(order), overlap=2, overlap_max=3, severe=SEVERE) for order in permutations(answers)
    }

    assert len(decisions) == 1


@given(answers_to_anything)
def test_resolved_labels_were_given_by_somebody_when_it_resolves(answers: list[Answer]) -> None:
    decision = decide(answers, overlap=2, overlap_max=3, severe=SEVERE)

    if isinstance(decision, Resolved):
        assert any(answer.labels == decision.labels and answer.definite for answer in answers)
    if isinstance(decision, Split | NeedsAnother):
        assert decision.categories or len({answer.verdict for answer in answers}) > 1
