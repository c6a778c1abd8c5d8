"""Near-duplicates among the items that were served: found by a shared band of min-hashes, then compared."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models.functions import Left

from annotator.pool.minhash import CHARS_MAX, bands, likeness, shingles
from annotator.pool.models import Evidence, Item, Signature

ALIKE: Final = 0.7
LOOKED_AT_MAX: Final = 100
CHUNK: Final = 500


@dataclass(frozen=True)
class NearDuplicate:
    """Another item of the project whose text is nearly the same; `likeness` is the Jaccard coefficient."""

    item: Item
    likeness: float


def signatures_write(item_ids: Collection[int]) -> None:
    """Store what near-duplicates of these items are found by; items that have it, or no text, are left as they are.

    Two statements for each `CHUNK` items.
    """
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), CHUNK):
        texts = _texts(wanted[start : start + CHUNK])
        rows = [Signature(item_id=pk, bands=bands(shingles(text))) for pk, text in texts]
        Signature.objects.bulk_create([row for row in rows if row.bands], ignore_conflicts=True)


def near_duplicates(item: Item, *, at_least: float = ALIKE) -> list[NearDuplicate]:
    """Served items of the project with nearly the text of `item`, the most alike first.

    Of items that share a band, by the index signature_bands, `LOOKED_AT_MAX` are compared, lowest numbers first.
    Below `ALIKE` many share none, so a lower `at_least` finds some of them only (see
    annotator.pool.minhash). Withheld items are never among them. At most three queries.
    """
    own = Signature.objects.filter(pk=item.pk).values_list("bands", flat=True).first()
    if own is None or item.withheld:
        return []
    sharing = Signature.objects.filter(
        bands__overlap=own, item__project_id=item.project_id, item__withheld=False
    )
    others = [
        signature.item
        for signature in sharing.exclude(pk=item.pk).select_related("item").order_by("pk")[:LOOKED_AT_MAX]
    ]
    if not others:
        return []
    texts = {pk: shingles(text) for pk, text in _texts([item.pk, *(other.pk for other in others)])}
    alike = [NearDuplicate(other, likeness(texts[item.pk], texts[other.pk])) for other in others]
    close = (row for row in alike if row.likeness >= at_least)
    return sorted(close, key=lambda row: (-row.likeness, row.item.pk))


def _texts(item_ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """Each item's newest title and text, as far as min-hash reads them."""
    newest = Evidence.objects.filter(item__in=item_ids).order_by("item", "-version").distinct("item")
    rows = newest.annotate(head=Left("text", CHARS_MAX)).values_list("item_id", "title", "head")
    return ((pk, f"{title}\n{text}") for pk, title, text in rows)
