"""What endpoints are told of: rows that earlier stages wrote, and the few facts about each that are sent.

Facts are numbers, hashes and addresses of our API: never a page's text or address, and never a person's name.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connection, models
from django.urls import reverse

from annotator.pool.models import Ingest
from annotator.queue.models import Batch
from learner.evaluation.models import Evaluation
from learner.snapshots.models import Snapshot
from learner.training.models import TrainingRun
from learner.webhooks.models import Event

M = TypeVar("M", bound=models.Model)

OVERLAP: Final = timedelta(days=1)
"""Rows are looked for so far back: ids and times are given before a row is committed, and no task takes longer."""
AT_ONCE: Final = 500


@dataclass(frozen=True)
class Happened:
    """One row that one endpoint has not been told of."""

    endpoint_id: int
    event: str
    subject: int


@dataclass(frozen=True)
class Told:
    """What is said of one row."""

    at: datetime
    data: dict[str, Any]


@dataclass(frozen=True)
class Source:
    """Where an event comes from: the rows that are events, the column of their time, and what is said of one."""

    model: type[models.Model]
    at: str
    condition: str
    told: Callable[[Any], Told]


def _batch(row: Batch) -> Told:
    return Told(
        row.opened_at,
        {
            "number": row.number,
            "n_items": row.n_items,
            "classifier": row.classifier_number,
            "fallback": row.fallback,
            "api": reverse("api:batch-item-list", args=[row.project.slug, row.number]),
        },
    )


def _snapshot(row: Snapshot) -> Told:
    return Told(
        row.created_at,
        {
            "number": row.number,
            "version": row.semantic,
            "n_items": row.n_items,
            "n_judgments": row.n_judgments,
            "sha256": row.sha256,
            "api": reverse("api:snapshot-read", args=[row.project.slug, row.number]),
        },
    )


def _evaluation(row: Evaluation) -> Told:
    return Told(
        row.created_at,
        {
            "evaluation": row.pk,
            "classifier": row.classifier.number,
            "n_items": row.n_items,
            "api": reverse("api:classifier-read", args=[row.project.slug, row.classifier.number]),
        },
    )


def _training(row: TrainingRun) -> Told:
    return Told(
        row.finished_at or row.created_at,
        {
            "run": row.pk,
            "attempts": row.attempt,
            "api": reverse("api:classifier-list", args=[row.project.slug]),
        },
    )


def _ingest(row: Ingest) -> Told:
    return Told(
        row.finished_at or row.created_at,
        {
            "ingest": row.pk,
            "rows_read": row.rows_read,
            "rows_added": row.rows_added,
            "rows_known": row.rows_known,
            "rows_changed": row.rows_changed,
            "rows_refused": row.rows_refused,
            "api": reverse("api:ingest-read", args=[row.project.slug, row.pk]),
        },
    )


# Batches for one person are checks: that there are any is told to nobody.
SOURCES: Final[dict[str, Source]] = {
    Event.BATCH_OPENED: Source(Batch, "opened_at", "NOT source.personal", _batch),
    Event.SNAPSHOT_PUBLISHED: Source(Snapshot, "created_at", "TRUE", _snapshot),
    Event.CLASSIFIER_EVALUATED: Source(Evaluation, "created_at", "TRUE", _evaluation),
    Event.TRAINING_FAILED: Source(TrainingRun, "finished_at", "source.status = 'failed'", _training),
    Event.INGEST_DONE: Source(Ingest, "finished_at", "source.status = 'done'", _ingest),
}

NEW: Final = """
(SELECT endpoint.id, '{event}', source.id
FROM webhook endpoint JOIN {table} source ON source.project_id = endpoint.project_id
WHERE endpoint.events @> ARRAY['{event}']::varchar[] AND {condition}
    AND source.{at} >= GREATEST((endpoint.since->>'{event}')::timestamptz, endpoint.looked_at - %(overlap)s::interval)
    AND NOT EXISTS (SELECT FROM webhook_delivery delivery WHERE delivery.endpoint_id = endpoint.id
                    AND delivery.event = '{event}' AND delivery.subject = source.id)
ORDER BY source.id LIMIT %(most)s)
"""
ALL_NEW: Final = " UNION ALL ".join(
    NEW.format(event=event.value, table=source.model._meta.db_table, condition=source.condition, at=source.at)
    for event, source in SOURCES.items()
    if isinstance(event, Event)
)


def happened() -> list[Happened]:
    """What no delivery was made of yet, for every endpoint, at most 500 of a kind. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ALL_NEW, {"overlap": str(OVERLAP), "most": AT_ONCE})
        return [Happened(*row) for row in cursor.fetchall()]


def told_of(events: Sequence[Happened]) -> Mapping[tuple[str, int], Told]:
    """What is said of each row, by event and id. One query for each kind of event."""
    found: dict[tuple[str, int], Told] = {}
    for event in {each.event for each in events}:
        source = SOURCES[event]
        rows = source.model._default_manager.filter(
            pk__in={each.subject for each in events if each.event == event}
        )
        related = ("project", "classifier") if event == Event.CLASSIFIER_EVALUATED else ("project",)
        found |= {(event, row.pk): source.told(row) for row in rows.select_related(*related)}
    return found
