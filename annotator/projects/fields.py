"""Typed reading of one mapping, field by field, with every problem collected instead of only the first."""

import re
from typing import Final

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
MAX_SHOWN: Final = 60


class Fields:
    """One mapping of a file, read field by field; what is wrong goes to `problems`: path, value and cure.

    A getter gives a usable value even for a wrong field, so the reading goes on and finds the next problem.
    """

    def __init__(self, raw: object, *, where: str, problems: list[str]) -> None:
        self._where = where
        self._problems = problems
        self._asked: set[str] = set()
        self._raw: dict[object, object] = {}
        if isinstance(raw, dict):
            self._raw = raw
        else:
            self.complain("", f"is {_shown(raw)}; write it as fields with a name and a value")

    def complain(self, name: str, what: str) -> None:
        """Note a problem of the field `name`."""
        path = f"{self._where}.{name}" if name and self._where else name or self._where or "The file"
        self._problems.append(f"{path} {what}.")

    def given(self, name: str) -> bool:
        """Whether the field is there, and not null."""
        self._asked.add(name)
        return self._raw.get(name) is not None

    def text(self, name: str, *, limit: int, default: str | None = None) -> str:
        """Text of 1 to `limit` characters, stripped; `default` when missing, without one it is required."""
        value = self._get(name, required=default is None)
        if value is None:
            return default or ""
        if not isinstance(value, str):
            self.complain(name, f"is {_shown(value)}; write text, in quotes if it looks like a number")
            return default or ""
        stripped = value.strip()
        if UNSTORABLE.search(stripped):
            self.complain(name, "has a NUL character or half a surrogate pair; remove it")
        elif not stripped and default is None:
            self.complain(name, "is empty; write some text")
        elif len(stripped) > limit:
            self.complain(name, f"has {len(stripped)} characters; at most {limit} are kept, so shorten it")
        return stripped

    def slug(self, name: str, *, limit: int) -> str:
        """Lower-case words joined by hyphens."""
        value = self.text(name, limit=limit)
        if value and not SLUG.fullmatch(value):
            advice = "use lower-case letters, digits and single hyphens, as in 'self-harm'"
            self.complain(name, f"is '{value}'; {advice}")
        return value

    def whole(self, name: str, *, low: int, high: int, default: int | None = None) -> int:
        """A whole number from `low` to `high`."""
        value = self._get(name, required=default is None)
        if value is None:
            return low if default is None else default
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.complain(name, f"is {_shown(value)}; use a whole number from {low} to {high}")
            return low
        return value

    def share(self, name: str) -> float | None:
        """A number from 0 to 1, or None where it is missing or null."""
        value = self._get(name, required=False)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.complain(name, f"is {_shown(value)}; use a number from 0 to 1, or null for none")
            return None
        return float(value)

    def share_up_to(self, name: str, *, high: float, default: float) -> float:
        """A number from 0 to `high`, or the default where it is missing or null."""
        return self.share_between(name, 0, high, default=default)

    def share_between(self, name: str, low: float, high: float, *, default: float) -> float:
        """A number from `low` to `high`, or the default where it is missing or null."""
        value = self._get(name, required=False)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            self.complain(name, f"is {_shown(value)}; use a number from {low:g} to {high:g}")
            return default
        return float(value)

    def yes_or_no(self, name: str, *, default: bool | None = None) -> bool:
        """True or false, never guessed from text or numbers; `default` when missing, without one it is required."""
        value = self._get(name, required=default is None)
        if value is None:
            return bool(default)
        if not isinstance(value, bool):
            self.complain(name, f"is {_shown(value)}; use true or false")
        return value is True

    def entries(self, name: str) -> list[object]:
        """A list; empty where it is missing."""
        value = self._get(name, required=False)
        if value is None:
            return []
        if not isinstance(value, list):
            self.complain(name, f"is {_shown(value)}; write a list")
            return []
        return value

    def nested(self, name: str) -> "Fields":
        """The fields of a mapping inside this one, which is required."""
        path = f"{self._where}.{name}" if self._where else name
        if self._get(name, required=True) is None:
            return Fields({}, where=path, problems=[])
        return Fields(self._raw[name], where=path, problems=self._problems)

    def refuse_others(self) -> None:
        """Complain of every field that nobody asked for: a misspelt field must not be ignored."""
        for name in self._raw:
            if name not in self._asked:
                known = ", ".join(sorted(self._asked))
                self.complain(str(name), f"is not a field here; known fields: {known}")

    def _get(self, name: str, *, required: bool) -> object:
        if not self.given(name) and required:
            self.complain(name, "is missing")
        return self._raw.get(name)


def _shown(value: object) -> str:
    """A value as a person would recognise it in the file, cut short."""
    match value:
        case None:
            return "empty"
        case dict():
            return "a group of fields"
        case list():
            return "a list"
        case bool():
            return str(value).lower()
        case str():
            text = f"'{value}'"
        case _:
            text = str(value)
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."
