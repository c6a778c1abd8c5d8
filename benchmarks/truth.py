"""How good and how fast truth inference is: accuracy against gold on public judgments, and a million simulated ones."""

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotator.agreement.dawid_skene import Answers, dawid_skene  # noqa: E402
from annotator.agreement.ratings import Ratings  # noqa: E402
from annotator.agreement.truth import inferred, inferred_by_category  # noqa: E402

SETS = ("snow_rte", "bluebirds", "adult2")
STRENGTHS = (0.0, 1.0, 4.0, 16.0)


def main() -> None:
    options = _options()
    result: dict[str, Any] = {"machine": platform.platform(), "accuracy": [], "speed": None}
    for name in SETS:
        answers, gold = load(options.data / f"votes_{name}.parquet")
        row = accuracy(answers, gold) | {"set": name, "crowd-kit": _crowd_kit(answers, gold)}
        result["accuracy"].append(row)
        print(name, *(f"{key} {value}" for key, value in row.items() if key != "set"), sep="; ")
    result["speed"] = speed(options.judgments, options.categories)
    print(result["speed"])
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


def load(path: Path) -> tuple[Answers, np.ndarray]:
    """The answers of a file of judgments, and the gold value of each item (-1 none).

    Of repeated answers of one person on one item the last one counts, as an undo and a late change would have it.
    """
    columns = pq.read_table(path).to_pydict()
    last = {pair: row for row, pair in enumerate(zip(columns["item"], columns["annotator"], strict=True))}
    rows = sorted(last.values())
    item_of, who_of, value_of = (
        {key: index for index, key in enumerate(sorted(set(columns[name]), key=str))}
        for name in ("item", "annotator", "label")
    )
    gold = np.full(len(item_of), -1)
    for row in rows:
        gold[item_of[columns["item"][row]]] = value_of.get(columns["gold"][row], -1)
    answers = Answers(
        np.array([item_of[columns["item"][row]] for row in rows]),
        np.array([who_of[columns["annotator"][row]] for row in rows]),
        np.array([value_of[columns["label"][row]] for row in rows]),
        len(item_of),
        len(who_of),
        len(value_of),
    )
    return answers, gold


def majority_accuracy(answers: Answers, gold: np.ndarray) -> float:
    """Share of gold items that the most frequent answer gets right; a tie counts by its chance."""
    counts = np.zeros((answers.n_items, answers.n_values))
    np.add.at(counts, (answers.item, answers.value), 1)
    top = counts == counts.max(axis=1, keepdims=True)
    known = np.flatnonzero((gold >= 0) & (counts.sum(axis=1) > 0))
    return float((top[known, gold[known]] / top[known].sum(axis=1)).mean())


def accuracy(answers: Answers, gold: np.ndarray) -> dict[str, Any]:
    """Accuracy on the items with gold, of the majority and of Dawid-Skene with each strength of its prior."""
    known = gold >= 0
    row: dict[str, Any] = {
        "items": answers.n_items,
        "gold": int(known.sum()),
        "judgments": answers.n,
        "majority": round(majority_accuracy(answers, gold), 4),
    }
    for strength in STRENGTHS:
        fit = dawid_skene(answers, strength=strength)
        right = fit.posterior[known].argmax(axis=1) == gold[known]
        row[f"Dawid-Skene, prior {strength:g}"] = round(float(right.mean()), 4)
        row[f"iterations, prior {strength:g}"] = fit.iterations
    return row


def _crowd_kit(answers: Answers, gold: np.ndarray) -> float | str:
    """The same of crowd-kit's Dawid-Skene, where that library is installed."""
    labels = _crowd_kit_labels(answers)
    if labels is None:
        return "not installed"
    known = gold >= 0
    return round(float((labels[known] == gold[known]).mean()), 4)


def _crowd_kit_labels(answers: Answers) -> np.ndarray | None:
    try:
        import pandas as pd
        from crowdkit.aggregation import DawidSkene  # type: ignore[import-not-found]
    except ImportError:
        return None
    frame = pd.DataFrame({"task": answers.item, "worker": answers.annotator, "label": answers.value})
    labels = DawidSkene(n_iter=100).fit(frame).labels_.reindex(np.arange(answers.n_items))
    return np.asarray(labels)


def speed(n_judgments: int, n_categories: int) -> dict[str, Any]:
    """CPU seconds of truth inference and skills on simulated judgments: five an item, fifty annotators."""
    rng = np.random.default_rng(0)
    n_items = n_judgments // 5
    item = np.repeat(np.arange(n_items), 5)
    annotator = rng.random((n_items, 50), dtype=np.float32).argsort(axis=1)[:, :5].ravel()
    present = rng.random((n_items, n_categories)) < rng.uniform(0.005, 0.15, n_categories)
    sees, clears = rng.uniform(0.6, 0.95, 50)[annotator], rng.uniform(0.95, 0.999, 50)[annotator]
    values = np.empty((len(item), n_categories), dtype=np.int8)
    for category in range(n_categories):
        chance = np.where(present[item, category], sees, 1 - clears)
        values[:, category] = rng.random(len(item)) < chance
    ratings = Ratings(item, annotator, values)
    started = time.process_time()
    truths = inferred_by_category(ratings)
    seconds = time.process_time() - started
    right = np.mean([(truth.present == present[:, c]).mean() for c, truth in enumerate(truths)])
    first = Answers(item, annotator, values[:, 0], n_items, 50)
    started = time.process_time()
    inferred(ratings)
    own = time.process_time() - started
    labels = _crowd_kit_labels(first)
    library = time.process_time() - started - own
    return {
        "ratio_to_crowd_kit": round(library / own, 1) if labels is not None else "not installed",
        "judgments": len(item),
        "items": n_items,
        "categories": n_categories,
        "cpu_seconds": round(seconds, 2),
        "most_iterations": max(truth.fit.iterations for truth in truths if truth.fit),
        "accuracy": round(float(right), 5),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with votes_<set>.parquet")
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--categories", type=int, default=16)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
