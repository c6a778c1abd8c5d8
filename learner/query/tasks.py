"""Celery's door to the query stage. For workers only: it imports what computes."""

from celery import shared_task

from annotator.runs import wake
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.looking import look_run_execute
from learner.query.parts import query_help
from learner.query.shadowing import shadow_run_execute
from learner.query.suggesting import suggestion_run_execute


@shared_task(name="query.featurise")
def featurise(run_id: int) -> None:
    """Compute the features that are missing."""
    feature_run_execute(run_id)


@shared_task(name="query.choose")
def choose(run_id: int) -> None:
    """Choose the next batch and open it, with the help of whichever workers are free."""
    query_run_execute(run_id, call=_call)


@shared_task(name="query.score")
def score(run_id: int) -> None:
    """Help to score the shards of a query; nothing when it is over."""
    query_help(run_id)


@shared_task(name="query.compare")
def compare(run_id: int) -> None:
    """Compare two ways to choose the next batch."""
    shadow_run_execute(run_id)


@shared_task(name="query.look")
def look(run_id: int) -> None:
    """Score one item as the next query would."""
    look_run_execute(run_id)


@shared_task(name="query.suggest")
def suggest(run_id: int) -> None:
    """Ask a language model about a few candidates of a category that has few positives."""
    suggestion_run_execute(run_id)


def _call(run_id: int, n: int) -> None:
    for _ in range(n):
        wake(score, run_id)
