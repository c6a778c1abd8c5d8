"""The tokens of a page in plain Python, one by one: what the recipe means, for tests and for comparison of speed."""

import re
from collections.abc import Iterator
from itertools import pairwise

from learner.core.features import MAX_WORDS, PageText

_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_MAX_CHARACTERS = 10 * MAX_WORDS
_MAX_URL = 2_000
_PREFIX = 5


def url_tokens(page: PageText) -> list[str]:
    tokens = ["d:" + _DIGITS.sub("0", page.registrable_domain.lower())] if page.registrable_domain else []
    for word in _words(page.host):
        tokens.append("h:" + word)
        tokens.extend(grams(word))
    address, _, query = page.url[:_MAX_URL].lower().partition("#")[0].partition("?")
    path = _words(address.partition("://")[2].partition("/")[2])
    for word in path:
        tokens.append("p:" + word)
        tokens.extend(grams(word))
    tokens.extend(f"b:{first} {second}" for first, second in pairwise(path))
    keys = (_DIGITS.sub("0", part.partition("=")[0]) for part in re.split("[&?]", query))
    tokens.extend("q:" + key for key in keys if key)
    return tokens


def grams(word: str) -> Iterator[str]:
    marked = f"^{word}$"
    for n in (3, 5):
        for start in range(len(marked) - n + 1):
            yield "c:" + marked[start : start + n]


def text_tokens(page: PageText) -> list[str]:
    text = f"{page.title}\n{page.description}\n{page.text[:_MAX_CHARACTERS]}"
    words = _WORD.findall(text[:_MAX_CHARACTERS].lower())[:MAX_WORDS]
    return words + ["s:" + word[:5] for word in words if len(word) > _PREFIX]


def _words(text: str) -> list[str]:
    return _WORD.findall(_DIGITS.sub("0", text.lower()))
