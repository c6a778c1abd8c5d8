"""A category that is added late: labels until average precision 0.5 on sites it has not seen, against random.

    python benchmarks/emerging.py --data urls.parquet --category drugs,dating --seeds 5 --json emerging.json

Of the file one category at a time is hidden: nobody has labelled it. Then it is added with its name, with name and
terms (those of the K-12 blueprint, where it has such a category), or with that and five example pages, and labels are
given in batches until the category is learned well enough. A batch is half likely finds, three tenths near the
threshold, one fifth at random, as the loop mixes them; the first ones go by likeness to what is known of the category,
then to the first finds, as a query does. `random` draws every batch. The examples come from other sites than those
that measure.
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
LIKELY, NEAR = 0.5, 0.3
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
        f"{options.data.name}: {len(pages):,} pages, {options.seeds} seeds, budget {options.budget:,} labels"
    )
    print(
        f"{'category':20} {'positives':>9} {'full AP':>8}  labels to average precision {TARGET}: {', '.join(WAYS)}"
    )
    if unknown := sorted(set(names) - set(pages.categories)):
        sys.exit(f"The file has no category {', '.join(unknown)}; it has {', '.join(pages.categories)}.")
    for name in names:
        result["categories"][name] = row = _category(pages, name, options)
        cells = "   ".join(f"{way}: {row['labels'][way]['words']}" for way in WAYS)
        print(f"{name:20} {row['positives']:9,} {row['full_ap']:8.2f}  {cells}", flush=True)
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
    reached: dict[str, list[float]] = {way: [] for way in WAYS}
    full = []
    for seed in range(options.seeds):
        late = _late(pages, name, seed)
        everything = LinearClassifier([name], seed=seed).fit(
            late.world.pool.features, late.truth[:, None], groups=late.world.pool.domains
        )
        full.append(_reached(everything, late))
        for way in WAYS:
            reached[way].append(_labels_needed(late, way, seed, options.budget))
    return {
        "positives": _count(pages, name),
        "full_ap": round(statistics.mean(full), 3),
        "labels": {way: _told(values, options.budget) for way, values in reached.items()},
    }


def _late(pages: LabelledPages, name: str, seed: int) -> Late:
    world = world_of(pages, seed)
    column = pages.categories.index(name)
    return Late(name, world, world.truth[:, column], world.test.truth[:, column])


def _told(values: list[float], budget: int) -> dict[str, Any]:
    """The labels needed over the seeds; a seed that did not get there is counted apart."""
    there = np.array([value for value in values if np.isfinite(value)])
    measured = over_seeds(there) if len(there) else None
    words = f"{measured.mean:,.0f}" if measured else f"over {budget:,}"
    if len(there) < len(values):
        words += f" ({len(there)} of {len(values)} seeds)"
    return {"values": [value if np.isfinite(value) else None for value in values], "words": words}


def _labels_needed(late: Late, way: str, seed: int, budget: int) -> float:
    """Labels until the category reaches the target on the test sites; infinite when the budget is used up before."""
    rng = np.random.default_rng((seed, WAYS.index(way)))
    model = QueryModel(
        LinearClassifier([late.name], seed=seed), STRATEGIES["rare_category"], _definition(late, way, seed)
    )
    n_items = len(late.world.pool)
    order: list[int] = []
    while len(order) < min(budget, n_items):
        n = min(max(FIRST, round(GROWTH * len(order))), budget - len(order))
        free = np.setdiff1d(np.arange(n_items), order)
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
        if model.estimator.learned.all() and _reached(model.estimator, late) >= TARGET:
            return float(len(rows))
    return float("inf")


def _finds(late: Late, order: list[int]) -> dict[int, Finds]:
    """The newest positives, as a query looks for them while the category is not learned."""
    newest = [row for row in order if late.truth[row] == 1][-FINDS:]
    return {0: finds_of(csr_matrix(late.world.pool.features[newest]))} if newest else {}


def _definition(late: Late, way: str, seed: int) -> csr_matrix:
    """What is known of the category in the space of features, beside the other definitions of the blueprint."""
    words = " ".join(late.name.replace("_", " ").replace("-", " ").split())
    own = LIKE.get(late.name, (late.name,))
    terms = " ".join(BLUEPRINT[slug].definition for slug in own if slug in BLUEPRINT)
    others = [definition for slug, definition in BLUEPRINT.items() if slug not in own]
    said = featurise_definitions([CategoryDefinition(words, terms if way != "name" else ""), *others])[[0]]
    if way != "terms and examples":
        return said
    present = np.flatnonzero(late.truth == 1)
    shown = np.random.default_rng((seed, 9)).choice(present, size=min(EXAMPLES, len(present)), replace=False)
    sum_of_shown = csr_matrix(late.world.pool.features[shown].sum(axis=0))
    return beside_examples(said, sum_of_shown, column_rarity(late.world.pool.features))


def _chosen(model: QueryModel, late: Late, free: Integers, n: int, rng: np.random.Generator) -> Integers:
    """Rows of the pool for one batch, as the loop mixes them."""
    features = csr_matrix(late.world.pool.features[free])
    likely, _ = STRATEGIES["rare_category"](model, features, round(LIKELY * n), rng=rng)
    near, _ = STRATEGIES["multilabel_uncertainty"](model, features, round(NEAR * n), rng=rng)
    taken = np.unique(np.concatenate([likely, near]))
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
