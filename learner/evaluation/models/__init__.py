"""What the evaluation keeps: evaluations, what is released by them, school profiles, and the over-block pack."""

from learner.evaluation.models.evaluations import (
    ComparisonRun,
    Evaluation,
    EvaluationRun,
    KnownPages,
    Truth,
    TruthSetting,
)
from learner.evaluation.models.pack import PackDraw, PackMember, PackRule
from learner.evaluation.models.profiles import ProfileRule, ProfileVersion
from learner.evaluation.models.release import GateResult, GateRules, ModelCard, Promotion

__all__ = [
    "ComparisonRun",
    "Evaluation",
    "EvaluationRun",
    "GateResult",
    "GateRules",
    "KnownPages",
    "ModelCard",
    "PackDraw",
    "PackMember",
    "PackRule",
    "ProfileRule",
    "ProfileVersion",
    "Promotion",
    "Truth",
    "TruthSetting",
]
