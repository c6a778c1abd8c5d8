"""Exports: the project as it is now, in each format, and back into an empty project."""

import io
from datetime import UTC, datetime

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.interchange.formats import OUTPUTS
from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.services import ImportUpload, import_create, import_run, import_start
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.projects.pseudonyms import pseudonym
from annotator.review.outputs import selectors
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db
Said = set[tuple[str, str, tuple[str, ...], tuple[str, ...], str]]


@pytest.fixture
def project() -> Project:
    """Three items: one judged by two people and resolved, one judged as not to be seen, one not judged."""
    project = make_project("pilot", overlap=2)
    ann, bob = make_member(project, username="ann"), make_member(project, username="bob")
    items = make_items(project, 3)
    make_batch(project, items)
    make_judgment(items[0], ann, [GAMES, GAMBLING], note="clear")
    make_judgment(items[0], bob, [GAMES], unsure=[VIOLENCE], seconds=2.5)
    make_judgment(items[1], ann, verdict="unreachable")
    make_resolution(items[0], [GAMES])
    return project


def exported(project: Project, role: Role, output: str) -> bytes:
    """The file as somebody of this role downloads it."""
    client = Client()
    client.force_login(make_member(project, role))
    answer = client.get(f"/projects/{project.slug}/outputs/{output}/")
    assert answer.status_code == 200
    assert f"{project.slug}-{output}." in answer["Content-Disposition"]
    return answer.getvalue()


def taken_in(content: bytes, output: str) -> Project:
    """An empty project that the file was imported into."""
    project = make_project()
    lead = make_member(project, Role.LEAD)
    name = f"export.{OUTPUTS[output].suffix}"
    run = import_create(project, ImportUpload(name, io.BytesIO(content), author="held"), by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    labels = {slug: slug for slug in run.found["labels"]}
    import_start(run, Sent("url", "title", "text", labels), by=lead)
    import_run(run.pk)
    run.refresh_from_db()
    assert (run.error, run.refused) == ("", 0)
    return project


def said(project: Project) -> Said:
    """Who said what of which page, in a project."""
    return {
        (
            row.item.url,
            row.annotator.username.removeprefix("imported: "),
            tuple(row.labels),
            tuple(row.unsure),
            row.verdict,
        )
        for row in Judgment.objects.filter(project=project).select_related("item", "annotator")
    }


@pytest.mark.parametrize("output", ["label-studio", "csv-judgments"])
def test_labels_people_and_times_come_back(project: Project, output: str) -> None:
    again = taken_in(exported(project, Role.LEAD, output), output)

    assert said(again) == said(project)
    times = [
        set(Judgment.objects.filter(project=here).values_list(column, "seconds", "note"))
        for here, column in ((project, "created_at"), (again, "given_at"))
    ]
    assert times[0] == times[1]


def test_argilla_brings_back_all_but_times_and_people_by_uuid(project: Project) -> None:
    again = taken_in(exported(project, Role.LEAD, "argilla"), "argilla")

    assert {(url, *rest) for url, _, *rest in said(again)} == {
        (url, *rest) for url, _, *rest in said(project)
    }
    assert len({person for _, person, *_ in said(again)}) == 2


def test_doccano_brings_back_labels_and_people(project: Project) -> None:
    again = taken_in(exported(project, Role.LEAD, "doccano-judgments"), "doccano-judgments")

    url = Item.objects.filter(project=project).earliest("pk").url
    assert said(again) == {
        (url, "ann", (GAMBLING, GAMES), (), "labelled"),
        (url, "bob", (GAMES,), (), "labelled"),
    }


@pytest.mark.parametrize("output", ["doccano", "csv-items"])
def test_what_is_held_true_comes_back_as_a_judgment_of_the_file(project: Project, output: str) -> None:
    again = taken_in(exported(project, Role.LEAD, output), output)

    url = Item.objects.filter(project=project).earliest("pk").url
    assert said(again) == {(url, "held", (GAMES,), (), "labelled")}


@pytest.mark.parametrize("output", list(OUTPUTS))
def test_a_scientist_reads_no_name(project: Project, output: str) -> None:
    content = exported(project, Role.SCIENTIST, output).decode()

    assert '"ann"' not in content
    assert ",ann," not in content
    if output in ("label-studio", "doccano-judgments", "csv-judgments"):
        assert pseudonym(project, User.objects.get(username="ann").pk) in content


@pytest.mark.parametrize("output", list(OUTPUTS))
def test_what_is_withheld_is_left_out(project: Project, output: str) -> None:
    Item.objects.filter(project=project).update(withheld=True)

    assert b"example" not in exported(project, Role.LEAD, output)


def test_items_come_whole_when_there_are_more_than_a_chunk(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = exported(project, Role.LEAD, "csv-judgments")
    monkeypatch.setattr(selectors, "CHUNK", 1)

    assert exported(project, Role.LEAD, "csv-judgments") == whole


def test_an_imported_judgment_is_exported_with_the_time_of_its_tool(project: Project) -> None:
    again = taken_in(exported(project, Role.LEAD, "csv-judgments"), "csv-judgments")

    third = taken_in(exported(again, Role.LEAD, "label-studio"), "label-studio")

    assert set(Judgment.objects.filter(project=third).values_list("given_at", flat=True)) == set(
        Judgment.objects.filter(project=project).values_list("created_at", flat=True)
    )
    assert min(row.created_at for row in Judgment.objects.filter(project=third)) > datetime(
        2026, 1, 1, tzinfo=UTC
    )


def test_the_page_says_what_each_format_cannot_hold(project: Project) -> None:
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))

    page = client.get("/projects/pilot/outputs/").content.decode()

    assert "doccano cannot tell" in page
    assert "stable pseudonym" in page
    assert client.get("/projects/pilot/outputs/excel/").status_code == 404


def test_the_api_lists_formats_and_streams(project: Project) -> None:
    client = Client()
    client.force_login(make_member(project, Role.LEAD))

    formats = client.get("/api/v1/projects/pilot/outputs/").json()
    answer = client.get("/api/v1/projects/pilot/outputs/csv-judgments/")

    assert [one["format"] for one in formats] == list(OUTPUTS)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.getvalue().count(b"\n") == 4
