"""HTML reduced to what people and classifiers read: title, description, text."""

import re
from typing import NamedTuple

from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.html import HTMLTree

HTML_CHARS_MAX = 4 * 1024 * 1024
DEPTH_MAX = 500  # browsers stop at 512
# Only elements that no other element closes: old pages leave thousands of <p> and <li> open and are not deep.
_NESTING = re.compile(
    r"<(/?)(?:a|b|i|u|em|strong|font|center|big|small|div|span|section|article|main|aside|header|footer|nav|table|ul|ol|dl"
    r"|form|fieldset|blockquote|button|svg|g|object|details|figure)\b",
    re.IGNORECASE,
)


class PageTooDeep(ValueError):
    """Elements nested so deep that reading the page would take minutes."""


class PageText(NamedTuple):
    """The readable part of a page; empty strings for what it has not."""

    title: str
    description: str
    text: str


def page_text(html: str) -> PageText:
    """Title, description and readable text of a page; never raises for broken HTML.

    Main content where the extractor finds one, else all visible text.

    Raises
    ------
    PageTooDeep
        When elements are nested more than `DEPTH_MAX` deep: the extractor is quadratic in the depth (4,000 deep
        took 0.6 s, 100,000 deep 280 s), and such a page is an attack or rubbish.
    """
    if _depth_over(html, DEPTH_MAX):
        raise PageTooDeep(f"Elements are nested more than {DEPTH_MAX} deep.")
    tree = HTMLTree.parse(html)
    text = _readable(tree, main_content=True) or _readable(tree, main_content=False)
    return PageText(title=tree.title or "", description=_description(tree), text=text)


def _depth_over(html: str, limit: int) -> bool:
    if html.count("<") <= limit:
        return False
    depth = 0
    for match in _NESTING.finditer(html):
        depth += -1 if match[1] else 1
        if depth > limit:
            return True
        depth = max(depth, 0)
    return False


def _readable(tree: HTMLTree, *, main_content: bool) -> str:
    text: str = extract_plain_text(tree, main_content=main_content, alt_texts=False, preserve_formatting=True)
    return text.strip()


def _description(tree: HTMLTree) -> str:
    if tree.head is None:
        return ""
    found: dict[str, str] = {}
    for meta in tree.head.get_elements_by_tag_name("meta"):
        name = (meta.getattr("name") or meta.getattr("property") or "").lower()
        found.setdefault(name, (meta.getattr("content") or "").strip())
    return found.get("description") or found.get("og:description", "")
