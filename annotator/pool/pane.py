"""One page as a person judges it: the address taken apart, and its texts inert, with the guideline's terms marked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.safestring import SafeString

from annotator.pool.inert import Span, inert, marked
from annotator.pool.language import language_of
from annotator.pool.models import Item
from annotator.pool.selectors import ItemPage, item_page
from annotator.pool.terms import Found, Match, expected_by, found_in, terms_of
from annotator.projects.selectors import Taxonomy
from annotator.statements import row_of

HEAD_CHARS: Final = 4_000
SHIELD_FROM: Final = 2  # of 3: what is expected to be this severe starts covered
PARTS_MAX: Final = 20
SITE_MAX: Final = 99
SITE: Final = f"""
SELECT count(*) FROM (SELECT FROM item WHERE project_id = %(project)s AND registrable_domain = %(site)s
                      LIMIT {SITE_MAX + 2}) AS same
"""  # noqa: S608 - our own constant only


@dataclass(frozen=True)
class Step:
    """One named part of an address, for reading."""

    name: SafeString
    value: SafeString


@dataclass(frozen=True)
class Pane:
    """The evidence of one item. Nothing that a person or a model said of it."""

    page: ItemPage
    title: SafeString
    description: SafeString
    head: SafeString
    rest: SafeString
    rest_chars: int
    found: tuple[Found, ...]
    language: str
    reads_as: SafeString
    path: tuple[SafeString, ...]
    query: tuple[Step, ...]
    parts_left: int
    n_site: int

    @property
    def captured_at(self) -> datetime | None:
        """When the page was seen."""
        return self.page.captured_at

    @property
    def is_anatomy(self) -> bool:
        """Whether the address has parts beside the site."""
        url = self.page.url
        return bool(url.subdomain or url.port or self.path or self.query or self.reads_as)

    @property
    def site_text(self) -> str:
        """How many other pages of the site the project has, in words."""
        return f"{SITE_MAX}+" if self.n_site > SITE_MAX else str(self.n_site)


def item_pane(item: Item, taxonomy: Taxonomy) -> Pane:
    """The evidence of an item, with the terms of `taxonomy` marked. Two queries, both a short index range."""
    return pane_of(item_page(item), taxonomy, n_site=site_count(item))


def is_covered(pane: Pane, taxonomy: Taxonomy) -> bool:
    """Whether its text starts covered for whoever looks at the pool: by its words, and by what its source said of it.

    What annotators are shown goes by what is expected of their place, which may know more.
    """
    known = expected_by(pane.found) | frozenset(pane.page.item.known_labels or ())
    return taxonomy.severity_of(known) >= SHIELD_FROM


def site_count(item: Item) -> int:
    """How many other items of the project are on the item's site, counted to one past `SITE_MAX`. One query."""
    if item.withheld:
        return 0
    row = row_of(SITE, {"project": item.project_id, "site": item.registrable_domain})
    assert row is not None  # a count
    return max(int(row[0]) - 1, 0)


def pane_of(page: ItemPage, taxonomy: Taxonomy, *, n_site: int) -> Pane:
    """The page for reading; no query."""
    terms = terms_of(taxonomy)
    title, description, text = (
        list(terms.matches(part)) for part in (page.title, page.description, page.text)
    )
    cut = _cut(page.text, text)
    steps, parameters = page.url.path, page.url.query
    return Pane(
        page=page,
        title=marked(page.title, _spans(title)),
        description=marked(page.description, _spans(description)),
        head=marked(page.text[:cut], _spans(match for match in text if match.end <= cut)),
        rest=marked(page.text[cut:], _spans((match for match in text if match.end > cut), offset=cut)),
        rest_chars=len(page.text) - cut,
        found=found_in([*title, *description, *text]),
        language=language_of(f"{page.title}\n{page.description}\n{page.text[:HEAD_CHARS]}"),
        reads_as=inert(_reads_as(page.item.host)),
        path=tuple(map(inert, steps[:PARTS_MAX])),
        query=tuple(Step(inert(part.name), inert(part.value)) for part in parameters[:PARTS_MAX]),
        parts_left=max(len(steps) - PARTS_MAX, 0) + max(len(parameters) - PARTS_MAX, 0),
        n_site=n_site,
    )


def _cut(text: str, matches: Iterable[Match]) -> int:
    """Where the head of a text ends: after a word, inside no match, and only if enough is left to be worth a click."""
    if len(text) <= HEAD_CHARS * 5 // 4:
        return len(text)
    cut = max(text.rfind(" ", HEAD_CHARS // 2, HEAD_CHARS), text.rfind("\n", HEAD_CHARS // 2, HEAD_CHARS))
    cut = HEAD_CHARS if cut < 0 else cut
    return next((match.end for match in matches if match.start < cut < match.end), cut)


def _spans(matches: Iterable[Match], offset: int = 0) -> list[Span]:
    return [
        Span(
            match.start - offset,
            match.end - offset,
            ", ".join(category.name for category in match.categories),
        )
        for match in matches
    ]


def _reads_as(host: str) -> str:
    """A host in punycode as a browser would write it, where that is another; else empty."""
    labels = [_label(label) for label in host.split(".")]
    read = ".".join(labels)
    return "" if read == host else read


def _label(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
