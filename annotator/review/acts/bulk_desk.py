"""What a lead reads of a bulk: what becomes of how many, which do not fit, and the spot check item by item."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count, QuerySet

from annotator.judgments.models import Verdict
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.acts.bulk_acts import left_of
from annotator.review.acts.bulks import Checked, bulk_items, bulk_of, checked_of
from annotator.review.acts.ruling import pattern_waiting, rule_of, rule_words, why_not_words
from annotator.review.acts.spreading import said_words
from annotator.review.desk.item import Desk, desk_of, url_parts
from annotator.review.desk.patterns import pattern_words
from annotator.review.models import Bulk, BulkItem
from annotator.review.selectors import standings_of


@dataclass(frozen=True)
class BulkLine:
    """One item that the rule fits: what it would become, and what people said."""

    row: BulkItem
    url: UrlParts
    becomes: str
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftLine:
    """One item that the rule does not fit, or that was left for it had changed."""

    item: Item
    url: UrlParts
    why: str


@dataclass(frozen=True)
class BulkDesk:
    """A bulk before a lead."""

    bulk: Bulk
    taxonomy: Taxonomy
    pattern: str
    rule: str
    checked: Checked
    n_items: int
    n_sites: int
    n_waiting: int
    outcomes: tuple[tuple[str, int], ...]
    left_counts: tuple[tuple[str, int], ...]
    left: tuple[LeftLine, ...]
    drawn: tuple[BulkLine, ...]

    @property
    def n_left_out(self) -> int:
        """Items that were looked at and that the rule does not fit."""
        return sum(n for _, n in self.left_counts)

    @property
    def n_to_write(self) -> int:
        """Items that would be resolved as it stands."""
        return self.n_items - self.checked.rejected

    @property
    def items(self) -> QuerySet[BulkItem]:
        """The items that the rule fits. One query."""
        return bulk_items(self.bulk)

    @cached_property
    def rejected(self) -> list[BulkLine]:
        """Drawn items that were rejected."""
        return [line for line in self.drawn if line.row.confirmed is False]

    @cached_property
    def asked(self) -> BulkLine | None:
        """The first drawn item without an answer."""
        return next((line for line in self.drawn if line.row.confirmed is None), None)


def bulk_desk(access: Access, bulk_id: int) -> BulkDesk:
    """A bulk before a lead. Nine queries. Raises NotFound for another project's."""
    bulk = bulk_of(access, bulk_id)
    taxonomy, rows = taxonomy_current(access.project), bulk_items(bulk)
    outcomes = rows.order_by().values_list("labels").annotate(n=Count("pk")).order_by("-n", "labels")
    verdict = rule_of(bulk.rule).verdict
    return BulkDesk(
        bulk=bulk,
        taxonomy=taxonomy,
        pattern=pattern_words(bulk.pattern, taxonomy),
        rule=rule_words(rule_of(bulk.rule), taxonomy),
        checked=checked_of(bulk),
        n_items=rows.count(),
        n_sites=rows.order_by().values("item__registrable_domain").distinct().count(),
        n_waiting=pattern_waiting(access.project, bulk.pattern).count(),
        outcomes=tuple((becomes_words(labels, verdict, taxonomy), n) for labels, n in outcomes),
        left_counts=_left_counts(bulk, taxonomy),
        left=_left_lines(bulk, taxonomy),
        drawn=tuple(
            _line(row, verdict, taxonomy) for row in rows.filter(drawn__isnull=False).order_by("drawn")
        ),
    )


def bulk_lines(access: Access, bulk: Bulk, rows: Iterable[BulkItem]) -> list[BulkLine]:
    """These items with what people said of each, now. Four queries."""
    rows, taxonomy, verdict = list(rows), taxonomy_current(access.project), rule_of(bulk.rule).verdict
    found = {row.item_id: row for row in standings_of(access.project, [row.item_id for row in rows])}
    return [
        BulkLine(
            row,
            url_parts(row.item),
            becomes_words(row.labels, verdict, taxonomy),
            tuple(said_words(judgment, taxonomy) for judgment in found[row.item_id].judgments),
        )
        for row in rows
    ]


def asked_desk(access: Access, line: BulkLine) -> Desk:
    """The page of an item of the spot check, as on a disagreement. Seven queries."""
    return desk_of(access, line.row.item_id)


def left_lines(bulk: Bulk) -> list[LeftLine]:
    """Items that an applied bulk left because they had changed. Two queries."""
    items = Item.objects.filter(pk__in=left_of(bulk), withheld=False).order_by("pk")
    return [LeftLine(item, url_parts(item), "changed since") for item in items]


def becomes_words(labels: Iterable[str], verdict: str, taxonomy: Taxonomy) -> str:
    """What an item would become, in words."""
    if verdict != Verdict.LABELLED:
        return str(Verdict(verdict).label)
    return ", ".join(map(taxonomy.name_of, labels)) or "none of these"


def _line(row: BulkItem, verdict: str, taxonomy: Taxonomy) -> BulkLine:
    return BulkLine(row, url_parts(row.item), becomes_words(row.labels, verdict, taxonomy))


def _left_counts(bulk: Bulk, taxonomy: Taxonomy) -> tuple[tuple[str, int], ...]:
    counts: dict[str, int] = bulk.left_out["counts"]
    words = [(why_not_words(why, "", taxonomy), n) for why, n in counts.items()]
    return tuple(sorted(words, key=lambda row: (-row[1], row[0])))


def _left_lines(bulk: Bulk, taxonomy: Taxonomy) -> tuple[LeftLine, ...]:
    kept = {item_id: why_not_words(why, slug, taxonomy) for item_id, why, slug in bulk.left_out["items"]}
    items: QuerySet[Item] = Item.objects.filter(pk__in=kept, withheld=False).order_by("pk")
    return tuple(LeftLine(item, url_parts(item), kept[item.pk]) for item in items)
