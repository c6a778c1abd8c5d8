"""Suggestions of a language model: whether they are on, what is asked about next, and what they do to the order.

They choose among the candidates of a category that has few positives, and nothing else: no judgment, no label and no
score of an evaluation ever reads them. Imports nothing heavy: pages read these.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, severe_ever
from annotator.projects.services import log_write
from annotator.runs import ACTIVE, run_start
from learner.query.models import Suggestion, SuggestionRun, SuggestionSwitch
from learner.query.services import ClassifierFile

FEW: Final = 20
"""Positives from which on a category needs no suggestions."""
LIKELY: Final = 0.5
EVERY: Final = timedelta(minutes=30)
DAY: Final = timedelta(hours=24)
RUNS_SHOWN: Final = 5
BUDGET_KEY: Final = 72_002  # of the advisory lock: one request is counted at a time


@dataclass(frozen=True, slots=True)
class Suggested:
    """That a model holds an item likely to show a category."""

    category: str
    score: float
    language_model: str

    @property
    def words(self) -> str:
        """What the ledger adds to the reason."""
        return f"suggested by {self.language_model}"


def is_configured() -> bool:
    """Whether the environment names an endpoint and a model."""
    return bool(settings.LLM_URL and settings.LLM_MODEL)


def is_on(project: Project) -> bool:
    """Whether an admin has switched suggestions on in the project, last. One query."""
    newest = switches_of(project).first()
    return newest is not None and newest.on


@dataclass(frozen=True)
class State:
    """What the settings page says of suggestions: the model, who switched them, and the newest runs."""

    language_model: str
    host: str
    switch: SuggestionSwitch | None
    runs: tuple[SuggestionRun, ...]
    a_day: int
    a_run: int

    @property
    def is_on(self) -> bool:
        """Whether anything is asked."""
        return bool(self.language_model) and self.switch is not None and self.switch.on


def suggestions_state(project: Project) -> State | None:
    """The state of suggestions; None where no endpoint is configured and nothing was ever asked. Two queries."""
    switch, runs = switches_of(project).first(), tuple(suggestion_runs_of(project)[:RUNS_SHOWN])
    if not is_configured() and not runs and switch is None:
        return None
    return State(
        language_model=settings.LLM_MODEL if is_configured() else "",
        host=urlsplit(settings.LLM_URL).hostname or "",
        switch=switch,
        runs=runs,
        a_day=settings.LLM_REQUESTS_A_DAY,
        a_run=settings.LLM_ITEMS_A_RUN,
    )


def switches_of(project: Project) -> QuerySet[SuggestionSwitch]:
    """Who switched suggestions on and off, newest first. One query."""
    return SuggestionSwitch.objects.filter(project=project).select_related("set_by").order_by("-pk")


def suggestion_runs_of(project: Project) -> QuerySet[SuggestionRun]:
    """The runs that asked, newest first. One query."""
    return SuggestionRun.objects.filter(project=project).order_by("-pk")


@transaction.atomic
def suggestions_switch(access: Access, *, on: bool) -> None:
    """Switch suggestions on or off in the project; the same as before is no news."""
    Project.objects.select_for_update().get(pk=access.project.pk)
    if is_on(access.project) == on:
        return
    SuggestionSwitch.objects.create(project=access.project, on=on, set_by=access.user)
    word = "on" if on else "off"
    log_write(access.project, "query", f"{access.user.username} switched suggestions {word}")


def suggestion_category(
    project: Project, taxonomy: Taxonomy, positives: Mapping[str, int], now: datetime
) -> str | None:
    """The category to ask about now, or None. Up to four queries; none where no endpoint is configured.

    Of those with few positives, but for the gravest, the one that was asked about longest ago.
    """
    if not is_configured() or not is_on(project):
        return None
    runs = SuggestionRun.objects.filter(project=project)
    if runs.filter(Q(status__in=ACTIVE) | Q(created_at__gt=now - EVERY)).exists():
        return None
    grave = severe_ever(project)
    few = [slug for slug in taxonomy.slugs if positives.get(slug, 0) < FEW and slug not in grave]
    last = dict(runs.order_by("pk").values_list("category", "pk"))
    return min(few, key=lambda slug: last.get(slug, 0), default=None)


def suggestion_run_start(project: Project, category: str, classifier: ClassifierFile | None) -> SuggestionRun:
    """A run that will ask about candidates of the category, or the one that is active. The tick wakes it."""
    return run_start(
        SuggestionRun,
        project,
        category=category,
        language_model=settings.LLM_MODEL,
        artifact=classifier.artifact if classifier else "",
        artifact_sha256=classifier.sha256 if classifier else "",
    )


@transaction.atomic
def request_take(run: SuggestionRun) -> bool:
    """Whether one more request may be sent: counted before it is, over all projects within a day. Three queries."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [BUDGET_KEY])
    recent = SuggestionRun.objects.filter(
        Q(created_at__gt=timezone.now() - DAY)
        | Q(finished_at__gt=timezone.now() - DAY)
        | Q(status__in=ACTIVE)
    )
    if (recent.aggregate(n=Sum("n_requests"))["n"] or 0) >= settings.LLM_REQUESTS_A_DAY:
        return False
    SuggestionRun.objects.filter(pk=run.pk).update(n_requests=F("n_requests") + 1)
    return True


def suggested_of(project: Project, item_ids: Collection[int]) -> dict[int, Suggested]:
    """What was held likely of these items, by item; nothing while suggestions are off. Up to two queries."""
    if not item_ids or not is_on(project):
        return {}
    rows = Suggestion.objects.filter(project=project, item__in=list(item_ids), score__gte=LIKELY)
    return {
        row.item_id: Suggested(row.category, row.score, row.language_model)
        for row in rows.order_by("score", "pk")  # of several the likeliest stays
    }
