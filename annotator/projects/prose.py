"""Markdown of people as safe HTML."""

import re
from functools import lru_cache
from typing import Final

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TEXT = {"p", "em", "strong", "code", "pre", "br", "blockquote", "ul", "ol", "li", "h2", "h3", "h4"}
TABLES = {"table", "thead", "tbody", "tr", "th", "td"}
CHANGES = {"ins", "del"}
COLUMNS_MAX: Final = 10
"""A table with more is a grid of numbers: as cards nobody could compare its rows."""
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


def prose_tabled(text: str) -> SafeString:
    """`prose`, for texts with wide tables: each cell knows the head of its column, so a phone shows rows as cards."""
    return mark_safe(re.sub(r"(?s)<table.*?</table>", _labelled, prose(text)))  # noqa: S308 - cleaned by `prose`


def _labelled(found: re.Match[str]) -> str:
    """A table, well formed and without attributes of cells, with the labels of all cells but the first of a row."""
    head, body, rows = found[0].partition("<tbody>")
    heads = [
        re.sub(r"<[^>]*>", "", one).replace('"', "&quot;") for one in re.findall(r"(?s)<th>(.*?)</th>", head)
    ]
    if len(heads) > COLUMNS_MAX:
        return found[0]
    labels = [f'<td data-label="{one}">' if at else "<td>" for at, one in enumerate(heads)]

    def row(cells: re.Match[str]) -> str:
        given = iter(labels)
        return re.sub("<td>", lambda _: next(given), cells[0])

    return head + body + re.sub(r"(?s)<tr>.*?</tr>", row, rows)
