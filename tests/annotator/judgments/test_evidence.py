"""The evidence pane as it is served: hostile pages stay inert, and what the guideline points to is marked."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from annotator.pool.models import Evidence
from annotator.projects.models import Project
from annotator.queue.models import Assignment
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

LABEL = reverse("judgments:label", args=["pilot"])


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=1)


@pytest.fixture
def ann(project: Project, client: Client) -> User:
    user = make_member(project, username="ann")
    client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
    return user


def evidence(html: str) -> str:
    found = re.search(r'<article class="evidence".*?</article>', html, re.DOTALL)
    assert found is not None
    return found[0]


def test_a_hostile_page_is_inert_wherever_it_is_judged(client: Client, ann: User, project: Project) -> None:
    items = make_items(project, 3)
    Evidence.objects.update(
        title="<script>alert(1)</script>\u202egpj.exe",
        description="<img src=x onerror=alert(1)>",
        text="</p></article><iframe src=//evil>ga\u200bmes " + "x" * 20_000,
    )
    make_batch(project, items)
    own = make_judgment(items[2], ann, [GAMES])

    page = client.get(LABEL)
    place = Assignment.objects.get(annotator=ann, state="offered")
    part = client.post(reverse("judgments:next", args=["pilot"]), {"part": "place", "holding": place.pk})
    edit = client.get(reverse("judgments:edit", args=["pilot", own.pk]))

    for answer in (page, part, edit):
        shown = evidence(answer.content.decode())
        for live in ("<iframe", "<img", "<script", "\u202e", "\u200b"):
            assert live not in shown, live
        assert "U+202E" in shown
        assert re.search(
            r'<mark title="Games">ga<span class="unseen" title="Zero width space">U\+200B</span>mes', shown
        )
        assert "more characters" in shown


def test_the_address_is_taken_apart_and_cannot_be_opened(client: Client, ann: User, project: Project) -> None:
    url = "https://www.evil.example:8443/%3Cscript%3E/?q=%3Cimg%3E"
    items = make_items(project, 1, url=url, host="www.evil.example", registrable_domain="evil.example")
    make_batch(project, items)

    shown = evidence(client.get(LABEL).content.decode())

    assert '<strong class="url-domain">evil.example</strong>' in shown
    assert "hxxps://www." in shown
    assert "&lt;script&gt;" in shown
    assert "<dd>8443</dd>" in shown
    assert "<dt>q</dt><dd><bdi>&lt;img&gt;</bdi></dd>" in shown
    assert "href" not in shown
    assert "https://" not in shown


def test_language_age_site_and_terms_are_told_in_words(client: Client, ann: User, project: Project) -> None:
    items = make_items(project, 3, registrable_domain="one.example")
    text = "A long page about games that teachers and parents may read with their children, and gambling is not in it."
    Evidence.objects.update(text=text, captured_at=timezone.now() - timedelta(days=3, hours=1))
    make_batch(project, items)

    shown = evidence(client.get(LABEL).content.decode())

    assert "<dt>Other pages of this site</dt><dd>2</dd>" in shown
    assert "<dt>Language</dt><dd>English</dd>" in shown
    assert "3\xa0days" in shown
    assert re.search(r"<strong>Games</strong> games\s*</li>", shown)
    assert re.search(r"<strong>Gambling</strong> gambling\s*</li>", shown)


def test_the_pane_is_the_same_whatever_others_said(client: Client, ann: User, project: Project) -> None:
    item = make_items(project, 1)[0]
    Project.objects.filter(pk=project.pk).update(overlap=2)
    project.refresh_from_db()
    make_batch(project, [item])
    before = evidence(client.get(LABEL).content.decode())

    make_judgment(item, make_member(project), [GAMES], note="SECRET")

    assert evidence(client.get(LABEL).content.decode()) == before
