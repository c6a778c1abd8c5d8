"""Asking for runs of the query stage. Imports nothing heavy: pages ask, workers do the work."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from django.db import transaction

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import RunStatus, run_start
from learner.query.models import FeatureRun, LookRun, QueryRun, ShadowRun, SteeringVersion
from learner.query.selectors import steering_latest, steering_of
from learner.query.steering import Steering, steering_changes, steering_check

SEED_BITS = 62


@dataclass(frozen=True)
class ClassifierFile:
    """Which classifier is to score: its number, and its artifact in the storage."""

    number: int
    artifact: str
    sha256: str


def feature_run_start(project: Project) -> FeatureRun:
    """A run that will compute the features that are missing, or the one that is active. The tick wakes it."""
    return run_start(FeatureRun, project)


def query_run_start(project: Project, reason: str, classifier: ClassifierFile | None) -> QueryRun:
    """A run that will choose the next batch, or the one that is active. The tick wakes it."""
    return run_start(
        QueryRun,
        project,
        reason=reason,
        seed=secrets.randbits(SEED_BITS),
        **_columns(classifier),
    )


def query_run_hand_over(project: Project, classifier: ClassifierFile) -> bool:
    """Let a query that no worker has begun yet go by a classifier that was published since; whether there was one.

    One that a worker has left keeps its own: parts of it are scored. Audits that somebody wants at random have none.
    """
    waiting = QueryRun.objects.filter(project=project, status=RunStatus.PENDING, attempt=0)
    waiting = waiting.exclude(audits_only__isnull=False, audit_focus={})
    return bool(waiting.update(**_columns(classifier)))


def audit_run_start(
    project: Project, reason: str, classifier: ClassifierFile | None, *, n: int, focus: Mapping[str, float]
) -> QueryRun:
    """A run that will open a batch of `n` audits and nothing else, drawn for the categories in focus.

    Without a classifier they are drawn at random. Conflict while another query is under way: one at a time.
    """
    asked = {"audits_only": n, "audit_focus": dict(focus)}
    seed = secrets.randbits(SEED_BITS)
    run = run_start(QueryRun, project, reason=reason, seed=seed, **asked, **_columns(classifier))
    if run.seed != seed:
        raise Conflict("Another batch is being chosen in this project. Ask again in a moment.")
    return run


@transaction.atomic
def steering_set(access: Access, steering: Steering, *, based_on: int, note: str = "") -> SteeringVersion:
    """The next version of how the learner chooses; the next query goes by it.

    Raises BadInput that names what cannot be, and when nothing is different; Conflict, naming what changed, when
    somebody has set another version than `based_on`.
    """
    project = Project.objects.select_for_update().get(pk=access.project.pk)
    steering_check(steering, access.taxonomy.slugs)
    latest = steering_latest(project)
    number = latest.number if latest else 0
    if number != based_on:
        raise Conflict(
            f"{latest.set_by.username if latest else 'Somebody'} changed these settings meanwhile: "
            f"{latest.changes if latest else ''}. Look at them, then set yours again.",
            details={"number": number},
        )
    changes = steering_changes(steering_of(project), steering)
    if not changes:
        raise BadInput("These are the settings in use already. Change something, or leave them.")
    version = SteeringVersion.objects.create(
        project=project,
        number=number + 1,
        strategy=steering.strategy,
        shares=dict(steering.shares),
        batch_size=steering.batch_size,
        low_water=steering.low_water,
        retrain_after=steering.retrain_after,
        weights={category: weight for category, weight in steering.weights.items() if weight != 1},
        examples={category: list(given) for category, given in steering.examples.items() if given},
        note=note,
        changes=", ".join(changes),
        set_by=access.user,
    )
    _stand_on_project(project, steering)
    log_write(project, "query", f"{access.user.username} set {version}: {version.changes}")
    return version


def steering_adopt(access: Access, run: ShadowRun) -> SteeringVersion:
    """The candidate of a comparison as the settings in use. Raises as `steering_set`, BadInput before it is done."""
    if not run.result:
        raise BadInput("This comparison is not done. Wait for it, or set the settings without it.")
    return steering_set(
        access, Steering(**run.candidate), based_on=run.base, note=f"after comparison {run.pk}"
    )


def shadow_run_start(access: Access, candidate: Steering, classifier: ClassifierFile | None) -> ShadowRun:
    """A run that compares the settings in use with `candidate`; raises BadInput that names what cannot be.

    Conflict while another comparison is under way in the project.
    """
    steering_check(candidate, access.taxonomy.slugs)
    latest = steering_latest(access.project)
    asked = {
        "asked_by": access.user,
        "seed": secrets.randbits(SEED_BITS),
        "base": latest.number if latest else 0,
        "in_use": asdict(steering_of(access.project)),
        "candidate": asdict(candidate),
    }
    run = run_start(ShadowRun, access.project, **asked, **_columns(classifier))
    if run.candidate != asked["candidate"]:
        raise Conflict(
            "Another comparison is under way in this project. Wait until it is done, then ask again."
        )
    return run


def look_run_start(access: Access, item: Item, classifier: ClassifierFile | None) -> LookRun:
    """A run that scores one item as the next query would; Conflict while another item of the project is looked at."""
    run = run_start(LookRun, access.project, item=item, asked_by=access.user, **_columns(classifier))
    if run.item_id != item.pk:
        raise Conflict("Another page of this project is being scored. Ask again in a moment.")
    return run


def _stand_on_project(project: Project, steering: Steering) -> None:
    """What the queue reads of it, on the project's row."""
    Project.objects.filter(pk=project.pk).update(
        shares=dict(steering.shares),
        batch_size=steering.batch_size,
        low_water=steering.low_water,
        retrain_after=steering.retrain_after,
    )


def _columns(classifier: ClassifierFile | None) -> dict[str, object]:
    """The classifier that is to score, as columns of a run."""
    return {
        "classifier_number": classifier.number if classifier else None,
        "artifact": classifier.artifact if classifier else "",
        "artifact_sha256": classifier.sha256 if classifier else "",
    }
