"""Finding items by their columns and words. All of it is exact, as of the columns.

A filter is a bit for each item of the project; a hundred of them cost less than one row that is read. So there is no
combination that is slow, and nothing has to be estimated: decision 159.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from annotator.errors import BadInput, Unavailable
from annotator.pool.addresses import AddressRefused, canonical
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from learner.core.arrays import Array, Booleans
from learner.core.keys import domain_key
from learner.explorer import columns as c
from learner.explorer.filters import METHOD_NAMES, NONE, STREAMS, UNRESOLVED, Disagreement, Split, Wanted
from learner.explorer.models import ExplorerState
from learner.explorer.storing import columns_read, term_number, values_read
from learner.explorer.wordplaces import places_of

SECONDS_MAX: Final = 2
PAGE: Final = 50
TERM_KINDS: Final = {c.SOURCE: "source", c.LANGUAGE: "language"}


@dataclass(frozen=True, eq=False)
class Matches:
    """The places of what was found, as bits, and the columns that were read on the way."""

    project: Project
    state: ExplorerState
    found: Booleans
    columns: dict[str, Array] = field(repr=False)

    @property
    def n(self) -> int:
        """How many, exactly."""
        return int(np.count_nonzero(self.found))

    @property
    def n_chunks(self) -> int:
        """How many chunks the columns have."""
        return -(-self.state.n_items // c.CHUNK_ITEMS)

    def need(self, *names: str) -> None:
        """Have these columns at hand. At most one query."""
        missing = [name for name in names if name not in self.columns]
        if missing:
            self.columns.update(columns_read(self.project.pk, missing, self.n_chunks))


@contextmanager
def in_time() -> Iterator[None]:
    """No statement inside takes longer than `SECONDS_MAX`; raises Unavailable, with a sentence, when one would."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Never by reading every row: a common word is cheaper by the index too, and the guess can be wrong.
            cursor.execute(
                f"SET LOCAL statement_timeout = {1000 * SECONDS_MAX}; SET LOCAL enable_seqscan = off"
            )
            yield
            cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL enable_seqscan = on")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise Unavailable(
                f"This search took longer than {SECONDS_MAX} seconds and was stopped. Look for rarer words or "
                "longer beginnings, or try again when the machine is less busy."
            ) from error
        raise


def items_found(project: Project, state: ExplorerState, wanted: Wanted, taxonomy: Taxonomy) -> Matches:
    """What fits. One query for the columns, one for each word group, site, source and language.

    Raises BadInput for words that hold none and for categories that the taxonomy lacks; use inside `in_time`.
    """
    _check(wanted, taxonomy)
    found = np.zeros(-(-state.n_items // c.CHUNK_ITEMS) * c.CHUNK_ITEMS, dtype=np.bool_)
    found[: state.n_items] = True
    matches = Matches(project, state, found, {})
    matches.need(c.WITHHELD, *_names(wanted))
    found &= ~matches.columns[c.WITHHELD]
    for condition in _conditions(matches, wanted):
        found &= condition
    if wanted.text.strip():
        found &= places_of(project, wanted.text, matches.n_chunks)
    return matches


def page_of(matches: Matches, before: int | None, size: int = PAGE) -> tuple[Array, int | None]:
    """The places of the newest items under the place `before`, and where the next page begins, if there is one."""
    end = len(matches.found) if before is None else min(before, len(matches.found))
    # From the end, in strides: of a filter that fits many, the first stride holds a page.
    places: list[Array] = []
    n, stride = 0, c.CHUNK_ITEMS
    while end > 0 and n <= size:
        start = max(0, end - stride)
        part = np.flatnonzero(matches.found[start:end])[::-1] + start
        places.append(part)
        n, end, stride = n + len(part), start, 2 * stride
    all_places = np.concatenate(places)[: size + 1] if places else np.empty(0, dtype=np.int64)
    more = int(all_places[size - 1]) if len(all_places) > size else None
    return all_places[:size], more


def ids_at(matches: Matches, places: Array) -> list[int]:
    """The items at these places. One query."""
    ids: list[int] = values_read(matches.project.pk, [c.ITEM], places)[c.ITEM].tolist()
    return ids


def probabilities_at(matches: Matches, places: Array, slug: str) -> list[float | None]:
    """What the newest version says of one category at these places. One query."""
    name = f"{c.PROBABILITY}{slug}"
    return [c.probability_of(level) for level in values_read(matches.project.pk, [name], places)[name]]


def _check(wanted: Wanted, taxonomy: Taxonomy) -> None:
    named = [*wanted.held, *wanted.judged, *wanted.predicted, *filter(None, [wanted.probability])]
    unknown = sorted(set(named) - set(taxonomy.slugs) - {NONE, UNRESOLVED})
    if unknown:
        raise BadInput(
            f"The taxonomy has no category {', '.join(unknown)}. It has {', '.join(taxonomy.slugs)}."
        )


def _names(wanted: Wanted) -> set[str]:
    """The columns that a filter has to look at."""
    names = {f"{c.HELD}{slug}" for slug in wanted.held if slug not in (NONE, UNRESOLVED)}
    names |= {c.HELD_NONE} if NONE in wanted.held else set()
    names |= {c.METHOD} if UNRESOLVED in wanted.held or wanted.methods else set()
    names |= {f"{c.JUDGED}{slug}" for slug in wanted.judged}
    names |= {f"{c.PREDICTED}{slug}" for slug in wanted.predicted}
    names |= {f"{c.PROBABILITY}{wanted.probability}"} if wanted.probability else set()
    names |= {c.SCORED} if wanted.predicted or wanted.probability else set()
    for name, asked in (
        (c.STREAM, wanted.streams),
        (c.SOURCE, wanted.sources),
        (c.LANGUAGE, wanted.languages),
        (c.SITE, wanted.site),
        (c.INGEST, wanted.ingest),
        (c.HOLDOUT, wanted.split),
        (c.ADDED, wanted.added_from or wanted.added_until),
        (c.JUDGED_ON, wanted.judged_from or wanted.judged_until),
        (c.RESOLVED_ON, wanted.resolved_from or wanted.resolved_until),
    ):
        names |= {name} if asked else set()
    if wanted.judgments_min is not None or wanted.judgments_max is not None:
        names.add(c.JUDGMENTS)
    names |= {
        Disagreement.DISPUTED: {c.DISPUTED},
        Disagreement.DIFFER: {c.DIFFERS},
        Disagreement.AGREE: {c.DIFFERS, c.JUDGMENTS},
    }.get(wanted.disagreement, set())  # type: ignore[call-overload]
    return names


def _conditions(matches: Matches, wanted: Wanted) -> Iterator[Booleans]:
    """One array of bits for each condition."""
    columns, n = matches.columns, len(matches.found)
    if wanted.held:
        yield c.any_of(list(_held(columns, wanted.held)), n)
    if wanted.judged:
        yield c.any_of([columns[f"{c.JUDGED}{slug}"] for slug in wanted.judged], n)
    if wanted.predicted:
        yield columns[c.SCORED] & c.any_of([columns[f"{c.PREDICTED}{slug}"] for slug in wanted.predicted], n)
    if wanted.probability:
        yield columns[c.SCORED] & _between(
            columns[f"{c.PROBABILITY}{wanted.probability}"],
            c.level_of(wanted.p_min or 0.0),
            None if wanted.p_max is None else c.level_of(wanted.p_max),
        )
    if wanted.split:
        yield columns[c.HOLDOUT] == (wanted.split == Split.HOLDOUT)
    yield from _numbered(matches, wanted)
    yield from _agreeing(columns, wanted.disagreement)
    yield from _ranges(columns, wanted)


def _held(columns: dict[str, Array], held: tuple[str, ...]) -> Iterator[Booleans]:
    for slug in held:
        if slug == NONE:
            yield columns[c.HELD_NONE]
        elif slug == UNRESOLVED:
            yield columns[c.METHOD] == 0
        else:
            yield columns[f"{c.HELD}{slug}"]


def _numbered(matches: Matches, wanted: Wanted) -> Iterator[Booleans]:
    columns, project_id = matches.columns, matches.project.pk
    if wanted.streams:
        yield _is_one_of(columns[c.STREAM], [STREAMS.index(name) for name in wanted.streams], len(STREAMS))
    if wanted.methods:
        numbers = [METHOD_NAMES.index(name) for name in wanted.methods]
        yield _is_one_of(columns[c.METHOD], numbers, len(METHOD_NAMES))
    for name, asked in ((c.SOURCE, wanted.sources), (c.LANGUAGE, wanted.languages)):
        if asked:
            numbers = [term_number(project_id, TERM_KINDS[name], term) for term in asked]
            yield np.isin(columns[name], [number for number in numbers if number])
    if wanted.site:
        number = term_number(project_id, "site", str(domain_key(site_of(wanted.site))))
        yield (columns[c.SITE] == number) & (number > 0)
    if wanted.ingest is not None:
        yield columns[c.INGEST] == wanted.ingest


def _agreeing(columns: dict[str, Array], disagreement: str) -> Iterator[Booleans]:
    if disagreement == Disagreement.DISPUTED:
        yield columns[c.DISPUTED]
    if disagreement == Disagreement.DIFFER:
        yield columns[c.DIFFERS]
    if disagreement == Disagreement.AGREE:
        yield ~columns[c.DIFFERS] & (columns[c.JUDGMENTS] > 1)


def _ranges(columns: dict[str, Array], wanted: Wanted) -> Iterator[Booleans]:
    if wanted.judgments_min is not None or wanted.judgments_max is not None:
        most = c.JUDGMENTS_MOST
        least = min(wanted.judgments_min or 0, most)
        highest = most if wanted.judgments_max is None else min(wanted.judgments_max, most)
        yield (columns[c.JUDGMENTS] >= least) & (columns[c.JUDGMENTS] <= highest)
    for name, first, last in (
        (c.ADDED, wanted.added_from, wanted.added_until),
        (c.JUDGED_ON, wanted.judged_from, wanted.judged_until),
        (c.RESOLVED_ON, wanted.resolved_from, wanted.resolved_until),
    ):
        if first or last:
            yield _between(columns[name], max(1, c.day_number(first)), c.day_number(last) or None)


def _between(column: Array, least: int, most: int | None) -> Booleans:
    found: Booleans = column >= least
    return found if most is None else found & (column <= most)


def _is_one_of(column: Array, numbers: list[int], n: int) -> Booleans:
    wanted = np.zeros(n, dtype=np.bool_)
    wanted[numbers] = True
    found: Booleans = wanted[column]
    return found


def site_of(site: str) -> str:
    """The registrable domain of a site or of any address on it."""
    try:
        return canonical(site).registrable_domain
    except AddressRefused:
        return site.strip().lower()
