"""The plots of a card, each with what it shows in a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from learner.core.cards.bias import bias_sentence
from learner.core.cards.drawing import Part, Row, Span, bars, columns, grid, intervals, series, stacked
from learner.core.cards.facts import CardFacts, CategoryFacts, Interval, in_order
from learner.core.cards.wording import LOW_ALPHA, percent

BARS_MAX: Final = 30
GRID_MAX: Final = 8
DATES: Final = {"day": "%-d %b %y", "week": "%-d %b %y", "month": "%b %y", "year": "%Y"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One plot: `svg` is well formed and safe, the rest is plain text. `legend` pairs a name with its class."""

    name: str
    title: str
    caption: str
    svg: str
    legend: Sequence[tuple[str, str]] = ()


def figures_of(facts: CardFacts) -> list[Figure]:
    """All plots of the card, those that answer the first questions first. One with nothing to show is left out."""
    drawn = [
        _streams(facts),
        _balance(facts),
        _agreement(facts),
        _together(facts),
        _judgments(facts),
        _sites(facts),
        _time(facts),
    ]
    return [figure for figure in drawn if figure is not None]


def _streams(facts: CardFacts) -> Figure:
    parts = [
        Part(
            row.stream or "not served",
            row.n_items,
            f"{row.n_items:,} ({percent(row.n_items, facts.n_items)})",
        )
        for row in sorted(facts.streams, key=lambda row: -row.n_items)
    ]
    title = "How the items came in"
    caption = f"{bias_sentence(facts)} Only explore and audit are random draws; a rate needs their weights."
    legend = [(f"{part.name} {part.words}", series(at)) for at, part in enumerate(parts)]
    return Figure("streams", title, caption, stacked(parts, title), legend)


def _balance(facts: CardFacts) -> Figure:
    splits = in_order(facts.splits)
    shown = _most(facts, BARS_MAX)
    rows = [
        Row(
            category.name,
            [Part(split, n, f"{n:,}") for split in splits for n in [category.positives.get(split, 0)]],
            f"{category.n_positives:,} ({percent(category.n_positives, facts.n_items)})",
        )
        for category in shown
    ]
    title = "Items with each category"
    left_out = len(facts.categories) - len(shown)
    more = f" The {left_out} rarest categories are in the table below." if left_out else ""
    caption = (
        f"An item can have several; {facts.n_none:,} items ({percent(facts.n_none, facts.n_items)}) have none. As "
        f"counted, not as frequent on the web.{more}"
    )
    legend = [(split, series(at)) for at, split in enumerate(splits)]
    return Figure("balance", title, caption, bars(rows, title), legend)


def _agreement(facts: CardFacts) -> Figure:
    def worst_first(category: CategoryFacts) -> tuple[bool, float]:
        return category.alpha.value is None, category.alpha.value or 0.0

    shown = sorted(facts.categories, key=worst_first)[:BARS_MAX]
    title = "How far people agree"
    caption = (
        "Krippendorff's alpha with its 95 % interval, lowest first: 1 is perfect, 0 is chance. Left of the dashed rule "
        f"({LOW_ALPHA}) draw no conclusion. Measured on items that two people judged."
    )
    rows = [_span(category.name, category.alpha) for category in shown]
    return Figure("agreement", title, caption, intervals(rows, title, target=LOW_ALPHA))


def _span(name: str, estimate: Interval) -> Span:
    if estimate.value is None:
        return Span(name, None, None, None, estimate.why_undefined or "not measured yet")
    has_ends = estimate.low is not None and estimate.high is not None
    between = f" [{estimate.low:.2f}, {estimate.high:.2f}]" if has_ends else " no interval"
    words = f"{estimate.value:.2f}{between} n={estimate.n_items:,}"
    return Span(name, estimate.value, estimate.low, estimate.high, words)


def _together(facts: CardFacts) -> Figure | None:
    shown = [category for category in _most(facts, GRID_MAX) if category.n_positives]
    if len(shown) < 2:  # noqa: PLR2004 - a pair
        return None
    cells = [[_share(facts, one, other) for other in shown] for one in shown]
    title = "Categories that occur together"
    caption = (
        "Of the items with the category of the row, the percentage that also have the category of the column. "
        f"The {len(shown)} most frequent categories."
    )
    return Figure("together", title, caption, grid([each.name for each in shown], cells, title))


def _share(facts: CardFacts, one: CategoryFacts, other: CategoryFacts) -> float | None:
    if one.slug == other.slug:
        return None
    both = facts.pictures.together
    n = both.get(one.slug, {}).get(other.slug, 0) + both.get(other.slug, {}).get(one.slug, 0)
    return n / one.n_positives


def _judgments(facts: CardFacts) -> Figure | None:
    seen = facts.pictures.judgments
    if not seen:
        return None
    parts = [
        Part(str(n), items, f"{items:,} ({percent(items, facts.n_items)})")
        for n, items in sorted(seen.items())
    ]
    pace = facts.pictures.median_seconds
    seconds = "" if pace is None else f" The median judgment took {pace:.0f} seconds."
    title = "Judgments that an item's labels rest on"
    caption = (
        f"{facts.n_judgments:,} judgments by {facts.n_annotators:,} people. Each item starts with {facts.overlap} "
        f"and has up to {facts.overlap_max}.{seconds}"
    )
    return Figure("judgments", title, caption, columns(parts, title))


def _time(facts: CardFacts) -> Figure | None:
    pictures = facts.pictures
    if not pictures.periods:
        return None
    parts = [
        Part(_day(row.start, pictures.period), row.n_judgments, f"{row.n_judgments:,}")
        for row in pictures.periods
    ]
    title = f"Judgments a {pictures.period}"
    caption = f"From {pictures.first_judgment} to {pictures.last_judgment} (UTC)."
    return Figure("time", title, caption, columns(parts, title))


def _day(start: str, period: str) -> str:
    return date.fromisoformat(start).strftime(DATES[period])


def _sites(facts: CardFacts) -> Figure | None:
    tops = facts.pictures.tops
    if not tops:
        return None
    rows = [
        Row(
            f"Largest {top.n_sites:,} sites" if top.n_sites > 1 else "Largest site",
            [Part("items", top.n_items, f"{top.n_items:,}")],
            f"{top.n_items:,} items ({percent(top.n_items, facts.n_items)})",
        )
        for top in tops
    ]
    title = "How few sites the items come from"
    caption = (
        f"{facts.n_items:,} items on {facts.n_sites:,} sites. What is learned from a handful of sites may be their "
        "looks: judge by sites that were not seen."
    )
    return Figure("sites", title, caption, bars(rows, title, whole=facts.n_items))


def _most(facts: CardFacts, limit: int) -> list[CategoryFacts]:
    return sorted(facts.categories, key=lambda category: -category.n_positives)[:limit]
