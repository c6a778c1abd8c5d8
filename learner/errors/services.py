"""Asking for searches, assigning causes, writing reports, and acting on errors. Imports nothing that computes."""

from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import Truncator

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.projects.access import Access
from annotator.projects.drafts.guideline import clause_draft_add
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.review.models import Resolution
from annotator.runs import run_start
from learner.core.causes import Cause
from learner.core.error_reports import PARTS, missing_parts
from learner.core.recipe import RECIPE
from learner.errors.models import (
    ErrorAction,
    ErrorCause,
    ErrorReport,
    ErrorReportVersion,
    ErrorRun,
    Kind,
    Part,
    Relook,
    SimilarRun,
)
from learner.errors.picking import Picked
from learner.errors.relooks import relooks_put_up
from learner.errors.reporting import facts_stored, report_facts
from learner.evaluation.selectors import evaluation_latest, evaluation_of_newest
from learner.query.models import FeatureShard
from learner.training.models import ClassifierVersion

REASON_MAX: Final = 1_000
TITLE_MAX: Final = 120
TEXT_MAX: Final = 20_000
ABOUT_MAX: Final = 200
SEEDS_MAX: Final = 200
"""Pages that the pages of a batch are compared with: the gravest and surest."""
SIMILAR_MAX: Final = 500


def error_run_start(project: Project) -> ErrorRun:
    """A run that will find the errors of the newest evaluation, or the one that is active. The tick wakes it."""
    evaluation = evaluation_of_newest(project)
    if evaluation is None:
        raise Conflict("No version is evaluated yet. The errors are looked for after the first evaluation.")
    return run_start(ErrorRun, project, evaluation=evaluation)


def error_run_request(access: Access, version: ClassifierVersion) -> ErrorRun:
    """A run that will find the errors of this version anew, because a person asks for it.

    Raises Conflict where it is not evaluated, or while another version's are looked for.
    """
    evaluation = evaluation_latest(version)
    if evaluation is None:
        raise Conflict(f"v{version.number} is not evaluated yet. Have it evaluated first.")
    run = run_start(ErrorRun, access.project, evaluation=evaluation)
    if run.evaluation_id != evaluation.pk:
        raise Conflict("The errors of another version are being looked for. Ask again in a moment.")
    log_write(access.project, "errors", f"{access.user.username} asked for the errors of v{version.number}")
    return run


@transaction.atomic
def causes_assign(
    access: Access, picked: Picked, cause: str, reason: str, *, suggested: Cause | None = None
) -> list[ErrorCause]:
    """The cause of each of these errors from now on, as new rows: what was assigned before stays to be read.

    `suggested` is what the facts spoke for when the person chose. Raises BadInput for what is no cause, or no reason.
    """
    reason = _checked("reason", reason, REASON_MAX)
    if cause not in {one.value for one in Cause}:
        raise BadInput(f'"{cause[:40]}" is no cause; use {", ".join(one.value for one in Cause)}.')
    now = timezone.now()
    version = picked.errors[0].run.evaluation.classifier
    return ErrorCause.objects.bulk_create(
        [
            ErrorCause(
                project=access.project,
                item_id=error.item_id,
                category=error.category,
                kind=error.kind,
                resolution_id=error.resolution_id,
                part=error.part,
                classifier=version,
                cause=cause,
                suggested=suggested or "",
                reason=reason,
                assigned_by=access.user,
                assigned_at=now,
            )
            for error in picked.errors
        ],
        batch_size=1_000,
    )


@transaction.atomic
def report_begin(access: Access, version: ClassifierVersion, title: str, category: str = "") -> ErrorReport:
    """A report on the errors of a version, in one category or all, with the facts of now and nothing written yet.

    Raises BadInput without a title or for a category that the version does not know; NotFound before a search.
    """
    title = _checked("title", title, TITLE_MAX)
    if category and category not in {row["category"] for row in version.categories}:
        raise BadInput(f'v{version.number} knows no category "{category[:40]}".')
    facts = report_facts(access.project, version, category, now=timezone.now())
    Project.objects.select_for_update(no_key=True).get(pk=access.project.pk)
    last = ErrorReport.objects.filter(project=access.project).aggregate(last=Max("number"))["last"] or 0
    report = ErrorReport.objects.create(
        project=access.project,
        number=last + 1,
        classifier=version,
        category=category,
        title=title,
        created_by=access.user,
    )
    _version(access, report, 1, {}, facts_stored(facts), finished=False)
    log_write(access.project, "errors", f"{access.user.username} began {report}: {title}")
    return report


@transaction.atomic
def report_save(
    access: Access, report: ErrorReport, written: dict[str, str], *, based_on: int, finish: bool = False
) -> ErrorReportVersion:
    """The next version of a report: what people wrote, and the facts of now. A finished one is the last.

    Raises BadInput for a text that is too long, or where a part is missing that a finished report needs; Conflict when
    somebody saved since `based_on`, or the report is finished.
    """
    ErrorReport.objects.select_for_update(no_key=True).get(pk=report.pk)
    newest = ErrorReportVersion.objects.filter(report=report).order_by("-number").first()
    number = newest.number if newest else 0
    if newest and newest.finished:
        raise Conflict("This report is finished, and stays as it is. Begin another one.")
    if number != based_on:
        who = newest.saved_by.username if newest else "Somebody"
        raise Conflict(
            f"{who} saved this report since you opened it. Copy what you wrote, reload the page, and go on from there.",
            details={"number": number},
        )
    texts = {part.slug: _text(part.title, written.get(part.slug, "")) for part in PARTS}
    if finish and (missing := missing_parts(texts)):
        raise BadInput(f"A finished report needs: {', '.join(part.title for part in missing)}.")
    facts = report_facts(access.project, report.classifier, report.category, now=timezone.now())
    saved = _version(access, report, number + 1, texts, facts_stored(facts), finished=finish)
    if finish:
        log_write(access.project, "errors", f"{access.user.username} finished {report}: {report.title}")
    return saved


@transaction.atomic
def similar_ask(access: Access, picked: Picked, n: int, report: ErrorReport | None = None) -> ErrorAction:
    """A batch of `n` unlabelled train items like these pages, as soon as a worker has found them.

    Raises BadInput for a number out of bounds or errors of several categories; Conflict while the project is paused,
    has no features or no page left, or another such batch is being chosen.
    """
    if not 1 <= n <= SIMILAR_MAX:
        raise BadInput(f"{n} is out of bounds; such a batch has 1 to {SIMILAR_MAX} items.")
    category, version = picked.category, picked.errors[0].run.evaluation.classifier
    _refuse_batch(access.project)
    items = picked.items[:SEEDS_MAX]
    asked = {
        "items": items,
        "category": category,
        "n": n,
        "classifier_number": version.number,
        "asked_by": access.user,
    }
    last = SimilarRun.objects.filter(project=access.project).order_by("-pk").first()
    run = run_start(SimilarRun, access.project, **asked)
    if (last and run.pk == last.pk) or run.items != items or run.asked_by_id != access.user.pk:
        raise Conflict("Another batch of similar pages is being chosen. Ask again in a moment.")
    name = access.taxonomy.name_of(category)
    log_write(
        access.project,
        "errors",
        f"{access.user.username} asked for {n} pages like {len(items)} errors of {name}",
    )
    return _action(access, picked, ErrorAction.Kind.BATCH, report, n=n, run=run)


@transaction.atomic
def clause_begin(
    access: Access, picked: Picked, title: str, body: str, report: ErrorReport | None = None
) -> ErrorAction:
    """A clause on the category of these errors in the draft of the guideline. Nothing is published.

    Raises BadInput for text that is no clause, or errors of several categories.
    """
    category = picked.category
    draft = clause_draft_add(
        access.project,
        by=access.user,
        category=category if category in access.taxonomy.slugs else "",
        title=title,
        body=body,
    )
    added = [row for row in getattr(draft, draft.CONTENT) if row["title"] == title.strip()]
    return _action(access, picked, ErrorAction.Kind.CLAUSE, report, clause=added[-1]["number"])


@transaction.atomic
def relook_ask(access: Access, picked: Picked, report: ErrorReport | None = None) -> ErrorAction:
    """The labels of these errors among the suspects, until a lead confirms them, fixes them or sends them back.

    What was resolved anew since the search is left out, and what waits already is not put up twice. Raises Conflict
    when nothing is left, BadInput for errors of several categories.
    """
    category = picked.category
    held = Resolution.objects.filter(
        pk__in=[error.resolution_id for error in picked.errors],
        superseded_by__isnull=True,
        item__withheld=False,
    )
    current = set(held.values_list("pk", flat=True))
    waiting = set(
        Relook.objects.filter(resolution__in=current, category=category).values_list(
            "resolution_id", flat=True
        )
    )
    errors = [error for error in picked.errors if error.resolution_id in current - waiting]
    if not errors:
        raise Conflict("Each of these labels was put up already, or was resolved anew since the search.")
    action = _action(access, picked, ErrorAction.Kind.RELOOK, report, n=len(errors))
    Relook.objects.bulk_create(
        [
            Relook(
                project=access.project,
                action=action,
                item_id=error.item_id,
                resolution_id=error.resolution_id,
                category=category,
                present=error.kind == Kind.MISS,
                probability=error.probability,
                unseen=error.part == Part.AUDIT,
            )
            for error in errors
        ],
        ignore_conflicts=True,
    )
    relooks_put_up(access.project)
    return action


def _version(
    access: Access,
    report: ErrorReport,
    number: int,
    written: dict[str, str],
    facts: dict[str, Any],
    *,
    finished: bool,
) -> ErrorReportVersion:
    return ErrorReportVersion.objects.create(
        report=report, number=number, written=written, facts=facts, finished=finished, saved_by=access.user
    )


def _action(
    access: Access, picked: Picked, kind: ErrorAction.Kind, report: ErrorReport | None, **made: Any
) -> ErrorAction:
    return ErrorAction.objects.create(
        project=access.project,
        kind=kind,
        classifier=picked.errors[0].run.evaluation.classifier,
        category=picked.category,
        items=picked.items,
        about=Truncator(picked.about).chars(ABOUT_MAX),
        report=report,
        done_by=access.user,
        **made,
    )


def _refuse_batch(project: Project) -> None:
    if project.paused:
        raise Conflict("The project is paused: it opens no batch. An admin can go on with it.")
    if not FeatureShard.objects.filter(project=project, recipe=RECIPE).exists():
        raise Conflict("No features are computed yet, so nothing can be compared. Wait a moment.")
    if not Item.objects.filter(project=project, split=Split.TRAIN, pooled=True).exists():
        raise Conflict("Every train item is in a batch already. Take in more pages.")


def _checked(name: str, text: str, most: int) -> str:
    text = " ".join(text.split())
    if not 1 <= len(text) <= most or "\x00" in text:
        raise BadInput(f"Give a {name} of 1 to {most:,} characters; this one has {len(text):,}.")
    return text


def _text(title: str, text: str) -> str:
    text = text.strip()
    if len(text) > TEXT_MAX or "\x00" in text:
        raise BadInput(f"{title} has {len(text):,} characters; {TEXT_MAX:,} of plain text are the most.")
    return text
