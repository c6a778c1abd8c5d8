"""The pages and the API of acts on many items: what they show, write, and answer to what cannot be."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.acts.bulks import bulk_items
from annotator.review.acts.reverting import entry_revert
from annotator.review.acts.spreading import spread_of
from annotator.review.models import AdjudicationEntry, Bulk, Disagreement, Resolution, Scope
from annotator.review.selectors import item_review
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member

pytestmark = pytest.mark.django_db

PATTERN = f"either:{GAMBLING}.{GAMES}"
GAMES_WIN = {f"rule-{GAMES}": "present", f"rule-{GAMBLING}": "absent"}


@pytest.fixture
def items(project: Project, people: list[User]) -> list[Item]:
    """Four pages of one site in dispute between games and gambling."""
    items = make_items(project, 4, registrable_domain="arcade.example")
    make_batch(project, items)
    for person, labels in zip(people, ([GAMES], [GAMBLING], []), strict=False):
        for item in items:
            make_judgment(item, person, labels)
        review_sweep(project)
    return items


@pytest.fixture
def desk(client: Client, lead: Access) -> Client:
    client.force_login(lead.user)
    return client


def decide(lead: Access, item: Item, label: str = GAMES) -> Resolution:
    review = item_review(item.project, item.pk)
    seen = BasedOn(frozenset(row.pk for row in review.judgments), review.newest.pk if review.newest else None)
    answer = Adjudication(frozenset({label}), Verdict.LABELLED, f"It is {label}.")
    return resolution_adjudicate(lead, item.pk, adjudication=answer, based_on=seen)


def at(project: Project, path: str) -> str:
    return f"/projects/{project.slug}/{path}"


def api(project: Project, path: str) -> str:
    return f"/api/v1/projects/{project.slug}/{path}"


def send(client: Client, address: str, body: object) -> Any:
    return client.post(address, json.dumps(body), content_type="application/json")


# Spreading -------------------------------------------------------------------------------------------------------


def test_resolving_can_go_on_to_the_pages_that_get_the_same(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    row = Disagreement.objects.get(item=items[0])
    review = item_review(project, items[0].pk)
    sent = {
        "action": "spread",
        "labels": [GAMES],
        "verdict": "labelled",
        "reason": "No stakes.",
        "judgments": ",".join(str(judgment.pk) for judgment in review.judgments),
    }

    answer = desk.post(at(project, f"disagreements/{row.pk}/?pattern={PATTERN}"), sent)

    assert answer.status_code == 302
    assert answer["Location"].startswith(at(project, f"items/{items[0].pk}/spread/?pattern=either"))
    assert answer["Location"].endswith(f"after={row.pk}")
    shown = desk.get(answer["Location"].replace("?", "?scope=site&"))
    assert shown.context["n_chosen"] == 3
    assert shown.context["onward"].startswith(at(project, "disagreements/next/?pattern="))


def test_chosen_pages_are_written_and_one_goes_on(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    decision = decide(lead, items[0])
    page = desk.get(at(project, f"items/{items[0].pk}/spread/?scope=site"))
    tokens = [line.seen.token for line, _ in page.context["rows"]][:2]
    sent = {"decision": decision.pk, "client_id": str(page.context["client_id"]), "items": tokens}

    for _ in range(2):  # a double click is one act
        answer = desk.post(at(project, f"items/{items[0].pk}/spread/?scope=site"), sent)
        assert answer["Location"] == at(project, f"items/{items[0].pk}/review/")

    entry = AdjudicationEntry.objects.get(kind="spread")
    assert set(Resolution.objects.filter(entry=entry).values_list("item", flat=True)) == {
        items[1].pk, items[2].pk
    }  # fmt: skip
    listed = desk.get(at(project, "adjudications/?kind=spread")).content.decode()
    assert f"item {items[0].pk}</a> to pages of the same site" in listed
    detail = desk.get(at(project, f"adjudications/{entry.pk}/"))
    assert [row.resolution.item_id for row in detail.context["line"].rows] == [items[1].pk, items[2].pk]


def test_a_changed_page_is_named_and_the_others_stay_chosen(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    decision = decide(lead, items[0])
    page = desk.get(at(project, f"items/{items[0].pk}/spread/?scope=site"))
    tokens = [line.seen.token for line, _ in page.context["rows"]]
    other = project_for(make_member(project, Role.LEAD, "other"), project.slug, Can.RESOLVE)
    decide(other, items[1], GAMBLING)

    answer = desk.post(
        at(project, f"items/{items[0].pk}/spread/?scope=site"),
        {"decision": decision.pk, "client_id": str(uuid4()), "items": tokens},
    )

    assert answer.status_code == 409
    assert f"Item {items[1].pk}: other wrote: decided by a lead, Gambling" in answer.content.decode()
    assert [(line.item, chosen) for line, chosen in answer.context["rows"]] == [
        (items[2], True),
        (items[3], True),
    ]
    assert [line.item for line in answer.context["spread"].left_out] == [items[1]]
    assert AdjudicationEntry.objects.filter(kind="spread").count() == 0


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"items": ["x"]}, "lost track"),
        ({"items": ["1:2:3:4"]}, "lost track"),
        ({"items": ["9" * 30 + "::"]}, "lost track"),
        ({"items": ["\x00"]}, "lost track"),
        ({"decision": "x"}, "lost track"),
        ({"decision": "9" * 30}, "lost track"),
        ({"client_id": "\x00"}, "lost track"),
        ({}, "No item is chosen"),
    ],
)
def test_nonsense_is_refused_with_the_page(
    desk: Client, lead: Access, items: list[Item], sent: dict[str, object], words: str
) -> None:
    decision = decide(lead, items[0])
    whole = {"decision": decision.pk, "client_id": str(uuid4()), **sent}

    answer = desk.post(at(lead.project, f"items/{items[0].pk}/spread/"), whole)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    for query in ("scope=%00&after=%00", f"scope=site&after={'9' * 30}&pattern=x&category=%00"):
        assert desk.get(at(lead.project, f"items/{items[0].pk}/spread/?{query}")).status_code == 200


def test_spread_takes_as_many_queries_for_many_pages_as_for_few(
    lead: Access,
    project: Project,
    items: list[Item],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    decide(lead, items[0])

    with django_assert_max_num_queries(15):
        spread_of(lead, items[0].pk, Scope.SITE)


def test_the_api_shows_and_spreads(desk: Client, lead: Access, project: Project, items: list[Item]) -> None:
    decide(lead, items[0])
    address = api(project, f"items/{items[0].pk}/spread/")
    assert desk.get(address, {"scope": "x"}).status_code == 400
    found = desk.get(address, {"scope": "site"}).json()
    assert [row["item"] for row in found["items"]] == [item.pk for item in items[1:]]
    assert (found["labels"], found["has_more"], found["n_unjudged"]) == ([GAMES], False, 0)
    seen = [{name: row[name] for name in ("item", "judgments", "resolution")} for row in found["items"]]
    make_judgment(items[1], make_member(project, username="late"), [GAMES])
    body = {"decision": found["decision"], "scope": "site", "items": seen, "client_id": str(uuid4())}

    refused = send(desk, address, body)
    done = send(desk, address, body | {"items": seen[1:]})

    assert refused.status_code == 409
    assert refused.json()["error"]["details"] == {
        "items": [{"item": items[1].pk, "changes": ["late judged it: Games"]}]
    }
    assert done.status_code == 201
    assert {name: done.json()[name] for name in ("kind", "source", "scope", "n_items", "bulk")} == {
        "kind": "spread", "source": items[0].pk, "scope": "site", "n_items": 2, "bulk": None
    }  # fmt: skip
    assert send(desk, address, body | {"items": []}).status_code == 400


# By rule ---------------------------------------------------------------------------------------------------------


def test_a_pattern_is_resolved_by_rule_page_by_page(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    listed = desk.get(at(project, "disagreements/")).content.decode()
    new = at(project, f"patterns/{PATTERN}/bulk/")
    assert new.replace(":", "%3A") in listed or new in listed
    page = desk.get(new)
    assert page.context["n_waiting"] == 4
    answer = desk.post(new, {"client_id": str(page.context["form"]["client_id"].value()), **GAMES_WIN})
    bulk = Bulk.objects.get()
    assert answer["Location"] == at(project, f"bulks/{bulk.pk}/")
    shown = desk.get(answer["Location"])
    assert "Games yes, Gambling no, else as most say" in shown.content.decode()
    early = desk.post(answer["Location"], {"reason": "No stakes.", "clause": "", "client_id": str(uuid4())})
    assert early.status_code == 409
    assert "0 of 4 in the spot check are answered" in early.content.decode()

    for said in ("reject", "confirm", "confirm", "confirm"):
        asked = desk.get(answer["Location"]).context["asked"].row.item_id
        done = desk.post(at(project, f"bulks/{bulk.pk}/answers/"), {"item": asked, "answer": said})
        assert done["Location"] == answer["Location"]
    over = desk.get(answer["Location"])
    assert "Resolve 3 by rule" in over.content.decode()
    assert desk.post(answer["Location"], {"reason": ""}).status_code == 422
    applied = desk.post(
        answer["Location"], {"reason": "No stakes.", "clause": "1.1", "client_id": str(uuid4())}
    )
    assert applied.status_code == 302
    after = desk.get(answer["Location"]).content.decode()
    assert "3 items resolved" in after
    entry = AdjudicationEntry.objects.get(kind="bulk")
    listed = desk.get(at(project, "adjudications/")).content.decode()
    assert "Gambling or Games: Games yes, Gambling no, else as most say" in listed
    assert "all 3 items" in listed
    undone = desk.post(at(project, f"adjudications/{entry.pk}/revert/"), {"client_id": str(uuid4())})
    assert undone["Location"] == at(project, "adjudications/")
    assert Disagreement.objects.filter(closed_at__isnull=True).count() == 4


def test_another_lead_reads_along_and_does_not_answer(
    client: Client, desk: Client, project: Project, items: list[Item]
) -> None:
    desk.post(at(project, f"patterns/{PATTERN}/bulk/"), {"client_id": str(uuid4()), **GAMES_WIN})
    bulk = Bulk.objects.get()
    other = Client()
    other.force_login(make_member(project, Role.LEAD))

    page = other.get(at(project, f"bulks/{bulk.pk}/"))

    assert "Only" in page.content.decode()
    assert page.context["asked"] is None
    first = bulk_items(bulk)[0].item_id
    refused = other.post(at(project, f"bulks/{bulk.pk}/answers/"), {"item": first, "answer": "confirm"})
    assert refused.status_code == 409
    assert desk.post(at(project, f"bulks/{bulk.pk}/answers/"), {"item": "x"}).status_code == 400


def test_a_pattern_that_no_rule_can_settle_is_not_found(desk: Client, project: Project) -> None:
    for pattern in (f"lead:{GAMES}", "several:", "games", "one:%00"):
        assert desk.get(at(project, f"patterns/{pattern}/bulk/")).status_code == 404
    empty = desk.post(at(project, "patterns/one:games/bulk/"), {"client_id": str(uuid4())})
    assert empty.status_code == 409
    assert "Nothing of this pattern waits" in empty.content.decode()
    assert desk.post(at(project, "patterns/one:games/bulk/"), {"rule-games": "maybe"}).status_code == 422


def test_a_verdict_is_chosen_for_a_pattern_of_verdicts(desk: Client, project: Project) -> None:
    page = desk.get(at(project, "patterns/verdict:labelled.unreachable/bulk/"))

    assert [field.name for field in page.context["fields"]] == ["verdict"]
    assert "Page not reachable" in page.content.decode()


def test_the_api_plans_checks_and_applies(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    rule = {"verdict": "labelled", "present": [GAMES], "absent": [GAMBLING]}
    planned = send(
        desk, api(project, "bulks/"), {"pattern": PATTERN, "rule": rule, "client_id": str(uuid4())}
    )
    assert planned.status_code == 201
    bulk = planned.json()
    assert (bulk["rule"], bulk["words"], bulk["entry"]) == (
        rule, "Games yes, Gambling no, else as most say", None
    )  # fmt: skip
    assert {row["item"]: row["labels"] for row in bulk["items"]} == {item.pk: [GAMES] for item in items}
    one = api(project, f"bulks/{bulk['id']}/")
    why = {"reason": "No stakes.", "clause": "1.1", "client_id": str(uuid4())}
    assert send(desk, f"{one}apply/", why).status_code == 409
    for row in bulk["items"]:
        checked = send(desk, f"{one}answers/", {"item": row["item"], "confirmed": True})
        assert checked.status_code == 200
    assert checked.json()["is_over"]
    make_judgment(items[0], make_member(project, username="late"), [GAMES])

    done = send(desk, f"{one}apply/", why)
    again = send(desk, f"{one}apply/", why)

    assert done.status_code == again.status_code == 201
    assert done.json()["left"] == [{"item": items[0].pk, "changes": ["late judged it: Games"]}]
    entry = done.json()["entry"]
    assert (entry["kind"], entry["n_items"], entry["n_left"], entry["bulk"]) == ("bulk", 3, 1, bulk["id"])
    assert again.json()["entry"]["id"] == entry["id"]
    assert desk.get(one).json()["entry"] == entry["id"]
    kinds = desk.get(api(project, "adjudications/"), {"kind": "bulk"}).json()["results"]
    assert [row["id"] for row in kinds] == [entry["id"]]
    assert send(desk, api(project, "bulks/"), {"pattern": "x", "rule": rule}).status_code == 400


def test_an_act_is_listed_as_long_as_one_of_its_pages_is_not_withheld(
    desk: Client, lead: Access, project: Project, items: list[Item]
) -> None:
    decision = decide(lead, items[0])
    page = desk.get(at(project, f"items/{items[0].pk}/spread/?scope=site"))
    tokens = [line.seen.token for line, _ in page.context["rows"]]
    sent = {"decision": decision.pk, "client_id": str(uuid4()), "items": tokens}
    desk.post(at(project, f"items/{items[0].pk}/spread/?scope=site"), sent)
    entry = AdjudicationEntry.objects.get(kind="spread")
    Item.objects.filter(pk=items[1].pk).update(withheld=True)

    detail = desk.get(at(project, f"adjudications/{entry.pk}/"))

    assert [row.resolution.item_id for row in detail.context["line"].rows] == [items[2].pk, items[3].pk]
    assert entry_revert(lead, entry.pk, client_id=uuid4()).entry.n_left == 1
    Item.objects.filter(pk__in=[item.pk for item in items]).update(withheld=True)
    assert desk.get(at(project, f"adjudications/{entry.pk}/")).status_code == 404
