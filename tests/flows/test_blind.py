"""Before their own answer, nobody learns what others said of a page, what a model said, or why it is served.

Everything that an annotator's browser and token can get is collected in two worlds that differ in one hidden fact
alone. It has to be the same, byte for byte. A lead, who may see most of these facts, gets something else: so the
comparison would notice.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final
from uuid import UUID

import pgtrigger
import pytest
from django.db import transaction
from django.test import Client

from annotator.accounts.models import User
from annotator.accounts.services import token_create
from annotator.judgments.models import Flag, Judgment
from annotator.pool.models import Item
from annotator.projects.access import ROLES_THAT_CAN, Can
from annotator.projects.models import Membership, Project, Role
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, Purpose, Stream
from annotator.review.models import Disagreement, Gold, Resolution
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)
from tests.flows.test_access import WHO, ask, routes

pytestmark = pytest.mark.django_db

MARKER: Final = "zqhiddenqz"
NUMBER: Final = 77_665_544
SCORE: Final = 0.918273645
CLOCKS: Final = {
    "Content-Length",
    "Expires",
    "Last-Modified",
    "ETag",
    "RateLimit-Remaining",
    "RateLimit-Reset",
}
STEERING: Final = {"api:assignment-stop", "api:assignment-release", "judgments:undo", "api:judgment-undo"}


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=3, overlap_max=3)


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Three served pages, each judged, flagged and disputed by a colleague, and resolved."""
    items = make_items(project, 3)
    make_batch(project, items)
    colleague = make_member(project, username="colleague")
    for item in items:
        make_judgment(item, colleague, [GAMES], note="plain")
        make_resolution(item, [GAMES], reason="plain")
        Flag.objects.create(project=project, item=item, annotator=colleague, note="plain")
        Disagreement.objects.create(project=project, item=item, reason="plain", categories=[GAMES])
        Gold.objects.create(
            project=project, item=item, labels=[GAMES], explanation="plain", added_by=project.created_by
        )
    make_classifier(project)
    return items


@pytest.fixture
def ann(project: Project, items: list[Item]) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def lee(project: Project, items: list[Item]) -> User:
    return make_member(project, Role.LEAD, username="lee")


def judged_otherwise(_: User) -> None:
    Judgment.objects.update(labels=[GAMBLING], unsure=[VIOLENCE], note=MARKER, seconds=SCORE, fast=True)


def could_not_be_judged(_: User) -> None:
    Judgment.objects.update(labels=[], unsure=[], verdict="unreachable")


def judged_by_somebody_else(_: User) -> None:
    User.objects.filter(username="colleague").update(username=MARKER)


def resolved_otherwise(_: User) -> None:
    Resolution.objects.update(labels=[VIOLENCE], reason=MARKER, method="majority")


def in_dispute_otherwise(_: User) -> None:
    Disagreement.objects.update(reason=MARKER, categories=[GAMBLING, VIOLENCE])


def flagged_otherwise(_: User) -> None:
    Flag.objects.update(note=MARKER)


def served_for_another_reason(_: User) -> None:
    BatchItem.objects.update(
        stream=Stream.QUERY, strategy=MARKER, reason=f"{MARKER}: closest to the line of {GAMBLING}"
    )
    Batch.objects.update(reason=MARKER, fallback=True)


def scored_by_a_model(_: User) -> None:
    BatchItem.objects.update(
        score=SCORE, classifier_number=NUMBER, pool_size=NUMBER, inclusion_probability=SCORE, seed=NUMBER
    )


def expected_otherwise(_: User) -> None:
    """To show something else that is as harmless: the cover is the one thing that may tell more."""
    BatchItem.objects.update(expected=[GAMBLING])
    Assignment.objects.update(expected=[GAMBLING])


def expected_less_severe(_: User) -> None:
    BatchItem.objects.update(severity=1)
    Assignment.objects.update(severity=1)


def read_slowly(_: User) -> None:
    Assignment.objects.update(reading_seconds=SCORE)


def known_otherwise(_: User) -> None:
    Item.objects.update(known_labels=[VIOLENCE], metadata={"label": MARKER}, source=MARKER, traffic=NUMBER)


def gold_otherwise(_: User) -> None:
    Gold.objects.update(labels=[VIOLENCE], explanation=MARKER)


def served_as_gold(ann: User) -> None:
    """Every place that is left is a check of this one person."""
    Assignment.objects.filter(state=AssignmentState.FREE, place=3).update(state=AssignmentState.WITHHELD)
    Assignment.objects.filter(state=AssignmentState.FREE).update(purpose=Purpose.GOLD, for_annotator=ann)
    Membership.objects.filter(user=ann).update(check_share=1)


SEEN_BY_A_LEAD: Final = (
    judged_otherwise, could_not_be_judged, judged_by_somebody_else, resolved_otherwise, in_dispute_otherwise,
    flagged_otherwise, served_for_another_reason, scored_by_a_model, expected_otherwise, known_otherwise,
    gold_otherwise,
)  # fmt: skip
HIDDEN: Final = (*SEEN_BY_A_LEAD, expected_less_severe, read_slowly, served_as_gold)
LEADS_PAGES: Final = {
    "review:item_review", "review:disagreement", "review:disagreements", "review:flags", "review:gold", "queue:batch",
    "queue:item_ledger", "pool:item",
}  # fmt: skip


def everything_otherwise(ann: User) -> None:
    """All that can be hidden at once, but who a place is for: that changes how full the queue is, which all may see."""
    for change in (*SEEN_BY_A_LEAD, expected_less_severe, read_slowly):
        change(ann)


VARYING: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # client_id
    r"|\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|\+00:00)?"
    r"|(?<=\"id\":)\d+(?=,\"client_id|,\"item\")"  # of the judgment just stored, and of the flag
    r"|(?<=csrfmiddlewaretoken\" value=\")\w+|(?<=X-CSRFToken\": \")\w+"
)


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    headers = "\n".join(f"{name}: {value}" for name, value in sorted(answer.items()) if name not in CLOCKS)
    return VARYING.sub("#", f"{answer.status_code}\n{headers}\n{content.decode('utf-8', 'replace')}")


def pages_of(user: User, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What the addresses of these names answer."""
    client = Client()
    client.force_login(user)
    values = {
        "item_id": Item.objects.earliest("pk").pk,
        "number": 1,
        "disagreement_id": Disagreement.objects.earliest("pk").pk,
    }
    for route in routes():
        if route.name in names:
            for answer in ask(client, route, "pilot", values):
                yield f"{answer.request['REQUEST_METHOD']} {route.name}", text_of(answer)


def seat_of(user: User) -> Iterator[tuple[str, str]]:
    """What the labelling page gets from its first place to the one after a skip and a submit."""
    client = Client()
    client.force_login(user)
    label = "/projects/pilot/label/"

    def post(what: str, **data: object) -> str:
        answer = client.post(
            f"{label}{what}", {"part": "place", **data}, headers={"Accept": "application/json"}
        )
        return text_of(answer)

    def held() -> list[int]:
        mine = Assignment.objects.filter(annotator=user, state=AssignmentState.OFFERED)
        return list(mine.order_by("offered_at", "pk").values_list("pk", flat=True))

    yield "page", text_of(client.get(label))
    yield "next", post("next/", holding=held())
    for part in ("session/", "nothing/", "last/", "keys/", "care/"):
        yield part, text_of(client.get(label + part))
    yield "renew", post("renew/", assignment=held())
    first, second = held()
    yield "skip", post("skip/", assignment=first, reason="other", holding=[second])
    answer = {"assignment": second, "client_id": str(UUID(int=5)), "none": "on", "holding": held()[1:]}
    yield "submit", post("", **answer)
    yield "undo", post("undo/")


def token_of(user: User) -> Iterator[tuple[str, str]]:
    """What a program gets: places, and the one that comes with an acknowledged answer."""
    secret = token_create(user, "blind", days=1).secret
    client = Client(headers={"Authorization": f"Token {secret}"})
    root = "/api/v1/projects/pilot/"

    def post(what: str, body: dict[str, object]) -> Any:
        return client.post(root + what, json.dumps(body), content_type="application/json")

    claimed = post("queue/claim/", {})
    yield "claim", text_of(claimed)
    place = claimed.json()["assignment"]
    yield "claim more", text_of(post("queue/claim/", {"holding": [place]}))
    yield "renew", text_of(post(f"assignments/{place}/renew/", {}))
    yield "flag", text_of(post(f"assignments/{place}/flag/", {"note": "A game?"}))
    for part in ("session/", "care/"):
        yield part, text_of(client.get(root + part))
    answer = {"client_id": str(UUID(int=6)), "labels": [], "next": True}
    yield "submit", text_of(post(f"assignments/{place}/judgment/", answer))
    yield "undo", text_of(post("judgments/undo/", {"client_id": str(UUID(int=7))}))


def collected(who: Callable[[], Iterator[tuple[str, str]]], change: Callable[[], None]) -> dict[str, str]:
    """What somebody gets in the world that `change` makes; the world is as before afterwards."""
    with transaction.atomic():
        with pgtrigger.ignore(
            "judgments.Judgment:append_only", "queue.BatchItem:append_only", "queue.Batch:append_only",
            "review.Resolution:append_only",
        ):  # fmt: skip
            change()
        found = dict(who())
        transaction.set_rollback(True)
    return found


def nothing() -> None:
    """The world as it is."""


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda hidden: hidden.__name__)
def test_an_annotator_at_work_gets_the_same_whatever_is_hidden(
    ann: User, hidden: Callable[[User], None]
) -> None:
    for who in (seat_of, token_of):
        as_it_is = collected(partial(who, ann), nothing)

        changed = collected(partial(who, ann), partial(hidden, ann))

        assert changed.keys() == as_it_is.keys()
        for where, text in as_it_is.items():
            assert changed[where] == text, where
            assert MARKER not in changed[where], where


def test_every_address_of_an_annotator_answers_the_same_whatever_is_hidden(ann: User) -> None:
    theirs = {
        name for name, who in WHO.items() if who in set(Can) and Role.ANNOTATOR in ROLES_THAT_CAN[Can(who)]
    }
    names = theirs - STEERING
    as_it_is = collected(partial(pages_of, ann, names), nothing)

    changed = collected(partial(pages_of, ann, names), partial(everything_otherwise, ann))

    assert changed == as_it_is
    assert not [where for where, text in changed.items() if MARKER in text]


@pytest.mark.parametrize("hidden", SEEN_BY_A_LEAD, ids=lambda hidden: hidden.__name__)
def test_a_lead_gets_something_else_so_the_comparison_can_fail(
    lee: User, ann: User, hidden: Callable[[User], None]
) -> None:
    as_it_is = collected(partial(pages_of, lee, LEADS_PAGES), nothing)

    changed = collected(partial(pages_of, lee, LEADS_PAGES), partial(hidden, ann))

    assert [where for where, text in as_it_is.items() if changed[where] != text]
