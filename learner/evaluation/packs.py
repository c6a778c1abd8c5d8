"""The over-block pack of a project: which pages are in it, and how they come in and go out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotator.judgments.models import Verdict
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item, Split
from annotator.pool.selectors import ItemRow, item_rows
from annotator.projects.models import Project
from annotator.review.selectors import resolutions_current
from learner.core.pack import LIMIT, PACKS
from learner.evaluation.models import PackDraw, PackMember, PackRule


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
class Asked:
    """What is asked of a slice: its limit, audits of it with each batch; and who asked, or nobody."""

    limit: float
    quota: int
    number: int
    newest: PackRule | None


@dataclass(frozen=True)
class Pack:
    """One slice of the pack with its pages, the newest first, and what is asked of it."""

    slug: str
    title: str
    members: tuple[Member, ...]
    asked: Asked
    n_audited: int

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


def members_harmful(
    project: Project, members: Mapping[str, Sequence[int]], harmful: Collection[str]
) -> frozenset[int]:
    """Items of the pack that people have resolved to be of a harmful category. One query."""
    every = {item for ids in members.values() for item in ids}
    held = resolutions_current(project).filter(item__in=every, verdict=Verdict.LABELLED)
    return frozenset(held.filter(labels__overlap=list(harmful)).values_list("item_id", flat=True))


def packs_of(project: Project) -> list[Pack]:
    """Every pack with its pages; withheld pages are not shown. Five queries."""
    rows = [row for row in _newest(project) if row.inside]
    ids = [row.item_id for row in rows]
    pages = {page.item.pk: page for page in item_rows(list(Item.objects.filter(pk__in=ids, withheld=False)))}
    shown = sorted((row for row in rows if row.item_id in pages), key=lambda row: row.pk, reverse=True)
    asked = packs_asked(project)
    drawn = Counter(PackDraw.objects.filter(project=project).values_list("pack", flat=True))
    return [
        Pack(
            slug,
            title,
            tuple(_member(row, pages[row.item_id]) for row in shown if row.pack == slug),
            asked[slug],
            drawn[slug],
        )
        for slug, title in PACKS.items()
    ]


def packs_asked(project: Project) -> dict[str, Asked]:
    """Pack -> what is asked of it now; every pack. One query."""
    rows = PackRule.objects.filter(project=project).select_related("set_by")
    newest = {row.pack: row for row in rows.order_by("pack", "-number").distinct("pack")}
    return {slug: _asked(newest.get(slug)) for slug in PACKS}


def _asked(row: PackRule | None) -> Asked:
    return Asked(row.limit, row.quota, row.number, row) if row else Asked(LIMIT, 0, 0, None)


def _newest(project: Project) -> Sequence[PackMember]:
    """The newest row of each page in each pack. One query."""
    rows = PackMember.objects.filter(project=project).select_related("by")
    return list(rows.order_by("pack", "item", "-pk").distinct("pack", "item"))


def _member(row: PackMember, page: ItemRow) -> Member:
    in_train = page.item.split == Split.TRAIN
    return Member(page.item.pk, page.url, page.title, in_train, row.by.username, row.at, row.note)
