"""Spreading a lead's decision on one item to pages with nearly its text, or of its site: shown first, then one act."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from annotator.errors import Conflict, NotFound, Withheld
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.pool.addresses import UrlParts
from annotator.pool.models import Evidence, Item, Split
from annotator.pool.signatures import near_compared
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.acts.many import Seen, holds, is_decided
from annotator.review.checks.gold import gold_of
from annotator.review.desk.item import answer_words, url_parts
from annotator.review.desk.leases import looking_at
from annotator.review.models import Disagreement, Method, Resolution, Scope
from annotator.review.selectors import resolutions_current, standings_of
from annotator.review.standing import Standing

SPREAD_MAX: Final = 200
"""Items in one act: as many as a lead can still look through."""
COUNTED_MAX: Final = 1000


@dataclass(frozen=True)
class SpreadLine:
    """One item that a decision could be spread to.

    `why_not` says why it is left out; `advice` why it is not chosen to begin with. Both are empty for most.
    """

    item: Item
    url: UrlParts
    title: str
    percent: int | None
    standing: Standing
    held: str
    answers: tuple[str, ...]
    why_not: str
    advice: str

    @property
    def is_chosen(self) -> bool:
        """Whether it is chosen to begin with."""
        return not self.why_not and not self.advice

    @property
    def seen(self) -> Seen:
        """What this line shows of the item."""
        held = self.standing.resolution
        judgments = frozenset(judgment.pk for judgment in self.standing.judgments)
        return Seen(self.item.pk, judgments, held.pk if held else None)


@dataclass(frozen=True)
class Candidates:
    """Items to look at, with how alike each is where that is known; and how many there are besides, counted so far.

    `n_left` share less of the text than those that were compared, and were not.
    """

    items: tuple[Item, ...]
    percents: Mapping[int, int]
    has_more: bool = False
    n_left: int = 0
    n_same: int = 0
    n_unjudged: int = 0


@dataclass(frozen=True)
class Spread:
    """A lead's decision on an item, and where it could be spread to; what is counted stops above `COUNTED_MAX`."""

    source: Resolution
    scope: Scope
    url: UrlParts
    answer: str
    lines: tuple[SpreadLine, ...]
    has_more: bool
    n_left: int
    n_same: int
    n_unjudged: int

    @cached_property
    def open_lines(self) -> list[SpreadLine]:
        """The items that it can be spread to."""
        return [line for line in self.lines if not line.why_not]

    @cached_property
    def left_out(self) -> list[SpreadLine]:
        """The items that it cannot be spread to, with why."""
        return [line for line in self.lines if line.why_not]


def spread_of(access: Access, item_id: int, scope: Scope) -> Spread:
    """Where the decision on an item could be spread to, the most alike or the disputed first. At most 16 queries.

    Raises NotFound for an item of another project, Withheld for a sealed one, Conflict when no lead has decided it.
    """
    source = decision_of(access, item_id)
    found = _alike(source.item) if scope == Scope.ALIKE else _of_site(access, source)
    taxonomy = taxonomy_current(access.project)
    return Spread(
        source=source,
        scope=scope,
        url=url_parts(source.item),
        answer=answer_words(source, taxonomy),
        lines=tuple(lines_of(access, source, found, taxonomy)),
        has_more=found.has_more,
        n_left=found.n_left,
        n_same=found.n_same,
        n_unjudged=found.n_unjudged,
    )


def decision_of(access: Access, item_id: int) -> Resolution:
    """What a lead decided on the item and is held, with the item and the clause. Two queries. Raises as `spread_of`."""
    item = Item.objects.filter(project=access.project, pk=item_id).first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    decided = resolutions_current(access.project).filter(item=item, method=Method.ADJUDICATED)
    source = decided.select_related("item", "clause", "resolved_by").first()
    if source is None:
        raise Conflict(f"No lead's decision is held of item {item_id}. Resolve it, then spread that.")
    return source


def lines_of(access: Access, source: Resolution, found: Candidates, taxonomy: Taxonomy) -> list[SpreadLine]:
    """The candidates as they stand now, in their order. Eight queries."""
    items = {item.pk: item for item in found.items}
    standings = {standing.item_id: standing for standing in standings_of(access.project, items)}
    gold = dict(gold_of(access.project).filter(item__in=items).values_list("item_id", "labels"))
    looking = looking_at(access, items)
    titles = _titles(items)
    return [
        SpreadLine(
            item=item,
            url=url_parts(item),
            title=titles.get(item.pk, ""),
            percent=found.percents.get(item.pk),
            standing=standings[item.pk],
            held=_held_words(standings[item.pk], taxonomy),
            answers=tuple(said_words(judgment, taxonomy) for judgment in standings[item.pk].judgments),
            why_not=looking[item.pk].sentence
            if item.pk in looking
            else _why_not(access, source, standings[item.pk], gold.get(item.pk), taxonomy),
            advice=_advice(item, source, standings[item.pk], taxonomy),
        )
        for item in items.values()
    ]


def in_scope(source: Resolution, scope: Scope, item_ids: Collection[int]) -> dict[int, int]:
    """Which of these items the scope reaches, each with how alike it is, 100 within a site. At most four queries."""
    if scope == Scope.ALIKE:
        found = _alike(source.item)
        return {pk: percent for pk, percent in found.percents.items() if pk in item_ids}
    same = Item.objects.filter(pk__in=item_ids, registrable_domain=source.item.registrable_domain)
    return dict.fromkeys(same.exclude(pk=source.item_id).values_list("pk", flat=True), 100)


def said_words(judgment: Judgment, taxonomy: Taxonomy) -> str:
    """Who said what, in words."""
    if judgment.verdict != Verdict.LABELLED:
        return f"{judgment.annotator.username}: {judgment.get_verdict_display()}"
    unsure = [f"{taxonomy.name_of(slug)}?" for slug in judgment.unsure]
    words = [*map(taxonomy.name_of, judgment.labels), *unsure]
    return f"{judgment.annotator.username}: {', '.join(words) or 'none of these'}"


def _alike(item: Item) -> Candidates:
    compared = near_compared(item)
    percents = {near.item.pk: int(near.likeness * 100) for near in compared.found}
    return Candidates(tuple(near.item for near in compared.found), percents, n_left=compared.n_left)


def _of_site(access: Access, source: Resolution) -> Candidates:
    """Judged pages of the site that do not hold the decision already, those in dispute first."""
    judged = Exists(judgments_current(access.project).filter(item=OuterRef("pk")))
    disputed = Exists(Disagreement.objects.filter(item=OuterRef("pk"), closed_at__isnull=True))
    current = resolutions_current(access.project).filter(item=OuterRef("pk"))
    same = Exists(current.filter(verdict=source.verdict, labels=source.labels))
    pages = Item.objects.filter(
        project=access.project, registrable_domain=source.item.registrable_domain, withheld=False
    ).exclude(pk=source.item_id)
    asked = pages.filter(judged).annotate(disputed=disputed, same=same)
    rows = asked.exclude(same=True, disputed=False).order_by("-disputed", "pk")[: SPREAD_MAX + 1]
    items = tuple(rows)
    return Candidates(
        items=items[:SPREAD_MAX],
        percents={},
        has_more=len(items) > SPREAD_MAX,
        n_same=_counted(asked.filter(same=True, disputed=False)),
        n_unjudged=_counted(pages.filter(~judged)),
    )


def _counted(rows: QuerySet[Item]) -> int:
    return len(rows.order_by().values_list("pk")[: COUNTED_MAX + 1])


def _titles(item_ids: Collection[int]) -> dict[int, str]:
    newest = Evidence.objects.filter(item__in=item_ids).order_by("item", "-version").distinct("item")
    return dict(newest.values_list("item_id", "title"))


def _why_not(
    access: Access,
    source: Resolution,
    standing: Standing,
    gold: Sequence[str] | None,
    taxonomy: Taxonomy,
) -> str:
    held = standing.resolution
    if not standing.judgments:
        return "nobody has judged it"
    if standing.disagreement is None and holds(standing, source.labels, source.verdict):
        return "this is held already"
    if held is not None and is_decided(standing) and held.resolved_by != access.user:
        by = held.resolved_by.username if held.resolved_by else "a lead"
        return f"{by} decided: {answer_words(held, taxonomy)}"
    if gold is not None and (source.verdict != Verdict.LABELLED or set(gold) != set(source.labels)):
        return f"gold: {', '.join(map(taxonomy.name_of, gold)) or 'none of these'}"
    return ""


def _advice(item: Item, source: Resolution, standing: Standing, taxonomy: Taxonomy) -> str:
    said = {slug for judgment in standing.judgments for slug in (*judgment.labels, *judgment.unsure)}
    grave = sorted(said & taxonomy.severe - set(source.labels))
    if grave:
        return f"somebody names {taxonomy.name_of(grave[0])}"
    if standing.disagreement is not None and standing.disagreement.hold_at is not None:
        return f"on hold: {standing.disagreement.hold_reason}"
    held = standing.resolution
    if standing.disagreement is None and held is not None and held.method != Method.REOPENED:
        return "you decided otherwise" if is_decided(standing) else f"{held.get_method_display()} otherwise"
    if item.split == Split.HOLDOUT:
        return "held out to measure classifiers: look at it"
    return ""


def _held_words(standing: Standing, taxonomy: Taxonomy) -> str:
    held = standing.resolution
    if held is None or held.method == Method.REOPENED:
        return ""
    return f"{answer_words(held, taxonomy)} ({held.get_method_display()})"
