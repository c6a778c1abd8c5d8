"""The facts of a card as JSON, and back: a page draws an old card from its own facts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from learner.core.cards.facts import CardFacts


def facts_dump(facts: CardFacts) -> str:
    """`facts` in their one spelling: sorted keys, two spaces."""
    return json.dumps(asdict(facts), sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def facts_load(text: str) -> CardFacts:
    """The facts that `facts_dump` wrote; what a later version added has its default, what it dropped is left out.

    Raises
    ------
    ValueError
        The text is not JSON, or lacks a fact that every card has.
    """
    try:
        facts = _read(CardFacts, json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"These are not the facts of a data card: {error}") from error
    assert isinstance(facts, CardFacts)
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
