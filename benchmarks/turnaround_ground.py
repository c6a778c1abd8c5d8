"""What the benchmark of the turnaround asks of the database. Import it once CROSSGUARD_HOME is set."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import django

django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotator.pool.models import Item  # noqa: E402
from annotator.projects.models import Project  # noqa: E402
from annotator.projects.selectors import taxonomy_current  # noqa: E402
from annotator.queue.models import Assignment, Batch  # noqa: E402
from annotator.review.models import Method, Resolution  # noqa: E402
from annotator.runs import RunStatus  # noqa: E402
from annotator.runtime.embedded import Layout  # noqa: E402
from benchmarks.ingest import WORDS  # noqa: E402
from benchmarks.ledger import Staff, project_make  # noqa: E402
from benchmarks.pool_made import pool_fill  # noqa: E402
from learner.query.models import FeatureShard, QueryRun  # noqa: E402
from learner.query.steering import WATER_MAX  # noqa: E402
from learner.training.models import ClassifierVersion, TrainingRun  # noqa: E402

N_CATEGORIES: Final = 16
WAIT_SECONDS_MAX: Final = 3_600.0
LOOK_SECONDS: Final = 0.02


@dataclass(frozen=True)
class Made:
    """A project with a pool, its people, and the labels of each item."""

    staff: Staff
    categories: Sequence[str]
    truth: Mapping[int, Sequence[str]]
    rng: np.random.Generator


def connect(home: Path) -> None:
    """Talk to the database of this home from now on."""
    connection.close()
    url = Layout(home).sockets
    settings.DATABASES["default"]["HOST"] = connection.settings_dict["HOST"] = str(url)


def made(n_items: int, annotators: int, overlap: int, retrain_after: int) -> Made:
    """A project of sixteen categories, each told by a word of the address, with so many items."""
    categories = WORDS[:N_CATEGORIES]
    loop = {"overlap": overlap, "overlap_max": overlap + 1, "retrain_after": retrain_after}
    staff = project_make(categories, loop, annotators)
    pool = pool_fill(staff.project, n_items)
    ids = np.arange(1, n_items + 1, dtype=np.int64)
    truth = {
        item: sorted({categories[word] for word in words if word < N_CATEGORIES})
        for item, words in zip(ids.tolist(), pool.words(ids).tolist(), strict=True)
    }
    return Made(staff, categories, truth, np.random.default_rng(1))


def features_wait(n_items: int) -> None:
    """Return once every item has features and the first batch is open."""
    _wait(
        lambda: (
            sum(FeatureShard.objects.values_list("n_items", flat=True)) == n_items and Batch.objects.exists()
        )
    )


def batch_size_set(made: Made, batch: int) -> None:
    """So many items in each batch from now on."""
    Project.objects.filter(pk=made.staff.project.pk).update(batch_size=batch)


def batches() -> int:
    """The number of the newest batch."""
    return Batch.objects.latest("number").number


def batches_since(number: int) -> dict[str, int]:
    """Batches that were opened after this one, by who chose them."""
    later = Batch.objects.filter(number__gt=number, personal=False)
    fallback = later.filter(fallback=True).count()
    return {"chosen": later.count() - fallback, "fallback": fallback}


def judged_since(moment: datetime) -> dict[str, float]:
    """Of the judgments since then, the percent on pages that a query chose and not chance for want of one."""
    filled = Assignment.objects.filter(submitted_at__gte=moment, for_annotator__isnull=True)
    by_chance = filled.filter(batch_item__batch__fallback=True).count()
    return {"percent chosen": round(100 * (1 - by_chance / max(filled.count(), 1)), 1)}


def queries_since(moment: datetime) -> dict[str, Any]:
    """How long queries took from being asked for to their batch, and the mean seconds of each phase."""
    done = QueryRun.objects.filter(created_at__gte=moment, status=RunStatus.DONE, batch__isnull=False)
    rows = list(done.order_by("pk"))
    took = [(run.finished_at - run.created_at).total_seconds() for run in rows if run.finished_at]
    waited = [(run.started_at - run.created_at).total_seconds() for run in rows if run.started_at]
    names = dict.fromkeys(name for run in rows for name in run.phases)
    phases = {name: round(fmean(run.phases.get(name, 0) for run in rows), 2) for name in names}
    whole = {"mean": round(fmean(took), 1), "longest": round(max(took), 1)} if took else {}
    return {**whole, "for a worker": round(fmean(waited), 2) if waited else None, "phases": phases}


def labels_add(made: Made, count: int) -> float:
    """Resolve so many train items of the pool by their true labels; the moment at which they were held."""
    project = made.staff.project
    free = Item.objects.filter(project=project, split="train", pooled=True).order_by("shuffle")
    ids = list(free.values_list("pk", flat=True)[:count])
    taxonomy = taxonomy_current(project).version
    Item.objects.filter(pk__in=ids).update(pooled=False)
    Resolution.objects.bulk_create(
        [
            Resolution(
                project=project,
                item_id=item,
                labels=made.truth[item],
                method=Method.MAJORITY,
                taxonomy=taxonomy,
            )
            for item in ids
        ]
    )
    return timezone.now().timestamp()


def labels_learned() -> dict[str, float]:
    """Return once a version has learned all that is resolved: the seconds of its training by phase."""
    newest = Resolution.objects.latest("pk").pk
    _wait(lambda: ClassifierVersion.objects.filter(last_resolution__gte=newest).exists())
    version = ClassifierVersion.objects.latest("number")
    return dict(version.training_run.phases_in_order)


def queue_hungry(made: Made) -> None:
    """However many places are free, the queue wants another batch."""
    Project.objects.filter(pk=made.staff.project.pk).update(low_water=WATER_MAX)


def turn(made: Made, count: int) -> dict[str, Any]:
    """Seconds from so many new resolutions to the first batch that the next version opened, by phase."""
    number = ClassifierVersion.objects.latest("number").number + 1
    before = TrainingRun.objects.latest("pk").pk
    begin = labels_add(made, count)
    _wait(lambda: Batch.objects.filter(classifier_number=number).exists())
    training = TrainingRun.objects.filter(pk__gt=before).earliest("pk")
    query = QueryRun.objects.filter(classifier_number=number, batch__isnull=False).earliest("pk")
    moments = [training.created_at, training.started_at, training.finished_at]
    moments += [query.created_at, query.started_at, query.finished_at]
    created, started, trained, asked, taken, opened = (at.timestamp() for at in moments if at)
    opening, spent = query.phases["open"], dict(training.phases_in_order)
    return {
        "version": number,
        "seconds": opened - begin,
        "tick": created - begin,
        "a worker for the training": started - created,
        **spent,
        "tick, and the query under way": asked - trained,
        "a worker for the query": taken - asked,
        "query": opened - taken - opening,
        "opening": opening,
    }


def _wait(ready: Any) -> None:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit("The system did not get there: see the log of its home (--keep).")
        time.sleep(LOOK_SECONDS)
