"""Whether the intervals of evaluations keep their promise, and what drawing by score saves.

    python benchmarks/evaluation_coverage.py [--repetitions 2000] [--labels 2000] [--data FILE] [--json OUT]

A world is what pages come from. In each repetition a population comes from it anew, and of that --labels items are
drawn and labelled. Synthetic populations have 200,000 items with prevalences .1, 1 and 10 %, and scores that are
calibrated, too low, too high, unsure, or blind to a tenth of the positives. With --data, a labelled file (`url` and
`labels`) is cut by site: a classifier learns 8,000 items, the rest is the world (a population is as many items of it,
with replacement), and the positives of categories are thinned to the three prevalences. For precision, recall and F1:

- audited: items drawn by score (Poisson, a fifth at random), `learner.core.audited`: share of intervals that hold the
  true value (target .93 to .98), relative bias (target under .01), mean width;
- waves: the product's draw: a tenth before there is a classifier, all alike, then four waves by classifiers whose
  logits are ever less wrong, the last by the one that is judged; weighed by the chances under all waves;
- simple: as many items drawn at random, and Wilson's interval: the same three. An undefined recall counts as width 1;
- active: items chosen for learning (those nearest to the threshold), as if they were drawn at random.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from annotator.pool.addresses import AddressRefused, canonical
from learner.core.arrays import Booleans, Floats, Floats32, Integers
from learner.core.audited import Drawn, Population, audited_scores
from learner.core.classifier import LinearClassifier
from learner.core.drawing import chances, score_measure, uniform_keys
from learner.core.evaluation import Estimate, wilson_interval
from learner.core.labelled_pages import read_labelled
from learner.core.waves import Held, nothing_reached, reach_after, threshold_of, wave_best, wave_keys

N_ITEMS = 200_000
SYNTHETIC = ((0.001, 3.7), (0.01, 3.0), (0.1, 2.5))
SCORES = {
    "calibrated": (0.0, 1.0, 0.0),
    "too low": (-1.0, 1.0, 0.0),
    "too high": (1.0, 1.0, 0.0),
    "unsure": (0.0, 0.7, 0.0),
    "blind": (0.0, 1.0, 0.1),
}
"""What is added to the calibrated logits, what they are multiplied by, and the share of positives that is not seen."""
PREVALENCES = (0.001, 0.01, 0.1)
TRAINED_ON = 8_000
WRONG = (2.0, 1.0, 0.5, 0.0)
"""Standard deviation of what is added to the logits in each wave after the first."""
NAMES = ("precision", "recall", "f1")
SLACK = 1e-9


@dataclass(frozen=True, eq=False)
class People:
    """A population: truth (n_items,) of one category, and logits (n_items, 1)."""

    truth: Booleans
    logits: Floats32


@dataclass(frozen=True, eq=False)
class World:
    """What populations come from, the threshold, and what is true of it: precision, recall and F1."""

    name: str
    fresh: Callable[[np.random.Generator], People]
    threshold: float
    true: tuple[float, float, float]


@dataclass(frozen=True)
class Found:
    """One way to draw and estimate, over all repetitions; NaN where it never was defined."""

    world: str
    way: str
    score: str
    true: float
    labels: float
    coverage: float
    relative_bias: float
    width: float
    undefined: float


def main() -> None:
    arguments = parsed()
    worlds = [*synthetic(), *(real(arguments.data) if arguments.data else ())]
    print(f"{platform.platform()}, {os.cpu_count()} cores, numpy {np.__version__}")
    print(f"{arguments.repetitions} repetitions of {arguments.labels} labels\n")
    print(
        f"{'population':34} {'way':8} {'score':9} {'true':>6} {'cover':>6} {'bias':>7} {'width':>6} {'undef':>6}"
    )
    results = []
    for world in worlds:
        start = time.perf_counter()
        for found in repeated(world, arguments):
            results.append(found)
            print(
                f"{found.world:34} {found.way:8} {found.score:9} {found.true:6.3f} {found.coverage:6.3f} "
                f"{found.relative_bias:+7.3f} {found.width:6.3f} {found.undefined:6.3f}"
            )
        print(f"{'':34} {time.perf_counter() - start:.0f} s", flush=True)
    verdict(results)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in results], indent=1))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def synthetic() -> Iterator[World]:
    """Logits of negatives N(0, 1), of positives shifted, as a calibrated classifier would give them, and distorted."""
    for prevalence, apart in SYNTHETIC:
        for name, (shift, slope, blind) in SCORES.items():

            def made(
                rng: np.random.Generator,
                n: int = N_ITEMS,
                *,
                known: tuple[float, ...] = (prevalence, apart, shift, slope, blind),
            ) -> People:
                prevalence, apart, shift, slope, blind = known
                truth = rng.random(n) < prevalence
                seen = rng.normal(size=n) + apart * (truth & (rng.random(n) >= blind))
                odds = logit(prevalence) + norm.logpdf(seen - apart) - norm.logpdf(seen)
                return People(truth, (shift + slope * odds).astype(np.float32)[:, None])

            cut, true = best_cut(prevalence, apart, blind)
            odds = logit(prevalence) + apart * cut - apart**2 / 2
            yield World(f"synthetic {prevalence:.1%} {name}", made, shift + slope * odds, true)


def best_cut(prevalence: float, apart: float, blind: float) -> tuple[float, tuple[float, float, float]]:
    """Where what is seen has the best F1, and precision, recall and F1 there, from the normal distribution."""
    cuts = np.linspace(0, 6, 6_001)
    found = (1 - blind) * norm.sf(cuts - apart) + blind * norm.sf(cuts)
    precision = prevalence * found / (prevalence * found + (1 - prevalence) * norm.sf(cuts))
    f1 = 2 * precision * found / (precision + found)
    best = int(f1.argmax())
    return float(cuts[best]), (float(precision[best]), float(found[best]), float(f1[best]))


def real(path: Path) -> Iterator[World]:
    """Four categories of a labelled file, thinned to each prevalence; those that have enough."""
    pages = read_labelled(path, address=address_of)
    keys = uniform_keys(pages.sites, seed=5)
    cut = np.sort(keys)[min(TRAINED_ON, len(keys) // 2)]
    learned, rest = pages.part(np.flatnonzero(keys < cut)), pages.part(np.flatnonzero(keys >= cut))
    classifier = LinearClassifier(pages.categories).fit(learned.features, learned.truth, groups=learned.sites)
    logits = classifier.decision(rest.features)
    rng = np.random.default_rng(2)
    for prevalence in PREVALENCES:
        for category in np.flatnonzero((rest.truth == 1).mean(axis=0) >= 0.05)[:4]:
            truth = rest.truth[:, category] == 1
            wanted = round(prevalence / (1 - prevalence) * float((~truth).sum()))
            positives = rng.permutation(np.flatnonzero(truth))[:wanted]
            kept = np.sort(np.concatenate([np.flatnonzero(~truth), positives]))
            whole = People(truth[kept], logits[kept][:, [category]])

            def again(rng: np.random.Generator, whole: People = whole) -> People:
                rows = rng.integers(len(whole.truth), size=len(whole.truth))
                return People(whole.truth[rows], whole.logits[rows])

            yield resampled(f"{pages.categories[category]} {whole.truth.mean():.2%}", again, whole)


def resampled(name: str, fresh: Callable[[np.random.Generator], People], whole: People) -> World:
    """A world that is `whole`: what is true of it can be counted."""
    threshold = best_threshold(whole)
    predicted = whole.logits[:, 0] >= threshold
    hits = float((predicted & whole.truth).sum())
    said, there = float(predicted.sum()), float(whole.truth.sum())
    return World(name, fresh, threshold, (hits / said, hits / there, 2 * hits / (said + there)))


def address_of(raw: str) -> tuple[str, str, str] | None:
    """URL, host and site as the product reads them; None where it would refuse them."""
    try:
        return tuple(canonical(raw))  # type: ignore[return-value]
    except AddressRefused:
        return None


def best_threshold(people: People) -> float:
    """The logit with the best F1."""
    order = np.argsort(-people.logits[:, 0])
    hits = np.cumsum(people.truth[order])
    f1 = 2 * hits / (np.arange(1, len(order) + 1) + people.truth.sum())
    return float(people.logits[order][f1.argmax(), 0])


def repeated(world: World, arguments: argparse.Namespace) -> Iterator[Found]:
    """All ways of drawing, over all repetitions."""
    rng = np.random.default_rng(3)
    runs: dict[str, list[tuple[int, dict[str, Estimate]]]] = {
        "audited": [],
        "waves": [],
        "simple": [],
        "active": [],
    }
    for _ in range(arguments.repetitions):
        people = world.fresh(rng)
        probabilities = expit(people.logits)
        totals = np.sqrt(probabilities).sum(axis=0, dtype=np.float64)
        chance = chances(score_measure(probabilities, totals, len(probabilities)), arguments.labels)
        rows = np.flatnonzero(rng.random(len(chance)) < chance)
        runs["audited"].append((len(rows), by_strata(world, people, rows, chance[rows], rng)))
        rows, chance_of = by_waves(people, arguments.labels, rng)
        runs["waves"].append((len(rows), by_strata(world, people, rows, chance_of, rng)))
        rows = rng.choice(len(chance), arguments.labels, replace=False)
        runs["simple"].append((len(rows), by_chance(world, people, rows)))
        nearest = np.abs(people.logits[:, 0] - world.threshold)
        rows = np.argpartition(nearest, arguments.labels)[: arguments.labels]
        runs["active"].append((len(rows), by_chance(world, people, rows)))
    for way, found in runs.items():
        yield from summed(world, way, found)


def by_waves(people: People, labels: int, rng: np.random.Generator) -> tuple[Integers, Floats]:
    """The rows that waves of changing classifiers draw, and their chances under all of them."""
    n_items, seed = len(people.truth), int(rng.integers(2**60))
    ids, available, reach = np.arange(n_items), np.ones(n_items, dtype=np.bool_), nothing_reached()
    taken = np.empty(0, dtype=np.int64)
    first = labels // 10
    sizes = [first, *np.diff(np.linspace(first, labels, len(WRONG) + 1).round().astype(int)).tolist()]
    for wrong, n in zip((None, *WRONG), sizes, strict=True):
        measure = np.ones(n_items)
        if wrong is not None:
            seen = expit(people.logits + wrong * rng.normal(size=(n_items, 1))).astype(np.float32)
            measure = score_measure(seen, np.sqrt(seen).mean(axis=0, dtype=np.float64), 1)
        held = Held(ids, measure, available)
        best = wave_best(held, n + 1, seed)
        threshold = threshold_of(wave_keys(held, seed)[best], n)
        reach = reach_after(reach, held, threshold, taken)
        taken = np.concatenate([taken, best[:n]])
        available = available.copy()
        available[best[:n]] = False
    return np.sort(taken), reach.chances[np.sort(taken)]


def by_strata(
    world: World, people: People, rows: Integers, chance: Floats, rng: np.random.Generator
) -> dict[str, Estimate]:
    drawn = Drawn(rows, people.truth[rows][:, None].astype(np.float64), chance)
    (score,), _ = audited_scores(Population(people.logits), drawn, np.array([world.threshold]), rng=rng)
    return {name: getattr(score, name) for name in NAMES}


def by_chance(world: World, people: People, rows: Integers) -> dict[str, Estimate]:
    """Shares of items that are alike, with Wilson's interval; F1 by that of its Jaccard index."""
    predicted, truth = people.logits[rows, 0] >= world.threshold, people.truth[rows]
    hits, said, there = (int(x.sum()) for x in (predicted & truth, predicted, truth))
    jaccard = share(hits, said + there - hits)
    value, low, high = (
        None if end is None else 2 * end / (1 + end) for end in (jaccard.value, jaccard.low, jaccard.high)
    )
    f1 = Estimate(value, low, high, jaccard.n, "")
    return {"precision": share(hits, said), "recall": share(hits, there), "f1": f1}


def share(hits: int, n: int) -> Estimate:
    """A share of so many with Wilson's interval."""
    return (
        Estimate(hits / n, *wilson_interval(hits / n, n), n, "") if n else Estimate(None, None, None, 0, "")
    )


def summed(world: World, way: str, runs: list[tuple[int, dict[str, Estimate]]]) -> Iterator[Found]:
    """One line for each score."""
    for name, true in zip(NAMES, world.true, strict=True):
        estimates = [scores[name] for _, scores in runs]
        known = [
            (one.value, one.low, one.high)
            for one in estimates
            if one.value is not None and one.low is not None and one.high is not None
        ]
        values, lows, highs = (
            (np.array(column) for column in zip(*known, strict=True)) if known else 3 * (np.empty(0),)
        )
        n_undefined = len(estimates) - len(known)
        yield Found(
            world=world.name,
            way=way,
            score=name,
            true=true,
            labels=float(np.mean([n for n, _ in runs])),
            coverage=float(((lows - SLACK <= true) & (true <= highs + SLACK)).mean())
            if known
            else float("nan"),
            relative_bias=float((values.mean() - true) / true) if known else float("nan"),
            width=float(((highs - lows).sum() + n_undefined) / len(estimates)),
            undefined=n_undefined / len(estimates),
        )


def verdict(results: list[Found]) -> None:
    """Which targets were missed, and by which population."""
    audited = [row for row in results if row.way in ("audited", "waves")]
    simple = {(row.world, row.score): row for row in results if row.way == "simple"}
    print("\nMissed:")
    for row in audited:
        if not 0.93 <= row.coverage <= 0.98:
            print(f"  coverage {row.coverage:.3f}: {row.world}, {row.way}, {row.score}")
        if abs(row.relative_bias) >= 0.01:
            print(f"  bias {row.relative_bias:+.3f}: {row.world}, {row.way}, {row.score}")
        ratio = row.width / simple[row.world, row.score].width
        if row.score == "recall" and "0.1%" in row.world and ratio > 0.5:
            print(f"  width {ratio:.2f} of simple random sampling's: {row.world}, {row.way}")


if __name__ == "__main__":
    main()
