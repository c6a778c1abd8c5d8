"""What the desk's questions read on tables of some size: by their plans, with scans of whole tables made dear."""

import pytest
from django.db import connection

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Clause, Project
from annotator.projects.selectors import taxonomy_current
from annotator.review.agreement.items import CellWanted, cell_counts, measurement_of
from annotator.review.agreement.reports import agreement_measure
from annotator.review.desk.patterns import patterns_open
from annotator.review.models import Disagreement
from annotator.review.selectors import Unsure
from tests.annotator.queue.plans import explained
from tests.annotator.review.crowd import Said, make_judgments
from tests.factories import GAMBLING, GAMES, make_batch, make_items

pytestmark = pytest.mark.django_db

N = 600


@pytest.fixture
def items(project: Project, people: list[User]) -> list[Item]:
    """Six hundred pages, each judged by two; three of them cite the clause, and twenty are in dispute."""
    items = make_items(project, N)
    make_batch(project, items)
    clause = Clause.objects.get(guideline__project=project)
    said = [
        Said(item, person, labels, clause=clause if at < 3 else None)
        for at, item in enumerate(items)
        for person, labels in zip(people[:2], ([GAMES], [GAMBLING]), strict=True)
    ]
    make_judgments(project, said)
    Disagreement.objects.bulk_create(
        Disagreement(project=project, item=item, pattern=f"either:{GAMBLING}.{GAMES}") for item in items[:20]
    )
    return items


@pytest.fixture
def large(items: list[Item]) -> None:
    """The planner knows the tables, and takes an index where there is one that fits, as on large ones."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE item, batch_item, assignment, judgment, disagreement")
        cursor.execute("SET LOCAL enable_seqscan = off")


def test_the_items_that_cite_a_clause_are_read_and_no_others(
    project: Project, items: list[Item], large: None
) -> None:
    agreement_measure(project)
    measured = measurement_of(project, Unsure.MISSING)
    assert measured is not None

    with explained() as plans:
        counts = cell_counts(measured, CellWanted(clause="1.1"))

    assert (counts.n_items, counts.n_differ) == (3, 3)
    (plan,) = [plan for plan in plans if "COUNT(" in plan.statement and "judgment" in plan.rows_read]
    assert plan.rows_read["judgment"] < N / 10, plan


def test_patterns_look_no_item_up_more_than_once(project: Project, items: list[Item], large: None) -> None:
    taxonomy = taxonomy_current(project)

    with explained() as plans:
        (line,) = patterns_open(project, taxonomy)

    assert line.n_items == 20
    assert len([node for node in plans[0].scans if node["Relation Name"] == "batch_item"]) == 1
