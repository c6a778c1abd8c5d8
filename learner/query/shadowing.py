"""Comparing two ways to choose on the pool as it is: what each would take. Opens nothing. For workers only."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, Final

from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.expecting import NO_FORECAST, expected_of, slugs_now
from annotator.runs import run_claim, run_done
from learner.core.selection import Choice
from learner.query.auditing import audit_settled
from learner.query.makeup import Chosen as Counted
from learner.query.makeup import makeup_counted
from learner.query.models import ShadowRun
from learner.query.running import Phases, run_worked
from learner.query.steering import Steering
from learner.query.ways import Chosen, choose, classifier_file, way_of

SHOWN: Final = 20
"""Items that one way alone would take, as far as they are kept to be looked at."""


def shadow_run_execute(run_id: int) -> None:
    """Choose by the settings in use and by the candidate, with the same chance, and keep what is different."""
    run = run_claim(ShadowRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "The comparison of settings"):
        phases, classifier = Phases(), classifier_file(run)
        with phases.timed("classifier"):
            ways = [
                audit_settled(run, way_of(run.project, classifier, Steering(**settings), run.seed))
                for settings in (run.in_use, run.candidate)
            ]
        in_use, candidate = choose(run, run.project, ways, phases)
        run_done(run, result=_compared(run.project, in_use, candidate) | {"phases": phases.seconds})


def _compared(project: Project, in_use: Chosen, candidate: Chosen) -> dict[str, Any]:
    ids = [{choice.item_id for choice in chosen.choices} for chosen in (in_use, candidate)]
    return {
        "in_use": asdict(makeup_counted(_counted(project, in_use))),
        "candidate": asdict(makeup_counted(_counted(project, candidate))),
        "shared": len(ids[0] & ids[1]),
        "only_in_use": _alone(in_use, ids[1]),
        "only_candidate": _alone(candidate, ids[0]),
    }


def _alone(chosen: Chosen, others: set[int]) -> list[dict[str, Any]]:
    """The first items in the order of serving that only this way takes."""
    alone = [choice for choice in chosen.choices if choice.item_id not in others]
    return [
        {"item": choice.item_id, "stream": choice.stream, "reason": choice.reason} for choice in alone[:SHOWN]
    ]


def _counted(project: Project, chosen: Chosen) -> Iterator[Counted]:
    taxonomy = taxonomy_current(project)
    sites = dict(zip(chosen.candidates.item_ids.tolist(), chosen.candidates.domains.tolist(), strict=True))
    for choice in chosen.choices:
        expected = expected_of(taxonomy, slugs_now(taxonomy, _forecast(chosen, choice)))
        yield Counted(
            site=sites[choice.item_id],
            stream=choice.stream,
            strategy=choice.strategy,
            score=choice.score,
            severity=expected.severity,
            expected=expected.categories,
        )


def _forecast(chosen: Chosen, choice: Choice) -> frozenset[str]:
    return chosen.outlook.forecasts.get(choice.item_id, NO_FORECAST).expected
