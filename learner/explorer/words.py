"""Words of pages and of what people look for, cut in the same way. Knows no database."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

CHARS_READ: Final = 20_000
WORD_MAX: Final = 60
TERMS_MAX: Final = 12
PREFIX_LEAST: Final = 3
BEGINNINGS: Final = range(PREFIX_LEAST, 7)
"""Characters of a beginning that may be a column. A longer one is of few words: the index is fast enough."""
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
    found: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(_folded(text[:CHARS_READ])))
    unbroken = {word for word in found if not word.isascii() and _UNBROKEN.search(word)}
    return {word[:WORD_MAX] for word in found - unbroken}.union(*map(_pieces, unbroken))


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


def names_of(term: Term) -> list[str]:
    """The words of a term by the names that columns have: a beginning with its `*`, which no word holds."""
    return [*term.words[:-1], f"{term.words[-1]}*"] if term.is_prefix else list(term.words)


def named(names: Sequence[str]) -> Term:
    """The term of such names, of which the last may be a beginning."""
    return Term(tuple(name.rstrip("*") for name in names), is_prefix=names[-1].endswith("*"))


def beginnings_of(words: Iterable[str]) -> set[str]:
    """How these words begin, by the names that columns have."""
    return {f"{word[:n]}*" for word in words for n in BEGINNINGS if len(word) >= n}


def _term(part: str) -> Term:
    excluded, prefix = part.startswith("-"), part.endswith("*")
    words = tuple(dict.fromkeys(_words(part)))
    if not words:
        raise NoWords(f'"{part}" holds no letter and no digit to look for.')
    if prefix and len(words[-1]) < PREFIX_LEAST:
        raise NoWords(f'"{part}" is too short a beginning: write {PREFIX_LEAST} characters or more before *.')
    return Term(words, prefix, excluded)


def _words(text: str) -> Iterator[str]:
    """The words of a text in their order."""
    for word in _WORD.findall(_folded(text)):
        yield from _pieces(word)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def _pieces(word: str) -> Iterator[str]:
    """The word, or where its script has no blanks each two characters that stand together."""
    done = 0
    for run in _UNBROKEN.finditer(word):
        if word[done : run.start()]:
            yield word[done : run.start()][:WORD_MAX]
        yield from (run[0][at : at + 2] for at in range(max(1, len(run[0]) - 1)))
        done = run.end()
    if word[done:]:
        yield word[done:][:WORD_MAX]
