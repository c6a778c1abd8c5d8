"""Two yardsticks, each by psycopg alone and one transaction a judgment: no request, session, permission or page.

`bare` takes the same places and writes the same rows by the shortest statements there are: what PostgreSQL and
its disk allow here. How far it has come each seat remembers by itself: places before that are taken, and would
only be walked over again. `same` makes the very claims and inserts of the product, by its own statements, with
all that these see to besides (rations, opt-outs, checks, exposure, speed): what the product adds to them is the
difference to `api` and `page`.
"""

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks.work import Answering, Diary, Window

TAKE = """
WITH picked AS MATERIALIZED (
    SELECT id FROM assignment a
    WHERE project_id = %(project)s AND state = 'free' AND for_annotator_id IS NULL AND priority >= %(floor)s
      AND NOT EXISTS (SELECT FROM assignment mine
                      WHERE mine.item_id = a.item_id AND mine.annotator_id = %(annotator)s
                        AND mine.purpose <> 'retest' OFFSET 0)
    ORDER BY priority, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE assignment SET state = 'offered', annotator_id = %(annotator)s, offered_at = now(),
    lease_until = now() + interval '15 minutes'
FROM picked WHERE assignment.id = picked.id RETURNING assignment.id, assignment.priority
"""

WRITE = """
WITH filled AS (
    UPDATE assignment SET state = 'submitted', submitted_at = now(), lease_until = NULL
    WHERE id = %(place)s AND annotator_id = %(annotator)s AND state = 'offered' RETURNING id, item_id
), written AS (
    INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict,
        seconds, note, late, taxonomy_id, guideline_id, created_at)
    SELECT %(project)s, item_id, id, %(annotator)s, %(client_id)s, %(labels)s, '{}', 'labelled', 5, '', FALSE,
        %(taxonomy)s, %(guideline)s, now()
    FROM filled RETURNING item_id
)
INSERT INTO review_due (project_id, item_id) SELECT %(project)s, item_id FROM written
"""


@dataclass(frozen=True)
class BareSeat:
    """Writes the judgment of the place it holds and takes the next one, commits, and does so again."""

    dsn: str
    project: int
    taxonomy: int
    guideline: int
    annotator: int
    categories: Sequence[str]

    def run(self, window: Window) -> Diary:
        """Work until the window is over."""
        diary = Diary(self.annotator)
        answering = Answering(random.Random(self.annotator), self.categories)
        known = {name: getattr(self, name) for name in ("project", "taxonomy", "guideline", "annotator")}
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            place, floor = _taken(connection, known | {"floor": 0})
            while not window.is_over:
                client_id, start = answering.client_id(), time.perf_counter()
                said = {"place": place, "client_id": client_id, "labels": sorted(answering.labels())}
                with connection.transaction():
                    connection.execute(WRITE, known | said)
                    place, floor = _taken(connection, known | {"floor": floor})
                seconds = time.perf_counter() - start
                diary.acknowledged.append(client_id)
                if window.begin <= time.monotonic() - seconds:
                    diary.submit_seconds.append(seconds)
                    diary.measured += time.monotonic() <= window.end
        return diary


@dataclass(frozen=True)
class SameSeat(BareSeat):
    """As `BareSeat`, by the statements of the product; they come with the seat, whose process knows no Django."""

    terms: str
    turn: str
    given: int  # the column of the turn's row that holds the next place
    parameters: Mapping[str, Any]

    def run(self, window: Window) -> Diary:
        """Work until the window is over."""
        diary = Diary(self.annotator)
        answering = Answering(random.Random(self.annotator), self.categories)
        known = {name: getattr(self, name) for name in ("project", "taxonomy", "guideline", "annotator")}
        since = datetime.now(UTC) - timedelta(hours=8)
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            place, _ = _taken(connection, known | {"floor": 0})
            while not window.is_over:
                client_id, start = answering.client_id(), time.perf_counter()
                said = {"assignment": place, "client_id": client_id, "labels": sorted(answering.labels())}
                connection.execute(self.terms, known | {"since": since, "answering": place})
                turn = dict(self.parameters) | known | said | {"holding": [place]}
                row = connection.execute(self.turn, turn).fetchone()
                if row is None or row[0] is None or row[self.given] is None:
                    raise RuntimeError("The answer was not stored, or the batch is worked off.")
                place = row[self.given]
                seconds = time.perf_counter() - start
                diary.acknowledged.append(client_id)
                if window.begin <= time.monotonic() - seconds:
                    diary.submit_seconds.append(seconds)
                    diary.measured += time.monotonic() <= window.end
        return diary


def _taken(connection: psycopg.Connection, parameters: dict[str, int]) -> tuple[int, int]:
    """The place and its priority."""
    row: tuple[int, int] | None = connection.execute(TAKE, parameters).fetchone()
    if row is None:
        raise RuntimeError("The batch is worked off: give the benchmark more items.")
    return row
