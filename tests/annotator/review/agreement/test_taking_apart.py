"""Agreement taken apart: its numbers are those of the pure package, and its items those that each number counts."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.agreement.bootstrap import agreement_by_category
from annotator.agreement.pairwise import agreement_by_pair, agreement_by_pair_on_sets
from annotator.agreement.periods import Period
from annotator.agreement.ratings import UNSURE, ItemAnswer, Ratings
from annotator.agreement.sets import agreement_on_sets
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.review.agreement.breakdowns import Breakdown, breakdown_of
from annotator.review.agreement.items import (
    CellWanted,
    SharedItem,
    cell_counts,
    cell_items,
    judges_named,
    measurement_of,
)
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import AgreementBreakdown, Method
from annotator.review.selectors import Unsure
from tests.annotator.review.crowd import Said, make_guideline, make_judgments
from tests.factories import (
    CATEGORIES,
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_resolution,
    make_taxonomy,
    merge_into,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db

MONDAY: Final = datetime(2026, 10, 5, 9, tzinfo=UTC)
WEEK: Final = timedelta(days=7)
ALL: Final = slice(0, 10_000)


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 24)
    make_batch(project, items)
    return items


@pytest.fixture
def enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every number is shown, on however few items."""
    monkeypatch.setattr("annotator.review.agreement.breakdowns.ENOUGH", 0)


def answers(said: Iterable[Said]) -> Iterable[ItemAnswer]:
    return [
        ItemAnswer(row.item.pk, row.annotator.pk, frozenset(row.labels), frozenset(row.unsure))
        for row in said
    ]


def ratings(said: Iterable[Said], *, unsure: int = -1) -> Ratings:
    return Ratings.from_answers(answers(said), CATEGORIES, unsure=unsure)


def measured(project: Project, category: str = "", unsure: Unsure = Unsure.MISSING) -> Breakdown:
    found = breakdown_of(project, category=category, unsure=unsure)
    assert found is not None
    return found


def behind(project: Project, wanted: CellWanted) -> list[SharedItem]:
    newest = measurement_of(project, wanted.unsure)
    assert newest is not None
    found = cell_items(newest, wanted, ALL)
    counts = cell_counts(newest, wanted)
    assert (counts.n_items, counts.n_differ) == (len(found), sum(row.differs for row in found))
    return found


def two_versions(project: Project, items: list[Item], people: list[User]) -> list[Said]:
    """Under v1 the first two differ on one of four games; under v2 the others on two of three; one item has both."""
    old = GuidelineVersion.objects.get(project=project)
    new = make_guideline(project)
    ann, bo, cyd, dee = people
    said = [Said(item, ann, [GAMES], guideline=old) for item in items[:4]]
    said += [Said(item, bo, [GAMES] if at else [], guideline=old) for at, item in enumerate(items[:4])]
    said += [Said(item, cyd, [GAMES], guideline=new) for item in items[4:7]]
    said += [Said(item, dee, [GAMES] if at == 1 else [], guideline=new) for at, item in enumerate(items[4:7])]
    said += [Said(items[7], ann, [GAMES], guideline=old), Said(items[7], cyd, [], guideline=new)]
    make_judgments(project, said)
    agreement_measure(project)
    return said


# Numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("enough")
def test_a_version_counts_what_was_judged_under_it(
    project: Project, items: list[Item], people: list[User]
) -> None:
    said = two_versions(project, items, people)

    cells = {
        part.guideline: part.found.named("percent")
        for part in measured(project).versions
        if part.category == GAMES
    }

    # v1: they agree on three of four items. v2: on one of three. The item with one judgment under each is in neither.
    assert [cells[1].value, cells[2].value] == pytest.approx([3 / 4, 1 / 3], abs=1e-4)
    assert [(cells[at].n_items, cells[at].n_judgments) for at in (1, 2)] == [(4, 8), (3, 6)]
    for number, cell in cells.items():
        version = [one for one in said if one.guideline and one.guideline.number == number]
        expected = agreement_by_category(ratings(version), seed=1)[0].percent
        assert cell.value == pytest.approx(expected.value, abs=1e-4)
        assert cell.n_items == expected.n_items


@pytest.mark.usefixtures("enough")
@pytest.mark.parametrize("unsure", Unsure)
def test_pairs_and_label_sets_are_those_of_the_pure_package(
    project: Project, items: list[Item], people: list[User], unsure: Unsure
) -> None:
    said = crowd(items, people)
    make_judgments(project, said)
    report = agreement_measure(project)
    assert report is not None
    code = UNSURE if unsure == Unsure.VALUE else -1
    all_said = ratings(said, unsure=code)
    order = list(dict.fromkeys(row.annotator.pk for row in said))

    games, sets = measured(project, GAMES, unsure), measured(project, "", unsure)

    pairs = agreement_by_pair(all_said, seed=report.seed, n_values=3 if code == UNSURE else 2)
    assert [(part.first, part.second, part.kappa.n_items) for part in games.pairs] == [
        (order[pair.first], order[pair.second], pair.kappas[0].n_items) for pair in pairs
    ]
    assert [part.kappa.value for part in games.pairs] == pytest.approx(
        [pair.kappas[0].value for pair in pairs], abs=1e-4
    )
    on_sets = agreement_by_pair_on_sets(all_said, seed=report.seed)
    assert [part.kappa.value for part in sets.pairs] == pytest.approx(
        [pair.kappas[0].value for pair in on_sets], abs=1e-4
    )
    [version] = [part.found for part in sets.versions if part.category == ""]
    masi = agreement_on_sets(all_said, seed=report.seed).masi
    assert version.masi is not None
    assert version.masi.value == pytest.approx(masi.value, abs=1e-4)
    assert version.masi.n_items == masi.n_items


@pytest.mark.usefixtures("enough")
def test_an_item_belongs_to_the_week_of_its_second_judgment(
    project: Project, items: list[Item], people: list[User]
) -> None:
    ann, bo, cyd, _ = people
    said = []
    for item in items:  # first in week one, second and third in week two
        said += [Said(item, ann, [GAMES], at=MONDAY), Said(item, bo, [], at=MONDAY + WEEK)]
        said += [Said(item, cyd, [GAMES], at=MONDAY + WEEK * 3)]
    make_judgments(project, said)

    agreement_measure(project)

    [part] = measured(project, GAMES).periods
    assert part.period.key == "2026-W42"
    assert part.found.percent is not None
    assert (part.found.percent.n_items, part.found.percent.n_judgments) == (24, 72)
    assert len(behind(project, CellWanted(GAMES, period=part.period))) == 24
    assert behind(project, CellWanted(GAMES, period=Period.parse("2026-W41"))) == []


@pytest.mark.usefixtures("enough")
def test_a_clause_counts_items_whose_judgment_or_resolution_cites_it(
    project: Project, items: list[Item], people: list[User]
) -> None:
    newer = make_guideline(project)
    old, new = Clause.objects.filter(guideline__project=project).order_by("pk")
    said = [Said(item, person, [GAMES]) for item in items[:4] for person in people[:2]]
    said[0] = Said(items[0], people[0], [GAMES], clause=old)
    said[3] = Said(items[1], people[1], [], clause=new)
    make_judgments(project, said)
    make_resolution(items[2], [GAMES], clause=new)
    reopened = make_resolution(items[3], [GAMES], clause=new)
    make_resolution(items[3], method=Method.REOPENED, verdict=Verdict.WITHDRAWN, supersedes=reopened)

    agreement_measure(project)

    [part] = measured(project).clauses
    assert (part.clause.guideline, part.clause.number, part.category) == (newer, "1.1", "")
    assert part.found.masi is not None
    assert part.found.masi.n_items == 3
    found = behind(project, CellWanted(clause="1.1"))
    assert [(row.item, row.differs) for row in found] == [
        (items[1], True),
        (items[0], False),
        (items[2], False),
    ]


def test_a_cell_says_why_when_there_is_too_little(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgments(project, [Said(item, person, [GAMES]) for item in items[:9] for person in people[:2]])
    agreement_measure(project)

    found = {part.category: part.found.named("alpha") for part in measured(project).versions}

    assert (found[GAMES].value, found[GAMES].n_items) == (None, 9)
    assert found[GAMES].why_undefined == "too few items"


def test_a_category_with_three_positives_has_a_wide_interval_or_says_why(
    project: Project, items: list[Item], people: list[User]
) -> None:
    said = [Said(item, people[0], [VIOLENCE] if at < 2 else []) for at, item in enumerate(items)]
    said += [Said(item, people[1], [VIOLENCE] if at < 1 else []) for at, item in enumerate(items)]
    make_judgments(project, said)
    agreement_measure(project)

    found = {part.category: part.found.named("alpha") for part in measured(project).versions}

    assert (found[VIOLENCE].value, found[VIOLENCE].why_undefined) == (None, "too few items that differ")
    assert found[GAMES].why_undefined == "no variation: all 48 judgments say the same"


# Items behind a number -------------------------------------------------------------------------------------------


def crowd(items: list[Item], people: list[User]) -> list[Said]:
    """Two to four judgments an item over four weeks, some of them unsure, drawn from a fixed seed."""
    rng = random.Random(5)
    said = []
    for item in items:
        truth = {slug for slug in CATEGORIES if rng.random() < 0.4}
        for person in rng.sample(people, rng.randint(1, 4)):
            labels = {slug for slug in CATEGORIES if (slug in truth) != (rng.random() < 0.2)}
            unsure = {slug for slug in CATEGORIES if rng.random() < 0.1}
            at = MONDAY + timedelta(hours=rng.randint(0, 4 * 7 * 24))
            said.append(Said(item, person, labels - unsure, unsure, at=at))
    return said


@pytest.mark.usefixtures("enough")
@pytest.mark.parametrize("unsure", Unsure)
def test_every_number_opens_exactly_the_items_that_it_counts(
    project: Project, items: list[Item], people: list[User], unsure: Unsure
) -> None:
    make_judgments(project, crowd(items[:12], people))
    make_guideline(project)
    clause = Clause.objects.filter(guideline__project=project).latest("pk")
    later = crowd(items[12:], people)
    make_judgments(project, [*later[:-1], Said(later[-1].item, later[-1].annotator, clause=clause)])
    agreement_measure(project)
    n_cells = 0

    for category in ("", *CATEGORIES):
        found = measured(project, category, unsure)
        cells = [
            (part.found.named("alpha"), CellWanted(category, guideline=part.guideline, unsure=unsure))
            for part in found.versions
            if part.category == category
        ]
        cells += [
            (part.found.named("alpha"), CellWanted(category, period=part.period, unsure=unsure))
            for part in found.periods
        ]
        cells += [
            (part.kappa, CellWanted(category, pair=(part.first, part.second), unsure=unsure))
            for part in found.pairs
        ]
        cells += [
            (part.found.named("alpha"), CellWanted(category, clause=part.clause.number, unsure=unsure))
            for part in found.clauses
            if part.category == category
        ]
        for estimate, wanted in cells:
            rows = behind(project, wanted)
            assert len(rows) == estimate.n_items, wanted
            if not wanted.pair:
                assert sum(row.n_answers for row in rows) == estimate.n_judgments, wanted
            assert [row.differs for row in rows] == sorted((row.differs for row in rows), reverse=True)
            n_cells += 1
    assert n_cells > 40


def test_items_are_those_of_the_report_when_people_judged_since(
    project: Project, items: list[Item], people: list[User]
) -> None:
    first = make_judgment(items[0], people[0], [GAMES])
    make_judgment(items[0], people[1], [GAMES])
    make_judgment(items[1], people[0], [GAMES])
    agreement_measure(project)
    make_judgment(items[1], people[1], [])
    make_judgment(items[0], people[0], [], supersedes=first)

    [row] = behind(project, CellWanted(GAMES))

    assert (row.item, row.n_present, row.n_absent, row.differs) == (items[0], 2, 0, False)


def test_a_retired_category_makes_no_difference(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgment(items[0], people[0], [GAMES, GAMBLING])
    make_judgment(items[0], people[1], [GAMES], unsure=[GAMBLING])
    make_taxonomy(project, (GAMES, VIOLENCE))
    make_judgment(items[1], people[0], [GAMES])
    make_judgment(items[1], people[1], [VIOLENCE])
    agreement_measure(project)

    found = behind(project, CellWanted())

    assert [(row.item, row.differs) for row in found] == [(items[1], True), (items[0], False)]


@pytest.mark.parametrize("unsure", list(Unsure))
def test_answers_of_earlier_taxonomies_count_as_they_are_carried(
    project: Project, items: list[Item], people: list[User], unsure: Unsure
) -> None:
    first, second, third = items[:3]
    make_judgment(first, people[0], [GAMES, VIOLENCE])
    make_judgment(first, people[1], [], unsure=[GAMBLING])
    make_judgment(second, people[0], [GAMBLING])
    make_judgment(third, people[0], [])
    publish_operations(project, split_into(GAMES, "board", "video"), merge_into("harm", GAMBLING, VIOLENCE))
    make_judgment(second, people[1], ["harm", "video"])
    make_judgment(third, people[1], [])
    agreement_measure(project)

    def listed(wanted: CellWanted) -> list[tuple[Item, bool]]:
        return [(row.item, row.differs) for row in behind(project, wanted)]

    # Of the first item one answer says nothing on video, and of harm one person was unsure.
    doubted = [(first, True)] if unsure == Unsure.VALUE else []
    assert listed(CellWanted("video", unsure=unsure)) == [(second, True), (third, False)]
    assert listed(CellWanted("harm", unsure=unsure)) == [*doubted, (second, False), (third, False)]
    assert listed(CellWanted(unsure=unsure)) == [(second, True), (third, False)]


def test_withheld_items_are_counted_and_not_listed(
    project: Project, items: list[Item], people: list[User]
) -> None:
    for item in items[:2]:
        make_judgment(item, people[0], [GAMES])
        make_judgment(item, people[1], [GAMES])
    agreement_measure(project)
    Item.objects.filter(pk=items[0].pk).update(withheld=True)
    newest = measurement_of(project, Unsure.MISSING)
    assert newest is not None

    counts = cell_counts(newest, CellWanted(GAMES))

    assert (counts.n_items, counts.n_withheld, counts.n_listed) == (2, 1, 1)
    assert [row.item for row in cell_items(newest, CellWanted(GAMES), ALL)] == [items[1]]


# Rows and queries ------------------------------------------------------------------------------------------------


def test_breakdowns_are_replaced_by_the_next_measurement(
    project: Project, items: list[Item], people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    two_versions(project, items, people)
    before = set(AgreementBreakdown.objects.values_list("pk", flat=True))
    make_judgment(items[9], people[0], [GAMES])
    monkeypatch.setattr("annotator.review.agreement.reports.EVERY", timedelta(0))

    report = agreement_measure(project)

    after = AgreementBreakdown.objects.all()
    assert {row.report for row in after} == {report}
    assert {(row.category, row.unsure) for row in after} == {
        (slug, unsure) for slug in ("", *CATEGORIES) for unsure in Unsure.values
    }
    assert before.isdisjoint(row.pk for row in after)


def test_reading_costs_three_queries_however_much_was_judged(
    project: Project,
    items: list[Item],
    people: list[User],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    two_versions(project, items, people)

    with django_assert_num_queries(3):
        breakdown_of(project, category=GAMES)


def test_only_people_who_judged_here_are_named(
    project: Project, items: list[Item], people: list[User]
) -> None:
    make_judgment(items[0], people[0], [GAMES])

    assert judges_named(project, [people[0].pk, people[1].pk, 10**17]) == {people[0].pk: people[0].username}
