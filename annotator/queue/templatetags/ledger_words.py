"""What the ledger stores, as people read it: categories by their names, strategies in words."""

import re
from collections.abc import Iterable
from typing import Final

from django import template

from annotator.projects.selectors import Taxonomy

register = template.Library()

NAMED: Final = re.compile(r"\b(of|likely|between|and|for|in) ([a-z0-9]+(?:[-_][a-z0-9]+)*)")
"""Where a stored reason may name a category, by its slug."""


@register.filter
def reason_words(reason: str, taxonomy: Taxonomy) -> str:
    """The reason with the names of categories in place of their slugs; other words stay as they are."""
    return NAMED.sub(lambda found: f"{found[1]} {taxonomy.name_of(found[2])}", reason)


@register.filter
def category_names(slugs: Iterable[str], taxonomy: Taxonomy) -> str:
    """The names of categories."""
    return ", ".join(map(taxonomy.name_of, slugs))


@register.filter
def strategy_words(strategy: str) -> str:
    """The name of a strategy as words."""
    return strategy.replace("_", " ")
