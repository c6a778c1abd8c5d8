"""What the acts of a lead on many items share: items locked, what was seen of each, all resolutions in one entry."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import timezone

from annotator.errors import NotFound
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy
from annotator.review.changes import changes_since
from annotator.review.models import NOTHING_WAITS, AdjudicationEntry, Disagreement, Method, Resolution
from annotator.review.services import Adjudication
from annotator.review.standing import Standing

SEALED = "it was taken out of the queue"


@dataclass(frozen=True)
class Seen:
    """One item as a preview showed it: ids of the judgments that counted, and of the newest resolution."""

    item_id: int
    judgments: frozenset[int]
    resolution: int | None

    @property
    def token(self) -> str:
        """As one word, for a form: item, judgments, resolution."""
        return f"{self.item_id}:{'.'.join(map(str, sorted(self.judgments)))}:{self.resolution or ''}"


@dataclass(frozen=True)
class Answered:
    """An item with what a lead decides on it, and the taxonomy that was asked."""

    standing: Standing
    adjudication: Adjudication
    taxonomy_id: int


def items_lock(access: Access, item_ids: Collection[int]) -> dict[int, Item]:
    """These items, locked in their order against the sweep and other leads. One query.

    Raises NotFound for an item of another project.
    """
    rows = Item.objects.select_for_update(no_key=True).filter(project=access.project, pk__in=item_ids)
    found = {item.pk: item for item in rows.order_by("pk")}
    missing = set(item_ids) - found.keys()
    if missing:
        raise NotFound(f"There is no item {min(missing)} in this project.")
    return found


def changes_by_item(
    standings: Iterable[Standing], seen: Mapping[int, Seen], taxonomy: Taxonomy
) -> dict[int, tuple[str, ...]]:
    """What is otherwise than the preview showed it, in words, for the items on which something is. No query."""
    found = {
        standing.item_id: changes_since(
            standing,
            taxonomy,
            judgments=seen[standing.item_id].judgments,
            resolution=seen[standing.item_id].resolution,
        )
        for standing in standings
    }
    return {item_id: changes for item_id, changes in found.items() if changes}


def resolutions_write(
    access: Access,
    entry: AdjudicationEntry,
    answered: Sequence[Answered],
    *,
    clause_id: int | None,
) -> None:
    """The lead's resolution of each item, with its disagreement closed. Two queries, however many items.

    The caller has locked the items and compared them with what was seen.
    """
    Resolution.objects.bulk_create(
        Resolution(
            project=access.project,
            item_id=row.standing.item_id,
            labels=sorted(row.adjudication.labels),
            verdict=row.adjudication.verdict,
            method=Method.ADJUDICATED,
            reason=row.adjudication.reason.strip(),
            clause_id=clause_id,
            resolved_by=access.user,
            judgments=sorted(judgment.pk for judgment in row.standing.judgments),
            supersedes=row.standing.resolution,
            taxonomy_id=row.taxonomy_id,
            entry=entry,
        )
        for row in answered
    )
    item_ids = [row.standing.item_id for row in answered]
    Disagreement.objects.filter(item__in=item_ids, closed_at__isnull=True).update(
        closed_at=timezone.now(), entry=entry, **NOTHING_WAITS
    )


def is_decided(standing: Standing) -> bool:
    """Whether a lead's decision is what is held."""
    return standing.resolution is not None and standing.resolution.method == Method.ADJUDICATED


def holds(standing: Standing, labels: Collection[str], verdict: str) -> bool:
    """Whether this very answer is held already."""
    held = standing.resolution
    if held is None or held.verdict == Verdict.WITHDRAWN:
        return False
    return held.verdict == verdict and set(held.labels) == set(labels)
