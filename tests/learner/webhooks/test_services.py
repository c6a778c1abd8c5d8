"""Deliveries: made once of each row, delivered at least once, tried later and later, given up, paused, repeated."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Ingest
from annotator.projects.models import LogEntry, Project
from annotator.queue.models import Batch
from annotator.runs import RunStatus
from learner.evaluation.models import Evaluation
from learner.snapshots.models import Snapshot
from learner.training.models import TrainingRun
from learner.webhooks import services
from learner.webhooks.models import PING, Attempt, Delivery, DeliveryStatus, Endpoint, Event
from learner.webhooks.secrets import secret_opened, signatures
from learner.webhooks.selectors import delivery_due, endpoints_due
from learner.webhooks.sending import post
from learner.webhooks.services import (
    deliveries_forget,
    deliveries_make,
    delivery_repeat,
    endpoint_change,
    endpoint_create,
    endpoint_deliver,
    endpoint_pause,
    endpoint_ping,
    endpoint_remove,
    endpoint_resume,
    endpoint_rotate,
)
from learner.webhooks.sweeping import webhooks_sweep
from tests.connections import at_once
from tests.factories import make_batch, make_classifier, make_items, make_project
from tests.learner.webhooks.receiver import Receiver, says

pytestmark = pytest.mark.django_db


def make_ingest(project: Project, **columns: Any) -> Ingest:
    """An ingest that is through."""
    values = {"status": RunStatus.DONE, "finished_at": timezone.now(), "rows_read": 7, "rows_added": 5}
    return Ingest.objects.create(
        project=project, filename="ann's list of bad.example pages.csv", file="f", format="csv", size=1, sha256="0",
        **{**values, **columns},
    )  # fmt: skip


def make_snapshot(project: Project) -> Snapshot:
    return Snapshot.objects.create(
        project=project, number=1, major=1, content_sha256="c", manifest_sha256="m", directory="d", manifest={},
        n_items=9, n_judgments=20, size=1,
    )  # fmt: skip


def make_evaluation(project: Project) -> Evaluation:
    return Evaluation.objects.create(
        project=project, classifier=make_classifier(project), last_resolution=0, n_items=4, facts={}
    )


def make_failure(project: Project, **columns: Any) -> TrainingRun:
    values = {"status": RunStatus.FAILED, "finished_at": timezone.now(), "error": "text of a page"}
    return TrainingRun.objects.create(project=project, reason="r", seed=1, **{**values, **columns})


def due(endpoint: Endpoint) -> None:
    """Let the time pass until what waits is tried again."""
    Delivery.objects.filter(endpoint=endpoint).update(next_at=timezone.now() - timedelta(seconds=1))


def waiting(endpoint: Endpoint) -> Delivery:
    """One delivery that waits."""
    make_batch(endpoint.project, make_items(endpoint.project, 2))
    deliveries_make(timezone.now())
    return Delivery.objects.get(endpoint=endpoint)


def test_each_kind_of_row_becomes_a_delivery_of_small_facts(endpoint: Endpoint, project: Project) -> None:
    make_batch(project, make_items(project, 3))
    ingest, snapshot = make_ingest(project), make_snapshot(project)
    evaluation, failure = make_evaluation(project), make_failure(project)

    assert deliveries_make(timezone.now()) == 5

    told = {row.event: json.loads(row.body) for row in Delivery.objects.filter(endpoint=endpoint)}
    assert {event: body["type"] for event, body in told.items()} == {event: event for event in Event.values}
    data = {event: body["data"] for event, body in told.items()}
    api = "/api/v1/projects/pilot"
    assert data == {
        "batch.opened": {
            "number": 1, "n_items": 3, "classifier": None, "fallback": False, "api": f"{api}/batches/1/items/",
        },
        "snapshot.published": {
            "number": 1, "version": "1.0.0", "n_items": 9, "n_judgments": 20, "sha256": snapshot.sha256,
            "api": f"{api}/snapshots/1/",
        },
        "classifier.evaluated": {
            "evaluation": evaluation.pk, "classifier": 1, "n_items": 4, "api": f"{api}/classifiers/1/",
        },
        "training.failed": {"run": failure.pk, "attempts": 0, "api": f"{api}/classifiers/"},
        "ingest.done": {
            "ingest": ingest.pk, "rows_read": 7, "rows_added": 5, "rows_known": 0, "rows_changed": 0,
            "rows_refused": 0, "api": f"{api}/ingests/{ingest.pk}/",
        },
    }  # fmt: skip
    assert told["batch.opened"]["timestamp"].endswith("Z")
    assert "example" not in str(told)
    assert "ann" not in str(told)


def test_what_is_not_news_makes_no_delivery(endpoint: Endpoint, project: Project) -> None:
    other = make_project()
    make_batch(other, make_items(other, 1))
    make_ingest(project, status=RunStatus.RUNNING, finished_at=None)
    make_failure(project, status=RunStatus.DONE)
    make_failure(project, finished_at=timezone.now() - timedelta(minutes=1))  # before there was an endpoint
    Batch.objects.create(
        project=project, number=9, reason="r", fingerprint="f", seed=1, pool_size=1, n_items=1, personal=True
    )

    assert deliveries_make(timezone.now()) == 0


def test_a_second_look_makes_nothing_twice_and_costs_one_query(
    endpoint: Endpoint, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    waiting(endpoint)

    with django_assert_num_queries(2):  # and the note of how far was looked
        assert deliveries_make(timezone.now()) == 0

    assert Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_make_one_delivery(endpoint: Endpoint, project: Project) -> None:
    make_batch(project, make_items(project, 2))

    at_once(*[lambda: deliveries_make(timezone.now())] * 4)

    assert Delivery.objects.count() == 1


def test_a_row_that_is_committed_late_is_found(endpoint: Endpoint, project: Project) -> None:
    now = timezone.now()
    Endpoint.objects.update(since={"ingest.done": (now - timedelta(days=9)).isoformat()}, looked_at=now)

    make_ingest(project, finished_at=now - timedelta(hours=23))
    make_ingest(project, finished_at=now - timedelta(hours=25))

    assert deliveries_make(now) == 1


def test_all_that_happened_is_told_when_the_tick_was_down_for_long(
    endpoint: Endpoint, project: Project
) -> None:
    now = timezone.now()
    long_ago = now - timedelta(days=9)
    Endpoint.objects.update(since={"ingest.done": long_ago.isoformat()}, looked_at=long_ago)
    for days in range(8):
        make_ingest(project, finished_at=now - timedelta(days=days))

    assert deliveries_make(now) == 8
    assert deliveries_make(now) == 0
    assert Endpoint.objects.get().looked_at == now


def test_an_event_that_is_new_to_an_endpoint_is_told_from_then_on(
    endpoint: Endpoint, project: Project
) -> None:
    endpoint_change(endpoint, ["batch.opened"], by=project.created_by)
    make_ingest(project)
    assert deliveries_make(timezone.now()) == 0

    endpoint_change(endpoint, ["batch.opened", "ingest.done"], by=project.created_by)
    assert deliveries_make(timezone.now()) == 0
    make_ingest(project)

    assert deliveries_make(timezone.now()) == 1


def test_a_delivery_is_signed_over_id_time_and_body(endpoint: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(endpoint)

    assert endpoint_deliver(endpoint.pk) == 1

    (got,) = receiver.got
    stamp = int(got.headers["webhook-timestamp"])
    assert got.headers["webhook-id"] == delivery.message
    assert abs(stamp - timezone.now().timestamp()) < 60
    secret = secret_opened(endpoint.secret)
    assert got.headers["webhook-signature"] == signatures([secret], delivery.message, stamp, got.body)
    assert got.body == delivery.body
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.DONE, 1)
    attempt = Attempt.objects.get()
    assert (attempt.status, attempt.answer, attempt.problem) == (200, "thanks", "")
    assert endpoint_deliver(endpoint.pk) == 0


def test_both_secrets_sign_for_a_day_after_a_rotation(endpoint: Endpoint, receiver: Receiver) -> None:
    old = secret_opened(endpoint.secret)
    new = endpoint_rotate(endpoint, by=endpoint.project.created_by)
    delivery = waiting(endpoint)

    endpoint_deliver(endpoint.pk)
    Endpoint.objects.update(secret_before_until=timezone.now() - timedelta(seconds=1))
    delivery_repeat(delivery)
    endpoint_deliver(endpoint.pk)

    both, one = receiver.got
    for got, secrets in ((both, [new, old]), (one, [new])):
        stamp = int(got.headers["webhook-timestamp"])
        assert got.headers["webhook-signature"] == signatures(secrets, delivery.message, stamp, got.body)


def test_a_failure_is_tried_again_later_and_later_and_given_up_after_about_a_day(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answer = says(503, "<b>busy</b>")
    delivery = waiting(endpoint)
    waits = []

    for _ in range(8):
        due(endpoint)
        before = timezone.now()
        assert endpoint_deliver(endpoint.pk) == 0
        delivery.refresh_from_db()
        waits.append((delivery.next_at - before).total_seconds())

    assert delivery.status == DeliveryStatus.FAILED
    assert [round(wait / 15 / 4**number) for number, wait in enumerate(waits)] == [1] * 8
    assert 18 * 3600 < sum(waits[:7]) < 28 * 3600
    assert {got.headers["webhook-id"] for got in receiver.got} == {delivery.message}
    assert Attempt.objects.filter(problem="It answered 503.", answer="<b>busy</b>").count() == 8
    due(endpoint)
    assert endpoint_deliver(endpoint.pk) == 0
    assert len(receiver.got) == 8


def test_a_delivery_that_was_given_up_is_sent_again_by_hand(endpoint: Endpoint, receiver: Receiver) -> None:
    delivery = waiting(endpoint)
    with pytest.raises(Conflict):
        delivery_repeat(delivery)
    Delivery.objects.update(status=DeliveryStatus.FAILED, attempts=8)

    delivery_repeat(delivery)

    assert endpoint_deliver(endpoint.pk) == 1
    assert receiver.got[0].headers["webhook-id"] == delivery.message
    assert Delivery.objects.get().attempts == 1


def test_one_failure_ends_the_turn_and_a_success_goes_on(endpoint: Endpoint, receiver: Receiver) -> None:
    for _ in range(3):
        make_ingest(endpoint.project)
    deliveries_make(timezone.now())
    receiver.answer = says(500)
    assert endpoint_deliver(endpoint.pk) == 0
    assert (len(receiver.got), Endpoint.objects.get().failures) == (1, 1)

    receiver.answer = says(200)

    assert endpoint_deliver(endpoint.pk) == 2  # the first one waits for its next attempt
    assert Endpoint.objects.get().failures == 0
    subjects = [json.loads(got.body)["data"]["ingest"] for got in receiver.got]
    assert subjects == sorted(subjects)


def fail(endpoint: Endpoint, times: int) -> None:
    for _ in range(times):
        Delivery.objects.filter(endpoint=endpoint).update(status=DeliveryStatus.PENDING, attempts=0)
        due(endpoint)
        endpoint_deliver(endpoint.pk)


def test_an_endpoint_is_paused_after_twenty_failures_in_a_row_over_an_hour(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answer = says(500)
    waiting(endpoint)
    fail(endpoint, 20)
    assert Endpoint.objects.get().paused_at is None  # down for a moment

    Endpoint.objects.update(failing_since=timezone.now() - timedelta(hours=2))
    fail(endpoint, 1)

    paused = Endpoint.objects.get()
    assert paused.paused_at
    assert paused.paused_why == "21 attempts failed in a row; the last: It answered 500."
    entry = LogEntry.objects.filter(stage="webhooks").latest("pk")
    assert (entry.level, "is paused" in entry.text) == ("warning", True)
    assert "key=1" not in entry.text
    fail(endpoint, 1)
    assert len(receiver.got) == 21


def test_a_paused_endpoint_gets_what_happened_meanwhile_when_it_is_resumed(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    by = endpoint.project.created_by
    endpoint_pause(endpoint, by=by)
    with pytest.raises(Conflict):
        endpoint_pause(endpoint, by=by)
    waiting(endpoint)
    assert endpoint_deliver(endpoint.pk) == 0
    assert not endpoints_due(timezone.now())

    endpoint_resume(endpoint, by=by)

    assert endpoint_deliver(endpoint.pk) == 1
    with pytest.raises(Conflict):
        endpoint_resume(endpoint, by=by)


def test_an_endpoint_that_is_gone_is_paused_at_once(endpoint: Endpoint, receiver: Receiver) -> None:
    receiver.answer = says(410)
    waiting(endpoint)

    endpoint_deliver(endpoint.pk)

    assert "410" in Endpoint.objects.get().paused_why


def test_a_test_is_sent_once_even_while_paused_and_pauses_nothing(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    endpoint_pause(endpoint, by=endpoint.project.created_by)
    receiver.answer = says(404)
    endpoint_ping(endpoint)
    with pytest.raises(Conflict):
        endpoint_ping(endpoint)

    assert endpoint_deliver(endpoint.pk) == 0

    ping = Delivery.objects.get(event=PING)
    assert (ping.status, Endpoint.objects.get().failures) == (DeliveryStatus.FAILED, 0)
    assert json.loads(receiver.got[0].body)["type"] == "ping"
    endpoint_ping(endpoint)
    assert Delivery.objects.filter(event=PING).count() == 2


def test_a_worker_that_died_after_the_last_attempt_leaves_nothing_that_is_tried_for_ever(
    endpoint: Endpoint, receiver: Receiver
) -> None:
    waiting(endpoint)
    Delivery.objects.update(attempts=8)

    endpoint_deliver(endpoint.pk)

    assert Delivery.objects.get().status == DeliveryStatus.FAILED
    assert receiver.got == []


def test_nobody_else_sends_while_a_worker_does(endpoint: Endpoint, receiver: Receiver) -> None:
    waiting(endpoint)
    Endpoint.objects.update(busy_until=timezone.now() + timedelta(minutes=1))

    assert endpoint_deliver(endpoint.pk) == 0
    assert not endpoints_due(timezone.now())
    Endpoint.objects.update(busy_until=timezone.now() - timedelta(seconds=1))

    assert list(endpoints_due(timezone.now())) == [endpoint]
    assert endpoint_deliver(endpoint.pk) == 1
    assert Endpoint.objects.get().busy_until is None


@pytest.mark.django_db(transaction=True)
def test_workers_that_begin_at_once_send_a_delivery_once(endpoint: Endpoint, receiver: Receiver) -> None:
    waiting(endpoint)

    taken = at_once(*[lambda: endpoint_deliver(endpoint.pk)] * 4)

    assert sum(taken) == 1
    assert len(receiver.got) == 1


def test_an_endpoint_that_is_removed_while_it_is_sent_to_leaves_nothing(
    endpoint: Endpoint, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting(endpoint)

    def removed(*given: Any) -> Any:
        outcome = post(*given)
        endpoint_remove(endpoint, by=endpoint.project.created_by)
        return outcome

    monkeypatch.setattr(services, "post", removed)

    endpoint_deliver(endpoint.pk)

    assert not Endpoint.objects.exists()
    assert not Delivery.objects.exists()
    assert endpoint_deliver(endpoint.pk) == 0


def test_a_secret_that_cannot_be_read_is_a_failure_that_says_what_to_do(
    endpoint: Endpoint, receiver: Receiver, settings: Settings
) -> None:
    waiting(endpoint)
    settings.SECRET_KEY = "another"

    endpoint_deliver(endpoint.pk)

    assert receiver.got == []
    assert "Rotate the secret" in Attempt.objects.get().problem


def test_deliveries_are_forgotten_after_thirty_days(endpoint: Endpoint, receiver: Receiver) -> None:
    waiting(endpoint)
    endpoint_deliver(endpoint.pk)
    now = timezone.now()
    assert deliveries_forget(now + timedelta(days=29)) == 0

    assert deliveries_forget(now + timedelta(days=31)) == 2

    assert not Attempt.objects.exists()


def test_what_cannot_be_an_endpoint_is_refused(project: Project, receiver: Receiver) -> None:
    by = project.created_by
    with pytest.raises(BadInput, match="at least one"):
        endpoint_create(project, receiver.url, [], by=by)
    with pytest.raises(BadInput, match='no event "all"'):
        endpoint_create(project, receiver.url, ["all"], by=by)
    with pytest.raises(BadInput):
        endpoint_create(project, "gopher://receiver.example", ["batch.opened"], by=by)
    for _ in range(10):
        endpoint_create(project, receiver.url, ["batch.opened"], by=by)
    with pytest.raises(BadInput, match="at most 10"):
        endpoint_create(project, receiver.url, ["batch.opened"], by=by)


def test_the_sweep_asks_once_where_there_is_no_endpoint_and_five_times_where_nothing_is_due(
    project: Project, receiver: Receiver, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        webhooks_sweep(timezone.now())
    endpoint_create(project, receiver.url, ["batch.opened"], by=project.created_by)

    with django_assert_num_queries(5):
        webhooks_sweep(timezone.now())


def test_what_waits_longest_is_sent_first(endpoint: Endpoint, receiver: Receiver) -> None:
    first, second = make_ingest(endpoint.project), make_ingest(endpoint.project)
    deliveries_make(timezone.now())
    later: datetime = timezone.now() + timedelta(hours=1)
    Delivery.objects.filter(subject=first.pk).update(next_at=later)

    found = delivery_due(endpoint, timezone.now())

    assert found is not None
    assert found.subject == second.pk
