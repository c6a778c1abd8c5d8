"""One raw row made into one item with its evidence, or refused with a reason. Knows no database.

The rows of a file may come in millions, so a clean row is a plain tuple of COPY-ready bytes in the order of
`writing.ITEM_COLUMNS`, and everything that is the same for a site is remembered.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from annotator.pool.addresses import Address, AddressRefused, canonical
from annotator.pool.columns import (
    CellRefused,
    LabelNames,
    known_labels,
    metadata,
    moment,
    not_utf8,
    plain_text,
    traffic,
)
from annotator.pool.pages import HTML_CHARS_MAX, PageText, PageTooDeep, page_text
from annotator.pool.reasons import Reason

TITLE_CHARS_MAX = 1_000
DESCRIPTION_CHARS_MAX = 5_000
TEXT_CHARS_MAX = 200_000
SOURCE_CHARS_MAX = 120
DETAIL_CHARS_MAX = 300
VALUE_CHARS_MAX = 200
_UNCUT = 2**31
_PAGE_COLUMNS = frozenset({"url", "title", "text", "html"})
TRAIN, HOLDOUT = "train", "holdout"


@dataclass(frozen=True)
class Rules:
    """What a project decides about rows: the split of its sites, and the names of its categories."""

    salt: str
    holdout_percent: int
    labels: LabelNames = field(default_factory=lambda: LabelNames({}))


class Origin(NamedTuple):
    """What a file may say about a row beside its page; none of it is required."""

    source: str = ""
    observed_at: datetime | None = None
    traffic: float | None = None
    labels: list[str] | None = None
    metadata: str = "{}"


NO_ORIGIN = Origin()
"""Of every row of a file that has pages only: one object, so that it is written once."""


class CleanRow(NamedTuple):
    """One item with its evidence, ready to be written."""

    url_hash: str
    address: Address
    raw_url: str
    split: str
    shuffle: int
    origin: Origin
    page: PageText
    content_hash: str


class Refusal(NamedTuple):
    """Why a row was not taken in; `value` is what offended."""

    reason: Reason
    detail: str
    value: str


def row_clean(row: Mapping[str, object], rules: Rules) -> CleanRow | Refusal:
    """The item that a raw row describes, or the reason why it is none."""
    raw = row.get("url")
    try:
        raw_url = plain_text(raw, "url", _UNCUT)
        address = canonical(raw_url)
        page = _page(row)
        identity = url_hash(address)
        return CleanRow(
            identity,
            address,
            raw_url,
            split_of(address.registrable_domain, rules.salt, rules.holdout_percent),
            shuffle_of(identity),
            NO_ORIGIN if row.keys() <= _PAGE_COLUMNS else _origin(row, rules.labels),
            page,
            content_hash(page),
        )
    except AddressRefused as refused:
        return refusal(refused.reason, str(refused), "" if raw is None else str(raw))
    except CellRefused as refused:
        return refusal(refused.reason, str(refused), refused.value)


def refusal(reason: Reason, detail: str, value: str = "") -> Refusal:
    """A refusal whose texts fit their columns and are UTF-8 without control characters."""
    return Refusal(reason, _shown(detail, DETAIL_CHARS_MAX), _shown(value, VALUE_CHARS_MAX))


def split_of(domain: str, salt: str, percent: int) -> str:
    """The side of every item of this registrable domain: holdout for `percent` of all domains, else train.

    A hash, not a draw: the same project puts the same site on the same side whenever it comes and in whatever
    order. The salt is the project's, so that two projects hold out different sites.
    """
    return HOLDOUT if _bucket(domain, salt) < percent / 100 else TRAIN


@lru_cache(maxsize=200_000)
def _bucket(domain: str, salt: str) -> float:
    digest = blake2b(domain.encode(), key=salt.encode()[:64], digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def shuffle_of(url_hash: str) -> int:
    """A signed 32-bit number from the hash: random over items, the same for an item for ever."""
    number = int(url_hash[:8], 16)
    return number - 2**32 if number >= 2**31 else number


def url_hash(address: Address) -> str:
    """BLAKE2b-128 in hex of the canonical address: the identity of an item within a project."""
    return _hash(address.url.encode())


def content_hash(page: PageText) -> str:
    """BLAKE2b-128 in hex of what the page says; the parts are kept apart, so that moving a word between them shows."""
    return _hash("\x1f".join((page.title, page.description, page.text)).encode())


def _hash(content: bytes) -> str:
    return blake2b(content, digest_size=16).hexdigest()


def _origin(row: Mapping[str, object], names: LabelNames) -> Origin:
    return Origin(
        source=_source(row),
        observed_at=moment(row.get("observed_at")),
        traffic=traffic(row.get("traffic")),
        labels=known_labels(row.get("labels"), names),
        metadata=metadata(row),
    )


def _page(row: Mapping[str, object]) -> PageText:
    title = _one_line(plain_text(row.get("title"), "title", TITLE_CHARS_MAX))
    text = plain_text(row.get("text"), "text", TEXT_CHARS_MAX)
    html = row.get("html")
    if html is None or html == "":
        return PageText(title, "", text)
    read = _read_html(html)
    return PageText(
        title=title or _one_line(plain_text(read.title, "title", TITLE_CHARS_MAX)),
        description=plain_text(read.description, "description", DESCRIPTION_CHARS_MAX),
        text=text or plain_text(read.text, "text", TEXT_CHARS_MAX),
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _read_html(html: object) -> PageText:
    if not isinstance(html, str):
        raise CellRefused(Reason.NOT_TEXT, "html has to be text.", html)
    if len(html) > HTML_CHARS_MAX:
        sentence = f"The page has {len(html):,} characters of HTML; {HTML_CHARS_MAX:,} is the most."
        raise CellRefused(Reason.HTML_TOO_LONG, sentence, html[:VALUE_CHARS_MAX])
    try:
        return page_text(html)
    except UnicodeEncodeError:
        raise not_utf8() from None
    except PageTooDeep as deep:
        raise CellRefused(Reason.HTML_TOO_DEEP, str(deep), html[:VALUE_CHARS_MAX]) from None


def _source(row: Mapping[str, object]) -> str:
    source = plain_text(row.get("source"), "source", SOURCE_CHARS_MAX + 1)
    if len(source) > SOURCE_CHARS_MAX:
        sentence = (
            f"source may have {SOURCE_CHARS_MAX} characters; name where the row came from, not what it is."
        )
        raise CellRefused(Reason.SOURCE_TOO_LONG, sentence, source)
    return source


def _shown(text: str, chars_max: int) -> str:
    encodable = text[: 2 * chars_max].encode("utf-8", "replace").decode()
    return "".join(char if char.isprintable() else " " for char in encodable).strip()[:chars_max]
