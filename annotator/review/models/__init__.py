"""What the review keeps: decisions and their bulks, checks of people, what was measured, and questions."""

from annotator.review.models.bulks import (
    Bulk,
    BulkItem,
)
from annotator.review.models.checks import (
    Gold,
    StandingChange,
)
from annotator.review.models.decisions import (
    NO_HOLD,
    NO_LEASE,
    NOTHING_WAITS,
    AdjudicationEntry,
    Disagreement,
    Method,
    Resolution,
    Scope,
)
from annotator.review.models.measurements import (
    AgreementBreakdown,
    AgreementReport,
    AnnotatorWeek,
    CategoryInference,
    OverlapCheck,
    OwnSkill,
    OwnWeek,
    Skill,
    SkillFields,
    WeekFields,
)
from annotator.review.models.questions import (
    Question,
    QuestionParticipant,
    QuestionReply,
    QuestionSeen,
)

__all__ = [
    "NOTHING_WAITS",
    "NO_HOLD",
    "NO_LEASE",
    "AdjudicationEntry",
    "AgreementBreakdown",
    "AgreementReport",
    "AnnotatorWeek",
    "Bulk",
    "BulkItem",
    "CategoryInference",
    "Disagreement",
    "Gold",
    "Method",
    "OverlapCheck",
    "OwnSkill",
    "OwnWeek",
    "Question",
    "QuestionParticipant",
    "QuestionReply",
    "QuestionSeen",
    "Resolution",
    "Scope",
    "Skill",
    "SkillFields",
    "StandingChange",
    "WeekFields",
]
