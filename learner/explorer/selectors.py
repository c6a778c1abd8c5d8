"""How fresh the explorer of a project is, and the filters that people keep. Imports nothing that computes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max, Model, Q, QuerySet

from annotator.errors import NotFound
from annotator.judgments.models import Judgment
from annotator.pool.models import Case, Erasure, Evidence, Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Batch
from annotator.review.models import Disagreement, Resolution
from learner.explorer.columns import LAYOUT
from learner.explorer.models import ExplorerFilter, ExplorerState
from learner.query.models import FeatureShard
from learner.training.services import newest_file

EVERY: Final = timedelta(seconds=10)
BEHIND_MOST: Final = 10_000


@dataclass(frozen=True)
class Freshness:
    """Of when the columns are, and how many rows they lack; `more` where a count stopped at `BEHIND_MOST`."""

    refreshed_at: datetime | None
    n_items: int
    classifier_number: int | None
    items_behind: int
    judgments_behind: int
    resolutions_behind: int

    @property
    def is_behind(self) -> bool:
        """Whether anything is missing."""
        return bool(self.items_behind or self.judgments_behind or self.resolutions_behind)

    @property
    def behind(self) -> str:
        """What is missing, in words."""
        counts = (
            (self.items_behind, "item"),
            (self.judgments_behind, "judgment"),
            (self.resolutions_behind, "resolution"),
        )
        return ", ".join(_counted(n, word) for n, word in counts if n)


def _counted(n: int, word: str) -> str:
    if n > BEHIND_MOST:
        return f"more than {BEHIND_MOST:,} {word}s"
    return f"{n:,} {word}{'' if n == 1 else 's'}"


def state_of(project: Project) -> ExplorerState:
    """How far the columns are; a row that is not saved before the first refresh. One query."""
    return ExplorerState.objects.filter(project=project).first() or ExplorerState(project=project)


def freshness_of(state: ExplorerState) -> Freshness:
    """How fresh that is. Three queries, each by an index from its end; none counts further than `BEHIND_MOST`."""
    project = state.project

    def count(rows: "QuerySet[Any]", after: int) -> int:
        return rows.filter(project=project, pk__gt=after)[: BEHIND_MOST + 1].count()

    return Freshness(
        refreshed_at=state.refreshed_at,
        n_items=state.n_items,
        classifier_number=state.classifier_number,
        items_behind=count(Item.objects.all(), state.last_item),
        judgments_behind=count(Judgment.objects.all(), state.seen.get("judgments", 0)),
        resolutions_behind=count(Resolution.objects.all(), state.seen.get("resolutions", 0)),
    )


def explorer_due(project: Project, now: datetime) -> bool:
    """Whether a worker should bring the columns up to date. One query while they are fresh; else about twelve."""
    state = ExplorerState.objects.filter(project=project).first()
    if state is None:
        return Item.objects.filter(project=project).exists()
    if state.busy_until is not None and state.busy_until >= now:
        return False
    if state.refreshed_at is not None and now - state.refreshed_at < EVERY:
        return False
    found = found_now(project)
    return state.layout != LAYOUT or {name: state.seen.get(name) for name in found} != found


def found_now(project: Project) -> dict[str, Any]:
    """The highest ids and the few counts by which it shows that something is new. About eleven queries, by indexes."""

    def newest(rows: "QuerySet[Any]") -> int:
        return rows.aggregate(newest=Max("pk"))["newest"] or 0

    def mine(model: type[Model]) -> "QuerySet[Any]":
        return model._default_manager.filter(project=project)

    file = newest_file(project)
    cases = mine(Case)
    return {
        "items": newest(mine(Item)),
        "judgments": newest(mine(Judgment)),
        "resolutions": newest(mine(Resolution)),
        "disagreements": newest(mine(Disagreement)),
        "disputed": mine(Disagreement).filter(closed_at__isnull=True).count(),
        "batches": newest(mine(Batch)),
        "evidence": newest(Evidence.objects.all()),  # of all projects: a step along its key
        "erasures": newest(mine(Erasure)),
        "sealed": cases.exclude(outcome=Case.Outcome.RELEASED).count(),
        "cases": cases.count(),
        "taxonomy": taxonomy_current(project).version.pk,
        "classifier": file.number if file else 0,
        "shards": newest(mine(FeatureShard)),
    }


def filters_of(access: Access) -> QuerySet[ExplorerFilter]:
    """The filters that this person may use: their own, and those that are shared. One query."""
    rows = ExplorerFilter.objects.filter(project=access.project).select_related("saved_by")
    return rows.filter(Q(saved_by=access.user) | Q(shared=True)).order_by("name", "pk")


def filter_of(access: Access, pk: int) -> ExplorerFilter:
    """One filter that this person may use; raises NotFound. One query."""
    row = filters_of(access).filter(pk=pk).first()
    if row is None:
        raise NotFound("There is no such filter here, or its owner does not share it.")
    return row
