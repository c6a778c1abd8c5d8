"""Adaptive overlap in a project: whether skills are known well enough, the rule of a sweep, and the check beside it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from annotator.agreement.intervals import Tally, wilson
from annotator.agreement.overlap import CategorySkills, NoSkills, OverlapPolicy
from annotator.agreement.posterior import KnownSkill
from annotator.projects.models import Project
from annotator.projects.selectors import severe_ever, taxonomy_current
from annotator.queue.models import Stopping
from annotator.review.models import AgreementReport, CategoryInference, OverlapCheck, Skill
from annotator.review.selectors import agreement_report_latest
from annotator.review.standing import Adaptive, Rule, Standing, foreseen_of

PEOPLE: Final = 3
"""On one item: two say who differs, and only a third who errs."""
DEEP: Final = 100
"""Items on which so many people decided, of a category, from which its skills are known."""
POSITIVES: Final = 10.0
"""Finds of a category from which it is known how well people see it; under it, bounds stand in."""
HALF_MISSED: Final = KnownSkill(1 / 2, 0.99)
"""Of a category that is too rare to measure: every second find is taken to be missed."""
FRESH: Final = timedelta(days=7)


def rule_of(project: Project, standings: Sequence[Standing]) -> Rule:
    """The rule for these items. Three queries where adaptive overlap bears on one of them, else none."""
    taxonomy = taxonomy_current(project)
    adaptive: Adaptive | NoSkills | None = None
    if project.adaptive and any(standing.stopping != Stopping.FIXED for standing in standings):
        people = {judgment.annotator_id for standing in standings for judgment in standing.judgments}
        adaptive = adaptive_now(project, people, timezone.now())
        _enough_set(project, enough=isinstance(adaptive, Adaptive))
    return Rule(
        project.overlap,
        project.overlap_max,
        severe_ever(project),
        taxonomy.harmful,
        adaptive if isinstance(adaptive, Adaptive) else None,
    )


def adaptive_now(project: Project, people: Iterable[int], now: datetime) -> Adaptive | NoSkills:
    """The policy of the project with the skills of these people, or why there can be none. Three queries."""
    inferences = _inferences(project)
    report = agreement_report_latest(project)
    why = _why_not(project, report, inferences, now)
    if why or report is None:
        return NoSkills(why)
    rows = Skill.objects.filter(project=project, annotator__in=list(people), sensitivity__isnull=False)
    known: dict[str, dict[int, KnownSkill]] = {slug: {} for slug in inferences}
    for row in rows:
        if row.category in known and row.sensitivity is not None and row.specificity is not None:
            known[row.category][row.annotator_id] = KnownSkill(row.sensitivity, row.specificity)
    least = min(project.adaptive_least, project.overlap_max)  # fits in any case where it is on
    policy = OverlapPolicy(project.adaptive_certainty, least, project.overlap_max)
    skills = {slug: _skills(row, known[slug]) for slug, row in inferences.items()}
    return Adaptive(policy, skills, report.taxonomy_id)


def why_no_skills(project: Project, now: datetime) -> str:
    """Why skills are not known well enough to stop by them, in a sentence; empty when they are. Two queries."""
    return _why_not(project, agreement_report_latest(project), _inferences(project), now)


def skills_enough_set(project: Project, inferences: Iterable[CategoryInference]) -> None:
    """Note whether skills, measured just now, are known well enough: batches open by it. One query if that changed."""
    _enough_set(project, enough=not _too_few(inferences))


def checks_write(project: Project, standings: Sequence[Standing], rule: Rule) -> None:
    """Keep where adaptive overlap would have stopped, of items drawn for the check, once. One query if any did."""
    found = {standing.item_id: foreseen_of(standing, rule) for standing in standings}
    OverlapCheck.objects.bulk_create(
        (
            OverlapCheck(
                project=project,
                item_id=item_id,
                labels=sorted(foreseen.labels),
                probability=foreseen.probability,
                n_judgments=foreseen.n,
            )
            for item_id, foreseen in found.items()
            if foreseen is not None
        ),
        ignore_conflicts=True,
    )


def _inferences(project: Project) -> dict[str, CategoryInference]:
    return {row.category: row for row in CategoryInference.objects.filter(project=project)}


def _why_not(
    project: Project,
    report: AgreementReport | None,
    inferences: Mapping[str, CategoryInference],
    now: datetime,
) -> str:
    if report is None or not inferences:
        return "Skills are not measured yet."
    if now - report.computed_at > FRESH:
        return f"Skills were last measured on {report.computed_at:%Y-%m-%d}, more than {FRESH.days} days ago."
    if report.taxonomy_id != taxonomy_current(project).version.pk:
        return "Skills were measured under an earlier taxonomy."
    return _too_few(inferences.values())


def _too_few(inferences: Iterable[CategoryInference]) -> str:
    deep = max((row.n_deep for row in inferences), default=0)
    if deep >= DEEP:
        return ""
    return f"{deep} of the {DEEP} pages are judged that it takes, each by {PEOPLE} people or more."


def _skills(row: CategoryInference, people: Mapping[int, KnownSkill]) -> CategorySkills:
    """What is known of a category; bounds where it is too rare, or judged in depth too seldom, to know."""
    finds = (row.prevalence or 0.0) * row.n_items
    if row.sensitivity is None or row.specificity is None or finds < POSITIVES or row.n_deep < DEEP:
        bound = wilson(Tally(round(finds), row.n_items)).high
        return CategorySkills(bound, HALF_MISSED, is_known=False)
    assert row.prevalence is not None
    return CategorySkills(row.prevalence, KnownSkill(row.sensitivity, row.specificity), people)


def _enough_set(project: Project, *, enough: bool) -> None:
    if enough != project.skills_enough:
        Project.objects.filter(pk=project.pk).update(skills_enough=enough)
        project.skills_enough = enough
