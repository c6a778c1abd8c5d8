"""The found items as rows for people: what is held now, whatever the columns knew."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.safestring import SafeString

from annotator.judgments.selectors import judgments_current
from annotator.pool.addresses import UrlParts
from annotator.pool.inert import inert
from annotator.pool.models import Item
from annotator.pool.selectors import item_rows
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried
from annotator.review.selectors import resolutions_current


@dataclass(frozen=True)
class Row:
    """One found item. `held` is None where nothing is held true."""

    item: Item
    url: UrlParts
    plain_title: str
    held: tuple[str, ...] | None
    method: str
    method_words: str
    judgments: int
    probability: float | None

    @property
    def title(self) -> SafeString:
        """The title with nothing in it that acts or hides."""
        return inert(self.plain_title)


def rows_of(
    project: Project, ids: Sequence[int], taxonomy: Taxonomy, probabilities: Sequence[float | None]
) -> list[Row]:
    """These items in their order, without those that were sealed since. Four queries."""
    found = Item.objects.filter(project=project, pk__in=ids, withheld=False)
    order = {pk: at for at, pk in enumerate(ids)}
    items = item_rows(sorted(found, key=lambda item: order[item.pk]))
    resolutions = {row.item_id: row for row in resolutions_current(project).filter(item__in=ids)}
    judged = judgments_current(project).filter(item__in=ids).order_by().values_list("item_id")
    counts = dict(judged.annotate(n=Count("pk")))
    rows = []
    for line in items:
        held = resolutions.get(line.item.pk)
        rows.append(
            Row(
                item=line.item,
                url=line.url,
                plain_title=line.title,
                held=None if held is None else _in_order(taxonomy, tuple(held.labels), held.taxonomy_id),
                method="" if held is None else held.method,
                method_words="" if held is None else held.get_method_display(),
                judgments=counts.get(line.item.pk, 0),
                probability=probabilities[order[line.item.pk]],
            )
        )
    return rows


def _in_order(taxonomy: Taxonomy, labels: tuple[str, ...], version: int) -> tuple[str, ...]:
    present = carried(labels, (), version, taxonomy.version.pk).labels
    return tuple(slug for slug in taxonomy.slugs if slug in present)
