"""Simulated annotators: skills show in many answers, and every answer is one that a person could submit."""

import numpy as np
import pytest

from annotator.judgments.models import Verdict
from annotator.projects.blueprint import default_blueprint
from learner.demo.people import (
    CAREFUL,
    FAST,
    LABELLED,
    NOT_ENOUGH_EVIDENCE,
    OVER_CAUTIOUS,
    PEOPLE,
    Person,
    SimulatedAnswer,
    answer,
)

CATEGORIES = [category.slug for category in default_blueprint().categories]


def many(person: Person, *labels: str, looks_like: str | None = None, n: int = 600) -> list[SimulatedAnswer]:
    rng = np.random.default_rng(11)
    return [answer(person, labels, categories=CATEGORIES, rng=rng, looks_like=looks_like) for _ in range(n)]


def share(answers: list[SimulatedAnswer], category: str) -> float:
    return sum(category in each.labels for each in answers) / len(answers)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_an_answer_could_be_submitted_when_any_person_gives_it(person: Person) -> None:
    for each in many(person, "games", "chat", looks_like="weapons"):
        assert each.verdict in set(Verdict)
        assert not set(each.labels) & set(each.unsure)
        assert {*each.labels, *each.unsure} <= set(CATEGORIES)
        assert each.seconds > 1
        assert each.verdict == LABELLED or not (each.labels or each.unsure)


def test_the_same_answer_comes_back_when_the_seed_is_the_same() -> None:
    assert many(FAST, "hate", n=20) == many(FAST, "hate", n=20)


def test_the_fast_one_is_fooled_more_often_when_pages_look_alike() -> None:
    fooled = {person.name: share(many(person, looks_like="self-harm"), "self-harm") for person in PEOPLE}

    assert fooled["annotator1"] < 0.1
    assert fooled["annotator2"] > 0.4


def test_the_fast_one_misses_more_when_the_category_is_rare() -> None:
    assert share(many(CAREFUL, "hate"), "hate") > 0.9
    assert share(many(FAST, "hate"), "hate") < 0.75


def test_the_cautious_one_doubts_and_gives_up_more_when_pages_look_alike() -> None:
    answers = {person.name: many(person, looks_like="violence") for person in PEOPLE}
    doubts = {name: sum(bool(each.unsure) for each in given) for name, given in answers.items()}
    given_up = sum(each.verdict == NOT_ENOUGH_EVIDENCE for each in answers["annotator3"])

    assert doubts["annotator3"] > doubts["annotator1"] > doubts["annotator2"]
    assert given_up > 5


def test_time_follows_the_person_and_the_page_when_measured() -> None:
    easy = {person.name: np.median([each.seconds for each in many(person, "games")]) for person in PEOPLE}
    hard = np.median([each.seconds for each in many(CAREFUL, "games", looks_like="weapons")])

    assert easy["annotator2"] < easy["annotator1"] < easy["annotator3"]
    assert hard > easy["annotator1"]


def test_a_note_names_a_category_when_it_explains_a_doubt() -> None:
    notes = [each.note for each in many(OVER_CAUTIOUS, looks_like="hate") if each.note]

    assert notes
    assert all(any(category in note for category in CATEGORIES) for note in notes)
