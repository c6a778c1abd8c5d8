"""Worlds of pages with three categories at once, in slices, for what is said of all categories together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import label_ranking_average_precision_score

from benchmarks.doubt_worlds import said_of
from learner.core.arrays import Booleans, Floats, Floats32, Integers
from learner.core.audited import Drawn, Population, strata_of
from learner.core.audited_scores import scores_of
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import Estimate
from learner.core.metrics.confusion import confusion_of
from learner.core.metrics.doubt import doubt_by_score
from learner.core.metrics.slices import slices_of
from learner.core.metrics.together import together_of
from learner.core.posterior import judged_of

PREVALENCES = np.array([0.001, 0.01, 0.1])
APART = np.array([3.7, 3.0, 2.5])
NAMES = ("rare", "middle", "common", "none")
SLICES = (0.7, 0.25, 0.05)
WORSE = (0.0, 0.3, 0.8)
"""How much less the scores of positives are apart in a slice."""
ALIKE = 1.5
"""What the common category adds to the scores of the other two, where pages are alike."""
BLIND = 0.1
WORLDS = ("apart", "alike", "blind", "in doubt")
REQUESTS = 1.0
"""Standard deviation of the logarithm of the requests that a page has."""
TRUE_PARTS, TRUE_ITEMS = 20, 200_000


@dataclass(frozen=True, eq=False)
class Pages:
    """Truth and logits (n_items, 3), and the slice of each page."""

    truth: Booleans
    logits: Floats32
    slices: Integers


def fresh_pages(world: str, n_items: int, rng: np.random.Generator) -> Pages:
    """A population of a world."""
    slices = rng.choice(len(SLICES), n_items, p=SLICES)
    truth = rng.random((n_items, 3)) < PREVALENCES
    seen = truth & (rng.random(truth.shape) >= (BLIND if world == "blind" else 0.0))
    apart = APART - np.array(WORSE)[slices][:, None]
    score = rng.standard_normal(truth.shape, dtype=np.float32) + apart * seen
    if world == "alike":
        score[:, :2] += ALIKE * truth[:, [2]] * ~truth[:, :2]
    logits = logit(PREVALENCES) + APART * score - APART**2 / 2
    return Pages(truth, logits.astype(np.float32), slices)


def thresholds_of() -> Floats:
    """The thresholds of best F1 where categories are apart and no slice is worse."""
    cuts = np.linspace(0, 6, 6_001)[:, None]
    hits = PREVALENCES * norm.sf(cuts - APART)
    f1 = 2 * hits / (PREVALENCES + hits + (1 - PREVALENCES) * norm.sf(cuts))
    best = cuts[f1.argmax(axis=0), 0]
    thresholds: Floats = logit(PREVALENCES) + APART * best - APART**2 / 2
    return thresholds


def true_pages(world: str) -> dict[str, float]:
    """Every measure of a world, counted on 4,000,000 pages."""
    rng = np.random.default_rng(9)
    parts = [_counted(fresh_pages(world, TRUE_ITEMS, rng)) for _ in range(TRUE_PARTS)]
    whole = {name: np.sum([part[name] for part in parts], axis=0) for name in parts[0]}
    confused = whole["rows"] / whole["row_sizes"][:, None]
    true = {
        f"confusion {row} as {column}": float(confused[i, j])
        for i, row in enumerate(NAMES)
        for j, column in enumerate(NAMES)
    }
    tp, fp, fn = whole["hits"].sum(axis=0)
    f1 = 2 * tp / (2 * tp + fp + fn)
    true |= {
        "macro-F1": float(f1.mean()),
        "micro-F1": float(2 * tp.sum() / (2 * tp + fp + fn).sum()),
        "weighted F1": float(f1 @ (tp + fn) / (tp + fn).sum()),
        "subset accuracy": float(whole["right"] / (TRUE_PARTS * TRUE_ITEMS)),
        "Hamming loss": float((fp + fn).sum() / (3 * TRUE_PARTS * TRUE_ITEMS)),
        "label ranking": float(np.mean([part["ranking"] for part in parts])),
    }
    for place, of_slice in enumerate(whole["hits"]):
        for column, name in enumerate(NAMES[:3]):
            tp, fp, fn = of_slice[:, column]
            others = whole["sizes"][place] - tp - fn
            true[f"slice {place} {name} precision"] = float(tp / (tp + fp))
            true[f"slice {place} {name} recall"] = float(tp / (tp + fn))
            true[f"slice {place} {name} fpr"] = true[f"slice {place} {name} fpr by requests"] = float(
                fp / others
            )
    return true


def _counted(pages: Pages) -> dict[str, Floats]:
    said, truth = pages.logits >= thresholds_of(), pages.truth
    rows = np.column_stack([truth, ~truth.any(axis=1)]).astype(np.float64)
    wrong = np.column_stack([said & ~truth, ~said.any(axis=1)]).astype(np.float64)
    confused = rows.T @ wrong
    confused[np.arange(3), np.arange(3)] = (said & truth).sum(axis=0)
    some = truth.any(axis=1)
    inside = np.eye(len(SLICES))[pages.slices]
    hits = np.stack([inside.T @ part for part in (said & truth, said & ~truth, ~said & truth)], axis=1)
    return {
        "rows": confused,
        "row_sizes": rows.sum(axis=0),
        "hits": hits,
        "sizes": inside.sum(axis=0),
        "right": np.array((said == truth).all(axis=1).sum()),
        "ranking": np.array(label_ranking_average_precision_score(truth[some], pages.logits[some])),
    }


def page_estimates(world: str, n_items: int, labels: int, rng: np.random.Generator) -> dict[str, Estimate]:
    """Every measure of one repetition."""
    pages, thresholds = fresh_pages(world, n_items, rng), thresholds_of()
    probabilities = expit(pages.logits)
    totals = np.sqrt(probabilities).sum(axis=0, dtype=np.float64)
    chance = chances(score_measure(probabilities, totals, n_items), labels)
    rows = np.flatnonzero(rng.random(n_items) < chance)
    population = Population(pages.logits)
    drawn = Drawn(rows, pages.truth[rows].astype(np.float64), chance[rows])
    if world == "in doubt":
        drawn = doubt_by_score(replace(drawn, truth=said_of(drawn.truth, rng)), pages.logits[rows])
    every = [
        judged_of(strata_of(population, drawn, float(threshold), place), rng=rng)
        for place, threshold in enumerate(thresholds)
    ]
    _, overall = scores_of(every, len(rows))
    together = together_of(population, drawn, thresholds, every, rng=rng)
    cells = confusion_of(population, drawn, thresholds, every, rng=rng).cells
    found = {
        "macro-F1": overall.macro_f1,
        "micro-F1": overall.micro_f1,
        "weighted F1": together.weighted_f1,
        "subset accuracy": together.subset_accuracy,
        "Hamming loss": together.hamming,
        "label ranking": together.label_ranking_ap,
    }
    for row, of_row in zip(NAMES, cells, strict=True):
        found |= {f"confusion {row} as {column}": cell for column, cell in zip(NAMES, of_row, strict=True)}
    kinds: dict[str, Sequence[str]] = {"slice": [str(place) for place in pages.slices[rows]]}
    for one in slices_of(population, drawn, thresholds, kinds, rng=rng):
        for name, score in zip(NAMES, one.categories, strict=False):
            found |= {
                f"slice {one.name} {name} {measure}": getattr(score, measure)
                for measure in ("precision", "recall", "fpr")
            }
    by_requests = Population(pages.logits, np.exp(REQUESTS * rng.normal(size=n_items)))
    for one in slices_of(by_requests, drawn, thresholds, kinds, rng=rng):
        for name, score in zip(NAMES, one.categories, strict=False):
            found[f"slice {one.name} {name} fpr by requests"] = score.fpr
    return found
