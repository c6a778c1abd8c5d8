"""How fresh the explorer of a project is, and the filters that people keep. Imports nothing that computes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from annotator.errors import NotFound
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.review.models import Resolution
from learner.explorer.columns import LAYOUT
from learner.explorer.models import ExplorerFilter, ExplorerState
from learner.training.services import newest_file

EVERY: Final = timedelta(seconds=10)
BEHIND_MOST: Final = 10_000
# Of evidence the newest of all projects: it has no project, and is a step along its key.
NEWEST: Final = """
SELECT COALESCE((SELECT MAX(id) FROM item WHERE project_id = %(project)s), 0) AS items,
    COALESCE((SELECT MAX(id) FROM judgment WHERE project_id = %(project)s), 0) AS judgments,
    COALESCE((SELECT MAX(id) FROM resolution WHERE project_id = %(project)s), 0) AS resolutions,
    COALESCE((SELECT MAX(id) FROM disagreement WHERE project_id = %(project)s), 0) AS disagreements,
    (SELECT COUNT(*) FROM disagreement WHERE project_id = %(project)s AND closed_at IS NULL) AS disputed,
    COALESCE((SELECT MAX(id) FROM batch WHERE project_id = %(project)s), 0) AS batches,
    COALESCE((SELECT MAX(id) FROM evidence), 0) AS evidence,
    COALESCE((SELECT MAX(id) FROM erasure WHERE project_id = %(project)s), 0) AS erasures,
    (SELECT COUNT(*) FROM "case" WHERE project_id = %(project)s AND outcome <> 'released') AS sealed,
    (SELECT COUNT(*) FROM "case" WHERE project_id = %(project)s) AS cases,
    COALESCE((SELECT MAX(id) FROM feature_shard WHERE project_id = %(project)s), 0) AS shards
"""


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
    """Whether a worker should bring the columns up to date. One query while they are fresh, else four."""
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
    """The highest ids and the few counts by which it shows that something is new. Three queries, by indexes."""
    file = newest_file(project)
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, {"project": project.pk})
        found = dict(zip((column.name for column in cursor.description), cursor.fetchone(), strict=True))
    return {
        **found,
        "taxonomy": taxonomy_current(project).version.pk,
        "classifier": file.number if file else 0,
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
