"""What somebody looks for in the explorer: kept as one value, written as an address, told in words."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import TextChoices

from annotator.queue.models import Stream
from learner.snapshots.content import METHODS, NEVER_SERVED

NONE: Final = "_none"
UNRESOLVED: Final = "_unresolved"
STREAMS: Final = (NEVER_SERVED, *(stream.value for stream in Stream))
"""The place of each is its number in the column."""
METHOD_NAMES: Final = ("", *METHODS)
"""The same for how an item was resolved; 0 is: not."""


class Disagreement(TextChoices):
    """How far people agree on an item."""

    DISPUTED = "disputed", "Waits for a lead"
    DIFFER = "differ", "Judgments differ"
    AGREE = "agree", "Two judgments or more, all alike"


class Split(TextChoices):
    """Which side."""

    TRAIN = "train", "Train"
    HOLDOUT = "holdout", "Holdout"


@dataclass(frozen=True)
class Wanted:
    """What an item has to be; what is left empty leaves nothing out. Of several values of one kind any will do."""

    text: str = ""
    site: str = ""
    held: tuple[str, ...] = ()
    judged: tuple[str, ...] = ()
    predicted: tuple[str, ...] = ()
    probability: str = ""
    p_min: float | None = None
    p_max: float | None = None
    streams: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    ingest: int | None = None
    split: str = ""
    disagreement: str = ""
    judgments_min: int | None = None
    judgments_max: int | None = None
    added_from: date | None = None
    added_until: date | None = None
    judged_from: date | None = None
    judged_until: date | None = None
    resolved_from: date | None = None
    resolved_until: date | None = None

    @property
    def chosen(self) -> dict[str, Any]:
        """What was chosen, by its name."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value not in ("", (), None)}

    @property
    def address(self) -> str:
        """As the query of an address, always in the same order."""
        return urlencode(self.chosen, doseq=True)


EVERYTHING: Final = Wanted()


@dataclass(frozen=True)
class Handed:
    """A filter as the choice of a snapshot: its address there, and what it cannot say, in words."""

    address: str
    lost: tuple[str, ...]


# Ours -> what a snapshot calls it.
KNOWN_TO_SNAPSHOTS: Final = {
    "streams": "streams",
    "methods": "methods",
    "sources": "sources",
    "judgments_min": "min_judgments",
    "resolved_from": "resolved_from",
    "resolved_until": "resolved_until",
}
IN_WORDS: Final = {
    "text": "words",
    "site": "the site",
    "held": "“none of these” or “not resolved”",
    "judged": "what people judged",
    "predicted": "what the classifier says",
    "probability": "a probability",
    "languages": "the language",
    "ingest": "the ingest",
    "split": "the split",
    "disagreement": "disagreement",
    "judgments_max": "judgments at most",
    "added": "days of ingest",
    "judged_days": "days of judgment",
}


def handed_to_snapshot(wanted: Wanted) -> Handed:
    """What the form of a snapshot can be filled with. A snapshot holds resolved items alone."""
    chosen = wanted.chosen
    sent: dict[str, Any] = {
        theirs: chosen[ours] for ours, theirs in KNOWN_TO_SNAPSHOTS.items() if ours in chosen
    }
    named = [source for source in wanted.sources if source]
    if len(named) < len(wanted.sources):  # there, no line is every source
        sent.pop("sources")
    elif named:
        sent["sources"] = "\n".join(named)
    categories = [slug for slug in wanted.held if slug not in (NONE, UNRESOLVED)]
    special = len(categories) < len(wanted.held)
    if categories and not special:
        sent["categories"] = categories
    lost = [IN_WORDS["held"]] if special else []
    lost += ["“no source given”"] if len(named) < len(wanted.sources) else []
    lost += [
        words
        for name, words in IN_WORDS.items()
        if name != "held" and (name in chosen or _days_of(name) & set(chosen))
    ]
    return Handed(urlencode(sent, doseq=True), tuple(lost))


def _days_of(name: str) -> set[str]:
    stem = {"added": "added", "judged_days": "judged"}.get(name, "")
    return {f"{stem}_from", f"{stem}_until"} if stem else set()
