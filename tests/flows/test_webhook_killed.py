"""A worker is killed -9 between sending a delivery and writing so: the receiver gets it again, with the same id."""

from datetime import timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import Settings

from learner.tick import tick_once
from learner.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint
from learner.webhooks.services import endpoint_create
from tests.connections import eventually
from tests.factories import make_batch, make_items, make_project
from tests.learner.webhooks.receiver import receiving, says
from tests.workers import celery_worker

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_delivery_comes_again_with_the_same_id_when_a_worker_is_killed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings.WEBHOOK_HTTP, settings.WEBHOOK_HOSTS = True, frozenset({"localhost"})
    monkeypatch.setenv("CROSSGUARD_WEBHOOK_HTTP", "true")
    monkeypatch.setenv("CROSSGUARD_WEBHOOK_HOSTS", "localhost")
    monkeypatch.setenv("CROSSGUARD_SECRET_KEY", django_settings.SECRET_KEY)
    database, goes_on = django_settings.DATABASES["default"]["NAME"], Flag()
    project = make_project(paused=True)
    with receiving() as receiver, celery_worker(database, log=tmp_path / "log") as worker:
        endpoint, _ = endpoint_create(project, receiver.url, ["batch.opened"], by=project.created_by)
        make_batch(project, make_items(project, 2))

        def waits(request: Any) -> None:
            goes_on.wait(60)

        receiver.answer = waits
        tick_once()
        eventually(lambda: len(receiver.got) == 1, seconds=60)  # it has the delivery, the worker no answer
        worker.kill()
        goes_on.set()
        receiver.answer = says(200)
        assert not Attempt.objects.exists()
        assert Delivery.objects.get().status == DeliveryStatus.PENDING
        past = timezone.now() - timedelta(seconds=1)
        Endpoint.objects.update(busy_until=past, woken_at=None)
        Delivery.objects.update(next_at=past)
        worker.start()
        tick_once()
        eventually(lambda: Delivery.objects.get().status == DeliveryStatus.DONE, seconds=60)

    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert Delivery.objects.count() == 1
    assert Endpoint.objects.get(pk=endpoint.pk).failures == 0
