"""Open disagreements grouped by what people differ in: a lead reads a few patterns, not a pile of items."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db import connection

from annotator.agreement.patterns import Kind, Pattern
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.queue.models import Batch

BY_DISTANCE: Final = ("multilabel_uncertainty", "expected_change")
"""The strategies whose score is minus the distance, in logits, to the threshold of a category."""
FARTHEST: Final = 50.0
"""Logits beyond which it makes no difference, and a power of e would not fit."""

# The doubt is 2 / (1 + e^distance), 1 on a threshold. Scores are joined and not looked up: of a hundred thousand
# disagreements each look costs more than the join. An empty pattern is one that the sweep has not looked at yet.
WAITING: Final = """
WITH waiting AS (
    SELECT DISTINCT ON (disagreement.id)
        disagreement.pattern, disagreement.id, disagreement.opened_at, item.registrable_domain, chosen.score
    FROM disagreement JOIN item ON item.id = disagreement.item_id
    LEFT JOIN batch_item chosen ON chosen.item_id = disagreement.item_id
        AND chosen.strategy = ANY(%(strategies)s) AND chosen.classifier_number IS NOT NULL
    WHERE disagreement.project_id = %(project)s AND disagreement.closed_at IS NULL
        AND disagreement.hold_at IS NULL AND disagreement.pattern <> '' AND NOT item.withheld
    ORDER BY disagreement.id, chosen.id DESC
)
SELECT pattern, COUNT(*), COUNT(DISTINCT registrable_domain), MIN(opened_at), MIN(id),
    AVG(2.0 / (1.0 + EXP(LEAST(-score, %(farthest)s)))) FILTER (WHERE score IS NOT NULL), COUNT(score)
FROM waiting GROUP BY pattern
"""


@dataclass(frozen=True)
class PatternLine:
    """One pattern with what waits under it; `first` is the oldest disagreement of it.

    `doubt` is how unsure the classifier was of its items when they were served, from 0 to 1 (on the line): the mean
    of `n_doubted`, or of all patterns where that is 0. 1 everywhere when no item has one.
    """

    key: str
    words: str
    n_items: int
    n_sites: int
    severity: int
    since: datetime
    first: int
    doubt: float
    n_doubted: int

    @property
    def is_rulable(self) -> bool:
        """Whether a rule can be made for it."""
        return is_rulable(self.key)

    @property
    def weight(self) -> float:
        """Items times one more than the severity, times the doubt: higher comes first."""
        return self.n_items * (1 + self.severity) * self.doubt


def patterns_open(project: Project, taxonomy: Taxonomy) -> list[PatternLine]:
    """The patterns of the project's open disagreements, by weight, then the oldest first. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            WAITING, {"project": project.pk, "strategies": list(BY_DISTANCE), "farthest": FARTHEST}
        )
        rows = cursor.fetchall()
    lines = [
        PatternLine(
            key=key,
            words=pattern_words(key, taxonomy),
            n_items=n_items,
            n_sites=n_sites,
            severity=pattern_severity(key, taxonomy),
            since=since,
            first=first,
            doubt=doubt or 0.0,
            n_doubted=n_doubted,
        )
        for key, n_items, n_sites, since, first, doubt, n_doubted in rows
    ]
    return sorted(_filled(lines), key=lambda line: (-line.weight, line.first))


def has_classifier(project: Project) -> bool:
    """Whether a classifier has chosen a batch of the project. One query."""
    return Batch.objects.filter(project=project, classifier_number__isnull=False).exists()


def _filled(lines: list[PatternLine]) -> list[PatternLine]:
    """Where nothing is known of a pattern it is as doubtful as the mean of what is known; all 1 where nothing is."""
    n = sum(line.n_doubted for line in lines)
    mean = sum(line.doubt * line.n_doubted for line in lines) / n if n else 1.0
    return [line if line.n_doubted else replace(line, doubt=mean) for line in lines]


def is_rulable(key: str) -> bool:
    """Whether a rule can be made: not against a lead's decision, nor where items have little in common."""
    pattern = Pattern.parse(key)
    return pattern is not None and pattern.kind != Kind.LEAD and bool(pattern.parts)


def pattern_severity(key: str, taxonomy: Taxonomy) -> int:
    """The highest severity of the categories that a pattern is about; 0 when it is about none."""
    pattern = Pattern.parse(key)
    return taxonomy.severity_of(pattern.parts) if pattern and pattern.kind != Kind.VERDICT else 0


def pattern_words(key: str, taxonomy: Taxonomy) -> str:
    """A pattern as people say it; empty for a word that is none.

    Categories are named as the taxonomy names them now, the gravest first.
    """
    pattern = Pattern.parse(key)
    if pattern is None:
        return ""
    if pattern.kind == Kind.VERDICT:
        return " or ".join(map(_verdict_words, pattern.parts)) or "Different verdicts"
    gravest = sorted(pattern.parts, key=lambda slug: (-taxonomy.severity_of([slug]), slug))
    names = [taxonomy.name_of(slug) for slug in gravest]
    several = ", ".join(names) or "More than three categories"
    return {
        Kind.LEAD: f"Against a lead's decision: {several}",
        Kind.EITHER: " or ".join(names),
        Kind.ONE: f"{several}: present or absent",
        Kind.SEVERAL: f"{several}: which of them",
        Kind.UNSURE: f"Unsure: {several}",
    }[pattern.kind]


def _verdict_words(value: str) -> str:
    return Verdict(value).label if value in Verdict.values else value
