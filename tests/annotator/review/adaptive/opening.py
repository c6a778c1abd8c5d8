"""Items in batches as adaptive overlap opens them, and judgments on them, for tests of what it does then."""

from collections.abc import Sequence

from annotator.accounts.models import User
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.queue.models import Assignment, Stopping, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.queue.starting import stopping_drawn
from annotator.review.services import Swept, review_sweep
from tests.factories import make_items, make_judgment

GOOD, POOR = (0.98, 0.999), (0.6, 0.9)


def opened(
    project: Project,
    *,
    stream: Stream = Stream.QUERY,
    split: Split = Split.TRAIN,
    stopping: Stopping | None = None,
) -> Item:
    """An item in a batch of its own, drawn as wanted: the seed is looked for."""
    (item,) = make_items(project, 1, split=split)
    project.refresh_from_db()
    wanted = stopping or Stopping.ADAPTIVE
    seeds = range(item.pk * 1000, item.pk * 1000 + 500)
    seed = next(
        (one for one in seeds if stopping_drawn(project, {item.pk: stream}, seed=one)[item.pk] == wanted), 1
    )
    choice = BatchChoice(item.pk, stream, "random", None, "for a test", None, 1, 1.0, seed)
    batch_open(
        project,
        [choice],
        fingerprint=f"f{item.pk}",
        reason="a test",
        seed=seed,
        classifier_number=None,
        pool_size=1,
    )
    return item


def judge(item: Item, people: Sequence[User], *answers: Sequence[str]) -> Swept:
    for person, labels in zip(people, answers, strict=False):
        make_judgment(item, person, labels)
    return review_sweep(item.project)


def places(item: Item) -> int:
    return Assignment.objects.filter(item=item).count()


def opened_batch(project: Project, item: Item) -> None:
    choice = BatchChoice(item.pk, Stream.QUERY, "random", None, "for a test", None, 1, 1.0, 1)
    batch_open(
        project,
        [choice],
        fingerprint=f"b{item.pk}",
        reason="a test",
        seed=1,
        classifier_number=None,
        pool_size=1,
    )
