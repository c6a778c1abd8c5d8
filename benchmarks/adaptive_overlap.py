"""Accuracy against judgments spent on public judgments with gold: fixed overlap, and stopping where it is certain.

Three situations. `new`: skills are estimated from the judgments bought so far and from nothing else. `known`: skills
come from all judgments on one half of the items, drawn at random, and the other half is judged. Gold only scores; but
`saving` picks the cheapest certainty by that score, so what it finds is the best case. Read the rows for one setting.
`chosen` picks nothing by what it reports: see benchmarks/overlap_chosen.py.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotator.agreement.dawid_skene import Answers, dawid_skene, posterior_given  # noqa: E402
from benchmarks.overlap_chosen import chosen  # noqa: E402
from benchmarks.truth import SETS, load, majority_accuracy  # noqa: E402

FIXED = (1, 2, 3, 4, 5, 7)
CERTAINTIES = (0.8, 0.9, 0.95, 0.99, 0.999)
MOSTS = (5, 9)
STRENGTH = 4.0
SAVING = 0.25
CHOSEN_MOST = 5  # as the product has it


def main() -> None:
    options = _options()
    result: dict[str, Any] = {"seeds": options.seeds, "sets": {}}
    for name in options.sets:
        answers, gold = load(options.data / f"votes_{name}.parquet")
        for situation, run in (("new", new), ("known", known)):
            rows = simulate(answers, gold, options.seeds, run)
            found = {"rows": rows, "savings": [saving(rows, places) for places in (3, 5)]}
            result["sets"][f"{name}, skills {situation}"] = found
            report(f"{name}, skills {situation}", found)
        for least in (1, 2):
            rows = chosen(answers, gold, options.chosen_seeds, least=least, most=CHOSEN_MOST)
            result["sets"][f"{name}, chosen on the other half, at least {least}"] = rows
            report_chosen(f"{name}, chosen on the other half, {least} to {CHOSEN_MOST} judgments", rows)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))


Runs = dict[tuple[str, int, float], list[tuple[float, ...]]]


def simulate(
    answers: Answers, gold: np.ndarray, seeds: int, run: Callable[[Answers, np.ndarray, int, Runs], None]
) -> list[dict[str, Any]]:
    """Mean accuracy on gold, and mean judgments an item, of each way over random orders of the judgments."""
    runs: Runs = {}
    for seed in range(seeds):
        run(answers, gold, seed, runs)
    rows = []
    for (way, places, certainty), values in runs.items():
        spent, majority, inferred = np.mean(values, axis=0)
        deviation = np.std([value[2] for value in values], ddof=1)
        rows.append(
            {
                "way": way,
                "places": places,
                "certainty": certainty,
                "judgments_an_item": round(float(spent), 3),
                "majority": round(float(majority), 4),
                "inferred": round(float(inferred), 4),
                "inferred_se": round(float(deviation / np.sqrt(seeds)), 4),
            }
        )
    return rows


def new(answers: Answers, gold: np.ndarray, seed: int, runs: Runs) -> None:
    """One order of the judgments, with skills estimated on the way."""
    turn = turns(answers, np.random.default_rng(seed))
    for places in FIXED:
        runs.setdefault(("fixed", places, 0), []).append(measured(answers, turn < places, gold))
    for most in MOSTS:
        for certainty in CERTAINTIES:
            bought = adaptive(answers, turn, certainty=certainty, most=most)
            runs.setdefault(("adaptive", most, certainty), []).append(measured(answers, bought, gold))


def known(answers: Answers, gold: np.ndarray, seed: int, runs: Runs) -> None:
    """One order of the judgments on one half of the items, with skills estimated on the other half."""
    rng = np.random.default_rng(seed)
    turn = turns(answers, rng)
    judged = rng.random(answers.n_items) < 1 / 2
    fit = dawid_skene(_only(answers, ~judged[answers.item]), strength=STRENGTH)
    gold = np.where(judged, gold, -1)
    turn = np.where(judged[answers.item], turn, answers.n)

    def score(bought: np.ndarray) -> tuple[float, float, float]:
        some = _only(answers, bought)
        right = (
            posterior_given(some, fit.marginals, fit.confusion)[gold >= 0].argmax(axis=1) == gold[gold >= 0]
        )
        return some.n / judged.sum(), majority_accuracy(some, gold), float(right.mean())

    for places in FIXED:
        runs.setdefault(("fixed", places, 0), []).append(score(turn < places))
    for most in MOSTS:
        for certainty in CERTAINTIES:
            bought = turn < 1
            for places in range(1, most):
                some = _only(answers, bought)
                sure = posterior_given(some, fit.marginals, fit.confusion).max(axis=1) >= certainty
                bought = bought | ((turn == places) & ~sure[answers.item])
            runs.setdefault(("adaptive", most, certainty), []).append(score(bought))


def turns(answers: Answers, rng: np.random.Generator) -> np.ndarray:
    """Which judgment on its item each one is, 0 the first, in a random order."""
    order = np.lexsort((rng.random(answers.n), answers.item))
    first = np.searchsorted(answers.item[order], np.arange(answers.n_items))
    turn = np.empty(answers.n, dtype=np.int64)
    turn[order] = np.arange(answers.n) - first[answers.item[order]]
    return turn


def adaptive(answers: Answers, turn: np.ndarray, *, certainty: float, most: int) -> np.ndarray:
    """Judgments bought: one on each item, then one more wherever skills estimated so far leave it uncertain."""
    bought = turn < 1
    for places in range(1, most):
        fit = dawid_skene(_only(answers, bought), strength=STRENGTH if places > 1 else 10 * STRENGTH)
        # One judgment an item says nothing on skills: everybody gets a second one.
        uncertain = (
            fit.posterior.max(axis=1) < certainty if places > 1 else np.ones(answers.n_items, dtype=bool)
        )
        bought |= (turn == places) & uncertain[answers.item] & (_bought_on(answers, bought) == places)
    return bought


def measured(answers: Answers, bought: np.ndarray, gold: np.ndarray) -> tuple[float, float, float]:
    """Judgments an item, and the accuracy on gold of the majority and of Dawid-Skene on just those judgments."""
    some = _only(answers, bought)
    fit = dawid_skene(some, strength=STRENGTH)
    scored = gold >= 0
    right = (fit.posterior[scored].argmax(axis=1) == gold[scored]).mean()
    return some.n / answers.n_items, majority_accuracy(some, gold), float(right)


def _bought_on(answers: Answers, bought: np.ndarray) -> np.ndarray:
    return np.bincount(answers.item[bought], minlength=answers.n_items)[answers.item]


def _only(answers: Answers, chosen: np.ndarray) -> Answers:
    return Answers(
        answers.item[chosen],
        answers.annotator[chosen],
        answers.value[chosen],
        answers.n_items,
        answers.n_annotators,
        answers.n_values,
    )


def saving(rows: list[dict[str, Any]], places: int) -> dict[str, Any]:
    """The cheapest adaptive way as accurate as fixed overlap, by what is done with the fixed judgments."""
    fixed = next(row for row in rows if row["way"] == "fixed" and row["places"] == places)
    found: dict[str, Any] = {"fixed": places}
    for method in ("majority", "inferred"):
        enough = [row for row in rows if row["way"] == "adaptive" and row["inferred"] >= fixed[method]]
        best = min(enough, key=lambda row: row["judgments_an_item"], default=None)
        share = 1 - best["judgments_an_item"] / fixed["judgments_an_item"] if best else None
        found[f"against_{method}"] = {
            "accuracy": fixed[method],
            "saved": None if share is None else round(share, 3),
            "goal_met": share is not None and share >= SAVING,
            "by": best,
        }
    return found


def report(name: str, result: dict[str, Any]) -> None:
    """The table of one set, and what is saved."""
    print(f"{name}\n  way       places  certainty  judgments/item  majority  inferred (s.e.)")
    for row in result["rows"]:
        print(
            f"  {row['way']:8}  {row['places']:6}  {row['certainty']:9}  {row['judgments_an_item']:14.2f}  "
            f"{row['majority']:8.4f}  {row['inferred']:.4f} ({row['inferred_se']:.4f})"
        )
    for found in result["savings"]:
        for method in ("majority", "inferred"):
            against = found[f"against_{method}"]
            print(f"  fixed {found['fixed']} by {method} ({against['accuracy']}): saved {against['saved']}")


def report_chosen(name: str, rows: list[dict[str, Any]]) -> None:
    """The table of what was chosen on one half and holds on the other."""
    print(
        f"{name}\n  next      chosen by  fixed  saved (s.e.)     accuracy  fixed: inferred  majority  gain (s.e.)"
    )
    for row in rows:
        print(
            f"  {row['who']:8}  {row['chosen_by']:9}  {row['fixed']:5}  {row['saved']:6.1%} ({row['saved_se']:5.1%})"
            f"  {row['right']:8.4f}  {row['fixed_inferred']:15.4f}  {row['fixed_majority']:8.4f}"
            f"  {row['gain_inferred']:+.4f} ({row['gain_inferred_se']:.4f})",
            flush=True,
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with votes_<set>.parquet")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--chosen-seeds", type=int, default=10)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=SETS)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
