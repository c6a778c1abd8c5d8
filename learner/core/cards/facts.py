"""The one model of facts behind every dialect of the data card. Holds no clock: the same state gives the same card."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

SPLITS: Final = ("train", "validation", "test", "holdout")
"""The order in which splits are told; whatever else there is comes after them, by name."""
KEPT: Final = frozenset({"holdout", "test"})
"""Splits that nothing is trained on."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured number with its 95 % interval, or why there is none."""

    value: float | None
    low: float | None
    high: float | None
    n_items: int
    why_undefined: str = ""


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    """What the snapshot says of one category. `positives` is by split.

    `drawn` is its share of the pool, estimated from the items that were drawn at random from it.
    """

    slug: str
    name: str
    definition: str
    severity: int
    cipa: bool
    positives: Mapping[str, int]
    percent_agreement: Interval
    alpha: Interval
    drawn: Interval | None = None

    @property
    def n_positives(self) -> int:
        """In all splits together."""
        return sum(self.positives.values())


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """How many items a stream brought, and with which inclusion probabilities (None: not a random draw)."""

    stream: str
    n_items: int
    lowest_probability: float | None
    highest_probability: float | None


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """What became of one category in a taxonomy version: `source` is its slug in the version before."""

    taxonomy: int
    kind: str
    source: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the parent snapshot, by item."""

    parent: int
    added: int
    removed: int
    relabelled: int


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column of a table and its Arrow type in words, such as `string` or `list<string>`."""

    name: str
    dtype: str


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One Parquet file. `split` is empty where it holds the rows of all splits."""

    name: str
    file: str
    split: str
    n_rows: int
    n_bytes: int
    sha256: str
    columns: Sequence[ColumnFacts]


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """How many judgments were given in a day, week, month or year, named by its first day."""

    start: str
    n_judgments: int


@dataclass(frozen=True, slots=True)
class Tops:
    """How many items the largest `n_sites` sites hold together."""

    n_sites: int
    n_items: int


@dataclass(frozen=True, slots=True)
class Pictures:
    """What the plots of the card show, counted from the frozen tables."""

    together: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Items that have both categories, by slug and slug; the first comes before the second in the taxonomy."""
    judgments: Mapping[int, int] = field(default_factory=dict)
    """Items by how many judgments their resolution rests on."""
    period: str = "day"
    periods: Sequence[PeriodFacts] = ()
    first_judgment: str = ""
    last_judgment: str = ""
    median_seconds: float | None = None
    tops: Sequence[Tops] = ()
    n_drawn: int = 0
    """Items that carry an inclusion probability."""


@dataclass(frozen=True, slots=True)
class WrittenFacts:
    """A section that a person wrote, in Markdown."""

    section: str
    title: str
    text: str
    number: int
    written_at: str


@dataclass(frozen=True, slots=True)
class CardFacts:
    """All that a data card says."""

    project: str
    slug: str
    description: str
    number: int
    state_as_of: str
    taxonomy: int
    guideline: int
    n_items: int
    splits: Mapping[str, int]
    n_none: int
    n_sites: int
    n_judgments: int
    n_annotators: int
    n_left_out: int
    overlap: int
    overlap_max: int
    holdout_percent: int
    sources: Mapping[str, int]
    methods: Mapping[str, int]
    streams: Sequence[StreamFacts]
    categories: Sequence[CategoryFacts]
    changes: Changes | None
    column_of: Mapping[str, str]
    versions: Mapping[int, int] = field(default_factory=dict)
    """Items by the taxonomy version that their labels were held under."""
    unknown: Mapping[str, int] = field(default_factory=dict)
    mapping: Sequence[LinkFacts] = ()
    n_erased: int = 0
    """Items whose evidence was erased: they have labels, and neither title nor text."""
    pictures: Pictures = field(default_factory=Pictures)
    tables: Sequence[TableFacts] = ()
    written: Sequence[WrittenFacts] = ()
    semantic: str = ""
    """The version in three numbers: taxonomy, items, corrections."""

    @property
    def version(self) -> str:
        """The version of the dataset as three numbers."""
        return self.semantic or f"{self.number}.0.0"

    @property
    def n_chosen(self) -> int:
        """Items that no random draw brought: chosen by the query model, or resolved without having been served."""
        return self.n_items - self.pictures.n_drawn

    @property
    def n_trainable(self) -> int:
        """Items of train sites: what is not kept to judge by."""
        return sum(n for split, n in self.splits.items() if split not in KEPT)

    def n_trainable_with(self, category: CategoryFacts) -> int:
        """Those of them that have the category."""
        return sum(n for split, n in category.positives.items() if split not in KEPT)

    def written_in(self, section: str) -> str:
        """The text of a section, or empty."""
        return next((row.text for row in self.written if row.section == section), "")


def in_order(splits: Iterable[str]) -> list[str]:
    """The names of splits in the order in which they are told."""
    return sorted(splits, key=lambda split: (SPLITS.index(split) if split in SPLITS else len(SPLITS), split))
