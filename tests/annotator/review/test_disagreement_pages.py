"""Disagreements as a client without JavaScript sees them: listed, opened, resolved."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.judgments.models import Verdict
from annotator.pool.models import Evidence, Signature
from annotator.pool.signatures import signatures_write
from annotator.projects.models import Project
from annotator.review.models import Disagreement, Resolution
from tests.annotator.review.visiting import HTMX, filled, page
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_judgment, make_member

pytestmark = pytest.mark.django_db


def test_list_shows_what_is_in_dispute(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()

    text = pages.get(page(project, "disagreements")).content.decode()

    assert page(project, "disagreement", disagreement.pk) in text
    assert "Games (1)" in text
    assert disagreement.item.registrable_domain in text


def test_list_is_empty_when_the_category_is_in_no_dispute(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    dispute()

    text = pages.get(page(project, "disagreements"), {"category": VIOLENCE}).content.decode()

    assert "None in this category" in text


def test_disagreement_shows_the_answers_side_by_side(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    text = pages.get(page(project, "disagreement", dispute().pk)).content.decode()

    for person in people[:3]:
        assert person.username in text
    assert "None of these" in text
    assert "Judge the page" in text


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("no agreement on gambling, games", "No agreement on Gambling, Games"),
        ("verdicts differ: labelled, not-enough-evidence", "Verdicts differ: Labelled, Not enough evidence"),
        ("a later judgment names violence, which the lead did not", "A later judgment names Violence, which"),
    ],
)
def test_why_it_is_in_dispute_is_said_by_name(
    pages: Client, project: Project, dispute: Callable[[], Disagreement], reason: str, shown: str
) -> None:
    row = dispute()
    Disagreement.objects.update(reason=reason, categories=[])

    assert shown in pages.get(page(project, "disagreement", row.pk)).content.decode()
    listed = pages.get(page(project, "disagreements")).content.decode()
    assert shown[1:] in listed


def test_lead_goes_on_to_the_next_when_one_is_resolved(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    first, second = dispute(), dispute()
    address = page(project, "disagreement", first.pk) + f"?category={GAMES}"

    answer = pages.post(address, filled(pages, address, clause="1.1"))

    assert answer.headers["Location"] == page(project, "disagreement", second.pk) + f"?category={GAMES}"
    resolution = Resolution.objects.get(item=first.item)
    assert (resolution.labels, resolution.reason) == ([GAMES], "A game without stakes.")
    first.refresh_from_db()
    assert first.closed_at is not None


def test_lead_returns_to_the_list_when_the_last_is_resolved(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    address = page(project, "disagreement", dispute().pk)

    answer = pages.post(address, filled(pages, address, labels=[], none="on"), follow=True)

    assert answer.redirect_chain == [(page(project, "disagreements"), 302)]
    assert "Resolved: none of these." in answer.content.decode()
    assert Resolution.objects.get().labels == []


def test_verdict_resolves_without_labels(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    address = page(project, "disagreement", dispute().pk)

    pages.post(address, filled(pages, address, labels=[], verdict="unreachable"))

    assert (Resolution.objects.get().verdict, Resolution.objects.get().labels) == (Verdict.UNREACHABLE, [])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"labels": []}, "Choose categories"),
        ({"none": "on"}, "not both"),
        ({"verdict": "unreachable"}, "goes without categories"),
        ({"reason": ""}, "This field is required"),
        ({"judgments": "1,x"}, "lost track"),
        ({"clause": "9.9"}, "not one of the available choices"),
    ],
)
def test_form_comes_back_when_the_answer_cannot_be(
    pages: Client,
    project: Project,
    dispute: Callable[[], Disagreement],
    wrong: dict[str, object],
    message: str,
) -> None:
    address = page(project, "disagreement", dispute().pk)

    answer = pages.post(address, filled(pages, address, **wrong))

    assert answer.status_code == 422
    assert message in answer.content.decode().replace("&quot;", '"')
    assert not Resolution.objects.exists()


def test_lead_sees_what_changed_and_keeps_their_words_when_somebody_was_faster(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()
    address = page(project, "disagreement", disagreement.pk)
    form = filled(pages, address, labels=[GAMBLING], reason="There are stakes.")
    late = make_judgment(disagreement.item, people[3], [GAMBLING])

    refused = pages.post(address, form)
    again = pages.post(address, form | {"judgments": refused.context["shown_judgments"]})

    assert refused.status_code == 409
    text = refused.content.decode()
    assert f"{people[3].username} judged it" in text
    assert "There are stakes." in text
    assert again.status_code == 302
    assert late.pk in Resolution.objects.get(item=disagreement.item).judgments


def test_closed_disagreement_says_so(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    disagreement = dispute()
    Disagreement.objects.update(closed_at=timezone.now())

    text = pages.get(page(project, "disagreement", disagreement.pk)).content.decode()

    assert "This disagreement is closed" in text


def test_near_duplicates_are_shown_with_what_is_held_of_them(
    pages: Client, project: Project, dispute: Callable[[], Disagreement]
) -> None:
    first, second, third = dispute(), dispute(), dispute()
    words = " ".join(f"word{n}" for n in range(60))
    for row in (first, second, third):
        Evidence.objects.create(item=row.item, version=2, text=words, content_hash=uuid4())
    Signature.objects.all().delete()
    signatures_write([row.item_id for row in (first, second, third)])
    address = page(project, "disagreement", second.pk)
    pages.post(address, filled(pages, address, reason="The twin is a game."))

    text = pages.get(page(project, "alike", first.item_id), headers=HTMX).content.decode()

    assert "The twin is a game." in text
    assert "100 %" in text
    assert text.count("In dispute too") == 1
    assert "<html" not in text


def test_queries_do_not_grow_with_the_list(
    pages: Client,
    project: Project,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        dispute()

    with django_assert_max_num_queries(13):
        pages.get(page(project, "disagreements"))


def test_the_text_in_dispute_starts_covered_when_anybody_said_that_it_is_harmful(
    pages: Client, project: Project, people: list[User], dispute: Callable[[], Disagreement]
) -> None:
    harmless, harmful = dispute(), dispute()
    make_judgment(harmful.item, make_member(project), [VIOLENCE])

    texts = [pages.get(page(project, "disagreement", one.pk)).content.decode() for one in (harmless, harmful)]

    assert ['<details class="shield">' in html for html in texts] == [False, True]
    assert "A page about" not in texts[1].split('<details class="shield">')[0]
