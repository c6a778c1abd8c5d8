"""What changed between two versions of the guideline, clause by clause and word by word, as inert HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Final

from django.utils.safestring import SafeString

from annotator.projects.blueprint import ClauseDraft
from annotator.projects.compared import prose_compared, words_compared
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.projects.prose import prose
from annotator.projects.selectors import Guideline, guideline_versions

HISTORY_MAX: Final = 10
AnyClause = Clause | ClauseDraft


class Change(StrEnum):
    """What happened to a clause."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True)
class ClauseChange:
    """One clause that is not what it was; `title` and `body` show removed words in `<del>`, added ones in `<ins>`."""

    change: Change
    clause: AnyClause
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


def clauses_compared(old: Sequence[AnyClause], new: Sequence[AnyClause]) -> tuple[ClauseChange, ...]:
    """As `guideline_changes`, for clauses that are not published yet: a draft changes, so nothing is remembered."""
    before = {clause.number: clause for clause in old}
    after = {clause.number for clause in new}
    changed = [_change(before.get(clause.number), clause) for clause in new]
    removed = [_shown(Change.REMOVED, clause, None) for clause in old if clause.number not in after]
    return (*(change for change in changed if change), *removed)


def _change(old: AnyClause | None, new: AnyClause) -> ClauseChange | None:
    if old is None:
        return _shown(Change.ADDED, None, new)
    is_same = (old.title, old.category) == (new.title, new.category) and _read(old) == _read(new)
    return None if is_same else _shown(Change.CHANGED, old, new)


def _read(clause: AnyClause) -> list[str]:
    """What people read of its text: how it was wrapped makes no difference."""
    return prose(clause.body).split()


def _shown(change: Change, old: AnyClause | None, new: AnyClause | None) -> ClauseChange:
    clause = new or old
    assert clause is not None
    title = words_compared(old.title if old else "", new.title if new else "")
    return ClauseChange(
        change, clause, title, prose_compared(old.body if old else "", new.body if new else "")
    )
