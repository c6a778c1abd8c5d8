"""The agreement page: where, since when, between whom and on which clause; and the items behind each number."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.agreement.bootstrap import Estimate
from annotator.pool.models import Item
from annotator.projects.models import Clause, GuidelineVersion, Project, Role
from annotator.review.agreement.breakdowns import Breakdown, PairPart
from annotator.review.agreement.lines import CHOICES
from annotator.review.agreement.reports import agreement_measure
from annotator.review.agreement.tables import MATRIX_MAX, cell_query, legend, matrix_of, steps_of
from annotator.review.agreement.views import OVERALL, PARTS
from annotator.review.models import AgreementBreakdown
from annotator.review.selectors import Unsure
from tests.annotator.review.crowd import Said, make_guideline, make_judgments
from tests.factories import GAMES, VIOLENCE, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db

MONDAY: Final = datetime(2026, 10, 5, 9, tzinfo=UTC)


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 24)
    make_batch(project, items)
    return items


@pytest.fixture
def judged(project: Project, items: list[Item], people: list[User]) -> list[Item]:
    """Half of 24 items are games, and one of those is disputed; under v1, then v2; the last two cite a clause."""
    old = GuidelineVersion.objects.get(project=project)
    new = make_guideline(project, MONDAY + timedelta(days=7))
    clause = Clause.objects.get(guideline=new)
    said = []
    for at, item in enumerate(items):
        is_late = at >= 12
        for person in people[:2]:
            labels = [GAMES] if at % 2 and not (at == 13 and person == people[1]) else []
            said.append(
                Said(
                    item,
                    person,
                    labels,
                    at=MONDAY + timedelta(days=8 if is_late else 0),
                    guideline=new if is_late else old,
                    clause=clause if at >= 22 else None,
                )
            )
    make_judgments(project, said)
    agreement_measure(project)
    return items


def page(project: Project, name: str = "agreement") -> str:
    return reverse(f"review:{name}", args=[project.slug])


def links(text: str) -> list[str]:
    return [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*/agreement/items/[^"]*)"', text)]


def tabs(client: Client, project: Project, **chosen: str) -> str:
    """What all tabs show, one after the other."""
    answers = [client.get(page(project), {"part": part, **chosen}) for part in PARTS]
    return "".join(answer.content.decode() for answer in answers)


# The page --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("judged")
def test_the_tabs_answer_all_four_questions(pages: Client, project: Project, people: list[User]) -> None:
    text = tabs(pages, project, category=GAMES)

    assert "Where: by category and guideline version" in text
    assert "Since when: Games" in text
    assert "Between whom: Games" in text
    assert "On which clause" in text
    assert "v2 on 12 Oct 2026" in text
    assert 'class="chart-mark"' in text
    assert "1.1 As of v2" in text
    assert people[0].username in text


@pytest.mark.usefixtures("judged")
def test_every_number_on_the_page_opens_items(pages: Client, project: Project) -> None:
    found = links(tabs(pages, project, category=GAMES))

    assert len(found) == len(set(found)) >= 12
    for link in found:
        answer = pages.get(link)
        assert answer.status_code == 200, link
        assert answer.context["counts"].n_items > 0, link
        assert urlsplit(link).path == page(project, "agreement_items")


@pytest.mark.usefixtures("judged")
def test_only_leads_see_pairs_and_items(client: Client, project: Project, people: list[User]) -> None:
    client.force_login(make_member(project, Role.SCIENTIST))

    text = tabs(client, project)

    assert "Where: by category and guideline version" in text
    assert "Between whom" not in text
    assert people[0].username not in text
    assert links(text) == []
    assert client.get(page(project, "agreement_items")).status_code == 403


def test_the_page_is_calm_when_nobody_judged(pages: Client, project: Project) -> None:
    assert "Not measured yet" in pages.get(page(project)).content.decode()
    assert "Not measured yet" in pages.get(page(project, "agreement_items")).content.decode()


def test_the_page_says_what_is_missing_when_one_person_judged(
    pages: Client, project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgments(project, [Said(item, people[0], [GAMES]) for item in items])
    agreement_measure(project)

    text = tabs(pages, project)

    assert "No item has two judgments yet" in text
    assert "No two people share an item" in text
    assert "Nothing cites a clause yet" in text
    assert links(text) == []


@pytest.mark.usefixtures("judged")
def test_a_report_from_before_says_that_parts_follow(pages: Client, project: Project) -> None:
    AgreementBreakdown.objects.all().delete()

    text = pages.get(page(project)).content.decode()

    assert "The next measurement, within a minute or so" in text


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("part", [*PARTS, "", "nonsense"])
def test_a_tab_shows_one_question_and_names_all(pages: Client, project: Project, part: str) -> None:
    answer = pages.get(page(project), {"part": part})

    text = answer.content.decode()
    shown = part if part in PARTS else OVERALL
    assert text.count('aria-current="page">How far') == (shown == OVERALL)
    assert [f'id="{one}"' in text for one in PARTS if one != OVERALL] == [
        one == shown for one in PARTS if one != OVERALL
    ]
    assert all(f"part={one}" in text for one in PARTS)


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize("coefficient", CHOICES)
@pytest.mark.parametrize("unsure", Unsure.values)
def test_the_page_takes_every_choice(pages: Client, project: Project, coefficient: str, unsure: str) -> None:
    answer = pages.get(page(project), {"coefficient": coefficient, "unsure": unsure, "category": VIOLENCE})

    assert (answer.context["shown"].key, answer.context["unsure"]) == (coefficient, unsure)
    assert answer.context["found"].category == VIOLENCE


@pytest.mark.usefixtures("judged")
def test_the_page_costs_the_same_queries_however_many_cells(
    pages: Client, project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for part in PARTS:
        with django_assert_max_num_queries(16):
            pages.get(page(project), {"category": GAMES, "part": part})


# Tables ----------------------------------------------------------------------------------------------------------


def breakdown(n_people: int) -> Breakdown:
    kappa = Estimate(0.5, 0.2, 0.8, 30, 60)
    pairs = tuple(PairPart(1, other, kappa) for other in range(2, n_people + 1))
    return Breakdown(1, GAMES, (), (), pairs, ())


def test_people_stand_by_name_whatever_their_numbers() -> None:
    found = matrix_of(breakdown(3), {1: "cyd", 2: "Bo", 3: "annie"}, Unsure.MISSING, None)

    assert found.columns == ("annie", "Bo")
    assert [row.name for row in found.rows] == ["Bo", "cyd"]
    assert [[cell is not None for cell in row.cells] for row in found.rows] == [[False], [True, True]]
    assert [row.n_after for row in found.rows] == [1, 0]


def test_one_person_has_to_be_chosen_when_there_are_many() -> None:
    names = {pk: f"person{pk:03}" for pk in range(1, MATRIX_MAX + 2)}

    everybody = matrix_of(breakdown(MATRIX_MAX + 1), names, Unsure.MISSING, None)
    one = matrix_of(breakdown(MATRIX_MAX + 1), names, Unsure.MISSING, 2)

    assert (everybody.rows, everybody.chosen) == ((), None)
    assert [row.name for row in one.beside] == ["person001"]


def test_somebody_who_shares_nothing_cannot_be_chosen() -> None:
    assert matrix_of(breakdown(3), {1: "a", 2: "b", 3: "c"}, Unsure.MISSING, 99).chosen is None


def test_the_legend_names_the_steps_of_the_coefficient() -> None:
    assert [band.words for band in legend(steps_of(CHOICES["alpha"]))] == [
        "under 0.20",
        "0.20 to 0.40",
        "0.40 to 0.67",
        "0.67 to 0.80",
        "0.80 and over",
    ]
    assert legend(steps_of(CHOICES["percent"]))[0].words == "under 0.60"


# Items behind a number -------------------------------------------------------------------------------------------


def test_items_on_which_people_differ_come_first(pages: Client, project: Project, judged: list[Item]) -> None:
    address = page(project, "agreement_items") + cell_query(Unsure.MISSING, GAMES, guideline=2)

    answer = pages.get(address)

    rows = [row for row, _ in answer.context["rows"]]
    assert [row.item for row in rows] == [judged[13], judged[12], *judged[14:]]
    assert [row.differs for row in rows] == [True] + [False] * 11
    text = " ".join(answer.content.decode().split())
    assert "Games · judged under guideline v2 · unsure counts as missing" in text
    assert "12 items with two judgments that count; people differ on 1, which come first." in text


def test_items_of_a_pair_name_both_by_name(
    pages: Client, project: Project, judged: list[Item], people: list[User]
) -> None:
    pair = f"{people[1].pk}-{people[0].pk}"

    answer = pages.get(page(project, "agreement_items"), {"pair": pair, "period": "2026-W41"})

    first, second = sorted((people[0].username, people[1].username))
    text = answer.content.decode()
    assert f"judged by {first} and {second}" in text
    assert "second judgment in the week of 5 Oct 2026" in text
    assert [row.item for row, _ in answer.context["rows"]] == judged[:12]


def test_items_are_paged(
    pages: Client, project: Project, judged: list[Item], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.review.agreement.views.PAGE", 10)

    answer = pages.get(page(project, "agreement_items"), {"category": GAMES, "page": "3"})

    assert [row.item for row, _ in answer.context["rows"]] == judged[20:]
    assert 'rel="prev"' in answer.content.decode()


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(
    ("wrong", "status", "sentence"),
    [
        ({"category": "chess"}, 400, '"chess" is not a category of this project.'),
        ({"unsure": "no"}, 400, "'no' is not a treatment of unsure."),
        ({"guideline": "-1"}, 400, "'-1' is not a guideline version."),
        ({"pair": "1"}, 400, "'1' is not a pair of people."),
        ({"pair": "7-7"}, 400, "'7-7' is not a pair of people."),
        ({"pair": "123456789-987654321"}, 404, "This pair has not judged in this project."),
        ({"period": "2026-W99"}, 400, "'2026-W99' is not a week or month."),
        ({"clause": "\0"}, 400, "is not a clause."),
        ({"category": "\0"}, 400, "is not a category of this project."),
    ],
)
def test_a_wrong_word_is_named(
    pages: Client, project: Project, wrong: dict[str, str], status: int, sentence: str
) -> None:
    answer = pages.get(page(project, "agreement_items"), wrong)

    assert answer.status_code == status
    assert sentence in answer.content.decode().replace("&quot;", '"').replace("&#x27;", "'")


@pytest.mark.usefixtures("judged")
@pytest.mark.parametrize(
    "word", ["\0", "9" * 17, "9" * 400, "9999-12", "0001-W01", "٣", "1-2-3", "x" * 3000, "<script>"]
)
def test_hostile_words_break_nothing(pages: Client, project: Project, word: str) -> None:
    for name in ("category", "unsure", "guideline", "pair", "period", "clause", "person", "coefficient"):
        for address in (page(project), page(project, "agreement_items")):
            answer = pages.get(address, {name: word})
            assert answer.status_code < 500, (name, address)
            assert "<script>" not in answer.content.decode(), (name, address)


def test_a_pair_of_another_project_is_not_named(pages: Client, project: Project, judged: list[Item]) -> None:
    elsewhere = make_project()
    strangers = [make_member(elsewhere) for _ in range(2)]

    answer = pages.get(page(project, "agreement_items"), {"pair": f"{strangers[0].pk}-{strangers[1].pk}"})

    assert answer.status_code == 404
    assert strangers[0].username not in answer.content.decode()
