"""The same scores on part of the pages: by site, source, language and the like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from learner.core.arrays import Array, Booleans, Floats
from learner.core.audited import Drawn, Population, Strata, strata_at, strata_of
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate
from learner.core.metrics.pages import blocked_column
from learner.core.metrics.rates import rates_of
from learner.core.posterior import N_DRAWS, Judged, judged_of

NAMES_MAX: Final = 8
"""The largest of a kind; what is beyond them is one slice more."""
OTHERS: Final = "others"
_UNSEEN: Final = 0.5
"""Items that may be where none was seen."""


@dataclass(frozen=True, slots=True)
class SliceScore:
    """One category on the pages of a slice."""

    precision: Estimate
    recall: Estimate
    fpr: Estimate


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of the labelled items, named by its kind; `categories` are in their order."""

    kind: str
    name: str
    n: int
    categories: tuple[SliceScore, ...]


@dataclass(frozen=True, slots=True)
class BlockedSlice:
    """Part of the labelled items under a policy: of other pages, blocked by mistake; of pages to block, let through."""

    kind: str
    name: str
    n: int
    fpr: Estimate
    fnr: Estimate


def slices_of(
    population: Population,
    drawn: Drawn,
    thresholds: Floats,
    kinds: dict[str, Sequence[str]],
    *,
    rng: np.random.Generator,
) -> Iterator[Slice]:
    """Scores on each part of the labelled items, the largest parts of a kind first.

    Of most kinds only the labelled items are known. They stand for the pages like them: each counts 1 / inclusion, and
    the sizes of strata are sums of that. So an interval says less than one of the whole population with as many labels.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
    kinds : kind -> names (n_drawn,)
        Of each drawn item; empty where it is not known, and then the item is in no slice of that kind.
    rng : np.random.Generator
    """
    for kind, name, inside in parts_of(kinds):
        scores = part_scores(population, drawn, thresholds, inside, rng=rng)
        yield Slice(kind, name, int(inside.sum()), scores)


def parts_of(kinds: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, Booleans]]:
    """The parts of the labelled items: kind, name, and which items are inside; the largest of a kind first."""
    for kind, names in kinds.items():
        of_items = _bounded(np.asarray(names, dtype=object))
        found, counts = np.unique(of_items[of_items != ""].astype(str), return_counts=True)
        for name in found[np.argsort(-counts, kind="stable")]:
            yield kind, str(name), np.asarray(of_items == name, dtype=np.bool_)


def blocked_slices(
    population: Population,
    drawn: Drawn,
    policy: tuple[Floats, Booleans],
    kinds: Mapping[str, Sequence[str]],
    *,
    rng: np.random.Generator,
) -> Iterator[BlockedSlice]:
    """What a policy blocks on each part of the labelled items, the largest parts of a kind first.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    policy : thresholds as logits, and which categories are blocked; (n_categories,) each
        At least one category is blocked.
    kinds : kind -> names (n_drawn,)
        As in `slices_of`.
    rng : np.random.Generator
    """
    for kind, name, inside in parts_of(kinds):
        column = blocked_column(*_part(population, drawn, inside), *policy)
        rates = rates_of(_unsized(strata_at(column.population, column.labelled, 0.0), rng), rng=rng)
        yield BlockedSlice(kind, name, int(inside.sum()), rates.fpr, rates.fnr)


def part_scores(
    population: Population, drawn: Drawn, thresholds: Floats, inside: Booleans, *, rng: np.random.Generator
) -> tuple[SliceScore, ...]:
    """Each category on the labelled items `inside` (n_drawn,), weighed by what they stand for."""
    part, labelled = _part(population, drawn, inside)
    scores = []
    for category, threshold in enumerate(thresholds):
        judged = _unsized(strata_of(part, labelled, float(threshold), category), rng)
        score = score_of(judged)
        scores.append(SliceScore(score.precision, score.recall, rates_of(judged, rng=rng).fpr))
    return tuple(scores)


def _part(population: Population, drawn: Drawn, inside: Booleans) -> tuple[Population, Drawn]:
    """The labelled items of a part as a population of their own: each weighs what it stands for."""
    rows = drawn.rows[inside]
    weight = (1.0 if population.measure is None else population.measure[rows]) / drawn.inclusion[inside]
    labelled = Drawn(
        np.arange(len(rows)),
        drawn.truth[inside],
        np.ones(len(rows)),
        rows if drawn.sites is None else drawn.sites[inside],
    )
    return Population(population.logits[rows], weight), labelled


def _unsized(strata: Strata, rng: np.random.Generator) -> Judged:
    """The strata with draws, their sizes being sums over the labelled items: draws too, also where none was seen."""
    mean = float(strata.size.sum()) / max(int(strata.items.sum()), 1)
    seen = replace(strata, size=np.where(strata.items > 0, strata.size, _UNSEEN * mean))
    worth = seen.n_effective + _UNSEEN
    luck = rng.standard_gamma(worth, (N_DRAWS, len(worth))) / worth
    return Judged(strata, judged_of(seen, rng=rng).shares, seen.size * luck)


def _bounded(names: Array) -> Array:
    """The names with those beyond the largest as one."""
    found, counts = np.unique(names[names != ""].astype(str), return_counts=True)
    if len(found) <= NAMES_MAX:
        return names
    kept = set(found[np.argsort(-counts, kind="stable")[:NAMES_MAX]])
    return np.array([name if name in kept or not name else OTHERS for name in names], dtype=object)
