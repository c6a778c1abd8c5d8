"""Nobody else sees what a person took and what they opted out of: every address is tried by everybody."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from annotator.accounts.models import User
from annotator.projects.models import Project, Role
from annotator.queue.models import (
    Assignment,
    AssignmentState,
    Batch,
    Exposure,
    OptOut,
    Purpose,
    QueueCursor,
)
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.queue.places import assignment_claim
from annotator.queue.rationing import opt_outs_set
from tests.factories import (
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)
from tests.flows.test_access import Route, routes

pytestmark = pytest.mark.django_db

VOLATILE = re.compile(
    r'name="csrfmiddlewaretoken" value="[^"]*"|X-CSRFToken[^}]*|nonce-?="[^"]*"|"lease_until":"[^"]*"'
    r'|data-lease="[^"]*"|name="client_id" value="[^"]*"|(\d+|a)\s(second|minute)s?\sago|(?<=>)now(?=<)'
)
VALUES = {"number": 1, "version": 1}
OTHERS = [Role.LEAD, Role.ADMIN, Role.SCIENTIST, Role.ANNOTATOR]


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=2, exposure_budget=6)


@pytest.fixture
def annie(project: Project) -> User:
    return make_member(project, username="annie")


@pytest.fixture
def values(project: Project, annie: User) -> dict[str, int]:
    """Ids for the addresses: of a page that annie judged, beside one that is still open."""
    items = [*make_items(project, 2), *make_items(project, 1, topic=VIOLENCE)]
    make_batch(project, items)
    judgment = make_judgment(items[0], annie, [VIOLENCE])
    make_judgment(items[0], make_member(project), [GAMES])
    make_resolution(items[0], [VIOLENCE])
    return VALUES | {
        "item_id": items[0].pk,
        "pk": items[0].pk,
        "judgment_id": judgment.pk,
        "user_id": annie.pk,
    }


def readable(route: Route) -> bool:
    return "slug" in route.keywords or route.name in ("projects:home", "accounts:account", "api:project-list")


def seen_by(person: User, values: dict[str, int]) -> dict[str, str]:
    """What every address of the project answers, without what changes at each request."""
    client = Client()
    client.force_login(person)
    answers: dict[str, Any] = {
        route.name: client.get(route.address("pilot", values)) for route in routes() if readable(route)
    }
    return {name: VOLATILE.sub("", text_of(answer)) for name, answer in answers.items()}


def text_of(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return f"{answer.status_code} {body.decode('utf-8', 'replace')}"


def take_care(project: Project, person: User) -> None:
    """They use their budget up, and opt out of a category."""
    minute = timezone.now().replace(second=0, microsecond=0)
    Exposure.objects.create(annotator=person, minute=minute, points=60, items=20)
    opt_outs_set(project, person, [VIOLENCE])


@pytest.mark.parametrize("role", OTHERS)
def test_no_page_or_operation_changes_for_anybody_else_when_somebody_rests_and_opts_out(
    project: Project, annie: User, values: dict[str, int], role: Role
) -> None:
    other = make_member(project, role, "other")
    seen_by(other, values)  # the first visit claims a place, and is counted
    before = seen_by(other, values)

    take_care(project, annie)
    after = seen_by(other, values)

    assert OptOut.objects.filter(annotator=annie).exists()
    assert {name for name in before if before[name] != after[name]} == set()
    assert len(before) > 40


def test_nothing_changes_for_a_lead_when_somebody_comes_away_with_nothing_because_they_rest(
    project: Project, annie: User, values: dict[str, int]
) -> None:
    lead = make_member(project, Role.LEAD, "lead")
    take_care(project, annie)
    while assignment_claim(project, annie, holding=held_by(annie)) is not None:
        pass
    seen_by(lead, values)

    pages = seen_by(lead, values)

    assert not QueueCursor.objects.filter(annotator=annie, empty_at__isnull=False).exists()
    assert "came away with nothing" not in pages["review:overview"]
    for name, page in pages.items():
        assert not re.search(r"annie[^<\n]{0,80}(lighter|opted|opt-out|rest\b|exposure)", page), name


def held_by(person: User) -> list[int]:
    return list(
        Assignment.objects.filter(annotator=person, state=AssignmentState.OFFERED).values_list(
            "pk", flat=True
        )
    )


@pytest.mark.parametrize("role", [Role.LEAD, Role.ADMIN, Role.SCIENTIST])
def test_no_page_reads_opt_outs_or_exposure_but_ones_own_and_the_sums_of_the_team(
    project: Project, annie: User, values: dict[str, int], role: Role
) -> None:
    take_care(project, annie)
    client = Client()
    client.force_login(make_member(project, role))
    own = {
        "judgments:label", "judgments:session", "judgments:care", "judgments:nothing", "api:session", "api:care",
    }  # fmt: skip

    for route in routes():
        if readable(route):
            with CaptureQueriesContext(connection) as captured:
                client.get(route.address("pilot", values))
            tables = {
                table
                for query in captured
                for table in ("opt_out", "exposure")
                if re.search(rf'(FROM|JOIN) "?{table}"?\b', query["sql"] or "")
            }
            assert not tables or route.name in own, (route.name, tables)


def test_the_ledger_of_checks_does_not_say_from_how_many_pages_somebody_may_be_given_any(
    project: Project, annie: User, values: dict[str, int]
) -> None:
    """It would be fewer for whoever opted out, and each of them likelier."""
    draw = Draw("gold-balanced", "Gold for annie", pool_size=918_273, seed=5)
    (item,) = make_items(project, 1)
    choice = PersonalChoice(item.pk, frozenset({GAMES}), 0.918273)
    places_personal_open(project, annie, Purpose.GOLD, [choice], draw=draw)
    number = Batch.objects.get(personal=True).number
    client = Client()
    client.force_login(make_member(project, Role.ADMIN))

    doors = {
        "/projects/pilot/batches/?checks": "Gold for annie",
        f"/projects/pilot/batches/{number}/": "Gold for annie",
        f"/projects/pilot/items/{item.pk}/ledger/": "Gold for annie",
        "/api/v1/projects/pilot/batches/": '"pool_size":null',
        f"/api/v1/projects/pilot/batches/{number}/items/": '"inclusion_probability":null',
    }
    for door, said in doors.items():
        text = text_of(client.get(door))
        assert said in text, door
        assert not re.search(r"918.?273", text), door
