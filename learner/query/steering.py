"""How the learner of a project chooses: what a scientist may set, its bounds, and what differs between two."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from annotator.errors import BadInput
from annotator.pool.addresses import AddressRefused, canonical
from learner.core.catalogue import USUAL, WORDS

STREAMS: Final = ("query", "rare", "explore", "audit")
WEIGHT_MAX: Final = 10.0
EXAMPLES_MAX: Final = 20
SHOWN_MAX: Final = 80
BATCH_MAX: Final = 5_000
WATER_MAX: Final = 100_000
RETRAIN_MAX: Final = 100_000
TOLERANCE: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Steering:
    """What the queries of a project go by.

    Attributes
    ----------
    strategy : str
        Of the query stream, once a category is learned; before that `cold_start` chooses.
    shares : mapping of stream to float
        Of a batch; they sum to 1.
    batch_size : int
        Items that one query opens.
    low_water : int
        The next batch opens when fewer places than this are free.
    retrain_after : int
        New resolutions that make a retrain due.
    weights : mapping of category to float
        How much of the query and rare streams a category gets, against what it would get; 1 where it is not named.
    examples : mapping of category to addresses
        Pages that show a category: with its definition they steer the search until it is learned. They are no labels.
    """

    strategy: str = USUAL
    shares: Mapping[str, float] = field(default_factory=dict)
    batch_size: int = 60
    low_water: int = 60
    retrain_after: int = 50
    weights: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def weight(self, category: str) -> float:
        """The weight of one category."""
        return self.weights.get(category, 1.0)


def steering_problems(steering: Steering, categories: Collection[str]) -> dict[str, str]:
    """What cannot be, setting -> what is wrong with it and what to do; "" names all shares together."""
    problems = {}
    if steering.strategy not in WORDS:
        problems["strategy"] = (
            f'There is no query strategy "{steering.strategy}"; there are {", ".join(WORDS)}.'
        )
    for name, value, most in (
        ("batch_size", steering.batch_size, BATCH_MAX),
        ("low_water", steering.low_water, WATER_MAX),
        ("retrain_after", steering.retrain_after, RETRAIN_MAX),
    ):
        if not 1 <= value <= most:
            problems[name] = f"{value} is out of bounds; use 1 to {most:,}."
    problems |= _share_problems(steering.shares)
    for category, weight in steering.weights.items():
        if category not in categories:
            problems[f"weight-{category}"] = f'The taxonomy has no category "{category}".'
        elif not 0 <= weight <= WEIGHT_MAX:
            problems[f"weight-{category}"] = f"{weight:g} is out of bounds; use 0 to {WEIGHT_MAX:g}."
    for category, addresses in steering.examples.items():
        if problem := _example_problem(category, addresses, categories):
            problems[f"examples-{category}"] = problem
    return problems


def steering_check(steering: Steering, categories: Collection[str]) -> None:
    """Raise BadInput that names everything which cannot be."""
    if problems := steering_problems(steering, categories):
        lines = (f"{name}: {problem}" if name else problem for name, problem in problems.items())
        raise BadInput(" ".join(lines), details=problems)


def steering_changes(before: Steering, after: Steering) -> list[str]:
    """What is different, a phrase for each setting."""
    changes = [
        f"{name.replace('_', ' ')} {old} → {new}"
        for name in ("strategy", "batch_size", "low_water", "retrain_after")
        if (old := getattr(before, name)) != (new := getattr(after, name))
    ]
    changes += [
        f"{stream} {before.shares.get(stream, 0):.0%} → {after.shares.get(stream, 0):.0%}"
        for stream in STREAMS
        if abs(before.shares.get(stream, 0) - after.shares.get(stream, 0)) > TOLERANCE
    ]
    changes += [
        f"{category} ×{before.weight(category):g} → ×{after.weight(category):g}"
        for category in sorted({*before.weights, *after.weights})
        if before.weight(category) != after.weight(category)
    ]
    return changes + [
        f"examples of {category} {len(old)} → {len(new)}{' (others)' if len(old) == len(new) else ''}"
        for category in sorted({*before.examples, *after.examples})
        if (old := list(before.examples.get(category, ()))) != (new := list(after.examples.get(category, ())))
    ]


def _example_problem(category: str, addresses: Sequence[str], categories: Collection[str]) -> str:
    if category not in categories:
        return f'The taxonomy has no category "{category}".'
    if len(addresses) > EXAMPLES_MAX:
        return f"{len(addresses)} examples are more than are of use; give at most {EXAMPLES_MAX}."
    for address in addresses:
        try:
            canonical(address)
        except AddressRefused as refused:
            return f"{address[:SHOWN_MAX]} is no address of a page: {refused}."
    return ""


def _share_problems(shares: Mapping[str, float]) -> dict[str, str]:
    problems = {}
    if unknown := sorted(set(shares) - set(STREAMS)):
        problems[""] = f"There is no stream {', '.join(unknown)}; there are {', '.join(STREAMS)}."
    for stream in STREAMS:
        if not 0 <= shares.get(stream, 0) <= 1:
            problems[stream] = f"{shares[stream]:g} is no share; use 0 to 1."
    total = sum(shares.values())
    if not problems and abs(total - 1) > TOLERANCE:
        problems[""] = f"The shares sum to {total:g}; they have to sum to 1."
    return problems
