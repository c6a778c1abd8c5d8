"""The pages on which people label, asked as a browser asks; what they must not show."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from annotator.accounts.models import User
from annotator.judgments.answers import Answer
from annotator.judgments.models import Flag, Judgment
from annotator.judgments.services import judgment_submit
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment, AssignmentState, Skip, Stream
from annotator.queue.places import assignment_claim
from annotator.queue.services import BatchChoice, batch_open
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project, make_user

pytestmark = pytest.mark.django_db

LABEL = reverse("judgments:label", args=["pilot"])
ADDRESSES = ["label", "next", "skip", "flag", "undo", "renew", "release", "history"]


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=2)
    make_batch(project, make_items(project, 4))
    return project


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
    return user


def held(annotator: User) -> Assignment:
    return Assignment.objects.get(annotator=annotator, state=AssignmentState.OFFERED)


def form(place: Assignment, **fields: Any) -> dict[str, Any]:
    return {"assignment": place.pk, "client_id": str(uuid4()), **fields}


def test_the_page_shows_one_place_and_no_live_link_to_it(client: Client, ann: User) -> None:
    page = client.get(LABEL)

    place = held(ann)
    html = page.content.decode()
    assert page.status_code == 200
    assert f'name="assignment" value="{place.pk}"' in html
    assert f'<strong class="url-domain">{place.item.registrable_domain}</strong>' in html
    assert "hxxps://www." in html
    assert f"https://www.{place.item.registrable_domain}" not in html
    assert page["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"


def test_a_form_without_script_submits_and_goes_back_to_the_page(client: Client, ann: User) -> None:
    client.get(LABEL)
    place = held(ann)

    answered = client.post(LABEL, form(place, labels=[GAMES], unsure=[GAMBLING], seconds="3.2", note="n"))

    judgment = Judgment.objects.get()
    assert (answered.status_code, answered["Location"]) == (303, LABEL)
    assert (judgment.labels, judgment.unsure, judgment.seconds) == ([GAMES], [GAMBLING], 3.2)


def test_one_request_submits_and_brings_the_next_place_when_a_script_asks(client: Client, ann: User) -> None:
    client.get(LABEL)
    place = held(ann)
    client.post(reverse("judgments:next", args=["pilot"]), {"part": "place", "holding": place.pk})
    prefetched = Assignment.objects.get(annotator=ann, state="offered", place=1, batch_item__rank=1)

    answered = client.post(LABEL, form(place, none="on", part="place", holding=prefetched.pk))

    html = answered.content.decode()
    third = Assignment.objects.get(annotator=ann, state="offered", batch_item__rank=2)
    assert f'name="assignment" value="{third.pk}"' in html
    assert "<html" not in html
    assert Judgment.objects.get().labels == []


def test_a_script_gets_204_when_nothing_is_left(client: Client, ann: User, project: Project) -> None:
    client.get(LABEL)
    place = held(ann)
    Project.objects.update(paused=True)

    assert client.post(LABEL, form(place, none="on", part="place")).status_code == 204
    assert Judgment.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "Nothing is chosen"),
        ({"none": "on", "labels": [GAMES]}, "chosen together with a category"),
        ({"labels": ["cats"]}, "“cats” is not a category|&quot;cats&quot; is not a category"),
        ({"verdict": "unreachable", "labels": [GAMES]}, "goes without labels"),
        ({"verdict": "bogus"}, "is not a verdict"),
        ({"none": "on", "client_id": "7"}, "it has to be a UUID"),
        ({"none": "on", "seconds": "long"}, "it has to be a number"),
    ],
)
def test_a_form_that_makes_no_answer_comes_back_filled(
    client: Client, ann: User, fields: dict[str, Any], message: str
) -> None:
    client.get(LABEL)
    place = held(ann)
    posted = {**form(place, note="keep me"), **fields}

    shown = client.post(LABEL, posted)
    scripted = client.post(LABEL, {**posted, "part": "place"}, headers={"accept": "application/json"})

    assert shown.status_code == 422
    assert any(part in shown.content.decode() for part in message.split("|"))
    assert "keep me" in shown.content.decode()
    assert scripted.status_code == 400
    assert set(scripted.json()["error"]) == {"code", "message", "details"}
    assert not Judgment.objects.exists()


def test_an_undone_answer_comes_back_filled(client: Client, ann: User) -> None:
    client.get(LABEL)
    place = held(ann)
    client.post(LABEL, form(place, labels=[GAMES], note="was it?"))

    undone = client.post(reverse("judgments:undo", args=["pilot"]), {"part": "place"})
    reloaded = client.get(LABEL)

    for page in (undone, reloaded):
        assert f'name="assignment" value="{place.pk}"' in page.content.decode()
        assert "was it?" in page.content.decode()
    assert (
        'value="games" id="c-games" aria-keyshortcuts="1" aria-describedby="d-games" checked'
        in reloaded.content.decode()
    )


def test_skipping_flagging_renewing_and_releasing(client: Client, ann: User) -> None:
    client.get(LABEL)
    place = held(ann)

    flagged = client.post(
        reverse("judgments:flag", args=["pilot"]), form(place, flag_note="look", part="place")
    )
    renewed = client.post(reverse("judgments:renew", args=["pilot"]), {"assignment": place.pk})
    until = renewed.json()["lease_until"]
    released = client.post(
        reverse("judgments:release", args=["pilot"]), {"assignment": place.pk, "known": until}
    )
    lost = client.post(reverse("judgments:renew", args=["pilot"]), {"assignment": place.pk})
    skipped = client.post(
        reverse("judgments:skip", args=["pilot"]), form(place, reason="other", skip_note="hm")
    )

    assert [r.status_code for r in (flagged, renewed, released, lost, skipped)] == [204, 200, 204, 204, 303]
    assert (Flag.objects.get().note, Skip.objects.get().note) == ("look", "hm")


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("renew", {"assignment": "x"}),
        ("release", {"assignment": "1", "known": "yesterday"}),
        ("release", {"assignment": "1", "known": "2026-01-01T99:00:00"}),
        ("flag", {"assignment": "9" * 30}),
        ("flag", {"assignment": ""}),
        ("next", {"part": "place", "holding": "-1"}),
    ],
)
def test_what_is_no_number_and_no_moment_is_refused(
    client: Client, ann: User, name: str, fields: dict[str, str]
) -> None:
    assert client.post(reverse(f"judgments:{name}", args=["pilot"]), fields).status_code == 400


def test_a_note_with_a_nul_is_refused(client: Client, ann: User) -> None:
    client.get(LABEL)
    place = held(ann)

    flagged = client.post(reverse("judgments:flag", args=["pilot"]), form(place, flag_note="a\x00"))

    assert flagged.status_code == 400


def test_a_late_answer_says_so(client: Client, ann: User, project: Project) -> None:
    client.get(LABEL)
    place = held(ann)
    bob = make_member(project)
    others = Assignment.objects.filter(item=place.item_id).exclude(pk=place.pk)
    others.update(state="submitted", annotator=make_member(project), submitted_at=project.created_at)
    Assignment.objects.filter(pk=place.pk).update(lease_until=project.created_at)
    assert assignment_claim(project, bob) == place

    answered = client.post(LABEL, form(place, none="on", part="place"))

    assert Judgment.objects.get().late
    assert "Your lease had run out" in answered["X-Notice"]


def test_a_page_shows_nothing_of_others_of_a_model_or_of_why_it_is_served(client: Client) -> None:
    project = make_project("blind", overlap=2)
    items = make_items(project, 3, source="SECRET-SOURCE", known_labels=["violence"])
    choice = {
        "stream": Stream.RARE,
        "strategy": "SECRET-STRATEGY",
        "score": 0.987654,
        "reason": "SECRET-REASON",
        "classifier_number": 7,
        "pool_size": 424242,
        "inclusion_probability": 0.123123,
        "seed": 515151,
    }
    batch_open(
        project,
        [BatchChoice(item_id=item.pk, **choice) for item in items],  # type: ignore[arg-type]
        fingerprint="f",
        reason="SECRET-BATCH",
        seed=515151,
        classifier_number=7,
        pool_size=424242,
    )
    bob, ann = make_member(project, username="secretbob"), make_member(project, username="ann")
    access = project_for(bob, "blind", Can.LABEL)
    for _ in items:
        place = assignment_claim(project, bob)
        assert place is not None
        answer = Answer(client_id=uuid4(), labels=(GAMBLING,), note="SECRET-NOTE")
        judgment_submit(access, place.pk, answer)
    client.force_login(ann, backend="annotator.accounts.backends.AccountBackend")

    page = client.get(reverse("judgments:label", args=["blind"]))
    part = client.post(reverse("judgments:next", args=["blind"]), {"part": "place", "holding": held(ann).pk})
    claimed = client.post("/api/v1/projects/blind/queue/claim/", {}, content_type="application/json")

    for answer_page in (page, part, claimed):
        text = answer_page.content.decode().lower()
        assert answer_page.status_code == 200
        for secret in ("secret", "987654", "rare", "123123", "515151", "424242", "classifier"):
            assert secret not in text, secret
    assert "violence" not in part.content.decode().lower()


def test_history_shows_ones_own_judgments_only(client: Client, ann: User, project: Project) -> None:
    client.get(LABEL)
    place = held(ann)
    client.post(LABEL, form(place, verdict="language", note="MINE"))
    bob = make_member(project)
    other = assignment_claim(project, bob)
    assert other is not None
    judgment_submit(
        project_for(bob, "pilot", Can.LABEL),
        other.pk,
        Answer(client_id=uuid4(), labels=(GAMES,), note="BOBS"),
    )

    html = client.get(reverse("judgments:history", args=["pilot"])).content.decode()

    assert "MINE" in html
    assert "Not in a language I read" in html
    assert "BOBS" not in html


def test_an_edit_is_refused_with_its_form_and_stored_when_it_can_be(client: Client, ann: User) -> None:
    client.get(LABEL)
    client.post(LABEL, form(held(ann), labels=[GAMES]))
    address = reverse("judgments:edit", args=["pilot", Judgment.objects.get().pk])

    shown = client.get(address)
    refused = client.post(address, {"client_id": str(uuid4())})
    changed = client.post(address, {"client_id": str(uuid4()), "none": "on"})

    assert shown.status_code == 200
    assert (refused.status_code, changed.status_code) == (422, 302)
    assert "Nothing is chosen" in refused.content.decode()
    assert Judgment.objects.filter(supersedes__isnull=False).get().labels == []


@pytest.mark.parametrize("name", ADDRESSES)
def test_only_members_who_label_come_in(client: Client, project: Project, name: str) -> None:
    address = reverse(f"judgments:{name}", args=["pilot"])
    ask = client.get if name in {"label", "history"} else client.post

    assert ask(address)["Location"].startswith("/sign-in/")
    client.force_login(make_user(), backend="annotator.accounts.backends.AccountBackend")
    assert ask(address).status_code == 404
    scientist = make_member(project, Role.SCIENTIST)
    client.force_login(scientist, backend="annotator.accounts.backends.AccountBackend")
    assert ask(address).status_code == 403
