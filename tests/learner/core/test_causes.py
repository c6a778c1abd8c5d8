"""What speaks for each cause of an error."""

from dataclasses import replace

import pytest

from learner.core.causes import Cause, CauseFacts, cause_views, suggested

PLAIN = CauseFacts(agree=2, near=5, clauses=2, words=140, pull=3.0)


def strengths(facts: CauseFacts) -> dict[Cause, float]:
    return {view.cause: view.strength for view in cause_views(facts)}


def test_nothing_is_suggested_when_nothing_stands_out() -> None:
    assert strengths(PLAIN) == dict.fromkeys(list(Cause)[:4], 0.0)
    assert suggested(PLAIN, cause_views(PLAIN)) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"doubt": 0.93}, Cause.LABEL),
        ({"near_oppose": 5}, Cause.LABEL),
        ({"clauses": 0}, Cause.GUIDELINE),
        ({"agree": 1, "unsure": 1}, Cause.GUIDELINE),
        ({"has_text": False, "words": 3}, Cause.FEATURES),
        ({"pull": 0.1}, Cause.FEATURES),
        ({"words": 8}, Cause.FEATURES),
        ({"changed": True}, Cause.DRIFT),
        ({"unseen": 100}, Cause.DRIFT),
        ({"newer": True}, None),
        ({"doubt": 0.9, "changed": True}, None),
        ({"words": None}, None),
    ],
)
def test_the_cause_that_the_facts_speak_for_is_suggested(
    change: dict[str, object], expected: Cause | None
) -> None:
    facts = replace(PLAIN, **change)  # type: ignore[arg-type]

    assert suggested(facts, cause_views(facts)) is expected


@pytest.mark.parametrize(
    "facts",
    [
        CauseFacts(clauses=0),
        CauseFacts(oppose=2, clauses=1),
        CauseFacts(agree=1, near=2, words=3, clauses=1, has_text=False),
        CauseFacts(doubt=0.95, near=5, clauses=1),
    ],
)
def test_nothing_is_suggested_where_one_kind_of_facts_is_all_that_is_known(facts: CauseFacts) -> None:
    assert max(view.strength for view in cause_views(facts)) >= 0.5
    assert suggested(facts, cause_views(facts)) is None


def test_reasons_say_the_numbers_and_the_strongest_comes_first() -> None:
    label, *_ = cause_views(replace(PLAIN, doubt=0.4, oppose=2, near_oppose=1))

    assert label.reasons == (
        "2 of 4 people judged otherwise than is held.",
        "It is among the suspects, with a doubt of 0.40.",
        "1 of 5 similar training pages hold the opposite.",
    )
    assert label.percent == 50


def test_a_cited_clause_speaks_against_a_gap() -> None:
    torn = replace(PLAIN, agree=1, oppose=1)

    assert strengths(torn)[Cause.GUIDELINE] == 1.0
    assert strengths(replace(torn, cited=1))[Cause.GUIDELINE] == 0.5


def test_few_neighbours_and_one_person_say_nothing() -> None:
    lonely = CauseFacts(oppose=1, near=2, near_oppose=2, clauses=1, words=100, pull=2.0)

    assert strengths(lonely)[Cause.LABEL] == 0.0
