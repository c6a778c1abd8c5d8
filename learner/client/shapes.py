"""What the API answers, as frozen dataclasses; a field that a newer server adds is left out."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar, get_args

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    """A project that the token's owner is a member of."""

    slug: str
    name: str
    role: str


@dataclass(frozen=True)
class Snapshot:
    """One frozen dataset; `sha256` is that of its manifest."""

    number: int
    semantic: str
    name: str
    deprecated: str
    created_at: datetime
    sha256: str
    content_sha256: str
    n_items: int
    n_judgments: int
    size: int

    @property
    def order(self) -> tuple[int, ...]:
        """Its semantic version, to sort by."""
        return tuple(map(int, self.semantic.split(".")))

    def __str__(self) -> str:
        return f"v{self.number} ({self.semantic})"


@dataclass(frozen=True)
class Run:
    """Work that a worker does: a snapshot that is frozen, or an ingest. `snapshot` is the number when it is done."""

    id: int
    status: str
    stage: str
    done: int
    total: int | None
    error: str
    status_url: str
    snapshot: int | None = None
    filename: str = ""
    rows_read: int = 0
    rows_added: int = 0
    rows_known: int = 0
    rows_changed: int = 0
    rows_refused: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it ended, well or not."""
        return self.status in ("done", "failed")


@dataclass(frozen=True)
class RefusedRow:
    """A row of a file that was not taken in."""

    line: int
    reason: str
    detail: str
    value: str


@dataclass(frozen=True)
class Judgment:
    """One answer on one item; under a pseudonym, and without a note, for whoever may not know whose it is.

    `evidence` is the version of the page that was judged; None where it is not known.
    """

    id: int
    item: int
    annotator: str
    labels: tuple[str, ...]
    unsure: tuple[str, ...]
    verdict: str
    seconds: float | None
    note: str | None
    late: bool
    taxonomy: int
    guideline: int
    clause: str
    created_at: datetime
    supersedes: int | None
    stands: bool
    evidence: int | None = None


@dataclass(frozen=True)
class Item:
    """One page of the project; `held` is what is held true of it, or None."""

    id: int
    url: str
    registrable_domain: str
    split: str
    source: str
    stream: str | None
    held: dict[str, Any] | None
    known_labels: tuple[str, ...] | None
    created_at: datetime
    withheld: bool


@dataclass(frozen=True)
class End:
    """The last line of a stream: how many rows came, and the id after which the next pull begins."""

    count: int
    after: int


def shaped(shape: type[T], row: Mapping[str, Any]) -> T:
    """A dataclass from a row of JSON: lists as tuples, moments read."""
    values = {}
    for column in fields(shape):  # type: ignore[arg-type]  # of dataclasses alone
        if column.name in row:
            values[column.name] = _read(row[column.name], column.type)
    return shape(**values)


def _read(value: Any, kind: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and datetime in (kind, *get_args(kind)):
        return datetime.fromisoformat(value)
    return value
