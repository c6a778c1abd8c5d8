"""Open disagreements grouped by what people differ in: a lead reads a few patterns, not a pile of items."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from annotator.agreement.patterns import Kind, Pattern
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.models import Disagreement


@dataclass(frozen=True)
class PatternLine:
    """One pattern with what waits under it; `first` is the oldest disagreement of it."""

    key: str
    words: str
    n_items: int
    n_sites: int
    severity: int
    since: datetime
    first: int

    @property
    def weight(self) -> int:
        """Items times one more than the severity: higher comes first."""
        return self.n_items * (1 + self.severity)


def patterns_open(project: Project, taxonomy: Taxonomy) -> list[PatternLine]:
    """The patterns of the project's open disagreements, by weight, then the oldest first. One query."""
    rows = Disagreement.objects.filter(
        project=project, closed_at__isnull=True, hold_at__isnull=True, item__withheld=False
    )
    grouped = rows.values("pattern").annotate(
        n_items=Count("pk"),
        n_sites=Count("item__registrable_domain", distinct=True),
        since=Min("opened_at"),
        first=Min("pk"),
    )
    lines = [
        PatternLine(
            key=row["pattern"],
            words=pattern_words(row["pattern"], taxonomy),
            n_items=row["n_items"],
            n_sites=row["n_sites"],
            severity=pattern_severity(row["pattern"], taxonomy),
            since=row["since"],
            first=row["first"],
        )
        for row in grouped.order_by()
        if row["pattern"]  # else the sweep has not looked yet; the list of items has it
    ]
    return sorted(lines, key=lambda line: (-line.weight, line.first))


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
