"""How fast agreement is measured, beside independent libraries on the same judgments in the same run.

    python benchmarks/agreement.py --judgments 1000000 --items 200000 --categories 16 --json agreement.json

A section is a function that takes the ratings and gives rows; `SECTIONS` lists them. Libraries that are not installed
are named as such: `krippendorff` and `statsmodels` are compared when they can be imported.
"""

import argparse
import importlib
import json
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from annotator.agreement.bootstrap import agreement_by_category
from annotator.agreement.coefficients import fleiss_kappa, krippendorff_alpha
from annotator.agreement.pairwise import agreement_by_pair, agreement_by_pair_on_sets
from annotator.agreement.ratings import MISSING, Ratings, tally
from annotator.agreement.sets import agreement_on_sets

GOAL_SECONDS: Final = 5.0
SEED: Final = 7
Row = dict[str, Any]


def simulate(n_items: int, n_judgments: int, n_categories: int, n_people: int) -> Ratings:
    """Skewed categories (30 % down to 0.5 % present), as many judgments on each item, 3 % of answers wrong."""
    rng = np.random.default_rng(SEED)
    places = n_judgments // n_items
    prevalence = np.geomspace(0.3, 0.005, n_categories)
    truth = rng.random((n_items, n_categories)) < prevalence
    item = np.repeat(np.arange(n_items), places)
    people = (
        np.repeat(rng.integers(0, n_people, n_items), places) + np.tile(np.arange(places), n_items)
    ) % n_people
    wrong = rng.random((item.size, n_categories)) < 0.03 * np.minimum(1, prevalence * 5)
    return Ratings(item, people, (truth[item] ^ wrong).astype(np.int8))


def coefficients(ratings: Ratings) -> list[Row]:
    """Everything that is shown, with intervals: the goal is under five seconds on one core."""
    rows = [
        _timed("percent, alpha, Fleiss, AC1 by category", lambda: agreement_by_category(ratings, seed=SEED)),
        _timed(
            "Cohen's kappa of every two annotators by category", lambda: agreement_by_pair(ratings, seed=SEED)
        ),
        _timed("alpha over label sets, MASI and Jaccard", lambda: agreement_on_sets(ratings, seed=SEED)),
    ]
    total = sum(row["seconds"] for row in rows)
    cpu = sum(row["cpu_seconds"] for row in rows)
    return [
        *rows,
        {
            "what": f"all (goal: under {GOAL_SECONDS:.0f} s)",
            "seconds": total,
            "cpu_seconds": cpu,
            "reached": cpu < GOAL_SECONDS,
        },
    ]


def pairs_on_sets(ratings: Ratings) -> list[Row]:
    """The matrix of people over whole label sets: for the worker that takes agreement apart, outside the goal."""
    return [
        _timed(
            "Cohen's kappa of every two annotators over label sets",
            lambda: agreement_by_pair_on_sets(ratings, seed=SEED),
        )
    ]


def libraries(ratings: Ratings) -> list[Row]:
    """Values alone, without intervals, of all categories; ours and theirs, and how far apart the values are."""
    n_items, n_people = int(ratings.item.max()) + 1, int(ratings.annotator.max()) + 1
    categories = range(ratings.n_categories)

    def dense(category: int) -> Any:
        table = np.full((n_people, n_items), np.nan, dtype=np.float32)
        table[ratings.annotator, ratings.item] = ratings.values[:, category]
        return table

    def counts(category: int) -> Any:
        present = np.bincount(ratings.item, ratings.values[:, category] == 1, minlength=n_items)
        return np.stack([np.bincount(ratings.item, minlength=n_items) - present, present], axis=1)

    alpha = _module("krippendorff")
    fleiss = _module("statsmodels.stats.inter_rater")
    return [
        _beside(
            "alpha",
            "krippendorff",
            lambda: [float(krippendorff_alpha(tally(ratings, c))) for c in categories],
            alpha and (lambda: [alpha.alpha(dense(c), level_of_measurement="nominal") for c in categories]),
        ),
        _beside(
            "Fleiss' kappa",
            "statsmodels",
            lambda: [float(fleiss_kappa(tally(ratings, c))) for c in categories],
            fleiss and (lambda: [fleiss.fleiss_kappa(counts(c)) for c in categories]),
        ),
    ]


SECTIONS: Final[dict[str, Callable[[Ratings], list[Row]]]] = {
    "coefficients": coefficients,
    "pairs_on_sets": pairs_on_sets,
    "libraries": libraries,
}


def _timed(what: str, run: Callable[[], object]) -> Row:
    started, cpu = time.perf_counter(), time.process_time()
    run()
    return {"what": what, "seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu}


def _beside(what: str, library: str, ours: Callable[[], Any], theirs: Callable[[], Any] | None) -> Row:
    started = time.perf_counter()
    found = ours()
    seconds = time.perf_counter() - started
    if theirs is None:
        return {"what": f"{what}, {library} is not installed", "seconds": seconds}
    started = time.perf_counter()
    expected = theirs()
    their_seconds = time.perf_counter() - started
    apart = float(np.max(np.abs(np.array(found) - np.array(expected))))
    ratio = their_seconds / seconds
    return {
        "what": f"{what}, {library}: {their_seconds:.2f} s, {ratio:.1f} times ours, at most {apart:.0e} apart",
        "seconds": seconds,
        "library_seconds": their_seconds,
        "ratio": ratio,
        "apart": apart,
    }


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def main() -> None:
    """Simulate, run each section, print, and write JSON when asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--judgments", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--categories", type=int, default=16)
    parser.add_argument("--annotators", type=int, default=40)
    parser.add_argument("--sections", default=",".join(SECTIONS))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    ratings = simulate(options.items, options.judgments, options.categories, options.annotators)
    setup = f"{len(ratings.values):,} judgments x {options.categories} categories, {options.items:,} items, "
    setup += f"{options.annotators} annotators; Python {platform.python_version()}, numpy {np.__version__}"
    print(setup)
    result: dict[str, Any] = {"setup": setup, "missing": int((ratings.values == MISSING).sum())}
    for name in options.sections.split(","):
        result[name] = SECTIONS[name](ratings)
        print(f"\n{name}")
        for row in result[name]:
            print(f"{row['seconds']:8.2f} s  {row['what']}")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
