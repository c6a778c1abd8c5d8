"""Where the words are that somebody looks for: those of many pages are columns, the others one query of the index."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from django.db import connection

from annotator.errors import BadInput
from annotator.projects.models import Project
from learner.core.arrays import Booleans
from learner.explorer import columns as c
from learner.explorer.models import ExplorerTerm
from learner.explorer.storing import columns_read
from learner.explorer.words import NoWords, Term, named, names_of, terms_of, tsquery_of

# The words of a page are stored beside the row, never in it: rows are small, and no word is read to find them.
WITH_WORDS: Final = """
SELECT ARRAY_SEND(ARRAY_AGG(position)) FROM explorer_text WHERE project_id = %s AND words @@ %s::tsquery
"""
ARRAY_HEADER: Final = 20  # of array_send: dimensions, flags, type, length and lower bound


def places_of(project: Project, text: str, n_chunks: int) -> Booleans:
    """The places, as bits, of pages with these words. Two queries, and one for each word that must not be there.

    Raises BadInput for words that hold none.
    """
    try:
        terms = terms_of(text)
    except NoWords as refused:
        raise BadInput(str(refused)) from refused
    common = _common(project, terms, n_chunks)
    n = n_chunks * c.CHUNK_ITEMS
    found = _with_terms(project.pk, [term for term in terms if not term.is_excluded], common, n)
    for term in terms:
        if term.is_excluded:
            found &= ~_with_terms(project.pk, [term], common, n)
    return found


def places_with(project_id: int, tsquery: str, n: int) -> Booleans:
    """The places, as bits (n,), of pages that fit a query of words. One query."""
    with connection.cursor() as cursor:
        cursor.execute(WITH_WORDS, [project_id, tsquery])
        (content,) = cursor.fetchone()
    found = np.zeros(n, dtype=np.bool_)
    if content is not None:
        # After the header, a length and a number for each.
        places = np.frombuffer(bytes(content), dtype=">i4", offset=ARRAY_HEADER)[1::2]
        found[places[places < n]] = True
    return found


def _common(project: Project, terms: Iterable[Term], n_chunks: int) -> dict[str, Booleans]:
    """Those of these words and beginnings that are columns. Two queries."""
    asked = {name for term in terms for name in names_of(term)}
    kept = ExplorerTerm.objects.filter(project=project, kind=c.WORD, name__in=asked)
    names = list(kept.values_list("name", flat=True))
    columns = columns_read(project.pk, [f"{c.WORD}{name}" for name in names], n_chunks) if names else {}
    return {name: columns[f"{c.WORD}{name}"] for name in names}


def _with_terms(project_id: int, terms: Iterable[Term], common: Mapping[str, Booleans], n: int) -> Booleans:
    """Where all of these terms are."""
    found = np.ones(n, dtype=np.bool_)
    rare: list[str] = []
    for term in terms:
        names = names_of(term)
        for name in names:
            if name in common:
                found &= common[name]
        left = [name for name in names if name not in common]
        if left:
            rare.append(tsquery_of(named(left)))
    if rare:
        found &= places_with(project_id, " & ".join(rare), n)
    return found
