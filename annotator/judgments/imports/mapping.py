"""What the labels, people and fields of a file are in this project: as a lead says, checked, and applied."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Self

from annotator.errors import BadInput
from annotator.interchange.neutral import COMMENT_MAX, NONE_OF_THESE, Doubtful, ForeignJudgment
from annotator.interchange.tables import folded
from annotator.judgments.answers import SECONDS_MAX
from annotator.projects.selectors import Taxonomy

IGNORE: Final = "ignore"
NONE: Final = "none"
NEW: Final = ""
SHOWN: Final = 5
CLOCKS: Final = timedelta(days=1)
"""So far another machine's clock may be ahead of ours."""


@dataclass(frozen=True)
class FileMapping:
    """What a file's names are here: fields by name, label -> slug or `none` or `ignore`, person -> account's id."""

    url: str
    title: str = ""
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotators: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """From what `as_json` gave."""
        return cls(**stored)

    def as_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)


@dataclass(frozen=True)
class Sent:
    """What a lead sends: as `FileMapping`, with people by user name, empty for an account that is made for them."""

    url: str
    title: str = ""
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotators: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Given:
    """One judgment of the file as it is stored: whose, and what it says."""

    annotator: int
    labels: tuple[str, ...]
    unsure: tuple[str, ...]
    verdict: str
    given_at: datetime | None
    seconds: float | None
    note: str


def label_guess(label: str, taxonomy: Taxonomy) -> str:
    """The category that is called like the label, `none` for "none of these"; empty when neither."""
    names = {folded(category.name): category.slug for category in taxonomy.categories}
    names |= {slug: slug for slug in taxonomy.slugs}
    if folded(label) in {NONE_OF_THESE, NONE}:
        return NONE
    return names.get(folded(label), "")


def sent_check(sent: Sent, found: Mapping[str, Any], taxonomy: Taxonomy) -> None:
    """Raise BadInput, naming the value, unless what was sent says of every label of the file what it is."""
    for name in filter(None, (sent.url, sent.title, sent.text)):
        if name not in found["fields"]:
            raise BadInput(f'The file has no field "{name}". It has: {", ".join(found["fields"][:20])}.')
    if not sent.url:
        raise BadInput("Say which field holds the address of the page: without one, nothing can be imported.")
    unmapped = [label for label in found["labels"] if not sent.labels.get(label)]
    if unmapped:
        named = ", ".join(f'"{label}"' for label in unmapped[:SHOWN])
        raise BadInput(f"Say what each label is, or leave it out: {named} {_is(unmapped)} not mapped yet.")
    for label, slug in sent.labels.items():
        if label not in found["labels"]:
            raise BadInput(f'There is no label "{label}" in the file.')
        if slug not in (NONE, IGNORE, *taxonomy.slugs):
            raise BadInput(f'"{slug}" is not a category of this project; "{label}" cannot be mapped to it.')
    for person in sent.annotators:
        if person not in found["annotators"]:
            raise BadInput(f'Nobody in the file is called "{person}".')


def judgment_mapped(judgment: ForeignJudgment, mapping: FileMapping, now: datetime) -> Given | None:
    """The judgment in the words of the project; None when all that it names is left out.

    Raises Doubtful for what cannot be: a time that has not come yet, labels beside another verdict.
    """
    if judgment.given_at is not None and judgment.given_at > now + CLOCKS:
        raise Doubtful(
            "future", "It was given at a time that has not come yet.", judgment.given_at.isoformat()
        )
    said = {mapping.labels[label] for label in judgment.labels} - {IGNORE}
    doubted = {mapping.labels[label] for label in judgment.unsure} - {IGNORE, NONE}
    if judgment.verdict != "labelled" and said | doubted:
        raise Doubtful(
            "verdict", f'The verdict "{judgment.verdict}" goes without labels.', judgment.annotator
        )
    if (judgment.labels or judgment.unsure) and not said | doubted:
        return None
    labels = said - {NONE}
    seconds = judgment.seconds
    return Given(
        annotator=mapping.annotators[judgment.annotator],
        labels=tuple(sorted(labels)),
        unsure=tuple(sorted(doubted - labels)),
        verdict=judgment.verdict,
        given_at=judgment.given_at,
        seconds=seconds if seconds is not None and seconds <= SECONDS_MAX else None,
        note=judgment.comment[:COMMENT_MAX],
    )


def _is(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{more.lstrip()} {'is' if len(names) == 1 else 'are'}".strip()
