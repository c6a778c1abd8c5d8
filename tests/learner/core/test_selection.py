from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix, vstack

from learner.core import candidates
from learner.core.candidates import DEFINED, merge, plan_for
from learner.core.classifier import LinearClassifier
from learner.core.drawing import uniform_keys
from learner.core.learner import QueryModel
from learner.core.selection import Choice, StreamPlan, select_batch, shard_candidates
from learner.core.shards import Shard
from learner.core.strategies import ENOUGH, STRATEGIES
from learner.core.waves import AuditDesign
from tests.learner.core.pages import CATEGORIES, make_definitions, make_pages, make_shard

SHARES = {"query": 0.5, "rare": 0.2, "explore": 0.2, "audit": 0.1}
PLAN = StreamPlan(20, SHARES, seed=3)


@pytest.fixture(scope="module")
def model() -> QueryModel:
    pages = make_pages(200)
    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    return QueryModel(classifier, STRATEGIES["multilabel_uncertainty"], make_definitions())


@pytest.fixture(scope="module")
def shards() -> list[Shard]:
    return [
        make_shard(make_pages(300, seed=5), first_id=1),
        make_shard(make_pages(300, seed=6), first_id=1_001),
    ]


def rng() -> np.random.Generator:
    return np.random.default_rng(8)


def choose(
    model: QueryModel,
    shards: list[Shard],
    plan: StreamPlan = PLAN,
    exclude: tuple[int, ...] = (),
    available: list[np.ndarray] | None = None,
) -> list[Choice]:
    masks = available or [np.ones(len(shard), dtype=np.bool_) for shard in shards]
    parts = [
        shard_candidates(model, shard, mask, plan, rng()) for shard, mask in zip(shards, masks, strict=True)
    ]
    return select_batch(parts, plan, exclude, rng())


def by_stream(choices: list[Choice]) -> Counter[str]:
    return Counter(choice.stream for choice in choices)


def test_a_batch_mixes_the_streams_in_their_shares(model: QueryModel, shards: list[Shard]) -> None:
    choices = choose(model, shards)

    assert by_stream(choices) == {"query": 10, "rare": 4, "explore": 4, "audit": 2}
    assert len({choice.item_id for choice in choices}) == 20
    assert [choice.stream for choice in choices] != sorted(choice.stream for choice in choices)


def test_every_choice_says_how_it_came_there(model: QueryModel, shards: list[Shard]) -> None:
    found = {choice.stream: choice for choice in choose(model, shards)}

    keys = sorted((float(key) for key in 1 / uniform_keys(held_out(shards), 3)), reverse=True)
    assert found["audit"].inclusion_probability == pytest.approx((1 / keys[1] + 1 / keys[2]) / 2)
    assert found["audit"].pool_size == 60
    assert found["audit"].reason == "drawn at random from 60 held-out items"
    assert found["explore"].inclusion_probability == 4 / 540
    assert found["explore"].reason == "drawn at random from 540 pool items"
    assert found["explore"].strategy == found["audit"].strategy == "uniform"
    assert found["query"].inclusion_probability is None
    assert found["query"].strategy == "multilabel_uncertainty"
    assert found["query"].reason.startswith("close to the threshold of ")
    assert found["rare"].strategy == "rare_category"
    assert found["query"].pool_size == found["rare"].pool_size == 540


def held_out(shards: list[Shard]) -> np.ndarray:
    return np.concatenate([shard.item_ids[shard.holdout] for shard in shards])


def test_audits_by_score_have_the_probability_of_their_scores(model: QueryModel, shards: list[Shard]) -> None:
    means = np.sqrt(model.estimator.predict_proba(shards[0].features)).mean(axis=0).astype(np.float64)
    design = AuditDesign(seed=9, means=means)
    plan = replace(PLAN, batch_size=40, shares={"audit": 0.5, "explore": 0.5}, audit=design)

    audits = [choice for choice in choose(model, shards, plan) if choice.stream == "audit"]

    assert len(audits) == 20
    chances = np.array([choice.inclusion_probability for choice in audits])
    keys = uniform_keys(np.array([choice.item_id for choice in audits]), 9)
    assert (keys < chances).all()
    assert np.ptp(chances) > 0.05
    assert (1 / chances).sum() == pytest.approx(60, rel=0.4)
    assert {(choice.strategy, choice.pool_size) for choice in audits} == {("by_score", 60)}
    assert audits[0].reason == "drawn at random, likelier where a category is, from 60 held-out items"


def test_audits_of_one_category_are_likelier_where_it_is(model: QueryModel, shards: list[Shard]) -> None:
    means = np.full(3, 0.5)
    focused = AuditDesign(seed=9, means=means, focus=np.array([1.0, 0.0, 0.0]))

    measure = focused.measure(model.estimator, shards[0].features)

    probabilities = model.estimator.predict_proba(shards[0].features)
    np.testing.assert_allclose(measure, 0.2 + 0.8 * np.sqrt(probabilities[:, 0]) / 0.5, rtol=1e-5)


def test_a_batch_of_audits_alone_has_nothing_else_when_the_holdout_is_used_up(
    model: QueryModel, shards: list[Shard]
) -> None:
    choices = choose(model, shards, StreamPlan(100, {"audit": 1.0}, seed=3))

    assert by_stream(choices) == {"audit": 60}
    assert {choice.inclusion_probability for choice in choices} == {1.0}


def test_small_shards_together_give_a_whole_wave(model: QueryModel) -> None:
    shard = make_shard(make_pages(300, seed=5))
    cuts = [cut(shard, slice(start, start + 15)) for start in range(0, 300, 15)]

    choices = choose(model, cuts, StreamPlan(20, {"audit": 1.0}, seed=3))

    assert choices == choose(model, [shard], StreamPlan(20, {"audit": 1.0}, seed=3))
    assert len(choices) == 20
    assert max(choice.inclusion_probability or 0 for choice in choices) < 1


def test_holdout_goes_to_audit_alone(model: QueryModel, shards: list[Shard]) -> None:
    holdout = {int(i) for shard in shards for i in shard.item_ids[shard.holdout]}

    for choice in choose(model, shards):
        assert (choice.item_id in holdout) == (choice.stream == "audit")


def test_items_that_were_in_a_batch_are_not_chosen_again(model: QueryModel, shards: list[Shard]) -> None:
    first = {choice.item_id for choice in choose(model, shards)}
    available = [~np.isin(shard.item_ids, list(first)) for shard in shards]

    second = {choice.item_id for choice in choose(model, shards, available=available)}

    assert len(second) == 20
    assert not first & second


def test_the_same_seed_gives_the_same_batch(model: QueryModel, shards: list[Shard]) -> None:
    assert choose(model, shards) == choose(model, shards)
    assert choose(model, shards) != choose(model, shards, StreamPlan(20, SHARES, seed=4))


def test_strategic_streams_have_one_item_per_site(model: QueryModel, shards: list[Shard]) -> None:
    site = {int(i): int(d) for shard in shards for i, d in zip(shard.item_ids, shard.domains, strict=True)}

    choices = choose(model, shards)

    sites = Counter(site[choice.item_id] for choice in choices)
    for choice in choices:
        if choice.stream in ("query", "rare"):
            assert sites[site[choice.item_id]] == 1


def test_sites_of_other_batches_are_left_out_of_strategic_streams(
    model: QueryModel, shards: list[Shard]
) -> None:
    site = {int(i): int(d) for shard in shards for i, d in zip(shard.item_ids, shard.domains, strict=True)}
    taken = tuple(site[c.item_id] for c in choose(model, shards) if c.stream in ("query", "rare"))

    again = choose(model, shards, exclude=taken)

    assert not {site[c.item_id] for c in again if c.stream in ("query", "rare")} & set(taken)


def test_a_site_comes_twice_when_there_are_too_few_and_the_reason_says_so(model: QueryModel) -> None:
    shard = make_shard(make_pages(60, seed=5, per_site=30))

    choices = choose(model, [shard])

    assert by_stream(choices)["query"] == 10
    again = [
        c for c in choices if "its site comes again, because the pool has too few other sites" in c.reason
    ]
    assert len(again) >= 8


def test_near_duplicates_and_equal_texts_come_once(model: QueryModel) -> None:
    pages = make_pages(120, seed=5, per_site=1)
    shard = make_shard(pages, holdout_every=1_000)
    picked = next(c for c in choose(model, [shard]) if c.stream == "query")
    row = picked.item_id - 1
    features = vstack([shard.features[:60], *[shard.features[row]] * 10, shard.features[70:]])
    contents = shard.contents.copy()
    contents[70:80] = shard.contents[row]
    repeated = replace(shard, features=csr_matrix(features, dtype=np.float32), contents=contents)

    choices = choose(model, [repeated], StreamPlan(20, {"query": 1.0}, seed=3))

    for repeats in ({row + 1, *range(61, 71)}, {row + 1, *range(71, 81)}):
        assert len([c for c in choices if c.item_id in repeats and c.stream == "query"]) <= 1


def test_pages_known_by_url_alone_are_no_repeats_of_each_other(
    model: QueryModel, shards: list[Shard]
) -> None:
    bare = [replace(shard, contents=np.zeros(len(shard), dtype=np.int64)) for shard in shards]

    assert by_stream(choose(model, bare))["query"] == 10


def test_explore_takes_over_when_nothing_is_learned_and_says_so(shards: list[Shard]) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["multilabel_uncertainty"])

    choices = choose(model, shards)

    assert by_stream(choices) == {"explore": 18, "audit": 2}
    explored = next(choice for choice in choices if choice.stream == "explore")
    assert explored.inclusion_probability == 18 / 540
    assert explored.reason.endswith("(with places that others could not fill: 4 of rare, 10 of query)")


def test_query_takes_over_what_rare_cannot_fill_and_explore_keeps_its_number(shards: list[Shard]) -> None:
    pages = make_pages(400)
    classifier = LinearClassifier(CATEGORIES).fit(pages.features, pages.truth, groups=pages.sites)
    model = QueryModel(classifier, STRATEGIES["expected_change"], make_definitions())

    choices = choose(model, shards)

    assert (classifier.n_positives >= ENOUGH).all()
    assert by_stream(choices) == {"query": 14, "explore": 4, "audit": 2}
    explored = next(choice for choice in choices if choice.stream == "explore")
    assert explored.inclusion_probability == 4 / 540
    assert "could not fill" not in explored.reason


def test_the_ledger_keeps_the_distance_where_the_order_is_another(
    model: QueryModel, shards: list[Shard]
) -> None:
    changing = QueryModel(model.estimator, STRATEGIES["expected_change"], make_definitions())
    decisions = {
        int(item): row
        for shard in shards
        for item, row in zip(shard.item_ids, model.estimator.decision(shard.features), strict=True)
    }

    queried = [choice for choice in choose(changing, shards) if choice.stream == "query"]

    for choice in queried:
        category = CATEGORIES.index(
            choice.reason.partition(";")[0].removeprefix("close to the threshold of ")
        )
        distance = abs(decisions[choice.item_id][category] - model.estimator.thresholds_[category])
        assert choice.score == pytest.approx(-distance, abs=1e-4)
    assert {choice.strategy for choice in queried} == {"expected_change"}


def test_explore_takes_over_from_audit_when_nothing_is_held_out(model: QueryModel) -> None:
    pages = make_pages(300, seed=5)
    shard = replace(make_shard(pages), holdout=np.zeros(300, dtype=np.bool_))

    assert by_stream(choose(model, [shard])) == {"query": 10, "rare": 4, "explore": 6}


def test_cold_start_fills_a_whole_batch_before_any_label(shards: list[Shard]) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["cold_start"], make_definitions())

    choices = choose(model, shards)

    assert by_stream(choices) == {"query": 10, "rare": 4, "explore": 4, "audit": 2}
    assert any(c.reason == "resembles the definition of gambling" for c in choices)


def test_definitions_choose_a_few_dozen_of_a_large_first_batch_and_chance_the_rest(
    shards: list[Shard],
) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["cold_start"], make_definitions())
    plan = plan_for(model.estimator, StreamPlan(100, SHARES, seed=3), texts=False)

    choices = choose(model, shards, plan)

    counts = by_stream(choices)
    assert (counts["query"] + counts["rare"], counts["audit"]) == (DEFINED, 10)
    explored = {c.inclusion_probability for c in choices if c.stream == "explore"}
    assert explored == {counts["explore"] / 540}


def test_definitions_choose_nearly_all_of_a_first_batch_of_texts(shards: list[Shard]) -> None:
    model = QueryModel(LinearClassifier(CATEGORIES), STRATEGIES["cold_start"], make_definitions())
    plan = plan_for(model.estimator, StreamPlan(100, SHARES, seed=3), texts=True)

    choices = choose(model, shards, plan)

    assert plan.places() == {"query": 50, "rare": 35, "explore": 5, "audit": 10}
    explored = {c.inclusion_probability for c in choices if c.stream == "explore"}
    assert explored == {by_stream(choices)["explore"] / 540}


def test_who_wants_no_rare_finds_gets_none_of_texts_either() -> None:
    plan = StreamPlan(100, {"query": 0.5, "explore": 0.5}, seed=3)

    assert plan_for(LinearClassifier(CATEGORIES), plan, texts=True) is plan


def test_a_small_first_batch_and_one_by_a_classifier_keep_their_shares(model: QueryModel) -> None:
    small, large = (StreamPlan(size, SHARES, seed=3) for size in (30, 300))

    assert plan_for(LinearClassifier(CATEGORIES), small, texts=False) is small
    assert plan_for(model.estimator, large, texts=True) is large
    assert plan_for(model.estimator, large, texts=False) is large


def test_a_pool_smaller_than_the_batch_is_used_up(model: QueryModel) -> None:
    shard = make_shard(make_pages(12, seed=5, per_site=1))

    choices = choose(model, [shard])

    assert len(choices) == len({c.item_id for c in choices}) >= 11
    assert by_stream(choices)["audit"] == 2


def test_an_empty_pool_gives_an_empty_batch(model: QueryModel, shards: list[Shard]) -> None:
    nothing = [np.zeros(len(shard), dtype=np.bool_) for shard in shards]

    assert choose(model, shards, available=nothing) == []
    assert select_batch([], PLAN, (), rng()) == []


def test_draws_do_not_depend_on_the_cut_of_the_shards(model: QueryModel) -> None:
    pages = make_pages(300, seed=5)
    whole = make_shard(pages)
    cuts = [cut(whole, slice(0, 40)), cut(whole, slice(40, 41)), cut(whole, slice(41, 300))]

    drawn = [
        {c.item_id for c in choose(model, shards) if c.stream in ("explore", "audit")}
        for shards in ([whole], cuts)
    ]

    assert drawn[0] == drawn[1]
    assert len(drawn[0]) == 6


def cut(shard: Shard, part: slice) -> Shard:
    return Shard(
        shard.item_ids[part],
        shard.holdout[part],
        shard.domains[part],
        shard.contents[part],
        shard.features[part],
    )


def test_every_item_is_drawn_with_its_stated_probability(model: QueryModel) -> None:
    """60 train items, 12 drawn in each of 500 batches: 100 expected of each; chi-square 59 * (1 - 12/60)."""
    shard = make_shard(make_pages(60, seed=5), holdout_every=1_000)
    shard = replace(shard, holdout=np.zeros(60, dtype=np.bool_))
    counts = np.zeros(61)

    for seed in range(500):
        plan = StreamPlan(24, {"query": 0.5, "explore": 0.5}, seed=seed)
        for choice in choose(model, [shard], plan):
            if choice.stream == "explore":
                assert choice.inclusion_probability == 12 / 60
                counts[choice.item_id] += 1

    chi_square = ((counts[1:] - 100) ** 2 / 100).sum()
    assert chi_square == pytest.approx(47.2, abs=5 * (2 * 47.2) ** 0.5)


def floored(model: QueryModel, shards: list[Shard], floor: float, benign_every: int) -> list[Choice]:
    """A batch of 20 with this floor, where one item in `benign_every` is expected benign."""
    plan = replace(PLAN, benign_floor=floor)
    pool = merge(
        shard_candidates(model, shard, np.ones(len(shard), dtype=np.bool_), plan, rng()) for shard in shards
    )
    return select_batch([pool], plan, (), rng(), benign=pool.item_ids % benign_every == 0)


def test_a_batch_holds_its_floor_of_benign_items_when_few_are_benign(
    model: QueryModel, shards: list[Shard]
) -> None:
    without, floored_batch = floored(model, shards, 0.0, 5), floored(model, shards, 0.5, 5)

    assert sum(choice.item_id % 5 == 0 for choice in without) < 10
    assert sum(choice.item_id % 5 == 0 for choice in floored_batch) >= 10
    assert by_stream(floored_batch) == {"query": 10, "rare": 4, "explore": 4, "audit": 2}
    lighter = [choice for choice in floored_batch if "so that lighter pages do not run out" in choice.reason]
    assert {(choice.stream, choice.item_id % 5) for choice in lighter} == {("query", 0)}


def test_the_floor_changes_no_random_draw(model: QueryModel, shards: list[Shard]) -> None:
    def drawn(choices: list[Choice]) -> set[Choice]:
        return {choice for choice in choices if choice.stream in ("explore", "audit")}

    assert drawn(floored(model, shards, 1.0, 5)) == drawn(floored(model, shards, 0.0, 5))


def test_a_batch_is_full_when_nothing_is_expected_benign(model: QueryModel, shards: list[Shard]) -> None:
    batch = floored(model, shards, 0.5, 10**6)

    assert by_stream(batch) == {"query": 10, "rare": 4, "explore": 4, "audit": 2}


def test_uniform_keys_are_uniform_and_change_with_the_seed() -> None:
    ids = np.arange(100_000, dtype=np.int64)

    keys, others = uniform_keys(ids, 1), uniform_keys(ids, 2)

    assert np.histogram(keys, bins=10, range=(0, 1))[0] == pytest.approx([10_000] * 10, abs=500)
    assert abs(np.corrcoef(keys, others)[0, 1]) < 0.02
    assert abs(np.corrcoef(keys[1:], keys[:-1])[0, 1]) < 0.02


def test_candidates_are_bounded_whatever_the_shard(model: QueryModel) -> None:
    shard = make_shard(make_pages(3_000, seed=5))

    found = shard_candidates(model, shard, np.ones(3_000, dtype=np.bool_), PLAN, rng())

    assert len(found.item_ids) < 300
    assert (found.n_train, found.n_holdout) == (2_700, 300)


@pytest.mark.parametrize(
    ("size", "shares", "message"),
    [
        (0, {"query": 1.0}, "batch_size is 0"),
        (5, {"gold": 1.0}, r"unknown streams \['gold'\]; there are query, rare, explore, audit"),
        (5, {"query": -1.0, "rare": 2.0}, "give at least one positive and none negative"),
        (5, {"query": 0.0}, "give at least one positive"),
        (5, {}, "give at least one positive"),
    ],
)
def test_an_impossible_plan_is_refused(size: int, shares: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        StreamPlan(size, shares, seed=0)


def test_a_floor_that_is_no_share_is_refused() -> None:
    with pytest.raises(ValueError, match=r"benign_floor is 25; it is a share, from 0 to 1"):
        StreamPlan(5, {"query": 1.0}, seed=0, benign_floor=25)


def test_a_lane_keeps_a_few_times_what_one_shard_offers_and_the_best_of_all(
    model: QueryModel, shards: list[Shard], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = StreamPlan(4, {"query": 0.5, "explore": 0.5}, seed=3)
    everything = np.ones(300, dtype=np.bool_)
    parts = [shard_candidates(model, shard, everything, plan, rng()) for shard in shards * 8]
    monkeypatch.setattr(candidates, "_AT_ONCE", 3)

    merged = merge(parts)

    assert merged.n_train == sum(part.n_train for part in parts)
    for lane in merged.lanes:
        same_aim = [own for part in parts for own in part.lanes if own.reason == lane.reason]
        best = np.sort(np.concatenate([own.scores for own in same_aim]))[::-1]
        assert len(lane.rows) <= 4 * max(len(own.rows) for own in same_aim)
        np.testing.assert_array_equal(lane.scores, best[: len(lane.scores)])
