"""Whether the intervals of the other measures of an evaluation keep their promise, and what a large one costs.

    python benchmarks/metrics_coverage.py [--repetitions 400] [--labels 2000] [--items 200000] [--json OUT]
    python benchmarks/metrics_coverage.py --time [--items 1000000] [--categories 16]

As in `evaluation_coverage.py` a population comes from a world anew in each repetition, its items are drawn by score and
labelled. What is true of a world is counted on 4,000,000 of its items. For each measure: share of intervals that hold
the true value (target .93 to .98), relative bias, mean width. With --time: seconds of one core for all measures of one
evaluation, and the size of its facts.
"""

import argparse
import json
import os
import platform
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.special import expit, logit
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.evaluation_coverage import World, synthetic
from learner.core.arrays import Booleans, Floats, Floats32
from learner.core.audited import Drawn, Population, judged_of, known_of, ranked_of, score_of, strata_at
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import Estimate
from learner.core.metrics.ranking import ranking_of
from learner.core.metrics.rates import rates_of
from learner.core.metrics.reliability import BINS, calibration_of
from learner.core.metrics.report import measured

TRUE_ITEMS = 4_000_000
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
    print(f"{arguments.repetitions} repetitions of {arguments.labels} labels of {arguments.items:,} items\n")
    print(f"{'world':26} {'measure':18} {'true':>8} {'cover':>6} {'bias':>8} {'width':>7} {'undef':>6}")
    results = []
    for world in synthetic():
        for found in repeated(world, arguments):
            results.append(found)
            print(
                f"{found.world:26} {found.measure:18} {found.true:8.4f} {found.coverage:6.3f} "
                f"{found.bias:+8.4f} {found.width:7.4f} {found.undefined:6.3f}",
                flush=True,
            )
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in results], indent=1))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=400)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--categories", type=int, default=16)
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def true_of(world: World, at: Floats) -> dict[str, float]:
    """Every measure of a world, counted; `at` are the other thresholds whose points are looked at."""
    people = world.fresh(np.random.default_rng(9), TRUE_ITEMS)  # type: ignore[call-arg]
    logits, truth = people.logits[:, 0].astype(np.float64), people.truth
    probability, said = expit(logits), logits >= world.threshold
    bins = np.minimum((probability * BINS).astype(int), BINS - 1)
    promised, kept = (np.bincount(bins, part, BINS) for part in (probability, truth))
    precision, recall = world.true[:2]
    points = {}
    for name, cut in zip(("low", "high"), at, strict=True):
        flagged = logits >= cut
        points[f"precision {name}"] = float(truth[flagged].mean())
        points[f"recall {name}"] = float(flagged[truth].mean())
    return {
        "prevalence": float(truth.mean()),
        "f_beta": 5 * precision * recall / (4 * precision + recall),
        "fpr": float(said[~truth].mean()),
        "fnr": 1 - recall,
        "average_precision": float(average_precision_score(truth, logits)),
        "roc_auc": float(roc_auc_score(truth, logits)),
        "brier": float(((probability - truth) ** 2).mean()),
        "ece": float(np.abs(promised - kept).sum() / len(truth)),
        **points,
    }


def repeated(world: World, arguments: argparse.Namespace) -> list[Found]:
    """All measures over all repetitions."""
    rng = np.random.default_rng(3)
    at = np.array([world.threshold - 1.5, world.threshold + 1.0])
    true = true_of(world, at)
    runs: dict[str, list[Estimate]] = {name: [] for name in true}
    for _ in range(arguments.repetitions):
        people = world.fresh(rng, arguments.items)  # type: ignore[call-arg]
        population, drawn = drawn_of(people.logits, people.truth[:, None], arguments.labels, rng)
        for name, estimate in estimates(population, drawn, world.threshold, at, rng).items():
            runs[name].append(estimate)
    return [summed(world.name, name, true[name], found) for name, found in runs.items()]


def drawn_of(
    logits: Floats32, truth: Booleans, labels: int, rng: np.random.Generator
) -> tuple[Population, Drawn]:
    probabilities = expit(logits)
    totals = np.sqrt(probabilities).sum(axis=0, dtype=np.float64)
    chance = chances(score_measure(probabilities, totals, len(logits)), labels)
    rows = np.flatnonzero(rng.random(len(chance)) < chance)
    return Population(logits), Drawn(rows, truth[rows].astype(np.float64), chance[rows])


def estimates(
    population: Population, drawn: Drawn, threshold: float, at: Floats, rng: np.random.Generator
) -> dict[str, Estimate]:
    """Every measure of one repetition."""
    column, labelled = ranked_of(population, 0), known_of(population, drawn, 0)
    judged = judged_of(strata_at(column, labelled, threshold), rng=rng)
    rates, calibration = rates_of(judged, rng=rng), calibration_of(column, labelled, judged, rng=rng)
    found = {name: getattr(rates, name) for name in ("prevalence", "f_beta", "fpr", "fnr")}
    ranking = ranking_of(column, labelled, judged, rng=rng)
    found |= {name: getattr(ranking, name) for name in ("average_precision", "roc_auc")}
    found |= {name: getattr(calibration, name) for name in ("brier", "ece")}
    for name, cut in zip(("low", "high"), at, strict=True):
        point = judged_of(strata_at(column, labelled, float(cut)), rng=rng)
        score = score_of(point)
        found |= {f"precision {name}": score.precision, f"recall {name}": score.recall}
    return found


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
