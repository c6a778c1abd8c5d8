"""What a claim reads of a queue of 50,000 places: an index range of a few rows, whoever claims."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from annotator.accounts.models import User
from annotator.projects.models import Project
from annotator.queue.claiming import Claimant, claim_parameters, cursor_rescan
from annotator.queue.lanes import CLAIM, RESCAN, RESCAN_SPAN, Lane
from annotator.queue.models import Assignment, AssignmentState
from annotator.queue.places import assignment_claim
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db

ITEMS = 25_000
JUDGED = 24_000
BUFFERS_MAX = 120
ROWS_MAX = 20

FILL = """
WITH b AS (
    INSERT INTO batch (project_id, number, opened_at, reason, fingerprint, seed, pool_size, fallback, n_items)
    VALUES (%(project)s, 1, now(), '', 'f', 1, 1, false, 1) RETURNING id
), i AS (
    INSERT INTO item (project_id, url, url_hash, raw_url, host, registrable_domain, split, pooled, shuffle, source,
                      metadata, created_at)
    SELECT %(project)s, 'https://a.example/' || n, gen_random_uuid(), '', 'a.example', 'a.example', 'train', false,
           n, '', '{}', now()
    FROM generate_series(0, %(items)s - 1) n RETURNING id, shuffle
), bi AS (
    INSERT INTO batch_item (batch_id, item_id, rank, stream, strategy, reason, pool_size, seed, severity, expected)
    SELECT b.id, i.id, shuffle, 'explore', 'random', '', 1, 1, 0, '{}' FROM b, i RETURNING id, item_id, rank
)
INSERT INTO assignment (project_id, batch_item_id, item_id, place, priority, state, annotator_id, offered_at,
                        submitted_at, purpose, severity, expected, reading_seconds)
SELECT %(project)s, bi.id, bi.item_id, place, 4294967296 + place * 1048576 + rank,
       CASE WHEN done THEN 'submitted' ELSE 'free' END, CASE WHEN done THEN %(annotator)s END,
       CASE WHEN done THEN now() END, CASE WHEN done THEN now() END,
       'overlap', 0, '{}', 0
FROM bi, generate_series(1, 2) place, LATERAL (SELECT place = 1 AND rank < %(judged)s AS done) d
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


def explained(statement: str, claimant: Claimant) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", claim_parameters(claimant))
        answer = cursor.fetchone()[0]
    plan = json.loads(answer) if isinstance(answer, str) else answer
    found: dict[str, Any] = plan[0]["Plan"]
    return found


def rows_read(plan: dict[str, Any]) -> int:
    """The largest number of rows that any one scan of a table looked at."""
    scans = [node for node in nodes(plan) if "Relation Name" in node and node["Node Type"] != "ModifyTable"]
    return int(
        max(
            (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            for node in scans
        )
    )


def assert_small(plan: dict[str, Any], *, rows: int = ROWS_MAX, buffers: int = BUFFERS_MAX) -> None:
    read = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    scanned = [n for n in nodes(plan) if n["Node Type"] == "Seq Scan" and n["Relation Name"] == "assignment"]
    assert scanned == []
    assert rows_read(plan) <= rows
    assert read <= buffers, f"{read} buffers"


@pytest.fixture
def veteran() -> User:
    """An annotator who has judged 24,000 items, whose second places are all free."""
    project = make_project(overlap=2)
    user = make_member(project, username="veteran")
    with connection.cursor() as cursor:
        parameters = {"project": project.pk, "annotator": user.pk, "items": ITEMS, "judged": JUDGED}
        cursor.execute(FILL, parameters)
        cursor.execute("ANALYZE assignment, item, batch_item")
    return user


@pytest.fixture
def project(veteran: User) -> Project:
    return Project.objects.get()


def test_a_claim_reads_a_few_rows_for_somebody_new(project: Project) -> None:
    claimant = Claimant(project.pk, make_member(project).pk, 900)

    assert_small(explained(CLAIM[Lane.ALL], claimant))


def test_a_claim_reads_a_few_rows_for_somebody_who_judged_thousands(project: Project, veteran: User) -> None:
    claimant = Claimant(project.pk, veteran.pk, 900)
    assert_small(explained(CLAIM[Lane.ALL], claimant))
    held = Assignment.objects.get(annotator=veteran, state=AssignmentState.OFFERED)

    assert_small(explained(CLAIM[Lane.ALL], Claimant(project.pk, veteran.pk, 900, [held.pk])))


def test_places_that_one_may_not_take_are_walked_over_once(project: Project, veteran: User) -> None:
    free = Assignment.objects.filter(place=1, state=AssignmentState.FREE)
    free.update(annotator=veteran, state=AssignmentState.SUBMITTED, submitted_at=project.created_at)
    claimant = Claimant(project.pk, veteran.pk, 900)

    first = explained(CLAIM[Lane.ALL], claimant)
    second = explained(CLAIM[Lane.ALL], claimant)

    assert rows_read(first) >= ITEMS
    assert_small(second)


def test_the_search_behind_the_cursor_reads_one_span(project: Project, veteran: User) -> None:
    free = Assignment.objects.filter(place=1, state=AssignmentState.FREE)
    free.update(annotator=veteran, state=AssignmentState.SUBMITTED, submitted_at=project.created_at)
    claimant = Claimant(project.pk, veteran.pk, 900)
    assert assignment_claim(project, veteran) is None
    assert not cursor_rescan(claimant)

    assert_small(explained(RESCAN[Lane.ALL], claimant), rows=RESCAN_SPAN, buffers=12 * RESCAN_SPAN)


def test_the_search_behind_the_cursor_comes_to_its_end_and_finds_what_is_there(
    project: Project, veteran: User
) -> None:
    free = Assignment.objects.filter(place=1, state=AssignmentState.FREE)
    free.update(annotator=veteran, state=AssignmentState.SUBMITTED, submitted_at=project.created_at)
    assert assignment_claim(project, veteran) is None
    last = Assignment.objects.filter(state=AssignmentState.FREE).latest("priority")
    Assignment.objects.filter(item=last.item_id, annotator=veteran).update(annotator=make_member(project))

    claims = 1
    while (place := assignment_claim(project, veteran)) is None:
        claims += 1

    assert place.pk == last.pk
    assert claims <= ITEMS // RESCAN_SPAN
