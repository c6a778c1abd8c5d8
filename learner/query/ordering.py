"""Putting candidates first that a language model holds likely: the order within a lane, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from learner.core.candidates import Candidates, LaneCandidates
from learner.query.suggestions import Suggested

HUNTING: Final = ("rare_category", "cold_start")
"""Strategies whose lanes look for a category; lanes by distance to a threshold stay as they are."""


def suggested_first(pool: Candidates, suggested: Mapping[int, Suggested]) -> Candidates:
    """The same candidates; in the lane of a category what was suggested for it comes first, the likeliest ahead."""
    if not suggested:
        return pool
    return replace(pool, lanes=tuple(_moved(lane, pool, suggested) for lane in pool.lanes))


def note_of(strategy: str, reason: str, suggestion: Suggested | None) -> str:
    """What the reason of a choice gets added where a suggestion moved it, else nothing."""
    return f"; {suggestion.words}" if suggestion and _is_about(strategy, reason, suggestion) else ""


def _moved(lane: LaneCandidates, pool: Candidates, suggested: Mapping[int, Suggested]) -> LaneCandidates:
    """The lane with the scores of what was suggested lifted above all others; the ledger keeps what it kept."""
    of_rows = [suggested.get(int(item_id)) for item_id in pool.item_ids[lane.rows]]
    held = np.array(
        [one.score if one and _is_about(lane.strategy, lane.reason, one) else 0.0 for one in of_rows]
    )
    if not held.any():
        return lane
    above_all = float(np.ptp(lane.scores)) + 1
    lifted = np.where(held > 0, lane.scores.max() + above_all * held, lane.scores)
    return replace(lane, scores=lifted).at(np.argsort(-lifted, kind="stable"))


def _is_about(strategy: str, reason: str, suggestion: Suggested) -> bool:
    return strategy in HUNTING and suggestion.category in reason.replace(",", " ").split()
