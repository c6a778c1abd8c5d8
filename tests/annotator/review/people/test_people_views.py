"""Gold and people: what leads see and do, by page and by API; what a person sees of their own checks."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.intervals import Tally
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Membership, Project, Standing
from annotator.queue.models import Assignment, AssignmentState, Purpose
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.review.checks.gold import UNANIMOUS, gold_add
from annotator.review.checks.standings import annotator_of, standing_set
from annotator.review.models import Gold, Method, StandingChange
from annotator.review.overview import overview_of
from annotator.review.people.totals import own_checks, people_of
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_resolution

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(lead: Access) -> Client:
    """A lead's browser."""
    client = Client()
    client.force_login(lead.user)
    return client


@pytest.fixture
def base(project: Project) -> str:
    return f"/projects/{project.slug}"


@pytest.fixture
def resolved(project: Project, people: list[User]) -> Item:
    """An item that two people agreed on."""
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for person in people[:2]:
        make_judgment(item, person, [GAMES])
    make_resolution(item, [GAMES])
    return item


def check(
    project: Project,
    user: User,
    item: Item,
    labels: list[str],
    purpose: Purpose = Purpose.GOLD,
    **columns: Any,
) -> Judgment:
    """The answer of somebody on a check."""
    choices = [PersonalChoice(item.pk, frozenset({GAMES}), 1.0)]
    places_personal_open(project, user, purpose, choices, draw=Draw("test", "a test", 1, seed=user.pk))
    return make_judgment(item, user, labels, purpose=purpose, **columns)


def test_an_item_becomes_gold_with_one_step_from_its_suggestion(
    client: Client, base: str, resolved: Item, lead: Access
) -> None:
    page = client.get(f"{base}/gold/").content.decode()
    assert UNANIMOUS in page
    assert "5 missing" in page

    response = client.post(
        f"{base}/gold/", {"item": resolved.pk, "explanation": " It is chess. ", "clause": "1.1"}, follow=True
    )

    gold = Gold.objects.get()
    assert (gold.item, gold.labels, gold.explanation) == (resolved, [GAMES], "It is chess.")
    assert (gold.clause and gold.clause.number, gold.added_by) == ("1.1", lead.user)
    assert "It is chess." in response.content.decode()
    assert UNANIMOUS not in response.content.decode()


def test_a_decision_is_suggested_with_its_reason_before_unanimous_ones(
    client: Client, base: str, project: Project, resolved: Item, lead: Access
) -> None:
    (decided,) = make_items(project, 1)
    make_batch(project, [decided])
    make_resolution(
        decided, [GAMBLING], method=Method.ADJUDICATED, reason="Odds are shown.", resolved_by=lead.user
    )

    page = client.get(f"{base}/gold/").content.decode()
    games_only = client.get(f"{base}/gold/", {"category": GAMES}).content.decode()

    assert page.index("Odds are shown.") < page.index(UNANIMOUS)
    assert "Odds are shown." not in games_only
    assert UNANIMOUS in games_only


def test_what_was_entered_comes_back_when_gold_is_refused(
    client: Client, base: str, project: Project
) -> None:
    (item,) = make_items(project, 1)

    unresolved = client.post(f"{base}/gold/", {"item": item.pk, "explanation": "My words"})
    empty = client.post(f"{base}/gold/", {"item": item.pk, "explanation": " "})

    assert unresolved.status_code == 400
    assert "No labels are held true" in unresolved.content.decode()
    assert "My words" in unresolved.content.decode()
    assert empty.status_code == 422
    assert not Gold.objects.exists()


def test_the_page_of_an_item_makes_it_gold_and_says_so(client: Client, base: str, resolved: Item) -> None:
    address = f"{base}/items/{resolved.pk}/review/"
    assert "Use as gold" in client.get(address).content.decode()

    client.post(f"{base}/gold/", {"item": resolved.pk, "explanation": "It is chess."})

    assert "This item is gold: It is chess." in client.get(address).content.decode()


def test_gold_is_retired_with_the_places_that_wait_on_it(
    client: Client, base: str, lead: Access, resolved: Item, people: list[User]
) -> None:
    gold = gold_add(lead, resolved.pk, "It is chess.")
    choices = [PersonalChoice(resolved.pk, frozenset({GAMES}), 1.0)]
    places_personal_open(
        lead.project, people[2], Purpose.GOLD, choices, draw=Draw("test", "a test", 1, seed=1)
    )

    for _ in range(2):
        assert client.post(f"{base}/gold/{gold.pk}/retire/").status_code == 302

    gold.refresh_from_db()
    assert gold.retired_at is not None
    assert Assignment.objects.get(for_annotator=people[2]).state == AssignmentState.WITHHELD


def test_the_api_lists_adds_and_retires_gold(client: Client, project: Project, resolved: Item) -> None:
    api = f"/api/v1/projects/{project.slug}/gold/"
    body = {"item": resolved.pk, "explanation": "It is chess.", "clause": "1.1"}

    added = client.post(api, body, content_type="application/json")
    again = client.post(api, body, content_type="application/json")
    listed = client.get(api).json()["results"]
    retired = client.post(f"{api}{added.json()['id']}/retire/")

    assert (added.status_code, again.status_code, retired.status_code) == (201, 409, 204)
    assert [(row["item"], row["labels"], row["clause"]) for row in listed] == [(resolved.pk, [GAMES], "1.1")]
    assert client.get(api).json()["results"] == []


def test_the_numbers_of_a_person_come_with_n_or_the_reason_why_there_are_none(
    client: Client, base: str, lead: Access, resolved: Item, people: list[User]
) -> None:
    gold_add(lead, resolved.pk, "It is chess.")
    check(lead.project, people[2], resolved, [GAMBLING])
    check(lead.project, people[0], resolved, [GAMBLING], Purpose.RETEST)

    rows = {row.user.pk: row for row in people_of(lead.project)}
    page = client.get(f"{base}/people/").content.decode()

    assert rows[people[2].pk].gold.tally == Tally(0, 1)
    assert rows[people[0].pk].retest.tally == Tally(0, 1)
    assert rows[people[0].pk].n_judgments == 2
    assert "no gold answered yet" in page
    assert "no page has come again yet" in page
    names = [row.user.username for row in people_of(lead.project)]
    assert names == sorted(names)


def test_a_lead_reads_the_answers_behind_the_numbers(
    client: Client, base: str, lead: Access, resolved: Item, people: list[User]
) -> None:
    gold_add(lead, resolved.pk, "It is chess.")
    check(lead.project, people[2], resolved, [GAMBLING])
    check(lead.project, people[0], resolved, [GAMBLING], Purpose.RETEST)

    missed = client.get(f"{base}/people/{people[2].pk}/").content.decode()
    changed = client.get(f"{base}/people/{people[0].pk}/").content.decode()

    assert "It is chess." in missed
    assert resolved.registrable_domain in missed
    assert "<dt>Before</dt>" in changed


def test_a_lead_waives_with_a_reason_that_the_person_reads(
    client: Client, base: str, project: Project, lead: Access, people: list[User]
) -> None:
    person = people[0]
    standing_set(annotator_of(project, person.pk), Standing.QUALIFYING, "New here")
    address = f"{base}/people/{person.pk}/standing/"

    assert client.post(address, {"action": "waive", "reason": " "}).status_code == 400
    assert client.post(address, {"action": "waive", "reason": "Ten years at it"}).status_code == 302
    assert client.post(address, {"action": "waive", "reason": "Again"}).status_code == 409

    assert Membership.objects.get(user=person).standing == Standing.QUALIFIED
    change = StandingChange.objects.latest("pk")
    assert (change.reason, change.by) == ("Ten years at it", lead.user)
    own = Client()
    own.force_login(person)
    assert "Ten years at it" in own.get(f"{base}/judgments/checks/").content.decode()


def test_nobody_is_sent_to_qualification_without_gold_for_it(
    client: Client, base: str, people: list[User]
) -> None:
    address = f"{base}/people/{people[0].pk}/standing/"

    refused = client.post(address, {"action": "qualify", "reason": "Please look again"})

    assert refused.status_code == 409
    assert "too little gold" in refused.content.decode()
    assert Membership.objects.get(user=people[0]).standing == Standing.QUALIFIED


def test_a_warned_person_is_told_kindly_and_the_lead_too(
    base: str, project: Project, people: list[User], lead: Access
) -> None:
    person = people[0]
    standing_set(annotator_of(project, person.pk), Standing.WARNED, "3 of 8 checks were right")
    own = Client()
    own.force_login(person)

    label = own.get(f"{base}/label/").content.decode()
    checks = own.get(f"{base}/judgments/checks/").content.decode()

    assert "Some of your answers differed from what is held true" in label
    assert "3 of 8 checks were right" in checks
    needs = [need.text for need in overview_of(project, StandingChange.objects.get().at).needs]
    assert "1 annotator fell short on checks and could do with help." in needs


def test_the_lead_is_told_when_somebody_is_faster_than_reading(
    project: Project, people: list[User], lead: Access
) -> None:
    items = make_items(project, 20)
    make_batch(project, items)
    for number, item in enumerate(items):
        make_judgment(item, people[0], [GAMES], fast=number < 7)
        make_judgment(item, people[1], [GAMES], fast=number < 6)

    hasty = {row.user.pk for row in people_of(project) if row.is_hasty}
    texts = [need.text for need in overview_of(project, items[0].created_at).needs]

    assert hasty == {people[0].pk}
    assert "1 annotator often judged faster than reading takes." in texts


def test_a_person_sees_totals_of_their_own_checks_and_no_page(
    base: str, project: Project, lead: Access, resolved: Item, people: list[User]
) -> None:
    gold_add(lead, resolved.pk, "It is chess.")
    check(project, people[2], resolved, [GAMBLING], created_at=timezone.now() - timedelta(days=1))
    own = Client()
    own.force_login(people[2])

    page = own.get(f"{base}/judgments/checks/").content.decode()

    assert "n=1" in page
    assert resolved.registrable_domain not in page
    assert "It is chess." not in page


def test_ones_own_totals_do_not_move_with_an_answer_an_undo_or_an_edit_of_today(
    project: Project, lead: Access, resolved: Item, people: list[User]
) -> None:
    gold_add(lead, resolved.pk, "It is chess.")
    person, now = people[2], timezone.now()
    earlier = check(project, person, resolved, [GAMBLING], created_at=now - timedelta(days=1))
    before = own_checks(project, person, now)

    changed = make_judgment(resolved, person, [GAMES], purpose=Purpose.GOLD, supersedes=earlier)
    edited = own_checks(project, person, now)
    make_judgment(resolved, person, verdict="withdrawn", purpose=Purpose.GOLD, supersedes=changed)
    undone = own_checks(project, person, now)

    assert (before.gold.tally, edited, undone) == (Tally(0, 1), before, before)
    assert own_checks(project, person, now + timedelta(days=1)).gold.tally == Tally(0, 0)


def test_retests_of_today_do_not_show_in_ones_own_totals(
    project: Project, resolved: Item, people: list[User]
) -> None:
    now = timezone.now()
    check(project, people[0], resolved, [GAMES], Purpose.RETEST)

    assert own_checks(project, people[0], now).retest.tally == Tally(0, 0)
    assert own_checks(project, people[0], now + timedelta(days=1)).retest.tally == Tally(1, 1)
