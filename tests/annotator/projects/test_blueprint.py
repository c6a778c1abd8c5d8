"""Blueprints: what ships, what a file may say, and how a wrong file is refused."""

import copy
import json
import re
from dataclasses import asdict
from typing import Any

import pytest
import yaml

from annotator.errors import BadInput
from annotator.projects.blueprint import (
    KEYS,
    RESERVED_KEYS,
    blueprint_read,
    default_blueprint,
)
from annotator.projects.loop_settings import LoopSettings
from annotator.projects.models import Project

CATEGORY = {
    "slug": "games",
    "name": "Games",
    "definition": "To play.",
    "severity": 1,
    "cipa": False,
    "key": "e",
}
CLAUSE = {"number": "1.1", "title": "Judge the page", "body": "Not the site.", "category": "games"}


def good() -> dict[str, Any]:
    """A small blueprint that is fine."""
    return copy.deepcopy(
        {"project": {"slug": "pilot", "name": "Pilot"}, "categories": [CATEGORY], "guideline": [CLAUSE]}
    )


def problems_of(data: object) -> list[str]:
    with pytest.raises(BadInput) as refused:
        blueprint_read(json.dumps(data), "json")
    assert refused.value.code == "bad_blueprint"
    problems = refused.value.details["problems"]
    assert isinstance(problems, list)
    return problems


def test_sixteen_categories_and_every_section_ship_when_nothing_is_given() -> None:
    blueprint = default_blueprint()

    assert [category.slug for category in blueprint.categories] == [
        "adult-content", "violence", "self-harm", "drugs-alcohol",
        "gambling", "weapons", "hate", "dating",
        "proxy-vpn", "malware-phishing", "social-media", "games",
        "streaming", "chat", "shopping", "education",
    ]  # fmt: skip
    assert "".join(category.key for category in blueprint.categories) == "123456789qwertyu"
    assert all(12 <= len(category.terms) <= 25 for category in blueprint.categories)
    assert {clause.category for clause in blueprint.clauses} == {c.slug for c in blueprint.categories} | {""}
    assert [category.slug for category in blueprint.categories if category.cipa] == ["adult-content"]


def test_every_clause_that_the_guideline_points_to_exists_when_it_ships() -> None:
    clauses = default_blueprint().clauses
    pointed = {number for clause in clauses for number in re.findall(r"\b\d+\.\d+\b", clause.body)}

    assert pointed <= {clause.number for clause in clauses}


def test_settings_are_those_of_the_project_row_when_the_file_has_none() -> None:
    settings = asdict(blueprint_read(json.dumps(good()), "json").settings)
    row = Project()

    assert settings == {name: getattr(row, name) for name in asdict(LoopSettings())}


def test_yaml_and_json_say_the_same_when_the_content_is_the_same() -> None:
    assert blueprint_read(yaml.safe_dump(good()), "yaml") == blueprint_read(json.dumps(good()), "json")


def test_the_next_free_key_is_given_when_a_category_names_none() -> None:
    data = good()
    data["categories"] = [
        {**CATEGORY, "slug": "chat", "name": "Chat", "key": None},
        {**CATEGORY, "key": "1"},
        {**CATEGORY, "slug": "dating", "name": "Dating", "key": None},
    ]

    assert [category.key for category in blueprint_read(json.dumps(data), "json").categories] == [
        "2",
        "1",
        "3",
    ]


def test_terms_are_lower_case_and_distinct_when_read() -> None:
    data = good()
    data["categories"][0]["terms"] = ["Arcade", " arcade", "level"]

    assert blueprint_read(json.dumps(data), "json").categories[0].terms == ("arcade", "level")


def test_overlap_follows_the_maximum_when_only_that_is_given() -> None:
    data = good()
    data["project"]["overlap_max"] = 1

    assert blueprint_read(json.dumps(data), "json").settings.overlap == 1


def test_keys_are_distinct_and_never_reserved_when_handed_out() -> None:
    assert len(set(KEYS)) == len(KEYS)
    assert not set(KEYS) & set(RESERVED_KEYS)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("slug", "Self Harm", "categories[1].slug is 'Self Harm'; use lower-case letters"),
        ("slug", "x" * 41, "categories[1].slug has 41 characters; at most 40 are kept, so shorten it."),
        ("name", None, "categories[1].name is missing."),
        ("name", "  ", "categories[1].name is empty; write some text."),
        ("name", False, "categories[1].name is false; write text"),
        ("name", "a\x00b", "categories[1].name has a NUL character or half a surrogate pair; remove it."),
        ("definition", "\ud800", "categories[1].definition has a NUL character or half a surrogate pair"),
        ("severity", 4, "categories[1].severity is 4; use a whole number from 0 to 3."),
        ("severity", True, "categories[1].severity is true; use a whole number from 0 to 3."),
        ("severity", 1.5, "categories[1].severity is 1.5; use a whole number from 0 to 3."),
        ("cipa", "yes", "categories[1].cipa is 'yes'; use true or false."),
        ("recall_floor", 95, "categories[1].recall_floor is 95; use a number from 0 to 1, or null for none."),
        ("recall_floor", -0.1, "categories[1].recall_floor is -0.1; use a number from 0 to 1"),
        ("key", "0", "categories[1].key is '0', which means 'none of these'; choose one of"),
        ("key", "g", "categories[1].key is 'g', which means 'guideline'; choose one of"),
        ("key", "?", "categories[1].key is '?'; choose one of"),
        ("key", "12", "categories[1].key has 2 characters; at most 1 are kept"),
        ("terms", "arcade", "categories[1].terms is 'arcade'; write a list."),
        ("terms", [7], "categories[1].terms has the entry 7; each term is text of 1 to 60 characters"),
        ("colour", "red", "categories[1].colour is not a field here; known fields: cipa, definition, key"),
    ],
)
def test_a_category_is_refused_with_the_cure_when_a_field_is_wrong(
    field: str, value: object, problem: str
) -> None:
    data = good()
    data["categories"][0][field] = value

    assert any(found.startswith(problem) for found in problems_of(data)), problems_of(data)


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("slug", "../x", "project.slug is '../x'; use lower-case letters"),
        ("overlap", 6, "project.overlap is 6; use a whole number from 1 to 5."),
        ("overlap_max", 0, "project.overlap_max is 0; use a whole number from 1 to 5."),
        ("batch_size", "many", "project.batch_size is 'many'; use a whole number from 1 to 5000."),
        ("holdout_percent", 60, "project.holdout_percent is 60; use a whole number from 0 to 50."),
        ("retrain_after", 0, "project.retrain_after is 0; use a whole number from 1 to 100000."),
        ("owner", "me", "project.owner is not a field here; known fields: adaptive"),
    ],
)
def test_a_project_is_refused_with_the_cure_when_a_setting_is_wrong(
    field: str, value: object, problem: str
) -> None:
    data = good()
    data["project"][field] = value

    assert problems_of(data)[0].startswith(problem)


def test_a_project_is_refused_when_it_starts_with_more_places_than_it_may_have() -> None:
    data = good()
    data["project"] |= {"overlap": 3, "overlap_max": 2}

    assert problems_of(data) == [
        "project.overlap is 3, more than the maximum of 2 places; lower it or raise that."
    ]


@pytest.mark.parametrize("field", ["slug", "name", "key"])
def test_categories_are_refused_when_two_have_the_same(field: str) -> None:
    data = good()
    other = {"slug": "chat", "name": "Chat", "key": "t"}
    data["categories"].append({**CATEGORY, **other, field: CATEGORY[field]})

    assert problems_of(data) == [
        f"categories: the {field} '{CATEGORY[field]}' is given 2 times; each {field} may occur once."
    ]


def test_clauses_are_refused_when_numbers_repeat_or_a_category_is_unknown() -> None:
    data = good()
    data["guideline"].append({**CLAUSE, "category": "sport"})

    assert problems_of(data) == [
        "guideline: the number '1.1' is given 2 times; each number may occur once.",
        "guideline clause 1.1 is about 'sport', which is not a category's slug.",
    ]


def test_a_clause_number_is_refused_when_yaml_reads_it_as_a_number() -> None:
    text = yaml.safe_dump(good()).replace("number: '1.1'", "number: 1.10")

    with pytest.raises(BadInput, match=r"guideline\[1\]\.number is 1\.1; write text, in quotes"):
        blueprint_read(text, "yaml")


@pytest.mark.parametrize("categories", [[], None])
def test_a_taxonomy_is_refused_when_it_is_empty(categories: list[object] | None) -> None:
    data = good()
    data["categories"] = categories
    data["guideline"] = []

    assert problems_of(data) == ["categories is missing or empty; a project needs at least one category."]


def many(n: int) -> dict[str, Any]:
    entries = [{**CATEGORY, "slug": f"c{i}", "name": f"C{i}", "key": None} for i in range(n)]
    return {**good(), "categories": entries, "guideline": []}


def test_categories_go_without_a_key_when_there_are_more_than_keys() -> None:
    blueprint = blueprint_read(json.dumps(many(60)), "json")

    assert [category.key for category in blueprint.categories] == [*KEYS, *[""] * (60 - len(KEYS))]


def test_a_category_stays_without_a_key_when_the_file_says_so() -> None:
    data = many(2)
    data["categories"][0]["key"] = ""

    assert [category.key for category in blueprint_read(json.dumps(data), "json").categories] == ["", "1"]


def test_a_taxonomy_is_refused_when_there_are_too_many_categories() -> None:
    assert problems_of(many(201)) == ["categories has 201 entries; at most 200, so merge some."]


@pytest.mark.parametrize("text", ["", "[]", "just text"])
def test_a_file_is_refused_in_one_sentence_when_it_is_no_mapping(text: str) -> None:
    with pytest.raises(BadInput, match=r"^The file is .+; write it as fields with a name and a value\.$"):
        blueprint_read(text, "yaml")


def test_the_message_names_three_problems_and_counts_the_rest_when_there_are_more() -> None:
    with pytest.raises(BadInput) as refused:
        blueprint_read("project: {}\ncategories: [{}]", "yaml")

    assert refused.value.message.startswith("project.slug is missing. project.name is missing.")
    assert refused.value.message.endswith("(and 4 more)")
