"""Setting endpoints, making deliveries from rows, and sending them. Decision 161."""

import json
import random
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, Unavailable
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from learner.webhooks.addresses import url_checked
from learner.webhooks.events import AT_ONCE, Told, happened, told_of
from learner.webhooks.models import PING, Attempt, Delivery, DeliveryStatus, Endpoint, Event
from learner.webhooks.secrets import secret_new, secret_opened, secret_sealed, signatures
from learner.webhooks.selectors import delivery_due
from learner.webhooks.sending import Outcome, post

ENDPOINTS_MAX: Final = 10
OLD_SECRET_FOR: Final = timedelta(hours=24)
KEPT_FOR: Final = timedelta(days=30)
LOOK_NOTED_EVERY: Final = timedelta(hours=1)
BUSY_FOR: Final = timedelta(minutes=2)
AT_A_TIME: Final = 20
# 15 s, 1 min, 4 min, 16 min, 1 h, 4 h, 17 h: the eighth and last attempt comes about a day after the first.
ATTEMPTS_MAX: Final = 8
FIRST_WAIT: Final = timedelta(seconds=15)
WAIT_FACTOR: Final = 4
JITTER: Final = 0.2
PAUSED_AFTER: Final = 20
FAILING_FOR: Final = timedelta(hours=1)
GONE: Final = "The receiver answered 410: nobody listens there any more."


def endpoint_create(
    project: Project, url: str, events: list[str], *, by: User, note: str = ""
) -> tuple[Endpoint, str]:
    """A new endpoint, told of what happens from now on, and its secret: the only time that it can be seen.

    Raises BadInput for an address that is refused, for events that there are not, and for one endpoint too many.
    """
    url_checked(url)
    _events_check(events)
    secret, now = secret_new(), timezone.now()
    with transaction.atomic():
        Project.objects.select_for_update().get(pk=project.pk)
        if Endpoint.objects.filter(project=project).count() >= ENDPOINTS_MAX:
            raise BadInput(f"A project has at most {ENDPOINTS_MAX} webhooks. Remove one first.")
        endpoint = Endpoint.objects.create(
            project=project,
            url=url,
            note=note,
            events=sorted(set(events)),
            since=dict.fromkeys(events, now.isoformat()),
            secret=secret_sealed(secret),
            created_by=by,
        )
        log_write(project, "webhooks", f"{by.username} added webhook {endpoint.pk} to {endpoint.host}")
    return endpoint, secret


@transaction.atomic
def endpoint_change(endpoint: Endpoint, events: list[str], *, by: User, note: str = "") -> Endpoint:
    """Tell the endpoint of these events: of those that are new to it, from now on. Raises BadInput as above."""
    _events_check(events)
    held = Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    now = timezone.now().isoformat()
    held.since = {event: held.since[event] if event in held.events else now for event in events}
    held.events, held.note = sorted(set(events)), note
    held.save(update_fields=["events", "since", "note"])
    log_write(held.project, "webhooks", f"{by.username} changed what webhook {held.pk} is told")
    return held


@transaction.atomic
def endpoint_rotate(endpoint: Endpoint, *, by: User) -> str:
    """The next secret, shown this once; the one before signs too, for another 24 hours."""
    secret = secret_new()
    Endpoint.objects.filter(pk=endpoint.pk).update(
        secret_before=F("secret"),
        secret_before_until=timezone.now() + OLD_SECRET_FOR,
        secret=secret_sealed(secret),
    )
    log_write(endpoint.project, "webhooks", f"{by.username} rotated the secret of webhook {endpoint.pk}")
    return secret


@transaction.atomic
def endpoint_remove(endpoint: Endpoint, *, by: User) -> None:
    """Remove the endpoint, its deliveries and their log."""
    log_write(endpoint.project, "webhooks", f"{by.username} removed webhook {endpoint.pk} to {endpoint.host}")
    Endpoint.objects.filter(pk=endpoint.pk).delete()


@transaction.atomic
def endpoint_pause(endpoint: Endpoint, *, by: User) -> None:
    """Send nothing for a while: what happens meanwhile waits. Raises Conflict when it is paused already."""
    if not _pause(endpoint, f"{by.username} paused it."):
        raise Conflict("This webhook is paused already.")
    log_write(endpoint.project, "webhooks", f"{by.username} paused webhook {endpoint.pk}")


@transaction.atomic
def endpoint_resume(endpoint: Endpoint, *, by: User) -> None:
    """Send again, beginning with what waits, with all attempts. Raises Conflict when it is not paused."""
    paused = Endpoint.objects.filter(pk=endpoint.pk, paused_at__isnull=False)
    if not paused.update(paused_at=None, paused_why="", failures=0, failing_since=None, woken_at=None):
        raise Conflict("This webhook is not paused.")
    waiting = Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)
    waiting.update(attempts=0, next_at=timezone.now())
    log_write(endpoint.project, "webhooks", f"{by.username} resumed webhook {endpoint.pk}")


@transaction.atomic
def endpoint_ping(endpoint: Endpoint) -> Delivery:
    """A test, sent once even while the endpoint is paused; raises Conflict while another one waits."""
    Endpoint.objects.select_for_update().get(pk=endpoint.pk)
    if Delivery.objects.filter(endpoint=endpoint, event=PING, status=DeliveryStatus.PENDING).exists():
        raise Conflict("A test is on its way already.")
    told = Told(timezone.now(), {"webhook": endpoint.pk, "project": endpoint.project.slug})
    delivery = _delivery(endpoint.pk, PING, None, told)
    delivery.save()
    return delivery


def delivery_repeat(delivery: Delivery) -> None:
    """Send a delivery again, with the same id and body; raises Conflict while it waits anyway."""
    ended = Delivery.objects.filter(pk=delivery.pk).exclude(status=DeliveryStatus.PENDING)
    if not ended.update(status=DeliveryStatus.PENDING, attempts=0, next_at=timezone.now(), finished_at=None):
        raise Conflict("This delivery waits to be sent already.")


def deliveries_make(now: datetime) -> int:
    """A delivery for each endpoint and each row that it has not been told of; how many. One query when there is none.

    Rows are looked for from a day before the last look on, so that one which was committed late is found; a unique
    constraint keeps a second look, or a second tick, from making a delivery twice.
    """
    new = happened()
    if new:
        told = told_of(new)
        rows = [
            _delivery(each.endpoint_id, each.event, each.subject, told[each.event, each.subject])
            for each in new
        ]
        Delivery.objects.bulk_create(rows, ignore_conflicts=True)
    if len(new) < AT_ONCE:
        Endpoint.objects.filter(looked_at__lt=now - LOOK_NOTED_EVERY).update(looked_at=now)
    return len(new)


def deliveries_forget(now: datetime) -> int:
    """Delete deliveries of more than 30 days ago, with their attempts; how many rows."""
    n, _ = Delivery.objects.filter(created_at__lt=now - KEPT_FOR).delete()
    return n


def endpoint_deliver(endpoint_id: int) -> int:
    """Send what is due to the endpoint, one after another, and stop at the first failure; how many were taken.

    1. The endpoint is claimed by compare-and-set: one worker at a time sends to it, so a slow receiver holds up one
       worker, and order is kept as long as nothing fails.
    2. Before each attempt it is counted, and the next one is set: a worker that dies in the middle leaves a delivery
       that is tried again, with the same id. The receiver may then get it twice, and never not at all.
    3. Afterwards attempt, delivery and endpoint are written together.
    """
    taken = 0
    until = _claimed(endpoint_id, None)
    while until is not None and taken < AT_A_TIME:
        endpoint = Endpoint.objects.select_related("project").get(pk=endpoint_id)
        delivery = delivery_due(endpoint, timezone.now())
        if delivery is None or not _attempted(endpoint, delivery):
            break
        taken += 1
        until = _claimed(endpoint_id, until)
    Endpoint.objects.filter(pk=endpoint_id, busy_until=until).update(busy_until=None, woken_at=None)
    return taken


def _claimed(endpoint_id: int, held_until: datetime | None) -> datetime | None:
    """Until when the endpoint is ours, or None when another worker has it, or it is gone."""
    now = timezone.now()
    until, mine = now + BUSY_FOR, Endpoint.objects.filter(pk=endpoint_id)
    if held_until is not None:
        return until if mine.filter(busy_until=held_until).update(busy_until=until) else None
    free = mine.filter(busy_until__isnull=True) | mine.filter(busy_until__lt=now)
    return until if free.update(busy_until=until) else None


def _attempted(endpoint: Endpoint, delivery: Delivery) -> bool:
    """Try once; whether the receiver took it."""
    mine = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.PENDING, attempts=delivery.attempts)
    number, now = delivery.attempts + 1, timezone.now()
    if delivery.attempts >= _most(delivery):  # its last attempt killed the worker
        mine.update(status=DeliveryStatus.FAILED, finished_at=now)
        return False
    if not mine.update(attempts=number, next_at=now + _wait(number)):
        return False
    outcome = _sent(endpoint, delivery, now)
    _noted(endpoint, delivery, number, outcome, began=now)
    return not outcome.problem


def _sent(endpoint: Endpoint, delivery: Delivery, now: datetime) -> Outcome:
    try:
        keys = [secret_opened(sealed) for sealed in _secrets(endpoint, now)]
    except Unavailable as error:
        return Outcome(None, "", error.message, 0.0)
    timestamp = int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Crossguard-Webhooks/1",
        "webhook-id": delivery.message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(keys, delivery.message, timestamp, delivery.body),
    }
    return post(endpoint.url, headers, delivery.body.encode())


def _secrets(endpoint: Endpoint, now: datetime) -> list[str]:
    until = endpoint.secret_before_until
    both = until is not None and until > now
    return [endpoint.secret, endpoint.secret_before] if both else [endpoint.secret]


@transaction.atomic
def _noted(endpoint: Endpoint, delivery: Delivery, number: int, outcome: Outcome, *, began: datetime) -> None:
    """Write what came of an attempt: on the endpoint, and on the delivery unless another worker has gone on with it."""
    held = Endpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    if held is None or not Delivery.objects.filter(pk=delivery.pk).exists():
        return  # removed meanwhile
    Attempt.objects.create(
        delivery=delivery,
        at=began,
        status=outcome.status,
        seconds=outcome.seconds,
        answer=outcome.answer,
        problem=outcome.problem,
    )
    mine = Delivery.objects.filter(pk=delivery.pk, status=DeliveryStatus.PENDING, attempts=number)
    now = timezone.now()
    if not outcome.problem:
        mine.update(status=DeliveryStatus.DONE, finished_at=now)
    elif number >= _most(delivery):
        mine.update(status=DeliveryStatus.FAILED, finished_at=now)
    if delivery.event != PING or not outcome.problem:
        _endpoint_noted(held, outcome, now)


def _endpoint_noted(endpoint: Endpoint, outcome: Outcome, now: datetime) -> None:
    rows = Endpoint.objects.filter(pk=endpoint.pk)
    if not outcome.problem:
        rows.update(failures=0, failing_since=None)
        return
    since, failures = endpoint.failing_since or now, endpoint.failures + 1
    rows.update(failures=failures, failing_since=since)
    why = ""
    if outcome.is_gone:
        why = GONE
    elif failures >= PAUSED_AFTER and now - since >= FAILING_FOR:
        why = f"{failures} attempts failed in a row; the last: {outcome.problem}"
    if why and _pause(endpoint, why):
        text = f"Webhook {endpoint.pk} to {endpoint.host} is paused: {why}"
        log_write(endpoint.project, "webhooks", text, level=LogEntry.Level.WARNING)


def _pause(endpoint: Endpoint, why: str) -> int:
    running = Endpoint.objects.filter(pk=endpoint.pk, paused_at__isnull=True)
    return running.update(paused_at=timezone.now(), paused_why=why[:300])


def _wait(number: int) -> timedelta:
    """How long after attempt `number` the next one comes: longer each time, and never for many at the same moment."""
    jitter = random.SystemRandom().uniform(1 - JITTER, 1 + JITTER)
    return FIRST_WAIT * (float(WAIT_FACTOR) ** (number - 1) * jitter)


def _most(delivery: Delivery) -> int:
    return 1 if delivery.event == PING else ATTEMPTS_MAX


def _delivery(endpoint_id: int, event: str, subject: int | None, told: Told) -> Delivery:
    body = {"type": event, "timestamp": told.at.isoformat().replace("+00:00", "Z"), "data": told.data}
    return Delivery(
        endpoint_id=endpoint_id,
        event=event,
        subject=subject,
        message=f"msg_{uuid4().hex}",
        body=json.dumps(body),
    )


def _events_check(events: list[str]) -> None:
    unknown = sorted(set(events) - set(Event.values))
    if unknown:
        raise BadInput(f'There is no event "{unknown[0]}". There are: {", ".join(Event.values)}.')
    if not events:
        raise BadInput("Choose at least one event.")
