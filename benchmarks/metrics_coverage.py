"""Whether the intervals of the other measures of an evaluation keep their promise, and what a large one costs.

    python benchmarks/metrics_coverage.py [--repetitions 1000] [--labels 2000] [--only TEXT] [--data FILE] [--json OUT]
    python benchmarks/metrics_coverage.py --doubt [--repetitions 1000]
    python benchmarks/metrics_coverage.py --pages [--repetitions 500] [--items 100000]
    python benchmarks/metrics_coverage.py --time [--items 1000000] [--categories 16]

As in `evaluation_coverage.py` a population comes from a world anew in each repetition, its items are drawn by score and
labelled. For each measure: share of intervals that hold the true value (target .93 to .98), bias, mean width. With
--doubt: where three people say what is true, and may be wrong; by a prior that depends on the score, and by one for
all. With --pages: what is said of three categories (.1, 1 and 10 %) together, of the confusion matrix, and of three
slices. With --time: seconds of one core for all measures of one evaluation, and the size of its facts.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.special import expit, logit

from benchmarks.doubt_worlds import estimates_in_doubt, true_in_doubt
from benchmarks.joint_worlds import WORLDS, page_estimates, true_pages
from benchmarks.score_worlds import World, by_score, fresh, real, synthetic
from learner.core.arrays import Booleans, Floats32
from learner.core.audited import Drawn, Population, strata_at
from learner.core.audited_scores import score_of
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import Estimate
from learner.core.metrics.ranking import area_under_roc, average_precision, ranking_of
from learner.core.metrics.rates import rates_of
from learner.core.metrics.reliability import BINS, calibration_of
from learner.core.metrics.report import measured
from learner.core.posterior import judged_of

AT = (-1.5, 1.0)
"""Other points of the curves, from the threshold."""
SLACK = 1e-9


@dataclass(frozen=True)
class Found:
    """One measure of one world over all repetitions."""

    world: str
    measure: str
    true: float
    coverage: float
    bias: float
    width: float
    undefined: float


def main() -> None:
    arguments = parsed()
    print(f"{platform.platform()}, {os.cpu_count()} cores, numpy {np.__version__}")
    if arguments.time:
        timed(arguments.items, arguments.categories, arguments.labels)
        return
    print(f"{arguments.repetitions} repetitions of {arguments.labels} labels\n")
    print(f"{'world':26} {'measure':27} {'true':>8} {'cover':>6} {'bias':>8} {'width':>7} {'undef':>6}")
    results = []
    for name, true, one in worlds(arguments):
        start = time.process_time()
        for found in repeated(name, true, one, arguments.repetitions):
            results.append(found)
            print(
                f"{found.world:26} {found.measure:27} {found.true:8.4f} {found.coverage:6.3f} "
                f"{found.bias:+8.4f} {found.width:7.4f} {found.undefined:6.3f}"
            )
        print(f"{'':26} {time.process_time() - start:.0f} s of one core", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in results], indent=1))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1_000)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--categories", type=int, default=16)
    parser.add_argument("--doubt", action="store_true")
    parser.add_argument("--pages", action="store_true")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


Once = Callable[[np.random.Generator], dict[str, Estimate]]


def worlds(arguments: argparse.Namespace) -> Iterator[tuple[str, dict[str, float], Once]]:
    """Name, what is true, and one repetition of each world."""
    if arguments.pages:
        for name in WORLDS:
            if arguments.only in name:
                once = partial(page_estimates, name, arguments.items, arguments.labels)
                yield f"pages {name}", true_pages(name), once
        return
    for world in (*synthetic(), *(real(arguments.data) if arguments.data else ())):
        if arguments.only not in world.name:
            continue
        if arguments.doubt:
            yield (
                f"doubt {world.name}",
                true_in_doubt(world),
                partial(estimates_in_doubt, world, arguments.labels),
            )
        else:
            yield world.name, true_of(world), partial(estimates, world, arguments.labels)


def true_of(world: World) -> dict[str, float]:
    """Every measure of a world, from its cells."""
    probability = expit(world.scores)
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    items = world.present + world.absent
    promised, kept = (np.bincount(bins, part, BINS) for part in (probability * items, world.present))
    tp, fp, fn = world.counts(world.threshold)
    points: dict[str, float] = {}
    for name, shift in zip(("low", "high"), AT, strict=True):
        at = world.true(world.threshold + shift)
        points |= {f"{score} {name}": at[score] for score in ("precision", "recall")}
    falling = world.present[::-1], world.absent[::-1]
    return {
        "prevalence": float(world.present.sum()),
        "f_beta": 5 * tp / (5 * tp + 4 * fn + fp),
        "fpr": float(fp / world.absent.sum()),
        "fnr": fn / (tp + fn),
        "average_precision": float(average_precision(*falling)),
        "roc_auc": float(area_under_roc(*falling)),
        "brier": float(world.present @ (1 - probability) ** 2 + world.absent @ probability**2),
        "ece": float(np.abs(promised - kept).sum()),
        **points,
    }


def repeated(name: str, true: dict[str, float], once: Once, repetitions: int) -> list[Found]:
    """All measures over all repetitions."""
    rng = np.random.default_rng(3)
    runs: dict[str, list[Estimate]] = {measure: [] for measure in true}
    for _ in range(repetitions):
        for measure, estimate in once(rng).items():
            runs[measure].append(estimate)
    return [summed(name, measure, true[measure], found) for measure, found in runs.items()]


def estimates(world: World, labels: int, rng: np.random.Generator) -> dict[str, Estimate]:
    """Every measure of one repetition."""
    people = fresh(world, rng)
    column, labelled = people.column(), by_score(people, labels, rng)
    judged = judged_of(strata_at(column, labelled, world.threshold), rng=rng)
    rates, calibration = rates_of(judged, rng=rng), calibration_of(column, labelled, judged, rng=rng)
    found = {name: getattr(rates, name) for name in ("prevalence", "f_beta", "fpr", "fnr")}
    ranking = ranking_of(column, labelled, judged, rng=rng)
    found |= {name: getattr(ranking, name) for name in ("average_precision", "roc_auc")}
    found |= {name: getattr(calibration, name) for name in ("brier", "ece")}
    for name, shift in zip(("low", "high"), AT, strict=True):
        point = judged_of(strata_at(column, labelled, world.threshold + shift), rng=rng)
        score = score_of(point)
        found |= {f"precision {name}": score.precision, f"recall {name}": score.recall}
    return found


def drawn_of(
    logits: Floats32, truth: Booleans, labels: int, rng: np.random.Generator
) -> tuple[Population, Drawn]:
    probabilities = expit(logits)
    totals = np.sqrt(probabilities).sum(axis=0, dtype=np.float64)
    chance = chances(score_measure(probabilities, totals, len(logits)), labels)
    rows = np.flatnonzero(rng.random(len(chance)) < chance)
    return Population(logits), Drawn(rows, truth[rows].astype(np.float64), chance[rows])


def summed(world: str, measure: str, true: float, found: list[Estimate]) -> Found:
    """One line."""
    known = [
        (one.value, one.low, one.high)
        for one in found
        if one.value is not None and one.low is not None and one.high is not None
    ]
    values, lows, highs = np.array(known).T if known else np.full((3, 1), np.nan)
    held = (lows - SLACK <= true) & (true <= highs + SLACK)
    return Found(
        world,
        measure,
        true,
        float(held.mean()),
        float((values.mean() - true) / true) if true else 0.0,
        float((highs - lows).mean()),
        1 - len(known) / len(found),
    )


def timed(n_items: int, n_categories: int, labels: int) -> None:
    """Seconds of one core for one evaluation: as many items and categories, drawn by score."""
    rng = np.random.default_rng(4)
    prevalence = np.geomspace(0.001, 0.1, n_categories)
    truth = rng.random((n_items, n_categories)) < prevalence
    seen = rng.normal(size=truth.shape) + 3 * truth
    logits = (logit(prevalence) + 3 * seen - 4.5).astype(np.float32)
    population, drawn = drawn_of(logits, truth, labels, rng)
    sites = rng.integers(len(drawn.rows), size=len(drawn.rows))
    drawn = Drawn(drawn.rows, drawn.truth, drawn.inclusion, sites)
    kinds = {kind: [f"{kind} {n}" for n in rng.integers(8, size=len(sites))] for kind in "abcde"}
    start, wall = time.process_time(), time.perf_counter()
    facts = measured(population, drawn, np.zeros(n_categories), kinds, rng=rng)
    print(
        f"{n_items:,} items, {n_categories} categories, {len(sites):,} labels: {time.process_time() - start:.1f} s of "
        f"one core, {time.perf_counter() - wall:.1f} s by the wall, {len(json.dumps(facts)):,} bytes of facts"
    )


if __name__ == "__main__":
    main()
