"""How likely each audited item was to be audited, under all draws so far. Imports nothing heavy."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.models import BatchItem, Stream
from learner.core.arrays import Floats
from learner.core.waves import either
from learner.query.models import AuditChance, AuditWave


def chances_of(project: Project, item_ids: Sequence[int]) -> Floats:
    """The inclusion probability of each of these drawn items, (n,), under all waves and what was drawn before them.

    Before there were waves, each draw was uniform over what was available, with numbers of its own: an item that was
    there already had its probability. Three queries, one of them over the audits of the ledger from before the waves.
    """
    found = AuditChance.objects.filter(project=project, item__in=item_ids)
    known = dict(found.values_list("item_id", "chance"))
    in_waves = np.array([known.get(item_id, 0.0) for item_id in item_ids], dtype=np.float64)
    draws = _draws_before_waves(project)
    if not draws:
        return in_waves
    since = dict(Item.objects.filter(pk__in=item_ids).values_list("pk", "created_at"))
    before = [_chance_before(draws, since[item_id]) for item_id in item_ids]
    return either(in_waves, np.array(before, dtype=np.float64))


def _draws_before_waves(project: Project) -> list[tuple[datetime, float]]:
    """When each uniform draw was, and with which probability."""
    ledger = BatchItem.objects.filter(
        batch__project=project, stream=Stream.AUDIT, inclusion_probability__isnull=False
    ).exclude(batch__in=AuditWave.objects.filter(project=project).values("batch"))
    rows = ledger.values_list("batch_id", "batch__opened_at", "inclusion_probability").distinct()
    return [(opened_at, probability or 0.0) for _, opened_at, probability in rows]


def _chance_before(draws: Sequence[tuple[datetime, float]], since: datetime) -> float:
    missed = 1.0
    for opened_at, probability in draws:
        if opened_at >= since:
            missed *= 1 - probability
    return 1 - missed
