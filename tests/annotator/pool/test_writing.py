"""Rows on their way into the tables: how the known ones are found, and that no evidence is without its item."""

from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from pytest_django import Settings

from annotator.pool.cleaning import CleanRow, Rules, row_clean
from annotator.pool.models import Evidence, Ingest, Item
from annotator.pool.writing import items_copy, rows_new
from annotator.projects.models import Project
from tests.annotator.queue.plans import explained
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def clean(*pages: int) -> list[CleanRow]:
    rows = [
        row_clean({"url": f"https://site{page}.example/", "title": str(page)}, Rules("salt", 10))
        for page in pages
    ]
    return [row for row in rows if isinstance(row, CleanRow)]


def written(project: Project, rows: list[CleanRow]) -> Ingest:
    ingest = Ingest.objects.create(
        project=project, filename="a.csv", file="a.csv", format=Ingest.Format.CSV, size=1, sha256=""
    )
    items_copy(ingest, rows)
    return ingest


def test_only_what_the_project_has_not_is_new_and_the_first_of_two() -> None:
    project = make_project()
    written(project, clean(1, 2))
    written(make_project(), clean(3))

    assert rows_new(project.pk, clean(2, 3, 4, 4)) == clean(3, 4)


def test_known_rows_are_looked_up_one_by_one_however_many_a_chunk_has() -> None:
    project = make_project()
    written(project, clean(*range(4_000)))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE item")

    with explained() as plans:
        new = rows_new(project.pk, clean(*range(2_000, 6_000)))

    assert len(new) == 2_000
    (plan,) = plans
    assert "item" not in plan.scanned
    assert {node["Index Name"] for node in plan.nodes if "Index Name" in node} == {"item_url_once"}


def test_ids_follow_the_order_of_the_rows() -> None:
    project = make_project()
    written(project, clean(*range(300)))

    titles = Evidence.objects.filter(item__project=project).order_by("item").values_list("title", flat=True)
    assert list(titles) == [str(page) for page in range(300)]


def test_evidence_needs_an_item_and_keeps_it() -> None:
    item, other = make_items(make_project(), 2)
    lost = Evidence(item_id=other.pk + 1_000, content_hash=item.url_hash)

    with pytest.raises(IntegrityError, match="item that there is not"), transaction.atomic():
        Evidence.objects.bulk_create([Evidence(item=item, version=2, content_hash=item.url_hash), lost])
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        Evidence.objects.filter(item=item).update(item=other)
    with pytest.raises(DatabaseError, match="Cannot delete rows from item"), transaction.atomic():
        Item.objects.filter(pk=item.pk)._raw_delete(using="default")

    assert list(Evidence.objects.filter(item=item).values_list("version", flat=True)) == [1]
