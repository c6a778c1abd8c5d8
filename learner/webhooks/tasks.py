"""Celery's door to the webhooks stage."""

from celery import shared_task

from learner.webhooks.services import endpoint_deliver


@shared_task(name="webhooks.deliver")
def deliver(endpoint_id: int) -> None:
    """Send what is due to one endpoint."""
    endpoint_deliver(endpoint_id)
