"""Every address and API operation, tried by everybody: exactly who gets in.

A route that is missing in `WHO` fails `test_every_route_says_who_gets_in`: decide, then write it down here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from annotator.projects.access import ROLES_THAT_CAN, Can
from annotator.projects.models import Membership, Project, Role
from tests.factories import make_batch, make_items, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

ANYONE: Final = "anyone"
SIGNED_IN: Final = "signed in"
FOUNDERS: Final = "whoever may add projects"
HOLDERS: Final = "case holders, whatever their role"

WHO: Final[dict[str, str]] = {
    "accounts:sign_in": ANYONE,
    "accounts:sign_out": ANYONE,
    "accounts:account": SIGNED_IN,
    "accounts:password": SIGNED_IN,
    "accounts:token_create": SIGNED_IN,
    "accounts:token_revoke": SIGNED_IN,
    "live": ANYONE,
    "ready": ANYONE,
    "schema": SIGNED_IN,
    "docs": SIGNED_IN,
    "projects:home": SIGNED_IN,
    "projects:create": FOUNDERS,
    "projects:guideline": Can.READ,
    "projects:publish": Can.GUIDE,
    "projects:guideline_draft": Can.GUIDE,
    "projects:guideline_draft_change": Can.GUIDE,
    "projects:guideline_draft_publish": Can.GUIDE,
    "projects:guideline_draft_discard": Can.GUIDE,
    "projects:taxonomy_draft": Can.GUIDE,
    "projects:taxonomy_draft_change": Can.GUIDE,
    "projects:taxonomy_draft_publish": Can.GUIDE,
    "projects:taxonomy_draft_discard": Can.GUIDE,
    "projects:settings": Can.CONFIGURE,
    "projects:members": Can.CONFIGURE,
    "projects:member_end": Can.CONFIGURE,
    "projects:case_holder": Can.CONFIGURE,
    "projects:log": Can.INSPECT,
    "api:project-list": SIGNED_IN,
    "POST api:project-list": FOUNDERS,
    "api:settings": Can.CONFIGURE,
    "api:member-list": Can.CONFIGURE,
    "api:member-end": Can.CONFIGURE,
    "api:case-holder": Can.CONFIGURE,
    "api:blueprint": Can.GUIDE,
    "api:project-read": Can.READ,
    "api:taxonomy-read": Can.READ,
    "api:guideline-read": Can.READ,
    "api:guideline-draft": Can.GUIDE,
    "api:guideline-publish": Can.GUIDE,
    "api:taxonomy-draft": Can.GUIDE,
    "api:taxonomy-publish": Can.GUIDE,
    "api:policy-read": Can.READ,
    "api:changed-list": Can.GUIDE,
    "api:recheck-list": Can.INSPECT,
    "POST api:recheck-list": Can.GUIDE,
    "api:recheck-cancel": Can.GUIDE,
    "learner:queries": Can.INSPECT,
    "learner:query": Can.INSPECT,
    "learner:look": Can.INSPECT,
    "learner:steering": Can.INSPECT,
    "POST learner:steering": Can.STEER,
    "learner:suggestions": Can.CONFIGURE,
    "learner:shadow": Can.INSPECT,
    "learner:shadow_adopt": Can.STEER,
    "api:query-list": Can.INSPECT,
    "api:query-read": Can.INSPECT,
    "api:steering": Can.INSPECT,
    "POST api:steering": Can.STEER,
    "api:item-look": Can.INSPECT,
    "api:comparison-list": Can.INSPECT,
    "POST api:comparison-list": Can.STEER,
    "api:comparison-read": Can.INSPECT,
    "snapshots:snapshots": Can.SNAPSHOT,
    "snapshots:snapshot": Can.SNAPSHOT,
    "snapshots:ingest_overlap": Can.SNAPSHOT,
    "snapshots:download": Can.SNAPSHOT,
    "snapshots:file": Can.SNAPSHOT,
    "snapshots:output": Can.SNAPSHOT,
    "api:snapshot-output": Can.SNAPSHOT,
    "review:outputs": Can.SNAPSHOT,
    "review:output": Can.SNAPSHOT,
    "api:output-list": Can.SNAPSHOT,
    "api:output-read": Can.SNAPSHOT,
    "snapshots:card": Can.SNAPSHOT,
    "snapshots:card_part": Can.SNAPSHOT,
    "snapshots:card_section": Can.SNAPSHOT,
    "POST snapshots:card_section": Can.DESCRIBE,
    "api:card-section-list": Can.SNAPSHOT,
    "api:card-section-write": Can.DESCRIBE,
    "snapshots:new": Can.SNAPSHOT,
    "snapshots:cancel": Can.SNAPSHOT,
    "snapshots:annotate": Can.SNAPSHOT,
    "snapshots:differences": Can.SNAPSHOT,
    "snapshots:differences_file": Can.SNAPSHOT,
    "api:signing-key": SIGNED_IN,
    "api:snapshot-preview": Can.SNAPSHOT,
    "api:snapshot-notes": Can.SNAPSHOT,
    "api:snapshot-differences": Can.SNAPSHOT,
    "api:snapshot-run-cancel": Can.SNAPSHOT,
    "api:snapshot-list": Can.SNAPSHOT,
    "api:snapshot-read": Can.SNAPSHOT,
    "api:snapshot-download": Can.SNAPSHOT,
    "api:snapshot-file": Can.SNAPSHOT,
    "api:snapshot-run-list": Can.SNAPSHOT,
    "api:snapshot-run-read": Can.SNAPSHOT,
    "review:overview": Can.INSPECT,
    "review:disagreements": Can.RESOLVE,
    "review:disagreement": Can.RESOLVE,
    "review:disagreement_next": Can.RESOLVE,
    "review:lease": Can.RESOLVE,
    "review:item_review": Can.RESOLVE,
    "review:alike": Can.RESOLVE,
    "review:spread": Can.RESOLVE,
    "review:bulk_new": Can.RESOLVE,
    "review:bulk": Can.RESOLVE,
    "review:bulk_answer": Can.RESOLVE,
    "review:item_question": Can.RESOLVE,
    "review:item_gold": Can.RESOLVE,
    "review:item_clause": Can.GUIDE,
    "review:questions": Can.LABEL,  # to oneself
    "review:question_own": Can.LABEL,  # to oneself
    "review:questions_count": Can.LABEL,
    "review:questions_asked": Can.RESOLVE,
    "review:question": Can.RESOLVE,
    "review:question_close": Can.RESOLVE,
    "review:adjudications": Can.RESOLVE,
    "review:adjudication": Can.RESOLVE,
    "review:revert": Can.RESOLVE,
    "review:agreement": Can.INSPECT,  # the pairs of people with Can.RESOLVE
    "review:agreement_items": Can.RESOLVE,
    "review:cited": Can.RESOLVE,
    "review:guideline_draft_impact": Can.GUIDE,
    "review:policy": Can.READ,
    "review:taxonomy_draft_impact": Can.GUIDE,
    "review:changed": Can.GUIDE,
    "review:rechecks": Can.GUIDE,
    "review:recheck_cancel": Can.GUIDE,
    "review:flags": Can.RESOLVE,
    "review:flag_close": Can.RESOLVE,
    "review:gold": Can.RESOLVE,
    "review:gold_retire": Can.RESOLVE,
    "review:people": Can.RESOLVE,
    "review:person": Can.RESOLVE,
    "review:standing": Can.RESOLVE,
    "review:own_checks": Can.LABEL,  # one's own totals
    "api:people-list": Can.RESOLVE,
    "api:people-checks": Can.RESOLVE,
    "api:people-me": Can.LABEL,  # one's own numbers
    "api:question-list": Can.RESOLVE,
    "api:question-read": Can.RESOLVE,
    "api:question-write": Can.RESOLVE,
    "api:question-close": Can.RESOLVE,
    "api:question-me": Can.LABEL,  # to oneself
    "api:question-answer": Can.LABEL,  # to oneself
    "api:suspect-list": Can.RESOLVE,
    "api:suspect-confirm": Can.RESOLVE,
    "api:suspect-fix": Can.RESOLVE,
    "api:suspect-send-back": Can.RESOLVE,
    "api:flag-list": Can.RESOLVE,
    "api:flag-close": Can.RESOLVE,
    "api:log-list": Can.INSPECT,
    "api:item-ledger": Can.INSPECT,
    "api:gold-list": Can.RESOLVE,
    "api:gold-retire": Can.RESOLVE,
    "judgments:imports": Can.RESOLVE,
    "judgments:import": Can.RESOLVE,
    "judgments:import_cancel": Can.RESOLVE,
    "judgments:import_refused": Can.RESOLVE,
    "api:import-list": Can.RESOLVE,
    "api:import-read": Can.RESOLVE,
    "api:import-start": Can.RESOLVE,
    "api:import-cancel": Can.RESOLVE,
    "api:refused-judgment-list": Can.RESOLVE,
    "judgments:label": Can.LABEL,
    "judgments:next": Can.LABEL,
    "judgments:skip": Can.LABEL,
    "judgments:flag": Can.LABEL,
    "judgments:undo": Can.LABEL,
    "judgments:renew": Can.LABEL,
    "judgments:release": Can.LABEL,
    "judgments:keys": Can.LABEL,
    "judgments:session": Can.LABEL,
    "judgments:last": Can.LABEL,
    "judgments:news": Can.LABEL,
    "judgments:history": Can.LABEL,
    "judgments:care": Can.LABEL,
    "judgments:nothing": Can.LABEL,
    "judgments:edit": Can.LABEL,
    "judgments:stop": Can.LABEL,
    "queue:cases": HOLDERS,
    "queue:case": HOLDERS,
    "queue:case_evidence": HOLDERS,
    "queue:batches": Can.INSPECT,
    "queue:batch": Can.INSPECT,
    "queue:ledger": Can.INSPECT,
    "queue:item_ledger": Can.INSPECT,
    "pool:ingests": Can.INGEST,
    "pool:ingest": Can.INGEST,
    "pool:refused": Can.INGEST,
    "pool:erasures": Can.INSPECT,
    "POST pool:erasures": Can.CONFIGURE,
    "pool:retention": Can.CONFIGURE,
    "api:erasure-list": Can.INSPECT,
    "POST api:erasure-list": Can.CONFIGURE,
    "api:retention": Can.INSPECT,
    "POST api:retention": Can.CONFIGURE,
    "pool:items": Can.INSPECT,
    "pool:item": Can.INSPECT,
    "explorer:explorer": Can.INSPECT,
    "explorer:to_snapshot": Can.SNAPSHOT,
    "explorer:save": Can.INSPECT,
    "explorer:delete": Can.INSPECT,
    "api:explorer": Can.INSPECT,
    "api:explorer-charts": Can.INSPECT,
    "errors:errors": Can.INSPECT,
    "errors:clusters": Can.INSPECT,
    "errors:error": Can.INSPECT,  # who judged it with Can.RESOLVE
    "errors:causes": Can.INSPECT,
    "errors:search": Can.INSPECT,
    "errors:batch": Can.INSPECT,
    "errors:clause": Can.GUIDE,
    "errors:relook": Can.RESOLVE,
    "errors:reports": Can.INSPECT,
    "errors:report": Can.INSPECT,
    "errors:report_file": Can.INSPECT,
    "api:error-list": Can.INSPECT,
    "api:error-read": Can.INSPECT,
    "api:error-causes": Can.INSPECT,
    "api:error-batch": Can.INSPECT,
    "api:error-relook": Can.RESOLVE,
    "api:error-report-list": Can.INSPECT,
    "api:error-report-read": Can.INSPECT,
    "suspects:suspects": Can.RESOLVE,
    "suspects:answer": Can.RESOLVE,
    "release:serving": Can.INSPECT,
    "release:back": Can.PROMOTE,
    "release:rules": Can.INSPECT,
    "POST release:rules": Can.STEER,
    "release:sections": Can.INSPECT,
    "release:section": Can.INSPECT,
    "POST release:section": Can.DESCRIBE,
    "release:card": Can.INSPECT,
    "release:card_file": Can.INSPECT,
    "release:compare": Can.INSPECT,
    "release:comparison": Can.INSPECT,
    "release:summary": Can.INSPECT,
    "release:gate": Can.INSPECT,
    "POST release:gate": Can.PROMOTE,
    "release:gate_again": Can.PROMOTE,
    "release:evaluate": Can.PROMOTE,
    "evaluation:newest": Can.INSPECT,
    "evaluation:evaluation": Can.INSPECT,
    "evaluation:category": Can.INSPECT,
    "evaluation:profiles": Can.INSPECT,
    "evaluation:profile": Can.INSPECT,
    "POST evaluation:profile": Can.STEER,
    "evaluation:packs": Can.INSPECT,
    "evaluation:pack_out": Can.INSPECT,
    "evaluation:pack_rule": Can.STEER,
    "training:curve": Can.INSPECT,
    "training:classifiers": Can.INSPECT,
    "training:classifier": Can.INSPECT,
    "training:overview_part": Can.INSPECT,
    "training:item_part": Can.RESOLVE,
    "training:audits": Can.INSPECT,
    "training:audits_open": Can.INSPECT,
    "training:truth": Can.STEER,
    "training:train": Can.INSPECT,
    "training:choose": Can.INSPECT,
    "training:uses": Can.LABEL,
    "api:queue-claim": Can.LABEL,
    "api:assignment-renew": Can.LABEL,
    "api:assignment-release": Can.LABEL,
    "api:assignment-skip": Can.LABEL,
    "api:assignment-stop": Can.LABEL,
    "api:judgment-submit": Can.LABEL,
    "api:judgment-list": Can.READ,  # one's own; everybody's with Can.INSPECT, names with Can.RESOLVE
    "api:progress-read": Can.READ,
    "api:batch-list": Can.INSPECT,
    "api:batch-item-list": Can.INSPECT,
    "api:ledger-list": Can.INSPECT,
    "api:ingest-list": Can.INGEST,
    "api:ingest-read": Can.INGEST,
    "api:refused-row-list": Can.INGEST,
    "api:ingest-report": Can.INGEST,
    "api:item-list": Can.INSPECT,
    "api:item-read": Can.INSPECT,
    "api:resolution-list": Can.INSPECT,
    "POST api:resolution-list": Can.RESOLVE,
    "api:adjudication-list": Can.RESOLVE,
    "api:adjudication-revert": Can.RESOLVE,
    "api:spread": Can.RESOLVE,
    "api:bulk-list": Can.RESOLVE,
    "api:bulk-read": Can.RESOLVE,
    "api:bulk-answer": Can.RESOLVE,
    "api:bulk-apply": Can.RESOLVE,
    "api:disagreement-list": Can.RESOLVE,
    "api:disagreement-detail": Can.RESOLVE,
    "api:disagreement-patterns": Can.RESOLVE,
    "api:disagreement-next": Can.RESOLVE,
    "api:disagreement-lease": Can.RESOLVE,
    "api:disagreement-hold": Can.RESOLVE,
    "api:disagreement-ask": Can.RESOLVE,
    "api:agreement-read": Can.INSPECT,
    "api:agreement-adaptive": Can.INSPECT,
    "api:classifier-prospects": Can.INSPECT,
    "api:classifier-list": Can.INSPECT,
    "api:audits": Can.INSPECT,
    "api:audit-plan": Can.INSPECT,
    "api:classifier-read": Can.INSPECT,
    "webhooks:webhooks": Can.CONFIGURE,
    "webhooks:webhook": Can.CONFIGURE,
    "webhooks:ping": Can.CONFIGURE,
    "webhooks:pause": Can.CONFIGURE,
    "webhooks:resume": Can.CONFIGURE,
    "webhooks:rotate": Can.CONFIGURE,
    "webhooks:remove": Can.CONFIGURE,
    "webhooks:repeat": Can.CONFIGURE,
    "api:webhook-list": Can.CONFIGURE,
    "api:webhook-read": Can.CONFIGURE,
    "api:webhook-ping": Can.CONFIGURE,
    "api:webhook-pause": Can.CONFIGURE,
    "api:webhook-resume": Can.CONFIGURE,
    "api:webhook-rotate": Can.CONFIGURE,
    "api:webhook-delivery-list": Can.CONFIGURE,
    "api:webhook-delivery-read": Can.CONFIGURE,
    "api:webhook-delivery-repeat": Can.CONFIGURE,
    "api:classifier-bundle": Can.INSPECT,
    "api:score": Can.SCORE,
    "api:experiment-list": Can.INSPECT,
    "POST api:experiment-list": Can.PROMOTE,
    "api:experiment-read": Can.INSPECT,
    "api:experiment-stop": Can.PROMOTE,
    "api:experiment-promote": Can.PROMOTE,
    "api:pack-rule": Can.STEER,
    "api:error-clause": Can.GUIDE,
    "api:error-search": Can.INSPECT,
    "api:experiment-pages": Can.INSPECT,
    "monitoring:experiments": Can.INSPECT,
    "POST monitoring:experiments": Can.PROMOTE,
    "monitoring:experiment": Can.INSPECT,
    "monitoring:experiment_stop": Can.PROMOTE,
    "monitoring:experiment_promote": Can.PROMOTE,
    "monitoring:experiment_pages": Can.INSPECT,
    "api:evaluation-read": Can.INSPECT,
    "api:threshold-look": Can.INSPECT,
    "api:classifier-words": Can.INSPECT,
    "api:profile-list": Can.INSPECT,
    "api:profile-version-list": Can.INSPECT,
    "api:profile-read": Can.INSPECT,
    "api:profile-rules": Can.INSPECT,
    "POST api:profile-rules": Can.STEER,
    "api:pack-list": Can.INSPECT,
    "api:pack-remove": Can.INSPECT,
    "api:serving": Can.INSPECT,
    "api:promotion-list": Can.INSPECT,
    "api:promotion-back": Can.PROMOTE,
    "api:promotion-make": Can.PROMOTE,
    "api:gate": Can.INSPECT,
    "POST api:gate": Can.PROMOTE,
    "api:evaluation-ask": Can.PROMOTE,
    "api:classifier-summary": Can.INSPECT,
    "api:gate-rules": Can.INSPECT,
    "POST api:gate-rules": Can.STEER,
    "api:gate-rules-list": Can.INSPECT,
    "api:gate-rules-effect": Can.STEER,
    "api:model-card-file": Can.INSPECT,
    "api:model-card-section-list": Can.INSPECT,
    "api:model-card-section-write": Can.DESCRIBE,
    "api:version-comparison-list": Can.INSPECT,
    "api:version-comparison-read": Can.INSPECT,
    "api:audit-state": Can.INSPECT,
    "api:truth": Can.INSPECT,
    "POST api:truth": Can.STEER,
    "api:item-opinion": Can.RESOLVE,
    "api:comparison-adopt": Can.STEER,
    "api:steering-list": Can.INSPECT,
    "api:training-run-list": Can.INSPECT,
    "api:suggestions": Can.INSPECT,
    "POST api:suggestions": Can.CONFIGURE,
    "api:judgment-uses": Can.LABEL,
    "api:judgment-undone-uses": Can.LABEL,
    "api:filter-list": Can.INSPECT,
    "api:filter-delete": Can.INSPECT,
    "api:ingest-overlap": Can.SNAPSHOT,
    "api:judgment-undo": Can.LABEL,  # one's own
    "api:judgment-read": Can.LABEL,  # one's own
    "api:flag-raise": Can.LABEL,
    "api:session": Can.LABEL,  # one's own
    "api:care": Can.LABEL,  # one's own
    "api:person-read": Can.RESOLVE,
    "api:standing-set": Can.RESOLVE,
    "api:checks-me": Can.LABEL,  # one's own totals
    "api:agreement-item-list": Can.RESOLVE,
    "api:cited-list": Can.RESOLVE,
    "api:guideline-draft-impact": Can.GUIDE,
    "api:taxonomy-draft-impact": Can.GUIDE,
    "api:recheck-group-list": Can.GUIDE,
    "api:item-alike": Can.RESOLVE,
    "api:overview": Can.INSPECT,
    "api:gold-coverage": Can.RESOLVE,
    "api:gold-suggestion-list": Can.RESOLVE,
}


@dataclass(frozen=True)
class Route:
    """One address: its name, and the names of the values in it."""

    name: str
    keywords: tuple[str, ...]

    @property
    def is_api(self) -> bool:
        return self.name.startswith("api:")

    def address(self, slug: str, values: dict[str, int]) -> str:
        """The address in the project `slug`."""
        given: dict[str, object] = {
            **dict.fromkeys(self.keywords, 1),
            **values,
            "slug": slug,
            "name": "README.md",
        }
        return reverse(self.name, kwargs={keyword: given[keyword] for keyword in self.keywords})


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, ""))


def _walk(
    patterns: list[URLPattern | URLResolver], namespace: str, outer: tuple[str, ...] = ()
) -> Iterator[Route]:
    for pattern in patterns:
        keywords = (*outer, *pattern.pattern.converters)
        if isinstance(pattern, URLPattern):
            assert pattern.name, f"{pattern.pattern} has no name"
            yield Route(f"{namespace}{pattern.name}", keywords)
        elif pattern.app_name != "admin":  # Django's own, and only for staff
            inner = f"{pattern.namespace}:" if pattern.namespace else namespace
            yield from _walk(pattern.url_patterns, inner, keywords)


def ask(client: Client, route: Route, slug: str, values: dict[str, int] | None = None) -> Iterator[Any]:
    """What each method answers, where the address takes it; of the pages none takes any but these two."""
    address = route.address(slug, values or {})
    for method in ("GET", "POST", *(("PUT", "DELETE") if route.is_api else ())):
        body = "" if method == "GET" else "{}"
        answer = client.generic(method, address, body, content_type="application/json")
        if answer.status_code != 405:
            yield answer


def who(route: Route, answer: Any) -> str:
    """Who gets in at this address by the method that was answered."""
    return WHO.get(f"{answer.request['REQUEST_METHOD']} {route.name}", WHO[route.name])


def signed_in(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(make_member(project, role))
    return client


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    make_batch(project, make_items(project, 3))
    return project


def test_every_route_says_who_gets_in() -> None:
    assert {route.name for route in routes()} == {name.removeprefix("POST ") for name in WHO}


def test_a_stranger_is_asked_to_sign_in(project: Project) -> None:
    for route in routes():
        for answer in ask(Client(), route, "pilot"):
            if WHO[route.name] == ANYONE:
                assert answer.status_code in (200, 302), route
            elif route.is_api:
                assert answer.status_code == 401, route
                assert answer.json()["error"]["message"], route
            else:
                assert answer.status_code in (302, 401), route
                assert answer.status_code == 401 or answer["Location"].startswith("/sign-in/"), route


def test_a_member_of_another_project_does_not_learn_that_this_one_exists(project: Project) -> None:
    client = signed_in(make_project("elsewhere"), Role.ADMIN)

    for route in routes():
        if "slug" in route.keywords:
            for answer in ask(client, route, "pilot"):
                assert answer.status_code == 404, route
                assert 'You have no project "pilot"' in answer.content.decode().replace(
                    "&quot;", '"'
                ).replace('\\"', '"')


def test_the_rows_of_another_project_cannot_be_reached_through_ones_own(project: Project) -> None:
    item = make_items(project, 1)[0]
    client = signed_in(make_project("elsewhere"), Role.ADMIN)
    values = {"item_id": item.pk, "pk": item.pk, "number": 1}

    for route in routes():
        if "slug" in route.keywords and len(route.keywords) > 1:
            for answer in ask(client, route, "elsewhere", values):
                assert answer.status_code in (400, 404), (route, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_gets_in_exactly_where_it_may(project: Project, role: Role) -> None:
    client = signed_in(project, role)

    for route in routes():
        if "slug" not in route.keywords:
            continue
        for answer in ask(client, route, "pilot"):
            if WHO[route.name] == HOLDERS:
                assert answer.status_code == 404, route
                continue
            allowed = role in ROLES_THAT_CAN[Can(who(route, answer))]
            text = answer.content.decode("utf-8", "replace") if not answer.streaming else ""
            if allowed:
                assert answer.status_code < 500, (route, text)
                assert answer.status_code not in (401, 403), (route, text)
            elif route.name == "review:overview":
                assert answer["Location"] == "/projects/pilot/label/"  # where an annotator's project begins
            else:
                assert answer.status_code == 403, (route, answer.status_code)


@pytest.mark.parametrize("role", list(Role))
def test_a_case_holder_of_any_role_finds_the_cases(project: Project, role: Role) -> None:
    client = signed_in(project, role)
    Membership.objects.filter(project=project, role=role).update(case_holder=True)

    assert client.get("/projects/pilot/cases/").status_code == 200
    assert "/projects/pilot/cases/" in client.get("/projects/pilot/guideline/").content.decode()
    assert "no case 1" in client.get("/projects/pilot/cases/1/").content.decode()


def test_whoever_is_signed_in_sees_only_their_own(project: Project) -> None:
    client = Client()
    client.force_login(make_user())

    for route in routes():
        if WHO[route.name] == SIGNED_IN:
            for answer in ask(client, route, "pilot"):
                if who(route, answer) == FOUNDERS:
                    assert answer.status_code == 403
                    continue
                assert answer.status_code < 500, route
                assert "pilot" not in answer.content.decode() or route.name in ("schema", "docs"), route
        if WHO[route.name] == FOUNDERS:
            assert {answer.status_code for answer in ask(client, route, "pilot")} == {403}


def test_a_removed_member_is_out_at_once(project: Project) -> None:
    user = make_member(project, Role.LEAD)
    client = Client()
    client.force_login(user)
    assert client.get("/projects/pilot/log/").status_code == 200

    user.is_active = False
    user.save()

    assert client.get("/projects/pilot/log/").status_code == 302
