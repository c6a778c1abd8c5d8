"""What changed between two versions of the guideline, clause by clause and word by word, as inert HTML."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from functools import lru_cache
from html import escape
from itertools import pairwise
from typing import Final

from django.utils.safestring import SafeString, mark_safe

from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.projects.selectors import Guideline, guideline_versions

WORDS_MAX: Final = 1_500  # comparing is quadratic: longer clauses are shown as replaced whole
HISTORY_MAX: Final = 10
_WRAPPED = re.compile(r"(?<!\n)[ \t]*\n[ \t]*(?![\n*+|>#-]|\d+[.)])")
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")


class Change(StrEnum):
    """What happened to a clause."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class ClauseChange:
    """One clause that is not what it was; `title` and `body` show removed words in `<del>`, added ones in `<ins>`."""

    change: Change
    clause: Clause
    title: SafeString
    body: SafeString


@dataclass(frozen=True)
class VersionChanges:
    """One guideline version with what it changed."""

    version: GuidelineVersion
    changes: tuple[ClauseChange, ...]


def guideline_history(project: Project) -> list[VersionChanges]:
    """The newest `HISTORY_MAX` guideline versions that changed another one, newest first. One query."""
    versions = guideline_versions(project, HISTORY_MAX + 1)
    return [VersionChanges(new.version, guideline_changes(old, new)) for new, old in pairwise(versions)]


def guideline_changes(old: Guideline, new: Guideline) -> tuple[ClauseChange, ...]:
    """The clauses of `new` that `old` has not or says differently, in their order, then those that it dropped.

    A clause is the same while its number is. Two versions are compared once.
    """
    return _changes(old, new)


@lru_cache(maxsize=128)
def _changes(old: Guideline, new: Guideline) -> tuple[ClauseChange, ...]:
    return clauses_compared(old.clauses, new.clauses)


def clauses_compared(old: Sequence[Clause], new: Sequence[Clause]) -> tuple[ClauseChange, ...]:
    """As `guideline_changes`, for clauses that are not published yet: a draft changes, so nothing is remembered."""
    before = {clause.number: clause for clause in old}
    after = {clause.number for clause in new}
    changed = [_change(before.get(clause.number), clause) for clause in new]
    removed = [_removed(clause) for clause in old if clause.number not in after]
    return (*(change for change in changed if change), *removed)


def _change(old: Clause | None, new: Clause) -> ClauseChange | None:
    if old is None:
        return ClauseChange(Change.ADDED, new, _all(new.title, "ins"), _all(_unwrapped(new.body), "ins"))
    if (old.title, _unwrapped(old.body), old.category) == (new.title, _unwrapped(new.body), new.category):
        return None
    return ClauseChange(
        Change.CHANGED, new, words_compared(old.title, new.title), words_compared(old.body, new.body)
    )


def _removed(clause: Clause) -> ClauseChange:
    return ClauseChange(
        Change.REMOVED, clause, _all(clause.title, "del"), _all(_unwrapped(clause.body), "del")
    )


def words_compared(old: str, new: str) -> SafeString:
    """Both texts as one: what only `old` has in `<del>`, what only `new` has in `<ins>`; everything else escaped."""
    old, new = _unwrapped(old), _unwrapped(new)
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    if max(len(before), len(after)) > WORDS_MAX:
        return mark_safe(_all(old, "del") + _all(new, "ins"))  # noqa: S308 - escaped below
    return mark_safe("".join(_compared(before, after)))  # noqa: S308 - escaped below


def _unwrapped(text: str) -> str:
    """`text` without the line ends that Markdown takes for blanks: what was only wrapped anew is the same."""
    return _WRAPPED.sub(" ", text.strip())


def _compared(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for what, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if what == "equal":
            yield escape("".join(before[i:j]))
            continue
        yield _all("".join(before[i:j]), "del")
        yield _all("".join(after[k:m]), "ins")


def _all(text: str, tag: str) -> SafeString:
    return mark_safe(f"<{tag}>{escape(text)}</{tag}>" if text else "")  # noqa: S308 - escaped right here
