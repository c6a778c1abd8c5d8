"""A small world replayed: what is fair about the comparison, and what is refused."""

import numpy as np
import pytest

from annotator.projects.models import default_shares
from learner.core.comparison import FOUND, reports_of
from learner.core.efficiency_plot import plot_of
from learner.core.labelled_pages import LabelledPages
from learner.core.shards import content_key
from learner.core.simulation import (
    Question,
    Schedule,
    Step,
    World,
    at_random,
    choosers,
    full_scores,
    part_of_sites,
    rare_categories,
    replay,
    world_of,
)
from tests.learner.core.pages import CATEGORIES, make_definitions, make_pages

CHOOSERS = choosers(default_shares())
SCHEDULE = Schedule(20, 30, 80)


@pytest.fixture(scope="module")
def pages() -> LabelledPages:
    made = make_pages(400, prevalence=(0.3, 0.1, 0.3))
    contents = np.array([content_key(page) for page in made.pages], dtype=np.int64)
    return LabelledPages(
        CATEGORIES, made.features, made.truth, made.sites, contents, make_definitions(), n_refused=0
    )


@pytest.fixture(scope="module")
def world(pages: LabelledPages) -> World:
    return world_of(pages, seed=0)


def test_a_site_is_never_on_both_sides_and_every_page_is_on_one(pages: LabelledPages, world: World) -> None:
    assert not set(world.pool.domains.tolist()) & set(world.test.sites.tolist())
    assert len(world.pool) + len(world.test) == len(pages)


def test_each_seed_cuts_the_sites_anew(pages: LabelledPages, world: World) -> None:
    assert set(world_of(pages, seed=1).test.sites.tolist()) != set(world.test.sites.tolist())
    assert set(world_of(pages, seed=0).test.sites.tolist()) == set(world.test.sites.tolist())


def test_the_rare_quarter_has_the_fewest_positives() -> None:
    truth = np.array([[1, 1, 1, -1], [1, 0, 1, -1], [1, 0, 1, 1], [1, 0, 0, 1]], dtype=np.int8)

    assert rare_categories(truth).tolist() == [False, True, False, False]
    assert rare_categories(truth[:, :3]).sum() == 1


def test_a_limit_keeps_whole_sites(pages: LabelledPages) -> None:
    part = part_of_sites(pages, 100)

    assert 90 <= len(part) <= 100
    for site in set(part.sites.tolist()):
        assert (part.sites == site).sum() == (pages.sites == site).sum()
    assert part_of_sites(pages, 9_999) is pages


@pytest.mark.parametrize("name", sorted(CHOOSERS))
def test_every_strategy_spends_exactly_the_budget(name: str, world: World) -> None:
    asked: list[int] = []

    def choose(question: Question) -> np.ndarray:
        rows = CHOOSERS[name](question)
        assert len(set(rows.tolist())) == len(rows) <= question.n
        assert question.available[rows].all()
        asked.append(question.n)
        return rows

    steps = replay(world, choose, SCHEDULE, seed=0)

    assert [step.labels for step in steps] == [20, 50, 80]
    assert asked == [30, 30]
    assert all(0 <= step.scores.macro_ap <= 1 for step in steps)


@pytest.mark.parametrize("name", sorted(CHOOSERS))
def test_the_same_seed_gives_the_same_steps(name: str, world: World) -> None:
    first, second = (replay(world, CHOOSERS[name], Schedule(0, 30, 60), seed=3) for _ in range(2))

    assert first == second


def test_seed_labels_are_the_same_for_all(world: World) -> None:
    first = {name: replay(world, CHOOSERS[name], SCHEDULE, seed=0)[0] for name in ("random", "default")}

    assert first["random"] == first["default"]


def test_a_budget_beyond_the_pool_uses_the_pool_up(world: World) -> None:
    steps = replay(world, at_random, Schedule(0, 200, 9_999), seed=0)

    assert steps[-1].labels == len(world.pool)
    assert steps[-1].found == int((world.truth[:, world.rare] == 1).sum())
    assert steps[-1].scores.macro_ap == pytest.approx(full_scores(world, seed=0).macro_ap, abs=0.1)


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ((0, 0, 10), "a batch of 0 labels is impossible"),
        ((-1, 5, 10), "-1 seed labels are impossible"),
        ((10, 5, 12), "a budget of 12 is used up by 10 seed labels and a batch of 5"),
    ],
)
def test_an_impossible_schedule_is_refused(schedule: tuple[int, int, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(*schedule)


def test_pages_of_one_site_cannot_be_cut(pages: LabelledPages) -> None:
    one = pages.part(np.flatnonzero(pages.sites == pages.sites[0]))

    with pytest.raises(ValueError, match="on too few sites cannot be cut in two"):
        world_of(one, seed=0)


@pytest.fixture(scope="module")
def runs(world: World) -> dict[str, list[list[Step]]]:
    return {
        name: [replay(world, CHOOSERS[name], SCHEDULE, seed=seed) for seed in range(2)]
        for name in ("random", "default")
    }


def test_reports_pair_each_strategy_with_random(world: World, runs: dict[str, list[list[Step]]]) -> None:
    random, default = reports_of(runs, [full_scores(world, seed=seed) for seed in range(2)])

    assert default.labels == (20, 50, 80)
    curve = default.curves["macro_ap"]
    values = [runs["default"][seed][2].scores.macro_ap for seed in range(2)]
    others = [runs["random"][seed][2].scores.macro_ap for seed in range(2)]
    assert curve.values[2].mean == pytest.approx(np.mean(values))
    assert curve.against_random[2].mean == pytest.approx(np.mean(values) - np.mean(others))
    assert [reached.share for reached in curve.reached] == [0.9, 0.95]
    assert random.curves["macro_ap"].area_against_random.mean == 0
    assert default.curves["macro_ap"].area_against_default.mean == 0
    assert random.curves["macro_ap"].area_against_default.mean == pytest.approx(
        -(curve.area_against_random.mean or 0)
    )
    assert default.curves[FOUND].values[0].mean == random.curves[FOUND].values[0].mean


def test_without_random_nothing_is_paired(world: World, runs: dict[str, list[list[Step]]]) -> None:
    (report,) = reports_of({"default": runs["default"]}, [full_scores(world, seed=seed) for seed in range(2)])

    assert report.curves["macro_ap"].against_random == ()
    assert report.curves["macro_ap"].area_against_random.mean is None


def test_the_plot_stands_alone_and_names_every_strategy(
    world: World, runs: dict[str, list[list[Step]]]
) -> None:
    svg = plot_of(reports_of(runs, [full_scores(world, seed=seed) for seed in range(2)]), "A <title>")

    assert svg.startswith("<svg ")
    assert "A &lt;title&gt;" in svg
    assert svg.count("<polyline ") == 8
    assert ">default</text>" in svg
    assert "nan" not in svg
    assert "style" not in svg
