"""Measuring how each annotator does in each category: by the worker, together with agreement."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from django.db import transaction

from annotator.agreement.ratings import ABSENT, MISSING, PRESENT, Codes, Ratings
from annotator.agreement.truth import Truth, inferred
from annotator.judgments.models import Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, guideline_current, taxonomy_version
from annotator.review.compared import CategoryCounts, Counts, compared, counts_of
from annotator.review.models import AgreementReport, AnnotatorWeek, Skill
from annotator.review.reports import agreement_measure
from annotator.review.scoring import NONE

CHUNK: Final = 5_000
NOT_JUDGED: Final = "no judgment of their own on it"


@transaction.atomic
def people_measure(project: Project) -> AgreementReport | None:
    """A new agreement report together with everybody's skills, or None when none is due. One transaction.

    Together, so that what is cut off half way is due again as a whole.
    """
    report = agreement_measure(project)
    if report is not None:
        skills_measure(report)
    return report


@transaction.atomic
def skills_measure(report: AgreementReport) -> None:
    """Everybody's skills and weeks as the judgments stand, instead of those measured before. Eight queries.

    Only for the newest report, under its lock. Memory: a byte for each judgment and category.
    """
    project, taxonomy = report.project, taxonomy_version(report.taxonomy_id)
    guideline = guideline_current(project).version
    people, ratings = _ratings(project, taxonomy)
    counts = counts_of(compared(project))
    rows = {
        (person, slug): Skill(
            project=project, annotator_id=person, category=slug, report=report, guideline=guideline
        )
        for person in sorted({*people, *(person for person, _ in counts.categories)})
        for slug in (*taxonomy.slugs, NONE)
    }
    for column, slug in enumerate(taxonomy.slugs):
        _infer(rows, people, slug, inferred(ratings, column))
    for key, found in counts.categories.items():
        if key in rows:  # the taxonomy may have lost a category since
            _count(rows[key], found)
    Skill.objects.filter(project=project).delete()
    AnnotatorWeek.objects.filter(project=project).delete()
    Skill.objects.bulk_create(rows.values(), batch_size=CHUNK)
    AnnotatorWeek.objects.bulk_create(_weeks(project, counts), batch_size=CHUNK)


def _ratings(project: Project, taxonomy: Taxonomy) -> tuple[list[int], Ratings]:
    """The ids of the annotators, and their judgments on each category; unsure and not asked are missing."""
    columns = ("item_id", "annotator_id", "labels", "unsure", "taxonomy_id")
    judgments = judgments_current(project).filter(verdict=Verdict.LABELLED).order_by("item_id", "pk")
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...], int], int] = {}
    items, who, kind = [], [], []
    for item, annotator, labels, unsure, version in judgments.values_list(*columns).iterator(CHUNK):
        items.append(item)
        who.append(annotator)
        kind.append(kinds.setdefault((tuple(labels), tuple(unsure), version), len(kinds)))
    table = np.array([_codes(taxonomy, *answer) for answer in kinds], dtype=np.int8)
    table = table.reshape(-1, len(taxonomy.slugs))
    _, item_index = np.unique(np.array(items, dtype=np.int64), return_inverse=True)
    people, annotator_index = np.unique(np.array(who, dtype=np.int64), return_inverse=True)
    values = table[np.array(kind, dtype=np.int64)]
    return people.tolist(), Ratings(item_index, annotator_index, values)


def _codes(taxonomy: Taxonomy, labels: tuple[str, ...], unsure: tuple[str, ...], judged_under: int) -> Codes:
    """One answer as a row of codes, a column per category of `taxonomy`."""
    asked = _asked(judged_under)
    row = [
        MISSING if slug in unsure or slug not in asked else PRESENT if slug in labels else ABSENT
        for slug in taxonomy.slugs
    ]
    return np.array(row, dtype=np.int8)


@lru_cache(maxsize=256)
def _asked(version: int) -> frozenset[str]:
    return frozenset(taxonomy_version(version).slugs)


def _infer(rows: Mapping[tuple[int, str], Skill], people: Sequence[int], slug: str, truth: Truth) -> None:
    """Write into everybody's row of a category what was inferred of them, or why nothing was."""
    for (_, category), row in rows.items():
        if category == slug:
            row.why_undefined = truth.why_undefined or NOT_JUDGED
    for skill in truth.skills:
        assert truth.fit is not None
        row = rows[people[skill.annotator], slug]
        row.why_undefined = ""
        expected = truth.fit.counts[skill.annotator].sum(axis=1)
        row.n_positives, row.n_negatives = float(expected[PRESENT]), float(expected[ABSENT])
        row.positives_worth, row.negatives_worth = skill.sensitivity.n, skill.specificity.n
        for rate, name in ((skill.sensitivity, "sensitivity"), (skill.specificity, "specificity")):
            setattr(row, name, rate.value)
            setattr(row, f"{name}_low", rate.low)
            setattr(row, f"{name}_high", rate.high)


def _count(row: Skill, counts: CategoryCounts) -> None:
    row.held_shown, row.gold_shown = counts.shown
    row.held_missed, row.gold_missed = counts.missed
    row.held_wrong, row.gold_wrong = counts.wrong
    row.missed_clause, row.wrong_clause = _most(counts.missed_by), _most(counts.wrong_by)


def _most(clauses: Counter[str]) -> str:
    """The clause that decided most, of those that name one; the first by number of several."""
    named = {number: n for number, n in clauses.items() if number and n}
    return min(named, key=lambda number: (-named[number], number), default="")


def _weeks(project: Project, counts: Counts) -> list[AnnotatorWeek]:
    return [
        AnnotatorWeek(
            project=project,
            annotator_id=person,
            week=week,
            n_judgments=found.n_judgments,
            gold_right=found.gold.right,
            gold_n=found.gold.n,
            held_right=found.held.right,
            held_n=found.held.n,
        )
        for (person, week), found in sorted(counts.weeks.items())
    ]
