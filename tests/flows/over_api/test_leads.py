"""What leads do on their pages, done over the API on the pilot project: people, gold, clauses, rechecks, agreement."""

import pytest
from django.test import Client

from annotator.projects.models import Membership, Standing
from annotator.projects.pseudonyms import pseudonym
from annotator.review.models import Method, Resolution
from tests.flows.over_api.calls import API, as_, get, post
from tests.pilot import Pilot

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(pilot: Pilot) -> Client:
    return as_(pilot, "lee")


def test_a_lead_reads_the_answers_behind_the_numbers_and_trusts_again(lead: Client, pilot: Pilot) -> None:
    cyd = pilot.people["cyd"]

    shown = get(lead, f"people/{cyd.pk}/")
    waived = post(lead, f"people/{cyd.pk}/standing/", {"action": "waive", "reason": "They read 1.1."})
    again = post(lead, f"people/{cyd.pk}/standing/", {"action": "waive", "reason": "Twice."})

    assert (shown["username"], shown["standing"], shown["gold"]["n"]) == ("cyd", "warned", 3)
    assert len(shown["misses"]) + round(3 * shown["gold"]["value"]) == 3
    assert shown["misses"][0]["row"]["answer"]["labels"] == ["Games"]
    assert shown["history"][0]["reason"] == "1 of 3 checks were right"
    assert (waived.status_code, again.status_code) == (204, 409)
    assert Membership.objects.get(user=cyd).standing == Standing.QUALIFIED
    mine = get(as_(pilot, "cyd"), "checks/me/")
    assert (mine["standing"], mine["change"]["reason"], mine["change"]["by"]) == (
        "qualified", "They read 1.1.", "lee",
    )  # fmt: skip


def test_what_could_be_gold_and_what_is_missing_is_told(lead: Client) -> None:
    coverage = get(lead, "gold/coverage/")
    suggested = get(lead, "gold/suggestions/")

    assert coverage["n_gold"] == 3
    assert not coverage["is_enough"]
    assert {row["category"]: row for row in coverage["categories"]}["gambling"]["lacks"] >= 3
    assert suggested[0]["explanation"]
    assert lead.get(f"{API}gold/suggestions/", {"category": "nothing"}).status_code == 400


def test_pages_like_one_are_told_with_what_is_held_of_them(lead: Client, pilot: Pilot) -> None:
    shown = get(lead, f"items/{pilot.disagreement.item_id}/alike/")

    assert shown["site"]["domain"].startswith("site")
    assert shown["site"]["n"] == len(shown["site"]["pages"]) == 0
    assert {row["item"] for row in shown["by_text"]} <= {item.pk for item in pilot.items}


def test_a_clause_tells_what_cites_it_and_a_draft_what_it_touches(lead: Client) -> None:
    cited = get(lead, "guideline/cited/", clause="1.1")
    guideline, taxonomy = get(lead, "guideline/draft/impact/"), get(lead, "taxonomy/draft/impact/")

    assert cited["clause"] == "1.1"
    assert guideline["names"] == ["1.1"]
    assert {"Games", "Shopping & Auctions"} & set(taxonomy["names"])
    assert taxonomy["n_judgments"] > 0
    assert lead.get(f"{API}guideline/cited/", {"clause": "99"}).status_code == 404


def test_a_recheck_is_counted_before_it_is_opened(lead: Client) -> None:
    taxonomy = get(lead, "rechecks/groups/", taxonomy=1)
    counted = post(lead, "rechecks/groups/", {"groups": ["category/nothing"]})

    assert (taxonomy["taxonomy"], taxonomy["groups"]) == (1, [])
    newest = get(lead, "rechecks/groups/")
    assert [group["key"] for group in newest["groups"]] == ["category/gambling"]
    assert counted.status_code == 400
    found = post(lead, "rechecks/groups/", {"groups": ["category/gambling"]}).json()
    assert (found["n_items"], found["is_too_many"]) == (newest["groups"][0]["n_items"], False)
    assert lead.get(f"{API}rechecks/groups/", {"taxonomy": 99}).status_code == 404


def test_a_number_of_agreement_tells_its_items(lead: Client, pilot: Pilot) -> None:
    category = get(lead, "agreement/items/", category="gambling")
    pair = f"{pilot.people['annie'].pk}-{pilot.people['bo'].pk}"
    between = get(lead, "agreement/items/", pair=pair)

    assert category["computed_at"]
    assert category["n_items"] >= category["n_differ"] > 0
    assert category["results"][0]["differs"]
    assert len(category["results"]) == category["n_items"] - category["n_withheld"]
    assert between["n_items"] > 0
    for query in ({"pair": "1-1"}, {"period": "x"}, {"category": "nothing"}, {"begin": 10**12}):
        assert lead.get(f"{API}agreement/items/", query).status_code == 400, query


def test_scientists_read_who_decided_under_the_pseudonyms_of_the_snapshots(pilot: Pilot) -> None:
    decided = Resolution.objects.get(method=Method.ADJUDICATED, superseded_by=None)

    rows = {
        name: {row["id"]: row["resolved_by"] for row in get(as_(pilot, name), "resolutions/")["results"]}
        for name in ("lee", "sam")
    }

    assert rows["lee"][decided.pk] == "lee"
    assert rows["sam"][decided.pk] == pseudonym(pilot.project, pilot.people["lee"].pk)
    assert [name for name in rows["sam"].values() if name and not name.startswith("annotator-")] == []


def test_the_home_says_what_waits_for_a_person(lead: Client) -> None:
    home = get(lead, "overview/")

    assert (home["n_items"], len(home["pace"]["hours"])) == (41, 24)
    assert any("disagreement" in need["text"] and need["can"] == "resolve" for need in home["needs"])
