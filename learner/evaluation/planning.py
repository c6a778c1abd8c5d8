"""What more audits would bring: how many it takes to know a score, drawn how, and what that costs in people's time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, isinf
from statistics import median
from typing import Any, Final

from annotator.charts import Estimate
from annotator.errors import BadInput
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from learner.core.plans import Plan, plan_read
from learner.core.stopping import Range
from learner.evaluation.models import Evaluation, TruthSetting
from learner.evaluation.responses import Response, response_of
from learner.evaluation.selectors import CategoryResult, evaluation_of_newest, result_of, truth_latest
from learner.query.models import AuditWave
from learner.training.services import AUDITS_MAX

POINTS_MIN: Final = 0.5
POINTS_MAX: Final = 40.0
PACE_OF: Final = 500
"""Newest judgments that tell the pace."""
PACE_FROM: Final = 10
WAVES_SHOWN: Final = 10
HOUR: Final = 60


@dataclass(frozen=True)
class AuditPlan:
    """What it takes to know one score of one category within some points; without a plan, `why` says why.

    The draw that takes fewer labels is planned: for the category, or at random. `minutes` are people's, over all places
    of the items: None while no pace is measured. `number` is that of the classifier version.
    """

    category: str
    name: str
    measure: str
    points: float
    number: int | None
    plan: Plan | None
    minutes: Range | None
    why: str = ""

    @property
    def n(self) -> int:
        """Audits of the batch that would be opened: no more than one may have, or than there are items."""
        if self.plan is None:
            return 0
        cheaper = self.plan.cheaper.value
        wanted = AUDITS_MAX if isinf(cheaper) else ceil(cheaper)
        return min(wanted, AUDITS_MAX, self.plan.possible)

    @property
    def now_points(self) -> str:
        """The half-width of today, in points."""
        return f"{100 * self.plan.now:.1f}" if self.plan else ""

    @property
    def words(self) -> str:
        """The plan in a sentence or three."""
        if self.plan is None:
            return self.why
        score, needed = f"{self.measure.replace('f1', 'F1')} of {self.name}", self.plan.cheaper
        if needed.value == 0:
            return f"{_capital(score)} is known within {self.points:g} points already."
        if needed.value > self.plan.possible:
            return (
                f"{_capital(score)} cannot be known within {self.points:g} points: it takes more labels than can be "
                f"foreseen, or than the {self.plan.possible:,} holdout items that are left. Ask for a wider interval."
            )
        here, other, labels = "where the category may be", "at random", self.plan.at_random
        if self.plan.is_random_cheaper:
            here, other, labels = other, here, self.plan.needed
        return (
            f"To know {score} within {self.points:g} points takes {labels_about(needed)} more labels, drawn {here}"
            f"{self._cost()}. Drawn {other} it would take {labels_about(labels)}."
        )

    def _cost(self) -> str:
        if self.minutes is None:
            return ""
        return f": about {_time(self.minutes.value)} of people's time, at the pace of their newest judgments"


@dataclass(frozen=True)
class AuditState:
    """The audits of a project: the newest waves, what became of the items, what is taken for true, and what is known.

    `traffic` are the scores by requests, by category: none where no audited page has any.
    """

    waves: tuple[AuditWave, ...]
    n_waves: int
    response: Response
    setting: TruthSetting | None
    evaluation: Evaluation | None
    categories: tuple[CategoryResult, ...]
    traffic: tuple[tuple[str, Estimate, Estimate], ...]


def audit_plan(project: Project, category: str, measure: str, points: float) -> AuditPlan:
    """The plan for one score of one category, from the newest evaluation. At most four queries.

    Raises BadInput for a category that the taxonomy does not have.
    """
    taxonomy = taxonomy_current(project)
    if category not in taxonomy.slugs:
        raise BadInput(f'The taxonomy has no category "{category[:40]}".')
    evaluation = evaluation_of_newest(project)
    name = taxonomy.name_of(category)
    kept = evaluation.facts.get("plans", {}).get(category) if evaluation else None
    number = evaluation.classifier.number if evaluation else None
    if kept is None:
        return AuditPlan(category, name, measure, points, number, None, None, _why_not(name, evaluation))
    plan = plan_read(kept, measure, points / 100)
    return AuditPlan(category, name, measure, points, number, plan, _minutes(project, plan.cheaper))


def audit_state(project: Project) -> AuditState:
    """The audits of a project as they stand. Nine queries."""
    waves = AuditWave.objects.filter(project=project).select_related("run", "batch").order_by("-number")
    evaluation = evaluation_of_newest(project)
    return AuditState(
        waves=tuple(waves[:WAVES_SHOWN]),
        n_waves=waves.count(),
        response=response_of(project),
        setting=truth_latest(project),
        evaluation=evaluation,
        categories=result_of(evaluation.classifier, evaluation).categories if evaluation else (),
        traffic=tuple(_traffic(project, evaluation)) if evaluation else (),
    )


def pace_seconds(project: Project) -> float | None:
    """Median seconds of the newest judgments on the page; None before there are ten. One query."""
    timed = judgments_current(project).filter(seconds__gt=0).order_by("-pk")
    newest = list(timed.values_list("seconds", flat=True)[:PACE_OF])
    seconds = [found for found in newest if found is not None]
    return median(seconds) if len(seconds) >= PACE_FROM else None


def _minutes(project: Project, needed: Range) -> Range | None:
    pace = pace_seconds(project)
    if pace is None:
        return None
    each = pace * project.overlap / 60
    return Range(needed.value * each, needed.low * each, needed.high * each)


def _why_not(name: str, evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "No version is evaluated yet. A plan needs some audited and resolved holdout items first."
    if "plans" not in evaluation.facts:
        return "The newest evaluation is from before plans. The next one, after ten more audits, has what they need."
    return f"Version {evaluation.classifier.number} has not learned {name}: there is no score to know."


def _traffic(project: Project, evaluation: Evaluation) -> Iterator[tuple[str, Estimate, Estimate]]:
    facts = evaluation.facts.get("traffic")
    taxonomy = taxonomy_current(project)
    for row in facts["categories"] if facts else ():
        precision, recall = (_estimate(name, row[name]) for name in ("precision", "recall"))
        yield taxonomy.name_of(row["category"]), precision, recall


def _estimate(name: str, fact: Mapping[str, Any]) -> Estimate:
    return Estimate(name, fact["value"], fact["low"], fact["high"], fact["n"], fact["why_undefined"])


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def labels_about(labels: Range) -> str:
    """So many labels in words, with the range."""
    if isinf(labels.value):
        return "more than can be foreseen"
    high = "or more" if isinf(labels.high) else f"to {_round(labels.high)}"
    return f"about {_round(labels.value)} [{_round(labels.low)} {high}]"


def _round(labels: float) -> str:
    """Two digits are known at the most."""
    return f"{float(f'{labels:.2g}'):,.0f}"


def _time(minutes: float) -> str:
    if minutes < HOUR:
        return f"{ceil(minutes)} minutes"
    hours = minutes / HOUR
    return f"{hours:,.1f} hours" if hours < 10 else f"{hours:,.0f} hours"  # noqa: PLR2004
