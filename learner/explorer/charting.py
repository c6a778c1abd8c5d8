"""What was found, counted for the charts beside it: categories, streams, sources, sites and days. All of it exact."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from annotator.pool.models import Item
from annotator.projects.selectors import Taxonomy
from learner.core.arrays import Array, Booleans
from learner.explorer import columns as c
from learner.explorer.filters import NONE, STREAMS
from learner.explorer.searching import TERM_KINDS, Matches, ids_at
from learner.explorer.storing import terms_of

TOP_SITES: Final = 10
TOP_SOURCES: Final = 8
MONTHS_MOST: Final = 24
DAYS_MOST: Final = 31


@dataclass(frozen=True)
class Counted:
    """One bar of a chart: a name, a number, and the value that narrows the filter to it."""

    name: str
    n: int
    value: str = ""


@dataclass(frozen=True)
class Facets:
    """What the found items are made of."""

    categories: tuple[Counted, ...]
    n_resolved: int
    streams: tuple[Counted, ...]
    sources: tuple[Counted, ...]
    n_sources: int
    sites: tuple[Counted, ...]
    n_sites: int
    days: tuple[Counted, ...]


def facets_of(matches: Matches, taxonomy: Taxonomy) -> Facets:
    """What the found items are made of, all counted. Three queries."""
    held = [f"{c.HELD}{slug}" for slug in taxonomy.slugs]
    matches.need(*held, c.HELD_NONE, c.METHOD, c.STREAM, c.SOURCE, c.SITE, c.ADDED)
    found, columns = matches.found, matches.columns
    places = np.flatnonzero(found)
    categories = [
        Counted(category.name, _both(found, columns[name]), category.slug)
        for category, name in zip(taxonomy.categories, held, strict=True)
    ]
    categories.append(Counted("None of these", _both(found, columns[c.HELD_NONE]), NONE))
    streams = np.bincount(columns[c.STREAM][places], minlength=len(STREAMS))
    sites = np.bincount(columns[c.SITE][places])
    sources = np.bincount(columns[c.SOURCE][places])
    return Facets(
        categories=tuple(row for row in categories if row.n),
        n_resolved=int(np.count_nonzero(columns[c.METHOD][places])),
        streams=tuple(
            Counted("not served" if at == 0 else name, int(streams[at]), name)
            for at, name in enumerate(STREAMS)
            if streams[at]
        ),
        sources=_sources(matches, sources),
        n_sources=int(np.count_nonzero(sources)),
        sites=_sites(matches, sites),
        n_sites=int(np.count_nonzero(sites)),
        days=_days(columns[c.ADDED][places]),
    )


def _both(found: Booleans, bits: Booleans) -> int:
    return int(np.count_nonzero(found & bits))


def _sources(matches: Matches, counts: Array) -> tuple[Counted, ...]:
    names = terms_of(matches.project.pk, TERM_KINDS[c.SOURCE])
    top = [at for at in np.argsort(-counts, kind="stable")[:TOP_SOURCES].tolist() if counts[at]]
    return tuple(Counted(names.get(at, "") or "not given", int(counts[at]), names.get(at, "")) for at in top)


def _sites(matches: Matches, counts: Array) -> tuple[Counted, ...]:
    """The sites with most of the found items; their names come from an item of each. Two queries."""
    column = matches.columns[c.SITE]
    top = [at for at in np.argsort(-counts, kind="stable")[:TOP_SITES].tolist() if counts[at]]
    if not top:
        return ()
    firsts = np.array([int(np.argmax(matches.found & (column == at))) for at in top])
    ids = ids_at(matches, firsts)
    names: dict[int, str] = dict(
        Item.objects.filter(pk__in=ids, withheld=False).values_list("pk", "registrable_domain")
    )
    return tuple(
        Counted(names[pk], int(counts[at]), names[pk]) for pk, at in zip(ids, top, strict=True) if pk in names
    )


def _days(days: Array) -> tuple[Counted, ...]:
    """Items by the day on which they were taken in, or by month where that is too long; empty ones too."""
    if not len(days):
        return ()
    counts = np.bincount(days)
    first, last = int(days.min()), int(days.max())
    if last - first < DAYS_MOST:
        return tuple(Counted(c.day_of(day).isoformat(), int(counts[day])) for day in range(first, last + 1))
    months: dict[str, int] = {}
    for day in range(first, last + 1):
        month = c.day_of(day).strftime("%Y-%m")
        months[month] = months.get(month, 0) + int(counts[day])
    return tuple(Counted(name, n) for name, n in list(months.items())[-MONTHS_MOST:])
