"""The same scores on part of the pages: by site, source, language and the like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from learner.core.arrays import Array, Booleans, Floats
from learner.core.audited import (
    Drawn,
    Known,
    Population,
    Ranked,
    known_of,
    ranked_of,
    strata_at,
    strata_between,
)
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate
from learner.core.metrics.pages import blocked_column
from learner.core.metrics.rates import rates_of
from learner.core.posterior import N_DRAWS, Judged, judged_of, sizes_drawn

NAMES_MAX: Final = 8
"""The largest of a kind; what is beyond them is one slice more."""
OTHERS: Final = "others"
_JEFFREYS: Final = 0.5
_NOTHING: Final = 1e-12


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

    Of most kinds only the labelled items are known. What the whole population measures in a stratum is known, and what
    share of that is in the slice is estimated from all labelled items there. So an interval says less than one of the
    whole population with as many labels.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
    kinds : kind -> names (n_drawn,)
        Of each drawn item; empty where it is not known, and then the item is in no slice of that kind.
    rng : np.random.Generator
    """
    parts = list(parts_of(kinds))
    scores = part_scores(population, drawn, thresholds, [inside for _, _, inside in parts], rng=rng)
    for (kind, name, inside), of_part in zip(parts, scores, strict=True):
        yield Slice(kind, name, int(inside.sum()), of_part)


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
    column = blocked_column(population, drawn, *policy)
    measure = _measure(population, drawn)[column.truth >= 0]
    for kind, name, inside in parts_of(kinds):
        part = _Part(column.population, column.labelled, measure, inside[column.truth >= 0])
        rates = rates_of(part.judged(0.0, rng=rng), rng=rng)
        yield BlockedSlice(kind, name, int(inside.sum()), rates.fpr, rates.fnr)


def part_scores(
    population: Population,
    drawn: Drawn,
    thresholds: Floats,
    parts: Sequence[Booleans],
    *,
    rng: np.random.Generator,
) -> list[tuple[SliceScore, ...]]:
    """Of each part of the drawn items, (n_drawn,) each, the scores of each category."""
    of_category = []
    for category, threshold in enumerate(thresholds):
        column, labelled = ranked_of(population, category), known_of(population, drawn, category)
        is_known = drawn.truth[:, category] >= 0
        measure = _measure(population, drawn)[is_known]
        of_category.append(
            [
                _score(
                    _Part(column, labelled, measure, inside[is_known]).judged(float(threshold), rng=rng), rng
                )
                for inside in parts
            ]
        )
    return list(zip(*of_category, strict=True))


def _score(judged: Judged, rng: np.random.Generator) -> SliceScore:
    score = score_of(judged)
    return SliceScore(score.precision, score.recall, rates_of(judged, rng=rng).fpr)


def _measure(population: Population, drawn: Drawn) -> Floats:
    """How much each drawn item counts, (n_drawn,)."""
    return np.ones(len(drawn.rows)) if population.measure is None else population.measure[drawn.rows]


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """A column, its labelled items with what each counts, and which of them are inside; (n_known,) each."""

    column: Ranked
    labelled: Known
    measure: Floats
    inside: Booleans

    def judged(self, threshold: float, *, rng: np.random.Generator) -> Judged:
        """The part in strata that suit its own labels, with draws of what share of each stratum it is.

        That share has Jeffreys' prior, so something may be inside where nothing was seen; where the population has
        nothing either, half an item may be. How many items are predicted is chance too, as in `sizes_drawn`: of pages
        by their requests there are as many as make up most of these.
        """
        everyone, inside = self.labelled, self.inside
        part = Known(
            everyone.scores[inside], everyone.truth[inside], everyone.weight[inside], everyone.sites[inside]
        )
        strata = strata_at(self.column, part, threshold)
        stratum = np.searchsorted(strata.cuts, everyone.scores, side="right")
        whole, within, heavy = (
            np.bincount(stratum, values, len(strata.size))
            for values in (
                everyone.weight,
                everyone.weight * inside,
                everyone.weight * self.measure * inside,
            )
        )
        share = within / np.maximum(whole, _NOTHING)
        n = strata_between(self.column, everyone, strata.cuts, threshold).n_effective
        shares = rng.beta(n * share + _JEFFREYS, n * (1 - share) + _JEFFREYS, (N_DRAWS, len(share)))
        items = np.ceil(within**2 / np.maximum(heavy, _NOTHING)).astype(np.int64)
        sized = replace(strata, size=strata.size * share, items=items)
        one = float(self.column.measure[-1]) / max(len(self.column.scores), 1)
        few = one * rng.standard_gamma(_JEFFREYS, shares.shape)
        sizes = np.where(strata.size > 0, strata.size * np.where(share < 1, shares, 1.0), few)
        luck = sizes_drawn(replace(sized, size=np.ones(len(share))), N_DRAWS, rng)
        return Judged(sized, judged_of(sized, rng=rng).shares, sizes * luck)


def _bounded(names: Array) -> Array:
    """The names with those beyond the largest as one."""
    found, counts = np.unique(names[names != ""].astype(str), return_counts=True)
    if len(found) <= NAMES_MAX:
        return names
    kept = set(found[np.argsort(-counts, kind="stable")[:NAMES_MAX]])
    return np.array([name if name in kept or not name else OTHERS for name in names], dtype=object)
