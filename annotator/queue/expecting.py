"""What a page is expected to show, before anybody is given it: from its words, its source, and a classifier.

It decides on one bit that an annotator sees (whether the text starts collapsed), on whether somebody who rests
or has opted out is given the page, and on nothing else.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db.models.functions import Left

from annotator.pool.models import Evidence, Item
from annotator.pool.terms import expected_by, found_in, terms_of
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, slugs_akin, taxonomy_current

READ_CHARACTERS: Final = 5_000
"""Of the text of a page: what is further down has been reached by few."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The categories that a page is expected to show, in order of the taxonomy, and their highest severity."""

    severity: int = 0
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a classifier says of one page: the categories it expects, of those that it has learned."""

    expected: frozenset[str] = frozenset()
    learned: frozenset[str] = frozenset()


NO_FORECAST: Final = Forecast()


def expected_of(taxonomy: Taxonomy, slugs: Collection[str]) -> Expected:
    """What is expected of a page with these categories; slugs that the taxonomy does not have are left out."""
    shown = [category for category in taxonomy.categories if category.slug in slugs]
    return Expected(
        severity=max((category.severity for category in shown), default=0),
        categories=tuple(category.slug for category in shown),
    )


def slugs_now(taxonomy: Taxonomy, slugs: Iterable[str]) -> frozenset[str]:
    """What these categories are in the taxonomy: themselves, or what became of them, every part of a split one.

    A page is rather shielded once too often. From memory as a rule.
    """
    known, there = frozenset(slugs), frozenset(taxonomy.slugs)
    gone = tuple(sorted(known - there))
    return (known & there) | (slugs_akin(taxonomy.version.pk, gone) & there if gone else frozenset())


def items_expected(
    project: Project, item_ids: Iterable[int], forecasts: Mapping[int, Forecast] | None = None
) -> dict[int, Expected]:
    """What is expected of each of these items. Three queries.

    1. A classifier is believed on the categories that it has learned.
    2. On the others the words of the page are: enough different terms of the category in address, title,
       description and text (see annotator.pool.terms).
    3. What the source of the page said of it is always believed: a page is rather shielded once too often.
    """
    taxonomy = taxonomy_current(project)
    wanted = list(item_ids)
    words = _words(wanted)
    expected = {}
    for pk, url, known in Item.objects.filter(pk__in=wanted).values_list("pk", "url", "known_labels"):
        forecast = (forecasts or {}).get(pk, NO_FORECAST)
        by_terms = _by_terms(taxonomy, f"{url}\n{words.get(pk, '')}") - forecast.learned
        said = slugs_now(taxonomy, (*forecast.expected, *(known or ())))
        expected[pk] = expected_of(taxonomy, by_terms | said)
    return expected


def _words(item_ids: Collection[int]) -> dict[int, str]:
    """Title, description and text of the newest evidence of each item."""
    newest = Evidence.objects.filter(item__in=item_ids).order_by("item", "-version").distinct("item")
    rows = newest.annotate(beginning=Left("text", READ_CHARACTERS)).values_list(
        "item_id", "title", "description", "beginning"
    )
    return {item_id: "\n".join(parts) for item_id, *parts in rows}


def _by_terms(taxonomy: Taxonomy, text: str) -> frozenset[str]:
    return expected_by(found_in(list(terms_of(taxonomy).matches(text))))
