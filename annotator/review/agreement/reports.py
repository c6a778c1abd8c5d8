"""Measuring agreement: seldom, in a worker, and kept as a row, so that no page ever waits for it."""

from dataclasses import asdict
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.agreement.bootstrap import CategoryAgreement, agreement_by_category
from annotator.agreement.ratings import UNSURE, Ratings, unsure_as_missing
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.review.agreement.taking_apart import breakdowns_write
from annotator.review.measured import measured_at
from annotator.review.models import AgreementBreakdown, AgreementReport
from annotator.review.people.skills import skills_write
from annotator.review.selectors import agreement_report_latest

EVERY = timedelta(minutes=1)
JUDGMENTS_A_MINUTE = 50_000  # measuring and taking apart so many takes some eight seconds of a core
ADVISORY_SPACE = 7201  # of pg_try_advisory_xact_lock: one measurement of a project at a time


def agreement_due(project: Project) -> bool:
    """Whether judgments or the taxonomy changed since the newest report, and that is old enough. Four queries.

    Old enough is a minute, and one more for each `JUDGMENTS_A_MINUTE`: a large project must not fill a worker.
    """
    newest = _newest_judgment(project)
    if newest is None:
        return False
    latest = agreement_report_latest(project)
    if latest is None:
        return True
    measured = (latest.last_judgment, latest.taxonomy_id)
    changed = measured != (newest, taxonomy_current(project).version.pk) or not _is_taken_apart(latest)
    pause = EVERY * max(1.0, latest.n_judgments / JUDGMENTS_A_MINUTE)
    return changed and timezone.now() - latest.computed_at >= pause


@transaction.atomic
def agreement_measure(project: Project) -> AgreementReport | None:
    """A new agreement report, taken apart too, or None when none is due or another worker measures this project now.

    Judgments count that are neither superseded nor withdrawn, late ones too. A judgment says nothing on a category
    that its taxonomy version lacked. Unsure is once missing, and once a value of its own (`unsure_as_value`).
    Other verdicts than labels say nothing at all. How well people tell each category is measured beside it.
    """
    if not _alone(project) or not agreement_due(project):
        return None
    newest = _newest_judgment(project)
    assert newest is not None
    taxonomy = taxonomy_current(project)
    others = judgments_current(project).exclude(verdict=Verdict.LABELLED).filter(pk__lte=newest).count()
    measured = measured_at(project, taxonomy, newest)
    ratings = measured.ratings
    rows = zip(taxonomy.slugs, *_both_treatments(ratings, seed=newest), strict=True)
    report = AgreementReport.objects.create(
        project=project,
        taxonomy=taxonomy.version,
        last_judgment=newest,
        n_items=int(ratings.item.max(initial=-1)) + 1,
        n_judgments=len(ratings.values),
        n_others=others,
        seed=newest,
        categories=[
            {
                "slug": slug,
                "n_unsure": measured.n_unsure[slug],
                **asdict(missing),
                "unsure_as_value": asdict(value),
            }
            for slug, missing, value in rows
        ],
    )
    breakdowns_write(report, measured)
    skills_write(report, measured)
    return report


def _both_treatments(ratings: Ratings, seed: int) -> tuple[list[CategoryAgreement], list[CategoryAgreement]]:
    """Agreement by category with unsure as missing, and as a value of its own."""
    return (
        agreement_by_category(unsure_as_missing(ratings), seed=seed),
        agreement_by_category(ratings, seed=seed, n_values=UNSURE + 1),
    )


def _is_taken_apart(report: AgreementReport) -> bool:
    """Whether the report has its breakdowns: those from before there were any have none. Asked when nothing changed."""
    return AgreementBreakdown.objects.filter(project=report.project_id, report=report).exists()


def _newest_judgment(project: Project) -> int | None:
    newest: int | None = Judgment.objects.filter(project=project).aggregate(newest=Max("pk"))["newest"]
    return newest


def _alone(project: Project) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, project.pk])
        (taken,) = cursor.fetchone()
    return bool(taken)
