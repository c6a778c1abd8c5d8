"""The report on an ingest as its page shows it: words, shares and small charts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from annotator.charts import Part, stacked_bar
from annotator.pool.quality import KINDS

KIND_WORDS: Final = {
    "readable": "text to read",
    "short": "fewer than 20 words",
    "empty": "no text",
    "error": "error page",
    "parked": "parked domain",
    "script": "asks for JavaScript",
}
LANGUAGES_SHOWN: Final = 5
NOT_NAMED: Final = "too short to tell"


@dataclass(frozen=True)
class Share:
    """One part of a whole, with its colour in the chart."""

    name: str
    n: int
    percent: float
    series: int


@dataclass(frozen=True)
class Drawn:
    """A whole in parts: as one bar and as a list."""

    chart: SafeString
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Quality:
    """What the page shows of a report."""

    facts: Mapping[str, Any]
    kinds: Drawn
    languages: Drawn
    sites: tuple[Share, ...]


def quality_of(facts: Mapping[str, Any]) -> Quality:
    """The report for its page; no query."""
    kinds = {KIND_WORDS[kind]: facts["kinds"].get(kind, 0) for kind in KINDS}
    named = {name or NOT_NAMED: n for name, n in facts["languages"].items()}
    ordered = sorted(named.items(), key=lambda row: (row[0] == NOT_NAMED, -row[1], row[0]))
    languages = dict(ordered[:LANGUAGES_SHOWN])
    others = sum(n for _, n in ordered[LANGUAGES_SHOWN:])
    total = facts["n_items"]
    return Quality(
        facts=facts,
        kinds=_drawn("What the pages hold", kinds, total),
        languages=_drawn("Languages", languages | ({"others": others} if others else {}), total),
        sites=tuple(_share(row["site"], row["n"], total, 0) for row in facts["sites"]["top"]),
    )


def _drawn(title: str, counts: Mapping[str, int], total: int) -> Drawn:
    chart = stacked_bar([Part(name, n) for name, n in counts.items()], title)
    shares = (_share(name, n, total, place) for place, (name, n) in enumerate(counts.items(), start=1))
    return Drawn(chart, tuple(share for share in shares if share.n))


def _share(name: str, n: int, total: int, series: int) -> Share:
    return Share(name, n, 100 * n / total if total else 0.0, series)
