"""Reading experiments and what was counted in them. Imports nothing heavy: every scoring request asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from redis.exceptions import RedisError

from annotator.errors import NotFound
from annotator.pool.addresses import UrlParts, canonical, parts_of
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.experiments import (
    LATENCY_MS,
    Arm,
    Gap,
    Shares,
    added,
    by_group,
    difference_of,
    latency_quantile,
    share_of,
)
from learner.monitoring.actions import ALLOW, BLOCK, WARN
from learner.monitoring.experiments.tallies import counts_key, tally_redis
from learner.monitoring.models import Experiment, ExperimentCount, ExperimentPage
from learner.training.models import ClassifierVersion

ACTIONS = (BLOCK, WARN, ALLOW)


@dataclass(frozen=True)
class ArmCounted:
    """One arm: requests with a page of it, its pages, and milliseconds of requests for one page (50 and 99 of 100).

    A quantile is the upper end of its bin; None where nothing is counted, or past the last bin.
    """

    arm: Arm
    number: int
    requests: int
    pages: int
    alone: int
    p50_ms: int | None
    p99_ms: int | None


@dataclass(frozen=True)
class Compared:
    """How often something is done, by either version, and the difference, candidate less base."""

    name: str
    action: str
    base: float | None
    candidate: float | None
    n_base: int
    n_candidate: int
    difference: Gap


@dataclass(frozen=True)
class Crossing:
    """Pages that both scored: what the base did, what the candidate, and how many."""

    base: str
    candidate: str
    n: int


@dataclass(frozen=True)
class LatencyBin:
    """Requests for one page that took no longer than this, and longer than the bin before; None: any longer."""

    upto_ms: int | None
    base: int
    candidate: int


@dataclass(frozen=True)
class Counted:
    """What an experiment counted.

    `actions` and `categories` compare the arms: in a shadow on the same pages, else on the pages of other sites.
    `same` compares both versions on pages that both scored; `crossings` are of these.
    """

    at: datetime | None
    base: ArmCounted
    candidate: ArmCounted
    failed: int
    actions: Sequence[Compared]
    categories: Sequence[Compared]
    same: Sequence[Compared]
    crossings: Sequence[Crossing]
    latency: Sequence[LatencyBin]
    n_same: int
    n_differ: int


@dataclass(frozen=True)
class Differing:
    """A page on which the two versions differ, and the item that it is in the project, if any."""

    page: ExperimentPage
    address: UrlParts
    item_id: int | None


def experiments_of(project: Project) -> QuerySet[Experiment]:
    """The experiments of a project, newest first, with their versions and people. One query."""
    rows = Experiment.objects.filter(project=project)
    return rows.select_related("project", "base", "candidate", "gate", "started_by", "ended_by").order_by(
        "-number"
    )


def experiment_of(project: Project, number: int) -> Experiment:
    """One experiment; raises NotFound. One query."""
    found = experiments_of(project).filter(number=number).first()
    if found is None:
        raise NotFound(f"This project has no experiment {number}.")
    return found


def experiment_running(project: Project) -> Experiment | None:
    """The experiment that has not ended, or None. One query."""
    return experiments_of(project).filter(ended_at__isnull=True).first()


def experiment_answering(project: Project, serving: ClassifierVersion) -> Experiment | None:
    """The experiment whose candidate answers now, beside the version that serves; None past its time. One query."""
    rows = Experiment.objects.filter(project=project, ended_at__isnull=True, base=serving)
    running = rows.select_related("candidate").first()
    return None if running is None or is_over(running, timezone.now()) else running


def is_over(experiment: Experiment, now: datetime) -> bool:
    """Whether its time is over."""
    return experiment.ends_at is not None and experiment.ends_at <= now


def count_newest(experiment: Experiment) -> ExperimentCount | None:
    """The newest totals that are a row. One query."""
    return ExperimentCount.objects.filter(experiment=experiment).order_by("-number").first()


def counted_of(experiment: Experiment) -> Counted:
    """What was counted so far, with what Redis still holds if it answers. One query."""
    newest = count_newest(experiment)
    totals: dict[str, int] = newest.totals if newest else {}
    fresh = _in_redis(experiment)
    at = timezone.now() if fresh else newest.counted_at if newest else None
    return counted(added(totals, fresh), experiment, at)


def counted(totals: Mapping[str, int], experiment: Experiment, at: datetime | None) -> Counted:
    """The totals as people read them. No query once the taxonomy is in memory."""
    crossings = [
        Crossing(base, candidate, sum(by_group(totals, [f"both:{base}-{candidate}"])))
        for base in ACTIONS
        for candidate in ACTIONS
    ]
    return Counted(
        at=at,
        base=_arm(totals, Arm.BASE, experiment.base),
        candidate=_arm(totals, Arm.CANDIDATE, experiment.candidate),
        failed=totals.get("candidate:failed", 0),
        actions=[_once(one, experiment) for one in (_compared(totals, act, act, act) for act in ACTIONS)],
        categories=[_once(one, experiment) for one in _categories(totals, experiment)],
        same=[] if experiment.shadow else [_on_the_same(totals, action) for action in ACTIONS],
        crossings=crossings,
        latency=[
            LatencyBin(end, *(_alone(totals, arm)[at] for arm in (Arm.BASE, Arm.CANDIDATE)))
            for at, end in enumerate((*LATENCY_MS, None))
        ],
        n_same=sum(one.n for one in crossings),
        n_differ=sum(one.n for one in crossings if one.base != one.candidate),
    )


def differing_of(experiment: Experiment) -> list[Differing]:
    """The pages kept on which the two differ, the newest first; pages that are sealed are not shown. Two queries."""
    rows = list(ExperimentPage.objects.filter(experiment=experiment).order_by("-pk"))
    items = Item.objects.filter(
        project=experiment.project, url_hash__in=[row.url_hash for row in rows]
    ).values_list("url_hash", "pk", "withheld")
    known = {hashed: (pk, withheld) for hashed, pk, withheld in items}
    found = ((row, *known.get(row.url_hash, (None, False))) for row in rows)
    return [Differing(row, parts_of(canonical(row.url)), pk) for row, pk, withheld in found if not withheld]


def _in_redis(experiment: Experiment) -> dict[str, int]:
    try:
        held: Mapping[Any, Any] = tally_redis().hgetall(counts_key(experiment.pk))
    except RedisError:
        return {}
    return {field.decode(): int(n) for field, n in held.items()}


def _arm(totals: Mapping[str, int], arm: Arm, version: ClassifierVersion) -> ArmCounted:
    alone = _alone(totals, arm)
    return ArmCounted(
        arm=arm,
        number=version.number,
        requests=totals.get(f"{arm}:requests", 0),
        pages=sum(_pages(totals, arm)),
        alone=sum(alone),
        p50_ms=latency_quantile(alone, 0.5),
        p99_ms=latency_quantile(alone, 0.99),
    )


def _alone(totals: Mapping[str, int], arm: Arm) -> list[int]:
    return [totals.get(f"{arm}:alone:{at}", 0) for at in range(len(LATENCY_MS) + 1)]


def _pages(totals: Mapping[str, int], arm: Arm) -> list[int]:
    return by_group(totals, [f"{arm}:{action}" for action in ACTIONS])


def _categories(totals: Mapping[str, int], experiment: Experiment) -> list[Compared]:
    taxonomy = taxonomy_version(experiment.candidate.taxonomy_id)
    names = {field.split(":")[1] for field in totals if field.partition(":")[2].count("/") == 1}
    pairs = sorted({tuple(name.split("/")) for name in names})
    return [_compared(totals, f"{action}/{slug}", taxonomy.name_of(slug), action) for action, slug in pairs]


def _compared(totals: Mapping[str, int], what: str, name: str, action: str) -> Compared:
    base, candidate = (
        Shares(_pages(totals, arm), by_group(totals, [f"{arm}:{what}"])) for arm in (Arm.BASE, Arm.CANDIDATE)
    )
    return _beside(name, action, base, candidate)


def _once(found: Compared, experiment: Experiment) -> Compared:
    """In a shadow both are of the same pages, which are told once."""
    return _told_once(found) if experiment.shadow else found


def _told_once(found: Compared) -> Compared:
    return replace(found, difference=replace(found.difference, n=found.difference.n // 2))


def _on_the_same(totals: Mapping[str, int], action: str) -> Compared:
    pages = by_group(totals, [f"both:{one}-{other}" for one in ACTIONS for other in ACTIONS])
    base = Shares(pages, by_group(totals, [f"both:{action}-{other}" for other in ACTIONS]))
    candidate = Shares(pages, by_group(totals, [f"both:{one}-{action}" for one in ACTIONS]))
    return _told_once(_beside(action, action, base, candidate))


def _beside(name: str, action: str, base: Shares, candidate: Shares) -> Compared:
    return Compared(
        name=name,
        action=action,
        base=share_of(base),
        candidate=share_of(candidate),
        n_base=sum(base.hits),
        n_candidate=sum(candidate.hits),
        difference=difference_of(candidate, base),
    )
