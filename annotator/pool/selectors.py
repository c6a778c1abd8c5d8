"""Reading ingests, refused rows and items; one page as people see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from annotator.errors import NotFound
from annotator.pool.addresses import Address, AddressRefused, UrlParts, canonical, parts_of
from annotator.pool.models import Evidence, Ingest, Item, RefusedRow
from annotator.pool.reasons import Reason
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.statements import columns_of, row_as, row_of

NEWEST_EVIDENCE: Final = f"""
SELECT {columns_of(Evidence, "evidence")} FROM evidence WHERE item_id = %(item)s ORDER BY version DESC LIMIT 1
"""  # noqa: S608 - our own columns only


@dataclass(frozen=True)
class ReasonCount:
    """How many rows of an ingest were refused for one reason, with the first of them."""

    reason: Reason
    count: int
    first: RefusedRow


@dataclass(frozen=True)
class ListChoice:
    """One list whose meaning nobody gave yet, with the category that its name is most like, if any."""

    name: str
    guess: str


@dataclass(frozen=True)
class ItemFilter:
    """Which items to list; what is empty does not narrow."""

    text: str = ""
    domain: str = ""
    split: str = ""


@dataclass(frozen=True)
class ItemRow:
    """One line of the list of items."""

    item: Item
    url: UrlParts
    title: str


@dataclass(frozen=True)
class ItemPage:
    """One item as people see it: its address taken apart and the newest evidence. Nothing that a model said."""

    item: Item
    url: UrlParts
    title: str
    description: str
    text: str
    captured_at: datetime | None
    version: int = 0
    content_hash: UUID | None = None
    added_at: datetime | None = None
    likeness: float | None = None

    @property
    def is_bare(self) -> bool:
        """Whether there is nothing but the address."""
        return not (self.title or self.description or self.text)


def ingests_of(project: Project) -> QuerySet[Ingest]:
    """The ingests of a project, newest first. One query, by the index ingest_latest."""
    return Ingest.objects.select_related("created_by").filter(project=project).order_by("-id")


def ingest_of(project: Project, pk: int) -> Ingest:
    """One ingest of the project; raises NotFound. One query."""
    ingest = ingests_of(project).filter(pk=pk).first()
    if ingest is None:
        raise NotFound(f"This project has no ingest {pk}.")
    return ingest


def list_choices(ingest: Ingest, taxonomy: Taxonomy) -> list[ListChoice]:
    """The lists of an ingest that have no meaning yet. No query."""
    names = {category.name.lower(): category.slug for category in taxonomy.categories}
    names |= {category.slug: category.slug for category in taxonomy.categories}
    found = ((name, get_close_matches(name, names, 1)) for name in ingest.lists_unknown)
    return [ListChoice(name, names[close[0]] if close else "") for name, close in found]


def refused_of(ingest: Ingest) -> QuerySet[RefusedRow]:
    """The refused rows of an ingest by line, from the index refused_row_once."""
    return RefusedRow.objects.filter(ingest=ingest).order_by("line")


def refused_by_reason(ingest: Ingest) -> list[ReasonCount]:
    """How many rows were refused for each reason, most first. Two queries."""
    rows = RefusedRow.objects.filter(ingest=ingest)
    counts = dict(rows.values_list("reason").annotate(count=Count("pk")).order_by("-count", "reason"))
    firsts = {row.reason: row for row in rows.order_by("reason", "line").distinct("reason")}
    return [ReasonCount(Reason(reason), count, firsts[reason]) for reason, count in counts.items()]


def items_of(project: Project, wanted: ItemFilter) -> QuerySet[Item]:
    """The items of a project, newest first.

    A text is looked for in address and newest title, by reading: a trigram index would cost every ingest more
    than people search. With a domain the index item_of_domain is used, else item_of_project from its end.
    """
    items = Item.objects.filter(project=project)
    if wanted.domain:
        items = items.filter(registrable_domain=_site(wanted.domain))
    if wanted.split:
        items = items.filter(split=wanted.split)
    if wanted.text:
        titled = Evidence.objects.filter(item=OuterRef("pk"), title__icontains=wanted.text)
        items = items.filter(Q(url__icontains=wanted.text) | Exists(titled))
    return items.order_by("-id")


def item_rows(items: Sequence[Item]) -> list[ItemRow]:
    """The items with address parts and newest title, for a list. One query."""
    evidence = Evidence.objects.filter(item__in=items).order_by("version").values_list("item_id", "title")
    titles = dict(evidence)
    return [ItemRow(item, _parts(item), titles.get(item.pk, "")) for item in items]


def item_of(project: Project, pk: int) -> Item:
    """One item of the project; raises NotFound. One query."""
    item = Item.objects.select_related("ingest").filter(project=project, pk=pk).first()
    if item is None:
        raise NotFound(f"This project has no item {pk}.")
    return item


def item_page(item: Item) -> ItemPage:
    """The item with its newest evidence. One query."""
    row = row_of(NEWEST_EVIDENCE, {"item": item.pk})
    evidence = Evidence() if row is None else row_as(Evidence, row)
    return ItemPage(
        item=item,
        url=_parts(item),
        title=evidence.title,
        description=evidence.description,
        text=evidence.text,
        captured_at=evidence.captured_at,
        version=0 if row is None else evidence.version,
        content_hash=None if row is None else evidence.content_hash,
        added_at=evidence.added_at,
        likeness=evidence.likeness,
    )


def refused_cells(ingest: Ingest) -> Iterator[tuple[str, str, str, str]]:
    """The refused rows as cells of a table, header first; none of them is a formula to a spreadsheet."""
    yield "line", "reason", "detail", "value"
    for row in refused_of(ingest).iterator(chunk_size=5_000):
        yield str(row.line), row.reason, _inert(row.detail), _inert(row.value)


def _inert(cell: str) -> str:
    # A spreadsheet runs a cell that begins like this, also behind blanks; an apostrophe makes it text.
    return f"'{cell}" if cell.lstrip().startswith(("=", "+", "-", "@")) else cell


def _parts(item: Item) -> UrlParts:
    return parts_of(Address(item.url, item.host, item.registrable_domain))


def _site(domain: str) -> str:
    try:
        return canonical(domain).registrable_domain
    except AddressRefused:
        return domain
