"""YAML or JSON text to plain data, refusing what the usual readers let through in silence."""

import json
from collections.abc import Hashable
from typing import Any, Final, Literal, NoReturn

import yaml

from annotator.errors import BadInput, TooLarge

Format = Literal["yaml", "json"]

MAX_CHARACTERS: Final = 1_000_000


def strict_text_read(text: str, text_format: Format) -> object:
    """Dicts, lists, strings, numbers, booleans and None of `text`.

    Refused besides plain syntax errors: a key given twice (the usual readers keep the last one), YAML aliases
    (a small file can expand to gigabytes), JSON's NaN, and text over a million characters.

    Raises
    ------
    BadInput
        The text cannot be read; the message names the line.
    TooLarge
        The text is too long.
    """
    if len(text) > MAX_CHARACTERS:
        msg = (
            f"The file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read. Shorten its texts."
        )
        raise TooLarge(msg)
    return _yaml(text) if text_format == "yaml" else _json(text)


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader without aliases, dates and repeated keys."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            msg = f"Line {self.line + 1} uses a YAML alias (*name); write the value out instead."
            raise BadInput(msg)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001 (PyYAML calls it so)
        seen: set[str] = set()
        scalars = (key for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        for key in scalars:
            if key.value in seen:
                msg = f"Line {key.start_mark.line + 1} gives '{key.value}' a second time; remove one of them."
                raise BadInput(msg)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


# A date in a text field is text.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = f" (line {error.problem_mark.line + 1})" if error.problem_mark else ""
        msg = f"This is not readable YAML{line}: {error.problem}. Check the indentation and quotes there."
        raise BadInput(msg) from error
    except yaml.YAMLError as error:
        msg = f"This is not readable YAML: {error}."
        raise BadInput(msg) from error
    except ValueError as error:
        msg = f"This YAML has a number that cannot be read: {error}."
        raise BadInput(msg) from error
    except RecursionError as error:
        msg = "The YAML is nested too deeply; a blueprint needs four levels."
        raise BadInput(msg) from error


def _json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        msg = f"This is not readable JSON (line {error.lineno}, column {error.colno}): {error.msg}."
        raise BadInput(msg) from error
    except ValueError as error:
        msg = f"This JSON has a number that cannot be read: {error}."
        raise BadInput(msg) from error
    except RecursionError as error:
        msg = "The JSON is nested too deeply; a blueprint needs four levels."
        raise BadInput(msg) from error


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen: dict[str, object] = {}
    for key, value in pairs:
        if key in seen:
            msg = f"'{key}' is given twice in one object; remove one of them."
            raise BadInput(msg)
        seen[key] = value
    return seen


def _refuse_constant(constant: str) -> NoReturn:
    msg = f"{constant} is not a number that JSON knows; write a number or null."
    raise BadInput(msg)
