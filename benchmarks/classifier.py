"""Classifiers side by side on labelled sets, tested on sites that none of them has seen.

    OMP_NUM_THREADS=1 python benchmarks/classifier.py --data DIR [--sets urls,text,curlie] [--seeds 5] [--json FILE]
    OMP_NUM_THREADS=1 python benchmarks/classifier.py --data DIR --noise --sets text,urls --limit 10000

For each set and seed, three tenths of the sites are held out. Each candidate learns from the rest: its thresholds,
calibration and parameters too come from there, from decisions about sites that the deciding fit had not seen. Then

- AP: mean over categories of the average precision; F1: mean over categories of F1 at the tuned thresholds (of the
  second line at .5); micro: F1 over all answers together;
- Brier: mean squared error of the probabilities x 100; ECE: expected calibration error x 100, 15 bins of equal width
  (Naeini, Cooper and Hauskrecht 2015), mean over categories;
- seconds of everything that was fitted.

With several seeds, the difference to the plain baseline is paired by seed, with a 95 % interval by Student's t.

With `--noise` the product's classifier with C = 1 learns alone, from labels as a simulated crowd gives them
(`benchmarks/noisy_labels.py`): hard, soft, and weighted by the number of judgments. It is tested on the true labels.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from scipy.special import expit, logit
from scipy.stats import t as student
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.metrics import average_precision_score
from sklearn.svm import LinearSVC

from benchmarks.labelled_sets import SETS, LabelledSet
from benchmarks.noisy_labels import LESSONS, MAJORITY, Judged, Lesson, judged
from learner.core.arrays import Array, Floats, Integers
from learner.core.calibration import best_f1_threshold, calibration_error, platt_sigmoid, site_folds
from learner.core.classifier import LinearClassifier
from learner.core.features import N_URL, featurise

LEAST_POSITIVES: Final = 5
METRICS: Final = ("ap", "f1", "micro", "brier", "ece", "seconds")
SMALLER_IS_BETTER: Final = {"brier", "ece", "seconds"}
_SURE: Final = 12.0


@dataclass(frozen=True, eq=False)
class Material:
    """What a candidate learns from, and the features of what it is tested on."""

    features: csr_matrix
    truth: Array
    sites: Integers
    tested: csr_matrix
    categories: list[str]
    seed: int


@dataclass(frozen=True, eq=False)
class Answers:
    """Logits (n_tested, n_categories) and the threshold of each category."""

    logits: Floats
    thresholds: Floats


@dataclass(frozen=True, eq=False)
class Decided:
    """One category: decisions about items of sites unseen, which items these are, and about what is tested."""

    unseen: Floats
    tested: Floats


Machine = Callable[[], Any]
Calibration = Callable[[Floats, Array], Callable[[Floats], Floats]]


def each_category(
    material: Material, machine: Machine, calibration: Calibration, *, weigh: bool, ratio: float | None = None
) -> Answers:
    """One machine per category, its threshold and calibration from three folds of whole sites."""
    logits = np.full((material.tested.shape[0], len(material.categories)), -_SURE)
    thresholds = np.full(len(material.categories), np.inf)
    for number in range(len(material.categories)):
        known = material.truth[:, number] >= 0
        truth = material.truth[known, number].astype(int)
        if truth.sum() < LEAST_POSITIVES or (truth == 0).sum() < LEAST_POSITIVES:
            continue
        sites = np.unique(material.sites[known], return_inverse=True)[1]
        folds = site_folds(truth, sites, 3, np.random.default_rng((material.seed, number)))
        features = csr_matrix(material.features[known])
        unseen = np.empty(len(truth))
        for fold in range(3):
            rest = folds != fold
            (unseen[~rest],) = decisions(
                machine, features[rest], truth[rest], [features[~rest]], weigh=weigh, ratio=ratio
            )
        (tested,) = decisions(machine, features, truth, [material.tested], weigh=weigh, ratio=ratio)
        calibrated = calibration(unseen, truth)
        logits[:, number] = calibrated(tested)
        thresholds[number] = best_f1_threshold(calibrated(unseen), truth, np.ones(len(truth))).logit
    return Answers(logits, thresholds)


def decisions(
    machine: Machine,
    features: csr_matrix,
    truth: Array,
    asked: Iterable[csr_matrix],
    *,
    weigh: bool,
    ratio: float | None,
) -> list[Floats]:
    """Decisions of a machine fitted on features x column weights: rarity, or the log-count ratio of naive Bayes."""
    importance = np.ones(features.shape[1])
    if weigh:
        found_in = np.bincount(features.indices, minlength=features.shape[1])
        importance = np.log((1 + features.shape[0]) / (1 + found_in)) + 1
        importance /= importance.max()
    if ratio is not None:
        there = np.asarray(features[truth == 1].sum(axis=0)).ravel() + ratio
        absent = np.asarray(features[truth == 0].sum(axis=0)).ravel() + ratio
        counts = np.abs(np.log((there / there.sum()) / (absent / absent.sum())))
        importance = importance * counts / counts.max()
    columns = np.flatnonzero(np.bincount(features.indices, minlength=features.shape[1]))
    weights = diags_array(importance[columns])
    fitted = machine().fit(csr_matrix(features[:, columns] @ weights), truth)
    return [fitted.decision_function(csr_matrix(rows[:, columns] @ weights)) for rows in asked]


def as_they_are(_unseen: Floats, _truth: Array) -> Callable[[Floats], Floats]:
    """Decisions of a logistic regression are logits already."""
    return lambda decided: decided


def platt(unseen: Floats, truth: Array) -> Callable[[Floats], Floats]:
    """Platt's sigmoid."""
    sigmoid = platt_sigmoid(unseen, truth, np.ones(len(truth)))
    return lambda decided: sigmoid.slope * decided + sigmoid.offset


def isotonic(unseen: Floats, truth: Array) -> Callable[[Floats], Floats]:
    """The best monotone steps, with a small slope so that ranks survive."""
    steps = IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip").fit(unseen, truth)
    return lambda decided: logit(steps.predict(decided)) + 1e-6 * decided


@lru_cache(maxsize=1)
def plain(material: Material, *, C: float = 1.0) -> Answers:
    """One-vs-rest logistic regression of scikit-learn, thresholds tuned; by its fastest solver for such features."""
    machine = partial(
        LogisticRegression, C=C, solver="liblinear", dual=True, tol=0.001, max_iter=2_000, random_state=0
    )
    return each_category(material, machine, as_they_are, weigh=False)


def plain_untuned(material: Material) -> Answers:
    """The same fit, with .5 as threshold."""
    answers = plain(material)
    return replace(answers, thresholds=np.zeros_like(answers.thresholds))


def machines(
    material: Material,
    *,
    C: float = 1.0,
    balanced: bool = False,
    calibration: Calibration = platt,
    weigh: bool = True,
    ratio: float | None = None,
) -> Answers:
    """Linear support vector machines."""
    machine = partial(LinearSVC, C=C, class_weight="balanced" if balanced else None, tol=0.1, random_state=0)
    return each_category(material, machine, calibration, weigh=weigh, ratio=ratio)


def descent(material: Material) -> Answers:
    """Stochastic gradient descent on the logistic loss."""
    alpha = 0.1 / material.features.shape[0]
    machine = partial(SGDClassifier, loss="log_loss", alpha=alpha, max_iter=20, tol=1e-3, random_state=0)
    return each_category(material, machine, platt, weigh=True)


def two_views(material: Material) -> Answers:
    """A machine for the URL and one for the text; their decisions about unseen sites stacked by logistic regression."""
    views = [csr_matrix(material.features[:, part]) for part in (slice(0, N_URL), slice(N_URL, None))]
    tested = [csr_matrix(material.tested[:, part]) for part in (slice(0, N_URL), slice(N_URL, None))]
    logits = np.full((material.tested.shape[0], len(material.categories)), -_SURE)
    thresholds = np.full(len(material.categories), np.inf)
    machine = partial(LinearSVC, tol=0.1, random_state=0)
    for number in range(len(material.categories)):
        known = material.truth[:, number] >= 0
        truth = material.truth[known, number].astype(int)
        if truth.sum() < LEAST_POSITIVES or (truth == 0).sum() < LEAST_POSITIVES:
            continue
        sites = np.unique(material.sites[known], return_inverse=True)[1]
        folds = site_folds(truth, sites, 3, np.random.default_rng((material.seed, number)))
        unseen, asked = np.empty((len(truth), 2)), np.empty((len(logits), 2))
        for place, (view, other) in enumerate(zip(views, tested, strict=True)):
            own = csr_matrix(view[known])
            for fold in range(3):
                rest = folds != fold
                (unseen[~rest, place],) = decisions(
                    machine, own[rest], truth[rest], [own[~rest]], weigh=True, ratio=None
                )
            (asked[:, place],) = decisions(machine, own, truth, [other], weigh=True, ratio=None)
        stacked = LogisticRegression(C=100.0).fit(unseen, truth)
        logits[:, number] = stacked.decision_function(asked)
        thresholds[number] = best_f1_threshold(
            stacked.decision_function(unseen), truth, np.ones(len(truth))
        ).logit
    return Answers(logits, thresholds)


def product(material: Material, *, C: float | None = None) -> Answers:
    """The product's classifier."""
    classifier = LinearClassifier(material.categories, C=C, seed=material.seed)
    classifier.fit(material.features, material.truth, groups=material.sites)
    return Answers(classifier.decision(material.tested).astype(np.float64), classifier.thresholds_)


CANDIDATES: Final[dict[str, Callable[[Material], Answers]]] = {
    "plain LR": plain,
    "plain LR, thresholds .5": plain_untuned,  # fitted in the line before
    "plain LR, C = 10": partial(plain, C=10.0),
    "balanced SVM (before)": partial(machines, balanced=True),
    "SVM": machines,
    "SVM, columns unweighted": partial(machines, weigh=False),
    "SVM, isotonic": partial(machines, calibration=isotonic),
    "NB-SVM": partial(machines, weigh=False, ratio=1.0),
    "SGD": descent,
    "SVM, URL and text stacked": two_views,
    "ours, C = 1": partial(product, C=1.0),
    "ours": product,
}
BASELINE: Final = "plain LR"
OURS: Final = "ours"


def scores(answers: Answers, truth: Array) -> dict[str, float]:
    """What the answers are worth; categories without a tested positive count in micro, Brier and ECE alone."""
    found: dict[str, list[float]] = {name: [] for name in ("ap", "f1", "brier", "ece")}
    hits = wrong = 0
    for number in range(truth.shape[1]):
        known = truth[:, number] >= 0
        right, logits = truth[known, number], answers.logits[known, number]
        probabilities = expit(logits)
        said = logits >= answers.thresholds[number]
        both, missed = int((said & (right == 1)).sum()), int((said != (right == 1)).sum())
        hits, wrong = hits + both, wrong + missed
        found["brier"].append(100 * float(np.mean((probabilities - right) ** 2)))
        found["ece"].append(100 * calibration_error(probabilities, right))
        if right.any():
            found["ap"].append(float(average_precision_score(right, logits)))
            found["f1"].append(2 * both / max(2 * both + missed, 1))
    return {name: statistics.mean(values) for name, values in found.items()} | {
        "micro": 2 * hits / max(2 * hits + wrong, 1)
    }


def compared(labelled: LabelledSet, options: argparse.Namespace) -> dict[str, list[dict[str, float]]]:
    """The scores of each candidate, one a seed."""
    features = featurise(labelled.pages)
    has_text = features.indices.max() >= N_URL
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        held = labelled.held_out(seed)
        sites = np.unique(labelled.sites[~held], return_inverse=True)[1]
        material = Material(
            features[~held], labelled.truth[~held], sites, features[held], labelled.categories, seed
        )
        for name in options.candidates:
            if name == "SVM, URL and text stacked" and not has_text:
                continue
            start = time.process_time()
            answers = CANDIDATES[name](material)
            seconds = time.process_time() - start
            row = {**scores(answers, labelled.truth[held]), "seconds": seconds}
            rows.setdefault(name, []).append(row)
            print(
                f"  seed {seed}, {name}: AP {row['ap']:.4f}, F1 {row['f1']:.4f}, {seconds:.1f} s", flush=True
            )
    return rows


def taught(material: Material, crowd: Judged, lesson_of: Callable[[Judged, int], Lesson]) -> Answers:
    """The product's classifier, each category taught by what the crowd's judgments are taken for."""
    logits = np.empty((material.tested.shape[0], len(material.categories)))
    thresholds = np.empty(len(material.categories))
    for number, category in enumerate(material.categories):
        lesson = lesson_of(crowd, number)
        classifier = LinearClassifier([category], C=1.0, seed=material.seed).fit(
            csr_matrix(material.features[lesson.rows]),
            lesson.truth.astype(np.int8)[:, None],
            groups=material.sites[lesson.rows],
            sample_weight=lesson.weights,
        )
        logits[:, number] = classifier.decision(material.tested)[:, 0]
        thresholds[number] = classifier.thresholds_[0]
    return Answers(logits, thresholds)


def compared_with_noise(
    labelled: LabelledSet, options: argparse.Namespace
) -> dict[str, list[dict[str, float]]]:
    """The scores of each way to learn from a crowd, one a seed."""
    features = featurise(labelled.pages)
    rows: dict[str, list[dict[str, float]]] = {}
    for seed in range(options.seeds):
        held = labelled.held_out(seed)
        sites = np.unique(labelled.sites[~held], return_inverse=True)[1]
        material = Material(
            features[~held], labelled.truth[~held], sites, features[held], labelled.categories, seed
        )
        crowd = judged(material.truth, np.random.default_rng((seed, 7)))
        for name, lesson_of in LESSONS.items():
            start = time.process_time()
            answers = taught(material, crowd, lesson_of)
            seconds = time.process_time() - start
            row = {**scores(answers, labelled.truth[held]), "seconds": seconds}
            rows.setdefault(name, []).append(row)
            print(f"  seed {seed}, {name}: AP {row['ap']:.4f}, F1 {row['f1']:.4f}", flush=True)
    return rows


def paired(own: list[dict[str, float]], other: list[dict[str, float]], metric: str) -> tuple[float, float]:
    """The mean difference by seed, and half its 95 % interval."""
    differences = [a[metric] - b[metric] for a, b in zip(own, other, strict=True)]
    if len(differences) < 2:
        return differences[0], float("nan")
    spread = statistics.stdev(differences) / len(differences) ** 0.5
    return statistics.mean(differences), float(student.ppf(0.975, len(differences) - 1)) * spread


def show(labelled: LabelledSet, rows: dict[str, list[dict[str, float]]]) -> None:
    """Print the table of one set, and how far ours is from the baseline."""
    print(
        f"\n{labelled.name}: {len(labelled.pages):,} items, {len(labelled.categories)} categories, ", end=""
    )
    print(f"{labelled.sites.max() + 1:,} sites; {len(next(iter(rows.values())))} seeds")
    print(f"{'':28}" + "".join(f"{metric:>9}" for metric in METRICS))
    for name, found in rows.items():
        means = [statistics.mean(row[metric] for row in found) for metric in METRICS]
        digits = (3, 3, 3, 2, 2, 1)
        print(f"{name:28}" + "".join(f"{m:9.{d}f}" for m, d in zip(means, digits, strict=True)))
    for name in (BASELINE, "balanced SVM (before)"):
        if name in rows and OURS in rows:
            parts = [(metric, *paired(rows[OURS], rows[name], metric)) for metric in METRICS[:5]]
            line = ", ".join(f"{metric} {mean:+.4f} ± {half:.4f}" for metric, mean, half in parts)
            print(f"ours - {name}: {line}")
    for name, found in rows.items():
        if MAJORITY in rows and name != MAJORITY:
            parts = [(metric, *paired(found, rows[MAJORITY], metric)) for metric in METRICS[:5]]
            line = ", ".join(f"{metric} {mean:+.4f} ± {half:.4f}" for metric, mean, half in parts)
            print(f"{name} - {MAJORITY}: {line}")


def main() -> None:
    """Read, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--limit", type=int, default=1_000_000, help="items of a set, drawn at random")
    parser.add_argument("--candidates", default="")
    parser.add_argument("--noise", action="store_true", help="learn from a simulated crowd")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    wanted = [name.strip() for name in options.candidates.split(";") if name.strip()]
    options.candidates = wanted or list(CANDIDATES)
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds are of one core"
    )
    result = {}
    for name in options.sets.split(","):
        labelled = SETS[name](options.data).limited(options.limit, seed=5)
        result[name] = (
            compared_with_noise(labelled, options) if options.noise else compared(labelled, options)
        )
        show(labelled, result[name])
        if options.json:
            options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
