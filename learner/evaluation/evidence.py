"""What the gate looks at, from the facts of an evaluation. Imports nothing heavy: pages ask the gate too."""

from collections.abc import Mapping, Sequence
from typing import Any

from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current, taxonomy_version
from learner.core.gate import CategoryAsked, Evidence, Measured, PairedFact, Rules, rules_default
from learner.evaluation.models import Evaluation
from learner.evaluation.packs import Asked, packs_asked
from learner.training.models import ClassifierVersion

MEGABYTE = 1_000_000


def rules_of_a_new_project(project: Project) -> Rules:
    """The rules that hold while nobody set any."""
    categories = taxonomy_current(project).categories
    return rules_default(CategoryAsked(row.slug, row.severity, row.recall_floor) for row in categories)


def evidence_of(
    evaluation: Evaluation, *, serving: ClassifierVersion | None, missing: Sequence[str]
) -> Evidence:
    """All that the gate looks at; `missing` are the required sections of the card that nobody wrote. Two queries.

    The limits of the over-block pack are those of now.
    """
    facts: Mapping[str, Any] = evaluation.facts
    version = evaluation.classifier
    taxonomy = taxonomy_version(version.taxonomy_id)
    rows = {row["category"]: row for row in facts.get("categories", ())}
    against = facts.get("against") or {}
    asked = packs_asked(evaluation.project)
    is_serving = serving is not None and serving.pk == version.pk
    return Evidence(
        names={row["category"]: taxonomy.name_of(row["category"]) for row in version.categories},
        recall={slug: measured(row.get("recall")) for slug, row in rows.items()},
        precision={slug: measured(row.get("precision")) for slug, row in rows.items()},
        calibration={slug: measured((row.get("calibration") or {}).get("ece")) for slug, row in rows.items()},
        not_learned={row["category"]: row["reason"] for row in version.categories if not row["learned"]},
        pack=[
            (row["title"], measured(row.get("fpr")), _limit(row, asked)) for row in facts.get("pack") or ()
        ],
        serving=None if serving is None or is_serving else serving.number,
        against=against.get("number"),
        paired=[_paired(row) for row in against.get("categories", ())],
        latency_ms=_latency(facts.get("speed") or {}),
        megabytes=version.size / MEGABYTE,
        missing=missing,
    )


def _limit(row: Mapping[str, Any], asked: Mapping[str, Asked]) -> float | None:
    """The limit that people have set, else that of the evaluation."""
    rule = asked.get(row["name"])
    limit: float | None = rule.limit if rule and rule.newest else row.get("limit")
    return limit


def measured(fact: Any) -> Measured:
    """A fact as the gate reads it: an estimate with its interval, a bare number, or nothing."""
    if isinstance(fact, Mapping):
        return Measured(
            fact.get("value"),
            fact.get("low"),
            fact.get("high"),
            fact.get("n"),
            fact.get("why_undefined") or "not measured",
        )
    return Measured() if fact is None else Measured(float(fact))


def _paired(row: Mapping[str, Any]) -> PairedFact:
    names = ("lost", "found", "blocked", "cleared", "p_lost", "p_blocked")
    return PairedFact(row["category"], **{name: row[name] for name in names})


def _latency(speed: Mapping[str, Any]) -> Measured:
    if "p99_ms" not in speed:
        return Measured()
    return Measured(speed["p99_ms"], n=speed.get("n"), why="")
