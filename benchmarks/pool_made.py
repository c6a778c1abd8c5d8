"""Pools of any number of made-up pages, written by the database itself. Import it once the services run."""

from dataclasses import dataclass
from typing import Any, Final

import django

django.setup()

import numpy as np  # noqa: E402
from django.db import connection  # noqa: E402

from annotator.projects.models import Project  # noqa: E402
from benchmarks.ingest import WORDS  # noqa: E402
from learner.core.arrays import Array, Integers  # noqa: E402

ITEMS_A_SITE: Final = 8
HOLDOUT_OF: Final = 10
ITEMS: Final = """
INSERT INTO item (id, project_id, url, raw_url, url_hash, host, registrable_domain, split, pooled, shuffle, source,
    metadata, withheld, created_at)
SELECT n, %(project)s, url, url, LPAD(TO_HEX(n), 32, '0')::uuid, 'www.' || site, site,
    CASE WHEN number %% %(holdout)s = 0 THEN 'holdout' ELSE 'train' END, TRUE,
    (n * 2654435761 %% 4294967296 - 2147483648)::int, '', '{}', FALSE, NOW()
FROM GENERATE_SERIES(%(first)s::bigint, %(last)s) AS n,
    LATERAL (SELECT n * 40503 %% %(sites)s AS number) AS numbered,
    LATERAL (SELECT words[number %% %(words)s + 1] || number || '.example' AS site
             FROM (SELECT %(list)s::text[] AS words) AS named) AS placed,
    LATERAL (SELECT 'https://www.' || site || '/' || words[n * 7919 %% %(words)s + 1] || '/'
                    || words[n / 43 * 104729 %% %(words)s + 1] || '-' || words[n / 1849 * 1299709 %% %(words)s + 1]
                    || '/' || n AS url
             FROM (SELECT %(list)s::text[] AS words) AS named) AS addressed
"""
AT_ONCE: Final = 1_000_000
INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = 'item'
    AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE conrelid = 'item'::regclass)
"""


@dataclass(frozen=True)
class Pool:
    """A project with items 1 to `n_items`."""

    project: Project
    n_items: int

    @property
    def n_sites(self) -> int:
        """Sites that the items lie on."""
        return max(1, self.n_items // ITEMS_A_SITE)

    def sites(self, item_ids: Integers) -> Integers:
        """The number of the site of each item, int64 (n_items,)."""
        return item_ids * 40503 % self.n_sites

    def holdout(self, item_ids: Integers) -> Array:
        """Which items are held out, bool (n_items,): whole sites, as everywhere."""
        held: Array = self.sites(item_ids) % HOLDOUT_OF == 0
        return held

    def site(self, number: int) -> str:
        """The registrable domain of a site."""
        return f"{WORDS[number % len(WORDS)]}{number}.example"

    def words(self, item_ids: Integers) -> Integers:
        """Which of `WORDS` stand in the path of each item, int64 (n_items, 3)."""
        numbers = (item_ids * 7919, item_ids // 43 * 104729, item_ids // 1849 * 1299709)
        return np.stack(numbers, axis=1) % len(WORDS)


def pool_fill(project: Project, n_items: int) -> Pool:
    """So many items for a project of an otherwise empty database.

    Neither triggers nor foreign keys are asked; the indexes of the table are made once it is full.
    """
    pool = Pool(project, n_items)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        for first in range(1, n_items + 1, AT_ONCE):
            span: dict[str, Any] = {
                "first": first,
                "last": min(first + AT_ONCE - 1, n_items),
                "project": project.pk,
            }
            same: dict[str, Any] = {
                "sites": pool.n_sites,
                "holdout": HOLDOUT_OF,
                "words": len(WORDS),
                "list": WORDS,
            }
            cursor.execute(ITEMS, {**span, **same})
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute("SELECT SETVAL(PG_GET_SERIAL_SEQUENCE('item', 'id'), %s)", [n_items])
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM (ANALYZE) item")
        cursor.execute("CHECKPOINT")
    return pool


def item_bytes() -> int:
    """What the table of items takes on the disk, with its indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT PG_TOTAL_RELATION_SIZE('item')")
        return int(cursor.fetchone()[0])
