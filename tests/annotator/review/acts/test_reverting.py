"""Undoing what a lead did: what was held before is held again, and nothing is lost."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from annotator.accounts.models import User
from annotator.errors import Conflict, NotFound, Withheld
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.acts.reverting import entries_of, entry_last, entry_revert
from annotator.review.models import AdjudicationEntry, Disagreement, Method, Resolution
from annotator.review.selectors import item_review, resolutions_current
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate, review_sweep
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

GAMES_IT_IS = Adjudication(frozenset({GAMES}), Verdict.LABELLED, "A game without stakes.", "1.1")
BETS_IT_IS = Adjudication(frozenset({GAMBLING}), Verdict.LABELLED, "Stakes are bought.", "")


def seen(item: Item) -> BasedOn:
    review = item_review(item.project, item.pk)
    return BasedOn(frozenset(row.pk for row in review.judgments), review.newest.pk if review.newest else None)


def decide(lead: Access, item: Item, adjudication: Adjudication = GAMES_IT_IS) -> AdjudicationEntry:
    row = resolution_adjudicate(lead, item.pk, adjudication=adjudication, based_on=seen(item))
    assert row.entry is not None
    return row.entry


def undo(lead: Access, entry: AdjudicationEntry) -> AdjudicationEntry:
    return entry_revert(lead, entry.pk, client_id=uuid4()).entry


def newest(item: Item) -> Resolution:
    return Resolution.objects.get(item=item, superseded_by__isnull=True)


def test_the_disagreement_is_open_again_when_its_resolution_is_undone(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    entry = decide(lead, row.item)

    done = entry_revert(lead, entry.pk, client_id=uuid4())

    row.refresh_from_db()
    assert (row.closed_at, done.left, done.entry.n_items) == (None, (), 1)
    assert (newest(row.item).method, newest(row.item).entry) == (Method.REOPENED, done.entry)
    assert not resolutions_current(lead.project).exists()
    review_sweep(lead.project)
    row.refresh_from_db()
    assert row.closed_at is None


def test_it_is_held_again_when_the_undoing_is_undone(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    undone = undo(lead, decide(lead, row.item))

    again = undo(lead, undone)

    held = newest(row.item)
    assert (held.labels, held.method, held.reason) == ([GAMES], Method.ADJUDICATED, GAMES_IT_IS.reason)
    assert (held.resolved_by, held.entry) == (lead.user, again)
    assert held.clause is not None
    row.refresh_from_db()
    assert row.closed_at is not None
    undo(lead, again)
    assert Disagreement.objects.get(pk=row.pk).closed_at is None
    assert Resolution.objects.filter(item=row.item).count() == 4


def test_what_another_lead_had_decided_is_held_again(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    decide(lead, row.item)
    other = project_for(make_member(lead.project, Role.LEAD), lead.project.slug, Can.RESOLVE)
    second = decide(other, row.item, BETS_IT_IS)

    undo(other, second)

    held = newest(row.item)
    assert (held.labels, held.resolved_by, held.reason) == ([GAMES], lead.user, GAMES_IT_IS.reason)
    row.refresh_from_db()
    assert row.closed_at is not None


def test_what_the_rule_had_resolved_is_held_again_when_a_lead_corrected_it(
    lead: Access, item: Item, people: list[User]
) -> None:
    for person in people[:2]:
        make_judgment(item, person, [GAMES])
    review_sweep(item.project)
    entry = decide(lead, item, BETS_IT_IS)

    undo(lead, entry)

    assert (newest(item).labels, newest(item).method) == ([GAMES], Method.UNANIMOUS)
    assert review_sweep(item.project).resolved == 0


def test_a_judgment_that_came_meanwhile_counts_after_the_undoing(
    lead: Access, item: Item, people: list[User]
) -> None:
    for person in people[:2]:
        make_judgment(item, person, [GAMES])
    review_sweep(item.project)
    entry = decide(lead, item, BETS_IT_IS)
    make_judgment(item, people[2], [VIOLENCE])
    review_sweep(item.project)

    undo(lead, entry)
    review_sweep(item.project)

    assert Disagreement.objects.get(item=item, closed_at__isnull=True).categories == [GAMES, VIOLENCE]
    assert not resolutions_current(item.project).exists()


def test_nothing_is_undone_when_the_item_was_resolved_anew(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    first = decide(lead, row.item)
    decide(lead, row.item, BETS_IT_IS)

    with pytest.raises(Conflict, match=f"Item {row.item_id} was resolved anew since") as refused:
        undo(lead, first)

    assert refused.value.details == {"entry": first.pk, "left": [row.item_id]}
    assert newest(row.item).labels == [GAMBLING]
    assert AdjudicationEntry.objects.count() == 2


def test_a_second_lead_is_told_who_undid_it(lead: Access, dispute: Callable[[], Disagreement]) -> None:
    entry = decide(lead, dispute().item)
    undo(lead, entry)

    with pytest.raises(Conflict, match=f"{lead.user.username} has undone this already"):
        undo(lead, entry)


def test_a_double_click_is_one_act(lead: Access, dispute: Callable[[], Disagreement]) -> None:
    item, click, again = dispute().item, uuid4(), uuid4()
    based_on = seen(item)

    def resolve(answer: Adjudication) -> Resolution:
        return resolution_adjudicate(lead, item.pk, adjudication=answer, based_on=based_on, client_id=click)

    first, second = resolve(GAMES_IT_IS), resolve(GAMES_IT_IS)
    assert first == second
    with pytest.raises(Conflict):
        resolve(BETS_IT_IS)
    assert first.entry is not None
    undone = [entry_revert(lead, first.entry.pk, client_id=again) for _ in range(2)]

    assert undone[0] == undone[1]
    assert Resolution.objects.filter(item=item).count() == 2
    with pytest.raises(Conflict, match="client_id"):
        entry_revert(lead, undone[0].entry.pk, client_id=again)


def test_a_withheld_item_is_neither_listed_nor_undone(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    item = dispute().item
    entry = decide(lead, item)
    Item.objects.filter(pk=item.pk).update(withheld=True)

    assert entry_last(lead) is None
    assert not entries_of(lead.project).exists()
    with pytest.raises(Withheld):
        undo(lead, entry)


def test_the_entry_of_another_project_is_not_found(lead: Access, dispute: Callable[[], Disagreement]) -> None:
    entry = decide(lead, dispute().item)
    elsewhere = make_project("elsewhere")
    stranger = project_for(make_member(elsewhere, Role.LEAD), "elsewhere", Can.RESOLVE)

    with pytest.raises(NotFound):
        undo(stranger, entry)


def test_an_entry_can_be_neither_changed_nor_deleted(
    lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    entry = AdjudicationEntry.objects.filter(pk=decide(lead, dispute().item).pk)

    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        entry.update(n_items=2)
    assert entry.get().n_items == 1


# The doors -------------------------------------------------------------------------------------------------------


def test_the_desk_resolves_undoes_and_comes_back(
    client: Client, lead: Access, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()
    client.force_login(lead.user)
    entry = decide(lead, first.item)

    shown = client.get(f"/projects/{lead.project.slug}/disagreements/{second.pk}/")
    assert f"/adjudications/{entry.pk}/revert/" in shown.content.decode()
    click = {"client_id": str(shown.context["undo_id"])}
    for _ in range(2):
        answer = client.post(f"/projects/{lead.project.slug}/adjudications/{entry.pk}/revert/", click)
        assert answer["Location"] == f"/projects/{lead.project.slug}/disagreements/{first.pk}/"

    listed = client.get(f"/projects/{lead.project.slug}/adjudications/").content.decode()
    assert f"undone by {lead.user.username}" in listed
    assert listed.count('visually-hidden"> adjudication ') == 1
    bad = client.post(f"/projects/{lead.project.slug}/adjudications/{entry.pk}/revert/", {"client_id": "x"})
    assert bad.status_code == 400


def test_the_api_lists_and_undoes(
    client: Client, lead: Access, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    entry = decide(lead, dispute().item)
    client.force_login(lead.user)
    base = f"/api/v1/projects/{project.slug}/adjudications/"

    done = client.post(
        f"{base}{entry.pk}/revert/", {"client_id": str(uuid4())}, content_type="application/json"
    )

    assert done.status_code == 201
    assert (done.json()["left"], done.json()["entry"]["reverts"]) == ([], entry.pk)
    rows = client.get(base).json()["results"]
    assert [(row["kind"], row["reverted_by"]) for row in rows] == [
        ("revert", None),
        ("single", done.json()["entry"]["id"]),
    ]
    assert client.get(base, {"kind": "x"}).status_code == 400
