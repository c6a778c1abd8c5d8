"""A snapshot in the formats of other tools: its own rows, whatever happened since."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotator.interchange.formats import OUTPUTS, format_of, pages_of
from annotator.interchange.neutral import ForeignJudgment, Page, Reading
from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.services import ImportUpload, import_create, import_run, import_start
from annotator.judgments.models import Judgment
from annotator.pool.cases import case_open
from annotator.projects.models import Project, Role
from annotator.projects.pseudonyms import pseudonym
from annotator.review.services import review_sweep
from learner.snapshots.files import JUDGMENTS
from learner.snapshots.models import Snapshot
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project
from tests.learner.snapshots.test_services import rows_of, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    """Two resolved items: one judged here by two people, one whose judgments were imported."""
    project = make_project("pilot", overlap=2)
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for name, labels in (("ann", [GAMES]), ("bob", [GAMES])):
        make_judgment(item, make_member(project, username=name), labels)
    rows = "".join(f"https://old.example/,{who},{GAMBLING},2024-05-01\n" for who in ("cy", "di"))
    upload = ImportUpload("old.csv", BytesIO(f"url,annotator,labels,given_at\n{rows}".encode()))
    lead = make_member(project, Role.LEAD)
    run = import_create(project, upload, by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    import_start(run, Sent("url", labels={GAMBLING: GAMBLING}), by=lead)
    import_run(run.pk)
    assert review_sweep(project).resolved == 2
    return project


@pytest.fixture
def snapshot(project: Project) -> Snapshot:
    return take(project)


def exported(project: Project, output: str) -> Any:
    """What a scientist gets."""
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    return client.get(f"/projects/pilot/snapshots/1/outputs/{output}/")


def said(content: bytes) -> list[ForeignJudgment]:
    """The judgments of a file."""
    stream = BytesIO(content)
    pages = pages_of(stream, format_of(stream), Reading("held"))
    return [one for page in pages if isinstance(page, Page) for one in page.judgments]


def test_a_snapshot_names_what_was_imported_and_when_it_was_given(snapshot: Snapshot) -> None:
    rows = rows_of(snapshot, JUDGMENTS)

    assert [row["imported"] for row in rows] == [False, False, True, True]
    assert rows[0]["given_at"] is None
    assert rows[2]["given_at"].isoformat() == "2024-05-01T00:00:00+00:00"
    assert rows[2]["created_at"] > rows[2]["given_at"]


@pytest.mark.parametrize("output", list(OUTPUTS))
def test_every_format_has_the_labels_of_the_snapshot(
    snapshot: Snapshot, project: Project, output: str
) -> None:
    answer = exported(project, output)

    assert f"pilot-v1-{output}." in answer["Content-Disposition"]
    each = 1 if output in ("doccano", "csv-items") else 2
    labels = sorted(one.labels for one in said(answer.getvalue()))
    assert labels == [(GAMBLING,)] * each + [(GAMES,)] * each


def test_people_and_times_are_those_of_the_snapshot(snapshot: Snapshot, project: Project) -> None:
    found = said(exported(project, "label-studio").getvalue())

    rows = Judgment.objects.order_by("pk")
    assert [one.annotator for one in found] == [pseudonym(project, row.annotator_id) for row in rows]
    assert [one.given_at for one in found] == [row.given_at or row.created_at for row in rows]


def test_it_is_not_handed_out_when_a_page_of_it_was_withheld(snapshot: Snapshot, project: Project) -> None:
    case_open(project, Judgment.objects.earliest("pk").item_id, by=make_member(project))

    assert exported(project, "argilla").status_code == 409


def test_a_format_that_there_is_not_is_not_found(snapshot: Snapshot, project: Project) -> None:
    assert exported(project, "excel").status_code == 404
