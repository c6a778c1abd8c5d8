"""An item stops where known skills settle it, and asks on where they do not."""

import pytest

from annotator.accounts.models import User
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.services import Swept, review_sweep
from tests.annotator.review.adaptive.opening import GOOD, POOR, judge, opened, places
from tests.annotator.review.knowing import know_skills
from tests.annotator.review.resolving import held
from tests.factories import GAMES, VIOLENCE, make_judgment, make_project

pytestmark = pytest.mark.django_db


def test_item_starts_with_the_least_and_stops_where_skills_settle_it(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project)
    assert places(item) == 2

    swept = judge(item, people, [GAMES], [GAMES])

    assert swept == Swept(resolved=1, inferred=1)
    assert places(item) == 2
    resolution = held(item)
    assert (resolution.method, resolution.labels) == (Method.INFERRED, [GAMES])
    assert "all categories are certain, the least" in resolution.reason
    assert resolution.reason.endswith("%, by 2 judgments and known skills")
    assert len(resolution.judgments) == 2


def test_places_open_one_by_one_while_it_is_uncertain_and_never_beyond_the_maximum(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, POOR), prevalence=0.4)
    item = opened(project)

    numbers = []
    for person, labels in zip(people, ([GAMES], [], [GAMES], [], [GAMES], []), strict=True):
        make_judgment(item, person, labels)
        review_sweep(project)
        numbers.append(places(item))

    assert numbers == [2, 3, 4, 5, 5, 5]
    assert Disagreement.objects.filter(item=item, closed_at__isnull=True).exists()
    assert not Resolution.objects.filter(item=item).exists()


def test_reliable_answer_outweighs_a_poor_one(project: Project, people: list[User]) -> None:
    know_skills(project, {people[0]: GOOD, people[1]: POOR})
    item = opened(project)

    judge(item, people, [GAMES], [])

    assert (held(item).method, held(item).labels) == (Method.INFERRED, [GAMES])


def test_person_without_a_skill_counts_as_the_team(project: Project, people: list[User]) -> None:
    know_skills(project)
    item = opened(project)

    swept = judge(item, people, [GAMES], [])

    # 0.1 * 0.9 * 0.1 against 0.9 * 0.01 * 0.99: about even.
    assert swept == Swept(places_added=1)
    assert judge(item, people[2:], [GAMES]).inferred == 1


def test_one_judgment_may_do_when_the_project_says_so_but_not_of_what_is_harmful(people: list[User]) -> None:
    project = make_project(overlap=2, overlap_max=3, adaptive=True, adaptive_least=1, adaptive_certainty=0.95)
    know_skills(project, dict.fromkeys(people, GOOD), prevalence=0.02)
    games, violence = opened(project), opened(project)
    assert places(games) == 1

    judge(games, people, [GAMES])
    judge(violence, people, [VIOLENCE])

    assert (held(games).method, held(games).labels) == (Method.INFERRED, [GAMES])
    assert places(violence) == 2
    assert not Resolution.objects.filter(item=violence).exists()


def test_nobody_who_names_a_severe_category_is_overruled_by_a_probability(
    project: Project, people: list[User]
) -> None:
    know_skills(project, {**dict.fromkeys(people, GOOD), people[0]: (0.5, 0.5)})
    item = opened(project)

    judge(item, people, [VIOLENCE], [])
    for person in people[2:5]:
        make_judgment(item, person, [])
        review_sweep(project)

    assert places(item) == 5
    assert not Resolution.objects.filter(item=item).exists()
    assert Disagreement.objects.get(item=item, closed_at__isnull=True).categories == [VIOLENCE]


def test_doubt_is_no_answer_and_other_verdicts_go_by_fixed_overlap(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD), prevalence=0.02)
    doubted, broken = opened(project), opened(project)

    for person in people[:2]:
        make_judgment(doubted, person, unsure=[GAMES])
        make_judgment(broken, person, verdict=Verdict.UNREACHABLE)
    review_sweep(project)

    assert (places(doubted), places(broken)) == (3, 3)
    assert not Resolution.objects.exists()


def test_category_too_rare_to_measure_settles_nothing_that_somebody_names(
    project: Project, people: list[User]
) -> None:
    know_skills(project, prevalence=0.002)  # two finds
    named, absent = opened(project), opened(project)

    judge(named, people, [GAMES], [GAMES])
    judge(absent, people, [], [])

    assert places(named) == 3  # fixed overlap
    assert held(absent).method == Method.INFERRED
