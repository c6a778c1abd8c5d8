"""Near-duplicates among the items that were served: found by a shared band of min-hashes, then compared."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.db.models.functions import Left

from annotator.pool.minhash import CHARS_MAX, bands, likeness, shingles
from annotator.pool.models import Evidence, Item, Signature

ALIKE: Final = 0.7
LOOKED_AT_MAX: Final = 200
CHUNK: Final = 500

# Bands stand in their order, so two signatures are compared place by place. The own ones are read before: of bands that
# it does not know the planner thinks that half the table shares one.
SHARING: Final = f"""
SELECT signature.item_id, COUNT(*) OVER ()
FROM signature JOIN item ON item.id = signature.item_id
WHERE signature.bands && %(own)s::bigint[] AND signature.item_id <> %(item)s
    AND item.project_id = %(project)s AND NOT item.withheld
ORDER BY (
    SELECT COUNT(*) FROM UNNEST(signature.bands, %(own)s::bigint[]) AS place(theirs, own) WHERE theirs = own
) DESC, signature.item_id
LIMIT {LOOKED_AT_MAX}
"""  # noqa: S608 - our own constant only


@dataclass(frozen=True)
class NearDuplicate:
    """Another item of the project whose text is nearly the same; `likeness` is the Jaccard coefficient."""

    item: Item
    likeness: float


@dataclass(frozen=True)
class Compared:
    """What was found among the items that were compared, the most alike first.

    `n_left` more share some of their text too, in fewer places than those, and were not compared.
    """

    found: tuple[NearDuplicate, ...]
    n_left: int


NOTHING_COMPARED: Final = Compared((), 0)


def signatures_write(item_ids: Collection[int]) -> None:
    """Store what near-duplicates of these items are found by; items that have it, or no text, are left as they are.

    Two statements for each `CHUNK` items.
    """
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), CHUNK):
        texts = _texts(wanted[start : start + CHUNK])
        rows = [Signature(item_id=pk, bands=bands(shingles(text))) for pk, text in texts]
        Signature.objects.bulk_create([row for row in rows if row.bands], ignore_conflicts=True)


def signatures_renew(item_ids: Collection[int]) -> None:
    """The same anew for items whose text has changed; those that had none still have none."""
    if not item_ids:
        return
    had = Signature.objects.filter(item__in=set(item_ids))
    served = list(had.values_list("item_id", flat=True))
    had.delete()
    signatures_write(served)


def near_duplicates(item: Item, *, at_least: float = ALIKE) -> list[NearDuplicate]:
    """The pages of `near_compared` alone."""
    return list(near_compared(item, at_least=at_least).found)


def near_compared(item: Item, *, at_least: float = ALIKE) -> Compared:
    """Served items of the project with nearly the text of `item`, the most alike first.

    Of items that share a band, by the index signature_bands, those are compared that share most bands, `LOOKED_AT_MAX`
    of them; how many share fewer is told. Below `ALIKE` many share none, so a lower `at_least` finds some of them only
    (see annotator.pool.minhash). Withheld items are never among them. At most four queries.
    """
    own = Signature.objects.filter(pk=item.pk).values_list("bands", flat=True).first()
    if own is None or item.withheld:
        return NOTHING_COMPARED
    with connection.cursor() as cursor:
        cursor.execute(SHARING, {"own": own, "item": item.pk, "project": item.project_id})
        sharing = cursor.fetchall()
    if not sharing:
        return NOTHING_COMPARED
    others = Item.objects.in_bulk([pk for pk, _ in sharing])
    texts = {pk: shingles(text) for pk, text in _texts([item.pk, *others])}
    alike = [NearDuplicate(other, likeness(texts[item.pk], texts[pk])) for pk, other in others.items()]
    close = (row for row in alike if row.likeness >= at_least)
    found = sorted(close, key=lambda row: (-row.likeness, row.item.pk))
    return Compared(tuple(found), n_left=sharing[0][1] - len(sharing))


def _texts(item_ids: Collection[int]) -> Iterator[tuple[int, str]]:
    """Each item's newest title and text, as far as min-hash reads them."""
    newest = Evidence.objects.filter(item__in=item_ids).order_by("item", "-version").distinct("item")
    rows = newest.annotate(head=Left("text", CHARS_MAX)).values_list("item_id", "title", "head")
    return ((pk, f"{title}\n{text}") for pk, title, text in rows)
