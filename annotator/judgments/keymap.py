"""Which key does what on the labelling page: the usual keys, and one person's own beside them. Pure."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from annotator.errors import BadInput
from annotator.projects.selectors import Taxonomy

CATEGORY: Final = "category:"
NAMED: Final = {"enter": "Enter", "space": "Space", "backspace": "Backspace"}
SIGNS: Final = {"Enter": "↵", "Backspace": "⌫"}
RESERVED: Final = {"esc": "Esc leaves a field and closes a panel", "escape": "Esc leaves a field and closes a panel",
                   "tab": "Tab goes from field to field"}  # fmt: skip
SHIFTED_DIGITS: Final = "!@#$%^&*()"
STOP: Final = "stop"


@dataclass(frozen=True)
class Action:
    """Something that a key does; the first of `usual` that no category has is its usual key."""

    name: str
    text: str
    usual: tuple[str, ...]


ACTIONS: Final = (
    Action("submit", "Submit", ("Enter",)),
    Action("skip", "Skip, with a reason", ("Space",)),
    Action("undo", "Undo the last submit", ("Backspace",)),
    Action("none", "None of these", ("0",)),
    Action("reveal", "Uncover or cover the text", ("b",)),
    Action("flag", "Flag for the lead", ("f",)),
    Action("guideline", "Guideline", ("g",)),
    Action("search", "Search the guideline, or the categories", ("/",)),
    Action("last", "The last answer", ("l", ",")),
    Action("pause", "Pause", ("p", ".")),
    Action("help", "All keys", ("?",)),
    Action(STOP, "Stop: this may be illegal", ("!",)),
)


@dataclass(frozen=True)
class KeyRow:
    """One thing with its key: how it is named in the form, and in words."""

    name: str
    text: str
    key: str
    usual: str


@dataclass(frozen=True)
class Keymap:
    """The keys as one person has them; a thing whose key somebody else took has none (`""`)."""

    actions: tuple[KeyRow, ...]
    categories: tuple[KeyRow, ...]

    @property
    def rows(self) -> tuple[KeyRow, ...]:
        """Everything that may have a key."""
        return (*self.actions, *self.categories)

    @cached_property
    def of_action(self) -> dict[str, str]:
        """Action -> key, as the script reads it."""
        return {row.name: row.key for row in self.actions}

    @cached_property
    def json(self) -> str:
        """`of_action` as JSON, for the script of the page."""
        return json.dumps(self.of_action)

    @cached_property
    def of_category(self) -> dict[str, str]:
        """Slug -> key."""
        return {row.name.removeprefix(CATEGORY): row.key for row in self.categories}

    @cached_property
    def hints(self) -> dict[str, str]:
        """Action -> key as it is shown."""
        return {row.name: SIGNS.get(row.key, row.key) for row in self.actions}


def keymap_of(taxonomy: Taxonomy, own: Mapping[str, str]) -> Keymap:
    """The keys of a person who chose `own`.

    A choice holds for ever. What came later (a new category) and finds its usual key taken has no key until
    the person gives it one.
    """
    texts = _texts(taxonomy)
    taken = {key for name, key in own.items() if name in texts}

    def usual_of(*keys: str) -> str:
        key = next((key for key in keys if key and key not in taken), "")
        taken.add(key)
        return key

    def row(name: str, *usual: str) -> KeyRow:
        key = own[name] if name in own else usual_of(*usual)
        return KeyRow(name, texts[name], key, usual=usual[0])

    categories = tuple(row(CATEGORY + category.slug, category.key) for category in taxonomy.categories)
    return Keymap(actions=tuple(row(action.name, *action.usual) for action in ACTIONS), categories=categories)


def keys_checked(
    taxonomy: Taxonomy, typed: Mapping[str, str], *, own: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """What a person typed as their own keys, without those that are the usual ones; empty means the usual key.

    What has no key under `own`, the keys they have now, goes on without: the form as it is shown can be saved.
    Raises BadInput with every problem at once, and in `details` the problem of each name.
    """
    texts, usual = _texts(taxonomy), keymap_of(taxonomy, {})
    wanted = {row.name: row.key for row in usual.rows}
    keyless = {row.name for row in keymap_of(taxonomy, own).rows if not row.key}
    problems: dict[str, str] = {}
    for name, text in typed.items():
        key = _key(text)
        problem = f'There is no "{name}" to give a key to.' if name not in texts else _problem(name, key)
        if problem:
            problems[name] = problem
        elif key or name in keyless:
            wanted[name] = key
    problems |= {name: text for name, text in _clashes(wanted, texts).items() if name not in problems}
    if problems:
        raise BadInput(" ".join(dict.fromkeys(problems.values())), details=problems)
    same = {row.name: row.key for row in usual.rows}
    return {name: key for name, key in wanted.items() if key and key != same[name]}


def _texts(taxonomy: Taxonomy) -> dict[str, str]:
    actions = {action.name: action.text for action in ACTIONS}
    return actions | {CATEGORY + category.slug: category.name for category in taxonomy.categories}


def _key(text: str) -> str:
    """A key as the page knows it: a name such as Enter, or one character, in lower case."""
    if text == " ":
        return "Space"
    lower = text.strip().lower()
    return NAMED.get(lower, lower)


def _problem(name: str, key: str) -> str:
    if key in RESERVED:
        return f"{RESERVED[key]}, everywhere. Choose another key."
    if key in NAMED.values() or not key:
        return "" if not name.startswith(CATEGORY) or not key else f'"{key}" cannot be a category.'
    if len(key) > 1 or not key.isprintable():
        return f'"{key}" is not a key. Type one character, or Enter, Space or Backspace.'
    if name.startswith(CATEGORY):
        is_plain = key.isdecimal() or key.upper() != key
        return (
            ""
            if is_plain
            else f'"{key}" cannot be a category, because Shift changes it. Use a letter or a digit.'
        )
    if key in SHIFTED_DIGITS and (name, key) != (STOP, "!"):
        return f'"{key}" is Shift with a digit, which says "unsure". Choose another key.'
    return ""


def _clashes(wanted: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    names: dict[str, list[str]] = defaultdict(list)
    for name, key in wanted.items():
        if key:
            names[key].append(name)
    found: dict[str, str] = {}
    for key, sharing in names.items():
        if len(sharing) > 1:
            both = " and ".join(f"“{texts[name]}”" for name in sharing)
            found |= dict.fromkeys(sharing, f'"{key}" is the key of {both}. Give each its own.')
    return found
