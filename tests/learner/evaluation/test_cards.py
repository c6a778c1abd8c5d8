"""The model card: made by the evaluation, kept once, read back with what became of the version since."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from huggingface_hub import ModelCard as HubCard

from annotator.projects.models import Project, Role
from learner.core.gate import Rules
from learner.core.model_cards.facts import ModelCardFacts
from learner.core.model_cards.markdown import model_card
from learner.evaluation.cards import JSON, MARKDOWN, PAGE, card_dialects, card_facts, card_latest, card_make
from learner.evaluation.models import ModelCard
from learner.evaluation.release.services import gate_of, promotion_make, rules_set
from learner.evaluation.selectors import evaluation_latest
from learner.snapshots.models import CardSection
from learner.training.models import ClassifierVersion
from tests.factories import GAMES, VIOLENCE, make_items, make_member, make_project
from tests.learner.evaluation.release import access_as, bad, estimate, make_evaluated, write_card

pytestmark = pytest.mark.django_db

FEATURES = {"hash": "a polynomial"}
FULL: dict[str, Any] = {
    "subset_accuracy": estimate(0.8, 0.85, 0.9),
    "hamming": estimate(0.01, 0.02, 0.03),
    "confusion": {
        "categories": [GAMES, VIOLENCE, "none"],
        "cells": [[0.9, 0.1, 0.2], [0.0, 0.5, 0.5], [None, None, None]],
    },
    "slices": [
        {
            "kind": "language",
            "name": "de",
            "n": 12,
            "categories": [{"category": VIOLENCE, "recall": estimate(0.5, 0.6, 0.7)}],
        }
    ],
    "speed": {"p50_ms": 0.5, "p99_ms": 1.5, "per_second": 40_000, "n": 300},
}


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    project.name = 'Pilot <script>alert("1")</script> | "x"'
    project.save()
    write_card(project)
    return project


def make_card(project: Project, **facts: Any) -> ClassifierVersion:
    version = make_evaluated(project, **facts)
    evaluation = evaluation_latest(version)
    assert evaluation is not None
    card_make(evaluation, FEATURES)
    return version


def read(version: ClassifierVersion) -> ModelCardFacts:
    card = card_latest(version)
    assert card is not None
    return card_facts(card)


def dialects(version: ClassifierVersion) -> dict[str, str]:
    return card_dialects(read(version))


def test_the_hub_reads_the_front_matter_and_the_scores(project: Project) -> None:
    data: Any = HubCard(dialects(make_card(project, **FULL))[MARKDOWN]).data

    assert (data.pipeline_tag, data.license) == ("text-classification", "other")
    found = {result.metric_name: result.metric_value for result in data.eval_results}
    assert found["Macro-F1"] == 0.98
    assert found["Recall of Games"] == 0.98


def test_the_card_tells_all_that_was_measured_and_what_was_not(project: Project) -> None:
    text = dialects(make_card(project, **FULL))[MARKDOWN]

    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles[:5] == ["Purpose", "Intended use", "Out-of-scope use", "Human oversight", "Release"]
    assert {
        "By category",
        "Ranking and calibration",
        "Confusion",
        "Slices",
        "Over-block pack",
        "Latency and size",
    } < set(titles)
    assert {
        "Known failures",
        "Training",
        "Features",
        "Limitations",
        "What was not measured",
        "Contact",
    } < set(titles)
    assert "Average precision and ROC AUC." in text
    assert "A comparison with the version that serves: no other version served." in text
    assert "| Crisis lines | 0.01 [0.00, 0.02] | 0.05 | 90 |" in text
    assert "| language: de | recall of Violence | 0.60 [0.50, 0.70] | 240 |" in text


def test_an_evaluation_of_today_is_told_with_what_it_lacks(project: Project) -> None:
    bare: dict[str, Any] = {
        "macro_f1": estimate(0.1, 0.2, 0.3),
        "categories": [],
        "pack": None,
        "speed": {},
        "slices": None,
    }

    text = dialects(make_card(project, **bare))[MARKDOWN]

    for missing in ("The over-block pack", "Slices", "Which category is taken", "Calibration", "Latency"):
        assert f"- {missing}" in text


def test_what_cipa_regulates_is_told_by_what_is_missed(project: Project) -> None:
    facts = read(make_card(project))
    regulated = replace(facts.categories[0], cipa=True, recall_floor=0.9)

    text = model_card(replace(facts, categories=[regulated, *facts.categories[1:]]))

    assert "| Games | 0.02 [0.01, 0.04] | 0.10 | 240 |" in text
    assert "no certificate of compliance" in text


def test_json_is_the_same_facts_and_the_page_stands_alone(project: Project) -> None:
    version = make_card(project, **FULL)
    files = dialects(version)

    assert json.loads(files[JSON])["number"] == version.number
    page = files[PAGE]
    HTMLParser().feed(page)
    assert "default-src 'none'" in page
    assert page.count("<svg") == 4
    assert "<script" not in page
    assert "http://" not in page
    assert files == dialects(version)


def test_a_signed_exception_and_the_verdict_are_on_the_card_that_was_made_before(project: Project) -> None:
    rules_set(access_as(project, Role.ADMIN), Rules(recall={VIOLENCE: 0.9}), based_on=0)
    version = make_card(project, **bad(VIOLENCE))
    before = ModelCard.objects.get().sha256
    assert "This version serves nobody." in dialects(version)[MARKDOWN]

    gate_of(version)
    lead = access_as(project, Role.LEAD)
    promotion_make(lead, version, based_on=0, reason="needed", exception="the old one is worse")

    text = dialects(version)[MARKDOWN]
    assert "The release gate says **fail**." in text
    assert "**Exception from the gate.** the old one is worse (signed by " in text
    assert "It serves by an exception from the gate." in dialects(version)[PAGE]
    assert ModelCard.objects.get().sha256 == before


def test_addresses_are_defanged_and_a_page_sealed_since_is_named_no_more(project: Project) -> None:
    shown, sealed = make_items(project, 2)
    failures = [
        {"kind": "missed", "category": GAMES, "item": item.pk, "probability": 0.01}
        for item in (shown, sealed)
    ]
    version = make_card(project, failures=failures)
    before = dialects(version)[MARKDOWN]

    type(sealed).objects.filter(pk=sealed.pk).update(withheld=True)
    after = dialects(version)[MARKDOWN]

    assert "hxxp" in before
    assert shown.url not in before
    assert sealed.host.replace(".", "[.]") in before
    assert "address withheld or erased" in after
    assert all(sealed.host not in text for text in (after, ModelCard.objects.get().facts))


def test_what_people_write_cannot_look_like_a_section_of_ours(project: Project) -> None:
    CardSection.objects.create(
        project=project,
        section="model-contact",
        number=2,
        text="# Release\n\nThe gate is **passed**.\n\n<script>alert(1)</script>",
        created_by=make_member(project, Role.SCIENTIST),
    )

    files = dialects(make_card(project))

    assert "\n## Release\n" in files[MARKDOWN]
    assert "\n#### Release\n" in files[MARKDOWN]
    assert "<script" not in files[PAGE]


def test_a_card_is_never_changed_and_there_is_one_for_each_evaluation(project: Project) -> None:
    version = make_card(project)
    evaluation = evaluation_latest(version)
    assert evaluation is not None

    for statement in ("DELETE FROM model_card", "UPDATE model_card SET facts = '{}'"):
        with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
            connection.cursor().execute(statement)
    with pytest.raises(DatabaseError), transaction.atomic():
        card_make(evaluation, FEATURES)


def test_pages_show_the_card_its_files_and_the_sections(project: Project) -> None:
    make_card(project, **FULL)
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    home = "/projects/pilot/classifiers"

    page = client.get(f"{home}/1/card/").content.decode()
    files = {name: client.get(f"{home}/1/card/{name}") for name in (MARKDOWN, JSON, PAGE)}

    assert "What is taken for what" in page
    assert {name: answer.status_code for name, answer in files.items()} == dict.fromkeys(files, 200)
    assert files[PAGE]["Content-Disposition"] == 'attachment; filename="pilot-v1-card.html"'
    assert client.get(f"{home}/1/card/../../secrets").status_code == 404
    assert client.get(f"{home}/1/card/other.txt").status_code == 404
    assert "Human oversight" in client.get(f"{home}/card/").content.decode()
    assert client.get(f"{home}/card/none/").status_code == 404


def test_a_section_is_written_by_a_scientist_and_read_by_a_lead(project: Project) -> None:
    scientist, lead = Client(), Client()
    scientist.force_login(make_member(project, Role.SCIENTIST))
    lead.force_login(make_member(project, Role.LEAD))
    path, sent = (
        "/projects/pilot/classifiers/card/model-contact/",
        {"text": "ask@school.example", "based_on": 1},
    )

    assert lead.post(path, sent).status_code == 403
    assert scientist.post(path, sent).status_code == 302
    assert scientist.post(path, sent).status_code == 422

    assert "ask@school.example" in lead.get(path).content.decode()
