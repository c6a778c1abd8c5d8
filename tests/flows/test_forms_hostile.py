"""What pages answer to forms that no browser of ours sends: a sentence, never a 500."""

from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any, Final
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from annotator.agreement.rules import BulkRule
from annotator.judgments.services import flag_add
from annotator.projects.access import Can, project_for
from annotator.projects.drafts.pages import GUIDELINE_PAGE, TAXONOMY_PAGE
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue.places import assignment_claim
from annotator.review.acts.bulks import bulk_plan
from annotator.review.models import Disagreement
from annotator.review.questions.asking import QuestionDraft, question_ask
from learner.webhooks.services import endpoint_create, endpoint_ping
from tests.factories import make_batch, make_items, make_judgment, make_member, make_project
from tests.flows.reading import EVERYTHING
from tests.flows.test_access import routes

pytestmark = pytest.mark.django_db

HOSTILE: Final = ("\x00", "9" * 30, "-1")
TEXTS: Final = {
    "username": "bo", "role": "lead", "name": "script", "text": "x", "new_password1": "x", "slug": "other", "note": "x",
    "labels": "games", "unsure": "gambling", "verdict": "labelled", "reason": "unclear", "skip_note": "x",
    "flag_note": "x", "avoid": "games", "clause": "1.1", "client_id": "x", "format": "csv", "part": "place",
    "shown_at": "x", "title": "x", "body": "x", "number": "1.1", "items": "1:1:", "answer": "confirm",
    "rule-games": "present", "site": "x", "url": "https://receiver.example/", "events": "batch.opened",
    "annotators": "annie", "annotator": "annie", "decision": "stay", "explanation": "x",
}  # fmt: skip
NUMBERS: Final = {
    "days": "9", "assignment": "1", "seconds": "4", "judgments": "1", "resolution": "", "overlap": "2", "query": "0.5",
    "batch_size": "20", "weight-games": "2",
    "revision": "0", "based_on": "1", "decision": "1", "item": "1",
}  # fmt: skip
PAGES: Final = [route for route in routes() if not route.is_api]  # test_api_hostile has the others
PARAMETERS: Final = (
    "page", "category", "text", "domain", "split", "before", "next", "clause", "guideline", "pair", "period", "person",
    "unsure", "unknown", "scope", "after", "item", "pattern", "status", "disagreement", "question",
    "alike",
)  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """An admin who is signed in, and the ids that the addresses and forms of their project name.

    What a request changes is taken back: the next one finds the same place, form and session.
    """

    client: Client
    ids: dict[str, Any]

    @property
    def form(self) -> dict[str, str]:
        """A form with every field of ours, each as a browser would fill it."""
        return {**TEXTS, **NUMBERS, "client_id": str(uuid4()), "assignment": str(self.ids["assignment"])}

    def post(self, address: str, form: dict[str, str]) -> Any:
        return self._answer(lambda: self.client.post(address, form))

    def get(self, address: str, query: dict[str, str]) -> Any:
        return self._answer(lambda: self.client.get(address, query))

    def _answer(self, ask: Callable[[], Any]) -> Any:
        cookies = self.client.cookies.output(header="", sep=";")
        with transaction.atomic():
            answer = ask()
            transaction.set_rollback(True)
        self.client.cookies = SimpleCookie(cookies)
        return answer


@pytest.fixture
def visit(client: Client, settings: Settings) -> Visit:
    settings.MIDDLEWARE = ["tests.flows.reading.recorded", *settings.MIDDLEWARE]
    project = make_project("pilot")
    items = make_items(project, 4)
    make_batch(project, items)
    admin = make_member(project, Role.ADMIN, "annie")
    make_member(project, username="bo")
    judgment = make_judgment(items[0], admin, ["games"])
    disagreement = Disagreement.objects.create(
        project=project, item=items[0], categories=["games"], reason="", pattern="one:games"
    )
    lead = project_for(admin, "pilot", Can.RESOLVE)
    bulk = bulk_plan(lead, "one:games", BulkRule(frozenset({"games"})), client_id=uuid4())
    place = assignment_claim(project, admin)
    assert place is not None
    flag = flag_add(project_for(admin, "pilot", Can.LABEL), place.pk)
    lead = project_for(make_member(project, Role.LEAD), "pilot", Can.RESOLVE)
    question = question_ask(lead, items[0].pk, QuestionDraft("Why?"), client_id=uuid4())
    endpoint, _ = endpoint_create(project, "https://receiver.example/", ["batch.opened"], by=admin)
    client.force_login(admin)
    client.raise_request_exception = False
    return Visit(
        client,
        {
            "assignment": place.pk,
            "item_id": items[0].pk,
            "judgment_id": judgment.pk,
            "disagreement_id": disagreement.pk,
            "flag_id": flag.pk,
            "bulk_id": bulk.pk,
            "pattern": "one:games",
            "question_id": question.pk,
            "section": "licence",
            "pk": endpoint.pk,
            "delivery_id": endpoint_ping(endpoint).pk,
        },
    )


def test_no_form_breaks_when_a_field_is_hostile(visit: Visit) -> None:
    fields = {**dict.fromkeys(TEXTS, HOSTILE[:1]), **dict.fromkeys(NUMBERS, HOSTILE)}
    broken, met = [], set[str]()
    for route in PAGES:
        address = route.address("pilot", visit.ids)
        read = visit.post(address, visit.form).form_read  # a field that is not read cannot break anything
        met |= read
        for field in fields if EVERYTHING in read else fields.keys() & read:
            for value in fields[field]:
                answer = visit.post(address, {**visit.form, field: value})
                if answer.status_code >= 500:
                    broken.append((route.name, field, value))

    assert broken == []
    assert set(fields) - met - {"rule-games"} == set(), "fields that no form of ours has"


def test_no_change_of_a_draft_breaks_when_a_field_is_hostile(visit: Visit) -> None:
    taxonomy, broken = taxonomy_current(Project.objects.get()), []
    for draft in (GUIDELINE_PAGE, TAXONOMY_PAGE):
        address = f"/projects/pilot/{draft.subject.word}/draft/change/"
        for kind, form in draft.forms.items():
            sent = {**visit.form, "change": kind, "number": "1.1", "source": "games", "sources": "games"}
            for field in ("change", "revision", *form(taxonomy=taxonomy).fields):
                for value in (*HOSTILE, "50%d"):
                    answer = visit.post(address, {**sent, field: value})
                    if answer.status_code >= 500:
                        broken.append((address, kind, field, value))

    assert broken == []


def test_no_page_breaks_when_a_parameter_is_hostile(visit: Visit) -> None:
    broken = []
    for route in PAGES:
        address = route.address("pilot", visit.ids)
        read = visit.get(address, {}).query_read
        for name in PARAMETERS if EVERYTHING in read else set(PARAMETERS) & read:
            for value in HOSTILE:
                answer = visit.get(address, {name: value})
                if answer.status_code >= 500:
                    broken.append((route.name, name, value))

    assert broken == []


@pytest.mark.parametrize("field", ["username", "password"])
def test_signing_in_is_refused_when_a_field_is_hostile(field: str, client: Client) -> None:
    answer = client.post("/sign-in/", {"username": "annie", "password": "x", field: "\x00"})

    assert answer.status_code in (200, 422)
