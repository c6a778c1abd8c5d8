"""Answers of two versions to one request: each site by the arm that it is drawn into. Heavy, and asks no database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix

from annotator.pool.cleaning import url_hash
from learner.core.arrays import Booleans
from learner.core.experiments import GROUPS, Arm, Place, latency_bin, place_of, scored_by_both
from learner.monitoring.actions import ALLOW, BLOCK, WARN
from learner.monitoring.answering import Ruled, answered, features_of, in_their_order, pages_of
from learner.monitoring.experiments.tallies import TALLY
from learner.monitoring.models import Experiment
from learner.monitoring.rows import Asked, AskedPage

KEPT_EACH: Final = 5
"""So many differing pages of one request are kept, at most."""
GROUP_NAMES: Final = [str(group) for group in range(GROUPS)]
Answers = Mapping[int, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Arms:
    """An experiment with both versions in memory.

    Without a candidate `problem` says why, and the base answers everything. `wanted` is the arm that the request asks
    for, or empty; such a request is not counted.
    """

    experiment: Experiment
    base: Ruled
    candidate: Ruled | None
    candidate_taxonomy: int
    wanted: str = ""
    problem: str = ""


@dataclass(frozen=True, eq=False)
class _Scored:
    """The pages of a request, where their sites stand, and what either version said, by row."""

    pages: Sequence[AskedPage]
    places: Sequence[Place]
    base: Answers
    candidate: Answers
    by_candidate: Booleans
    both: Booleans


def answered_in_arms(asked: Asked, arms: Arms) -> list[dict[str, Any]]:
    """The answer to each row, with its arm and the number of its version; what is counted goes to the tally."""
    start = perf_counter()
    scored = _scored(pages_of(asked.rows), arms)
    answers = in_their_order(asked.rows, iter(list(_told(scored, arms))))
    if not arms.wanted:
        milliseconds = 1000 * (perf_counter() - start)
        TALLY.count(arms.experiment.pk, list(_fields(scored, arms, milliseconds)))
        if arms.experiment.keeps_pages:
            TALLY.keep(arms.experiment.pk, list(_differing(scored, asked.profile))[:KEPT_EACH])
    return answers


def arms_told(arms: Arms) -> dict[str, Any]:
    """What the answer says of the experiment."""
    experiment = arms.experiment
    return {
        "number": experiment.number,
        "base": arms.base.number,
        "candidate": experiment.candidate.number,
        "candidate_taxonomy": arms.candidate_taxonomy,
        "share": experiment.share,
        "shadow": experiment.shadow,
        "arm": arms.wanted,
        "problem": arms.problem,
    }


def _scored(pages: Sequence[AskedPage], arms: Arms) -> _Scored:
    experiment = arms.experiment
    places = [place_of(experiment.pk, _site(page), experiment.share) for page in pages]
    drawn = np.array([place.arm is Arm.CANDIDATE for place in places], dtype=np.bool_)
    nobody = np.zeros(len(pages), dtype=np.bool_)
    by_candidate, both = drawn, nobody
    if arms.wanted:
        by_candidate = np.full(len(pages), arms.wanted == Arm.CANDIDATE)
    elif experiment.shadow:
        by_candidate, both = nobody, drawn
    else:
        both = np.array([scored_by_both(experiment.pk, page.address.url) for page in pages], dtype=np.bool_)
    if arms.candidate is None:
        by_candidate, both = nobody, nobody
    features = features_of(pages)
    return _Scored(
        pages=pages,
        places=places,
        base=_answers(arms.base, pages, features, ~by_candidate | both),
        candidate=_answers(arms.candidate, pages, features, by_candidate | both),
        by_candidate=by_candidate,
        both=both,
    )


def _answers(
    ruled: Ruled | None, pages: Sequence[AskedPage], features: csr_matrix, asked: Booleans
) -> Answers:
    rows = np.flatnonzero(asked).tolist()
    if ruled is None or not rows:
        return {}
    found = answered([pages[row] for row in rows], features[rows], ruled)
    return dict(zip(rows, found, strict=True))


def _told(scored: _Scored, arms: Arms) -> Iterator[dict[str, Any]]:
    candidate = {"arm": Arm.CANDIDATE.value, "classifier": arms.experiment.candidate.number}
    base = {"arm": Arm.BASE.value, "classifier": arms.base.number}
    for row, is_candidate in enumerate(scored.by_candidate.tolist()):
        answer, said = (scored.candidate[row], candidate) if is_candidate else (scored.base[row], base)
        answer.update(said)
        yield answer


def _fields(scored: _Scored, arms: Arms, milliseconds: float) -> Iterator[str]:
    """What a request adds one to. A shadow counts both versions on the same pages; else each counts its own."""
    if arms.candidate is None:
        yield "candidate:failed"
        return
    shadow = arms.experiment.shadow
    for arm, ruled, answers, counted in (
        (Arm.BASE, arms.base, scored.base, scored.both if shadow else ~scored.by_candidate),
        (Arm.CANDIDATE, arms.candidate, scored.candidate, scored.both if shadow else scored.by_candidate),
    ):
        rows = np.flatnonzero(counted).tolist()
        if rows:
            yield f"{arm}:requests"
            yield from _counted(arm, ruled, scored, answers, rows)
            if len(scored.pages) == 1 and not shadow:
                yield f"{arm}:alone:{latency_bin(milliseconds)}"
    for row in np.flatnonzero(scored.both).tolist():
        pair = f"{scored.base[row]['action']}-{scored.candidate[row]['action']}"
        yield f"both:{pair}:{scored.places[row].group}"


def _counted(arm: Arm, ruled: Ruled, scored: _Scored, answers: Answers, rows: Sequence[int]) -> list[str]:
    done = {action: f"{arm}:{action}:" for action in (BLOCK, WARN, ALLOW)}
    said = {slug: f"{arm}:{ruled.actions.get(slug, WARN)}/{slug}:" for slug in ruled.loaded.categories}
    fields: list[str] = []
    for row in rows:
        answer, group = answers[row], GROUP_NAMES[scored.places[row].group]
        fields.append(done[answer["action"]] + group)
        fields += [said[label] + group for label in answer["labels"]]
    return fields


def _differing(scored: _Scored, profile: str) -> Iterator[dict[str, Any]]:
    """The pages that both scored, and of which one would have done something else."""
    for row in np.flatnonzero(scored.both).tolist():
        base, candidate = scored.base[row], scored.candidate[row]
        if base["action"] != candidate["action"]:
            yield {
                "url": base["url"],
                "url_hash": url_hash(scored.pages[row].address),
                "profile": profile,
                "base_action": base["action"],
                "candidate_action": candidate["action"],
                "base_labels": base["labels"],
                "candidate_labels": candidate["labels"],
            }


def _site(page: AskedPage) -> str:
    return page.address.registrable_domain or page.address.host
