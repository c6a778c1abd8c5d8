"""What was found as charts: the plots of the data card, which are drawn without script and without inline style."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from learner.core.cards.drawing import Part, bars, columns
from learner.core.cards.drawing import Row as BarRow
from learner.explorer.charting import Counted, Facets


@dataclass(frozen=True)
class Chart:
    """One chart with its title and what has to be said of it; without a drawing, the note says why."""

    key: str
    title: str
    note: str
    svg: SafeString | None


def charts_of(facets: Facets, n: int) -> list[Chart]:
    """Categories, streams, sources, sites and days of `n` found items."""
    resolved = facets.n_resolved
    several = " An item may hold several." if resolved else ""
    return [
        Chart(
            "held", "Held true", f"Of {resolved:,} resolved of {n:,}.{several}",
            _bars(facets.categories, resolved, "Categories held true"),
        ),
        Chart("streams", "First served by", f"Of {n:,}.", _bars(facets.streams, n, "First served by stream")),
        Chart(
            "sites", "Top sites", _largest(len(facets.sites), facets.n_sites),
            _bars(facets.sites, n, "Items of the largest sites"),
        ),
        Chart(
            "sources", "Sources", _largest(len(facets.sources), facets.n_sources),
            _bars(facets.sources, n, "Items by source"),
        ),
        Chart("days", "Taken in", "Over time (UTC).", _columns(facets.days, "Items by when they were taken in")),
    ]  # fmt: skip


def _bars(rows: Sequence[Counted], whole: int, title: str) -> SafeString | None:
    if not rows:
        return None
    drawn = [
        BarRow(row.name, [Part(row.name, row.n, _words(row.n, whole))], _words(row.n, whole)) for row in rows
    ]
    return mark_safe(bars(drawn, title))  # noqa: S308 - drawn by us, escaped


def _columns(rows: Sequence[Counted], title: str) -> SafeString | None:
    if not rows:
        return None
    return mark_safe(columns([Part(row.name, row.n, f"{row.n:,}") for row in rows], title))  # noqa: S308 - as above


def _largest(shown: int, n: int) -> str:
    return f"All {n}." if shown == n else f"The {shown} largest of {n:,}."


def _words(n: int, whole: int) -> str:
    share = 100 * n / whole if whole else 0.0
    told = f"{share:.0f}" if share >= 1 else "less than 1"
    return f"{n:,} ({told} %)"
