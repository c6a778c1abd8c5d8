"""A category that is added late: what its first labels find, and how soon it is learned, against random.

    python benchmarks/emerging.py --data urls.parquet --category drugs,dating --seeds 5 --json emerging.json

Of the file one category at a time is hidden: nobody has labelled it. Then it is added with its name, with name and
terms (those of the K-12 blueprint, where it has such a category), or with that and five example pages, and labels are
given in batches until the category is learned well enough. A batch is half likely finds, three tenths what the usual
query strategy asks for, one fifth at random: a category that a lead has given more weight. The first ones go by
likeness to what is known of the category, then to the first finds, as a query does. `random` draws every batch. The
examples come from other sites than those that measure, and are not in the pool. All fits have C = 1.

Printed are, for each way: positives among the first 120 labels, average precision after 324, and labels until it is
0.5, the median over seeds. With `--json`, every seed.
"""

import argparse
import json
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import yaml
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from annotator.pool.addresses import AddressRefused, canonical
from learner.core.arrays import Array, Integers
from learner.core.catalogue import USUAL
from learner.core.classifier import LinearClassifier
from learner.core.definitions import (
    FINDS,
    CategoryDefinition,
    Finds,
    beside_examples,
    column_rarity,
    featurise_definitions,
    finds_of,
)
from learner.core.efficiency import average_precision, over_seeds
from learner.core.labelled_pages import LabelledPages, read_labelled
from learner.core.learner import QueryModel
from learner.core.simulation import World, part_of_sites, world_of
from learner.core.strategies import STRATEGIES

TARGET: Final = 0.5
EXAMPLES: Final = 5
FIRST: Final = 20
GROWTH: Final = 0.15
LIKELY, QUERIED = 0.5, 0.3
FOUND_AT, REACHED_AT = 120, 324  # both are ends of a batch
WAYS: Final = ("random", "name", "terms", "terms and examples")
LIKE: Final = {
    "adult": ("adult-content",),
    "drugs": ("drugs-alcohol",),
    "malware-scam": ("malware-phishing",),
    "social-chat": ("social-media", "chat"),
    "violence-hate": ("violence", "hate"),
}
"""Categories of the blueprint under another name; the others go by the same one, or have none."""
ROOT: Final = Path(__file__).resolve().parent.parent
BLUEPRINT: Final = {
    row["slug"]: CategoryDefinition(row["name"], " ".join(row["terms"]))
    for row in yaml.safe_load((ROOT / "annotator/projects/defaults/k12.yaml").read_text())["categories"]
}


@dataclass(frozen=True, eq=False)
class Late:
    """One category that is added late, in one cut of the sites."""

    name: str
    world: World
    truth: Array
    test_truth: Array


@dataclass(frozen=True, slots=True)
class Run:
    """One seed: positives at `FOUND_AT` labels, average precision at `REACHED_AT`, labels to the target or infinite."""

    found: int
    reached: float
    labels: float


def main() -> None:
    """Every category in every way, over the seeds."""
    options = _options()
    pages = part_of_sites(read_labelled(options.data, address=_address), options.limit)
    names = options.category or [name for name in pages.categories if _count(pages, name) >= 2 * EXAMPLES]
    result: dict[str, Any] = {
        "file": options.data.name,
        "pages": len(pages),
        "target": TARGET,
        "categories": {},
    }
    print(
        f"{options.data.name}: {len(pages):,} pages, {options.seeds} seeds, up to {options.budget:,} labels"
    )
    print(f"{'category':20} {'positives':>9} {'full AP':>8}  {', '.join(WAYS)}")
    if unknown := sorted(set(names) - set(pages.categories)):
        sys.exit(f"The file has no category {', '.join(unknown)}; it has {', '.join(pages.categories)}.")
    for name in names:
        result["categories"][name] = row = _category(pages, name, options)
        cells = " | ".join(
            f"{way['found']:3.0f}, {way['reached']:.2f}, {way['labels']:>5}" for way in row["ways"].values()
        )
        print(f"{name:20} {row['positives']:9,} {row['full_ap']:8.2f}  {cells}", flush=True)
    for part in ("found", "reached"):
        print(f"{part}, minus random: {_compared(result['categories'], part)}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--category", type=lambda text: text.split(","), help="hidden one at a time")
    parser.add_argument("--limit", type=int, default=20_000, help="about so many pages, whole sites")
    parser.add_argument("--budget", type=int, default=2_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _address(raw: str) -> tuple[str, str, str] | None:
    try:
        return tuple(canonical(raw))  # type: ignore[return-value]
    except AddressRefused:
        return None


def _count(pages: LabelledPages, name: str) -> int:
    return int((pages.truth[:, pages.categories.index(name)] == 1).sum())


def _category(pages: LabelledPages, name: str, options: argparse.Namespace) -> dict[str, Any]:
    runs: dict[str, list[Run]] = {way: [] for way in WAYS}
    full = []
    for seed in range(options.seeds):
        late = _late(pages, name, seed)
        everything = LinearClassifier([name], C=1.0, seed=seed).fit(
            late.world.pool.features, late.truth[:, None], groups=late.world.pool.domains
        )
        full.append(_reached(everything, late))
        for way in WAYS:
            runs[way].append(_run(late, way, seed, options.budget))
    return {
        "positives": _count(pages, name),
        "full_ap": round(statistics.mean(full), 3),
        "ways": {way: _told(found, options.budget) for way, found in runs.items()},
    }


def _late(pages: LabelledPages, name: str, seed: int) -> Late:
    world = world_of(pages, seed)
    column = pages.categories.index(name)
    return Late(name, world, world.truth[:, column], world.test.truth[:, column])


def _told(runs: list[Run], budget: int) -> dict[str, Any]:
    """Means over the seeds, the median of the labels needed, and every seed."""
    median = float(np.median([run.labels for run in runs]))
    return {
        "found": statistics.mean(run.found for run in runs),
        "reached": statistics.mean(run.reached for run in runs),
        "labels": f"{median:.0f}" if np.isfinite(median) else f">{budget}",
        "seeds": [[run.found, run.reached, run.labels if np.isfinite(run.labels) else None] for run in runs],
    }


def _compared(rows: dict[str, Any], part: str) -> str:
    """How far each way is from random, a mean over categories for each seed, with its interval over the seeds."""
    place = ("found", "reached").index(part)
    means = {
        way: np.mean([[seed[place] for seed in row["ways"][way]["seeds"]] for row in rows.values()], axis=0)
        for way in WAYS
    }
    words = []
    for way in WAYS[1:]:
        measured = over_seeds(means[way] - means["random"])
        interval = "" if measured.low is None else f" [{measured.low:+.3f}, {measured.high:+.3f}]"
        words.append(f"{way} {measured.mean:+.3f}{interval}")
    return ", ".join(words)


def _run(late: Late, way: str, seed: int, budget: int) -> Run:
    """Batch after batch, until the category is learned well enough or the budget is used up."""
    rng = np.random.default_rng((seed, WAYS.index(way)))
    shown = _shown(late, seed) if way == "terms and examples" else np.empty(0, dtype=np.int64)
    model = QueryModel(
        LinearClassifier([late.name], C=1.0, seed=seed),
        STRATEGIES["rare_category"],
        _definition(late, way, shown),
    )
    pool = np.setdiff1d(np.arange(len(late.world.pool)), shown)
    order: list[int] = []
    found, reached, labels = 0, 0.0, float("inf")
    while len(order) < min(budget, len(pool)) and (len(order) < REACHED_AT or not np.isfinite(labels)):
        n = min(max(FIRST, round(GROWTH * len(order))), budget - len(order))
        free = np.setdiff1d(pool, order)
        if way == "random":
            order += rng.choice(free, size=min(n, len(free)), replace=False).tolist()
        else:
            model.finds = _finds(late, order)
            order += _chosen(model, late, free, n, rng).tolist()
        rows = np.sort(order)
        model.fit(
            csr_matrix(late.world.pool.features[rows]),
            late.truth[rows, None],
            groups=late.world.pool.domains[rows],
        )
        now = _reached(model.estimator, late)
        if now >= TARGET:
            labels = min(labels, float(len(order)))
        if len(order) <= FOUND_AT:
            found = int((late.truth[order] == 1).sum())
        if len(order) <= REACHED_AT:
            reached = now
    return Run(found, reached, labels)


def _shown(late: Late, seed: int) -> Integers:
    """Five positives of the pool, or as many as there are."""
    present = np.flatnonzero(late.truth == 1)
    rng = np.random.default_rng((seed, 9))
    return rng.choice(present, size=min(EXAMPLES, len(present)), replace=False)


def _finds(late: Late, order: list[int]) -> dict[int, Finds]:
    """The newest positives, as a query looks for them while the category is not learned."""
    newest = [row for row in order if late.truth[row] == 1][-FINDS:]
    return {0: finds_of(csr_matrix(late.world.pool.features[newest]))} if newest else {}


def _definition(late: Late, way: str, shown: Integers) -> csr_matrix:
    """What is known of the category in the space of features, beside the other definitions of the blueprint."""
    words = " ".join(late.name.replace("_", " ").replace("-", " ").split())
    own = LIKE.get(late.name, (late.name,))
    terms = " ".join(BLUEPRINT[slug].definition for slug in own if slug in BLUEPRINT)
    others = [definition for slug, definition in BLUEPRINT.items() if slug not in own]
    said = featurise_definitions([CategoryDefinition(words, terms if way != "name" else ""), *others])[[0]]
    if not len(shown):
        return said
    sum_of_shown = csr_matrix(late.world.pool.features[shown].sum(axis=0))
    return beside_examples(said, sum_of_shown, column_rarity(late.world.pool.features))


def _chosen(model: QueryModel, late: Late, free: Integers, n: int, rng: np.random.Generator) -> Integers:
    """Rows of the pool for one batch, by the strategies that a query goes by."""
    features = csr_matrix(late.world.pool.features[free])
    likely, _ = STRATEGIES["rare_category"](model, features, round(LIKELY * n), rng=rng)
    queried, _ = STRATEGIES[USUAL](model, features, round(QUERIED * n), rng=rng)
    taken = np.unique(np.concatenate([likely, queried]))
    rest = np.setdiff1d(np.arange(len(free)), taken)
    drawn = rng.choice(rest, size=min(n - len(taken), len(rest)), replace=False)
    return np.asarray(free[np.concatenate([taken, drawn])], dtype=np.int64)


def _reached(classifier: LinearClassifier, late: Late) -> float:
    known = late.test_truth >= 0
    if not (late.test_truth[known] == 1).any() or not classifier.learned.all():
        return 0.0
    decisions = classifier.decision(csr_matrix(late.world.test.features[known]))[:, 0]
    return average_precision(late.test_truth[known] == 1, decisions.astype(np.float64))


if __name__ == "__main__":
    main()
