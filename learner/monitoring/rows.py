"""What a scoring request sends, row by row. Imports nothing heavy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from annotator.errors import BadInput
from annotator.pool.addresses import Address, AddressRefused, canonical
from learner.core.experiments import Arm

ROWS_MAX: Final = 1_000
TITLE_MAX: Final = 1_000
TEXT_MAX: Final = 200_000
ARMS: Final = tuple(arm.value for arm in Arm)
_KNOWN: Final = frozenset({"pages", "profile", "arm"})
_CELLS: Final = {"title": TITLE_MAX, "text": TEXT_MAX}


@dataclass(frozen=True, slots=True)
class AskedPage:
    """A page to score."""

    address: Address
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be scored: what was sent, a short stable word, and a sentence."""

    sent: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A scoring request: its rows in their order, and the school profile, or empty.

    `arm` is that of an experiment which is to answer every row; empty: the one that each site is drawn into.
    """

    rows: Sequence[AskedPage | BadRow]
    profile: str
    arm: str = ""


def asked_of(body: Any) -> Asked:
    """The request; a row that cannot be scored is a BadRow, and the others are answered.

    Raises BadInput when it is not `{"pages": [...], "profile": "...", "arm": "..."}` with 1 to `ROWS_MAX` pages.
    """
    if not isinstance(body, Mapping) or "pages" not in body:
        raise BadInput(
            'Send {"pages": [{"url": "…", "title": "…", "text": "…"}]}; title and text may be left out.'
        )
    if unknown := sorted(map(str, body.keys() - _KNOWN)):
        raise BadInput(
            f"A scoring request has pages, profile and arm; it cannot have {', '.join(unknown)[:200]}."
        )
    pages, profile, arm = body["pages"], body.get("profile", ""), body.get("arm", "")
    if not isinstance(profile, str):
        raise BadInput("profile is the name of a school profile.")
    if not isinstance(arm, str) or arm not in ("", *ARMS):
        raise BadInput(f"arm is {' or '.join(ARMS)}; leave it out for the one that each site is drawn into.")
    if not isinstance(pages, list) or not 1 <= len(pages) <= ROWS_MAX:
        raise BadInput(f"pages is a list of 1 to {ROWS_MAX:,} pages.")
    rows = [_row(page) for page in pages]
    return Asked(rows, profile, arm)


def _row(page: Any) -> AskedPage | BadRow:
    if isinstance(page, str):
        page = {"url": page}
    if not isinstance(page, Mapping):
        return BadRow("", "not_a_page", 'A page is an address, or {"url": "…"}.')
    url = page.get("url")
    if not isinstance(url, str):
        return BadRow("", "no_url", "The page has no address.")
    if unknown := sorted(map(str, page.keys() - {"url", *_CELLS})):
        return BadRow(
            url, "unknown_field", f"A page has url, title and text; not {', '.join(unknown)[:200]}."
        )
    for name, most in _CELLS.items():
        value = page.get(name, "")
        if not isinstance(value, str):
            return BadRow(url, "not_text", f"{name} is not a text.")
        if len(value) > most:
            return BadRow(url, "too_long", f"{name} has {len(value):,} characters; {most:,} is the most.")
    try:
        url.encode()
        return AskedPage(canonical(url), page.get("title", ""), page.get("text", ""))
    except UnicodeEncodeError:
        return BadRow(url, "not_utf8", "The address holds what is no character.")
    except AddressRefused as refused:
        return BadRow(url, str(refused.reason), str(refused))
