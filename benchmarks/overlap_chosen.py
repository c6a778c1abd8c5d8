"""Adaptive overlap with everything chosen on one half of the items, and reported on the other half.

On the first half: skills, by Dawid-Skene; and a certainty for each value, the cheapest at which stopping is right as
often as fixed overlap is (skills for that come from the other part of that half). Right is what gold says (`gold`), or
what all judgments on the item give (`all`: no gold is needed). On the second half only: accuracy on gold, and
judgments spent. `random`: whoever comes next judges next. `reliable`: so do the first, as many as are asked for in any
case; further judgments come from the best of five people who are at work, drawn at random among those who have not
judged the item.
"""

from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np

from annotator.agreement.dawid_skene import Answers, Fit, dawid_skene, posterior_given
from benchmarks.truth import majority_accuracy

GRID: Final = (0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999)
STRENGTH: Final = 4.0
AT_WORK: Final = 5
LAST: Final = 10**6
WHO: Final = ("random", "reliable")
BY: Final = ("gold", "all")


@dataclass(frozen=True)
class Half:
    """Some items, with the turn of each of their judgments, and skills that were learned elsewhere."""

    answers: Answers
    turn: np.ndarray
    inside: np.ndarray  # items
    fit: Fit


def chosen(answers: Answers, gold: np.ndarray, seeds: int, *, least: int, most: int) -> list[dict[str, Any]]:
    """A row for each fixed overlap and each way of asking on: what was spent and saved, and how accurate it was."""
    runs: dict[tuple[str, str, int], list[dict[str, float]]] = {}
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        first = rng.random(answers.n_items) < 1 / 2
        part = rng.random(answers.n_items) < 1 / 2
        fit = learned(answers, first)
        sides = [(first & side, learned(answers, first & ~side)) for side in (part, ~part)]
        usual = [half(answers, side, other, None, rng) for side, other in sides]
        plain = half(answers, ~first, fit, None, rng)
        for who, by in product(WHO, BY):
            truth = gold if by == "gold" else None
            anybody = least if who == "reliable" else None
            tuned = [half(answers, side, other, anybody, rng) for side, other in sides]
            told = half(answers, ~first, fit, anybody, rng)
            for places in (3, 5):
                wanted = float(np.mean([rightness(one, bought_fixed(one, places), truth) for one in usual]))
                certainty = choose(tuned, wanted, truth, least=least, most=most)
                row = compared(told, plain, gold, certainty, places=places, least=least, most=most)
                runs.setdefault((who, by, places), []).append(row)
    return [_summary(key, rows) for key, rows in runs.items()]


def learned(answers: Answers, inside: np.ndarray) -> Fit:
    """Skills from all judgments on these items."""
    return dawid_skene(only(answers, inside[answers.item]), strength=STRENGTH)


def half(
    answers: Answers, inside: np.ndarray, fit: Fit, anybody: int | None, rng: np.random.Generator
) -> Half:
    """These items with an order of their judgments: the first so many by `anybody`, None for all."""
    turn = ordered(answers, None if anybody is None else informative(fit), anybody or 0, rng)
    return Half(answers, np.where(inside[answers.item], turn, LAST), inside, fit)


def informative(fit: Fit) -> np.ndarray:
    """For each person how much an answer of theirs says: mutual information with the truth, in nats."""
    joint = fit.marginals[None, :, None] * fit.confusion
    apart = fit.marginals[None, :, None] * joint.sum(axis=1, keepdims=True)
    told = np.where(joint > 0, joint * np.log(np.maximum(joint, 1e-300) / np.maximum(apart, 1e-300)), 0)
    return np.asarray(told.sum(axis=(1, 2)))


def ordered(answers: Answers, score: np.ndarray | None, anybody: int, rng: np.random.Generator) -> np.ndarray:
    """Which judgment on its item each one is, 0 the first: at random, or after `anybody` the best of `AT_WORK`."""
    turn = np.empty(answers.n, dtype=np.int64)
    rows_of = np.split(
        np.argsort(answers.item, kind="stable"),
        np.cumsum(np.bincount(answers.item, minlength=answers.n_items))[:-1],
    )
    for rows in rows_of:
        left = list(rng.permutation(rows))
        for place in range(len(left)):
            at_work = left[:AT_WORK] if score is not None and place >= anybody else left[:1]
            picked = (
                at_work[0] if score is None else max(at_work, key=lambda row: score[answers.annotator[row]])
            )
            turn[picked] = place
            left.remove(picked)
            if score is not None:
                rng.shuffle(left)
    return turn


def bought_fixed(one: Half, places: int) -> np.ndarray:
    """The judgments of fixed overlap."""
    return one.turn < places


def bought_adaptive(one: Half, certainty: np.ndarray, *, least: int, most: int) -> np.ndarray:
    """The judgments bought by stopping where the likeliest value reaches its certainty."""
    bought = one.turn < least
    for places in range(least, most):
        chances = posterior(one, bought)
        unsure = chances.max(axis=1) < certainty[chances.argmax(axis=1)]
        bought = bought | ((one.turn == places) & unsure[one.answers.item])
    return bought


def posterior(one: Half, bought: np.ndarray) -> np.ndarray:
    """The chance of each value on each item, from these judgments with known skills."""
    return posterior_given(only(one.answers, bought), one.fit.marginals, one.fit.confusion)


def rightness(one: Half, bought: np.ndarray, truth: np.ndarray | None) -> float:
    """How often these judgments give the gold; without gold, what all judgments on the item give."""
    right = posterior(one, one.turn < LAST).argmax(axis=1) if truth is None else truth
    scored = one.inside & (right >= 0)
    return float((posterior(one, bought).argmax(axis=1) == right)[scored].mean())


def choose(
    tuned: list[Half], wanted: float, truth: np.ndarray | None, *, least: int, most: int
) -> np.ndarray:
    """The cheapest certainty for each value that is as good as `wanted`: one for all first, then value by value."""
    n_values = tuned[0].answers.n_values

    def tried(certainty: np.ndarray) -> tuple[float, float]:
        bought = [bought_adaptive(one, certainty, least=least, most=most) for one in tuned]
        good = float(np.mean([rightness(one, some, truth) for one, some in zip(tuned, bought, strict=True)]))
        return good, sum(some.sum() for some in bought) / sum(one.inside.sum() for one in tuned)

    best = np.full(n_values, GRID[-1])
    spent = tried(best)[1]
    for level in GRID:
        good, cost = tried(np.full(n_values, level))
        if good >= wanted and cost < spent:
            best, spent = np.full(n_values, level), cost
    for value in range(n_values):
        for level in GRID:
            other = best.copy()
            other[value] = level
            good, cost = tried(other)
            if good >= wanted and cost < spent:
                best, spent = other, cost
    return best


def compared(  # noqa: PLR0913 - one number each
    told: Half, plain: Half, gold: np.ndarray, certainty: np.ndarray, *, places: int, least: int, most: int
) -> dict[str, float]:
    """What was spent on the second half and how accurate it was, beside fixed overlap with random people."""
    inside = np.where(told.inside, gold, -1)
    fixed, bought = bought_fixed(plain, places), bought_adaptive(told, certainty, least=least, most=most)
    scored = inside >= 0

    def right(one: Half, some: np.ndarray) -> float:
        return float((posterior(one, some).argmax(axis=1) == gold)[scored].mean())

    load = np.bincount(told.answers.annotator[bought], minlength=told.answers.n_annotators)
    usual = np.bincount(plain.answers.annotator[fixed], minlength=told.answers.n_annotators)
    return {
        "spent": bought.sum() / told.inside.sum(),
        "fixed_spent": fixed.sum() / told.inside.sum(),
        "saved": 1 - bought.sum() / fixed.sum(),
        "right": right(told, bought),
        "fixed_inferred": right(plain, fixed),
        "fixed_majority": majority_accuracy(only(plain.answers, fixed), inside),
        "busiest": load.max() / max(usual.max(), 1),
    }


def only(answers: Answers, some: np.ndarray) -> Answers:
    """Some of the judgments."""
    return Answers(
        answers.item[some],
        answers.annotator[some],
        answers.value[some],
        answers.n_items,
        answers.n_annotators,
        answers.n_values,
    )


def _summary(key: tuple[str, str, int], rows: list[dict[str, float]]) -> dict[str, Any]:
    who, by, places = key
    found: dict[str, Any] = {"who": who, "chosen_by": by, "fixed": places, "runs": len(rows)}
    for name in rows[0]:
        values = np.array([row[name] for row in rows])
        found[name] = round(float(values.mean()), 4)
    for name, against in (("gain_inferred", "fixed_inferred"), ("gain_majority", "fixed_majority")):
        gains = np.array([row["right"] - row[against] for row in rows])
        found[name] = round(float(gains.mean()), 4)
        found[f"{name}_se"] = round(float(gains.std(ddof=1) / np.sqrt(len(rows))), 4)
    saved = np.array([row["saved"] for row in rows])
    found["saved_se"] = round(float(saved.std(ddof=1) / np.sqrt(len(rows))), 4)
    return found
