"""The facts of a card as JSON, and back: a page draws an old card from its own facts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from learner.core.cards.facts import CardFacts

Facts = TypeVar("Facts")


def facts_dump(facts: Any) -> str:
    """The facts of any card in their one spelling: sorted keys, two spaces."""
    return json.dumps(asdict(facts), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def facts_load(text: str) -> CardFacts:
    """The facts that `facts_dump` wrote; what a later version added has its default, what it dropped is left out.

    Raises
    ------
    ValueError
        The text is not JSON, or lacks a fact that every card has.
    """
    return facts_of_kind(CardFacts, text)


def facts_of_kind(kind: type[Facts], text: str) -> Facts:
    """As `facts_load`, of the card whose facts are `kind`."""
    try:
        facts = _read(kind, json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"These are not the facts of a card: {error}") from error
    assert isinstance(facts, kind)
    return facts


def _read(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        known = next(each for each in inner if each is not type(None))
        return None if value is None else _read(known, value)
    if is_dataclass(kind):
        return _read_row(kind, value)
    if origin is Mapping:
        return {_key(inner[0], key): _read(inner[1], each) for key, each in value.items()}
    if origin in (Sequence, tuple):
        return tuple(_read(inner[0], each) for each in value)
    return value


def _read_row(kind: Any, value: dict[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(
        **{
            each.name: _read(hints[each.name], value[each.name])
            for each in fields(kind)
            if each.name in value
        }
    )


def _key(kind: Any, key: str) -> Any:
    return int(key) if kind is int else key


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
