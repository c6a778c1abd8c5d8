"""How the policy came to be what it is: each version of taxonomy and guideline with who, why, and what it changed."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import zip_longest
from typing import TypeVar

from annotator.projects.blueprint import CategoryDraft
from annotator.projects.changes import ClauseChange, guideline_changes
from annotator.projects.compared import words_compared
from annotator.projects.mapping import Kind, Link
from annotator.projects.models import GuidelineVersion, Project, TaxonomyVersion
from annotator.projects.operations import Operation, category_changes, operation_words
from annotator.projects.selectors import (
    Guideline,
    Taxonomy,
    guideline_versions,
    taxonomy_links,
    taxonomy_versions,
)
from annotator.projects.services import category_drafts

VERSIONS_MAX = 10_000
DONE = {"Add": "Added", "Rename": "Renamed", "Merge": "Merged", "Retire": "Retired", "Change": "Changed"}
Version = TypeVar("Version", Taxonomy, Guideline)


class Subject(StrEnum):
    """What a version is of."""

    TAXONOMY = "taxonomy"
    GUIDELINE = "guideline"


@dataclass(frozen=True)
class TaxonomyChange:
    """One thing that a taxonomy version did, in words; `sources` are short names in the version before.

    `definition` shows removed words in `<del>`, added ones in `<ins>`; empty where it did not change.
    """

    kind: Kind
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    words: str
    details: tuple[str, ...] = ()
    definition: str = ""


@dataclass(frozen=True)
class PolicyEntry:
    """One version with what it changed; a first version changed nothing, and says how much it began with."""

    subject: Subject
    number: int
    at: datetime
    by: str
    note: str
    beginning: str = ""
    categories: tuple[TaxonomyChange, ...] = ()
    clauses: tuple[ClauseChange, ...] = ()


def policy_of(project: Project) -> list[PolicyEntry]:
    """Every version of taxonomy and guideline, newest first. Four queries, once the versions are in memory."""
    taxonomies, guidelines = taxonomy_versions(project), guideline_versions(project, VERSIONS_MAX)
    names = _authors(project)
    entries = [_taxonomy_entry(new, old, names) for new, old in _with_earlier(taxonomies)]
    entries += [_guideline_entry(new, old, names) for new, old in _with_earlier(guidelines)]
    return sorted(entries, key=lambda entry: (entry.at, entry.subject), reverse=True)


def taxonomy_changes(old: Taxonomy, new: Taxonomy) -> tuple[TaxonomyChange, ...]:
    """What a version did to the one before, in the order in which the lead did it."""
    before = {category.slug: category for category in category_drafts(old)}
    after = {category.slug: category for category in category_drafts(new)}
    changes, said = [], set[str]()
    for kind, sources, targets in _grouped(taxonomy_links(new.version.pk)):
        changes.append(_change(kind, sources, targets, before, after))
        said.update(sources)
    for slug, category in after.items():
        if slug in before and slug not in said and before[slug] != category:
            kind = Kind.CHANGE if before[slug].name == category.name else Kind.RENAME
            changes.append(_change(kind, (slug,), (slug,), before, after))
    return tuple(changes)


def _grouped(links: Iterable[Link]) -> list[tuple[Kind, tuple[str, ...], tuple[str, ...]]]:
    """The links with those of one merge together, at the place of its first."""
    groups: dict[tuple[Kind, tuple[str, ...]], list[str]] = defaultdict(list)
    for link in links:
        key = (
            link.kind,
            link.targets if link.kind in (Kind.MERGE, Kind.ADD) else (link.source, *link.targets),
        )
        groups[key].append(link.source)
    return [
        (kind, tuple(slug for slug in sources if slug), key if kind in (Kind.MERGE, Kind.ADD) else key[1:])
        for (kind, key), sources in groups.items()
    ]


def _change(
    kind: Kind,
    sources: tuple[str, ...],
    targets: tuple[str, ...],
    before: Mapping[str, CategoryDraft],
    after: Mapping[str, CategoryDraft],
) -> TaxonomyChange:
    made = tuple(after[slug] for slug in targets if slug in after)
    names = {slug: category.name for slug, category in before.items()}
    words = _done(operation_words(Operation(kind, sources, made), names)) if made or not targets else ""
    details: tuple[str, ...] = ()
    definition = ""
    if kind in (Kind.RENAME, Kind.CHANGE) and made and sources[0] in before:
        old, new = before[sources[0]], made[0]
        details = category_changes(old, new)
        if old.definition != new.definition:
            definition = words_compared(old.definition, new.definition)
    return TaxonomyChange(
        kind, sources, targets, words or f"{kind} {', '.join(sources)}", details, definition
    )


def _done(words: str) -> str:
    """`Merged "A" and "B" into "C"` of `Merge ...`."""
    verb, _, rest = words.partition(" ")
    return f"{DONE.get(verb, verb)} {rest}"


def _with_earlier(newest_first: Sequence[Version]) -> list[tuple[Version, Version | None]]:
    """Each version with the one before it."""
    return list(zip_longest(newest_first, newest_first[1:]))


def _taxonomy_entry(new: Taxonomy, old: Taxonomy | None, names: Mapping[int, str]) -> PolicyEntry:
    n = len(new.categories)
    return PolicyEntry(
        subject=Subject.TAXONOMY,
        number=new.version.number,
        at=new.version.created_at,
        by=names[new.version.created_by_id],
        note=new.version.note,
        beginning="" if old else f"The first taxonomy, of {n} categor{'y' if n == 1 else 'ies'}.",
        categories=taxonomy_changes(old, new) if old else (),
    )


def _guideline_entry(new: Guideline, old: Guideline | None, names: Mapping[int, str]) -> PolicyEntry:
    n = len(new.clauses)
    return PolicyEntry(
        subject=Subject.GUIDELINE,
        number=new.version.number,
        at=new.version.created_at,
        by=names[new.version.created_by_id],
        note=new.version.note,
        beginning="" if old else f"The first guideline, of {n} clause{'' if n == 1 else 's'}.",
        clauses=guideline_changes(old, new) if old else (),
    )


def _authors(project: Project) -> dict[int, str]:
    names: dict[int, str] = {}
    for model in (TaxonomyVersion, GuidelineVersion):
        rows = model._default_manager.filter(project=project)
        names |= dict(rows.values_list("created_by", "created_by__username"))
    return names
