"""The evidence of one page as a person judges it."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotator.pool.models import Evidence, Item
from annotator.pool.pane import HEAD_CHARS, SITE_MAX, Pane, item_pane, pane_of
from annotator.pool.selectors import item_page
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from tests.factories import GAMBLING, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project()


def pane(project: Project, item: Item, **evidence: str) -> Pane:
    Evidence.objects.filter(item=item).update(**evidence)
    return pane_of(item_page(item), taxonomy_current(project), n_site=0)


def test_terms_are_marked_in_every_text_and_counted(project: Project) -> None:
    item = make_items(project, 1)[0]

    shown = pane(
        project, item, title="Gambling", description="<i>games</i>", text="gambling, games and gambling"
    )

    assert shown.title == '<mark title="Gambling">Gambling</mark>'
    assert shown.description == '&lt;i&gt;<mark title="Games">games</mark>&lt;/i&gt;'
    assert shown.head.count("<mark") == 3
    assert [(row.category.slug, row.count) for row in shown.found] == [(GAMBLING, 3), ("games", 2)]


def test_a_long_text_is_cut_after_a_word_and_nothing_of_it_is_lost(project: Project) -> None:
    item = make_items(project, 1)[0]
    text = "chess puzzle " * 1_000

    shown = pane(project, item, text=text)

    assert HEAD_CHARS // 2 < len(shown.head) <= HEAD_CHARS
    assert shown.head + shown.rest == text
    assert shown.rest_chars == len(shown.rest)
    assert not shown.head.endswith("puz")


def test_a_text_without_a_single_blank_is_cut_all_the_same(project: Project) -> None:
    shown = pane(project, make_items(project, 1)[0], text="x" * 100_000)

    assert (len(shown.head), shown.rest_chars) == (HEAD_CHARS, 100_000 - HEAD_CHARS)


def test_a_match_is_never_cut_in_two(project: Project) -> None:
    before = "x" * (HEAD_CHARS - 3)

    shown = pane(project, make_items(project, 1)[0], text=f"{before}-gambling-" + "y" * 9_000)

    assert shown.head.endswith('<mark title="Gambling">gambling</mark>')
    assert shown.rest.startswith("-y")


def test_a_text_that_is_a_little_longer_is_shown_whole(project: Project) -> None:
    shown = pane(project, make_items(project, 1)[0], text="x" * (HEAD_CHARS + 100))

    assert (len(shown.head), shown.rest) == (HEAD_CHARS + 100, "")


def test_an_address_is_inert_and_a_name_in_punycode_is_read_out(project: Project) -> None:
    host = "xn--e1afmkfd.example"
    url = f"https://{host}/%E2%80%AEgpj/<b>?q=%3Cscript%3E&" + "&".join(f"p{n}=1" for n in range(50))
    item = make_items(project, 1, url=url, host=host, registrable_domain=host)[0]

    shown = pane(project, item)

    assert shown.reads_as == "пример.example"
    assert [str(step) for step in shown.path] == [
        '<span class="unseen" title="Right-to-left override">U+202E</span>gpj', "&lt;b&gt;",
    ]  # fmt: skip
    assert (shown.query[0].name, shown.query[0].value) == ("q", "&lt;script&gt;")
    assert (len(shown.query), shown.parts_left) == (20, 31)


def test_the_site_is_counted_in_this_project_without_the_page_itself(project: Project) -> None:
    first = make_items(project, 3, registrable_domain="one.example")[0]
    make_items(make_project(), 2, registrable_domain="one.example")

    assert item_pane(first, taxonomy_current(project)).site_text == "2"
    assert item_pane(make_items(project, 1)[0], taxonomy_current(project)).n_site == 0


def test_the_site_is_not_counted_to_its_end(project: Project) -> None:
    item = make_items(project, SITE_MAX + 5, registrable_domain="big.example")[0]

    taxonomy = taxonomy_current(project)
    item_pane(item, taxonomy)

    with CaptureQueriesContext(connection) as queries:
        shown = item_pane(item, taxonomy)

    assert shown.site_text == "99+"
    assert [f"LIMIT {SITE_MAX + 2}" in query["sql"] for query in queries].count(True) == 1
    assert len(queries) == 2


def test_whoever_looks_an_item_up_sees_what_it_hides(client: Client, project: Project) -> None:
    item = make_items(project, 1)[0]
    Evidence.objects.filter(item=item).update(title="<b>gpj\u202eexe</b>", text="gam\u200bes")
    client.force_login(make_member(project, Role.LEAD), backend="annotator.accounts.backends.AccountBackend")

    html = client.get(reverse("pool:item", args=[project.slug, item.pk])).content.decode()

    assert "&lt;b&gt;gpj" in html
    assert "\u202e" not in html
    assert "\u200b" not in html
    assert '<mark title="Games">gam' in html
