"""What the benchmark of workers asks of the database and the storage. Import it once the services run."""

import time
from dataclasses import dataclass, replace
from hashlib import sha256

import django

django.setup()

import numpy as np  # noqa: E402
from django.db import connection  # noqa: E402

from annotator.accounts.models import User  # noqa: E402
from annotator.pool.models import Item  # noqa: E402
from annotator.projects.blueprint import default_blueprint  # noqa: E402
from annotator.projects.models import Project  # noqa: E402
from annotator.projects.selectors import taxonomy_current  # noqa: E402
from annotator.projects.services import project_create  # noqa: E402
from annotator.queue.models import BatchItem  # noqa: E402
from annotator.runs import RunStatus  # noqa: E402
from benchmarks.pool_made import Pool, item_bytes, pool_fill  # noqa: E402
from benchmarks.query_round import SHARD_ITEMS, made_classifier, made_features  # noqa: E402
from learner.core.artifact import artifact_bytes  # noqa: E402
from learner.core.classifier import LinearClassifier  # noqa: E402
from learner.core.keys import domain_key  # noqa: E402
from learner.core.recipe import RECIPE  # noqa: E402
from learner.core.shards import Shard, shard_bytes  # noqa: E402
from learner.query.files import file_write  # noqa: E402
from learner.query.models import FeatureShard, QueryPart, QueryRun  # noqa: E402
from learner.query.services import ClassifierFile, query_run_start  # noqa: E402


@dataclass(frozen=True)
class Made:
    """The project, what scores its pool, and what it took to make."""

    project: Project
    classifier: ClassifierFile
    facts: dict[str, float]


def made(n_items: int, columns: int, batch: int, seed: int) -> Made:
    """A paused project with so many items, their shards, and a classifier with random weights."""
    start = time.monotonic()
    loop = replace(default_blueprint().settings, batch_size=batch)
    admin = User.objects.create_superuser("admin")
    pool = pool_fill(project_create(replace(default_blueprint(), settings=loop), by=admin), n_items)
    Project.objects.filter(pk=pool.project.pk).update(paused=True)
    facts = {"rows (s)": time.monotonic() - start, "bytes of an item's row": item_bytes() / n_items}
    start = time.monotonic()
    size = sum(
        _shard_write(pool, first, columns, seed + number)
        for number, first in enumerate(range(1, n_items + 1, SHARD_ITEMS))
    )
    facts |= {"shards (s)": time.monotonic() - start, "bytes of an item's features": size / n_items}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) feature_shard")
    return Made(pool.project, _classifier_write(pool.project, seed), facts)


def _shard_write(pool: Pool, first: int, columns: int, seed: int) -> int:
    """The bytes of a shard, stored and registered as a feature run does."""
    ids = np.arange(first, min(first + SHARD_ITEMS, pool.n_items + 1), dtype=np.int64)
    numbers, places = np.unique(pool.sites(ids), return_inverse=True)
    keys = np.array([domain_key(pool.site(number)) for number in numbers.tolist()], dtype=np.int64)
    shard = Shard(
        item_ids=ids,
        holdout=pool.holdout(ids),
        domains=keys[places],
        contents=np.zeros(len(ids), dtype=np.int64),
        features=made_features(len(ids), columns, np.random.default_rng(seed)),
    )
    directory = f"projects/{pool.project.pk}/features/{RECIPE}"
    file = file_write(directory, f"{ids[0]}-{ids[-1]}", shard_bytes(shard))
    FeatureShard.objects.create(
        project=pool.project,
        recipe=RECIPE,
        first_item=ids[0],
        last_item=ids[-1],
        n_items=len(ids),
        path=file.name,
        sha256=file.sha256,
    )
    return file.size


def _classifier_write(project: Project, seed: int) -> ClassifierFile:
    slugs = taxonomy_current(project).slugs
    drawn = made_classifier(len(slugs), np.random.default_rng(seed))
    statuses = [replace(status, category=slug) for status, slug in zip(drawn.statuses_, slugs, strict=True)]
    named = LinearClassifier.restored(
        statuses, weights=drawn.weights_, bias=drawn.bias_, thresholds=drawn.thresholds_
    )
    file = file_write(f"projects/{project.pk}/classifiers", "v1", artifact_bytes(named, {}))
    return ClassifierFile(1, file.name, file.sha256)


def ask(made: Made, seed: int) -> int:
    """The id of a query run that waits for the next tick."""
    run = query_run_start(made.project, "the benchmark asks", made.classifier)
    QueryRun.objects.filter(pk=run.pk).update(seed=seed)
    return run.pk


def is_over(run_id: int) -> bool:
    """Whether the run has ended and tidied up; a failed one ends the benchmark."""
    run = QueryRun.objects.get(pk=run_id)
    if run.status == RunStatus.FAILED:
        raise SystemExit(f"The query failed: {run.error}")
    return run.status == RunStatus.DONE and not QueryPart.objects.filter(run=run_id).exists()


def share_scored(run_id: int) -> float:
    """How much of the pool has been scored, 0 to 1."""
    parts = QueryPart.objects.filter(run=run_id)
    return parts.exclude(path="").count() / max(parts.count(), 1)


def outcome(run_id: int, killed_at: float) -> dict[str, object]:
    """What the run took and chose; then everything is as before it."""
    run = QueryRun.objects.get(pk=run_id)
    assert run.finished_at is not None
    chosen = list(BatchItem.objects.order_by("rank").values_list("item_id", "stream", "score"))
    found: dict[str, object] = {
        "seconds": round(run.seconds or 0.0, 3),
        "seconds after the kill": round(run.finished_at.timestamp() - killed_at, 2) if killed_at else None,
        "seconds until a worker took it": round((run.started_at or run.created_at).timestamp(), 3)
        - round(run.created_at.timestamp(), 3),
        "attempts": run.attempt,
        "scored by": run.workers,
        "phases": run.phases,
        "items": len(chosen),
        "batch": sha256(repr(chosen).encode()).hexdigest()[:16],
    }
    _put_back([item_id for item_id, _, _ in chosen])
    return found


def _put_back(item_ids: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE batch CASCADE")
    Item.objects.filter(pk__in=item_ids).update(pooled=True)
