"""Replaying labelling on pages whose labels are known: how well the classifier is after so many labels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from modAL.multilabel import avg_confidence, avg_score, max_score, min_confidence

from learner.core.arrays import Array, Booleans, Integers
from learner.core.candidates import AUDIT, StreamPlan, plan_for, shard_candidates
from learner.core.classifier import LinearClassifier
from learner.core.definitions import FINDS, finds_of
from learner.core.drawing import uniform_keys
from learner.core.efficiency import Scores, scores_of
from learner.core.features import have_texts
from learner.core.labelled_pages import LabelledPages
from learner.core.lanes import take_turns
from learner.core.learner import QueryModel
from learner.core.selection import select_batch
from learner.core.shards import Shard
from learner.core.strategies import STRATEGIES, Strategy, strategy_for

DEFAULT = "default"
TEST_SHARE = 0.25
_LIMIT_SEED = 9


@dataclass(frozen=True, slots=True)
class Schedule:
    """How labels are spent: `seed_labels` at random for all strategies alike, then `batch` at a time up to `budget`.

    Raises
    ------
    ValueError
        If no batch could ever be chosen.
    """

    seed_labels: int
    batch: int
    budget: int

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise ValueError(f"a batch of {self.batch} labels is impossible; give at least 1")
        if self.seed_labels < 0:
            raise ValueError(f"{self.seed_labels} seed labels are impossible; give 0 or more")
        if self.budget < self.seed_labels + self.batch:
            raise ValueError(
                f"a budget of {self.budget} is used up by {self.seed_labels} seed labels and a batch of "
                f"{self.batch}; give more"
            )


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """The pages of one seed, cut by site: a pool to choose from, and pages that only measure.

    `rare` (n_categories,) is True for the quarter of the categories with the fewest positives in the whole file.
    """

    pool: Shard
    truth: Array
    test: LabelledPages
    rare: Booleans


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What a strategy is asked: which `n` of the available items of the pool come next.

    `truth` (n_items, n_categories) is for `oracle` alone.
    """

    model: QueryModel
    pool: Shard
    truth: Array
    available: Booleans
    n: int
    rng: np.random.Generator
    seed: int


Chooser = Callable[[Question], Integers]
"""Rows of the pool, at most `n`, available ones; what is missing is drawn at random."""


@dataclass(frozen=True, slots=True)
class Step:
    """What was reached with so many labels; `found` counts the positives of rare categories among them."""

    labels: int
    scores: Scores
    found: int


def part_of_sites(pages: LabelledPages, limit: int) -> LabelledPages:
    """About `limit` of the pages: whole sites, drawn by a hash; all where there are no more."""
    keys = uniform_keys(pages.sites, _LIMIT_SEED)
    if len(keys) <= limit:
        return pages
    return pages.part(keys < np.sort(keys)[limit])


def rare_categories(truth: Array) -> Booleans:
    """True for the quarter of the categories with the fewest positives, (n_categories,); at least one."""
    positives = (truth == 1).sum(axis=0)
    rare = np.zeros(len(positives), dtype=np.bool_)
    rare[np.argsort(positives, kind="stable")[: max(1, len(positives) // 4)]] = True
    return rare


def world_of(pages: LabelledPages, seed: int) -> World:
    """The pages cut in two by a hash of the site and the seed: a site is on one side alone.

    Raises
    ------
    ValueError
        If one side has no page.
    """
    is_test = uniform_keys(pages.sites, seed) < TEST_SHARE
    if is_test.all() or not is_test.any():
        raise ValueError(f"{len(pages)} pages on too few sites cannot be cut in two; give a larger file")
    train = pages.part(np.random.default_rng((seed, 2)).permutation(np.flatnonzero(~is_test)))
    pool = Shard(
        item_ids=np.arange(len(train), dtype=np.int64),
        holdout=np.zeros(len(train), dtype=np.bool_),
        domains=train.sites,
        contents=train.contents,
        features=train.features,
    )
    return World(pool, train.truth, pages.part(np.flatnonzero(is_test)), rare_categories(pages.truth))


def full_scores(world: World, *, seed: int) -> Scores:
    """What the classifier reaches when the whole pool is labelled."""
    model = _model(world, seed)
    _learn(model, world, np.arange(len(world.pool)))
    return _scores(model, world)


def replay(
    world: World,
    choose: Chooser,
    schedule: Schedule,
    *,
    seed: int,
    on_step: Callable[[Step], None] = lambda _: None,
) -> list[Step]:
    """What is reached step by step, from the first label on.

    The seed labels are the same for every strategy, and so is the cut of `world_of`: runs of one seed are pairs.
    """
    rng = np.random.default_rng((seed, 1))
    model = _model(world, seed)
    available: Booleans = np.ones(len(world.pool), dtype=np.bool_)
    labelled: Integers = np.empty(0, dtype=np.int64)
    steps: list[Step] = []
    end = min(schedule.budget, len(world.pool))
    while len(labelled) < end:
        first = schedule.seed_labels and not len(labelled)
        n = min(schedule.seed_labels if first else schedule.batch, end - len(labelled))
        question = Question(
            model, world.pool, world.truth, available, n, rng, seed=seed * 100_003 + len(steps)
        )
        rows = _topped_up(at_random(question) if first else choose(question), question)
        available[rows] = False
        labelled = np.concatenate([labelled, rows])
        _learn(model, world, labelled)
        found = int((world.truth[labelled][:, world.rare] == 1).sum())
        steps.append(Step(len(labelled), _scores(model, world), found))
        on_step(steps[-1])
    return steps


def at_random(question: Question) -> Integers:
    """Available rows, each as likely."""
    return question.rng.permutation(np.flatnonzero(question.available))[: question.n]


def oracle(question: Question) -> Integers:
    """Half of the batch are positives, of each category in turn; the rest is random. No strategy: it sees the labels.

    It says how much a strategy that finds every positive would win.
    """
    rows = question.rng.permutation(np.flatnonzero(question.available))
    positives = [rows[question.truth[rows, number] == 1] for number in range(question.truth.shape[1])]
    picks = take_turns(
        positives, np.ones(len(positives)), question.n // 2, accept=lambda _: True, rng=question.rng
    )
    found = np.array([pick.position for pick in picks], dtype=np.int64)
    return np.concatenate([found, rows[~np.isin(rows, found)]])[: question.n]


def choosers(shares: Mapping[str, float]) -> dict[str, Chooser]:
    """Every strategy that can be simulated, by name.

    `shares` are those of a new project. Audits are left out of `default`: they come from sites that never train,
    and a project pays for them whatever chooses the rest.
    """
    mixed = {stream: share for stream, share in shares.items() if stream != AUDIT}
    return {
        DEFAULT: _by_streams(mixed),
        "random": at_random,
        "oracle": oracle,
        **{name: _single(strategy) for name, strategy in STRATEGIES.items() if name != "random_sampling"},
        **{
            strategy.__name__: _stock(strategy)
            for strategy in (min_confidence, avg_confidence, max_score, avg_score)
        },
    }


def _by_streams(shares: Mapping[str, float]) -> Chooser:
    """What the product does: the same strategy, streams, limits and filters."""

    def choose(question: Question) -> Integers:
        question.model.query_strategy = strategy_for(question.model.estimator)
        plan = StreamPlan(question.n, shares, seed=question.seed)
        texts = not question.model.estimator.learned.any() and have_texts(question.pool.features)
        plan = plan_for(question.model.estimator, plan, texts=texts)
        candidates = shard_candidates(question.model, question.pool, question.available, plan, question.rng)
        choices = select_batch([candidates], plan, (), question.rng)
        return np.array([choice.item_id for choice in choices], dtype=np.int64)

    return choose


def _single(strategy: Strategy) -> Chooser:
    def choose(question: Question) -> Integers:
        return _queried(question, strategy, rng=question.rng)

    return choose


def _stock(strategy: Callable[..., Array]) -> Chooser:
    """One of modAL's own strategies; it draws at random while there is nothing to predict with."""

    def choose(question: Question) -> Integers:
        if not question.model.estimator.learned.any():
            return at_random(question)
        return _queried(question, strategy, random_tie_break=False)

    return choose


def _queried(question: Question, strategy: Callable[..., Any], **options: object) -> Integers:
    """What modAL's `query` returns for a strategy, in rows of the pool."""
    question.model.query_strategy = cast(Strategy, strategy)  # modAL's own are functions, with this signature
    rows = np.flatnonzero(question.available)
    chosen, _ = question.model.query(question.pool.features[rows], n_instances=question.n, **options)
    return np.asarray(rows[chosen], dtype=np.int64)


def _topped_up(rows: Integers, question: Question) -> Integers:
    left = question.available.copy()
    left[rows] = False
    spare = question.rng.permutation(np.flatnonzero(left))
    return np.concatenate([rows, spare[: question.n - len(rows)]])


def _model(world: World, seed: int) -> QueryModel:
    classifier = LinearClassifier(world.test.categories, seed=seed)
    return QueryModel(classifier, definitions=world.test.definitions)


def _learn(model: QueryModel, world: World, rows: Integers) -> None:
    features, truth = world.pool.features[rows], world.truth[rows]
    model.fit(features, truth, groups=world.pool.domains[rows])
    few = np.flatnonzero(~model.estimator.learned & (truth == 1).any(axis=0))
    model.finds = {int(number): finds_of(features[truth[:, number] == 1][-FINDS:]) for number in few}


def _scores(model: QueryModel, world: World) -> Scores:
    test, classifier = world.test, model.estimator
    return scores_of(
        test.truth,
        classifier.decision(test.features),
        classifier.thresholds_,
        rare=world.rare,
        sites=test.sites,
    )
