"""What enough evidence would cost, rule by rule: how many more audits bring a bound to where the gate asks for it."""

from collections.abc import Mapping, Sequence
from math import ceil
from urllib.parse import urlencode

from django.urls import reverse

from annotator.projects.models import Project
from learner.core.gate import Line, Verdict
from learner.core.plans import MEASURES, plan_read
from learner.evaluation.models import Evaluation
from learner.evaluation.planning import POINTS_MAX, POINTS_MIN, labels_about

HOPELESS = "alone will hardly bring it there: the estimate itself is"


def prices_of(evaluation: Evaluation, lines: Sequence[Line]) -> Mapping[str, str]:
    """The price of each rule that lacks evidence, where it can be foreseen. No query."""
    plans = evaluation.facts.get("plans") or {}
    found = {line.rule: _price(line, plans) for line in lines if line.verdict == Verdict.UNKNOWN}
    return {rule: price for rule, price in found.items() if price}


def href_of(project: Project, line: Line) -> str:
    """Where the evidence that a rule lacks can be had: the planner's page, the slice's; empty where nowhere."""
    measure, _, slug = line.rule.partition(":")
    if line.verdict != Verdict.UNKNOWN:
        return ""
    if measure == "pack":
        return reverse("evaluation:packs", args=(project.slug,))
    half_width = _half_width(line)
    if measure not in MEASURES or half_width is None or half_width <= 0:
        return ""
    points = int(1000 * half_width + 1e-6) / 10  # rounded down: a wider interval would not do
    asked = {"category": slug, "measure": measure, "points": min(max(points, POINTS_MIN), POINTS_MAX)}
    return f"{reverse('training:audits', args=(project.slug,))}?{urlencode(asked)}#plan"


def _price(line: Line, plans: Mapping[str, Mapping[str, object]]) -> str:
    measure, _, slug = line.rule.partition(":")
    if measure == "pack":
        return _more(line, "pages of other sites in the slice, flagged as rarely as those in it")
    if measure == "calibration":
        return _more(line, "audits")
    half_width = _half_width(line)
    if measure not in MEASURES or slug not in plans or half_width is None:
        return ""
    if half_width <= 0:
        return f"labels {HOPELESS} below the limit"
    plan = plan_read(plans[slug], measure, half_width)
    if plan.cheaper.value == 0:
        return "a few more audits, drawn for this category"
    if plan.cheaper.value > plan.possible:
        return "more labels than can be foreseen, or than there are holdout items left"
    how = "at random" if plan.is_random_cheaper else "for this category"
    return f"{labels_about(plan.cheaper)} more audits, drawn {how}"


def _half_width(line: Line) -> float | None:
    """How wide half an interval may be whose lower end is at the limit, the value in its place in the interval."""
    if line.value is None or line.low is None or line.high is None or line.limit is None:
        return None
    below = max(line.value - line.low, 1e-9) / max(line.high - line.low, 1e-9)
    return (line.value - line.limit) / (2 * below)


def _more(line: Line, what: str) -> str:
    """How many more bring the upper end down to the limit while the value stays.

    The way from the value to the end shrinks with the root of the number; from a share of nothing, with the number.
    """
    if line.value is None or line.high is None or line.limit is None or not line.n:
        return ""
    if line.value >= line.limit:
        return f"more of them {HOPELESS} not below the limit"
    times = (line.high - line.value) / (line.limit - line.value)
    more = line.n * (times if line.value == 0 else times**2) - line.n
    return f"about {max(10 * ceil(more / 10), 10):,} more {what}"
