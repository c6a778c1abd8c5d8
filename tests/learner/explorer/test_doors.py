"""The explorer by page and by API: filters as addresses, saved ones, and the step to a snapshot."""

from typing import Any

import pytest
from django.test import Client

from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project, Role
from learner.explorer.filters import Wanted, handed_to_snapshot
from learner.explorer.models import ExplorerFilter
from tests.factories import GAMES, make_items, make_member, make_project, make_resolution
from tests.learner.explorer.shelves import refresh

pytestmark = pytest.mark.django_db
PAGE = "/projects/pilot/explorer/"
API = "/api/v1/projects/pilot/explorer/"


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def items(project: Project) -> list[Item]:
    made = make_items(project, 3, topic="chess") + make_items(project, 1, split=Split.HOLDOUT)
    make_resolution(made[0], [GAMES])
    refresh(project)
    return made


def signed_in(project: Project, role: Role = Role.SCIENTIST, username: str = "") -> Client:
    client = Client()
    client.force_login(make_member(project, role, username))
    return client


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_page_shows_the_count_the_charts_and_the_items(project: Project, items: list[Item]) -> None:
    answer = signed_in(project).get(f"{PAGE}?held=games")

    page = text(answer)
    assert '<strong class="explorer-count">1</strong> of 4 items' in page
    assert "Held true" in page
    assert '<svg class="chart"' in page
    assert items[0].registrable_domain in page
    assert items[1].registrable_domain not in page
    assert "no classifier yet" in page


def test_a_part_is_only_what_was_found(project: Project, items: list[Item]) -> None:
    part = text(signed_in(project).get(PAGE, headers={"hx-request": "true"}))

    assert part.startswith('<div id="found"')


def test_a_project_without_items_says_what_to_do(project: Project) -> None:
    assert "Take in a file of addresses" in text(signed_in(project).get(PAGE))


def test_items_that_nobody_read_yet_are_announced(project: Project) -> None:
    make_items(project, 2)

    assert "Being read" in text(signed_in(project).get(PAGE))


@pytest.mark.parametrize(
    ("address", "status", "problem"),
    [
        ("p_min=0.5", 422, "Choose the category"),
        ("probability=games&p_min=0.9&p_max=0.1", 422, "0.1 is less than 0.9"),
        ("probability=games&p_min=nan", 422, "Enter a number"),
        ("held=cats", 422, "Select a valid choice"),
        ("added_from=2026-02-02&added_until=2026-01-01", 422, "nothing lies between"),
        ("judged_from=0001-01-01", 422, "Name days from"),
        ("text=%22%22", 400, "holds no letter"),
        ("text=a%00b", 422, "Null characters"),
        ("ingest=99999999999999999999", 422, "less than or equal"),
        ("before=x", 422, "whole number"),
    ],
)
def test_what_cannot_be_is_told_by_page_and_api(
    project: Project, items: list[Item], address: str, status: int, problem: str
) -> None:
    client = signed_in(project)

    page, api = client.get(f"{PAGE}?{address}"), client.get(f"{API}?{address}")

    assert page.status_code == status
    assert problem in text(page)
    assert api.status_code == 400
    assert problem in api.json()["error"]["message"]


def test_hostile_titles_are_shown_and_do_nothing(project: Project, items: list[Item]) -> None:
    Evidence.objects.filter(item=items[0]).update(title="<script>alert(1)</script>\u202egnp.exe")

    page = text(signed_in(project).get(PAGE))

    assert "<script>alert" not in page
    assert "U+202E" in page


def test_the_api_pages_through_all_of_it(project: Project, items: list[Item]) -> None:
    client = signed_in(project, Role.LEAD)

    first = client.get(f"{API}?page_size=3").json()
    second = client.get(f"{API}?page_size=3&before={first['next_before']}").json()

    assert (first["count"], len(first["results"]), len(second["results"])) == (4, 3, 1)
    assert second["next_before"] is None
    assert second["results"][0] | {"title": ""} == {
        "id": items[0].pk, "url": items[0].url, "title": "", "split": "train", "source": "", "held": ["games"],
        "method": "unanimous", "judgments": 0, "probability": None,
    }  # fmt: skip
    assert client.get(f"{API}?page_size=0").status_code == 400


def test_a_saved_filter_is_ones_own_until_it_is_shared(project: Project, items: list[Item]) -> None:
    mine, other = signed_in(project, username="ann"), signed_in(project, Role.LEAD)
    sent = {"name": " Games  held ", "address": "held=games&before=7&nonsense=1"}

    answer = mine.post(f"{PAGE}filters/", sent)

    saved = ExplorerFilter.objects.get()
    assert answer["Location"] == f"{PAGE}?held=games"
    assert (saved.name, saved.address, saved.shared) == ("Games held", "held=games", False)
    assert "Games held" in text(mine.get(PAGE))
    assert "Games held" not in text(other.get(PAGE))
    mine.post(f"{PAGE}filters/", sent | {"shared": "on"})
    assert "shared by ann" in text(other.get(PAGE))
    assert ExplorerFilter.objects.count() == 1


def test_only_its_owner_deletes_a_filter(project: Project, items: list[Item]) -> None:
    mine, other = signed_in(project), signed_in(project, Role.LEAD)
    mine.post(f"{PAGE}filters/", {"name": "a", "address": "held=games", "shared": "on"})
    path = f"{PAGE}filters/{ExplorerFilter.objects.get().pk}/delete/"

    assert other.post(path).status_code == 403
    assert mine.post(path).status_code == 302
    assert mine.post(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "address", "problem"),
    [
        ("", "held=games", "name"),
        ("a", "", "leaves nothing out"),
        ("a", "held=cats", "cannot be read"),
        ("x" * 61, "held=games", "name"),
    ],
)
def test_a_filter_that_cannot_be_kept_is_refused(
    project: Project, items: list[Item], name: str, address: str, problem: str
) -> None:
    answer = signed_in(project).post(f"{PAGE}filters/", {"name": name, "address": address})

    assert answer.status_code == 400
    assert problem in text(answer)
    assert not ExplorerFilter.objects.exists()


def test_a_filter_fills_the_form_of_a_snapshot_and_says_what_is_lost(
    project: Project, items: list[Item]
) -> None:
    client = signed_in(project)
    address = "held=games&methods=unanimous&judgments_min=1&resolved_from=2026-01-01&text=chess&split=train"

    page = text(client.get(f"{PAGE}snapshot/?{address}", follow=True))

    assert "A snapshot cannot be narrowed by words or the split" in page
    for filled in ('value="games"', 'value="unanimous"'):
        assert f"{filled} id=" in page or f"{filled} aria" in page
    assert page.count("checked") == 2
    assert 'value="2026-01-01"' in page


def test_what_a_snapshot_can_say_and_what_not() -> None:
    assert (
        handed_to_snapshot(Wanted(held=("games",), sources=("b", "a"))).address
        == "sources=b%0Aa&categories=games"
    )
    assert handed_to_snapshot(Wanted(held=("games", "_none"))).lost == ("“none of these” or “not resolved”",)
    assert handed_to_snapshot(Wanted(sources=("", "a"))).lost == ("“no source given”",)
    assert handed_to_snapshot(Wanted(added_until=None, p_min=0.5, probability="games")).lost == (
        "a probability",
    )
