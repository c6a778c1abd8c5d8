"""An import beside other connections: nobody judges an item twice, and nothing comes twice."""

from functools import partial
from io import BytesIO
from uuid import uuid4

import pytest

from annotator.errors import Conflict
from annotator.judgments.answers import Answer
from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.services import ImportUpload, import_create, import_run, import_start
from annotator.judgments.models import Judgment, JudgmentImport
from annotator.judgments.services import judgment_submit
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment, AssignmentState
from annotator.queue.places import assignment_claim
from annotator.runs import RunStatus
from tests.connections import at_once
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1)


def ready(project: Project, items: list[Item], padding: str = "") -> JudgmentImport:
    """An import of Ann's judgments on these items, mapped and about to be written."""
    lead = make_member(project, Role.LEAD)
    rows = "\n".join(f"{item.url},ann,{GAMBLING},{padding}" for item in items)
    upload = ImportUpload("file.csv", BytesIO(f"url,annotator,labels,comment\n{rows}\n".encode()))
    run = import_create(project, upload, by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    return import_start(run, Sent("url", labels={GAMBLING: GAMBLING}, annotators={"ann": "ann"}), by=lead)


def submit(access: Access, place: Assignment) -> bool:
    """Whether the answer was taken."""
    try:
        judgment_submit(access, place.pk, Answer(client_id=uuid4(), labels=(GAMES,)))
    except Conflict:
        return False
    return True


def test_a_person_has_one_judgment_when_an_import_comes_while_they_submit(project: Project) -> None:
    ann = project_for(make_member(project, username="ann"), project.slug, Can.LABEL)
    items = make_items(project, 6)
    make_batch(project, items)
    runs = [ready(project, [item], padding=str(item.pk)) for item in items]

    for run in runs:
        place = assignment_claim(project, ann.user)
        assert place is not None
        at_once(partial(submit, ann, place), partial(import_run, run.pk))

    assert Judgment.objects.filter(annotator=ann.user).count() == 6
    assert Judgment.objects.values("item", "annotator").distinct().count() == 6
    assert set(JudgmentImport.objects.values_list("status", flat=True)) == {RunStatus.DONE}
    assert Assignment.objects.count() == 6
    submitted = Assignment.objects.filter(state=AssignmentState.SUBMITTED).count()
    assert submitted == Judgment.objects.filter(imported=None).count()


def test_nothing_comes_twice_when_two_workers_write_two_imports_of_the_same(project: Project) -> None:
    make_member(project, username="ann")
    items = make_items(project, 30)
    first, second = ready(project, items, "a"), ready(project, items[::-1], "b")

    at_once(partial(import_run, first.pk), partial(import_run, second.pk))

    first.refresh_from_db()
    second.refresh_from_db()
    assert Judgment.objects.count() == 30
    assert first.judgments_added + second.judgments_added == 30
    assert first.judgments_known + second.judgments_known == 30


def test_one_worker_writes_an_import_when_two_are_woken(project: Project) -> None:
    make_member(project, username="ann")
    run = ready(project, make_items(project, 10))

    at_once(partial(import_run, run.pk), partial(import_run, run.pk))

    run.refresh_from_db()
    assert (run.status, run.judgments_added, run.judgments_known) == (RunStatus.DONE, 10, 0)
