"""What the benchmark of the loop reads from the database and the storage. Import it once CROSSGUARD_HOME is set."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import django

django.setup()

import numpy as np  # noqa: E402
from django.db import connection  # noqa: E402
from scipy.sparse import vstack  # noqa: E402

from annotator.accounts.models import User  # noqa: E402
from annotator.accounts.services import token_create  # noqa: E402
from annotator.judgments.models import Judgment, ReviewDue  # noqa: E402
from annotator.pool.models import Ingest, Item  # noqa: E402
from annotator.projects.blueprint import blueprint_read  # noqa: E402
from annotator.projects.models import Project, Role  # noqa: E402
from annotator.projects.services import membership_set, project_create  # noqa: E402
from annotator.queue.models import Assignment, Batch  # noqa: E402
from annotator.review.models import Disagreement, Resolution  # noqa: E402
from annotator.runs import ACTIVE  # noqa: E402
from benchmarks.crowd import SLUG, Annotator, Lead, Wait  # noqa: E402
from benchmarks.labelled_file import Row  # noqa: E402
from learner.core.artifact import artifact_read  # noqa: E402
from learner.core.audited import Drawn, Population  # noqa: E402
from learner.core.audited_scores import audited_scores  # noqa: E402
from learner.evaluation.models import EvaluationRun  # noqa: E402
from learner.query.files import file_read  # noqa: E402
from learner.query.models import FeatureRun, QueryRun  # noqa: E402
from learner.query.shards import shards_load  # noqa: E402
from learner.training.models import ClassifierVersion, TrainingRun  # noqa: E402

RUNS = (Ingest, FeatureRun, QueryRun, TrainingRun, EvaluationRun)
SETTLED_SECONDS = 6.0
SETTLE_SECONDS_MAX = 120.0
LEAD = "lead"

# Each counts rows that must not exist; in the words of docs and tests.
INVARIANTS = {
    "items with more places than overlap_max": """
        SELECT count(*) FROM (SELECT item_id FROM assignment a JOIN project p ON p.id = a.project_id
        GROUP BY item_id, p.overlap_max HAVING count(*) > p.overlap_max) x""",
    "items with more judgments in places than places": """
        SELECT count(*) FROM (SELECT j.item_id FROM judgment j WHERE NOT j.late AND j.verdict <> 'withdrawn'
        AND NOT EXISTS (SELECT 1 FROM judgment n WHERE n.supersedes_id = j.id) GROUP BY j.item_id
        HAVING count(*) > (SELECT count(*) FROM assignment a WHERE a.item_id = j.item_id)) x""",
    "items judged twice by one person": """
        SELECT count(*) FROM (SELECT 1 FROM judgment j WHERE NOT EXISTS (SELECT 1 FROM judgment n
        WHERE n.supersedes_id = j.id) GROUP BY item_id, annotator_id HAVING count(*) > 1) x""",
    "sites on both sides of the split": """
        SELECT count(*) FROM (SELECT 1 FROM item GROUP BY project_id, registrable_domain
        HAVING count(DISTINCT split) > 1) x""",
    "holdout items served for training": """
        SELECT count(*) FROM batch_item b JOIN item i ON i.id = b.item_id
        WHERE (i.split = 'holdout') <> (b.stream = 'audit')""",
    "classifier versions with more resolutions than train items had": """
        SELECT count(*) FROM classifier_version v WHERE n_resolutions > (SELECT count(DISTINCT r.item_id)
        FROM resolution r JOIN item i ON i.id = r.item_id
        WHERE i.split = 'train' AND r.project_id = v.project_id AND r.id <= v.last_resolution)""",
}

LOST = "SELECT count(*) FROM unnest(%s::uuid[]) id WHERE id NOT IN (SELECT client_id FROM judgment)"


@dataclass(frozen=True)
class Staff:
    """The project and the tokens of those who work in it; the lead's comes first."""

    project: Project
    tokens: Sequence[str]


def project_make(categories: Sequence[str], settings: Mapping[str, int], n_annotators: int) -> Staff:
    """A project whose categories are those of the file, with a lead and annotators."""
    admin = User.objects.create_superuser("admin")
    blueprint = {
        "project": {"slug": SLUG, "name": "Loop", **settings},
        "categories": [_category(slug) for slug in categories],
        "guideline": [{"number": "1", "title": "Judge the page", "body": "By what the file says of it."}],
    }
    project = project_create(blueprint_read(json.dumps(blueprint), "json"), by=admin)
    names = [LEAD, *(f"annotator{number}" for number in range(1, n_annotators + 1))]
    for name in names:
        User.objects.create_user(name)
        membership_set(project, name, Role.LEAD if name == LEAD else Role.ANNOTATOR, by=admin)
    return Staff(
        project,
        [token_create(User.objects.get(username=name), "loop", days=1).secret for name in names],
    )


def _category(slug: str) -> dict[str, Any]:
    words = slug.replace("-", " ")
    return {
        "slug": slug,
        "name": words.title(),
        "definition": f"Pages about {words}.",
        "severity": 1,
        "cipa": False,
        "terms": words.split(),
    }


def rows_by_item(project: Project, rows: Mapping[str, Row]) -> dict[int, Row]:
    """The file's row of each item; `rows` are by the address as it stands in the file."""
    items = Item.objects.filter(project=project).values_list("pk", "raw_url")
    return {pk: rows[raw_url] for pk, raw_url in items.iterator()}


def batch_wait() -> None:
    """Return once the first batch is open."""
    while not Batch.objects.exists():
        time.sleep(0.1)


def settle_wait() -> None:
    """Return when the loop has caught up: nothing to review or to resolve, and no run for some ticks."""
    deadline = time.monotonic() + SETTLE_SECONDS_MAX
    quiet_since = time.monotonic()
    while time.monotonic() < min(deadline, quiet_since + SETTLED_SECONDS):
        busy = ReviewDue.objects.exists() or Disagreement.objects.filter(closed_at__isnull=True).exists()
        if busy or any(model._default_manager.filter(status__in=ACTIVE).exists() for model in RUNS):
            quiet_since = time.monotonic()
        time.sleep(0.5)


def batches() -> list[dict[str, Any]]:
    """One line a batch: why, from what, when it was worked off, and how long after that the next one was open."""
    found = []
    rows = list(Batch.objects.order_by("number"))
    for batch, following in zip(rows, [*rows[1:], None], strict=True):
        worked_off = _worked_off(batch)
        is_open_by = (following.opened_at - worked_off).total_seconds() if following and worked_off else None
        found.append(
            {
                "batch": batch.number,
                "items": batch.n_items,
                "fallback": batch.fallback,
                "classifier": batch.classifier_number,
                "opened_at": batch.opened_at,
                "labels_used": _resolved_by(batch.opened_at),
                "judgments": Judgment.objects.filter(created_at__lte=batch.opened_at).count(),
                "seconds_to_next": is_open_by,
            }
        )
    return found


def waits_add(rows: Sequence[dict[str, Any]], waits: Sequence[Wait]) -> None:
    """Add to each batch the seconds in which annotators had nothing to do while it was the newest."""
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        end = following["opened_at"] if following else datetime.max.replace(tzinfo=UTC)
        row["wait_seconds"] = round(sum(w.seconds for w in waits if row["opened_at"] <= w.ended_at < end), 1)


def _worked_off(batch: Batch) -> datetime | None:
    """When the last of the places that the batch opened was filled, or None."""
    places = Assignment.objects.filter(batch_item__batch=batch, place__lte=batch.project.overlap)
    moments = list(places.values_list("submitted_at", flat=True))
    return None if None in moments else max(moment for moment in moments if moment)


def _resolved_by(moment: datetime) -> int:
    """Train items with a resolution at that moment."""
    resolved = Resolution.objects.filter(created_at__lte=moment, item__split="train")
    return resolved.values("item").distinct().count()


def versions(truth: Mapping[int, Row]) -> Iterator[dict[str, Any]]:
    """Each classifier version with its scores on all holdout items, by the file's labels."""
    for version in ClassifierVersion.objects.order_by("number"):
        classifier = artifact_read(file_read(version.artifact, version.sha256), version.sha256).classifier
        features, labels, sites = _holdout(version.project, truth, classifier.categories)
        everything = Drawn(np.arange(len(labels)), labels.astype(np.float64), np.ones(len(labels)), sites)
        scores, overall = audited_scores(
            Population(classifier.decision(features)),
            everything,
            classifier.thresholds_,
            rng=np.random.default_rng(version.number),
        )
        yield {
            "version": version.number,
            "created_at": version.created_at,
            "labels_used": version.n_resolutions,
            "learned": sum(status["learned"] for status in version.categories),
            "seconds": version.training_run.seconds,
            "n_holdout": len(labels),
            "macro_f1": _numbers(overall.macro_f1),
            "micro_f1": _numbers(overall.micro_f1),
            "n_categories": overall.n_categories,
            "f1": {
                slug: _numbers(score.f1) for slug, score in zip(classifier.categories, scores, strict=True)
            },
            "n_positive": {
                slug: score.n_positive for slug, score in zip(classifier.categories, scores, strict=True)
            },
        }


def _numbers(estimate: Any) -> list[float | None]:
    return [None if x is None else round(x, 4) for x in (estimate.value, estimate.low, estimate.high)]


def _holdout(project: Project, truth: Mapping[int, Row], categories: Sequence[str]) -> tuple[Any, Any, Any]:
    """Features, labels (1, 0, or -1 where the file does not know) and sites of the holdout items."""
    features, sites, labels = [], [], []
    for shard in shards_load(project):
        features.append(shard.features[shard.holdout])
        sites.append(shard.domains[shard.holdout])
        labels += [_row(truth[int(pk)], categories) for pk in shard.item_ids[shard.holdout]]
    return vstack(features, format="csr"), np.array(labels, dtype=np.int8), np.concatenate(sites)


def _row(row: Row, categories: Sequence[str]) -> list[int]:
    return [1 if slug in row.labels else -1 if slug in row.unknown else 0 for slug in categories]


def seconds_of_runs() -> dict[str, list[float]]:
    """Seconds of each finished query and training run."""
    return {
        model._meta.db_table: [round(run.seconds or 0.0, 2) for run in model._default_manager.order_by("pk")]
        for model in (QueryRun, TrainingRun)
    }


def people(annotators: Sequence[Annotator], lead: Lead) -> dict[str, Any]:
    """How the people fared: requests as they saw them, and everything that they did not expect."""
    diaries = [annotator.diary for annotator in annotators]
    surprises = [line for diary in diaries for line in diary.surprises] + lead.surprises
    return {
        "acknowledged judgments": sum(len(diary.acknowledged) for diary in diaries),
        "late judgments": Judgment.objects.filter(late=True).count(),
        "adjudicated by the lead": lead.decided,
        "claim p50, p95, max (ms)": _milliseconds([s for diary in diaries for s in diary.claim_seconds]),
        "submit p50, p95, max (ms)": _milliseconds([s for diary in diaries for s in diary.submit_seconds]),
        "waits": len([wait for diary in diaries for wait in diary.waits]),
        "unexpected answers": surprises[:10],
    }


def _milliseconds(seconds: Sequence[float]) -> list[float]:
    return [round(float(s) * 1000, 1) for s in np.quantile(seconds, [0.5, 0.95, 1.0])]


def broken_promises(annotators: Sequence[Annotator]) -> dict[str, int]:
    """How often each invariant is broken, by SQL: all zero."""
    acknowledged = [client_id for annotator in annotators for client_id in annotator.diary.acknowledged]
    found = {}
    with connection.cursor() as cursor:
        for name, statement in INVARIANTS.items():
            cursor.execute(statement)
            found[name] = int(cursor.fetchone()[0])
        cursor.execute(LOST, [acknowledged])
        found["acknowledged judgments that are lost"] = int(cursor.fetchone()[0])
    found["judgments more or fewer than acknowledged"] = abs(Judgment.objects.count() - len(acknowledged))
    return found
