"""Every answer beside gold or what is held true: grouped by the database, counted here."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, Final

from django.db import connection

from annotator.agreement.intervals import NO_ANSWERS, Tally
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.queue.models import Purpose
from annotator.review.models import Method
from annotator.review.scoring import NONE, Checked
from annotator.review.versions import checked_between

CHUNK: Final = 5_000

COMPARED: Final = f"""
WITH held AS (
    SELECT r.item_id, r.labels, r.taxonomy_id, r.resolved_by_id, c.number, c.category
    FROM resolution r JOIN item i ON i.id = r.item_id LEFT JOIN clause c ON c.id = r.clause_id
    WHERE r.project_id = %(project)s AND r.verdict = '{Verdict.LABELLED.value}' AND NOT i.withheld
        AND r.method NOT IN ('{Method.REOPENED.value}', '{Method.SINGLE.value}', '{Method.INFERRED.value}')
        AND NOT EXISTS (SELECT 1 FROM resolution later WHERE later.supersedes_id = r.id)),
known AS (
    SELECT g.item_id, g.labels, c.number, c.category, r.taxonomy_id
    FROM gold g JOIN item i ON i.id = g.item_id LEFT JOIN clause c ON c.id = g.clause_id
    LEFT JOIN resolution r ON r.item_id = g.item_id
        AND NOT EXISTS (SELECT 1 FROM resolution later WHERE later.supersedes_id = r.id)
    WHERE g.project_id = %(project)s AND g.retired_at IS NULL AND NOT i.withheld)
SELECT j.annotator_id, date_trunc('week', j.created_at AT TIME ZONE 'UTC')::date AS week,
    j.purpose, j.taxonomy_id, COALESCE(held.taxonomy_id, known.taxonomy_id), j.labels, j.unsure,
    COALESCE(held.labels, known.labels),
    COALESCE(held.number, known.number, ''), COALESCE(held.category, known.category, ''), COUNT(*)
FROM judgment j
LEFT JOIN held ON held.item_id = j.item_id AND j.purpose = '{Purpose.OVERLAP.value}'
    AND j.verdict = '{Verdict.LABELLED.value}' AND held.resolved_by_id IS DISTINCT FROM j.annotator_id
    AND NOT EXISTS (SELECT 1 FROM question_participant asked WHERE asked.item_id = j.item_id
        AND asked.annotator_id = j.annotator_id AND asked.judgment_id < j.id)
LEFT JOIN known ON known.item_id = j.item_id AND j.purpose = '{Purpose.GOLD.value}'
    AND j.verdict = '{Verdict.LABELLED.value}'
WHERE j.project_id = %(project)s AND j.imported_id IS NULL AND j.verdict <> '{Verdict.WITHDRAWN.value}'
    AND NOT EXISTS (SELECT 1 FROM judgment later WHERE later.supersedes_id = j.id)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True, slots=True)
class Group:
    """`n` equal answers of one person in one week; `checked` is None where there is nothing to compare them with."""

    annotator_id: int
    week: date
    is_gold: bool
    checked: Checked | None
    clause: str
    clause_category: str
    n: int


@dataclass(slots=True)
class CategoryCounts:
    """One person's answers about one category: [0] beside what is held true, [1] beside gold."""

    shown: list[int] = field(default_factory=lambda: [0, 0])
    missed: list[int] = field(default_factory=lambda: [0, 0])
    wrong: list[int] = field(default_factory=lambda: [0, 0])
    missed_by: Counter[str] = field(default_factory=Counter)
    wrong_by: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class WeekCounts:
    """One person's answers in one week."""

    n_judgments: int = 0
    held: Tally = NO_ANSWERS
    gold: Tally = NO_ANSWERS


@dataclass(frozen=True, slots=True)
class Counts:
    """All comparisons of a project."""

    categories: dict[tuple[int, str], CategoryCounts]
    weeks: dict[tuple[int, date], WeekCounts]


def compared(project: Project) -> Iterator[Group]:
    """The judgments of a project that stand, equal ones of one person and week together. One query.

    A judgment for overlap stands beside what is held true, unless that rests on it alone, is that person's own
    decision, or the judgment was given after a lead's question; one on gold beside the gold in use. Only categories
    count that both were asked about.
    """
    with connection.chunked_cursor() as cursor:
        cursor.execute(COMPARED, {"project": project.pk})
        while rows := cursor.fetchmany(CHUNK):
            yield from map(_group, rows)


def counts_of(groups: Iterable[Group]) -> Counts:
    """The sums by person and category, and by person and week."""
    found = Counts(defaultdict(CategoryCounts), defaultdict(WeekCounts))
    for group in groups:
        week = found.weeks[group.annotator_id, group.week]
        week.n_judgments += group.n
        if group.checked is not None:
            _count_week(week, group, group.checked)
            _count_categories(found, group, group.checked)
    return found


def _count_week(week: WeekCounts, group: Group, checked: Checked) -> None:
    is_right = checked.is_right
    if is_right is None:
        return
    before = week.gold if group.is_gold else week.held
    after = Tally(before.right + group.n * is_right, before.n + group.n)
    if group.is_gold:
        week.gold = after
    else:
        week.held = after


def _count_categories(found: Counts, group: Group, checked: Checked) -> None:
    for category, is_right in checked.by_category.items():
        counts = found.categories[group.annotator_id, category]
        clause = group.clause if group.clause_category in ("", category) else ""
        if category == NONE or category in checked.right:
            counts.shown[group.is_gold] += group.n
            counts.missed[group.is_gold] += 0 if is_right else group.n
            counts.missed_by[clause] += 0 if is_right else group.n
        else:
            counts.wrong[group.is_gold] += group.n
            counts.wrong_by[clause] += group.n


def _group(row: tuple[Any, ...]) -> Group:
    annotator, week, purpose, judged, held, labels, unsure, right, clause, clause_category, n = row
    checked = None
    if right is not None:
        checked = _checked(tuple(labels), tuple(unsure), tuple(right), judged, held or judged)
    return Group(annotator, week, purpose == Purpose.GOLD, checked, clause, clause_category, n)


@lru_cache(maxsize=65_536)
def _checked(
    labels: tuple[str, ...], unsure: tuple[str, ...], right: tuple[str, ...], judged: int, held: int
) -> Checked:
    answer = Checked(frozenset(labels), frozenset(unsure), Verdict.LABELLED, frozenset(right))
    return checked_between(answer, judged, held)
