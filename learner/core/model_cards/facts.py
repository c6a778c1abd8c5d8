"""The one model of facts behind every dialect of the model card. Holds no clock: the same evaluation, the same card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from learner.core.cards.facts import Interval, WrittenFacts


@dataclass(frozen=True, slots=True)
class BinFacts:
    """One bin of a reliability diagram: the mean probability said, and the share that came true."""

    said: float
    came_true: float
    n: float


@dataclass(frozen=True, slots=True)
class CategoryCard:
    """One category: what was learned, and how well, on audited holdout items. What is None was not measured."""

    slug: str
    name: str
    severity: int
    cipa: bool
    recall_floor: float | None
    learned: bool
    reason: str
    threshold: float | None
    n_positive: int
    n_sites: int
    precision: Interval
    recall: Interval
    f1: Interval
    prevalence: Interval | None = None
    average_precision: Interval | None = None
    roc_auc: Interval | None = None
    fpr: Interval | None = None
    fnr: Interval | None = None
    ece: Interval | None = None
    brier: Interval | None = None
    bins: Sequence[BinFacts] = ()

    @property
    def false_negatives(self) -> Interval:
        """The share of its pages that are missed: as measured, else one less recall."""
        if self.fnr is not None:
            return self.fnr
        found = self.recall
        if found.value is None:
            return found
        ends = [None if end is None else 1 - end for end in (found.high, found.low)]
        return Interval(1 - found.value, ends[0], ends[1], found.n_items, found.why_undefined)


@dataclass(frozen=True, slots=True)
class TrainingFactsOfCard:
    """What it was fitted on, and how."""

    reason: str
    trained_at: str
    seed: int
    n_resolutions: int
    n_known: int
    last_resolution: int
    weighing: str
    fingerprint: str
    recipe: str
    artifact_sha256: str
    size: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SnapshotOfCard:
    """The newest snapshot when it was trained: its data card tells of the labels."""

    number: int
    version: str
    n_items: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SliceFacts:
    """A slice of the audited items, or of the over-block pack, with one measured number."""

    name: str
    measure: str
    value: Interval
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class PairedFacts:
    """One category against the version that serves: differences, candidate less serving."""

    slug: str
    lost: int
    found: int
    blocked: int
    cleared: int
    recall: Interval
    false_positive_rate: Interval
    f1: Interval


@dataclass(frozen=True, slots=True)
class FailureFacts:
    """An error with confidence: `kind` is missed or blocked. `address` is filled in when the card is read."""

    kind: str
    category: str
    item: int
    probability: float
    address: str = ""


@dataclass(frozen=True, slots=True)
class SpeedFacts:
    """Measured on the machine of the evaluation, for addresses alone."""

    p50_ms: float
    p99_ms: float
    per_second: int


@dataclass(frozen=True, slots=True)
class ConfusionFacts:
    """Of the pages that are the category of the row, the share called that of the column; None where there are none."""

    categories: Sequence[str]
    cells: Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class ReleaseFacts:
    """What became of the version since: filled in when the card is read, from rows that are never changed."""

    verdict: str = ""
    gate: Sequence[str] = ()
    exceptions: Sequence[str] = ()
    served: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ModelCardFacts:
    """All that a model card says."""

    project: str
    slug: str
    description: str
    number: int
    evaluated_at: str
    taxonomy: int
    n_items: int
    n_population: int
    training: TrainingFactsOfCard
    snapshot: SnapshotOfCard | None
    features: Mapping[str, str]
    macro_f1: Interval
    micro_f1: Interval
    overall: Mapping[str, Interval] = field(default_factory=dict)
    categories: Sequence[CategoryCard] = ()
    confusion: ConfusionFacts | None = None
    slices: Sequence[SliceFacts] = ()
    pack: Sequence[SliceFacts] = ()
    against: int | None = None
    why_not_compared: str = ""
    paired: Sequence[PairedFacts] = ()
    speed: SpeedFacts | None = None
    failures: Sequence[FailureFacts] = ()
    written: Sequence[WrittenFacts] = ()
    release: ReleaseFacts = ReleaseFacts()

    @property
    def learned(self) -> list[CategoryCard]:
        """The categories that it can tell."""
        return [row for row in self.categories if row.learned]

    def name_of(self, slug: str) -> str:
        """The name of a category, or its short name."""
        return next((row.name for row in self.categories if row.slug == slug), slug)
