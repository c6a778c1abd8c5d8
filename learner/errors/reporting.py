"""The facts of a root-cause report, its versions, and causes over time. Imports nothing that computes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncMonth
from django.utils.safestring import SafeString

from annotator.charts import Part as ChartPart
from annotator.charts import stacked_bar
from annotator.errors import NotFound
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from learner.core.cards.facts import Interval
from learner.core.causes import Cause
from learner.core.error_reports import (
    ActionFacts,
    CategoryErrors,
    CauseCount,
    ClusterFacts,
    ReportFacts,
    facts_read,
    report_markdown,
)
from learner.core.error_reports import ErrorLine as ReportLine
from learner.errors.models import (
    ClassifierError,
    ErrorAction,
    ErrorCause,
    ErrorReport,
    ErrorReportVersion,
    ErrorRun,
    Part,
)
from learner.errors.selectors import (
    ErrorsWanted,
    category_counts,
    causes_current,
    cluster_lines,
    clusters_listed,
    error_lines,
    error_run_latest,
    errors_listed,
    run_taxonomy,
)
from learner.evaluation.evidence import measured
from learner.training.models import ClassifierVersion

CLUSTERS_SHOWN: Final = 10
ERRORS_SHOWN: Final = 10
ACTIONS_SHOWN: Final = 50
MONTHS_SHOWN: Final = 24


@dataclass(frozen=True)
class CausesLine:
    """Causes of one month, or of one version: how many each, and the bar of them."""

    name: str
    counts: tuple[int, ...]
    n: int
    bar: SafeString

    @property
    def named(self) -> list[tuple[str, int]]:
        """Each cause in words with how often it was found."""
        return [(cause.words, n) for cause, n in zip(Cause, self.counts, strict=True)]


def report_facts(
    project: Project, version: ClassifierVersion, category: str, *, now: datetime
) -> ReportFacts:
    """What a report on a version rests on now. At most nine queries. Raises NotFound before errors were looked for."""
    run = error_run_latest(project, version)
    if run is None:
        raise NotFound(
            f"The errors of v{version.number} were not looked for yet. Have it evaluated, then wait a moment."
        )
    taxonomy = run_taxonomy(run)
    wanted = ErrorsWanted(category=category)
    listed = errors_listed(run, wanted)
    counts = _causes(listed)
    lines = error_lines(list(listed[:ERRORS_SHOWN]), taxonomy)
    clusters = clusters_listed(run, Part.AUDIT, category=category)[:CLUSTERS_SHOWN]
    train = [row for row in category_counts(run, Part.TRAIN, taxonomy) if category in ("", row.slug)]
    evaluation = run.evaluation
    return ReportFacts(
        project=project.name,
        version=version.number,
        category=taxonomy.name_of(category) if category else "",
        evaluated_at=f"{evaluation.created_at:%Y-%m-%d %H:%M}",
        as_of=f"{now:%Y-%m-%d %H:%M}",
        n_audited=run.facts["n_pages"][Part.AUDIT],
        n_population=evaluation.facts.get("n_population", 0),
        categories=_categories(run, taxonomy, category),
        train_misses=sum(row.misses for row in train),
        train_alarms=sum(row.alarms for row in train),
        clusters=[
            ClusterFacts(line.words, line.cluster.n, line.detail)
            for line in cluster_lines(clusters, taxonomy)
        ],
        shown=[
            ReportLine(
                line.error.item_id,
                line.url.defanged,
                line.category,
                line.error.get_kind_display().lower(),
                round(line.error.probability, 4),
                round(line.error.threshold, 4),
                line.cause.get_cause_display() if line.cause else "",
            )
            for line in lines
        ],
        causes=[CauseCount(cause.words, counts[cause.value]) for cause in Cause if counts[cause.value]],
        without_cause=counts[""],
        actions=[_action(row) for row in actions_of(project, version, category)[:ACTIONS_SHOWN]],
    )


def reports_of(project: Project) -> QuerySet[ErrorReport]:
    """The reports of a project, newest first. One query."""
    rows = ErrorReport.objects.filter(project=project).select_related("classifier", "created_by")
    return rows.order_by("-number")


def report_of(project: Project, number: int) -> ErrorReport:
    """One report; raises NotFound. One query."""
    report = reports_of(project).filter(number=number).first()
    if report is None:
        raise NotFound(f"This project has no root-cause report {number}.")
    return report


def report_versions(report: ErrorReport) -> list[ErrorReportVersion]:
    """What a report said, newest first; there is always one. One query."""
    rows = ErrorReportVersion.objects.filter(report=report).select_related("saved_by")
    return list(rows.order_by("-number"))


def reports_newest(reports: list[ErrorReport]) -> dict[int, ErrorReportVersion]:
    """Report -> its newest version. One query."""
    rows = ErrorReportVersion.objects.filter(report__in=reports).select_related("saved_by")
    return {row.report_id: row for row in rows.order_by("report", "number")}


def report_text(report: ErrorReport, versions: list[ErrorReportVersion]) -> str:
    """The newest version of a report as Markdown. No query."""
    newest = versions[0]
    authors = sorted({version.saved_by.username for version in versions})
    when = f"{newest.saved_at:%Y-%m-%d %H:%M} UTC"
    state = f"Finished {when}." if newest.finished else f"A draft, version {newest.number} of {when}."
    return report_markdown(report.title, facts_read(newest.facts), newest.written, state=state, by=authors)


def facts_stored(facts: ReportFacts) -> dict[str, Any]:
    """Facts as a version keeps them."""
    return asdict(facts)


def actions_of(
    project: Project, version: ClassifierVersion | None = None, category: str = ""
) -> QuerySet[ErrorAction]:
    """What was done about errors, newest first. One query."""
    rows = ErrorAction.objects.filter(project=project)
    if version is not None:
        rows = rows.filter(classifier=version)
    if category:
        rows = rows.filter(category=category)
    return rows.select_related("done_by", "run__batch", "classifier", "report").order_by("-pk")


def action_words(action: ErrorAction) -> str:
    """What an action made, in words."""
    if action.kind == ErrorAction.Kind.BATCH:
        batch = action.run.batch if action.run else None
        state = f"batch {batch.number}, {batch.n_items} items" if batch else _waiting(action)
        return f"Asked for {action.n} pages like {action.about}: {state}"
    if action.kind == ErrorAction.Kind.CLAUSE:
        return f"Drafted clause {action.clause} from {action.about}"
    labels = "label" if action.n == 1 else "labels"
    return f"Put up {action.n} {labels} as suspects from {action.about}"


def causes_by_month(project: Project) -> list[CausesLine]:
    """The causes that count by the month in which they were assigned, newest first. One query."""
    counted = causes_current(project).annotate(month=TruncMonth("assigned_at")).values("month", "cause")
    rows = counted.annotate(n=Count("pk")).order_by("-month")
    found: dict[str, Counter[str]] = {}
    for row in rows:
        found.setdefault(f"{row['month']:%Y-%m}", Counter())[row["cause"]] += row["n"]
    return [_line(name, counts) for name, counts in list(found.items())[:MONTHS_SHOWN]]


def causes_by_version(project: Project) -> list[CausesLine]:
    """The causes that count by the version under which they were assigned, newest first. One query."""
    rows = causes_current(project).values("classifier__number", "cause").annotate(n=Count("pk"))
    found: dict[int, Counter[str]] = {}
    for row in rows.order_by("-classifier__number"):
        found.setdefault(row["classifier__number"], Counter())[row["cause"]] += row["n"]
    return [_line(f"v{number}", counts) for number, counts in list(found.items())[:MONTHS_SHOWN]]


def _line(name: str, counts: Mapping[str, int]) -> CausesLine:
    own = tuple(counts.get(cause.value, 0) for cause in Cause)
    parts = [ChartPart(cause.words, n) for cause, n in zip(Cause, own, strict=True)]
    return CausesLine(name, own, sum(own), stacked_bar(parts, f"Causes of {name}"))


def _causes(listed: QuerySet[ClassifierError]) -> Counter[str]:
    """Cause -> errors; "" for those without one. One query."""
    newest = ErrorCause.objects.filter(
        item=OuterRef("item"),
        category=OuterRef("category"),
        kind=OuterRef("kind"),
        resolution=OuterRef("resolution"),
    ).order_by("-pk")
    rows = listed.order_by().annotate(assigned=Subquery(newest.values("cause")[:1])).values("assigned")
    return Counter({row["assigned"] or "": row["n"] for row in rows.annotate(n=Count("pk"))})


def _categories(run: ErrorRun, taxonomy: Taxonomy, category: str) -> list[CategoryErrors]:
    scores = {row["category"]: row for row in run.evaluation.facts.get("categories", ())}
    return [
        CategoryErrors(
            row.name,
            row.severity,
            row.misses,
            row.alarms,
            _interval(scores.get(row.slug, {}).get("recall")),
            _interval(scores.get(row.slug, {}).get("precision")),
        )
        for row in category_counts(run, Part.AUDIT, taxonomy)
        if category in ("", row.slug)
    ]


def _interval(fact: Any) -> Interval:
    found = measured(fact)
    why = "" if found.value is not None else found.why
    return Interval(found.value, found.low, found.high, found.n or 0, why)


def _action(row: ErrorAction) -> ActionFacts:
    return ActionFacts(action_words(row), row.done_by.username, f"{row.done_at:%Y-%m-%d}")


def _waiting(action: ErrorAction) -> str:
    if action.run is None or action.run.is_active:
        return "being chosen"
    return action.run.error or "none was opened"
