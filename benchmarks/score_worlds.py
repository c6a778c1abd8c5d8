"""Worlds that pages come from, in cells of score: what is true of them is summed and not simulated, and a population of
200,000 items with what is drawn of it takes a few milliseconds.

In a cell all items have one logit. A population is so many items of each cell that have the category and that do not;
what is drawn is so many of them. Only the labelled items ever become rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from annotator.pool.addresses import AddressRefused, canonical
from learner.core.arrays import Array, Floats, Integers
from learner.core.audited import Known, Ranked
from learner.core.classifier import LinearClassifier
from learner.core.drawing import FLOOR, uniform_keys
from learner.core.labelled_pages import LabelledPages, read_labelled
from learner.core.waves import threshold_of, wave_chances

N_ITEMS = 200_000
SYNTHETIC = ((0.001, 3.7), (0.01, 3.0), (0.1, 2.5))
SCORES = {
    "calibrated": (0.0, 1.0, 0.0, 1),
    "too low": (-1.0, 1.0, 0.0, 1),
    "too high": (1.0, 1.0, 0.0, 1),
    "unsure": (0.0, 0.7, 0.0, 1),
    "blind": (0.0, 1.0, 0.1, 1),
    "by site": (0.0, 1.0, 0.0, 4),
}
"""What is added to the calibrated logits, what they are multiplied by, the share of positives that is not seen, and how
many pages of a site are alike."""
PREVALENCES = (0.001, 0.01, 0.1)
WRONG = (2.0, 1.0, 0.5, 0.0)
"""Standard deviation of what is added to the logits in each wave after the first, cut off at four of them."""
_CELLS = 1_500
_STEPS_A_LOGIT = 100
_TRAINED_ON = 8_000
_FURTHEST = 4.0
_HALVINGS = 30
_NEXT_TO_NOTHING = 1e-15


@dataclass(frozen=True, eq=False)
class World:
    """What items come from: of each cell its logit, ascending, and the chances that an item is in it with the category
    and without; (n_cells,) each. An item is predicted from `threshold` on. A population has `n_items`; so many pages of
    a site are alike in truth and score.
    """

    name: str
    prevalence: float
    scores: Floats
    present: Floats
    absent: Floats
    threshold: float
    n_items: int = N_ITEMS
    pages_a_site: int = 1

    def counts(self, threshold: float) -> tuple[float, float, float]:
        """tp, fp and fn as shares of all items."""
        said = self.scores >= threshold
        return tuple(
            float(part.sum()) for part in (self.present[said], self.absent[said], self.present[~said])
        )  # type: ignore[return-value]

    def true(self, threshold: float) -> dict[str, float]:
        """Precision, recall and F1."""
        tp, fp, fn = self.counts(threshold)
        return {"precision": tp / (tp + fp), "recall": tp / (tp + fn), "f1": 2 * tp / (2 * tp + fp + fn)}


@dataclass(frozen=True, eq=False)
class People:
    """A population of a world: items of each cell, (n_cells,) each."""

    world: World
    present: Integers
    absent: Integers

    @property
    def items(self) -> Integers:
        """Of each cell, (n_cells,)."""
        return self.present + self.absent

    def cells(self) -> Ranked:
        """The cells, ranked: all that precision and recall need (`items` of their strata are their sizes)."""
        sums = [
            np.concatenate([[0.0], np.cumsum(part)])
            for part in (self.items, self.items * expit(self.world.scores))
        ]
        return Ranked(self.world.scores, *sums)

    def column(self) -> Ranked:
        """All items, ranked."""
        logits = np.repeat(self.world.scores, self.items)
        sums = np.concatenate([[0.0], np.cumsum(expit(logits))])
        return Ranked(logits, np.arange(len(logits) + 1, dtype=np.float64), sums)


def fresh(world: World, rng: np.random.Generator) -> People:
    """A population."""
    sites = rng.multinomial(
        world.n_items // world.pages_a_site, np.concatenate([world.present, world.absent])
    )
    present, absent = np.split(sites * world.pages_a_site, 2)
    return People(world, present, absent)


def by_score(people: People, labels: int, rng: np.random.Generator) -> Known:
    """About so many labelled items, each drawn by itself by its score (`learner.core.drawing`)."""
    chance = cell_chances(people, labels)
    return drawn(people, chance, rng)


def cell_chances(people: People, labels: int) -> Floats:
    """The inclusion probability of the items of each cell, (n_cells,)."""
    roots, items = np.sqrt(expit(people.world.scores)), people.items
    measure = FLOOR + (1 - FLOOR) * roots * (items.sum() / (roots @ items))
    return scaled(measure, items, labels, 1 / FLOOR)


def scaled(measure: Floats, items: Array, labels: int, most: float) -> Floats:
    """Chances in proportion to a measure, by `most` at most, with so many labels expected of the items of the cells."""
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if items @ np.minimum(1, middle * measure) < labels else (low, middle)
    chance: Floats = np.minimum(1, high * measure)
    return chance


def drawn(people: People, chance: Floats, rng: np.random.Generator) -> Known:
    """Items drawn with the chance of their cell."""
    if people.world.pages_a_site > 1:
        return _drawn_pages(people, chance, rng)
    found = [rng.binomial(part, chance) for part in (people.absent, people.present)]
    cell = np.concatenate([np.repeat(np.arange(len(chance)), part) for part in found])
    truth = np.repeat([0.0, 1.0], [int(part.sum()) for part in found])
    return Known(people.world.scores[cell], truth, 1 / chance[cell], np.arange(len(cell)))


def _drawn_pages(people: People, chance: Floats, rng: np.random.Generator) -> Known:
    """The same, page by page: items stand by cell, those with the category first, and neighbours are of one site."""
    items = people.items
    pages = np.flatnonzero(rng.random(items.sum()) < np.repeat(chance, items))
    ends = np.cumsum(items)
    cell = np.searchsorted(ends, pages, side="right")
    has_it = pages - (ends - items)[cell] < people.present[cell]
    sites = pages // people.world.pages_a_site
    return Known(people.world.scores[cell], has_it.astype(np.float64), 1 / chance[cell], sites)


def by_waves(people: People, labels: int, rng: np.random.Generator) -> Known:
    """Labelled items of the product's draw: a tenth all alike, then waves by classifiers that are ever less wrong.

    Only the items whose permanent random number some wave could reach are looked at. The rest is `learner.core.waves`:
    the largest keys q / u are taken, and the chance of an item is its largest in any wave.
    """
    world = people.world
    cell, place, number = _within_reach(people, labels, rng)
    reach, is_taken = np.zeros(len(cell)), np.zeros(len(cell), dtype=np.bool_)
    for wrong, n in zip((None, *WRONG), wave_sizes(labels), strict=True):
        measure = np.ones(len(cell)) if wrong is None else _wave_measure(world, cell, wrong, rng)
        keys = np.where(is_taken, 0.0, measure / number)
        best = np.argpartition(keys, -n - 1)[-n - 1 :]
        best = best[np.argsort(-keys[best])]
        reach = np.maximum(reach, wave_chances(measure, threshold_of(keys[best], n)))
        is_taken[best[:n]] = True
    cell, place = cell[is_taken], place[is_taken]
    return Known(
        world.scores[cell],
        (place < people.present[cell]).astype(np.float64),
        1 / reach[is_taken],
        ((np.cumsum(people.items) - people.items)[cell] + place) // world.pages_a_site,
    )


def _within_reach(people: People, labels: int, rng: np.random.Generator) -> tuple[Integers, Integers, Floats]:
    """Cell, place in it, and permanent random number of the items that a wave may take."""
    furthest = _furthest(people.world, labels)
    found = np.where(furthest < 1, rng.binomial(people.items, furthest), people.items)
    cell = np.repeat(np.arange(len(furthest)), found)
    place = _by_site(people, found, rng) if people.world.pages_a_site > 1 else _alone(people, found, rng)
    number = rng.random(len(cell)) * furthest[cell]
    return cell, place, np.maximum(number, _NEXT_TO_NOTHING)


def _alone(people: People, found: Integers, rng: np.random.Generator) -> Integers:
    """Places of so many items of each cell: those with the category first, and which of them does not matter."""
    positives = rng.hypergeometric(people.present, people.absent, found)
    rank = np.arange(found.sum()) - np.repeat(np.cumsum(found) - found, found)
    others = rank >= np.repeat(positives, found)
    place: Integers = rank + np.repeat(people.present - positives, found) * others
    return place


def _by_site(people: People, found: Integers, rng: np.random.Generator) -> Integers:
    """The same where neighbours are of one site."""
    some = np.flatnonzero(found)
    return np.concatenate([rng.choice(people.items[cell], found[cell], replace=False) for cell in some])


def wave_sizes(labels: int) -> list[int]:
    """How many each wave draws."""
    first = labels // 10
    later = np.diff(np.linspace(first, labels, len(WRONG) + 1).round().astype(int))
    return [first, *later.tolist()]


@cache
def mean_root(world: World, wrong: float) -> float:
    """Mean of sqrt(probability) as a wave with so wrong a classifier sees it."""
    points, weights = np.polynomial.hermite_e.hermegauss(31)
    roots = np.sqrt(expit(world.scores[:, None] + wrong * points)) @ (weights / weights.sum())
    return float((world.present + world.absent) @ roots)


def _wave_measure(world: World, cell: Integers, wrong: float, rng: np.random.Generator) -> Floats:
    off = np.clip(rng.standard_normal(len(cell), dtype=np.float32), -_FURTHEST, _FURTHEST)
    roots = np.sqrt(expit(world.scores.astype(np.float32)[cell] + np.float32(wrong) * off))
    return FLOOR + (1 - FLOOR) * roots / mean_root(world, wrong)


@cache
def _furthest(world: World, labels: int) -> Floats:
    """A number that the chance of no item of a cell can pass, whatever the waves see in it, (n_cells,).

    The threshold of a wave is at least that of drawing as many items as all so far in one wave; a fifth to be safe.
    """
    sizes = wave_sizes(labels)
    most = np.full(len(world.scores), 1.2 * sizes[0] / world.n_items)
    for wrong, n in zip(WRONG, np.cumsum(sizes)[1:], strict=True):
        roots = np.sqrt(expit(world.scores + wrong * _FURTHEST))
        measure = FLOOR + (1 - FLOOR) * roots / mean_root(world, wrong)
        low, high = 0.0, 1 / FLOOR
        honest = FLOOR + (1 - FLOOR) * np.sqrt(expit(world.scores)) / mean_root(world, 0.0)
        share = world.present + world.absent
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            few = share @ np.minimum(1, middle * honest) * world.n_items < n
            low, high = (middle, high) if few else (low, middle)
        most = np.maximum(most, 1.2 * high * measure)
    bound: Floats = np.minimum(1, most)
    return bound


def synthetic() -> Iterator[World]:
    """Logits of negatives N(0, 1), of positives shifted, as a calibrated classifier would give them, and distorted."""
    for prevalence, apart in SYNTHETIC:
        for name, (shift, slope, blind, pages_a_site) in SCORES.items():
            edges = np.linspace(-6, 6 + apart, _CELLS + 1)
            middles = (edges[1:] + edges[:-1]) / 2
            others, seen = np.diff(norm.cdf(edges)), np.diff(norm.cdf(edges - apart))
            present = prevalence * ((1 - blind) * seen + blind * others)
            absent = (1 - prevalence) * others
            odds = logit(prevalence) + apart * middles - apart**2 / 2
            whole = present.sum() + absent.sum()
            scores = shift + slope * odds
            yield World(
                f"synthetic {prevalence:.1%} {name}",
                prevalence,
                scores,
                present / whole,
                absent / whole,
                best_threshold(scores, present, absent),
                pages_a_site=pages_a_site,
            )


def real(path: Path, most: int = 9) -> Iterator[World]:
    """Categories of a labelled file on sites that the classifier has not seen, thinned to each prevalence.

    The logits are moved by as much as a classifier of that prevalence would have them lower (Saerens et al. 2002).
    """
    pages = read_labelled(path, address=address_of)
    keys = uniform_keys(pages.sites, seed=5)
    cut = np.sort(keys)[min(_TRAINED_ON, len(keys) // 2)]
    learned, rest = pages.part(np.flatnonzero(keys < cut)), pages.part(np.flatnonzero(keys >= cut))
    classifier = LinearClassifier(pages.categories).fit(learned.features, learned.truth, groups=learned.sites)
    logits = classifier.decision(rest.features).astype(np.float64)
    rng = np.random.default_rng(2)
    for prevalence in PREVALENCES:
        for category in np.flatnonzero((rest.truth == 1).mean(axis=0) >= 0.05)[:most]:
            yield _thinned(rest, logits[:, category], int(category), prevalence, rng)


def _thinned(
    pages: LabelledPages, logits: Floats, category: int, prevalence: float, rng: np.random.Generator
) -> World:
    truth = pages.truth[:, category]
    has_it, has_not = np.flatnonzero(truth == 1), np.flatnonzero(truth == 0)
    kept = rng.permutation(has_it)[: round(prevalence / (1 - prevalence) * len(has_not))]
    steps = np.round(logits * _STEPS_A_LOGIT).astype(np.int64)
    cells, place = np.unique(np.concatenate([steps[kept], steps[has_not]]), return_inverse=True)
    present, absent = (
        np.bincount(part, minlength=len(cells)).astype(np.float64) / len(place)
        for part in np.split(place.ravel(), [len(kept)])
    )
    moved = logit(len(kept) / len(place)) - logit(len(has_it) / (len(has_it) + len(has_not)))
    scores = cells / _STEPS_A_LOGIT + float(moved)
    name = f"{pages.categories[category]} {len(kept) / len(place):.2%}"
    return World(
        name, prevalence, scores, present, absent, best_threshold(scores, present, absent), len(place)
    )


def best_threshold(scores: Floats, present: Floats, absent: Floats) -> float:
    """The logit with the best F1."""
    hits, said = np.cumsum(present[::-1]), np.cumsum((present + absent)[::-1])
    f1: Array = 2 * hits / (said + present.sum())
    return float(scores[::-1][f1.argmax()])


def address_of(raw: str) -> tuple[str, str, str] | None:
    """URL, host and site as the product reads them; None where it would refuse them."""
    try:
        return tuple(canonical(raw))  # type: ignore[return-value]
    except AddressRefused:
        return None
