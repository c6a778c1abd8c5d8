"""What the demo's people made of the errors of the newest version: causes, a finished report, and what was done."""

from typing import Final

from annotator.projects.access import Access
from learner.core.causes import Cause
from learner.demo.loop import run_ended
from learner.errors.finding import error_run_execute
from learner.errors.looking import ErrorView, error_view
from learner.errors.models import ErrorRun, Part
from learner.errors.picking import picked_of
from learner.errors.selectors import ErrorsWanted, error_of, errors_listed
from learner.errors.services import (
    causes_assign,
    error_run_start,
    relook_ask,
    report_begin,
    report_save,
)

LOOKED_AT: Final = 12
WRITTEN: Final = {
    "summary": "The classifier errs mostly where a page that helps says the words of a page that harms. "
    "**Nobody was harmed: the pages of the demo are invented.**",
    "why": "Few labels: after three batches each category has some dozens. Pages that warn and pages that sell share "
    "their words, and the guideline says what decides in a sentence that two annotators read differently.",
    "done": "Label on; the next batches have more pages close to the thresholds. The lead looks again at the labels "
    "that are among the suspects.",
    "open": "Whether the errors on train pages are errors of their labels.",
}


def errors_fill(scientist: Access, lead: Access) -> None:
    """Look for the errors, say of some what caused them, have one looked at again, and report. Nothing without any."""
    run = error_run_start(scientist.project)
    error_run_execute(run.pk)
    run_ended(run)
    ids = _looked_at(run)
    if not ids:
        return
    for pk in ids:
        view = error_view(scientist, error_of(scientist.project, pk))
        cause, reason = _judged(view)
        picked = picked_of(scientist.project, [pk], None)
        causes_assign(scientist, picked, cause.value, reason, suggested=view.suggested)
    report = report_begin(
        scientist, run.evaluation.classifier, f"What v{run.evaluation.classifier.number} gets wrong, and why"
    )
    relook_ask(lead, picked_of(lead.project, ids[:1], None), report)
    report_save(scientist, report, WRITTEN, based_on=1, finish=True)


def _looked_at(run: ErrorRun) -> list[int]:
    """The gravest and surest errors on audited pages, and then on train pages."""
    found: list[int] = []
    for part in Part:
        rows = errors_listed(run, ErrorsWanted(part=part.value)).values_list("pk", flat=True)
        found += list(rows[: LOOKED_AT // len(Part)])
    return found


def _judged(view: ErrorView) -> tuple[Cause, str]:
    """What a scientist in a hurry says: the cause that most speaks for, with its first reason."""
    strongest = max(view.causes, key=lambda cause: cause.strength)
    if strongest.strength and strongest.reasons:
        return strongest.cause, strongest.reasons[0]
    return Cause.OTHER, "Few labels yet: nothing on the page itself stands out."
