"""Words that stand in many pages, as columns: an index would name a third of all pages one by one. For workers only.

So are beginnings (`con*`) of words that are rare each and together in many pages.

They are chosen anew whenever a project has doubled. What is no column is asked of the index: it stands in few pages.
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import Final

import numpy as np
from django.db import connection, transaction

from annotator.projects.models import Project
from learner.core.arrays import Array
from learner.explorer import columns as c
from learner.explorer.models import ExplorerColumn, ExplorerTerm
from learner.explorer.storing import columns_write, terms_numbered
from learner.explorer.wordplaces import places_with
from learner.explorer.words import BEGINNINGS, beginnings_of, named, tsquery_of

ITEMS_LEAST: Final = 30_000
"""In smaller projects no word is slow."""
SHARE: Final = 0.05
WORDS_MOST: Final = 600
DENSE: Final = 0.3
"""Words of one beginning in a page, on average, from which on the beginning is a column."""
BEGINNINGS_MOST: Final = 200
SAMPLE_ITEMS: Final = 15_000
FREQUENT: Final = """
WITH stood AS MATERIALIZED (
    SELECT word, ndoc FROM TS_STAT(FORMAT(
        'SELECT words FROM explorer_text WHERE project_id = %%s AND position %%%% %%s = 0',
        %(project)s::bigint, %(every)s::int))
), whole AS (
    SELECT word FROM stood WHERE ndoc >= %(least)s AND LENGTH(word) <= %(longest)s
    ORDER BY ndoc DESC, word LIMIT %(most)s
), begun AS (
    SELECT LEFT(word, n) || '*' AS word FROM stood, GENERATE_SERIES(%(shortest)s::int, %(longest_begun)s::int) n
    WHERE LENGTH(word) >= n GROUP BY 1 HAVING SUM(ndoc) >= %(dense)s ORDER BY SUM(ndoc) DESC, 1 LIMIT %(most_begun)s
)
SELECT word FROM whole UNION ALL SELECT word FROM begun
"""


def common_words(project: Project) -> list[str]:
    """The words and beginnings that are columns. One query."""
    terms = ExplorerTerm.objects.filter(project=project, kind=c.WORD)
    return list(terms.order_by("name").values_list("name", flat=True))


def common_values(words: Iterable[str], pages: list[set[str]]) -> dict[str, Array]:
    """The bits of these words and beginnings on pages whose words are known."""
    bits = {word: np.zeros(len(pages), dtype=np.bool_) for word in words}
    common, has_beginnings = set(bits), any(word.endswith("*") for word in bits)
    for at, page in enumerate(pages):
        for word in common & (page | beginnings_of(page) if has_beginnings else page):
            bits[word][at] = True
    return {f"{c.WORD}{word}": column for word, column in bits.items()}


def common_choose(project: Project, n_items: int, alive: Callable[[], None]) -> None:
    """Make columns of the words that stand in many pages now, and drop those of words that no longer do."""
    wanted = _frequent(project, n_items)
    kept = common_words(project)
    for word in wanted:
        if word not in kept:
            _column_make(project, word, n_items)
            alive()
    gone = [word for word in kept if word not in wanted]
    ExplorerTerm.objects.filter(project=project, kind=c.WORD, name__in=gone).delete()
    ExplorerColumn.objects.filter(project=project, name__in=[f"{c.WORD}{word}" for word in gone]).delete()


@transaction.atomic
def _column_make(project: Project, word: str, n_items: int) -> None:
    n_chunks = -(-n_items // c.CHUNK_ITEMS)
    bits = places_with(project.pk, tsquery_of(named([word])), n_chunks * c.CHUNK_ITEMS)
    for chunk in range(n_chunks):
        part = bits[chunk * c.CHUNK_ITEMS : (chunk + 1) * c.CHUNK_ITEMS]
        columns_write(project.pk, chunk, {f"{c.WORD}{word}": part})
    terms_numbered(project.pk, c.WORD, [word])


def _frequent(project: Project, n_items: int) -> list[str]:
    every = max(1, n_items // SAMPLE_ITEMS)
    values = {
        "project": project.pk,
        "every": every,
        "least": max(1, ceil(SHARE * n_items / every)),
        "longest": c.COMMON_CHARS_MOST,
        "most": WORDS_MOST,
        "shortest": BEGINNINGS[0],
        "longest_begun": BEGINNINGS[-1],
        "dense": max(1, ceil(DENSE * n_items / every)),
        "most_begun": BEGINNINGS_MOST,
    }
    with connection.cursor() as cursor:
        cursor.execute(FREQUENT, values)
        return [row[0] for row in cursor.fetchall()]
