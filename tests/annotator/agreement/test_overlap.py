"""Adaptive overlap: when judgments suffice, when one more is wanted, and what no probability may settle."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.decide import Answer
from annotator.agreement.overlap import (
    CategorySkills,
    Enough,
    ForLead,
    NoSkills,
    OneMore,
    OverlapPolicy,
    advise,
    probability_present,
)
from annotator.agreement.posterior import KnownSkill

ADA, BO, CY, DI = range(1, 5)
TEAM = KnownSkill(0.9, 0.99)
SKILLS = {
    "games": CategorySkills(0.1, TEAM, {ADA: KnownSkill(0.98, 0.999)}),
    "self-harm": CategorySkills(0.01, TEAM),
}
POLICY = OverlapPolicy(0.95, 1, 3)
SEVERE = frozenset({"self-harm"})
NOTHING = Answer(frozenset(), frozenset(), "labelled")
GAMES = Answer(frozenset({"games"}), frozenset(), "labelled")
HARM = Answer(frozenset({"self-harm"}), frozenset(), "labelled")
MAYBE_HARM = Answer(frozenset(), frozenset({"self-harm"}), "labelled")
BROKEN = Answer(frozenset(), frozenset(), "unreachable")


def test_chance_is_that_of_bayes_rule() -> None:
    # 0.1 * 0.9 against 0.9 * 0.01: 0.09 / (0.09 + 0.009)
    assert probability_present({BO: GAMES}, "games", SKILLS["games"]) == pytest.approx(10 / 11)


def test_one_judgment_is_enough_when_its_annotator_is_reliable_and_not_when_it_is_anybody() -> None:
    by_ada = advise({ADA: GAMES}, SKILLS, POLICY, severe=SEVERE)
    by_bo = advise({BO: GAMES}, SKILLS, POLICY, severe=SEVERE)

    assert isinstance(by_ada, Enough)
    assert by_ada.labels == {"games"}
    assert by_ada.reason == "all categories are certain, the least (games) to 99.1 %"
    assert by_bo == OneMore("games is 91 % likely; 95 % is wanted", frozenset({"games"}))


def test_lead_decides_when_the_most_judgments_leave_a_category_uncertain() -> None:
    policy = OverlapPolicy(0.999, 1, 2)

    advice = advise({BO: GAMES, CY: NOTHING}, SKILLS, policy, severe=SEVERE)

    assert isinstance(advice, ForLead)
    assert advice.categories == {"games"}


@pytest.mark.parametrize("named", [HARM, MAYBE_HARM])
def test_nobody_is_overruled_who_names_a_severe_category(named: Answer) -> None:
    answers = {BO: named, **dict.fromkeys(range(10, 30), NOTHING)}

    more = advise(answers, SKILLS, OverlapPolicy(0.95, 1, 99), severe=SEVERE)
    most = advise(answers, SKILLS, POLICY, severe=SEVERE)

    reason = "severe and not seen by everybody: self-harm"
    assert more == OneMore(reason, SEVERE)
    assert most == ForLead(reason, SEVERE)


def test_policy_has_no_advice_without_skills_or_on_other_verdicts() -> None:
    assert advise({BO: GAMES}, {}, POLICY, severe=SEVERE) == NoSkills("no skills are estimated for games")
    assert advise({BO: NOTHING}, {}, POLICY, severe=SEVERE) == NoSkills(
        "no skills are estimated for any category"
    )
    advice = advise({BO: BROKEN, CY: BROKEN}, SKILLS, POLICY, severe=SEVERE)
    assert advice == NoSkills("skills say nothing on the verdict unreachable")
    differ = advise({BO: BROKEN, CY: GAMES}, SKILLS, POLICY, severe=SEVERE)
    assert differ == OneMore("verdicts differ: labelled, unreachable")


def test_least_holds_even_when_everything_is_certain() -> None:
    policy = OverlapPolicy(0.95, 2, 3)

    assert advise({ADA: GAMES}, SKILLS, policy, severe=SEVERE) == OneMore("1 of at least 2 judgments are in")
    assert advise({}, SKILLS, policy, severe=SEVERE) == OneMore("0 of at least 2 judgments are in")


@given(st.lists(st.sampled_from([NOTHING, GAMES, HARM, MAYBE_HARM, BROKEN]), max_size=4))
def test_order_of_judgments_changes_nothing_and_the_most_is_never_passed(given_: list[Answer]) -> None:
    people = list(zip((ADA, BO, CY, DI), given_, strict=False))

    advice = [advise(dict(order), SKILLS, POLICY, severe=SEVERE) for order in permutations(people)]

    assert all(one == advice[0] for one in advice)
    assert len(given_) < POLICY.most or not isinstance(advice[0], OneMore)


@pytest.mark.parametrize("bad", [(0.5, 1, 3), (1.0, 1, 3), (0.9, 0, 3), (0.9, 4, 3)])
def test_policy_out_of_bounds_is_refused(bad: tuple[float, int, int]) -> None:
    with pytest.raises(ValueError, match=r"want 0\.5 < certainty < 1 and 1 <= least <= most, got"):
        OverlapPolicy(*bad)


HARMFUL = frozenset({"games", "self-harm"})


def test_one_persons_word_on_a_harmful_category_brings_a_second_and_a_lone_one_of_two_a_third() -> None:
    policy = OverlapPolicy(0.95, 1, 5)
    sure = {"games": CategorySkills(0.1, KnownSkill(0.999, 0.9999)), "self-harm": SKILLS["self-harm"]}

    def advised(*answers: Answer) -> object:
        people = dict(zip((BO, CY, DI), answers, strict=False))
        return advise(people, sure, policy, severe=SEVERE, harmful=HARMFUL)

    alone = OneMore("harmful and named by one person: games", frozenset({"games"}))
    assert advised(GAMES) == alone
    assert advised(GAMES, NOTHING) == alone
    assert isinstance(advised(GAMES, GAMES), Enough)
    assert advised(GAMES, NOTHING, NOTHING) != alone


def test_harmful_category_that_nobody_names_has_to_be_ruled_out_ten_times_as_surely() -> None:
    # 0.2 * 0.1 against 0.8 * 0.99: 2.5 %. Certain to 95 %, not to 99.5 %.
    skills = {"games": CategorySkills(0.2, TEAM)}

    harmless = advise({BO: NOTHING}, skills, POLICY, severe=SEVERE)
    harmful = advise({BO: NOTHING}, skills, POLICY, severe=SEVERE, harmful=HARMFUL)

    assert isinstance(harmless, Enough)
    assert harmful == OneMore("games is 2.5 % likely; less than 0.5 % is wanted", frozenset({"games"}))


def test_doubt_is_no_answer_whatever_is_usual() -> None:
    skills = {"games": CategorySkills(0.01, TEAM)}
    maybe = Answer(frozenset(), frozenset({"games"}), "labelled")
    policy = OverlapPolicy(0.95, 2, 3)

    assert advise({BO: maybe, CY: NOTHING}, skills, policy, severe=SEVERE) == OneMore(
        "unsure about games", frozenset({"games"})
    )
    assert isinstance(advise({BO: maybe, CY: NOTHING, DI: NOTHING}, skills, policy, severe=SEVERE), Enough)


def test_bounds_rule_out_a_category_and_settle_nothing_that_somebody_names() -> None:
    rare = {"games": CategorySkills(0.004, KnownSkill(0.5, 0.99), is_known=False)}
    two = OverlapPolicy(0.95, 2, 3)

    assert isinstance(advise({BO: NOTHING, CY: NOTHING}, rare, two, severe=SEVERE, harmful=HARMFUL), Enough)
    assert advise({BO: GAMES, CY: GAMES}, rare, two, severe=SEVERE) == NoSkills(
        "no skills are estimated for games"
    )
