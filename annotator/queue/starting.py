"""Which items adaptive overlap may stop early, and which it may not touch: drawn when their batch opens."""

import random
from collections.abc import Mapping
from typing import Final

from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.queue.models import Stopping, Stream

CHECK_SHARE: Final = 0.05
"""Of the items that could stop early: asked about in full all the same, to see what stopping would have given."""
MAY_STOP: Final = (Stream.QUERY, Stream.RARE, Stream.EXPLORE)


def stopping_drawn(project: Project, streams: Mapping[int, Stream], *, seed: int) -> dict[int, Stopping]:
    """When each item, by id, is asked about no more. No query where overlap is fixed for all, one otherwise.

    It is while adaptive overlap is off or skills are not known; and always for what evaluations rest on: audits, and
    any item of a holdout site. Of the rest each is drawn for the check with `CHECK_SHARE`, by the seed of the batch.
    """
    if not (project.adaptive and project.skills_enough):
        return dict.fromkeys(streams, Stopping.FIXED)
    train = Item.objects.filter(pk__in=list(streams), split=Split.TRAIN)
    may_stop = set(train.values_list("pk", flat=True))
    rng = random.Random(f"stopping {seed}")
    return {
        item_id: _stopping(stream, is_train=item_id in may_stop, die=rng.random())
        for item_id, stream in streams.items()
    }


def _stopping(stream: Stream, *, is_train: bool, die: float) -> Stopping:
    if stream not in MAY_STOP or not is_train:
        return Stopping.FIXED
    return Stopping.CHECK if die < CHECK_SHARE else Stopping.ADAPTIVE
