"""Pages like one in dispute, by text and by site, and what is held true of them: decide alike what is alike."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from annotator.errors import NotFound, Withheld
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item
from annotator.pool.signatures import ALIKE, NearDuplicate, near_compared
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.desk.item import answer_words, url_parts
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import resolutions_current

SIMILAR: Final = 0.15
"""Of the runs of words of both texts: what shares less is another page."""
SHOWN_MAX: Final = 10
SITE_READ_MAX: Final = 200
"""The newest resolutions of a site among which the nearest addresses are looked for."""


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

    @property
    def is_near(self) -> bool:
        """Whether it is nearly the same text, and not only a similar one."""
        return self.near.likeness >= ALIKE


@dataclass(frozen=True)
class Alike:
    """Pages like one, and how many more share some text, less than those that were compared."""

    lines: tuple[AlikeLine, ...]
    n_left: int


@dataclass(frozen=True)
class SiteLine:
    """One resolved page of the same site."""

    url: UrlParts
    answer: str
    resolution: Resolution


@dataclass(frozen=True)
class Site:
    """The resolved pages of a site: how often each answer is held, and those with the nearest addresses."""

    domain: str
    n: int
    answers: tuple[tuple[str, int], ...]
    lines: tuple[SiteLine, ...]

    @property
    def is_all(self) -> bool:
        """Whether every resolved page of the site was read."""
        return self.n < SITE_READ_MAX


def alike_of(project: Project, item_id: int, taxonomy: Taxonomy) -> Alike:
    """Pages with nearly the text of an item, then resolved ones with a similar text, the most alike first.

    Seven queries. Raises NotFound for an item of another project, Withheld for a sealed one.
    """
    compared = near_compared(_item(project, item_id), at_least=SIMILAR)
    found = compared.found
    ids = [near.item.pk for near in found]
    current = resolutions_current(project).filter(item__in=ids).select_related("resolved_by", "clause")
    held = {resolution.item_id: resolution for resolution in current}
    waiting = Disagreement.objects.filter(item__in=ids, closed_at__isnull=True)
    disputed = dict(waiting.values_list("item_id", "pk"))
    lines = [_line(near, held.get(near.item.pk), disputed.get(near.item.pk), taxonomy) for near in found]
    similar = [line for line in lines if not line.is_near and line.resolution is not None]
    shown = (*(line for line in lines if line.is_near), *similar[:SHOWN_MAX])
    return Alike(shown, compared.n_left)


def site_of(project: Project, item_id: int, taxonomy: Taxonomy) -> Site:
    """What is held true of other pages of an item's site, the nearest addresses first. Two queries.

    Raises NotFound for an item of another project, Withheld for a sealed one.
    """
    item = _item(project, item_id)
    current = resolutions_current(project).filter(item__registrable_domain=item.registrable_domain)
    others = current.exclude(item=item).select_related("item", "resolved_by", "clause").order_by("-pk")
    rows = list(others[:SITE_READ_MAX])
    counts = Counter(answer_words(row, taxonomy) for row in rows)
    nearest = sorted(rows, key=lambda row: -_shared(row.item.url, item.url))[:SHOWN_MAX]
    return Site(
        domain=item.registrable_domain,
        n=len(rows),
        answers=tuple(counts.most_common()),
        lines=tuple(SiteLine(url_parts(row.item), answer_words(row, taxonomy), row) for row in nearest),
    )


def _item(project: Project, item_id: int) -> Item:
    item = Item.objects.filter(project=project, pk=item_id).first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    return item


def _shared(one: str, other: str) -> int:
    """Characters that two addresses begin with alike."""
    return next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _line(
    near: NearDuplicate, held: Resolution | None, disagreement: int | None, taxonomy: Taxonomy
) -> AlikeLine:
    answer = answer_words(held, taxonomy) if held else ""
    return AlikeLine(near, url_parts(near.item), answer, held, disagreement)
