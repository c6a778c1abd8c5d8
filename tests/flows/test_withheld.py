"""After a stop: no address, whoever asks, answers with the page's address, evidence, or what people wrote about it.

The marker stands wherever the page can be recognised: address, evidence, metadata, notes, flags and reasons.
"""

import io
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client

from annotator.accounts.models import User
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.services import flag_add, judgment_submit, place_of
from annotator.pool.models import Case, CaseAccess, Evidence, IngestReport, Item, Signature
from annotator.pool.reporting import report_run
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.pool.signatures import signatures_write
from annotator.projects.access import Can, project_for
from annotator.projects.models import LogEntry, Membership, Project, Role
from annotator.queue.models import Assignment
from annotator.queue.places import assignment_claim
from annotator.queue.stopping import page_stop
from annotator.review.agreement.reports import agreement_measure
from annotator.review.checks.gold import gold_add
from annotator.review.models import Disagreement, Question
from annotator.review.questions.asking import QuestionDraft, question_answer, question_ask
from annotator.review.selectors import item_review
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_classifier,
    make_member,
    make_project,
    make_user,
)
from tests.flows.test_access import ask, routes

pytestmark = pytest.mark.django_db(transaction=True)

MARKER: Final = "zqwithheldqz"
ROWS: Final = (
    "url,title,text,remark\n"
    f"https://{MARKER}.example/{MARKER}?q={MARKER},{MARKER} title,{MARKER} casino text with words,{MARKER} remark\n"
    f"https://other.example/,A title,{'casino text with words enough ' * 5},\n"
)


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=2, overlap_max=3)
    done = ingest_run(
        ingest_create(project, Upload("rows.csv", io.BytesIO(ROWS.encode())), by=project.created_by).pk
    )
    assert done is not None
    report_run(IngestReport.objects.get(ingest=done).pk)
    assert done.rows_added == 2
    return project


@pytest.fixture
def item(project: Project) -> Item:
    """The marked page: judged by people who differ and wrote notes, flagged, disputed, adjudicated, in a snapshot."""
    item = Item.objects.get(project=project, host__contains=MARKER)
    make_batch(project, [item])
    signatures_write([item.pk])
    for label in (GAMES, GAMBLING):
        _judge(project, label)
    review_sweep(project)
    _judge(project, VIOLENCE)
    review_sweep(project)
    lead = project_for(make_member(project, Role.LEAD), "pilot", Can.RESOLVE)
    seen = item_review(project, item.pk)
    resolution_adjudicate(
        lead,
        item.pk,
        adjudication=Adjudication(frozenset({GAMES}), Verdict.LABELLED, f"{MARKER} reason"),
        based_on=BasedOn(
            frozenset(judgment.pk for judgment in seen.judgments), seen.newest.pk if seen.newest else None
        ),
    )
    gold_add(lead, item.pk, f"{MARKER} explanation")
    question = question_ask(lead, item.pk, QuestionDraft(f"{MARKER} question"), client_id=uuid4())
    asked = project_for(Judgment.objects.earliest("pk").annotator, "pilot", Can.LABEL)
    question_answer(asked, question.pk, text=f"{MARKER} answer", decision="stay", client_id=uuid4())
    agreement_measure(project)
    make_classifier(project)
    snapshot_run_execute(snapshot_run_start(project, by=None).pk)
    return item


def _judge(project: Project, label: str) -> None:
    access = project_for(make_member(project), "pilot", Can.LABEL)
    place = assignment_claim(project, access.user)
    assert place is not None
    flag_add(access, place.pk, f"{MARKER} flag")
    judgment_submit(access, place.pk, Answer(client_id=uuid4(), labels=(label,), note=f"{MARKER} note"))


def stop(item: Item) -> Case:
    judgment = Judgment.objects.filter(item=item).earliest("pk")
    return page_stop(project_for(judgment.annotator, "pilot", Can.LABEL), place_of(judgment))


def people(project: Project) -> dict[str, User]:
    """Somebody of each role, who judged the page and who did not; an operator; and nobody named as case holder."""
    found = {f"another {role}": make_member(project, role) for role in Role}
    found["who judged it"] = Judgment.objects.earliest("pk").annotator
    found["an operator"] = make_user(is_superuser=True, is_staff=True)
    Membership.objects.create(project=project, user=found["an operator"], role=Role.ADMIN)
    return found


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def body_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = " ".join(f"{name}: {value}" for name, value in answer.items())
    return f"{headers}\n{content.decode('utf-8', 'replace')}"


def answers(user: User, item: Item) -> Iterator[tuple[str, str]]:
    """What every address answers this person: where, and the whole of it."""
    client = client_of(user)
    values = {
        "item_id": item.pk,
        "number": 1,
        "judgment_id": Judgment.objects.filter(annotator=user).values_list("pk", flat=True).first() or 1,
        "assignment_id": Assignment.objects.filter(item=item).values_list("pk", flat=True)[0],
        "question_id": Question.objects.filter(item=item).values_list("pk", flat=True).first() or 1,
        "disagreement_id": Disagreement.objects.filter(item=item).values_list("pk", flat=True).first() or 1,
    }
    for route in sorted(
        routes(), key=lambda route: route.name == "judgments:undo"
    ):  # last: it changes what others show
        if "slug" in route.keywords and route.name != "api:assignment-stop":
            for answer in ask(client, route, "pilot", values):
                yield f"{answer.request['REQUEST_METHOD']} {route.name}", body_of(answer)
    for path in (
        "/",
        f"/projects/pilot/items/?text={MARKER[:8]}",
        f"/projects/pilot/judgments/?text={MARKER[:8]}",
        "/api/v1/projects/pilot/items/?text=example",
    ):
        yield path, body_of(client.get(path)).replace(MARKER[:8], "")


def leaks(user: User, item: Item) -> list[str]:
    return [where for where, text in answers(user, item) if MARKER in text]


def test_the_marker_is_found_in_many_places_before_the_stop(project: Project, item: Item) -> None:
    """Else the test below could not fail."""
    found = {
        "another lead": {
            "GET pool:items", "GET pool:item", "GET queue:batch", "GET review:item_review", "GET review:disagreement",
            "GET review:flags", "GET review:gold", "GET api:item-list", "GET api:item-read", "GET api:judgment-list",
            "GET api:resolution-list", "GET api:disagreement-detail", "GET api:batch-item-list",
            "GET review:agreement_items", "GET review:question", "GET review:questions_asked",
            "GET review:item_question", "GET review:item_gold", "GET review:item_clause",
        },
        "another scientist": {"GET pool:items", "GET pool:item", "GET api:resolution-list"},
        "who judged it": {
            "GET judgments:history", "GET judgments:edit", "GET api:judgment-list", "GET review:question_own",
        },
    }  # fmt: skip

    everybody = people(project)
    for who, where in found.items():
        assert where <= set(leaks(everybody[who], item)), who


def test_nobody_finds_the_page_at_any_address_when_it_is_withheld(project: Project, item: Item) -> None:
    everybody = people(project)
    stop(item)

    found = {who: leaks(user, item) for who, user in everybody.items()}

    assert {who: where for who, where in found.items() if where} == {}


def test_the_tables_of_an_earlier_snapshot_are_not_handed_out_when_it_is_withheld(
    project: Project, item: Item
) -> None:
    scientist = client_of(make_member(project, Role.SCIENTIST))
    tables = [f"/projects/pilot/snapshots/1/files/{name}.parquet" for name in ("items", "judgments")]
    doors = [*tables, "/projects/pilot/snapshots/1/download/", "/api/v1/projects/pilot/snapshots/1/download/"]
    doors += ["/api/v1/projects/pilot/snapshots/1/files/items.parquet"]

    def statuses() -> list[int]:
        given = [scientist.get(door) for door in doors]
        for answer in given:
            body_of(answer)  # read to its end, else its file stays open
        return [answer.status_code for answer in given]

    assert statuses() == [200] * 5
    stop(item)

    assert statuses() == [409] * 5


def test_a_case_holder_finds_it_only_where_a_look_is_logged(project: Project, item: Item) -> None:
    stop(item)
    holder = make_member(project, Role.LEAD)
    Membership.objects.filter(user=holder).update(case_holder=True)

    assert leaks(holder, item) == ["POST queue:case_evidence"]
    assert CaseAccess.objects.filter(user=holder, what="Looked at the evidence").count() == 1


def test_the_admin_site_shows_neither_cases_nor_pages(project: Project, item: Item) -> None:
    stop(item)
    operator = client_of(make_user(is_superuser=True, is_staff=True))

    assert not {Case, CaseAccess, Item, Evidence, Signature, Judgment} & set(admin.site._registry)
    for model in admin.site._registry:
        listed = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        pages = [
            listed,
            *(f"{listed}{pk}/change/" for pk in model._default_manager.values_list("pk", flat=True)),
        ]
        for page in pages:
            assert MARKER not in body_of(operator.get(page)), page


def test_no_table_but_the_case_and_what_people_wrote_holds_the_page(project: Project, item: Item) -> None:
    stop(item)

    holding = set()
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table} t WHERE t::text LIKE %s)", [f"%{MARKER}%"])
            if cursor.fetchone() == (True,):
                holding.add(model._meta.db_table)
    assert holding == {"case", "judgment", "flag", "resolution", "gold", "question", "question_reply"}
    assert not LogEntry.objects.filter(text__contains=MARKER).exists()


def test_it_is_found_again_everywhere_when_it_is_released(project: Project, item: Item) -> None:
    everybody = people(project)
    before = leaks(everybody["another lead"], item)
    case = stop(item)
    holder = make_member(project, Role.SCIENTIST)
    Membership.objects.filter(user=holder).update(case_holder=True)

    answer = client_of(holder).post(f"/projects/pilot/cases/{case.number}/", {"outcome": "released"})

    assert answer.status_code == 302
    assert leaks(everybody["another lead"], item) == before
