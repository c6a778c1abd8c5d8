"""Strategies side by side: curves over seeds, labels needed, and paired differences from random and the default."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Array, Floats
from learner.core.efficiency import MEASURES, Measured, Scores, area_under, labels_to_reach, over_seeds
from learner.core.simulation import DEFAULT, Step

RANDOM = "random"
SHARES = (0.9, 0.95)
FOUND = "found"

Runs = Mapping[str, Sequence[Sequence[Step]]]
"""The steps of each strategy, one sequence per seed; the seeds are the same, in the same order, for all."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Labels until a share of the full-data score is reached.

    `labels` is over the `reached` of `seeds` that got there within the budget; where some did not, it is too low.
    `of_random` is the ratio to random's labels, over the seeds in which both got there.
    """

    share: float
    labels: Measured
    reached: int
    seeds: int
    of_random: Measured


@dataclass(frozen=True, slots=True)
class Curve:
    """One measure of one strategy, a value for each step; `against_random` is the paired difference, if there is one.

    `area` is the mean height over all labels, `area_against_random` and `area_against_default` its paired differences.
    """

    values: tuple[Measured, ...]
    against_random: tuple[Measured, ...]
    area: Measured
    area_against_random: Measured
    area_against_default: Measured
    reached: tuple[Reached, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One strategy: the labels at each step, and a curve for each of `MEASURES` and for the rare positives found."""

    strategy: str
    labels: tuple[int, ...]
    curves: dict[str, Curve]


def reports_of(runs: Runs, full: Sequence[Scores]) -> list[Report]:
    """A report for each strategy, in their order.

    Parameters
    ----------
    runs : Runs
    full : sequence of Scores
        What the whole pool gives, one per seed.
    """
    n_steps = min(len(steps) for seeds in runs.values() for steps in seeds)
    return [
        Report(
            name,
            tuple(step.labels for step in seeds[0][:n_steps]),
            {measure: _curve(measure, seeds, runs, full, n_steps) for measure in (*MEASURES, FOUND)},
        )
        for name, seeds in runs.items()
    ]


def _curve(
    measure: str,
    seeds: Sequence[Sequence[Step]],
    runs: Runs,
    full: Sequence[Scores],
    n_steps: int,
) -> Curve:
    labels = np.array([step.labels for step in seeds[0][:n_steps]])
    values = _values(measure, seeds, n_steps)
    others, usual = (
        _values(measure, runs[name], n_steps) if name in runs else None for name in (RANDOM, DEFAULT)
    )
    return Curve(
        values=tuple(map(over_seeds, values.T)),
        against_random=() if others is None else tuple(map(over_seeds, (values - others).T)),
        area=over_seeds(_areas(labels, values)),
        area_against_random=_difference(labels, values, others),
        area_against_default=_difference(labels, values, usual),
        reached=()
        if measure == FOUND
        else tuple(
            _reached(share, labels, values, others, share * np.array([getattr(one, measure) for one in full]))
            for share in SHARES
        ),
    )


def _values(measure: str, seeds: Sequence[Sequence[Step]], n_steps: int) -> Floats:
    """One measure, float64 (n_seeds, n_steps)."""
    return np.array(
        [
            [step.found if measure == FOUND else getattr(step.scores, measure) for step in steps[:n_steps]]
            for steps in seeds
        ],
        dtype=np.float64,
    )


def _difference(labels: Array, values: Floats, others: Floats | None) -> Measured:
    """Of the heights, within the seed; nothing where the other strategy did not run."""
    return over_seeds(np.empty(0) if others is None else _areas(labels, values) - _areas(labels, others))


def _areas(labels: Array, values: Floats) -> Floats:
    return np.array([area_under(labels, row) for row in values])


def _reached(share: float, labels: Array, values: Floats, others: Floats | None, targets: Floats) -> Reached:
    needed = _needed(labels, values, targets)
    ratio = np.empty(0) if others is None else needed / _needed(labels, others, targets)
    return Reached(share, over_seeds(needed), int(np.isfinite(needed).sum()), len(needed), over_seeds(ratio))


def _needed(labels: Array, values: Floats, targets: Floats) -> Floats:
    return np.array(
        [labels_to_reach(labels, row, target) for row, target in zip(values, targets, strict=True)]
    )
