"""Everything that the pages can do, the API can: each page is named here with the operations that do the same.

A page that is missing here fails: build its operation, or write down why there is none.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user
from tests.flows.test_access import Route, routes

pytestmark = pytest.mark.django_db

DONE: Final[dict[str, tuple[str, ...]]] = {
    "projects:create": ("project_create",),
    "projects:publish": ("blueprint_publish",),
    "projects:guideline_draft_change": ("guideline_draft_change",),
    "projects:guideline_draft_publish": ("guideline_draft_publish",),
    "projects:guideline_draft_discard": ("guideline_draft_discard",),
    "projects:taxonomy_draft_change": ("taxonomy_draft_change",),
    "projects:taxonomy_draft_publish": ("taxonomy_draft_publish",),
    "projects:taxonomy_draft_discard": ("taxonomy_draft_discard",),
    "projects:settings": ("settings_set",),
    "projects:members": ("member_set",),
    "projects:member_end": ("member_end",),
    "projects:case_holder": ("case_holder_set",),
    "pool:ingests": ("ingest_create",),
    "pool:erasures": ("erasure_create",),
    "pool:retention": ("retention_set",),
    "judgments:label": ("judgment_submit",),
    "judgments:next": ("queue_claim",),
    "judgments:skip": ("assignment_skip",),
    "judgments:flag": ("flag_raise",),
    "judgments:stop": ("assignment_stop",),
    "judgments:undo": ("judgment_undo",),
    "judgments:renew": ("assignment_renew",),
    "judgments:release": ("assignment_release",),
    "judgments:care": ("care_set",),
    "judgments:edit": ("judgment_edit",),
    "judgments:imports": ("import_create",),
    "judgments:import": ("import_start",),
    "judgments:import_cancel": ("import_cancel",),
    "review:disagreement": (
        "resolution_adjudicate", "disagreement_hold", "disagreement_release", "disagreement_ask",
    ),
    "review:lease": ("disagreement_lease", "disagreement_leave"),
    "review:item_review": ("resolution_adjudicate",),
    "review:spread": ("spread_apply",),
    "review:bulk_new": ("bulk_plan",),
    "review:bulk": ("bulk_apply",),
    "review:bulk_answer": ("bulk_answer",),
    "review:revert": ("adjudication_revert",),
    "review:item_question": ("question_ask",),
    "review:question": ("question_write",),
    "review:question_close": ("question_close",),
    "review:question_own": ("question_answer",),
    "review:gold": ("gold_add",),
    "review:item_gold": ("gold_add",),
    "review:gold_retire": ("gold_retire",),
    "review:item_clause": ("guideline_draft_change",),
    "review:standing": ("standing_set",),
    "review:rechecks": ("recheck_open", "recheck_count"),
    "review:recheck_cancel": ("recheck_cancel",),
    "review:changed": ("changed_recheck",),
    "review:flag_close": ("flag_close",),
    "learner:steering": ("steering_set", "comparison_ask"),
    "learner:suggestions": ("suggestions_switch",),
    "learner:shadow_adopt": ("comparison_adopt",),
    "learner:look": ("item_look_ask",),
    "training:train": ("training_ask",),
    "training:choose": ("batch_ask",),
    "training:audits_open": ("audits_open",),
    "training:truth": ("truth_set",),
    "snapshots:snapshots": ("snapshot_take",),
    "snapshots:new": ("snapshot_take", "snapshot_preview"),
    "snapshots:cancel": ("snapshot_run_cancel",),
    "snapshots:annotate": ("snapshot_annotate",),
    "snapshots:card_section": ("card_section_write",),
    "explorer:save": ("filter_save",),
    "explorer:delete": ("filter_delete",),
    "suspects:answer": ("suspect_confirm", "suspect_fix", "suspect_send_back"),
    "errors:causes": ("error_cause_assign",),
    "errors:search": ("error_search",),
    "errors:batch": ("error_batch",),
    "errors:clause": ("error_clause",),
    "errors:relook": ("error_relook",),
    "errors:reports": ("error_report_begin",),
    "errors:report": ("error_report_write",),
    "evaluation:pack_rule": ("pack_rule_set",),
    "monitoring:experiments": ("experiment_start",),
    "monitoring:experiment_stop": ("experiment_stop",),
    "monitoring:experiment_promote": ("experiment_promote",),
    "monitoring:experiment_pages": ("experiment_pages_open",),
    "evaluation:profile": ("profile_set",),
    "evaluation:packs": ("pack_add",),
    "evaluation:pack_out": ("pack_remove",),
    "release:back": ("promotion_back",),
    "release:rules": ("gate_rules_set", "gate_rules_effect"),
    "release:section": ("model_card_section_write",),
    "release:compare": ("version_comparison_ask",),
    "release:gate": ("promotion_make",),
    "release:gate_again": ("gate_ask",),
    "release:evaluate": ("evaluation_ask",),
    "webhooks:webhooks": ("webhook_create",),
    "webhooks:webhook": ("webhook_change",),
    "webhooks:ping": ("webhook_ping",),
    "webhooks:pause": ("webhook_pause",),
    "webhooks:resume": ("webhook_resume",),
    "webhooks:rotate": ("webhook_rotate",),
    "webhooks:remove": ("webhook_remove",),
    "webhooks:repeat": ("webhook_delivery_repeat",),
}  # fmt: skip
NOT_DONE: Final[dict[str, set[str]]] = {
    "Sessions are of browsers; a script has a token.": {"accounts:sign_in", "accounts:sign_out"},
    "Whoever finds a token must not make it last, nor take the account over with it.": {
        "accounts:password", "accounts:token_create", "accounts:token_revoke",
    },
    "How a person's own keyboard and page are arranged.": {"judgments:keys", "judgments:news"},
    "Restricted cases are looked at by a person, one at a time and on record.": {
        "queue:case", "queue:case_evidence",
    },
}  # fmt: skip
SHOWN: Final[dict[str, tuple[str, ...]]] = {
    "projects:home": ("project_list",),
    "projects:guideline": ("taxonomy_read", "guideline_read"),
    "projects:publish": ("blueprint_read",),
    "projects:guideline_draft": ("guideline_draft_read",),
    "projects:taxonomy_draft": ("taxonomy_draft_read",),
    "projects:settings": ("settings_read",),
    "projects:members": ("member_list",),
    "projects:log": ("log_list",),
    "pool:ingests": ("ingest_list",),
    "pool:ingest": ("ingest_read", "ingest_report_read"),
    "pool:refused": ("refused_row_list",),
    "pool:erasures": ("erasure_list", "retention_read"),
    "pool:items": ("item_list",),
    "pool:item": ("item_read",),
    "queue:batches": ("batch_list", "progress_read"),
    "queue:batch": ("batch_item_list",),
    "queue:item_ledger": ("item_ledger_list",),
    "judgments:label": ("queue_claim", "session_read"),
    "judgments:session": ("session_read",),
    "judgments:nothing": ("session_read",),
    "judgments:last": ("judgment_list", "judgment_read"),
    "judgments:history": ("judgment_list",),
    "judgments:care": ("care_read",),
    "judgments:edit": ("judgment_read",),
    "judgments:imports": ("import_list",),
    "judgments:import": ("import_read",),
    "judgments:import_refused": ("refused_judgment_list",),
    "review:overview": ("overview_read", "progress_read", "project_read", "agreement_read"),
    "review:outputs": ("output_list",),
    "review:output": ("output_read",),
    "review:disagreements": ("disagreement_list", "disagreement_patterns"),
    "review:disagreement": ("disagreement_read", "disagreement_whom"),
    "review:disagreement_next": ("disagreement_next",),
    "review:item_review": ("disagreement_read", "resolution_list", "judgment_list"),
    "review:alike": ("item_alike",),
    "review:spread": ("spread_read",),
    "review:bulk_new": ("disagreement_patterns",),
    "review:bulk": ("bulk_read",),
    "review:item_question": ("disagreement_read", "question_list"),
    "review:item_gold": ("gold_coverage", "gold_suggestion_list"),
    "review:item_clause": ("item_read", "guideline_draft_read"),
    "review:questions": ("question_own_list",),
    "review:question_own": ("question_own_list",),
    "review:questions_count": ("question_own_list", "question_list"),
    "review:questions_asked": ("question_list",),
    "review:question": ("question_read",),
    "review:adjudications": ("adjudication_list",),
    "review:adjudication": ("adjudication_list", "resolution_list"),
    "review:agreement": ("agreement_read", "adaptive_overlap"),
    "review:agreement_items": ("agreement_item_list",),
    "review:gold": ("gold_list", "gold_coverage", "gold_suggestion_list"),
    "review:people": ("people_list", "people_checks"),
    "review:person": ("person_read",),
    "review:own_checks": ("checks_me", "people_me"),
    "review:cited": ("cited_list",),
    "review:guideline_draft_impact": ("guideline_draft_impact",),
    "review:taxonomy_draft_impact": ("taxonomy_draft_impact",),
    "review:policy": ("policy_read",),
    "review:changed": ("changed_list",),
    "review:rechecks": ("recheck_list", "recheck_group_list"),
    "review:flags": ("flag_list",),
    "learner:queries": ("query_list",),
    "learner:query": ("query_read", "batch_item_list"),
    "learner:steering": ("steering_read", "steering_list", "suggestions_read", "comparison_list"),
    "learner:shadow": ("comparison_read",),
    "learner:look": ("item_look",),
    "training:classifiers": ("classifier_list", "training_run_list"),
    "training:classifier": ("classifier_read", "classifier_words"),
    "training:curve": ("classifier_prospects", "classifier_list"),
    "training:audits": ("audit_read", "audit_plan", "truth_read"),
    "training:overview_part": ("progress_read", "classifier_list"),
    "training:item_part": ("item_opinion",),
    "training:uses": ("judgment_uses", "judgment_undone_uses"),
    "snapshots:snapshots": ("snapshot_list", "snapshot_run_list"),
    "snapshots:snapshot": ("snapshot_read", "snapshot_file"),
    "snapshots:card": ("card_section_list",),
    "snapshots:card_part": ("card_section_list",),
    "snapshots:card_section": ("card_section_list",),
    "snapshots:ingest_overlap": ("ingest_overlap_read",),
    "snapshots:new": ("snapshot_preview",),
    "snapshots:differences": ("snapshot_differences",),
    "snapshots:differences_file": ("snapshot_differences",),
    "snapshots:download": ("snapshot_download",),
    "snapshots:output": ("snapshot_output",),
    "snapshots:file": ("snapshot_file",),
    "explorer:explorer": ("explorer_search", "explorer_charts", "filter_list"),
    "explorer:to_snapshot": ("explorer_search", "snapshot_take"),
    "suspects:suspects": ("suspect_list",),
    "errors:errors": ("error_list",),
    "errors:clusters": ("error_list",),
    "errors:error": ("error_read",),
    "errors:causes": ("error_causes",),
    "errors:reports": ("error_report_list",),
    "errors:report": ("error_report_read",),
    "errors:report_file": ("error_report_read",),
    "monitoring:experiments": ("experiment_list",),
    "monitoring:experiment": ("experiment_read",),
    "queue:ledger": ("ledger_list",),
    "evaluation:newest": ("classifier_list",),
    "evaluation:evaluation": ("evaluation_read",),
    "evaluation:category": ("evaluation_read", "threshold_look"),
    "evaluation:profiles": ("profile_list",),
    "evaluation:profile": ("profile_rules_read", "profile_read", "profile_version_list"),
    "evaluation:packs": ("pack_list", "item_list"),
    "release:serving": ("serving_read", "promotion_list"),
    "release:rules": ("gate_rules_read", "gate_rules_list"),
    "release:compare": ("version_comparison_list",),
    "release:comparison": ("version_comparison_read",),
    "release:sections": ("model_card_section_list",),
    "release:section": ("model_card_section_list",),
    "release:card": ("model_card_file",),
    "release:card_file": ("model_card_file",),
    "release:gate": ("gate_read", "promotion_list"),
    "release:summary": ("classifier_summary",),
    "webhooks:webhooks": ("webhook_list",),
    "webhooks:webhook": ("webhook_read", "webhook_delivery_list", "webhook_delivery_read"),
}
NOT_SHOWN: Final[dict[str, set[str]]] = {
    "A form that is empty, or an account's own page: sessions, passwords and tokens are not for scripts.": {
        "accounts:sign_in", "accounts:password", "accounts:account", "projects:create",
    },
    "How a person's own keyboard and page are arranged.": {"judgments:keys"},
    "Restricted cases are looked at by a person, one at a time and on record.": {"queue:cases", "queue:case"},
    "It is about the API or the server.": {"schema", "docs", "live", "ready"},
}  # fmt: skip


@pytest.fixture
def operations(client: Client) -> dict[str, str]:
    """Operation -> its method."""
    client.force_login(make_user())
    schema: dict[str, Any] = json.loads(client.get(reverse("schema"), {"format": "json"}).content)
    return {
        operation["operationId"]: method
        for methods in schema["paths"].values()
        for method, operation in methods.items()
    }


def pages_that_take(method: str) -> Iterator[str]:
    """The pages that take this method: others refuse it before they ask who it is."""
    client = Client()
    for route in routes():
        if not route.is_api and client.generic(method, _address(route)).status_code != 405:
            yield route.name


def _address(route: Route) -> str:
    return route.address("pilot", {})


def test_everything_that_a_page_does_can_be_done_over_the_api_or_says_why_not() -> None:
    for_scripts = {"live", "ready", "schema", "docs"}
    assert set(pages_that_take("POST")) - for_scripts == set(DONE).union(*NOT_DONE.values())


def test_everything_that_a_page_shows_can_be_read_over_the_api_or_says_why_not() -> None:
    assert set(pages_that_take("GET")) == set(SHOWN).union(*NOT_SHOWN.values())


def test_every_operation_that_is_named_exists_and_changes_what_its_page_changes(
    operations: dict[str, str],
) -> None:
    named = {name for names in (*DONE.values(), *SHOWN.values()) for name in names}

    assert named - set(operations) == set()
    assert [name for names in DONE.values() for name in names if operations[name] == "get"] == []


def test_every_operation_is_of_a_page_or_is_for_scripts_alone(operations: dict[str, str]) -> None:
    named = {name for names in (*DONE.values(), *SHOWN.values()) for name in names}

    for_scripts = {"score", "classifier_bundle", "signing_key_read", "snapshot_run_read"}
    assert set(operations) - named == for_scripts
