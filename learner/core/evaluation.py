"""How well a classifier does: each number with n and an interval, or the reason why it has none."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from learner.core.arrays import Array, Booleans, Floats

CONFIDENCE = 0.95
N_BOOTSTRAP = 1_000
_CELLS_AT_ONCE = 4_000_000
_QUANTILES = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_Z = float(norm.ppf((1 + CONFIDENCE) / 2))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number from 0 to 1, its 95 % interval and the items behind it; or None, and why it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why_undefined: str


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """One category: items, positives, the four counts (sums of weights, if weighted), and the scores."""

    n: int
    n_positive: int
    tp: float
    fp: float
    fn: float
    tn: float
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class OverallScore:
    """Macro-F1, the mean over the `n_categories` whose F1 is defined, and micro-F1, of the summed counts."""

    macro_f1: Estimate
    micro_f1: Estimate
    n_categories: int


def category_scores(
    truth: Array,
    predicted: Array,
    weights: Array | None = None,
    *,
    rng: np.random.Generator,
    sites: Array | None = None,
) -> list[CategoryScore]:
    """Counts, precision, recall and F1 of each category.

    Precision and recall have Wilson's interval (1927, doi:10.1080/01621459.1927.10502953), with weights on
    Kish's effective number of items. F1 has the wider end, on each side, of two intervals: the percentiles
    of a bootstrap over sites, because pages of a site rise and fall together; and Wilson's for tp / (tp +
    fp + fn), of which F1 is a monotone function (Hand, Christen and Kirielle 2021,
    doi:10.1007/s10994-021-05964-1), because a bootstrap of few items varies too little, and of a perfect
    score not at all.

    Parameters
    ----------
    truth, predicted : integers (n_items, n_categories)
        1 present, 0 absent; in `truth` also -1 not known, which leaves the item out for that category.
    weights : float (n_items,), optional
        Positive, for instance 1 / inclusion probability.
    rng : np.random.Generator
        For the bootstrap.
    sites : (n_items,), optional
        Site of each item; without it, every item is resampled by itself.

    Returns
    -------
    list of CategoryScore, n_categories

    Raises
    ------
    ValueError
        If shapes differ or a label means nothing.
    """
    cells = _cells(truth, predicted, weights)
    samples = _f1(_resampled(cells, sites, rng))
    return [_category(cells, category, samples[:, category]) for category in range(truth.shape[1])]


def overall_score(
    truth: Array,
    predicted: Array,
    weights: Array | None = None,
    *,
    rng: np.random.Generator,
    sites: Array | None = None,
) -> OverallScore:
    """Macro-F1 (with the bootstrap interval alone) and micro-F1; parameters as of `category_scores`."""
    cells = _cells(truth, predicted, weights)
    resampled = _resampled(cells, sites, rng)
    totals = cells.counted[:, :3].sum(axis=0)
    per_category = _f1(totals[None])[0]
    defined = np.isfinite(per_category)
    n_known = int(cells.known.any(axis=1).sum())
    if not defined.any():
        nothing = Estimate(None, None, None, n_known, "no category is present or predicted anywhere")
        return OverallScore(nothing, nothing, 0)
    macro_samples = _mean_of_defined(_f1(resampled)[:, defined])
    macro = _with_percentiles(float(per_category[defined].mean()), macro_samples, n_known)
    micro = _f1_estimate(totals.sum(axis=1), _f1(resampled.sum(axis=2)), cells.in_union(slice(None)))
    return OverallScore(macro, micro, int(defined.sum()))


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """The 95 % score interval of a share of n items (n > 0, also effective and not whole).

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(0.5, 10)]
    [0.2366, 0.7634]
    """
    shrunk = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, float(shrunk - half)), min(1.0, float(shrunk + half))


@dataclass(frozen=True, slots=True, eq=False)
class _Cells:
    """`counted` (n_items, 4, n_categories): each item's weight as tp, fp, fn or tn; `known`: truth is not -1."""

    counted: Floats
    known: Booleans

    def in_union(self, category: int | slice) -> Floats:
        """Weights of what is present or predicted, 0 for the rest."""
        return self.counted[:, :3, category].ravel()


def _cells(truth: Array, predicted: Array, weights: Array | None) -> _Cells:
    if truth.shape != predicted.shape or truth.ndim != len(("items", "categories")):
        raise ValueError(
            f"truth is {truth.shape}, predicted {predicted.shape}; both need (n_items, n_categories)"
        )
    if not np.isin(truth, (-1, 0, 1)).all() or not np.isin(predicted, (0, 1)).all():
        raise ValueError("labels need to be 1 or 0, and in truth also -1 for not known")
    weight = np.ones(len(truth)) if weights is None else np.asarray(weights, dtype=np.float64)
    if weight.shape != (len(truth),) or (weight <= 0).any():
        raise ValueError(f"weights are {weight.shape}; {len(truth)} positive ones are needed")
    pairs = ((1, 1), (0, 1), (1, 0), (0, 0))
    counted = np.stack([(truth == present) & (predicted == said) for present, said in pairs], axis=1)
    return _Cells(counted * weight[:, None, None], truth >= 0)


def _resampled(cells: _Cells, sites: Array | None, rng: np.random.Generator) -> Floats:
    """Totals of tp, fp, fn over draws of sites with replacement, (N_BOOTSTRAP, 3, n_categories)."""
    n_items, _, n_categories = cells.counted.shape
    site = np.arange(n_items) if sites is None else np.unique(np.asarray(sites), return_inverse=True)[1]
    n_sites = int(site.max(initial=-1)) + 1
    totals = np.zeros((n_sites, 3, n_categories))
    np.add.at(totals, site, cells.counted[:, :3])
    if not n_sites:
        return np.zeros((N_BOOTSTRAP, 3, n_categories))
    at_once = max(1, _CELLS_AT_ONCE // n_sites)
    drawn = [
        rng.multinomial(n_sites, np.full(n_sites, 1 / n_sites), size=min(at_once, N_BOOTSTRAP - start))
        @ totals.reshape(n_sites, -1)
        for start in range(0, N_BOOTSTRAP, at_once)
    ]
    return np.concatenate(drawn).reshape(N_BOOTSTRAP, 3, n_categories)


def _f1(totals: Floats) -> Floats:
    """F1 of tp, fp, fn along axis 1; not a number where all three are 0."""
    tp, fp, fn = totals[:, 0], totals[:, 1], totals[:, 2]
    union = 2 * tp + fp + fn
    f1: Floats = np.divide(2 * tp, union, out=np.full(union.shape, np.nan), where=union > 0)
    return f1


def _mean_of_defined(f1: Floats) -> Floats:
    """Mean over the categories defined in each draw, (n_draws,); to count the others as 0 would only pull down."""
    known = np.isfinite(f1)
    total = np.where(known, f1, 0.0).sum(axis=1)
    mean: Floats = np.divide(total, known.sum(axis=1), out=np.full(len(f1), np.nan), where=known.any(axis=1))
    return mean


def _category(cells: _Cells, category: int, f1_samples: Floats) -> CategoryScore:
    counted = cells.counted[:, :, category]
    tp, fp, fn, tn = (float(total) for total in counted.sum(axis=0))
    hits = counted[:, 0]
    return CategoryScore(
        n=int(cells.known[:, category].sum()),
        n_positive=int(((counted[:, 0] + counted[:, 2]) > 0).sum()),
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        precision=_share(hits, counted[:, 1], "it was predicted for no item"),
        recall=_share(hits, counted[:, 2], "no item has it"),
        f1=_f1_estimate(np.array([tp, fp, fn]), f1_samples, cells.in_union(category)),
    )


def _share(hits: Floats, misses: Floats, why_undefined: str) -> Estimate:
    """Weighted share of hits among hits and misses, (n_items,) each, 0 where an item is neither."""
    weights = hits + misses
    n = int((weights > 0).sum())
    if not n:
        return Estimate(None, None, None, 0, why_undefined)
    share = float(hits.sum() / weights.sum())
    low, high = wilson_interval(share, _effective(weights))
    return Estimate(share, low, high, n, "")


def _effective(weights: Floats) -> float:
    """Kish's effective number of items: of equal weights their number, of unequal ones less."""
    return float(weights.sum() ** 2 / (weights**2).sum())


def _f1_estimate(totals: Floats, samples: Floats, in_union: Floats) -> Estimate:
    """F1 of totals tp, fp, fn (3,), with the wider of the bootstrap's and Wilson's ends."""
    tp, union = float(totals[0]), float(totals.sum())
    n = int((in_union > 0).sum())
    if not n:
        return Estimate(None, None, None, 0, "it is neither present nor predicted anywhere")
    jaccard_low, jaccard_high = wilson_interval(tp / union, _effective(in_union))
    estimate = _with_percentiles(2 * tp / (tp + union), samples, n)
    low = min(2 * jaccard_low / (1 + jaccard_low), estimate.low or 0.0)
    return Estimate(
        estimate.value, low, max(2 * jaccard_high / (1 + jaccard_high), estimate.high or 0.0), n, ""
    )


def _with_percentiles(value: float, samples: Floats, n: int) -> Estimate:
    low, high = np.nanquantile(samples, _QUANTILES)
    return Estimate(value, float(low), float(high), n, "")
