"""Errors of a version that has no artifact: rows as a worker writes them."""

from collections.abc import Sequence
from typing import Any

from annotator.review.models import Resolution
from annotator.runs import RunStatus
from learner.core.keys import domain_key
from learner.errors.models import ClassifierError, ErrorCluster, ErrorDetail, ErrorRun, Kind, Part
from learner.evaluation.models import Evaluation

WORDS = [["roulette", "text", 1.4], ["casino", "address", 0.7]]


def make_error_run(evaluation: Evaluation, groups: Sequence[dict[str, Any]] = ()) -> ErrorRun:
    """A finished search, as if it had counted these groups."""
    return ErrorRun.objects.create(
        project=evaluation.project,
        evaluation=evaluation,
        status=RunStatus.DONE,
        facts={
            "n_pages": {Part.AUDIT.value: 600, Part.TRAIN.value: 90},
            "groups": list(groups),
            "unlearned": [{"category": "violence", "n": 3}],
        },
    )


def make_errors(
    evaluation: Evaluation,
    resolutions: Sequence[Resolution],
    category: str = "games",
    *,
    kind: Kind = Kind.ALARM,
    part: Part = Part.AUDIT,
) -> list[ClassifierError]:
    """An error on each of these pages, all with one word, in a run of their own; the surest first."""
    counted = {"part": part.value, "category": category, "kind": kind.value, "n": len(resolutions)}
    run = make_error_run(evaluation, [counted])
    about: dict[str, Any] = {
        "project": evaluation.project,
        "run": run,
        "part": part,
        "category": category,
        "kind": kind,
        "grave": 0 if kind == Kind.ALARM else 3,
    }
    cluster = ErrorCluster.objects.create(
        **about,
        by=ErrorCluster.By.WORD,
        word="roulette",
        place="text",
        item=resolutions[0].item,
        n=len(resolutions),
        of=len(resolutions),
        correct=1,
        of_correct=20,
        lift=9.5,
        p_value=0.0004,
    )
    ErrorCluster.objects.create(
        **about,
        by=ErrorCluster.By.SITE,
        site=domain_key(resolutions[0].item.registrable_domain),
        item=resolutions[0].item,
        n=2,
        of=len(resolutions),
        correct=1,
        of_correct=20,
        lift=2.0,
        p_value=0.03,
    )
    errors = [
        ClassifierError.objects.create(
            **about,
            item=row.item,
            resolution=row,
            probability=0.97 - 0.01 * place,
            threshold=0.4,
            wrongness=3.0 - 0.1 * place,
            site=domain_key(row.item.registrable_domain),
            cluster=cluster,
        )
        for place, row in enumerate(resolutions)
    ]
    near = [[row.item_id, 0.81, 1] for row in resolutions]
    for error in errors:
        ErrorDetail.objects.create(
            error=error,
            item=error.item,
            towards=WORDS,
            away=[["school", "text", -0.3]],
            n_words=40,
            n_unseen=6,
            pull=2.4,
            has_text=True,
            similar=[row for row in near if row[0] != error.item_id],
        )
    return errors
