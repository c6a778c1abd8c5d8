"""Measuring how each annotator does in each category: by the worker, together with agreement."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Final, TypeVar

import numpy as np
from django.db import transaction
from django.db.models import Model

from annotator.agreement.posterior import team_skill
from annotator.agreement.ratings import ABSENT, MISSING, PRESENT, IntArray, Ratings, unsure_as_missing
from annotator.agreement.truth import Truth, inferred
from annotator.projects.models import Project
from annotator.projects.selectors import guideline_current, taxonomy_version
from annotator.review.adaptive import PEOPLE, skills_enough_set
from annotator.review.measured import Measured
from annotator.review.models import (
    AgreementReport,
    AnnotatorWeek,
    CategoryInference,
    OwnSkill,
    OwnWeek,
    Skill,
)
from annotator.review.people.compared import CategoryCounts, Counts, compared, counts_of
from annotator.review.scoring import NONE

Row = TypeVar("Row", bound=Model)

CHUNK: Final = 5_000
NOT_JUDGED: Final = "no judgment of their own on it"


@transaction.atomic
def skills_write(report: AgreementReport, measured: Measured) -> None:
    """Everybody's skills and weeks as the judgments stand, instead of those written before. Ten queries, 14 once a day.

    Only for the newest report, in its transaction and under its lock: what is cut off half way is due again as a whole.
    """
    project, taxonomy = report.project, taxonomy_version(report.taxonomy_id)
    guideline = guideline_current(project).version
    people, ratings = measured.people.tolist(), unsure_as_missing(measured.ratings)
    counts = counts_of(compared(project))
    rows = {
        (person, slug): Skill(
            project=project, annotator_id=person, category=slug, report=report, guideline=guideline
        )
        for person in sorted({*people, *(person for person, _ in counts.categories)})
        for slug in (*taxonomy.slugs, NONE)
    }
    truths = {slug: inferred(ratings, column) for column, slug in enumerate(taxonomy.slugs)}
    for slug, truth in truths.items():
        _infer(rows, people, slug, truth)
    for key, found in counts.categories.items():
        if key in rows:  # the taxonomy may have lost a category since
            _count(rows[key], found)
    CategoryInference.objects.filter(project=project).delete()
    _replace(Skill, project, rows.values())
    weeks = _weeks(project, counts)
    _replace(AnnotatorWeek, project, weeks)
    midnight = report.computed_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if not OwnSkill.objects.filter(project=project, report__computed_at__gte=midnight).exists():
        _replace(OwnSkill, project, [_copied(row, OwnSkill) for row in rows.values()])
        _replace(OwnWeek, project, [_copied(row, OwnWeek) for row in weeks])
    deep = _deep(ratings)
    inferences = [
        _inference(report, slug, truth, int(n)) for (slug, truth), n in zip(truths.items(), deep, strict=True)
    ]
    CategoryInference.objects.bulk_create(inferences)
    skills_enough_set(project, inferences)


def _replace(model: type[Row], project: Project, rows: Iterable[Row]) -> None:
    found = model._default_manager
    found.filter(project=project).delete()
    found.bulk_create(rows, batch_size=CHUNK)


def _copied(row: Model, model: type[Row]) -> Row:
    names = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    return model(**{name: getattr(row, name) for name in names})


def _deep(ratings: Ratings) -> IntArray:
    """For each category the items on which `PEOPLE` or more decided."""
    n_items = int(ratings.item.max(initial=-1)) + 1
    given = ratings.values != MISSING
    counted = [np.bincount(ratings.item[column], minlength=n_items) >= PEOPLE for column in given.T]
    return np.array([found.sum() for found in counted], dtype=np.int64)


def _inference(report: AgreementReport, slug: str, truth: Truth, n_deep: int) -> CategoryInference:
    team = team_skill(truth.fit) if truth.fit else None
    return CategoryInference(
        project=report.project,
        report=report,
        category=slug,
        prevalence=truth.prevalence,
        sensitivity=team.sensitivity if team else None,
        specificity=team.specificity if team else None,
        n_items=truth.n_items,
        n_judgments=truth.n_judgments,
        n_deep=n_deep,
        why_undefined=truth.why_undefined,
    )


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
