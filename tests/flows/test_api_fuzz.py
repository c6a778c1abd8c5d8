"""Schemathesis over the whole API: no operation breaks, and each answers as its schema says.

All in one process, each request in a transaction that is undone, so that the next one finds the same rows. What would
only break at the commit is looked for at the end of each request.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, Phase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from annotator.accounts.services import token_create
from annotator.projects.api import ProjectView
from annotator.queue.models import Assignment
from annotator.review.models import Disagreement
from tests.pilot import Pilot, make_pilot

pytestmark = pytest.mark.django_db(
    transaction=True
)  # the pilot's snapshot is frozen by connections of its own

CHECKS: Final = [
    not_a_server_error, response_schema_conformance, content_type_conformance, status_code_conformance,
]  # fmt: skip
PROJECT_READ: Final = "GET /api/v1/projects/{slug}/"
EXAMPLES: Final = {GenerationMode.POSITIVE: 4, GenerationMode.NEGATIVE: 2}
EDGES: Final = 8
"""Of the edge cases of each operation, as many of each kind, evenly from first to last."""
CONFIG: Final = """
seed = 1

[parameters]
"path.slug" = "pilot"
"path.item_id" = {{ dictionary = "items", probability = 0.7 }}
"path.assignment_id" = {{ dictionary = "places", probability = 0.7 }}
"path.disagreement_id" = {{ dictionary = "disagreements", probability = 0.7 }}
"path.name" = {{ dictionary = "files", probability = 0.7 }}
"path.number" = {{ dictionary = "numbers", probability = 0.7 }}
"path.judgment_id" = {{ dictionary = "judgments", probability = 0.7 }}
"path.user_id" = {{ dictionary = "people", probability = 0.7 }}
"path.school" = {{ dictionary = "schools", probability = 0.7 }}
"body.item" = {{ dictionary = "items", probability = 0.7 }}

[phases.coverage]
unexpected-methods = []  # test_api_hostile tries them

[dictionaries]
items = {{ values = {items} }}
places = {{ values = {places} }}
disagreements = {{ values = {disagreements} }}
files = {{ values = ["items.parquet", "manifest.json", "card.json"] }}
numbers = {{ values = [1, 2, 3] }}
judgments = {{ values = {judgments} }}
people = {{ values = {people} }}
schools = {{ values = ["elementary", "high"] }}
"""


@pytest.fixture
def pilot() -> Pilot:
    return make_pilot()


@pytest.fixture
def schema(pilot: Pilot, settings: Any) -> Any:
    """The API in this process, called by an admin."""
    settings.API_REQUESTS_A_MINUTE = 0  # test_throttling tries it; here it would hide what comes after
    places = Assignment.objects.filter(project=pilot.project).values_list("pk", flat=True)[:8]
    config = CONFIG.format(
        items=[item.pk for item in pilot.items[:8]],
        places=list(places),
        disagreements=list(Disagreement.objects.values_list("pk", flat=True)),
        judgments=[pilot.judgment.pk],
        people=[pilot.people[name].pk for name in ("annie", "cyd")],
    )
    token = token_create(pilot.people["ada"], "fuzz", days=1).secret
    return schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json",
        WSGIHandler(),
        config=SchemathesisConfig.from_str(config),
        headers={"Authorization": f"Token {token}"},
    )


@pytest.fixture
def headers(pilot: Pilot) -> dict[str, str]:
    return {"Authorization": f"Token {token_create(pilot.people['ada'], 'fuzz', days=1).secret}"}


def test_no_operation_breaks_and_each_answers_as_its_schema_says(
    schema: Any, headers: dict[str, str]
) -> None:
    operations = [result.ok() for result in schema.get_all_operations()]

    found = {operation.label: problems_of(operation, headers) for operation in operations}

    assert {label: problems for label, problems in found.items() if problems} == {}
    assert len(found) == len({operation.label for operation in operations}) > 100


def test_what_is_planted_is_found(
    schema: Any, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    operation = next(
        found for result in schema.get_all_operations() if (found := result.ok()).label == PROJECT_READ
    )

    found = {}
    for planted in (breaks, says_something_else):
        monkeypatch.setattr(ProjectView, "get", planted)
        found[planted.__name__] = " ".join(problems_of(operation, headers))

    assert "Server error" in found["breaks"]
    assert "Response violates schema" in found["says_something_else"]


def breaks(view: APIView, request: Request, slug: str) -> Response:
    raise ZeroDivisionError


def says_something_else(view: APIView, request: Request, slug: str) -> Response:
    return Response({"slug": 1})


def problems_of(operation: Any, headers: dict[str, str]) -> list[str]:
    """What goes wrong with one operation; each kind once."""
    problems: dict[str, str] = {}

    def try_case(case: Any) -> None:
        try:
            answer(case, headers)
        except IntegrityError as error:
            problems.setdefault("commit", f"{case.as_curl_command()}\nThe commit would fail: {error}")
        except FailureGroup as group:
            for failure in group.exceptions:
                problems.setdefault(
                    str(failure.title), f"{case.as_curl_command()}\n{failure.title}: {failure.message}"
                )

    for mode, n in EXAMPLES.items():
        for case in edges_of(operation, mode):
            try_case(case)
        drawn(operation, mode, n, try_case)
    return list(problems.values())


def answer(case: Any, headers: dict[str, str]) -> None:
    """Send it, undo what it did, and check the answer; what a commit would have refused is an error of the server."""
    with transaction.atomic():
        response = case.call(headers=headers)
        if response.status_code < 400:
            connection.check_constraints()
        transaction.set_rollback(True)
    case.validate_response(response, checks=CHECKS)


def edges_of(operation: Any, mode: GenerationMode) -> Sequence[Any]:
    """Some of the edge cases: limits of numbers and lengths, what is missing, of another type, or given twice."""
    generator = CoverageGenerator(
        operation=operation,
        generation_modes=[mode],
        generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
        auth_storage=None,
        override=Override(),
        feedback=NO_FEEDBACK,
    )
    cases = list(generator)
    step = max(1, -(-len(cases) // EDGES))
    return cases[::step]


def drawn(operation: Any, mode: GenerationMode, n: int, try_case: Any) -> None:
    """Try `n` cases that Hypothesis draws, the same in each run."""

    @hypothesis.settings(
        max_examples=n,
        database=None,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        try_case(case)

    with suppress(hypothesis.errors.Unsatisfiable):  # nothing but what its schema allows can be sent to it
        draw()
