"""Starting and ending experiments, and what follows from one: a promotion, or pages to look at."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.queue.models import Batch, Stream
from annotator.queue.services import BatchChoice, batch_open
from learner.evaluation.models import Promotion
from learner.evaluation.release.services import permit_of, promotion_make, reason_check
from learner.evaluation.serving import version_serving
from learner.monitoring.experiments.selectors import differing_of, experiment_running
from learner.monitoring.models import Experiment
from learner.training.models import ClassifierVersion

OPENED_MAX: Final = 100
SHARE_USUAL: Final = 10
WHY_MAX: Final = 300
NUMBERS_MAX: Final = 2**31 - 1
STRATEGY: Final = "experiment"


@dataclass(frozen=True)
class Design:
    """What somebody wants tried: how many of a hundred sites, shadow or not, until when, and why."""

    share: int
    reason: str
    shadow: bool = False
    keeps_pages: bool = True
    ends_at: datetime | None = None
    exception: str = ""


def experiment_start(access: Access, candidate: ClassifierVersion, design: Design) -> Experiment:
    """The candidate answers a share of the sites from now on, or scores them unseen, as a shadow.

    1. The gate is asked anew, unless the version is a shadow or served before. 2. The row names what it said. 3. The
    database checks both, and that no other experiment of the project runs. Raises BadInput for a design that makes no
    sense, Conflict and Forbidden as `promotion_make`, Conflict while another runs.
    """
    base = _base_checked(access.project, candidate, design)
    served = Promotion.objects.filter(project=access.project, classifier=candidate).exists()
    permit = None if design.shadow or served else permit_of(access, candidate, design.exception)
    newest = Experiment.objects.filter(project=access.project).aggregate(newest=Max("number"))["newest"] or 0
    try:
        with transaction.atomic():
            row = Experiment.objects.create(
                project=access.project,
                number=newest + 1,
                base=base,
                candidate=candidate,
                gate=permit.gate if permit else None,
                share=design.share,
                shadow=design.shadow,
                keeps_pages=design.keeps_pages,
                reason=design.reason.strip(),
                exception=permit.exception if permit else "",
                ends_at=design.ends_at,
                started_by=access.user,
            )
            log_write(access.project, "serving", _started(access, row))
    except IntegrityError as error:
        raise _not_started(access.project) from error
    return row


def experiment_end(experiment: Experiment, why: str, *, by: User | None = None) -> bool:
    """The base answers everything from now on. False where it had ended before."""
    with transaction.atomic():
        ended = Experiment.objects.filter(pk=experiment.pk, ended_at__isnull=True).update(
            ended_at=timezone.now(), ended_by=by, ended_why=why
        )
        if ended:
            who = f"{by.username} ended" if by else "ended"
            log_write(experiment.project, "serving", f"Experiment {experiment.number}: {who}, {why}")
    return bool(ended)


def experiment_stop(access: Access, experiment: Experiment, reason: str) -> None:
    """Somebody ends it. Raises BadInput without a reason, Conflict where it had ended before."""
    reason_check(reason, "why the experiment is to end")
    if not experiment_end(experiment, reason.strip()[:WHY_MAX], by=access.user):
        raise Conflict(f"Experiment {experiment.number} has ended already.")


def experiment_promote(
    access: Access, experiment: Experiment, *, based_on: int, reason: str, exception: str = ""
) -> Promotion:
    """The candidate serves from now on, and the experiment ends with that. Raises as `promotion_make`."""
    with transaction.atomic():
        row = promotion_make(
            access, experiment.candidate, based_on=based_on, reason=reason, exception=exception
        )
        experiment_end(experiment, f"v{experiment.candidate.number} was promoted", by=access.user)
    return row


def pages_open(access: Access, experiment: Experiment) -> Batch:
    """A batch of the pages kept on which the two versions differ, up to `OPENED_MAX`, the newest first.

    Pages that the project does not have are taken in first. Pages of holdout sites stay out: what somebody picks could
    be drawn for audit no more, and evaluations would see too few pages on which versions differ. Raises Conflict where
    none is left.
    """
    rows = differing_of(experiment)
    new = [row.page.url for row in rows if row.item_id is None][:OPENED_MAX]
    if new:
        _taken_in(access, experiment, new)
    hashes = [row.page.url_hash for row in rows]
    pooled = Item.objects.filter(
        project=access.project, url_hash__in=hashes, split=Split.TRAIN, pooled=True, withheld=False
    )
    items = list(pooled.order_by("-pk").values_list("pk", flat=True)[:OPENED_MAX])
    if not items:
        raise Conflict(
            "No page is left to open: they were opened before, are of holdout sites, or none was kept yet."
        )
    batch = batch_open(
        access.project,
        _choices(experiment, items),
        fingerprint=f"experiment-{experiment.pk}-{max(items)}-{len(items)}",
        reason=f"{access.user.username}: pages on which experiment {experiment.number} differs",
        seed=experiment.pk,
        classifier_number=experiment.candidate.number,
        pool_size=len(rows),
    )
    log_write(access.project, "queue", f"{batch.reason} ({batch.n_items})")
    return batch


def _choices(experiment: Experiment, items: Sequence[int]) -> list[BatchChoice]:
    reason = f"v{experiment.base.number} and v{experiment.candidate.number} would do different things with it"
    return [
        BatchChoice(
            item_id=item_id,
            stream=Stream.QUERY,
            strategy=STRATEGY,
            score=None,
            reason=reason,
            classifier_number=experiment.candidate.number,
            pool_size=len(items),
            inclusion_probability=None,
            seed=experiment.pk,
        )
        for item_id in items
    ]


def _taken_in(access: Access, experiment: Experiment, urls: Sequence[str]) -> None:
    text = io.StringIO()
    source = f"experiment {experiment.number}"
    csv.writer(text).writerows([("url", "source"), *((url, source) for url in urls)])
    name = f"experiment-{experiment.number}.csv"
    ingest = ingest_create(access.project, Upload(name, io.BytesIO(text.getvalue().encode())), by=access.user)
    ingest_run(ingest.pk)


def _base_checked(project: Project, candidate: ClassifierVersion, design: Design) -> ClassifierVersion:
    """The version that serves, beside which the candidate is tried."""
    reason_check(design.reason, "what the experiment is to show")
    most = 100 if design.shadow else 99
    if not 1 <= design.share <= most:
        raise BadInput(f"The share is 1 to {most} of a hundred sites, not {design.share}.")
    if design.ends_at is not None and design.ends_at <= timezone.now():
        raise BadInput("The end is over already. Choose a later one, or none.")
    serving = version_serving(project)
    if serving is None:
        raise Conflict("No version serves yet, so there is nothing to try another beside. Promote one first.")
    if serving.pk == candidate.pk:
        raise BadInput(f"v{candidate.number} serves already. Try another beside it.")
    running = experiment_running(project)
    if running is not None:
        raise Conflict(f"Experiment {running.number} runs still. Stop it first.")
    return serving


def _started(access: Access, row: Experiment) -> str:
    how = "scores, unseen," if row.shadow else "answers"
    signed = f", by an exception: {row.exception}" if row.exception else ""
    return (
        f"{access.user.username}: experiment {row.number}, classifier v{row.candidate.number} {how} {row.share} of "
        f"100 sites beside v{row.base.number} ({row.reason}){signed}"
    )


def _not_started(project: Project) -> Conflict:
    running = experiment_running(project)
    if running is not None:
        return Conflict(f"{running.started_by.username} has started experiment {running.number} meanwhile.")
    return Conflict("What serves, or what the gate says, has changed since. Look again, then decide.")
