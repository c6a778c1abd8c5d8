"""What the page of the learning curve shows of one category: a picture, and the advice in words."""

from dataclasses import dataclass
from math import isinf

from django.utils.safestring import SafeString

from annotator.charts import Estimate, Mark, band_chart, sparkline
from learner.core.stopping import NEXT, Prospect
from learner.evaluation.prospects import CategoryProspect


@dataclass(frozen=True)
class ProspectLine:
    """One category in the table; `gain` and `needed` are empty where nothing can be said."""

    name: str
    recall: Estimate
    trend: SafeString
    target: float
    gain: str
    needed: str
    words: str
    chart: SafeString


def prospect_line(row: CategoryProspect) -> ProspectLine:
    """The line of one category."""
    prospect = row.prospect
    name = prospect.category
    return ProspectLine(
        name=name,
        recall=row.recall,
        trend=sparkline(row.reached, f"Recall of {name} by version")
        if len(row.reached) > 1
        else SafeString(),
        target=prospect.target,
        gain=_gain(prospect),
        needed=_needed(prospect),
        words=prospect.words,
        chart=_chart(prospect),
    )


def _gain(prospect: Prospect) -> str:
    gain = prospect.gain
    return f"{gain.value:+.2f} [{gain.low:+.2f}, {gain.high:+.2f}]" if gain else ""


def _needed(prospect: Prospect) -> str:
    needed = prospect.needed
    if needed is None:
        return ""
    if needed.value == 0:
        return "reached" if needed.high == 0 else "probably reached"
    if isinf(needed.value):
        return "not in sight"
    high = "or more" if isinf(needed.high) else f"to {_about(needed.high)}"
    return f"{_about(needed.value)} [{_about(needed.low)} {high}]"


def _about(labels: float) -> str:
    """To a tenth of a hundred: nobody knows it more exactly."""
    return f"{round(labels, -1):,.0f}"


def _chart(prospect: Prospect) -> SafeString:
    """The curve up to 500 labels ahead, with the newest version and the target marked."""
    if not prospect.curve:
        return SafeString()
    line = [
        Estimate(f"{point.labels:,}", point.reached.value, point.reached.low, point.reached.high)
        for point in prospect.curve
    ]
    newest = max(at for at, point in enumerate(prospect.curve) if not point.foreseen)
    return band_chart(
        line,
        f"{prospect.measure.capitalize()} of {prospect.category} by labels, and {NEXT} ahead",
        marks=[Mark("now", newest)],
        target=prospect.target,
    )
