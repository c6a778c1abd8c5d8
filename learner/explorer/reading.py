"""One search from its address to what a page or the API shows of it."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from annotator.projects.access import Access
from learner.explorer.charting import Facets, facets_of
from learner.explorer.filters import Wanted
from learner.explorer.forms import ExplorerForm
from learner.explorer.listing import Row, rows_of
from learner.explorer.models import ExplorerState, ExplorerTerm
from learner.explorer.searching import (
    PAGE,
    ids_at,
    in_time,
    items_found,
    page_of,
    probabilities_at,
)
from learner.explorer.selectors import Freshness, freshness_of, state_of

OFFERED_MOST: Final = 200
"""Sources to tick on the page; by address any may be asked for."""


@dataclass(frozen=True)
class Answer:
    """What was found: how many, one page of it, and where the next begins."""

    n: int
    rows: tuple[Row, ...]
    next_before: int | None
    facets: Facets | None = None


@dataclass(frozen=True)
class Asked:
    """A search as it came, with how fresh the columns are that answer it."""

    form: ExplorerForm
    state: ExplorerState
    freshness: Freshness


def asked_of(access: Access, sent: Any) -> Asked:
    """Read what was sent; six queries. The form says what is wrong with it."""
    state = state_of(access.project)
    sources = list(_names(access, "source"))
    requested = set(sent.getlist("sources")).intersection(sources)
    form = ExplorerForm(
        sent,
        taxonomy=access.taxonomy,
        sources=sorted({*sources[:OFFERED_MOST], *requested}),
        languages=list(_names(access, "language")),
    )
    return Asked(form, state, freshness_of(state))


def answer_of(
    access: Access,
    asked: Asked,
    wanted: Wanted,
    *,
    before: int | None = None,
    size: int = PAGE,
    with_facets: bool = False,
) -> Answer:
    """Find it. About ten queries, three more with facets. Raises as `items_found` and `in_time`."""
    project, taxonomy = access.project, access.taxonomy
    with in_time():
        matches = items_found(project, asked.state, wanted, taxonomy)
        places, next_before = page_of(matches, before, size)
        ids = ids_at(matches, places)
        said: list[float | None] = [None] * len(ids)
        if wanted.probability:
            said = probabilities_at(matches, places, wanted.probability)
        rows = rows_of(project, ids, taxonomy, said)
        facets = facets_of(matches, taxonomy) if with_facets else None
    return Answer(matches.n, tuple(rows), next_before, facets)


def _names(access: Access, kind: str) -> "QuerySet[ExplorerTerm, str]":
    terms = ExplorerTerm.objects.filter(project=access.project, kind=kind).order_by("name")
    return terms.values_list("name", flat=True)
