"""One query round over millions of items, beside the bare sparse product of the same run.

    python benchmarks/query_round.py --items 100000,1000000 --dir /var/tmp/shards [--json query_round.json]
    python benchmarks/query_round.py --items 100000,1000000,10000000 --repeats 3 --dir /var/tmp/shards --json OUT

The second takes 5.6 GB in --dir, about four minutes on a quiet machine, and so much memory beside its own that the
files stay cached (else the disk is measured). Without the space it says what is missing and makes nothing.

Shards of 20,000 items with about --columns columns each are made with a seed in --dir, one size after the other, and
deleted when it was measured. In each of --repeats turns, for each size:

- product: every shard is read, and only its product with the packed weights is timed, as SciPy multiplies it;
- turned: the same by columns, the turning of each shard included: what our scoring must cost;
- round: read each shard and compare its hash, score, find the candidates of all streams, merge them, and select a
  mixed batch, with one item per site and no near-duplicates.

The least of the turns counts, by the clock on the wall and by the processor (of both threads: a busy machine stretches
the former alone). modAL's stock path (`ActiveLearner.query` over scikit-learn's one-vs-rest logistic
regression) is measured on --modal-items items, with every strategy that takes more than one category. Targets, on
2 cores: a round of at most 2 products and 3 s at 1,000,000 items, under 2 GB, within 10 % of linear: a million items
cost at most 1.1 times as many processor seconds as at any smaller size. They cost less, for choosing of the
candidates takes the same time at any size; so what each further million costs is printed too.
"""

import argparse
import json
import os
import platform
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from modAL.models import ActiveLearner
from modAL.multilabel import avg_confidence, avg_score, max_score, min_confidence
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

from learner.core.candidates import SCORERS, Candidates, StreamPlan, merge, shard_candidates
from learner.core.category_fit import CategoryStatus
from learner.core.classifier import LinearClassifier
from learner.core.features import N_FEATURES, N_URL
from learner.core.learner import QueryModel
from learner.core.selection import select_batch
from learner.core.shards import Shard, read_ahead, shard_bytes, shard_read, worked_ahead
from learner.core.strategies import strategy_for

SHARD_ITEMS: Final = 20_000
BATCH: Final = 500
SHARES: Final = {"query": 0.5, "rare": 0.2, "explore": 0.2, "audit": 0.1}
HOLDOUT: Final = 0.1
ITEMS_A_SITE: Final = 8
LABELLED: Final = 2_000
LINEAR: Final = 1.1
BYTES_A_COLUMN: Final = 8
BYTES_AN_ITEM: Final = 40
SPARE_BYTES: Final = 2**30  # of a disk, for everybody else
MODAL: Final = {
    "min_confidence": min_confidence,
    "avg_confidence": avg_confidence,
    "max_score": max_score,
    "avg_score": avg_score,
}


@dataclass(frozen=True)
class Stored:
    """A shard on the disk."""

    path: Path
    sha256: str

    def read(self) -> Shard:
        """The shard, when its hash is the one that was written."""
        content = self.path.read_bytes()
        if sha256(content).hexdigest() != self.sha256:
            raise ValueError(f"{self.path} was changed")
        return shard_read(content)


def made_features(n_items: int, columns: int, rng: np.random.Generator) -> csr_matrix:
    """Rows of length 1 with about `columns` columns, some of them much more common than others."""
    places = (N_URL * rng.random((n_items, columns)) ** 3).astype(np.int64)
    drawn = np.sort(places * 0x9E3779B1 % N_URL, axis=1)
    kept = np.ones(drawn.shape, dtype=np.bool_)
    kept[:, 1:] = drawn[:, 1:] != drawn[:, :-1]
    sizes = kept.sum(axis=1)
    indptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    data = np.repeat(1 / np.sqrt(sizes), sizes).astype(np.float32)
    return csr_matrix((data, drawn[kept].astype(np.int32), indptr), shape=(n_items, N_FEATURES))


def space_check(directory: Path, n_items: int, columns: int) -> None:
    """Exit with a sentence unless the disk of `directory` has room for shards of so many items."""
    needed = n_items * (columns * BYTES_A_COLUMN + BYTES_AN_ITEM)
    there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    print(f"{n_items:,} items take {needed / 1e9:.1f} GB in {directory}; {free / 1e9:.1f} GB are free")
    if free < needed + SPARE_BYTES:
        raise SystemExit("That is too little, with 1 GB to spare. Take another --dir, or fewer --items.")


def shards_make(directory: Path, n_items: int, columns: int, seed: int) -> list[Stored]:
    """Shards for `n_items` items, each from a seed of its own."""
    directory.mkdir(parents=True)
    stored = []
    for number, first in enumerate(range(0, n_items, SHARD_ITEMS)):
        rng = np.random.default_rng((seed, number))
        n = min(SHARD_ITEMS, n_items - first)
        shard = Shard(
            item_ids=np.arange(first + 1, first + n + 1, dtype=np.int64),
            holdout=rng.random(n) < HOLDOUT,
            domains=rng.integers(0, max(1, n_items // ITEMS_A_SITE), n),
            contents=np.zeros(n, dtype=np.int64),
            features=made_features(n, columns, rng),
        )
        content = shard_bytes(shard)
        path = directory / f"{number:05}.npz"
        path.write_bytes(content)
        stored.append(Stored(path, sha256(content).hexdigest()))
    return stored


def made_classifier(n_categories: int, rng: np.random.Generator) -> LinearClassifier:
    """Random weights, with thresholds that about one item in twenty reaches."""
    statuses = [
        CategoryStatus(f"category-{number}", True, "", 40 * (number + 1), 10_000, 5_000, 0.5, 0.5)
        for number in range(n_categories)
    ]
    weights = rng.normal(size=(N_FEATURES, n_categories)).astype(np.float32)
    bias = np.full(n_categories, -1.6, dtype=np.float32)
    return LinearClassifier.restored(statuses, weights=weights, bias=bias, thresholds=np.zeros(n_categories))


def product_seconds(stored: Sequence[Stored], classifier: LinearClassifier) -> dict[str, float]:
    """Seconds of the products alone: of the wall, of the processor, and of the processor by columns."""
    wall = core = turned = 0.0
    for reading in stored:
        features = reading.read().features
        begin, of_core = time.perf_counter(), time.process_time()
        _ = features @ classifier.weights_
        wall, core = wall + time.perf_counter() - begin, core + time.process_time() - of_core
        of_core = time.process_time()
        _ = features.tocsc() @ classifier.weights_
        turned += time.process_time() - of_core
    return {"wall": wall, "core": core, "turned": turned}


def round_seconds(stored: Sequence[Stored], classifier: LinearClassifier, seed: int) -> dict[str, float]:
    """Seconds of a whole round, and of its phases."""
    plan = StreamPlan(BATCH, SHARES, seed)
    rng = np.random.default_rng(seed)
    model = QueryModel(classifier, strategy_for(classifier))
    seconds = {"wait for shards": 0.0, "score": 0.0, "merge": 0.0, "select": 0.0}
    begin, of_core = time.perf_counter(), time.process_time()

    def tasks() -> Iterator[Callable[[], Candidates]]:
        shards = read_ahead(reading.read for reading in stored)
        while True:
            start = time.perf_counter()
            shard = next(shards, None)
            seconds["wait for shards"] += time.perf_counter() - start
            if shard is None:
                return
            everything = np.ones(len(shard), dtype=np.bool_)
            yield partial(shard_candidates, model, shard, everything, plan, rng)

    def mapped() -> Iterator[Candidates]:
        scored = worked_ahead(tasks(), SCORERS)
        while True:
            start, before = time.perf_counter(), seconds["wait for shards"]
            found = next(scored, None)
            waited = seconds["wait for shards"] - before
            seconds["score"] += time.perf_counter() - start - waited
            if found is None:
                return
            yield found

    pool = merge(mapped())
    start = time.perf_counter()
    seconds["merge"] = start - begin - seconds["wait for shards"] - seconds["score"]
    chosen = select_batch([pool], plan, set(), rng)
    seconds["select"] = time.perf_counter() - start
    seconds["round"] = time.perf_counter() - begin
    seconds["core"] = time.process_time() - of_core
    if len(chosen) != BATCH:
        raise AssertionError(f"{len(chosen)} items chosen")
    return seconds


def modal_seconds(n_items: int, n_categories: int, columns: int, seed: int) -> dict[str, float]:
    """Seconds of a core of modAL's own query over one-vs-rest, for each strategy, and of the bare product."""
    rng = np.random.default_rng(seed)
    pool, known = (made_features(n, columns, rng) for n in (n_items, LABELLED))
    truth = (rng.random((LABELLED, n_categories)) < 0.1).astype(int)
    estimator = OneVsRestClassifier(LogisticRegression(solver="liblinear")).fit(known, truth)
    weights = rng.normal(size=(N_FEATURES, n_categories)).astype(np.float32)
    seconds = {"product": _timed(lambda: pool @ weights)}
    for name, strategy in MODAL.items():
        learner = ActiveLearner(estimator=estimator, query_strategy=strategy)
        seconds[name] = _timed(partial(learner.query, pool, n_instances=BATCH))
    return seconds


def _timed(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def measured(n_items: int, options: argparse.Namespace) -> dict[str, Any]:
    """The least seconds of the product and of the round over `n_items` items."""
    directory = options.dir / str(n_items)
    if directory.exists():
        raise SystemExit(
            f"{directory} is there already, and would be deleted at the end: take another --dir."
        )
    classifier = made_classifier(options.categories, np.random.default_rng(options.seed))
    begin = time.perf_counter()
    try:
        stored = shards_make(directory, n_items, options.columns, options.seed)
        made = time.perf_counter() - begin
        for reading in stored[:3]:
            _ = reading.read().features @ classifier.weights_
        turns = [
            (product_seconds(stored, classifier), round_seconds(stored, classifier, turn))
            for turn in range(options.repeats)
        ]
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    best = min((phases for _, phases in turns), key=lambda phases: phases["round"])
    return {
        "items": n_items,
        "seconds to make the shards": made,
        "product": min(product["wall"] for product, _ in turns),
        "ratio": min(phases["round"] / product["wall"] for product, phases in turns),
        "ratio_of_cores": min(phases["core"] / product["core"] for product, phases in turns),
        "turned": min(product["turned"] for product, _ in turns),
        "ratio_to_turned": min(phases["core"] / product["turned"] for product, phases in turns),
        "turns": [{"products": product, **phases} for product, phases in turns],
        "peak_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **best,
    }


def linear(sizes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each size after the smallest: processor seconds a million against the least of the smaller sizes.

    `further` is what each million beyond the next smaller size cost.
    """
    rows = sorted(sizes, key=lambda row: int(row["items"]))
    found = []
    for place, row in enumerate(rows[1:], start=1):
        before = rows[place - 1]
        least = min(_a_million(smaller) for smaller in rows[:place])
        further = (row["core"] - before["core"]) / (row["items"] - before["items"]) * 1e6
        found.append(
            {
                "items": row["items"],
                "core a million": _a_million(row),
                "least of smaller sizes": least,
                "ratio": _a_million(row) / least,
                "further": further,
                "is linear": _a_million(row) <= LINEAR * least,
            }
        )
    return found


def _a_million(row: dict[str, Any]) -> float:
    return float(row["core"] / row["items"] * 1e6)


def main() -> None:
    """Make, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", default="100000,1000000")
    parser.add_argument("--categories", type=int, default=16)
    parser.add_argument("--columns", type=int, default=66)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--modal-items", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; ", end="")
    print(f"{options.categories} categories, {options.columns} columns drawn an item, batch of {BATCH}")
    wanted = [int(size) for size in options.items.split(",")]
    space_check(options.dir, max(wanted), options.columns)
    sizes = []
    for size in wanted:
        sizes.append(row := measured(size, options))
        print(
            f"{row['items']:>10,} items: round {row['round']:.2f} s = {row['ratio']:.2f} x "
            f"product {row['product']:.2f} s (processor: {row['core']:.2f} s, {row['ratio_of_cores']:.2f} x; "
            f"{row['ratio_to_turned']:.2f} x the product by columns, {row['turned']:.2f} s); "
            f"{row['round'] / row['items'] * 1e6:.2f} s a million; peak {row['peak_megabytes']:.0f} MB; "
            + ", ".join(f"{name} {row[name]:.2f}" for name in ("wait for shards", "score", "merge", "select"))
        )
    growth = linear(sizes)
    for line in growth:
        print(
            f"{line['items']:>10,} items: {line['core a million']:.2f} processor seconds a million, "
            f"{line['ratio']:.2f} times the least of smaller sizes (at most {LINEAR}: "
            f"{'reached' if line['is linear'] else 'MISSED'}); each further million {line['further']:.2f}"
        )
    modal = modal_seconds(options.modal_items, options.categories, options.columns, options.seed)
    ours = sizes[-1]["core"] / sizes[-1]["items"] * options.modal_items
    print(f"\nmodAL's stock path, {options.modal_items:,} items (ours at its rate: {ours:.3f} s)")
    for name, seconds in modal.items():
        print(
            f"  {name:16} {seconds:.3f} s = {seconds / modal['product']:.1f} x the product, {seconds / ours:.1f} x ours"
        )
    if options.json:
        options.json.write_text(
            json.dumps({"sizes": sizes, "linear": growth, "modal": modal, "ours": ours}, indent=1)
        )


if __name__ == "__main__":
    main()
