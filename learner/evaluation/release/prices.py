"""What enough evidence would cost, rule by rule: how many more audits bring a bound to where the gate asks for it."""

from collections.abc import Mapping, Sequence

from learner.core.gate import Line, Verdict
from learner.core.plans import MEASURES, plan_read
from learner.evaluation.models import Evaluation
from learner.evaluation.planning import labels_about


def prices_of(evaluation: Evaluation, lines: Sequence[Line]) -> Mapping[str, str]:
    """The price of each rule that lacks evidence, where the evaluation has played it through. No query."""
    plans = evaluation.facts.get("plans") or {}
    found = {line.rule: _price(line, plans) for line in lines if line.verdict == Verdict.UNKNOWN}
    return {rule: price for rule, price in found.items() if price}


def _price(line: Line, plans: Mapping[str, Mapping[str, object]]) -> str:
    """The lower end must come up to the limit, while the value stays in its place in the interval."""
    measure, _, slug = line.rule.partition(":")
    if measure not in MEASURES or slug not in plans or line.limit is None:
        return ""
    if line.value is None or line.low is None or line.high is None:
        return ""
    room = line.value - line.limit
    if room <= 0:
        return "labels alone will hardly bring it there: the estimate itself is below the limit"
    below = max(line.value - line.low, 1e-9) / max(line.high - line.low, 1e-9)
    plan = plan_read(plans[slug], measure, room / (2 * below))
    if plan.cheaper.value == 0:
        return "a few more audits, drawn for this category"
    if plan.cheaper.value > plan.possible:
        return "more labels than can be foreseen, or than there are holdout items left"
    how = "at random" if plan.is_random_cheaper else "for this category"
    return f"{labels_about(plan.cheaper)} more audits, drawn {how}"
