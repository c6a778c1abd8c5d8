"""The over-block pack of a project: which pages are in it, and how they come in and go out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item, Split
from annotator.pool.selectors import ItemRow, item_rows
from annotator.projects.models import Project
from learner.core.pack import PACKS
from learner.evaluation.models import PackMember


@dataclass(frozen=True)
class Member:
    """A page of the pack: its address, whether the classifier may have learned from it, who put it in, when and why."""

    item_id: int
    url: UrlParts
    title: str
    in_train: bool
    by: str
    at: datetime
    note: str


@dataclass(frozen=True)
class Pack:
    """One slice of the pack with its pages, the newest first."""

    slug: str
    title: str
    members: tuple[Member, ...]

    @property
    def n_holdout(self) -> int:
        """Pages of sites that never train."""
        return sum(not member.in_train for member in self.members)


def pack_members(project: Project) -> dict[str, list[int]]:
    """Pack -> ids of the items in it now, ascending; every pack, also those without any. One query."""
    inside: dict[str, list[int]] = {slug: [] for slug in PACKS}
    for row in _newest(project):
        if row.inside:
            inside[row.pack].append(row.item_id)
    return inside


def packs_of(project: Project) -> list[Pack]:
    """Every pack with its pages; withheld pages are not shown. Three queries."""
    rows = [row for row in _newest(project) if row.inside]
    ids = [row.item_id for row in rows]
    pages = {page.item.pk: page for page in item_rows(list(Item.objects.filter(pk__in=ids, withheld=False)))}
    shown = sorted((row for row in rows if row.item_id in pages), key=lambda row: row.pk, reverse=True)
    return [
        Pack(slug, title, tuple(_member(row, pages[row.item_id]) for row in shown if row.pack == slug))
        for slug, title in PACKS.items()
    ]


def _newest(project: Project) -> Sequence[PackMember]:
    """The newest row of each page in each pack. One query."""
    rows = PackMember.objects.filter(project=project).select_related("by")
    return list(rows.order_by("pack", "item", "-pk").distinct("pack", "item"))


def _member(row: PackMember, page: ItemRow) -> Member:
    in_train = page.item.split == Split.TRAIN
    return Member(page.item.pk, page.url, page.title, in_train, row.by.username, row.at, row.note)
