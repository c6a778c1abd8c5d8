"""The sections of a data card that only people can write."""

from dataclasses import dataclass
from typing import Final

SECTION_MAX: Final = 20_000
"""Characters of a section."""


@dataclass(frozen=True, slots=True)
class Section:
    """One section: what it asks, whether a card is complete without it, and of which card it is."""

    slug: str
    title: str
    asks: str
    required: bool = True
    card: str = "Data card"


SECTIONS: Final = (
    Section(
        "intended-use",
        "Intended use",
        "Who may use the dataset, and for what decision. What a good result with it looks like.",
    ),
    Section(
        "out-of-scope-use",
        "Out-of-scope use",
        "What it must not be used for, and what would go wrong.",
    ),
    Section(
        "ethical-notes",
        "Ethical notes",
        "Who may be harmed by the data or by a classifier made of it; what pages show; how annotators are cared for.",
    ),
    Section(
        "annotators",
        "Who the annotators are",
        "Training, languages, region, employment; age or gender only where they agreed. Nothing that names a person.",
        required=False,
    ),
    Section(
        "licence",
        "Licence",
        "Under which terms. A name such as cc-by-4.0 alone on the first line is understood by tools.",
    ),
    Section(
        "maintenance",
        "Maintenance",
        "Who corrects errors, how often new versions come, how long old ones stay.",
    ),
    Section(
        "contact",
        "Contact",
        "Where to ask, and where to report a page that should not be in it.",
    ),
)
BY_SLUG: Final = {section.slug: section for section in SECTIONS}

LICENCES: Final = {
    "apache-2.0": "https://www.apache.org/licenses/LICENSE-2.0",
    "cc-by-4.0": "https://creativecommons.org/licenses/by/4.0/",
    "cc-by-nc-4.0": "https://creativecommons.org/licenses/by-nc/4.0/",
    "cc-by-nc-nd-4.0": "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    "cc-by-nc-sa-4.0": "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    "cc-by-nd-4.0": "https://creativecommons.org/licenses/by-nd/4.0/",
    "cc-by-sa-4.0": "https://creativecommons.org/licenses/by-sa/4.0/",
    "cc0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/",
    "mit": "https://opensource.org/license/mit",
    "odbl": "https://opendatacommons.org/licenses/odbl/1-0/",
    "odc-by": "https://opendatacommons.org/licenses/by/1-0/",
    "pddl": "https://opendatacommons.org/licenses/pddl/1-0/",
}


def licence_known(text: str) -> str | None:
    """The name of a licence that tools know, when it stands alone on the first line."""
    first = text.strip().partition("\n")[0].strip().lower()
    return first if first in LICENCES else None
