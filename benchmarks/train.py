"""How long a retrain takes, beside one bare fit of scikit-learn's in the same run.

    OMP_NUM_THREADS=1 python benchmarks/train.py --data DIR [--sizes 10000,100000] [--new 500] [--json train.json]

Resolved items are drawn from `urls_multilabel.parquet` without the held-out sites; where the file has too few,
its items come again. For each size, in seconds of one core and of the wall:

- features: from pages to the matrix;
- fit: `LinearClassifier.fit` as a training run calls it: settings, calibration and thresholds by whole sites, and the
  fit of everything; average precision on the held-out sites;
- write: the artifact;
- one LinearSVC, one LogisticRegression: scikit-learn's one-vs-rest on the same columns, once, without any of that;
- product: the features with the packed weights, once.

The fit starts from nothing, as a first version does. With `--new 500` so many of the items are new, and refits that
take over settings (the product), calibration or weights of the version before are measured beside it
(`benchmarks/warm_start.py`): seconds, average precision, F1 and Brier score on the held-out sites.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.svm import LinearSVC

from benchmarks.classifier import Answers, scores
from benchmarks.labelled_sets import url_set
from benchmarks.warm_start import WAYS, Labels, before_of
from learner.core.arrays import Array
from learner.core.artifact import artifact_bytes
from learner.core.classifier import LinearClassifier
from learner.core.features import featurise

TARGETS: Final = {10_000: 3.0, 100_000: 30.0}


def timed(call: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What the call gives, and its seconds."""
    wall, core = time.perf_counter(), time.process_time()
    result = call()
    return result, {"core": time.process_time() - core, "wall": time.perf_counter() - wall}


def refits(
    labels: Labels, categories: list[str], options: argparse.Namespace, tested: csr_matrix, truth: Array
) -> dict[str, dict[str, float]]:
    """Seconds of one core and what was reached, by the way to refit."""
    before = before_of(labels.first(len(labels.truth) - options.new), categories, options.seed)
    found = {}
    for name, way in WAYS.items():
        if not name.startswith(tuple(options.ways.split(","))):
            continue
        refit, seconds = timed(partial(way, labels, before))
        reached = scores(Answers(refit.logits(tested).astype(np.float64), refit.thresholds), truth)
        found[name] = {"seconds": seconds["core"], **reached}
        print(
            f"  {name:24} {seconds['core']:7.2f} s of a core; AP {reached['ap']:.4f}, F1 {reached['f1']:.4f}, "
            f"Brier {reached['brier']:.3f}",
            flush=True,
        )
    return found


def main() -> None:
    """Draw, fit, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="10000,100000")
    parser.add_argument("--new", type=int, default=0, help="compare refits with so many new items")
    parser.add_argument("--ways", default="", help="only refits whose names begin so, with commas between")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    labelled = url_set(options.data)
    held = labelled.held_out(options.seed, share=0.2)
    tested = featurise([page for page, out in zip(labelled.pages, held, strict=True) if out])
    rng = np.random.default_rng(options.seed)
    order = rng.permutation(np.flatnonzero(~held))
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; ", end="")
    print(f"{len(labelled.categories)} categories, {tested.nnz / tested.shape[0]:.0f} columns an item")
    result: dict[int, dict[str, Any]] = {}
    for size in map(int, options.sizes.split(",")):
        rows = np.resize(order, size)
        features, featurised = timed(partial(featurise, [labelled.pages[row] for row in rows]))
        truth, sites = labelled.truth[rows], labelled.sites[rows]
        classifier = LinearClassifier(labelled.categories, seed=options.seed)
        _, fitted = timed(partial(classifier.fit, features, truth, groups=sites))
        _, written = timed(partial(artifact_bytes, classifier, {}))
        _, product = timed(partial(classifier.decision, features))
        known = np.flatnonzero((truth == 1).sum(axis=0) > 0)
        machines = {
            "one LinearSVC": LinearSVC(tol=0.1, random_state=0),
            "one LogisticRegression": LogisticRegression(
                solver="liblinear", dual=True, tol=0.001, random_state=0
            ),
        }
        seconds = {"features": featurised, "fit": fitted, "write": written, "product": product}
        for name, machine in machines.items():
            _, seconds[name] = timed(partial(OneVsRestClassifier(machine).fit, features, truth[:, known]))
        logits = classifier.decision(tested)
        precision = statistics.mean(
            average_precision_score(labelled.truth[held, number], logits[:, number])
            for number in range(truth.shape[1])
        )
        result[size] = {"seconds": seconds, "average_precision": precision, "sites": len(np.unique(sites))}
        target = f", target {TARGETS[size]:g} s" if size in TARGETS else ""
        print(
            f"\n{size:,} items, {len(np.unique(rows)):,} of them different{target}; mean AP {precision:.3f}"
        )
        for name, taken in seconds.items():
            ratio = taken["core"] / seconds["one LinearSVC"]["core"]
            print(
                f"  {name:24} {taken['core']:7.2f} s of a core, {taken['wall']:7.2f} s; {ratio:5.2f} x LinearSVC"
            )
        if options.new:
            labels = Labels(features, truth, sites)
            result[size]["refits"] = refits(
                labels, labelled.categories, options, tested, labelled.truth[held]
            )
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
