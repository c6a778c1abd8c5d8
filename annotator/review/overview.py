"""The project's home: what the loop does now, and what needs a human."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncHour

from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.pool.models import Ingest
from annotator.projects.access import Can
from annotator.projects.models import Category, Membership, Project, Role, Standing
from annotator.projects.selectors import taxonomy_current
from annotator.queue.selectors import QueueLevel, queue_level
from annotator.review.checks.results import fast_tallies, is_hasty
from annotator.review.models import Disagreement
from annotator.review.people.care import TeamCare, team_care
from annotator.review.selectors import Agreement, agreement_of, flags_open, resolutions_current
from annotator.runs import RunStatus

HOURS = 24
INGESTS_SHOWN = 3
NAMES_SHOWN = 4


@dataclass(frozen=True)
class Pace:
    """Judgments submitted: since midnight UTC, in the last 60 minutes, and in each of the last 24 clock hours."""

    today: int
    last_hour: int
    hours: tuple[int, ...]


@dataclass(frozen=True)
class Need:
    """Something that waits for a person: what, how much it matters, the page where it is done, and who may do it."""

    level: Literal["info", "warning", "danger"]
    text: str
    page: str
    action: str
    can: Can = Can.INSPECT


@dataclass(frozen=True)
class Overview:
    """The human half of a project's home at one moment."""

    level: QueueLevel
    pace: Pace
    n_items: int
    n_resolved: int
    agreement: Agreement | None
    care: TeamCare | None
    ingests: tuple[Ingest, ...]
    needs: tuple[Need, ...]


def overview_of(project: Project, now: datetime) -> Overview:
    """The human half of the home. About twenty queries, each on an index or on few rows: it is polled."""
    level = queue_level(project)
    ingests = Ingest.objects.filter(project=project)
    newest = tuple(ingests.order_by("-pk")[:INGESTS_SHOWN])
    n_items = ingests.aggregate(n=Sum("rows_added"))["n"] or 0
    n_resolved = resolutions_current(project).count()
    needs = (
        *_project_needs(project, level, n_items),
        *_ingest_needs(newest),
        *_review_needs(project, now),
        *_people_needs(project),
        *(_missing_needs(project) if n_resolved else ()),
    )
    return Overview(
        level=level,
        pace=pace_of(project, now),
        n_items=n_items,
        n_resolved=n_resolved,
        agreement=agreement_of(project),
        care=team_care(project, now),
        ingests=newest,
        needs=needs,
    )


def pace_of(project: Project, now: datetime) -> Pace:
    """How fast people judge; an edit counts, an undo does not. Two queries on the judgments of a day."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    since = Judgment.objects.filter(project=project, imported=None, created_at__gte=first)
    since = since.exclude(verdict=Verdict.WITHDRAWN)
    recent = since.aggregate(
        today=Count("pk", filter=Q(created_at__gte=this_hour.replace(hour=0))),
        last_hour=Count("pk", filter=Q(created_at__gt=now - timedelta(hours=1))),
    )
    by_hour = dict(since.values_list(TruncHour("created_at")).annotate(n=Count("pk")).order_by())
    hours = tuple(by_hour.get(first + timedelta(hours=hour), 0) for hour in range(HOURS))
    return Pace(today=recent["today"], last_hour=recent["last_hour"], hours=hours)


def categories_without_positive(project: Project) -> list[Category]:
    """Categories that no resolved item shows: no classifier can learn them. Two queries, on the index of labels."""
    showing = resolutions_current(project).filter(labels__contains=[OuterRef("slug")])
    categories = Category.objects.filter(taxonomy=taxonomy_current(project).version)
    return list(categories.filter(~Exists(showing)).order_by("position"))


def _project_needs(project: Project, level: QueueLevel, n_items: int) -> Iterator[Need]:
    if project.paused:
        yield Need(
            "info",
            "The project is paused: nothing is served.",
            "projects:settings",
            "Open settings",
            Can.CONFIGURE,
        )
    elif n_items == 0:
        yield Need("info", "There are no pages yet.", "pool:ingests", "Take in a file", Can.INGEST)
    elif level.waiting:
        people = _count(level.waiting, "annotator")
        yield Need("danger", f"{people} just came away with nothing.", "queue:batches", "See batches")
    elif level.free == 0:
        yield Need("warning", "The queue is empty.", "queue:batches", "See batches")


def _ingest_needs(newest: Sequence[Ingest]) -> Iterator[Need]:
    for ingest in newest[:1]:
        if ingest.status == RunStatus.FAILED:
            text = f"The ingest of {ingest.filename} failed: {ingest.error}"
            yield Need("danger", text, "pool:ingests", "See ingests", Can.INGEST)


def _review_needs(project: Project, now: datetime) -> Iterator[Need]:
    disputed = Disagreement.objects.filter(project=project, closed_at__isnull=True, hold_at__isnull=True)
    n, waiting = _waiting(disputed, "opened_at", now)
    if n:
        text = f"{_count(n, 'disagreement')} {_verb(n)} for a lead{waiting}."
        yield Need("warning", text, "review:disagreements", "Resolve", Can.RESOLVE)
    n, waiting = _waiting(flags_open(project), "created_at", now)
    if n:
        yield Need(
            "warning",
            f"{_count(n, 'flag')} {_verb(n)} for a lead{waiting}.",
            "review:flags",
            "Look",
            Can.RESOLVE,
        )


def _people_needs(project: Project) -> Iterator[Need]:
    """Annotators whom a lead could help: by number, for the page names them. Two queries."""
    standings = Membership.objects.filter(project=project, role=Role.ANNOTATOR, user__is_active=True)
    counts = dict(standings.values_list("standing").annotate(n=Count("pk")).order_by())
    warned, qualifying = counts.get(Standing.WARNED, 0), counts.get(Standing.QUALIFYING, 0)
    hasty = sum(map(is_hasty, fast_tallies(project).values()))
    if warned:
        text = f"{_count(warned, 'annotator')} fell short on checks and could do with help."
        yield Need("warning", text, "review:people", "See who", Can.RESOLVE)
    if hasty:
        text = f"{_count(hasty, 'annotator')} often judged faster than reading takes."
        yield Need("warning", text, "review:people", "See who", Can.RESOLVE)
    if qualifying:
        text = f"{_count(qualifying, 'annotator')} in qualification: what they do counts once they pass."
        yield Need("info", text, "review:people", "See who", Can.RESOLVE)


def _missing_needs(project: Project) -> Iterator[Need]:
    missing = [category.name for category in categories_without_positive(project)]
    if missing:
        more = len(missing) - NAMES_SHOWN
        names = ", ".join(missing[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")
        text = f"No resolved page shows {names}: no classifier can learn what it has never seen."
        yield Need("info", text, "pool:items", "Look for some")


def _waiting(rows: QuerySet[Disagreement] | QuerySet[Flag], since: str, now: datetime) -> tuple[int, str]:
    found = rows.order_by().aggregate(n=Count("pk"), oldest=Min(since))
    if not found["n"]:
        return 0, ""
    hours = (now - found["oldest"]).total_seconds() / 3600
    if hours < 1:
        return found["n"], ""
    days = hours / HOURS
    oldest = _count(round(days), "day") if days >= 2 else _count(round(hours), "hour")  # noqa: PLR2004
    return found["n"], f", the oldest for {oldest}"


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _verb(n: int) -> str:
    return "waits" if n == 1 else "wait"
