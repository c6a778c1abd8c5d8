"""Reading the rules of the gate and what it found. Imports nothing heavy."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from annotator.errors import NotFound
from annotator.projects.models import Project
from learner.core.cards.sections import Section
from learner.core.gate import Line, Rules, Verdict, gate_lines, gate_verdict, rules_load
from learner.core.model_cards.sections import BY_SLUG, SECTIONS
from learner.evaluation.evidence import evidence_of, rules_of_a_new_project
from learner.evaluation.models import Evaluation, GateResult, GateRules
from learner.evaluation.serving import version_serving
from learner.snapshots.sections.selectors import WrittenSection, card_missing, written_in
from learner.training.models import ClassifierVersion


@dataclass(frozen=True)
class Asked:
    """The rules in force and their number; 0 while nobody set any."""

    number: int
    rules: Rules
    newest: GateRules | None


@dataclass(frozen=True)
class GateView:
    """What the gate found of a version, as it was stored."""

    row: GateResult
    lines: Sequence[Line]

    @property
    def verdict(self) -> Verdict:
        """Of all rules together."""
        return Verdict(self.row.verdict)


@dataclass(frozen=True)
class Effect:
    """What a change of the rules would do to a version: the verdict now and then, and the rules that differ."""

    version: ClassifierVersion
    now: Verdict
    then: Verdict
    lines: Sequence[Line]


def rules_history(project: Project) -> QuerySet[GateRules]:
    """Every version of the rules, newest first. One query."""
    return GateRules.objects.filter(project=project).select_related("created_by").order_by("-number")


def rules_in_force(project: Project) -> Asked:
    """The rules in force. One query; two while nobody set any."""
    newest = rules_history(project).first()
    if newest is None:
        return Asked(0, rules_of_a_new_project(project), None)
    return Asked(newest.number, rules_load(newest.rules), newest)


def model_sections(project: Project) -> list[WrittenSection]:
    """What people wrote on the model card. One query."""
    return written_in(project, SECTIONS)


def model_section_of(slug: str) -> Section:
    """A section of the model card by its short name; raises NotFound. No query."""
    if slug not in BY_SLUG:
        raise NotFound(f'A model card has no section "{slug[:60]}". It has {", ".join(BY_SLUG)}.')
    return BY_SLUG[slug]


def gate_now(evaluation: Evaluation, rules: Rules) -> list[Line]:
    """What these rules say of an evaluation now, and nothing is stored. Three queries."""
    project = evaluation.project
    missing = [section.title for section in card_missing(model_sections(project))]
    return gate_lines(rules, evidence_of(evaluation, serving=version_serving(project), missing=missing))


def gate_latest(version: ClassifierVersion) -> GateView | None:
    """The newest result of a version, or None. One query."""
    rows = GateResult.objects.filter(classifier=version).select_related("evaluation", "against")
    row = rows.order_by("-pk").first()
    return gate_view(row) if row else None


def gates_latest(project: Project) -> dict[int, GateResult]:
    """The newest result of each version of the project, by the version's id. One query."""
    rows = GateResult.objects.filter(project=project).order_by("classifier", "-pk").distinct("classifier")
    return {row.classifier_id: row for row in rows}


def gate_view(row: GateResult) -> GateView:
    """A stored result, read back. No query."""
    lines = [Line(**(line | {"verdict": Verdict(line["verdict"])})) for line in row.lines]
    return GateView(row, lines)


def rules_effect(project: Project, candidate: Rules, evaluations: Sequence[Evaluation]) -> list[Effect]:
    """What other rules would say of each of these evaluations, beside those in force. Four queries each."""
    in_force = rules_in_force(project).rules
    return [_effect(evaluation, in_force, candidate) for evaluation in evaluations]


def _effect(evaluation: Evaluation, in_force: Rules, candidate: Rules) -> Effect:
    now, then = gate_now(evaluation, in_force), gate_now(evaluation, candidate)
    before = {line.rule: line for line in now}
    changed = [line for line in then if (old := before.get(line.rule)) is None or old.verdict != line.verdict]
    return Effect(evaluation.classifier, gate_verdict(now), gate_verdict(then), changed)
