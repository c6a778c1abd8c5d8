"""The files of a snapshot: why each item was served, what was ever held, other formats, and the signature."""

import base64
import csv
import json
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow as pa
import pytest
from django.core.files.storage import default_storage
from hypothesis import given
from hypothesis import strategies as st

from annotator.errors import Unavailable
from annotator.pool.models import Evidence
from annotator.projects.models import Clause, Project
from annotator.review.models import Method, Question, QuestionParticipant
from learner.client.manifest import SIGNATURE, public_text
from learner.client.verify import findings_of
from learner.snapshots.files import JUDGMENTS, RESOLUTIONS, TABLES, file_open, names_of, zip_stream
from learner.snapshots.formats import neutralised
from learner.snapshots.models import Snapshot
from learner.snapshots.signing import signing_key
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project
from tests.learner.snapshots.test_content import take
from tests.learner.snapshots.test_services import resolve, rows_of

KEY = base64.b64encode(bytes(range(32))).decode()


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    return make_project()


def unpacked(snapshot: Snapshot, folder: Path) -> Path:
    with ZipFile(BytesIO(b"".join(zip_stream(snapshot)))) as archive:
        archive.extractall(folder)
    return folder


def text_of(snapshot: Snapshot, name: str) -> str:
    with file_open(snapshot, name) as stream:
        return stream.read().decode()


@pytest.mark.django_db(transaction=True)
def test_batches_say_why_an_item_was_served(project: Project) -> None:
    (item,) = make_items(project, 1)
    batch = make_batch(project, [item])
    resolve(item, [GAMES])

    (row,) = rows_of(take(project), "batches.parquet")

    assert (row["url"], row["batch"], row["stream"], row["strategy"]) == (
        item.url, batch.number, "explore", "random",
    )  # fmt: skip
    assert (row["pool_size"], row["inclusion_probability"], row["seed"]) == (1, 1.0, batch.seed)


@pytest.mark.django_db(transaction=True)
def test_resolutions_hold_the_whole_history(project: Project) -> None:
    (item,) = make_items(project, 1)
    lead, clause = project.created_by, Clause.objects.get(guideline__project=project)
    first = resolve(item, [GAMES], judgments=[1, 2])
    second = resolve(
        item, [], supersedes=first, method=Method.ADJUDICATED, resolved_by=lead, clause=clause, reason="so"
    )
    resolve(
        item, [GAMES], supersedes=second, method=Method.ADJUDICATED, resolved_by=lead, reason="Suspect: seen"
    )

    rows = rows_of(take(project), RESOLUTIONS)

    assert [(row["method"], row["reason_class"], row["is_current"]) for row in rows] == [
        ("unanimous", "", False),
        ("adjudicated", "clause", False),
        ("adjudicated", "suspect", True),
    ]
    assert [(row["labels"], row["clause"]) for row in rows] == [([GAMES], None), ([], "1.1"), ([GAMES], None)]


@pytest.mark.django_db(transaction=True)
def test_a_judgment_after_a_leads_question_is_marked(project: Project) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    person = make_member(project)
    asked = make_judgment(item, person, [GAMES])
    question = Question.objects.create(
        project=project, item=item, asked_by=project.created_by, text="Why?", client_id="1" * 32,
        waits_until=asked.created_at,
    )  # fmt: skip
    QuestionParticipant.objects.create(question=question, item=item, annotator=person, judgment=asked)
    make_judgment(item, person, [], supersedes=asked)
    resolve(item, [])

    assert [row["after_question"] for row in rows_of(take(project), JUDGMENTS)] == [False, True]


@pytest.mark.django_db(transaction=True)
def test_other_formats_hold_the_same_rows(project: Project) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    Evidence.objects.filter(item=item).update(title='=HYPERLINK("x")', text='one\ntwo, "three"\r\n\'four')
    make_judgment(item, make_member(project), [GAMES])
    resolve(item, [GAMES])

    snapshot = take(project, formats=("csv", "jsonl"))

    assert {f"{name}.{kind}" for name in TABLES for kind in ("csv", "jsonl", "parquet")} < set(
        names_of(snapshot)
    )
    (parquet,) = rows_of(snapshot, "items.parquet")
    assert json.loads(text_of(snapshot, "items.jsonl")) == parquet
    (row,) = csv.DictReader(StringIO(text_of(snapshot, "items.csv"), newline=""))
    assert row["title"] == '\'=HYPERLINK("x")'
    assert (row["text"], row["labels"], row["is_games"]) == (parquet["text"], GAMES, "true")
    (judged,) = csv.DictReader(StringIO(text_of(snapshot, "judgments.csv"), newline=""))
    assert judged["created_at"].endswith("Z")


@given(st.text())
def test_a_neutralised_text_is_no_formula_and_comes_back(text: str) -> None:
    (cell,) = neutralised(pa.array([text])).to_pylist()

    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell.removeprefix("'") == text


@pytest.mark.django_db(transaction=True)
def test_a_signed_snapshot_verifies_with_the_installations_key(
    project: Project, settings: Any, tmp_path: Path
) -> None:
    settings.SIGNING_KEY = KEY
    resolve(make_items(project, 1)[0], [GAMES])

    snapshot = take(project, formats=("csv",))

    key = signing_key()
    assert key is not None
    assert snapshot.manifest["public_key"] == public_text(key)
    findings = findings_of(unpacked(snapshot, tmp_path / "out"), public_text(key))
    assert [str(finding) for finding in findings if not finding.is_good] == []
    path = Path(default_storage.path(f"{snapshot.directory}/{SIGNATURE}"))
    path.write_text("bm9uc2Vuc2U=")
    with pytest.raises(Unavailable, match="was changed after it was frozen"):
        file_open(snapshot, SIGNATURE)


@pytest.mark.django_db(transaction=True)
def test_an_unsigned_snapshot_verifies_too(project: Project, tmp_path: Path) -> None:
    resolve(make_items(project, 1)[0], [GAMES])

    findings = findings_of(unpacked(take(project), tmp_path / "out"))

    assert [str(finding) for finding in findings if not finding.is_good] == []


def test_what_is_no_key_is_named_and_not_repeated(settings: Any) -> None:
    settings.SIGNING_KEY = "hunter2"

    with pytest.raises(Unavailable, match="CROSSGUARD_SIGNING_KEY is no key") as refused:
        signing_key()

    assert "hunter2" not in refused.value.message
