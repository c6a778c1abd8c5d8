"""What the tick does for webhooks: make deliveries of new rows, wake workers for what is due, forget what is old."""

from datetime import datetime

from django.utils import timezone

from annotator.runs import wake
from learner.webhooks.models import Endpoint
from learner.webhooks.selectors import endpoints_due
from learner.webhooks.services import deliveries_forget, deliveries_make
from learner.webhooks.tasks import deliver


def webhooks_sweep(now: datetime) -> None:
    """One look. Five queries when nothing is due, whatever the number of projects; one where there is no endpoint."""
    if not Endpoint.objects.exists():
        return
    deliveries_make(now)
    for endpoint in endpoints_due(timezone.now()):  # what was made just now is due
        Endpoint.objects.filter(pk=endpoint.pk).update(woken_at=now)
        wake(deliver, endpoint.pk)
    deliveries_forget(now)
