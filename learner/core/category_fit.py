"""One category's linear model: fitted, checked on unseen sites, calibrated, or refused with a reason."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from scipy.special import expit, logit
from sklearn import config_context
from sklearn.svm import LinearSVC

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.calibration import (
    Sigmoid,
    best_f1_threshold,
    cross_entropy,
    numbered,
    platt_sigmoid,
    site_folds,
)

_STOP_AT = 0.1  # liblinear's own default; a tighter one costs 1.5 times the time and changes no third digit
TUNED_ITEMS = 4_000  # settings are tried on at most so many items: beyond, the choice hardly changes
KEPT_UNTIL = 1.25  # times the labels on which a setting was chosen: then it is chosen anew
ENOUGH_DECIDED, ENOUGH_POSITIVES = 20_000, 100  # decisions about unseen sites that calibrate a category


@dataclass(frozen=True, slots=True)
class Setting:
    """Inverse strength of regularisation, and how much the URL weighs beside what the page says."""

    C: float
    url_weight: float


USUAL = Setting(1.0, 1.0)
SETTINGS = tuple(Setting(C, url_weight) for url_weight in (1.0, 0.6) for C in (0.5, 1.0, 2.0))
"""What is tried for each category; the URL's weight only where some page says something."""


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """What the classifier knows of one category, and why it is not learned yet where it is not.

    `threshold` is the probability from which on the category counts as present; `f1` is what it reached on
    unseen sites, a little optimistic because the threshold was chosen there; `setting` is what was chosen for it, on
    `chosen_on` labels, here or by an earlier version. All four are None while the category is not learned; `reason` is
    empty once it is. `weights` are the least and the most that one label counted, 1 on average.
    """

    category: str
    learned: bool
    reason: str
    n_positive: int
    n_negative: int
    n_sites: int
    threshold: float | None
    f1: float | None
    setting: dict[str, float] | None = None
    weights: dict[str, float] | None = None
    chosen_on: int | None = None

    @property
    def kept(self) -> "KeptSetting | None":
        """The setting as the next fit may take it over; None where none was chosen."""
        if self.setting is None or self.chosen_on is None:
            return None
        return KeptSetting(Setting(**self.setting), self.chosen_on)


@dataclass(frozen=True, slots=True)
class KeptSetting:
    """A setting that an earlier fit chose, on so many labels."""

    setting: Setting
    chosen_on: int

    def holds_for(self, n_labels: int) -> bool:
        """Whether there are hardly more labels than it was chosen on, nor fewer."""
        return self.chosen_on <= KEPT_UNTIL * n_labels and n_labels <= KEPT_UNTIL * self.chosen_on


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fit a category: the parameters of `LinearClassifier`, which explains them, and what may be tried.

    `kept` is the setting of the fit before, which spares the choice while it holds.
    """

    settings: Sequence[Setting]
    n_folds: int
    min_positives: int
    min_sites: int
    seed: int
    kept: KeptSetting | None = None


@dataclass(frozen=True, slots=True, eq=False)
class CategoryTask:
    """The items whose answer is known: features (n_items, n_columns), the rest (n_items,), truth 0 or 1.

    The first `n_url` columns are of the URL.
    """

    features: csr_matrix
    n_url: int
    truth: Array
    sites: Integers
    weights: Floats

    def part(self, rows: Booleans) -> "CategoryTask":
        """The items in `rows`."""
        if rows.all():
            return self
        return replace(
            self,
            features=self.features[rows],
            truth=self.truth[rows],
            sites=self.sites[rows],
            weights=self.weights[rows],
        )

    def under(self, setting: Setting) -> "CategoryTask":
        """The same with the URL's columns as heavy as the setting says."""
        if setting.url_weight == 1:
            return self
        return replace(self, features=csr_matrix(self.features @ diags_array(self.column_weights(setting))))

    def column_weights(self, setting: Setting) -> Floats:
        """What each column is multiplied with under a setting, (n_columns,)."""
        weights = np.ones(self.features.shape[1])
        weights[: self.n_url] = setting.url_weight
        return weights


@dataclass(frozen=True, slots=True, eq=False)
class CategoryFit:
    """One column of the packed matrix: logit = x @ weights + bias, present from `threshold` (a logit) on."""

    weights: Floats
    bias: float
    threshold: float
    status: CategoryStatus


def fit_category(
    task: CategoryTask, category: str, options: FitOptions, *, rng: np.random.Generator
) -> CategoryFit:
    """The fit of one category, or the smoothed prevalence with the reason why it is not learned yet.

    1. Refuse what has too few positives or negatives, or has them on too few sites.
    2. Choose the setting under which decisions about unseen sites tell most, or keep the one before.
    3. Decide items by machines that saw nothing of their sites, all of them or enough, and make these decisions
       probabilities.
    4. Choose the threshold with the best F1 on them.
    5. Fit the machine on everything and fold sigmoid and setting into its weights.
    """
    counts = _counts(task)
    if reason := _too_little(counts, options):
        return _not_learned(category, reason, counts, task)
    n_folds = min(options.n_folds, counts.positive_sites)
    chosen = _kept_setting(counts, options) or _chosen_setting(task, n_folds, options, rng.spawn(1)[0])
    setting = chosen.setting
    weighted = task.under(setting)
    unseen = _unseen(weighted, _folds(weighted, n_folds, rng), setting.C, options)
    if unseen is None:
        return _not_learned(category, "too few sites to check it on ones it had not seen", counts, task)
    sigmoid = unseen.sigmoid
    if sigmoid.slope <= 0:
        return _not_learned(category, "no better than chance on sites it had not seen", counts, task)
    threshold = best_f1_threshold(unseen.logits, unseen.truth, unseen.weights)
    machine = _machine(weighted, setting.C, options)
    return CategoryFit(
        weights=sigmoid.slope * machine.coef_[0] * task.column_weights(setting),
        bias=sigmoid.slope * float(machine.intercept_[0]) + sigmoid.offset,
        threshold=threshold.logit,
        status=replace(
            _status(category, counts),
            threshold=float(expit(threshold.logit)),
            f1=threshold.f1,
            setting=asdict(setting),
            chosen_on=chosen.chosen_on,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    positives: int
    negatives: int
    positive_sites: int
    negative_sites: int
    sites: int
    weights: dict[str, float] | None


def _counts(task: CategoryTask) -> _Counts:
    present = task.truth == 1
    return _Counts(
        positives=int(present.sum()),
        negatives=int((~present).sum()),
        positive_sites=_different(task.sites[present]),
        negative_sites=_different(task.sites[~present]),
        sites=_different(task.sites),
        weights=_spread(task.weights),
    )


def _spread(weights: Floats) -> dict[str, float] | None:
    return {"least": float(weights.min()), "most": float(weights.max())} if len(weights) else None


def _different(sites: Integers) -> int:
    return int(np.count_nonzero(np.bincount(sites)))


def _too_little(counts: _Counts, options: FitOptions) -> str:
    """Why a category cannot be learned, or nothing."""
    for found, needed, one, many in (
        (counts.positives, options.min_positives, "positive", "positives"),
        (counts.negatives, options.min_positives, "negative", "negatives"),
        (counts.positive_sites, options.min_sites, "site with positives", "sites with positives"),
        (counts.negative_sites, options.min_sites, "site with negatives", "sites with negatives"),
    ):
        if found < needed:
            return f"{found} {one if found == 1 else many}, {needed} needed"
    return ""


def _kept_setting(counts: _Counts, options: FitOptions) -> KeptSetting | None:
    """The setting of the fit before, where it is one of those that may be tried and still holds."""
    kept = options.kept
    if kept is None or kept.setting not in options.settings:
        return None
    return kept if kept.holds_for(counts.positives + counts.negatives) else None


def _chosen_setting(
    task: CategoryTask, n_folds: int, options: FitOptions, rng: np.random.Generator
) -> KeptSetting:
    """The setting with the least surprise about answers on unseen sites; the usual one where none can be judged.

    The generator is its own, so that whoever keeps the setting fits the same as whoever chooses it.
    """
    n_labels = len(task.truth)
    if len(options.settings) == 1:
        return KeptSetting(options.settings[0], n_labels)
    part = task.part(_tuned_on(task, rng))
    seed = rng.integers(2**32)
    surprises: dict[Setting, float] = {}
    for url_weight in dict.fromkeys(setting.url_weight for setting in options.settings):
        alike = [setting for setting in options.settings if setting.url_weight == url_weight]
        weighted = part.under(alike[0])
        folds = list(_folds(weighted, n_folds, np.random.default_rng(seed)))  # cut once for every C
        for setting in alike:
            surprises[setting] = _surprise(_unseen(weighted, folds, setting.C, options))
    best = min(options.settings, key=lambda setting: surprises[setting])
    return KeptSetting(best if np.isfinite(surprises[best]) else USUAL, n_labels)


def _tuned_on(task: CategoryTask, rng: np.random.Generator) -> Booleans:
    """Whole sites with up to `TUNED_ITEMS` items, half of them from sites with positives as far as there are any."""
    if len(task.truth) <= TUNED_ITEMS:
        return np.ones(len(task.truth), dtype=np.bool_)
    sites = numbered(task.sites)
    sizes = np.bincount(sites)
    has_positives = np.bincount(sites, weights=task.truth) > 0
    shuffled = rng.permutation(len(sizes))
    chosen = np.zeros(len(sizes), dtype=np.bool_)
    for wanted in (has_positives, ~has_positives):
        own = shuffled[wanted[shuffled]]
        chosen[own[np.cumsum(sizes[own]) <= TUNED_ITEMS // 2]] = True
    return chosen[sites]


def _surprise(unseen: "_Unseen | None") -> float:
    if unseen is None or unseen.sigmoid.slope <= 0:
        return float("inf")
    return cross_entropy(unseen.logits, unseen.truth, unseen.weights)


@dataclass(frozen=True, slots=True, eq=False)
class _Unseen:
    """Items that were decided by a machine that saw nothing of their site, calibrated; all (n_decided,)."""

    logits: Floats
    truth: Array
    weights: Floats
    sigmoid: Sigmoid


@dataclass(frozen=True, slots=True, eq=False)
class _Fold:
    """Some sites' `rows`, bool (n_items,), with their features, and the items of all other sites to learn from."""

    rows: Booleans
    features: csr_matrix
    rest: CategoryTask


def _folds(task: CategoryTask, n_folds: int, rng: np.random.Generator) -> Iterator[_Fold]:
    """Folds of whole sites, each cut out when it is asked for."""
    folds = site_folds(task.truth, numbered(task.sites), n_folds, rng)
    for fold in range(n_folds):
        rows = folds == fold
        yield _Fold(rows, task.features[rows], task.part(~rows))


def _unseen(task: CategoryTask, folds: Iterable[_Fold], C: float, options: FitOptions) -> _Unseen | None:
    """The decisions about unseen sites; None where too few could be made to calibrate anything."""
    decisions = np.full(len(task.truth), np.nan)
    for fold in folds:
        if _has_both(fold.rest.truth):
            machine = _machine(fold.rest, C, options)
            decisions[fold.rows] = fold.features @ machine.coef_[0] + machine.intercept_[0]
        if _is_enough(task.truth[np.isfinite(decisions)]):
            break
    seen = np.isfinite(decisions)
    decided, truth, weights = decisions[seen], task.truth[seen], task.weights[seen]
    if not _has_both(truth):
        return None
    sigmoid = platt_sigmoid(decided, truth, weights)
    return _Unseen(sigmoid.slope * decided + sigmoid.offset, truth, weights, sigmoid)


def _has_both(truth: Array) -> bool:
    return 0 < int(truth.sum()) < len(truth)


def _is_enough(decided: Array) -> bool:
    """Whether more decisions would not change what is calibrated on them."""
    return len(decided) >= ENOUGH_DECIDED and int(decided.sum()) >= ENOUGH_POSITIVES


def _machine(task: CategoryTask, C: float, options: FitOptions) -> Any:
    """The machine of one category. What scikit-learn would check again at each of its many fits was checked once."""
    machine = LinearSVC(C=C, tol=_STOP_AT, random_state=options.seed % 2**32)
    with config_context(assume_finite=True, skip_parameter_validation=True):
        return machine.fit(task.features, task.truth, sample_weight=task.weights)


def _not_learned(category: str, reason: str, counts: _Counts, task: CategoryTask) -> CategoryFit:
    prevalence = (counts.positives + 1) / (counts.positives + counts.negatives + 2)
    return CategoryFit(
        weights=np.zeros(task.features.shape[1]),
        bias=float(logit(prevalence)),
        threshold=np.inf,
        status=_status(category, counts, reason=f"not learned yet: {reason}"),
    )


def _status(category: str, counts: _Counts, *, reason: str = "") -> CategoryStatus:
    return CategoryStatus(
        category=category,
        learned=not reason,
        reason=reason,
        n_positive=counts.positives,
        n_negative=counts.negatives,
        n_sites=counts.sites,
        threshold=None,
        f1=None,
        weights=counts.weights,
    )
