"""What a snapshot is to hold, as somebody chose it: read strictly, kept as JSON, told in sentences."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import MAXYEAR, date, datetime
from typing import Any, Final

from django.db.models import TextChoices

from annotator.queue.models import Stream
from annotator.review.models import AdjudicationEntry, Method

NEVER_SERVED: Final = "none"
ACTS: Final = {
    AdjudicationEntry.Kind.SPREAD.value: "a lead's decision on one item, spread to this one",
    AdjudicationEntry.Kind.BULK.value: "a lead's rule for a pattern, with a spot check",
    AdjudicationEntry.Kind.REVERT.value: "held again because a lead undid an act",
}
"""Decisions of leads that did not look at this item by itself: named, and not as `adjudicated`."""
METHODS: Final = {
    **{method.value: method.label for method in Method if method != Method.REOPENED},
    **ACTS,
}
JUDGMENTS_MAX: Final = 1_000
SOURCES_MAX: Final = 100
EARLIEST, LATEST = date(2000, 1, 1), date(MAXYEAR - 1, 1, 1)
STREAMS: Final = (*(stream.value for stream in Stream), NEVER_SERVED)


class Format(TextChoices):
    """Kinds of files beside Parquet, which is always written."""

    CSV = "csv", "CSV"
    JSONL = "jsonl", "JSON Lines"


class Pseudonyms(TextChoices):
    """For how long one annotator keeps one name in the files."""

    STABLE = "stable", "the same in all snapshots of the project"
    SNAPSHOT = "snapshot", "others in each snapshot"


@dataclass(frozen=True)
class Content:
    """Which resolved items a snapshot holds; what is left empty leaves nothing out."""

    methods: tuple[str, ...] = ()
    min_judgments: int = 0
    categories: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    resolved_from: date | None = None
    resolved_until: date | None = None

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Content()

    def as_json(self) -> dict[str, Any]:
        """Only what was chosen, lists in order: the same choice is the same text."""
        chosen = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _plain(value) for name, value in chosen.items() if value}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Content":
        """What `as_json` gave."""
        return cls(**{name: _read(name, value) for name, value in saved.items()})

    def sentences(self) -> list[str]:
        """The choice in words, one sentence a restriction."""
        listed = [
            ("resolved by", self.methods),
            ("with one of the categories", self.categories),
            ("first served by the stream", self.streams),
            ("from the source", self.sources),
        ]
        found = [f"Only items {words} {_or(values)}." for words, values in listed if values]
        if self.min_judgments:
            found.append(f"Only items whose labels rest on {self.min_judgments} judgments or more.")
        if self.resolved_from:
            found.append(f"Only items resolved on {self.resolved_from} or later (UTC).")
        if self.resolved_until:
            found.append(f"Only items resolved on {self.resolved_until} or earlier (UTC).")
        return found


@dataclass(frozen=True)
class Choice:
    """All that is chosen when a snapshot is started. Without `as_of` it shows the present."""

    content: Content = Content()
    as_of: datetime | None = None
    formats: tuple[str, ...] = ()
    pseudonyms: str = Pseudonyms.STABLE.value


EVERYTHING: Final = Choice()


def choice_of(sent: Mapping[str, Any]) -> Choice:
    """A choice from what a form or a serializer found good."""
    content = Content(
        methods=tuple(sent.get("methods") or ()),
        min_judgments=sent.get("min_judgments") or 0,
        categories=tuple(sent.get("categories") or ()),
        streams=tuple(sent.get("streams") or ()),
        sources=tuple(sent.get("sources") or ()),
        resolved_from=sent.get("resolved_from"),
        resolved_until=sent.get("resolved_until"),
    )
    pseudonyms = sent.get("pseudonyms") or Pseudonyms.STABLE.value
    return Choice(content, sent.get("as_of"), tuple(sorted(set(sent.get("formats") or ()))), str(pseudonyms))


def dates_problem(first: date | None, last: date | None) -> str:
    """What is wrong with a range of dates, or empty."""
    if any(day is not None and not EARLIEST <= day <= LATEST for day in (first, last)):
        return f"Name days from {EARLIEST} on."
    if first and last and last < first:
        return f"{last} is before {first}: nothing lies between."
    return ""


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return sorted(set(value))
    return value.isoformat() if isinstance(value, date) else value


def _read(name: str, value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    return date.fromisoformat(value) if name.startswith("resolved_") else value


def _or(values: tuple[str, ...]) -> str:
    quoted = [f"`{value or 'not given'}`" for value in sorted(values)]
    return f"{', '.join(quoted[:-1])} or {quoted[-1]}" if len(quoted) > 1 else quoted[0]
