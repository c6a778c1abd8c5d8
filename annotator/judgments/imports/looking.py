"""What is in a file of another tool: its labels, its people and its fields, counted in one pass that keeps no page."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from annotator.errors import BadInput
from annotator.interchange.neutral import TEXT, TITLE, URL, Page, Refused

LABELS_MAX: Final = 200
PEOPLE_MAX: Final = 2_000
SHOWN: Final = 3
NAMED_MAX: Final = 5_000
"""Different labels, people and fields are counted while there are not more: a wrong file has one for each page."""


@dataclass
class Found:
    """What was counted so far; `addresses` are the values of each field that look like an address."""

    pages: int = 0
    judgments: int = 0
    refused: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    fields: Counter[str] = field(default_factory=Counter)
    addresses: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    first_refused: list[str] = field(default_factory=list)

    def add(self, found: Page | Refused) -> None:
        """Count one page."""
        self.pages += 1
        if isinstance(found, Refused):
            self._refuse((found,))
            return
        self._refuse(found.refused)
        self.judgments += len(found.judgments)
        self.left_out.update(found.left_out)
        for judgment in found.judgments:
            self.labels.update((*judgment.labels, *judgment.unsure))
            self.people[judgment.annotator] += 1
        for name, value in found.fields.items():
            self.fields[name] += 1
            self.addresses[name] += looks_like_address(value)

    @property
    def is_too_varied(self) -> bool:
        """Whether it has more different names than any file of judgments has."""
        return max(len(self.labels), len(self.people), len(self.fields)) > NAMED_MAX

    def as_json(self) -> dict[str, Any]:
        """What is kept of it, the most frequent first."""
        return {
            "pages": self.pages,
            "judgments": self.judgments,
            "refused": self.refused,
            "first_refused": self.first_refused,
            "labels": dict(self.labels.most_common()),
            "annotators": dict(self.people.most_common()),
            "fields": [name for name, _ in self.fields.most_common()],
            "addresses": [name for name, n in self.addresses.most_common() if n],
            "left_out": dict(self.left_out.most_common()),
        }

    def _refuse(self, refused: Iterable[Refused]) -> None:
        for one in refused:
            self.refused += 1
            if len(self.first_refused) < SHOWN:
                self.first_refused.append(f"{one.line:,}: {one.detail}"[:300])


def found_in(pages: Iterable[Page | Refused], place: str) -> Iterator[Found]:
    """What was counted, after each page. Raises BadInput at the end when nothing of it can be mapped."""
    found = Found()
    for page in pages:
        found.add(page)
        if found.is_too_varied:
            break
        yield found
    if not found.judgments:
        raise BadInput(_nothing(found, place))
    if len(found.labels) > LABELS_MAX:
        raise BadInput(
            f"The file has more than {LABELS_MAX} different labels. Name the question or control whose answers are "
            "the labels, or have fewer."
        )
    if len(found.people) > PEOPLE_MAX or found.is_too_varied:
        raise BadInput(
            f"The file has more than {PEOPLE_MAX:,} people, or a field for each page. Is it a file of judgments?"
        )


def field_guess(found: dict[str, Any], wanted: str) -> str:
    """The field that most likely holds the address, the title or the text; empty when none does."""
    names: dict[str, list[str]] = {
        URL: ["url", "link", "address", "uri", "page_url"],
        TITLE: ["title", "headline", "name"],
        TEXT: ["text", "body", "content"],
    }
    fields: list[str] = found.get("fields", [])
    candidates = found.get("addresses", []) if wanted == URL else fields
    by_name = {name.lower(): name for name in candidates}
    usual = next((by_name[name] for name in names[wanted] if name in by_name), "")
    return usual or (candidates[0] if wanted == URL and candidates else "")


def looks_like_address(value: str) -> bool:
    """Whether a text is an address and nothing else."""
    return value[:8].lower().startswith(("http://", "https://")) and len(value.split()) == 1


def _nothing(found: Found, place: str) -> str:
    if not found.pages:
        return "There is nothing in the file."
    if found.first_refused:
        return f"No judgment in the file can be used. {place} {found.first_refused[0]}"
    kinds = ", ".join(f"{n:,} {what}" for what, n in found.left_out.most_common(3))
    return f"There is no judgment in the file{f', only {kinds}' if kinds else ''}."
