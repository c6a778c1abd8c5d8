"""What the API answers to input that no honest client sends: a refusal in the one error shape, never a 500."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse

from annotator.projects.models import Role
from annotator.queue.models import Assignment, AssignmentState
from annotator.review.models import Resolution
from tests.factories import (
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db

LABELLED: Final = {"labels": ["games"], "unsure": ["gambling"], "verdict": "labelled"}
STEERING: Final[dict[str, Any]] = {
    "strategy": "rare_category", "shares": {"query": 0.5, "rare": 0.2, "explore": 0.2, "audit": 0.1},
    "batch_size": 20, "low_water": 20, "retrain_after": 20, "weights": {"games": 2.0},
}  # fmt: skip
GATE: Final[dict[str, Any]] = {
    "recall": {"games": 0.9}, "precision": {}, "calibration": 0.1, "latency_ms": 20.0, "megabytes": 50.0,
    "regression": True, "pack": True, "card": True,
}  # fmt: skip
RULE: Final[dict[str, Any]] = {
    "category": "games", "action": "block", "objective": "recall", "threshold": None, "recall_floor": 0.9,
    "cost_miss": 4.0, "cost_block": 1.0, "exception": "Why not.",
}  # fmt: skip
BODIES: Final[dict[str, dict[str, Any]]] = {
    "project_create": {
        "name": "Made", "slug": "made", "description": "A project.", "overlap": 2, "holdout_percent": 10,
        "blueprint": "project: {slug: made}",
    },
    "settings_set": {
        "name": "Pilot", "description": "A project.", "paused": False, "overlap": 2, "overlap_max": 3,
        "adaptive": False, "adaptive_certainty": 0.95, "adaptive_least": 1, "lease_seconds": 600, "prefetch": 1,
        "break_minutes": 50, "idle_minutes": 15, "exposure_budget": 60, "exposure_hours": 4, "cooldown_minutes": 20,
        "qualification": True, "gold_share": 0.03, "gold_share_new": 0.1, "gold_line": 0.75, "retest_share": 0.02,
        "retest_days": 7,
    },
    "member_set": {"username": "ann", "role": "lead"},
    "member_end": {"username": "ann"},
    "case_holder_set": {"username": "ann", "holds": True},
    "blueprint_publish": {"text": "categories: []", "note": "Clearer."},
    "judgment_undo": {"client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c18"},
    "judgment_edit": {
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c19", **LABELLED, "seconds": 4.5, "note": "A note.",
        "clause": "1.1",
    },
    "flag_raise": {"note": "A note."},
    "care_set": {"avoid": ["games"]},
    "standing_set": {"action": "waive", "reason": "They read the clause."},
    "recheck_count": {"taxonomy": 1, "guideline": 1, "groups": ["category/games"]},
    "suggestions_switch": {"on": True},
    "truth_set": {"truth": "adjudicated"},
    "filter_save": {"name": "Games", "address": "held=games&p_min=0.5&probability=games", "shared": True},
    "profile_set": {"based_on": 0, "pages_a_day": 1000, "note": "To begin with.", "rules": [RULE]},
    "pack_add": {"pack": "health", "addresses": ["site.example/page"], "items": [1], "note": "The nurses."},
    "pack_remove": {"pack": "health", "item": 1},
    "promotion_make": {"based_on": 0, "reason": "It is better.", "exception": "We know why."},
    "promotion_back": {"promotion": 1, "based_on": 0},
    "gate_rules_set": {**GATE, "based_on": 0, "note": "Stricter."},
    "gate_rules_effect": GATE,
    "version_comparison_ask": {"base": 1, "candidate": 2},
    "model_card_section_write": {"text": "For schools.", "based_on": 1},
    "judgment_submit": {
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c11", **LABELLED, "seconds": 4.5, "note": "A note.",
        "clause": "1.1", "next": True, "holding": [1],
    },
    "card_section_write": {"text": "Under no licence yet.", "based_on": 1},
    "gold_add": {"item": 1, "explanation": "Nobody takes it for anything else.", "clause": "1.1"},
    "queue_claim": {"holding": [1]},
    "assignment_skip": {"reason": "unclear", "note": "A note."},
    "resolution_adjudicate": {
        "item": 1,
        "labels": ["games"],
        "verdict": "labelled",
        "reason": "It is a game.",
        "clause": "1.1",
        "based_on": {"judgments": [1], "resolution": 1},
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c12",
    },
    "adjudication_revert": {"client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c13"},
    "spread_apply": {
        "decision": 1,
        "scope": "site",
        "items": [{"item": 1, "judgments": [1], "resolution": 1}],
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c14",
    },
    "bulk_plan": {
        "pattern": "either:gambling.games",
        "rule": {"verdict": "labelled", "present": ["games"], "absent": ["gambling"]},
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c15",
    },
    "bulk_answer": {"item": 1, "confirmed": True},
    "bulk_apply": {
        "reason": "It is a game.",
        "clause": "1.1",
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c16",
    },
    "disagreement_next": {"category": "games", "pattern": "one:games", "held": True, "after": 1},
    "disagreement_ask": {"n": 1, "annotator": "ann"},
    "disagreement_hold": {"reason": "The clause is being rewritten."},
    "question_ask": {
        "item": 1, "text": "Which clause?", "annotators": ["ann"], "category": "games", "clause": "1.1",
        "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c14",
    },
    "question_write": {
        "annotator": "ann", "text": "And the bonus?", "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c15",
    },
    "question_answer": {
        "text": "No stakes.", "decision": "stay", "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c16",
    },
    "snapshot_take": {
        "methods": ["unanimous"], "min_judgments": 0, "categories": ["games"], "streams": ["none"], "sources": [""],
        "resolved_from": "2020-01-01", "resolved_until": "2090-01-01", "as_of": "2026-01-01T00:00:00Z",
        "formats": ["csv"], "pseudonyms": "snapshot",
    },
    "snapshot_preview": {
        "methods": ["unanimous"], "min_judgments": 0, "categories": ["games"], "streams": ["none"], "sources": [""],
        "resolved_from": "2020-01-01", "resolved_until": "2090-01-01", "as_of": "2026-01-01T00:00:00Z",
        "formats": ["csv"], "pseudonyms": "snapshot",
    },
    "snapshot_annotate": {"kind": "note", "text": "Ready."},
    "suspect_fix": {"judgments": [1]},
    "suspect_send_back": {"text": "Which clause?", "client_id": "7b0e7f6a-55a4-4f0e-8b8e-0d4f8f5e7c17"},
    "guideline_draft_change": {
        "revision": 1, "change": "save", "number": "1.1", "category": "games", "title": "Chess", "body": "Counts.",
    },
    "guideline_draft_publish": {"revision": 1, "note": "Clearer."},
    "taxonomy_draft_change": {
        "revision": 0,
        "change": "split",
        "sources": ["games"],
        "made": [
            {
                "slug": slug, "name": slug, "definition": "A game.", "severity": 1, "cipa": False, "key": key,
                "recall_floor": 0.5, "terms": ["dice"],
            }
            for slug, key in (("board", "b"), ("video", "v"))
        ],
        "position": 0,
    },
    "taxonomy_draft_publish": {"revision": 1, "note": "Clearer."},
    "steering_set": {**STEERING, "based_on": 0, "note": "Thin."},
    "comparison_ask": STEERING,
    "changed_recheck": {"alike": 80, "items": [1], "reason": "It changed."},
    "erasure_create": {"item": 1, "site": "", "reason": "A request."},
    "retention_set": {"days": 30},
    "webhook_create": {"url": "https://receiver.example/", "events": ["batch.opened"], "note": "The warehouse"},
    "webhook_change": {"events": ["batch.opened"], "note": "The warehouse"},
    "import_start": {
        "url": "url", "title": "title", "text": "text", "labels": {"Games": "games"},
        "annotators": {"ann@example.org": "ann"},
    },
    "audits_open": {"category": "games", "n": 30},
    "error_cause_assign": {"errors": [1], "cluster": 1, "cause": "label", "reason": "It is a game."},
    "error_batch": {"errors": [1], "cluster": 1, "report": 1, "n": 20},
    "error_relook": {"errors": [1], "cluster": 1, "report": 1},
    "error_clause": {"errors": [1], "cluster": 1, "report": 1, "title": "Dice", "body": "A game."},
    "error_search": {"classifier": 1},
    "pack_rule_set": {"pack": "health", "limit": 0.01, "quota": 2, "based_on": 0, "note": "Clinics."},
    "experiment_start": {
        "candidate": 2, "share": 10, "reason": "It is better.", "shadow": True, "keeps_pages": True,
        "ends_at": "2027-01-01T00:00:00Z", "exception": "We know why.",
    },
    "experiment_stop": {"reason": "Enough."},
    "experiment_promote": {"based_on": 0, "reason": "It is better.", "exception": "We know why."},
    "error_report_begin": {"title": "Games", "classifier": 1, "category": "games"},
    "error_report_write": {
        "based_on": 1, "finish": True, "summary": "Games.", "why": "No clause.", "done": "A clause.", "open": "None.",
    },
    "score": {"pages": [{"url": "x.example", "title": "A page", "text": "Text."}], "profile": "high"},
    "recheck_open": {"taxonomy": 1, "guideline": 1, "groups": ["category/games"], "reason": "Split."},
}  # fmt: skip
UNSTORABLE: Final = ("\x00", "ga\x00mes", "\ud800")  # PostgreSQL keeps none of these in a text
HOSTILE: Final[tuple[Any, ...]] = (
    *UNSTORABLE,
    "",
    "x" * 10_000,
    "'; --",
    "٣",
    -1,
    2**31,
    2**63,
    10**30,
    1.5,
    True,
    None,
    [],
    {},
    [[{}]],
)
ROW_BY_ROW: Final = {"score"}  # a bad row has its error, and the others are answered
IN_ADDRESSES: Final = (
    "%00",
    "a%00",
    "%ED%A0%80",
    "%FF",
    "",
    "-1",
    "0",
    "9" * 30,
    quote("٣"),
    "x" * 3000,
    "a[]=b",
    "'",
)
IDS: Final = (0, 2**31, 2**63 - 1, 2**63, 10**30)
CURSORS: Final = (
    "p=x",
    "p=-1",
    "p=" + "9" * 30,
    "p=\x00",
    "p=1.5",
    "o=x",
    "o=-1",
    "r=x&p=",
    "p=%ff",
    "p=2030-01-01",
)
BODIES_UNREADABLE: Final = (
    b"", b"{", b"\xff\xfe", b"null", b"[]", b'"text"', b"1", b"NaN", b'{"seconds": 1e999}', b"[" * 100_000, b"9" * 9000,
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """One operation of the schema."""

    name: str
    method: str
    path: str
    parameters: tuple[str, ...]
    takes_json: bool

    def address(self, **values: object) -> str:
        """The address in `pilot`; ids and numbers are 1 unless given."""
        path = (
            self.path.replace("{slug}", "pilot")
            .replace("{section}", "model-contact" if "model-card" in self.path else "licence")
            .replace("{name}", "card.json")
            .replace("{output}", "argilla")
            .replace("{school}", "high")
            .replace("{category}", "games")
        )
        for name in (
            "item_id",
            "assignment_id",
            "disagreement_id",
            "entry_id",
            "bulk_id",
            "gold_id",
            "flag_id",
            "ingest_id",
            "import_id",
            "number",
            "other",
            "question_id",
            "suspect_id",
            "error_id",
            "query_id",
            "shadow_id",
            "delivery_id",
            "user_id",
            "judgment_id",
            "run_id",
            "id",
        ):
            path = path.replace(f"{{{name}}}", str(values.get(name, values.get("every", 1))))
        assert "{" not in path, path
        return path


@pytest.fixture
def client(client: Client) -> Client:
    """An admin of `pilot`, who may do everything; their place 1 is offered and item 1 judged."""
    # Item 1 of a new database is one that nobody of this project may decide.
    make_items(make_project("other"), 1)
    project = make_project("pilot")
    items = make_items(project, 3)
    make_batch(project, items)
    make_judgment(items[0], make_member(project), ["games"])
    make_resolution(items[1], ["games"])
    make_classifier(project)
    admin = make_member(project, Role.ADMIN)
    admin.is_superuser = True  # who may also make projects
    admin.save()
    client.force_login(admin)
    client.raise_request_exception = False
    return client


@pytest.fixture
def operations(client: Client) -> list[Operation]:
    schema = json.loads(client.get(reverse("schema"), {"format": "json"}).content)
    return list(operations_of(schema))


def operations_of(schema: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            parameters = operation.get("parameters", [])
            yield Operation(
                name=operation["operationId"],
                method=method,
                path=path,
                parameters=tuple(row["name"] for row in parameters if row["in"] == "query"),
                takes_json="application/json" in operation.get("requestBody", {}).get("content", {}),
            )


def refused_well(response: Any, *what: object) -> bool:
    """Whether it is a refusal; fails on a 5xx and on a refusal in another shape."""
    assert response.status_code < 500, (what, response.content[:500])
    if response.status_code < 400:
        return False
    error = json.loads(response.content)["error"]
    assert set(error) == {"code", "message", "details"}, what
    assert error["message"], what
    return True


def leaves(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to each value inside `value`, and to each container."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*at, key)
        yield from leaves(child, (*at, key))


def with_value(body: Any, at: tuple[str | int, ...], value: Any) -> Any:
    """A copy of `body` with `value` there."""
    copy = json.loads(json.dumps(body))
    inner = copy
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    return copy


def test_every_operation_with_a_body_is_tried(operations: list[Operation]) -> None:
    assert {operation.name for operation in operations if operation.takes_json} == set(BODIES)


def test_a_body_is_refused_when_a_value_in_it_is_hostile(client: Client, operations: list[Operation]) -> None:
    before = Resolution.objects.count()
    for operation in operations:
        for at in leaves(BODIES.get(operation.name, {})):
            for value in HOSTILE:
                body = with_value(BODIES[operation.name], at, value)
                answer = client.generic(
                    operation.method.upper(),
                    operation.address(),
                    json.dumps(body),
                    content_type="application/json",
                )
                refused = refused_well(answer, operation.name, at, value)
                assert refused or value not in UNSTORABLE or operation.name in ROW_BY_ROW, (
                    operation.name,
                    at,
                    value,
                )
    assert Resolution.objects.count() == before
    assert not Assignment.objects.filter(state=AssignmentState.SUBMITTED, place=2).exists()


def test_a_body_is_refused_when_it_cannot_be_read(client: Client, operations: list[Operation]) -> None:
    for operation in operations:
        if operation.method == "get":
            continue
        for kind in (
            "application/json",
            "text/plain",
            "application/xml",
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "",
        ):
            for body in BODIES_UNREADABLE:
                refused_well(
                    client.post(operation.address(), body, content_type=kind), operation.name, kind, body[:20]
                )


def test_a_list_is_refused_or_ignores_it_when_a_parameter_is_hostile(
    client: Client, operations: list[Operation]
) -> None:
    for operation in operations:
        if operation.method == "get":
            for name in (*operation.parameters, "cursor", "page_size", "unknown", "format", "%00"):
                for value in IN_ADDRESSES:
                    answer = client.get(f"{operation.address()}?{name}={value}")
                    refused_well(answer, operation.name, name, value)


def test_a_filter_is_refused_when_it_cannot_be_in_a_text(client: Client, operations: list[Operation]) -> None:
    for operation in operations:
        for name in set(operation.parameters) - {"cursor", "page_size", "format"}:
            answer = client.generic(operation.method.upper(), f"{operation.address()}?{name}=%00")
            assert refused_well(answer, operation.name, name), (operation.name, name)


def test_a_cursor_is_refused_when_we_never_gave_it(client: Client, operations: list[Operation]) -> None:
    for operation in operations:
        if "cursor" in operation.parameters:
            for cursor in CURSORS:
                coded = quote(base64.b64encode(cursor.encode("latin-1")).decode())
                refused_well(client.get(f"{operation.address()}?cursor={coded}"), operation.name, cursor)


def test_nothing_is_found_when_an_id_is_out_of_range(client: Client, operations: list[Operation]) -> None:
    for operation in operations:
        for number in IDS:
            address = operation.address(every=number)
            body = json.dumps(BODIES.get(operation.name, {}))
            answer = client.generic(operation.method.upper(), address, body, content_type="application/json")
            refused = refused_well(answer, operation.name, number)
            assert refused or address == operation.address(), (operation.name, number)


def test_another_method_is_refused_in_the_one_error_shape(
    client: Client, operations: list[Operation]
) -> None:
    for operation in operations:
        for method in ("PUT", "PATCH", "DELETE", "TRACE"):
            assert refused_well(client.generic(method, operation.address()), operation.name, method)


@pytest.mark.parametrize(
    "header", ["Token", "Token ", "Token cg_\x00", "Token é", "Token " + "x" * 5000, "Basic x", "\x00"]
)
def test_a_caller_is_refused_when_the_token_is_hostile(header: str, client: Client) -> None:
    client.logout()

    answer = client.get("/api/v1/projects/", headers={"Authorization": header})

    assert answer.status_code == 401
    assert refused_well(answer)
