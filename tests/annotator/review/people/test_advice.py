"""What is suggested, from which numbers on, and in which words."""

from datetime import date

import pytest

from annotator.agreement.drift import Drift
from annotator.agreement.intervals import Tally
from annotator.review.people.advice import MOST, Kind, Seen, Slip, Slips, advice_of

FEW_BY_OTHERS = Tally(2, 90)


def missed(own: Tally, others: Tally = FEW_BY_OTHERS, category: str = "Gambling", severity: int = 1) -> Slips:
    return Slips(category, severity, Slip.MISSED, own, others, ("4.2",))


def words(seen: Seen) -> list[str]:
    return [one.for_lead for one in advice_of("ann", seen)]


def test_nothing_is_suggested_of_nothing() -> None:
    assert advice_of("ann", Seen()) == ()


def test_a_missed_category_names_its_clause_and_its_numbers() -> None:
    (one,) = advice_of("ann", Seen([missed(Tally(4, 9))]))

    assert one.kind == Kind.READ
    assert one.for_lead == "Ask ann to read clause 4.2: Gambling is missed in 4 of 9 pages that show it."
    assert one.for_self == (
        "Have another look at clause 4.2: Gambling is missed in 4 of 9 pages that show it."
    )


@pytest.mark.parametrize(
    ("own", "is_said"),
    [
        (Tally(5, 5), False),  # five make no verdict, however they went
        (Tally(7, 7), False),
        (Tally(2, 8), False),
        (Tally(3, 8), False),  # by bad luck 0.038, where one of ten is missed
        (Tally(4, 8), True),
        (Tally(4, 9), True),  # 0.008
        (Tally(4, 10), False),  # 0.013
        (Tally(10, 100), False),
        (Tally(20, 100), True),
        (Tally(0, 0), False),
    ],
)
def test_slips_are_pointed_out_only_from_the_stated_numbers_on(own: Tally, *, is_said: bool) -> None:
    assert bool(advice_of("ann", Seen([missed(own)]))) is is_said


def test_a_category_named_where_it_is_not_says_so() -> None:
    slips = Slips("Games", 0, Slip.WRONG, Tally(5, 12), Tally(1, 60), ("3.1", "3.2", "3.3"))

    assert words(Seen([slips])) == [
        "Ask ann to read clauses 3.1 to 3.3: Games is named on 12 pages, 5 of which do not show it."
    ]


def test_without_a_clause_the_category_is_talked_about() -> None:
    slips = Slips("Games", 0, Slip.MISSED, Tally(5, 12), Tally(1, 60))

    assert words(Seen([slips])) == [
        "Talk with ann about Games: Games is missed in 5 of 12 pages that show it."
    ]


def test_what_everybody_misses_is_the_guidelines_and_not_said_to_the_person() -> None:
    (one,) = advice_of("ann", Seen([missed(Tally(4, 9), others=Tally(31, 80))]))

    assert one.kind == Kind.REWORD
    assert one.for_lead == (
        "Look at clause 4.2 with everybody: Gambling is missed in 4 of 9 pages that show it by ann, "
        "and in 31 of 80 by the others; the wording may be the reason."
    )
    assert one.for_self == ""


def test_others_with_few_pages_excuse_and_accuse_nobody() -> None:
    (one,) = advice_of("ann", Seen([missed(Tally(4, 9), others=Tally(5, 7))]))

    assert one.kind == Kind.READ


def test_the_gravest_come_first_and_no_more_than_three() -> None:
    slips = [missed(Tally(9, 10), category=f"Mild {n}", severity=0) for n in range(5)]
    slips.append(missed(Tally(4, 9), category="Self-Harm", severity=3))

    found = advice_of("ann", Seen(slips))

    assert len(found) == MOST
    assert [one.category for one in found] == ["Self-Harm", "Mild 0", "Mild 1"]


def test_retests_that_differ_are_gone_through_together() -> None:
    assert words(Seen(retest=Tally(4, 10))) == [
        "Go through some of the pages that came again with ann: 4 of 10 were answered the same."
    ]
    assert words(Seen(retest=Tally(0, 7))) == []
    assert words(Seen(retest=Tally(7, 10))) == []


def test_haste_and_change_are_asked_about() -> None:
    lower = Drift("lower", date(2026, 11, 2), Tally(15, 25), Tally(90, 100))
    higher = Drift("higher", date(2026, 11, 2), Tally(24, 25), Tally(60, 100))

    found = words(Seen(fast=Tally(20, 50), is_hasty=True, changes=[higher, lower]))

    assert found == [
        "Ask ann how it goes, and whether something changed: since 2026-11-02, 0.60 [0.41, 0.77] of the answers are "
        "as held true; before, 0.90 were.",
        "Ask ann how it goes: 20 of the last 50 judgments took less time than skimming the page does. Many pages are "
        "clear at a glance.",
    ]


def test_no_suggestion_calls_anybody_anything() -> None:
    lower = Drift("lower", date(2026, 11, 2), Tally(15, 25), Tally(90, 100))
    seen = Seen([missed(Tally(9, 9))], Tally(0, 20), Tally(50, 50), is_hasty=True, changes=[lower])
    texts = " ".join(one.for_lead + one.for_self for one in advice_of("ann", seen)).lower()

    assert not [
        word for word in ("bad", "poor", "worst", "weak", "fail", "wrong", "careless") if word in texts
    ]
