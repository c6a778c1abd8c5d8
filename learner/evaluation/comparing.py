"""Two classifier versions on the same audited items. For workers only."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from django.utils import timezone

from annotator.errors import CrossguardError
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.errors import RecipeMismatchError
from learner.core.paired import PairedItems, flips, paired_scores
from learner.evaluation.audited import audited_items
from learner.evaluation.beside import (
    audited_pages,
    categories_shared,
    paired_items,
    predictions,
    version_read,
)
from learner.evaluation.comparing_parts import (
    Side,
    kinds_of,
    packs_compared,
    profiles_compared,
    slices_compared,
)
from learner.evaluation.models import ComparisonRun
from learner.query.running import run_worked
from learner.training.models import ClassifierVersion

FLIPS_EACH = 10


class NothingToCompare(CrossguardError):
    """There is no audited item, or no category that both versions know."""

    code = "nothing_to_compare"


def comparison_run_execute(run_id: int) -> None:
    """Compare the two versions of a run, and keep what was found on it."""
    run = run_claim(ComparisonRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "evaluation", "The comparison"):
        run_progress(run, "reading both versions", 0)
        result = compared(run.project, run.base, run.candidate)
        run_done(run, result=result)
        text = f"Classifier v{run.candidate.number} is compared with v{run.base.number} on {result['n_items']:,} items"
        log_write(run.project, "evaluation", text)


def compared(project: Project, base: ClassifierVersion, candidate: ClassifierVersion) -> dict[str, Any]:
    """Both versions on the audited items so far: by category with pages that flip, by slice, profile and pack.

    Raises NothingToCompare, and when one reads features that are made no more.
    """
    categories = categories_shared(base, candidate)
    audited = audited_items(project, taxonomy_version(candidate.taxonomy_id), categories)
    pages = audited_pages(project, audited.item_ids)
    if not len(pages.rows) or not categories:
        raise NothingToCompare("No audited holdout item is resolved yet, or the versions share no category.")
    try:
        sides = Side(base, version_read(base)), Side(candidate, version_read(candidate))
        said = [predictions(side.loaded.classifier, pages.features, categories) for side in sides]
    except RecipeMismatchError as error:
        raise NothingToCompare(f"One of the versions cannot be asked any more: {error}.") from error
    items = paired_items(pages, audited.held, audited.chances, said[0], said[1])
    rng = np.random.default_rng((base.pk, candidate.pk, audited.last_resolution))
    scores = paired_scores(items, categories, rng=rng)
    ids = audited.item_ids[pages.rows].tolist()
    kinds = kinds_of(project, pages, ids, timezone.now())
    return {
        "n_items": len(ids),
        "n_sites": len(np.unique(pages.sites)),
        "categories": [
            asdict(score) | {"flips": _flips(items, column, ids)} for column, score in enumerate(scores)
        ],
        "slices": slices_compared(items, categories, kinds, rng=rng),
        "profiles": profiles_compared(
            project, sides, pages, (items.truth, categories), items.weights, rng=rng
        ),
        "packs": packs_compared(project, sides, rng=rng),
    }


def _flips(items: PairedItems, column: int, ids: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {
            "item": ids[row],
            "present": bool(items.truth[row, column]),
            "candidate": bool(items.candidate[row, column]),
            "weight": round(float(items.weights[row]), 3),
        }
        for row in flips(items, column)[:FLIPS_EACH].tolist()
    ]
