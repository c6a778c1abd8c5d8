"""What is known of a few thousand items, from the tables of the other stages, as columns. For workers only."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from django.db import connection

from annotator.judgments.models import Verdict
from annotator.judgments.selectors import judgments_current
from annotator.pool.language import language_of
from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried
from annotator.queue.models import BatchItem
from annotator.review.models import AdjudicationEntry, Disagreement, Resolution
from annotator.review.selectors import resolutions_current
from learner.core.arrays import Array
from learner.core.keys import domain_key
from learner.explorer import columns as c
from learner.explorer.common import common_values, common_words
from learner.explorer.filters import METHOD_NAMES, STREAMS
from learner.explorer.storing import terms_numbered
from learner.explorer.words import words_of
from learner.snapshots.content import ACTS

SITE, SOURCE, LANGUAGE = "site", "source", "language"
TEXTS_AT_ONCE: Final = 2_000
KEEP_WORDS: Final = """
INSERT INTO explorer_text (item_id, project_id, position, words)
SELECT i.id, i.project_id, new.position, ARRAY_TO_TSVECTOR(STRING_TO_ARRAY(new.words, ' '))
FROM UNNEST(%(items)s::bigint[], %(positions)s::int[], %(words)s::text[]) AS new (item, position, words)
JOIN item i ON i.id = new.item AND NOT i.withheld AND i.erased_at IS NULL
ON CONFLICT (item_id) DO UPDATE SET words = EXCLUDED.words, position = EXCLUDED.position
"""
DROP_WORDS: Final = """
DELETE FROM explorer_text t USING item i
WHERE t.item_id = ANY(%(items)s) AND i.id = t.item_id AND (i.withheld OR i.erased_at IS NOT NULL)
"""


def facts_of(project: Project, taxonomy: Taxonomy, ids: Sequence[int]) -> dict[str, Array]:
    """Column -> values of these items, in their order, but for language, words and scores. About eight queries."""
    return {
        **_of_items(project, ids),
        **_of_ledger(ids),
        **_of_resolutions(project, taxonomy, ids),
        **_of_judgments(project, taxonomy, ids),
        c.DISPUTED: _marked(ids, Disagreement.objects.filter(item__in=ids, closed_at__isnull=True)),
    }


def texts_write(project: Project, ids: Sequence[int], positions: Sequence[int]) -> dict[str, Array]:
    """Keep the words of these items; the columns of languages and common words. Three queries per 2,000 items."""
    common = common_words(project)
    names: list[str] = []
    bits: list[dict[str, Array]] = []
    for start in range(0, len(ids), TEXTS_AT_ONCE):
        span = slice(start, start + TEXTS_AT_ONCE)
        pages, languages = _texts_part(ids[span], positions[span])
        names += languages
        bits.append(common_values(common, pages))
    numbers = terms_numbered(project.pk, LANGUAGE, filter(None, names))
    return {
        c.LANGUAGE: np.array([numbers.get(name, 0) for name in names], dtype=np.int16),
        **{name: np.concatenate([part[name] for part in bits]) for name in bits[0]},
    }


def words_sweep(ids: Sequence[int]) -> None:
    """Drop the words of what was sealed or erased while they were read. One query."""
    with connection.cursor() as cursor:
        cursor.execute(DROP_WORDS, {"items": list(ids)})


def _texts_part(ids: Sequence[int], positions: Sequence[int]) -> tuple[list[set[str]], list[str]]:
    """The words and the language of each; nothing of what is sealed or erased, where the texts are empty."""
    items = Item.objects.filter(pk__in=ids, withheld=False, erased_at__isnull=True)
    urls = dict(items.values_list("pk", "url"))
    evidence = Evidence.objects.filter(item__in=list(urls)).order_by("version")
    texts = {row[0]: row[1:] for row in evidence.values_list("item_id", "title", "description", "text")}
    nothing = ("", "", "")
    pages = [words_of(urls.get(pk, ""), *texts.get(pk, nothing)) for pk in ids]
    words = [" ".join(page) for page in pages]
    with connection.cursor() as cursor:
        cursor.execute(KEEP_WORDS, {"items": list(ids), "positions": list(positions), "words": words})
    return pages, [language_of(" ".join(filter(None, texts.get(pk, nothing)))) for pk in ids]


def _of_items(project: Project, ids: Sequence[int]) -> dict[str, Array]:
    columns = (
        "pk",
        "split",
        "withheld",
        "erased_at",
        "source",
        "ingest_id",
        "registrable_domain",
        "created_at",
    )
    rows = list(Item.objects.filter(pk__in=ids).order_by("pk").values_list(*columns))
    # Of a site the key alone is kept: should all its pages be sealed, its name is nowhere here.
    keys = [str(domain_key(row[6])) for row in rows]
    sites = terms_numbered(project.pk, SITE, keys)
    sources = terms_numbered(project.pk, SOURCE, (row[4] for row in rows if not row[2]))
    return {
        c.ITEM: np.array([row[0] for row in rows], dtype=np.int64),
        c.HOLDOUT: np.array([row[1] == Split.HOLDOUT for row in rows], dtype=np.bool_),
        c.WITHHELD: np.array([row[2] for row in rows], dtype=np.bool_),
        c.ERASED: np.array([row[3] is not None for row in rows], dtype=np.bool_),
        c.SOURCE: np.array([sources.get(row[4], 0) for row in rows], dtype=np.int32),
        c.INGEST: np.array([row[5] or 0 for row in rows], dtype=np.int64),
        c.SITE: np.array([sites[key] for key in keys], dtype=np.int32),
        c.ADDED: np.array([c.day_number(row[7].date()) for row in rows], dtype=np.uint16),
    }


def _of_ledger(ids: Sequence[int]) -> dict[str, Array]:
    """The stream that first served each."""
    ledger = BatchItem.objects.filter(item__in=ids).order_by("item", "pk").distinct("item")
    streams = dict(ledger.values_list("item_id", "stream"))
    return {
        c.STREAM: np.array([STREAMS.index(streams[pk]) if pk in streams else 0 for pk in ids], dtype=np.uint8)
    }


def _of_resolutions(project: Project, taxonomy: Taxonomy, ids: Sequence[int]) -> dict[str, Array]:
    held = resolutions_current(project).filter(item__in=ids).select_related("entry")
    found = {row.item_id: row for row in held}
    labels = {
        pk: carried(tuple(row.labels), (), row.taxonomy_id, taxonomy.version.pk).labels
        for pk, row in found.items()
        if row.verdict == Verdict.LABELLED
    }
    # Not labelled, or held under an earlier taxonomy that did not tell everything: none of these is more than is known.
    none = [
        pk
        for pk, present in labels.items()
        if not present
        and not carried(tuple(found[pk].labels), (), found[pk].taxonomy_id, taxonomy.version.pk).unknown
    ]
    return {
        **_by_category(c.HELD, taxonomy, ids, labels),
        c.HELD_NONE: np.isin(np.array(ids, dtype=np.int64), none),
        c.METHOD: np.array(
            [METHOD_NAMES.index(_method(found[pk])) if pk in found else 0 for pk in ids], dtype=np.uint8
        ),
        c.RESOLVED_ON: np.array(
            [c.day_number(found[pk].created_at.date() if pk in found else None) for pk in ids],
            dtype=np.uint16,
        ),
    }


def _method(resolution: Resolution) -> str:
    """As a snapshot names it: acts of leads on many items have a name of their own."""
    entry: AdjudicationEntry | None = resolution.entry
    return entry.kind if entry is not None and entry.kind in ACTS else str(resolution.method)


def _of_judgments(project: Project, taxonomy: Taxonomy, ids: Sequence[int]) -> dict[str, Array]:
    answers: dict[int, set[tuple[str, frozenset[str]]]] = defaultdict(set)
    counts: dict[int, int] = defaultdict(int)
    days: dict[int, int] = defaultdict(int)
    columns = ("item_id", "verdict", "labels", "unsure", "taxonomy_id", "created_at")
    for pk, verdict, labels, unsure, version, at in (
        judgments_current(project).filter(item__in=ids).values_list(*columns)
    ):
        given = carried(tuple(labels), tuple(unsure), version, taxonomy.version.pk)
        answers[pk].add((verdict, given.labels))
        counts[pk] += 1
        days[pk] = max(days[pk], c.day_number(at.date()))
    judged = {pk: frozenset().union(*(labels for _, labels in found)) for pk, found in answers.items()}
    return {
        **_by_category(c.JUDGED, taxonomy, ids, judged),
        c.JUDGMENTS: np.array([min(counts.get(pk, 0), c.JUDGMENTS_MOST) for pk in ids], dtype=np.uint8),
        c.DIFFERS: np.array([len(answers.get(pk, ())) > 1 for pk in ids], dtype=np.bool_),
        c.JUDGED_ON: np.array([days.get(pk, 0) for pk in ids], dtype=np.uint16),
    }


def _by_category(
    prefix: str, taxonomy: Taxonomy, ids: Sequence[int], labels: dict[int, frozenset[str]]
) -> dict[str, Array]:
    places = {pk: at for at, pk in enumerate(ids)}
    found = {slug: np.zeros(len(ids), dtype=np.bool_) for slug in taxonomy.slugs}
    for pk, present in labels.items():
        for slug in present:
            found[slug][places[pk]] = True
    return {f"{prefix}{slug}": column for slug, column in found.items()}


def _marked(ids: Sequence[int], rows: object) -> Array:
    marked = set(rows.values_list("item_id", flat=True))  # type: ignore[attr-defined]
    return np.array([pk in marked for pk in ids], dtype=np.bool_)
