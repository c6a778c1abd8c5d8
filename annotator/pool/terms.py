"""The terms of a taxonomy, found in the text of a page.

A term stands at word borders, in any case, and a blank or hyphen in it is any of both in the text: `self-harm` is found
in "Self harm" and "SELF–HARM". Characters that cannot be seen do not hide it: "ca<zero-width space>sino" is `casino`.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from annotator.pool.inert import UNSEEN
from annotator.projects.models import Category
from annotator.projects.selectors import GRAVE, Taxonomy, taxonomy_version

ENOUGH_TERMS: Final = 2
ENOUGH_GRAVE_TERMS: Final = 1

_BREAKS = re.compile(r"[\s\-\u2010-\u2015]+")
_BREAK = r"[\s\-\u2010-\u2015]{1,3}"


@dataclass(frozen=True)
class Match:
    """One place in a text: `text[start:end]` is a term of these categories."""

    start: int
    end: int
    term: str
    categories: tuple[Category, ...]


@dataclass(frozen=True)
class Found:
    """One category with the terms of it that a text has, most frequent first, each with how often."""

    category: Category
    terms: tuple[tuple[str, int], ...]

    @property
    def count(self) -> int:
        """All matches of the category."""
        return sum(n for _, n in self.terms)


@dataclass(frozen=True)
class Terms:
    """The terms of one taxonomy version as one compiled pattern."""

    pattern: re.Pattern[str] | None
    categories: dict[str, tuple[Category, ...]]

    def matches(self, text: str) -> Iterator[Match]:
        """The terms in `text`, from its beginning to its end, none inside another; of two at one place the longer."""
        if self.pattern is None:
            return
        kept = _seen(text)
        read = text if kept is None else "".join(text[place] for place in kept)
        for match in self.pattern.finditer(_lowered(read)):
            term = _plain(match[0])
            start, end = match.span() if kept is None else (kept[match.start()], kept[match.end() - 1] + 1)
            yield Match(start, end, term, self.categories[term])


def terms_of(taxonomy: Taxonomy) -> Terms:
    """The terms of a taxonomy; a version is compiled once."""
    return _compiled(taxonomy.version.pk)


def found_in(matches: Sequence[Match]) -> tuple[Found, ...]:
    """Matches counted by category: the category with most first, then the gravest."""
    counts: defaultdict[Category, Counter[str]] = defaultdict(Counter)
    for match in matches:
        for category in match.categories:
            counts[category][match.term] += 1
    found = [Found(category, tuple(terms.most_common())) for category, terms in counts.items()]
    return tuple(sorted(found, key=lambda row: (-row.count, -row.category.severity, row.category.position)))


def expected_by(found: Sequence[Found]) -> frozenset[str]:
    """The categories that these terms make one expect: `ENOUGH_TERMS` different ones, or one of a gravest category."""
    return frozenset(
        row.category.slug
        for row in found
        if len(row.terms) >= (ENOUGH_GRAVE_TERMS if row.category.severity == GRAVE else ENOUGH_TERMS)
    )


# By the number of the version: hashing its categories for each page would cost more than the search.
@lru_cache(maxsize=256)
def _compiled(version: int) -> Terms:
    return _compile(taxonomy_version(version))


def _compile(taxonomy: Taxonomy) -> Terms:
    categories: defaultdict[str, list[Category]] = defaultdict(list)
    for category in taxonomy.categories:
        for term in {_plain(term) for term in category.terms} - {""}:
            categories[term].append(category)
    longest_first = sorted(categories, key=lambda term: (-len(term), term))
    if not longest_first:
        return Terms(None, {})
    alternatives = "|".join(_BREAK.join(map(re.escape, term.split(" "))) for term in longest_first)
    # Lowered before, not re.IGNORECASE: with it each alternative is tried at each word, five times as slow.
    return Terms(
        re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)"),
        {term: tuple(found) for term, found in categories.items()},
    )


def _seen(text: str) -> list[int] | None:
    """Where the characters stand that can be seen; None when all can."""
    if not UNSEEN.search(text):
        return None
    unseen = {match.start() for match in UNSEEN.finditer(text)}
    return [place for place in range(len(text)) if place not in unseen]


def _plain(term: str) -> str:
    return _BREAKS.sub(" ", _lowered(term)).strip()


def _lowered(text: str) -> str:
    """`text` in lower case and as long as it was: "İ" alone would become two characters."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)
