"""Whether the intervals of evaluations keep their promise, and what drawing by score saves.

    python benchmarks/evaluation_coverage.py [--repetitions 2000] [--labels 2000] [--data FILE]
        [--waves 4] [--only TEXT] [--seed 3] [--json OUT]

A world is what pages come from. In each repetition a population comes from it anew, and of that --labels items are
drawn and labelled. Synthetic populations have 200,000 items with prevalences .1, 1 and 10 %, and scores that are
calibrated, too low, too high, unsure, blind to a tenth of the positives, or calibrated and of sites with four pages
that are alike. With --data, a labelled file (`url` and `labels`) is cut by site: a classifier learns 8,000 items, the
rest is the world (a population is as many items of it, with replacement), and the positives of categories are thinned
to the three prevalences. --only takes the worlds whose name has the text. For precision, recall and F1:

- audited: items drawn by score (Poisson, a fifth at random), `learner.core.audited_scores`: share of intervals that
  hold the true value (target .93 to .98), relative bias (target under .01), mean width;
- waves: the product's draw: a tenth before there is a classifier, all alike, then four waves by classifiers whose
  logits are ever less wrong, the last by the one that is judged; weighed by the chances under all waves. In every
  fourth repetition only, because it costs more than all the rest;
- wilson: the items of `audited`, weighed by 1 / inclusion, and Wilson's interval on Kish's effective number;
- simple: as many items drawn at random, and Wilson's interval. An undefined recall counts as width 1;
- best: how wide recall would be with the best draw, were the share of positives at each score known (`best_draw`);
- active: items chosen for learning (those nearest to the threshold), as if they were drawn at random.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.best_draw import best_width
from benchmarks.score_worlds import People, World, by_score, by_waves, fresh, real, synthetic
from learner.core.arrays import Booleans, Floats
from learner.core.audited import Known, strata_at
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate, wilson_interval
from learner.core.posterior import judged_of

NAMES = ("precision", "recall", "f1")
WAYS = ("audited", "waves", "wilson", "simple", "active")
RARE = 0.001
SLACK = 1e-9


@dataclass(frozen=True)
class Found:
    """One way to draw and estimate, over all repetitions; NaN where it never was defined."""

    world: str
    way: str
    score: str
    true: float
    coverage: float
    relative_bias: float
    bias_error: float
    width: float
    undefined: float


def main() -> None:
    arguments = parsed()
    worlds = [*synthetic(), *(real(arguments.data) if arguments.data else ())]
    print(f"{platform.platform()}, {os.cpu_count()} cores, numpy {np.__version__}")
    print(f"{arguments.repetitions} repetitions of {arguments.labels} labels\n")
    print(
        f"{'population':28} {'way':8} {'score':9} {'true':>6} {'cover':>6} {'bias':>7} {'+-':>5} "
        f"{'width':>6} {'undef':>6}"
    )
    results, rare = [], {world.name: world for world in worlds if world.prevalence <= RARE}
    for world in worlds:
        if arguments.only not in world.name:
            continue
        start = time.process_time()
        for found in repeated(
            world, arguments.repetitions, arguments.labels, waves=arguments.waves, seed=arguments.seed
        ):
            results.append(found)
            print(
                f"{found.world:28} {found.way:8} {found.score:9} {found.true:6.3f} {found.coverage:6.3f} "
                f"{found.relative_bias:+7.3f} {found.bias_error:5.3f} {found.width:6.3f} {found.undefined:6.3f}"
            )
        print(f"{world.name:28} {'best':8} {'recall':9} {best_width(world, arguments.labels):35.3f}")
        print(f"{'':28} {time.process_time() - start:.0f} s of one core", flush=True)
    verdict(results, rare, arguments.labels)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in results], indent=1))


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=2_000)
    parser.add_argument("--labels", type=int, default=2_000)
    parser.add_argument("--waves", type=int, default=4)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def repeated(world: World, repetitions: int, labels: int, *, waves: int, seed: int) -> Iterator[Found]:
    """All ways of drawing, over all repetitions."""
    rng = np.random.default_rng(seed)
    runs: dict[str, list[dict[str, Estimate]]] = {way: [] for way in WAYS}
    for number in range(repetitions):
        people = fresh(world, rng)
        cells = people.cells()
        by_chance = by_score(people, labels, rng)
        found = {"audited": by_chance}
        if number % waves == 0:
            found["waves"] = by_waves(people, labels, rng)
        for way, labelled in found.items():
            strata = strata_at(cells, labelled, world.threshold)
            strata = replace(strata, items=np.round(strata.size).astype(np.int64))
            score = score_of(judged_of(strata, rng=rng))
            runs[way].append({name: getattr(score, name) for name in NAMES})
        runs["wilson"].append(by_wilson(by_chance, world.threshold))
        runs["simple"].append(alike(at_random(people, labels, rng)))
        runs["active"].append(alike(nearest(people, labels)))
    for way, estimates in runs.items():
        yield from summed(world, way, estimates)


def by_wilson(labelled: Known, threshold: float) -> dict[str, Estimate]:
    """Shares of weighted items, with Wilson's interval on the effective number of what they are shares of."""
    said, there = labelled.scores >= threshold, labelled.truth > 0
    jaccard = weighted_share(labelled.weight, said & there, said | there)
    return {
        "precision": weighted_share(labelled.weight, said & there, said),
        "recall": weighted_share(labelled.weight, said & there, there),
        "f1": from_jaccard(jaccard),
    }


def weighted_share(weight: Floats, part: Booleans, whole: Booleans) -> Estimate:
    """The share of `whole` that is `part`."""
    of_whole = weight[whole]
    if not len(of_whole):
        return Estimate(None, None, None, 0, "")
    value = float(weight[part].sum() / of_whole.sum())
    n = float(of_whole.sum() ** 2 / (of_whole**2).sum())
    return Estimate(value, *wilson_interval(value, n), len(of_whole), "")


def at_random(people: People, labels: int, rng: np.random.Generator) -> list[int]:
    """tp, fp, fn, tn of items drawn at random."""
    said = people.world.scores >= people.world.threshold
    every = [int(part[side].sum()) for side in (said, ~said) for part in (people.present, people.absent)]
    return [int(n) for n in rng.multivariate_hypergeometric(every, labels)]


def nearest(people: People, labels: int) -> list[int]:
    """tp, fp, fn, tn of the items nearest to the threshold."""
    scores, threshold = people.world.scores, people.world.threshold
    order = np.argsort(np.abs(scores - threshold), kind="stable")
    items = people.items[order]
    taken = np.clip(labels - (np.cumsum(items) - items), 0, items)
    positives = np.round(people.present[order] * taken / np.maximum(items, 1)).astype(int)
    said = scores[order] >= threshold
    return [int(part[side].sum()) for side in (said, ~said) for part in (positives, taken - positives)]


def alike(counts: list[int]) -> dict[str, Estimate]:
    """Shares of items that count alike, with Wilson's interval; F1 by that of its Jaccard index."""
    tp, fp, fn, _ = counts
    return {
        "precision": share(tp, tp + fp),
        "recall": share(tp, tp + fn),
        "f1": from_jaccard(share(tp, tp + fp + fn)),
    }


def share(hits: int, n: int) -> Estimate:
    """A share of so many with Wilson's interval."""
    return (
        Estimate(hits / n, *wilson_interval(hits / n, n), n, "") if n else Estimate(None, None, None, 0, "")
    )


def from_jaccard(jaccard: Estimate) -> Estimate:
    """F1 from the share that is right of what is present or predicted."""
    value, low, high = (
        None if end is None else 2 * end / (1 + end) for end in (jaccard.value, jaccard.low, jaccard.high)
    )
    return Estimate(value, low, high, jaccard.n, "")


def summed(world: World, way: str, runs: list[dict[str, Estimate]]) -> Iterator[Found]:
    """One line for each score."""
    truths = world.true(world.threshold)
    for name in NAMES:
        true = truths[name]
        estimates = [scores[name] for scores in runs]
        known = [
            (one.value, one.low, one.high)
            for one in estimates
            if one.value is not None and one.low is not None and one.high is not None
        ]
        values, lows, highs = np.array(known).T if known else np.full((3, 1), np.nan)
        n_undefined = len(estimates) - len(known)
        yield Found(
            world=world.name,
            way=way,
            score=name,
            true=true,
            coverage=float(((lows - SLACK <= true) & (true <= highs + SLACK)).mean()),
            relative_bias=float((values.mean() - true) / true),
            bias_error=float(values.std() / true / np.sqrt(len(values))),
            width=float((np.nansum(highs - lows) + n_undefined) / len(estimates)),
            undefined=n_undefined / len(estimates),
        )


def verdict(results: list[Found], rare: dict[str, World], labels: int) -> None:
    """Which targets were missed, and by which population."""
    simple = {(row.world, row.score): row for row in results if row.way == "simple"}
    print("\nMissed:")
    for row in results:
        if row.way not in ("audited", "waves"):
            continue
        if not 0.93 <= row.coverage <= 0.98:
            print(f"  coverage {row.coverage:.3f}: {row.world}, {row.way}, {row.score}")
        if abs(row.relative_bias) >= 0.01:
            print(
                f"  bias {row.relative_bias:+.3f} +- {row.bias_error:.3f}: {row.world}, {row.way}, {row.score}"
            )
        ratio = row.width / simple[row.world, row.score].width
        if row.score == "recall" and row.world in rare and ratio > 0.5:
            best = best_width(rare[row.world], labels) / simple[row.world, row.score].width
            print(
                f"  width {ratio:.2f} of simple random sampling's ({best:.2f} at best): {row.world}, {row.way}"
            )


if __name__ == "__main__":
    main()
