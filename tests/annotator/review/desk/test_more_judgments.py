"""Asking for more judgments: so many of anybody, or of the best in a category; on the page and by the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project, Role, Standing
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment, AssignmentState, OptOut, Skip
from annotator.queue.places import assignment_claim
from annotator.review.desk.holding import judgment_ask
from annotator.review.desk.more_judgments import Asked, asked_in
from annotator.review.models import Disagreement
from annotator.review.reliable import best_in
from annotator.review.services import review_sweep
from tests.annotator.review.knowing import know_skills
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    """Two places an item, five from now on."""
    return make_project(overlap=2, overlap_max=2)


@pytest.fixture
def people(project: Project) -> list[User]:
    people = [make_member(project, username=name) for name in ("ada", "bo", "cy", "di", "eve")]
    skills = ((0.9, 0.9), (0.9, 0.9), (0.8, 0.99), (0.95, 0.99), (0.6, 0.9))
    know_skills(project, dict(zip(people, skills, strict=True)))
    return people


@pytest.fixture
def row(project: Project, people: list[User]) -> Disagreement:
    return disputed(project, people)


def disputed(project: Project, people: list[User], split: Split = Split.TRAIN) -> Disagreement:
    (item,) = make_items(project, 1, split=split)
    make_batch(project, [item])
    make_judgment(item, people[0], [GAMES])
    make_judgment(item, people[1], [GAMBLING])
    review_sweep(project)
    Project.objects.filter(pk=project.pk).update(overlap_max=5)
    project.refresh_from_db()
    return Disagreement.objects.get(item=item)


@pytest.fixture
def lead(project: Project, row: Disagreement) -> Access:
    project.refresh_from_db()
    return project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)


def free(item: Item) -> list[Assignment]:
    return list(Assignment.objects.filter(item=item, state=AssignmentState.FREE).order_by("place"))


def test_several_places_open_for_anybody_up_to_the_maximum(lead: Access, row: Disagreement) -> None:
    with pytest.raises(Conflict, match="3 more can be had, not 4: 5 places are the most"):
        judgment_ask(lead, row.pk, n=4)
    assert free(row.item) == []

    judgment_ask(lead, row.pk, n=3)

    assert [(place.place, place.for_annotator_id) for place in free(row.item)] == [
        (3, None),
        (4, None),
        (5, None),
    ]
    row.refresh_from_db()
    assert row.closed_at is not None


def test_place_waits_an_hour_for_the_person_named(project: Project, lead: Access, row: Disagreement) -> None:
    di, cy = (User.objects.get(username=name) for name in ("di", "cy"))

    judgment_ask(lead, row.pk, annotator="di")

    (place,) = free(row.item)
    assert place.for_annotator == di
    assert place.reserved_until is not None
    assert timedelta(minutes=59) < place.reserved_until - timezone.now() <= timedelta(hours=1)
    assert assignment_claim(project, cy) is None
    given = assignment_claim(project, di)
    assert given is not None
    assert given.item_id == row.item_id


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("nobody", '"nobody" is no annotator here whose answers count now'),
        ("lead", '"lead" is no annotator here'),
        ("warned", '"warned" is no annotator here'),
        ("ada", "ada has judged this item, or has it in hand"),
    ],
)
def test_who_cannot_be_asked_is_said_and_no_place_is_opened(
    project: Project, lead: Access, row: Disagreement, who: str, why: str
) -> None:
    make_member(project, Role.LEAD, "lead")
    warned = make_member(project, username="warned")
    Membership.objects.filter(user=warned).update(standing=Standing.WARNED)

    with pytest.raises((BadInput, Conflict), match=why):
        judgment_ask(lead, row.pk, annotator=who)

    assert Assignment.objects.filter(item=row.item).count() == 2
    row.refresh_from_db()
    assert row.closed_at is None


def test_nobody_is_chosen_for_what_evaluations_rest_on(
    client: Client, project: Project, people: list[User], lead: Access
) -> None:
    Project.objects.filter(pk=project.pk).update(overlap_max=2)
    project.refresh_from_db()
    audit = disputed(project, people, Split.HOLDOUT)
    lead = project_for(lead.user, project.slug, Can.RESOLVE)
    client.force_login(lead.user)

    with pytest.raises(Conflict, match="Evaluations rest on this page, so nobody is chosen for it"):
        judgment_ask(lead, audit.pk, annotator="di")

    whom = client.get(f"/api/v1/projects/{project.slug}/disagreements/{audit.pk}/ask/").json()
    assert whom == {"left": 3, "best": []}
    judgment_ask(lead, audit.pk, n=2)
    assert [place.for_annotator_id for place in free(audit.item)] == [None, None]


def test_best_are_named_by_category_without_who_judged_and_whatever_they_opted_out_of(
    project: Project, people: list[User], row: Disagreement
) -> None:
    _, _, _, di, eve = people
    OptOut.objects.create(project=project, annotator=di, category=GAMES)
    Skip.objects.create(project=project, annotator=eve, item=row.item, reason=Skip.Reason.DISTRESS)
    games = [one for one in taxonomy_current(project).categories if one.slug == GAMES]

    best = best_in(project, row.item_id, games)

    assert [one.words for one in best] == [
        "di: sees 95 % (90–100), n 40",
        "cy: sees 80 % (75–85), n 40",
        "eve: sees 60 % (55–65), n 40",
    ]


def test_lead_chooses_on_the_page(client: Client, project: Project, lead: Access, row: Disagreement) -> None:
    client.force_login(lead.user)
    address = reverse("review:disagreement", args=[project.slug, row.pk])

    text = client.get(address).content.decode()
    broken = client.post(address, {"action": "ask", "ask": "person:"})
    refused = client.post(address, {"action": "ask", "ask": "anybody:4", "reason": "Let me think."})
    asked = client.post(address, {"action": "ask", "ask": "person:di"}, follow=True)

    assert '<option value="anybody:3">3 of anybody</option>' in text
    assert '<optgroup label="The best in Games"><option value="person:di">di: sees 95 %' in text
    assert 'value="person:ada"' not in text
    assert broken.status_code == 422
    assert refused.status_code == 409
    assert "Let me think." in refused.content.decode()
    assert "A place waits for di for an hour" in asked.content.decode()


@pytest.mark.parametrize(
    "value", ["anybody", "anybody:0", "anybody:12", "anybody:x", "person:", "ada", "person:a\x00"]
)
def test_choice_that_no_page_offers_is_refused(value: str) -> None:
    with pytest.raises(BadInput, match="has lost track of whom you ask"):
        asked_in(value)
    assert asked_in("") == Asked(1)


def test_whom_and_asking_by_api(client: Client, project: Project, lead: Access, row: Disagreement) -> None:
    client.force_login(lead.user)
    address = f"/api/v1/projects/{project.slug}/disagreements/{row.pk}/ask/"

    def post(body: dict[str, object]) -> int:
        return client.post(address, body, content_type="application/json").status_code

    whom = client.get(address).json()
    assert whom["left"] == 3
    assert whom["best"][0] == {
        "annotator": "di", "category": GAMES, "sensitivity": 95, "low": 90, "high": 100, "n": 40, "specificity": 99,
    }  # fmt: skip
    assert post({"n": 0}) == post({"n": 9}) == post({"n": 2, "annotator": "di"}) == 400
    assert post({"annotator": "nobody"}) == 400
    assert post({"n": 4}) == 409
    assert post({"annotator": "di"}) == 204
    assert [place.for_annotator_id for place in free(row.item)] == [User.objects.get(username="di").pk]


def test_annotators_may_not_read_who_tells_what(client: Client, project: Project, row: Disagreement) -> None:
    client.force_login(User.objects.get(username="cy"))

    assert client.get(f"/api/v1/projects/{project.slug}/disagreements/{row.pk}/ask/").status_code == 403
