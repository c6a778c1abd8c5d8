"""What the pages and the API show of endpoints, and which of them have something to send."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from annotator.errors import NotFound
from annotator.projects.models import Project
from learner.webhooks.models import PING, Attempt, Delivery, DeliveryStatus, Endpoint

WOKEN_FOR: Final = timedelta(seconds=20)


def endpoints_of(project: Project) -> QuerySet[Endpoint]:
    """The endpoints of a project, oldest first, each with `n_waiting`: deliveries that wait. One query."""
    # Counted by the endpoint, not joined from it: a relation that is not named cannot be.
    waiting = (
        Delivery.objects.filter(endpoint=OuterRef("pk"), status=DeliveryStatus.PENDING)
        .order_by()
        .values("endpoint")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return Endpoint.objects.filter(project=project).annotate(n_waiting=waiting).order_by("pk")


def endpoint_of(project: Project, pk: int) -> Endpoint:
    """One endpoint of the project; raises NotFound. One query."""
    endpoint = endpoints_of(project).filter(pk=pk).first()
    if endpoint is None:
        raise NotFound(f"There is no webhook {pk} in this project.")
    return endpoint


def deliveries_of(endpoint: Endpoint) -> QuerySet[Delivery]:
    """The log of an endpoint, newest first, each with its attempts. Two queries."""
    tries = Prefetch("tries", queryset=Attempt.objects.order_by("-pk"))
    return Delivery.objects.filter(endpoint=endpoint).order_by("-pk").prefetch_related(tries)


def delivery_of(endpoint: Endpoint, pk: int) -> Delivery:
    """One delivery of the endpoint; raises NotFound. Two queries."""
    delivery = deliveries_of(endpoint).filter(pk=pk).first()
    if delivery is None:
        raise NotFound(f"There is no delivery {pk} to this webhook: they are kept for 30 days.")
    return delivery


def delivery_due(endpoint: Endpoint, now: datetime) -> Delivery | None:
    """What is to be sent to the endpoint next; of a paused one only a test. One query."""
    return _due(now).filter(endpoint=endpoint).order_by("next_at", "pk").first()


def endpoints_due(now: datetime) -> QuerySet[Endpoint]:
    """The endpoints that have something to send, no worker that sends, and none that was woken just now."""
    return Endpoint.objects.filter(
        Q(busy_until__isnull=True) | Q(busy_until__lt=now),
        Q(woken_at__isnull=True) | Q(woken_at__lt=now - WOKEN_FOR),
        Exists(_due(now).filter(endpoint=OuterRef("pk"))),
    ).order_by("pk")


def _due(now: datetime) -> QuerySet[Delivery]:
    waiting = Delivery.objects.filter(status=DeliveryStatus.PENDING, next_at__lte=now)
    return waiting.filter(Q(endpoint__paused_at__isnull=True) | Q(event=PING))
