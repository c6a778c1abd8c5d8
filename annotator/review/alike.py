"""Pages with nearly the text of one in dispute, and what is held true of them: decide alike what is alike."""

from dataclasses import dataclass

from annotator.errors import NotFound, Withheld
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item
from annotator.pool.signatures import NearDuplicate, near_duplicates
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.desk import answer_words, url_parts
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import resolutions_current


@dataclass(frozen=True)
class AlikeLine:
    """One near-duplicate: what is held true of it with its reason, or its own open disagreement, or neither."""

    near: NearDuplicate
    url: UrlParts
    answer: str
    resolution: Resolution | None
    disagreement: int | None

    @property
    def percent(self) -> int:
        """How much of both texts is shared, rounded down: 100 means every run of words."""
        return int(self.near.likeness * 100)


def alike_of(project: Project, item_id: int, taxonomy: Taxonomy) -> list[AlikeLine]:
    """The near-duplicates of an item, the most alike first. Six queries.

    Raises NotFound for an item of another project, Withheld for a sealed one.
    """
    item = Item.objects.filter(project=project, pk=item_id).first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    found = near_duplicates(item)
    ids = [near.item.pk for near in found]
    current = resolutions_current(project).filter(item__in=ids).select_related("resolved_by", "clause")
    held = {resolution.item_id: resolution for resolution in current}
    waiting = Disagreement.objects.filter(item__in=ids, closed_at__isnull=True)
    disputed = dict(waiting.values_list("item_id", "pk"))
    return [_line(near, held.get(near.item.pk), disputed.get(near.item.pk), taxonomy) for near in found]


def _line(
    near: NearDuplicate, held: Resolution | None, disagreement: int | None, taxonomy: Taxonomy
) -> AlikeLine:
    answer = answer_words(held, taxonomy) if held else ""
    return AlikeLine(near, url_parts(near.item), answer, held, disagreement)
