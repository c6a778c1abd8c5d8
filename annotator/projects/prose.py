"""Markdown of people as safe HTML."""

from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TEXT = {"p", "em", "strong", "code", "pre", "br", "blockquote", "ul", "ol", "li", "h2", "h3", "h4"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
CHANGES = {"ins", "del"}
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@lru_cache(maxsize=1024)
def prose(text: str) -> SafeString:
    """`text` as HTML without links, images, attributes or raw HTML: a clause never leads out of the product."""
    return inert(_markdown.render(text))


def inert(html: str) -> SafeString:
    """`html` well formed, with the tags of a text and without attributes: nothing in it leads out, loads or runs."""
    clean = nh3.clean(html, tags=TEXT | TABLES | CHANGES, attributes={})
    # A table scrolls sideways where it is too wide: those who have only keys have to reach it.
    return mark_safe(clean.replace("<table>", '<table tabindex="0">'))  # noqa: S308 - cleaned right here
