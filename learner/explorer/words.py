"""Words of pages and of what people look for, cut in the same way. Knows no database."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CHARS_READ: Final = 20_000
WORD_MAX: Final = 60
TERMS_MAX: Final = 12
PREFIX_LEAST: Final = 3
_WORD: Final = re.compile(r"[^\W_]+")
# Scripts without blanks between words: cut into pairs of characters.
_UNBROKEN: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)


@dataclass(frozen=True)
class Term:
    """Words that have to stand in a page together, or must not; the last may be only a beginning."""

    words: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


class NoWords(ValueError):
    """What was asked for holds no word to look for."""


def words_of(*texts: str) -> set[str]:
    """The words of a page: lower case, compatible characters made equal."""
    return {word for text in texts for word in _words(text[:CHARS_READ])}


def terms_of(text: str) -> list[Term]:
    """What somebody looks for: words, `-word` for what must not be there, `begin*` for a beginning.

    Raises NoWords, with a sentence.
    """
    terms = [_term(part) for part in text.split()]
    if len(terms) > TERMS_MAX:
        raise NoWords(f"Look for {TERMS_MAX} words at most.")
    return terms


def tsquery_of(term: Term) -> str:
    """The words as PostgreSQL reads a query. A word holds letters and digits alone, so that quoting is safe."""
    quoted = [f"'{word}'" for word in term.words]
    if term.is_prefix:
        quoted[-1] += ":*"
    return " & ".join(quoted)


def _term(part: str) -> Term:
    excluded, prefix = part.startswith("-"), part.endswith("*")
    words = tuple(dict.fromkeys(_words(part)))
    if not words:
        raise NoWords(f'"{part}" holds no letter and no digit to look for.')
    if prefix and len(words[-1]) < PREFIX_LEAST:
        raise NoWords(f'"{part}" is too short a beginning: write {PREFIX_LEAST} characters or more before *.')
    return Term(words, prefix, excluded)


def _words(text: str) -> Iterator[str]:
    for found in _WORD.finditer(unicodedata.normalize("NFKC", text).lower()):
        word = found[0]
        if word.isascii() or not _UNBROKEN.search(word):
            yield word[:WORD_MAX]
            continue
        done = 0
        for run in _UNBROKEN.finditer(word):
            if word[done : run.start()]:
                yield word[done : run.start()][:WORD_MAX]
            yield from (run[0][at : at + 2] for at in range(max(1, len(run[0]) - 1)))
            done = run.end()
        if word[done:]:
            yield word[done:][:WORD_MAX]
