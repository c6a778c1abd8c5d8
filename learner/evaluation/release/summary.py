"""One version in plain words, for those who decide what ships: what got better, what is at risk, what mending costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from django.utils.safestring import SafeString, mark_safe

from annotator.charts import Estimate, interval_bars, line_chart
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.cards.drawing import Part, Row, bars
from learner.core.gate import Line, Verdict
from learner.core.severity import GRAVE
from learner.evaluation.models import Evaluation
from learner.evaluation.prospects import CategoryProspect, LearningCurve, learning_curve
from learner.evaluation.release.selectors import GateView, gate_latest
from learner.evaluation.selectors import ClassifierResult, evaluation_latest, result_of
from learner.evaluation.serving import version_serving
from learner.training.models import ClassifierVersion

VERSIONS_SHOWN: Final = 8
LINES_SHOWN: Final = 6


@dataclass(frozen=True)
class Summary:
    """The page: a headline, three charts, and the sentences beside each."""

    headline: str
    verdict: Verdict | None
    against: int | None
    better: Sequence[str]
    better_chart: SafeString
    risks: Sequence[str]
    risk_chart: SafeString
    costs: Sequence[str]
    cost_chart: SafeString


def summary_of(version: ClassifierVersion) -> Summary:
    """The summary of one version. About ten queries."""
    project = version.project
    evaluation, gate = evaluation_latest(version), gate_latest(version)
    result, curve = result_of(version, evaluation), learning_curve(project)
    against = (evaluation.facts.get("against") or {}) if evaluation else {}
    return Summary(
        headline=_headline(project, version, gate),
        verdict=gate.verdict if gate else None,
        against=against.get("number"),
        better=_better(version, against),
        better_chart=_progress(curve),
        risks=_risks(gate, evaluation),
        risk_chart=_grave(result),
        costs=[*_prices(gate), *_costs(curve)],
        cost_chart=_needed(curve),
    )


def _headline(project: Project, version: ClassifierVersion, gate: GateView | None) -> str:
    serving = version_serving(project)
    if serving is not None and serving.pk == version.pk:
        return f"Version {version.number} serves."
    if gate is None:
        return f"Version {version.number} was not held against the release gate yet."
    n, missed = len(gate.lines), sum(line.verdict is not Verdict.PASS for line in gate.lines)
    if gate.verdict is Verdict.PASS:
        return f"Version {version.number} may serve: it passes all {n} rules of the gate."
    why = "it fails the gate" if gate.verdict is Verdict.FAIL else "not enough is known of it"
    return f"Version {version.number} may not serve: {why}. Rules not passed: {missed} of {n}."


def _better(version: ClassifierVersion, against: Mapping[str, Any]) -> list[str]:
    """Categories of which the interval of a difference leaves out zero."""
    if not against.get("number"):
        return ["It was not compared with another version: none served, or it serves itself."]
    taxonomy = taxonomy_version(version.taxonomy_id)
    said = []
    for row in against.get("categories", ()):
        found = row["f1"]
        if found["value"] is not None and (found["low"] > 0 or found["high"] < 0):
            which = "better" if found["value"] > 0 else "worse"
            words = f"F1 {found['value']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"
            said.append(
                f"{taxonomy.name_of(row['category'])} is told {which} than by v{against['number']}: {words}."
            )
    return said or [
        f"No category differs clearly from v{against['number']}, which served when they were compared."
    ]


def _progress(curve: LearningCurve) -> SafeString:
    points = [
        Estimate(
            f"v{one.version.number}", one.macro_f1.value, one.macro_f1.low, one.macro_f1.high, one.macro_f1.n
        )
        for one in curve.results[-VERSIONS_SHOWN:]
        if one.macro_f1.value is not None
    ]
    return (
        line_chart({"Macro-F1": points}, "Macro-F1 by version", scale=(0.0, 1.0)) if points else SafeString()
    )


def _risks(gate: GateView | None, evaluation: Evaluation | None) -> list[str]:
    lines = [line for line in gate.lines if line.verdict is not Verdict.PASS] if gate else []
    said = [_risk(line) for line in sorted(lines, key=lambda line: line.verdict is not Verdict.FAIL)]
    more = len(said) - LINES_SHOWN
    shown = said if more <= 0 else [*said[:LINES_SHOWN], f"{more} further rules are not passed."]
    pack = evaluation.facts.get("pack") if evaluation else None
    unknown = (
        [] if pack else ["Nobody knows how often pages that must not be blocked are: no pack is measured."]
    )
    if gate is None:
        return ["The gate was not asked, so nothing is known to be in order.", *unknown]
    return (
        shown or ["Every rule of the gate is passed. What was not measured stands on the model card."]
    ) + unknown


def _risk(line: Line) -> str:
    return f"{line.title}: {line.verdict.words}, {line.reason}."


def _grave(result: ClassifierResult) -> SafeString:
    taxonomy = taxonomy_version(result.version.taxonomy_id)
    grave = {row.slug for row in taxonomy.categories if row.severity == GRAVE or row.cipa}
    rows = [
        row.recall if row.learned else Estimate(row.name, None, why=row.reason)
        for row in result.categories
        if row.slug in grave
    ]
    return interval_bars(rows, "Recall of the gravest categories") if rows else SafeString()


def _prices(gate: GateView | None) -> list[str]:
    return [f"{line.title}: {line.price}." for line in gate.lines if line.price] if gate else []


def _costs(curve: LearningCurve) -> list[str]:
    reached = [row for row in curve.categories if row.prospect.needed and row.prospect.needed.value == 0]
    distant = [
        row for row in curve.categories if row.prospect.needed and not isfinite(row.prospect.needed.value)
    ]
    unknown = [row for row in curve.categories if row.prospect.needed is None]
    said = []
    if reached:
        said.append(f"Already at its recall floor: {_names(reached)}.")
    if distant:
        said.append(f"More labels alone are not foreseen to bring it there: {_names(distant)}.")
    if unknown:
        said.append(
            f"Nothing can be foreseen yet, for too few evaluated versions or labels: {_names(unknown)}."
        )
    return said


def _needed(curve: LearningCurve) -> SafeString:
    rows = [
        Row(
            row.recall.name,
            [Part("labels", needed.value, "")],
            f"about {round(needed.value, -1):,.0f} labels",
        )
        for row in curve.categories
        if (needed := row.prospect.needed) and needed.value > 0 and isfinite(needed.value)
    ]
    if not rows:
        return SafeString()
    return mark_safe(bars(rows, "Labels to the recall floor"))  # noqa: S308 - drawn by us, escaped


def _names(rows: Sequence[CategoryProspect]) -> str:
    return ", ".join(row.prospect.category for row in rows)
