"""One version in plain words, for those who decide what ships: what got better, what is at risk, what mending costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, Final

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from annotator.charts import Estimate, interval_bars, line_chart
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.cards.drawing import Part, Row, bars
from learner.core.gate import Verdict
from learner.core.severity import GRAVE
from learner.evaluation.models import Evaluation
from learner.evaluation.prospects import CategoryProspect, LearningCurve, learning_curve
from learner.evaluation.release.prices import href_of
from learner.evaluation.release.selectors import GateView, gate_latest
from learner.evaluation.selectors import CategoryResult, ClassifierResult, evaluation_latest, result_of
from learner.evaluation.serving import version_serving
from learner.training.models import ClassifierVersion

VERSIONS_SHOWN: Final = 8
LINES_SHOWN: Final = 6
TITLE_GRAVE: Final = "Recall of the gravest categories"


@dataclass(frozen=True)
class Told:
    """A sentence, or a name in a chart, and the address of what its numbers are from; empty without numbers."""

    text: str
    href: str = ""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Summary:
    """The page: a headline, three charts, and the sentences beside each. Sources are of what a chart shows."""

    headline: str
    verdict: Verdict | None
    against: int | None
    better: Sequence[Told]
    better_chart: SafeString
    better_sources: Sequence[Told]
    risks: Sequence[Told]
    risk_chart: SafeString
    risk_sources: Sequence[Told]
    costs: Sequence[Told]
    cost_chart: SafeString


def summary_of(version: ClassifierVersion) -> Summary:
    """The summary of one version. About ten queries."""
    project = version.project
    evaluation, gate = evaluation_latest(version), gate_latest(version)
    result, curve = result_of(version, evaluation), learning_curve(project)
    against = (evaluation.facts.get("against") or {}) if evaluation else {}
    shown = [one for one in curve.results if one.macro_f1.value is not None][-VERSIONS_SHOWN:]
    grave = _grave(result)
    return Summary(
        headline=_headline(project, version, gate),
        verdict=gate.verdict if gate else None,
        against=against.get("number"),
        better=_better(version, against),
        better_chart=_progress(shown),
        better_sources=[
            Told(f"v{one.version.number}", _href("evaluation:evaluation", one.version)) for one in shown
        ],
        risks=_risks(version, gate, evaluation),
        risk_chart=interval_bars([row.recall for row in grave], TITLE_GRAVE) if grave else SafeString(),
        risk_sources=[Told(row.name, _href("evaluation:category", version, row.slug)) for row in grave],
        costs=[*_prices(version, gate), *_costs(project, curve)],
        cost_chart=_needed(curve),
    )


def _href(name: str, version: ClassifierVersion, *rest: str) -> str:
    return reverse(name, args=(version.project.slug, version.number, *rest))


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


def _better(version: ClassifierVersion, against: Mapping[str, Any]) -> list[Told]:
    """Categories of which the interval of a difference leaves out zero."""
    if not against.get("number"):
        return [Told("It was not compared with another version: none served, or it serves itself.")]
    taxonomy, card = taxonomy_version(version.taxonomy_id), _href("release:card", version)
    said = []
    for row in against.get("categories", ()):
        found = row["f1"]
        if found["value"] is not None and (found["low"] > 0 or found["high"] < 0):
            which = "better" if found["value"] > 0 else "worse"
            words = f"F1 {found['value']:+.2f} [{found['low']:+.2f}, {found['high']:+.2f}]"
            name = taxonomy.name_of(row["category"])
            said.append(Told(f"{name} is told {which} than by v{against['number']}: {words}.", card))
    same = f"No category differs clearly from v{against['number']}, which served when they were compared."
    return said or [Told(same, card)]


def _progress(shown: Sequence[ClassifierResult]) -> SafeString:
    points = [
        Estimate(
            f"v{one.version.number}", one.macro_f1.value, one.macro_f1.low, one.macro_f1.high, one.macro_f1.n
        )
        for one in shown
    ]
    return (
        line_chart({"Macro-F1": points}, "Macro-F1 by version", scale=(0.0, 1.0)) if points else SafeString()
    )


def _risks(version: ClassifierVersion, gate: GateView | None, evaluation: Evaluation | None) -> list[Told]:
    pack = evaluation.facts.get("pack") if evaluation else None
    unknown = (
        []
        if pack
        else [Told("Nobody knows how often pages that must not be blocked are: no pack is measured.")]
    )
    if gate is None:
        return [Told("The gate was not asked, so nothing is known to be in order."), *unknown]
    page = _href("release:gate", version)
    missed = [(at, line) for at, line in enumerate(gate.lines, 1) if line.verdict is not Verdict.PASS]
    missed.sort(key=lambda row: row[1].verdict is not Verdict.FAIL)
    said = [
        Told(f"{line.title}: {line.verdict.words}, {line.reason}.", f"{page}#rule-{at}")
        for at, line in missed[:LINES_SHOWN]
    ]
    if len(missed) > LINES_SHOWN:
        said.append(Told(f"{len(missed) - LINES_SHOWN} further rules are not passed.", page))
    passed = "Every rule of the gate is passed. What was not measured stands on the model card."
    return (said or [Told(passed, page)]) + unknown


def _grave(result: ClassifierResult) -> list[CategoryResult]:
    """The gravest categories with their recall, or the reason why there is none."""
    taxonomy = taxonomy_version(result.version.taxonomy_id)
    grave = {row.slug for row in taxonomy.categories if row.severity == GRAVE or row.cipa}
    return [
        row if row.learned else replace(row, recall=Estimate(row.name, None, why=row.reason))
        for row in result.categories
        if row.slug in grave
    ]


def _prices(version: ClassifierVersion, gate: GateView | None) -> list[Told]:
    page = _href("release:gate", version)
    return [
        Told(f"{line.title}: {line.price}.", href_of(version.project, line) or f"{page}#rule-{at}")
        for at, line in enumerate(gate.lines if gate else (), 1)
        if line.price
    ]


def _costs(project: Project, curve: LearningCurve) -> list[Told]:
    rows = [row for row in curve.categories if row.prospect.needed]
    reached = [row for row in rows if row.prospect.needed and row.prospect.needed.value == 0]
    distant = [row for row in rows if row.prospect.needed and not isfinite(row.prospect.needed.value)]
    unknown = [row for row in curve.categories if row.prospect.needed is None]
    sentences = (
        ("Already at its recall floor", reached),
        ("More labels alone are not foreseen to bring it there", distant),
        ("Nothing can be foreseen yet, for too few evaluated versions or labels", unknown),
    )
    page = reverse("training:curve", args=(project.slug,))
    return [Told(f"{words}: {_names(found)}.", page) for words, found in sentences if found]


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
