"""What the cells of a row may hold: labels, moments, traffic, and whatever else is kept as metadata."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from annotator.pool.reasons import Reason

COLUMNS = ("url", "title", "text", "html", "labels", "source", "observed_at", "traffic")
KNOWN = frozenset(COLUMNS)
NONE_OF_THESE = frozenset({"none", "none-of-these"})
METADATA_CHARS_MAX = 20_000
# PostgreSQL takes no NUL in text; the other control characters have no meaning in a page and hide in terminals.
CONTROL = bytes([*range(9), 11, 12, *range(14, 32), 127])
_SEPARATORS = re.compile(r"[\s_]+")


class CellRefused(ValueError):
    """A cell that makes its row useless: `reason` is a short stable word, the text a sentence."""

    def __init__(self, reason: Reason, sentence: str, value: object) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.value = str(value)


@dataclass(frozen=True)
class LabelNames:
    """How a file may name the categories of a project: by slug or by name, whatever the case and the hyphens."""

    slugs: Mapping[str, str]

    @classmethod
    def of(cls, names: Iterable[tuple[str, str]]) -> "LabelNames":
        """From (slug, name) pairs."""
        pairs = list(names)
        by_name = {_folded(name): slug for slug, name in pairs}
        return cls(by_name | {_folded(slug): slug for slug, _ in pairs})


def known_labels(value: object, names: LabelNames) -> list[str] | None:
    """The sorted slugs that a cell names; [] for an explicit none of these, None when it says nothing.

    Takes a list, or text separated by `|`, or a JSON list in text. Raises CellRefused (unknown_category) naming
    the first label that is no category.
    """
    labels = _split_labels(value)
    if labels is None:
        return None
    found = set()
    for label in labels:
        folded = _folded(label)
        if folded in NONE_OF_THESE:
            continue
        if folded not in names.slugs:
            sentence = f'"{label[:80]}" is not a category of this project. The guideline page lists their short names.'
            raise CellRefused(Reason.UNKNOWN_CATEGORY, sentence, label)
        found.add(names.slugs[folded])
    return sorted(found)


def _split_labels(value: object) -> list[str] | None:
    if value is None or value == "":
        return None
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            return _json_labels(value)
        return [part for part in map(str.strip, value.split("|")) if part] or None
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return [part for part in map(str.strip, value) if part]
    raise CellRefused(Reason.LABELS, "Labels have to be a list of texts, or texts separated by |.", value)


def _json_labels(value: str) -> list[str]:
    try:
        labels = json.loads(value)
    except ValueError:
        labels = None
    if isinstance(labels, list) and all(isinstance(part, str) for part in labels):
        return labels
    raise CellRefused(Reason.LABELS, 'Labels that begin with "[" have to be a JSON list of texts.', value)


def _folded(label: str) -> str:
    return _SEPARATORS.sub("-", label.strip().lower())


def moment(value: object) -> datetime | None:
    """A cell as an aware datetime, or None when empty; without an offset it is UTC. Raises CellRefused."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _bad_moment(value) from None
    if isinstance(value, datetime):
        try:
            return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        except OverflowError:
            raise _bad_moment(value) from None
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise _bad_moment(value)


def _bad_moment(value: object) -> CellRefused:
    sentence = "observed_at has to be a date or a time like 2026-03-01 or 2026-03-01T09:30:00+01:00."
    return CellRefused(Reason.OBSERVED_AT, sentence, value)


def traffic(value: object) -> float | None:
    """A cell as requests a day, or None when empty. Raises CellRefused unless finite and not negative."""
    if value is None or value == "":
        return None
    try:
        number = (
            float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        number = math.nan
    if math.isfinite(number) and number >= 0:
        return number + 0.0  # -0.0 becomes 0.0
    raise CellRefused(Reason.TRAFFIC, "traffic has to be a number of requests a day, 0 or more.", value)


def metadata(row: Mapping[str, object]) -> str:
    """The further columns of a row as a JSON object; empty cells are left out. Raises CellRefused when too long."""
    further = {
        name: cell for name, cell in row.items() if name not in KNOWN and cell is not None and cell != ""
    }
    if not further:
        return "{}"
    dumped = _dumped(further)
    if len(dumped) > METADATA_CHARS_MAX:
        sentence = f"The further columns hold {len(dumped):,} characters; {METADATA_CHARS_MAX:,} is the most."
        raise CellRefused(Reason.METADATA_TOO_LONG, sentence, ", ".join(further))
    return plain_text(dumped, "metadata", METADATA_CHARS_MAX)


def _dumped(further: Mapping[str, object]) -> str:
    try:
        dumped = json.dumps(further, ensure_ascii=False, allow_nan=False, default=str)
    except ValueError:
        dumped = ""
    # JSON may hold what PostgreSQL's jsonb cannot: NUL in a text, and in Python's dialect NaN and Infinity.
    if not dumped or "\\u0000" in dumped:
        return json.dumps(_storable(further), ensure_ascii=False, default=str)
    return dumped


def _storable(value: object) -> object:
    if isinstance(value, str):
        return value.replace("\x00", "")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name).replace("\x00", ""): _storable(cell) for name, cell in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(cell) for cell in value]
    return value


def plain_text(value: object, column: str, chars_max: int) -> str:
    """A cell as text without control characters, trimmed and cut to `chars_max`; empty for nothing.

    Raises CellRefused (not_text) for lists, objects and numbers where text belongs, (not_utf8) for bytes that are
    not UTF-8.
    """
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        raise CellRefused(Reason.NOT_TEXT, f"{column} has to be text.", value)
    try:
        encoded = value.encode()
    except UnicodeEncodeError:
        raise not_utf8() from None
    kept = encoded.translate(None, CONTROL)
    if len(kept) != len(encoded):
        value = kept.decode()
    return value.strip()[:chars_max]


def not_utf8() -> CellRefused:
    """The refusal of a row whose bytes are not UTF-8."""
    return CellRefused(Reason.NOT_UTF8, "The row is not UTF-8. Save the file as UTF-8 and load it again.", "")
