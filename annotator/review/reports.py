"""Measuring agreement: seldom, in a worker, and kept as a row, so that no page ever waits for it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from functools import lru_cache

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from annotator.agreement.bootstrap import CategoryAgreement, agreement_by_category
from annotator.agreement.ratings import UNSURE, ItemAnswer, Ratings, unsure_as_missing
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current, taxonomy_version
from annotator.review.models import AgreementReport
from annotator.review.selectors import agreement_report_latest
from annotator.review.skills import skills_store

EVERY = timedelta(minutes=1)
JUDGMENTS_A_MINUTE = 100_000  # measuring so many takes some three seconds
ADVISORY_SPACE = 7201  # of pg_try_advisory_xact_lock: one measurement of a project at a time
CHUNK = 5000


def agreement_due(project: Project) -> bool:
    """Whether judgments or the taxonomy changed since the newest report, and that is old enough. Three queries.

    Old enough is a minute, and one more for each `JUDGMENTS_A_MINUTE`: a large project must not fill a worker.
    """
    newest = _newest_judgment(project)
    if newest is None:
        return False
    latest = agreement_report_latest(project)
    if latest is None:
        return True
    measured = (latest.last_judgment, latest.taxonomy_id)
    changed = measured != (newest, taxonomy_current(project).version.pk)
    pause = EVERY * max(1.0, latest.n_judgments / JUDGMENTS_A_MINUTE)
    return changed and timezone.now() - latest.computed_at >= pause


@transaction.atomic
def agreement_measure(project: Project) -> AgreementReport | None:
    """A new agreement report, or None when none is due or another worker measures this project now.

    Judgments count that are neither superseded nor withdrawn, late ones too. A judgment says nothing on a category
    that its taxonomy version lacked. Unsure is once missing, and once a value of its own (`unsure_as_value`).
    Other verdicts than labels say nothing at all. How well people tell each category is measured beside it.
    """
    if not _alone(project) or not agreement_due(project):
        return None
    newest = _newest_judgment(project)
    assert newest is not None
    taxonomy = taxonomy_current(project)
    others = judgments_current(project).exclude(verdict=Verdict.LABELLED).count()
    unsure: Counter[str] = Counter()
    people: dict[int, None] = {}
    answers = _answers(project, taxonomy, unsure, people)
    ratings = Ratings.from_answers(answers, taxonomy.slugs, unsure=UNSURE)
    skills_store(project, taxonomy, unsure_as_missing(ratings), list(people), newest)
    rows = zip(taxonomy.slugs, *_both_treatments(ratings, seed=newest), strict=True)
    return AgreementReport.objects.create(
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
                "n_unsure": unsure[slug],
                **asdict(missing),
                "unsure_as_value": asdict(value),
            }
            for slug, missing, value in rows
        ],
    )


def _answers(
    project: Project, taxonomy: Taxonomy, unsure: Counter[str], people: dict[int, None]
) -> Iterator[ItemAnswer]:
    """Each judgment with labels, as a row of ratings; counts in `unsure` what people could not decide.

    Puts annotators into `people` as they come: the order of their indices in the ratings.
    """
    columns = ("item_id", "annotator_id", "labels", "unsure", "taxonomy_id")
    judgments = (
        judgments_current(project).filter(verdict=Verdict.LABELLED).order_by("pk").values_list(*columns)
    )
    for item, annotator, labels, undecided, version in judgments.iterator(chunk_size=CHUNK):
        unsure.update(undecided)
        people.setdefault(annotator)
        not_asked = _not_asked(taxonomy.version.pk, version)
        yield ItemAnswer(item, annotator, _set(tuple(labels)), _set(tuple(undecided)), not_asked)


def _both_treatments(ratings: Ratings, seed: int) -> tuple[list[CategoryAgreement], list[CategoryAgreement]]:
    """Agreement by category with unsure as missing, and as a value of its own."""
    return (
        agreement_by_category(unsure_as_missing(ratings), seed=seed),
        agreement_by_category(ratings, seed=seed, n_values=UNSURE + 1),
    )


@lru_cache(maxsize=4096)
def _set(slugs: tuple[str, ...]) -> frozenset[str]:
    """One object for all equal label sets: a million judgments have few different ones."""
    return frozenset(slugs)


@lru_cache(maxsize=256)
def _not_asked(current: int, judged_under: int) -> frozenset[str]:
    """Categories of the taxonomy version `current` that `judged_under` did not have."""
    return frozenset(taxonomy_version(current).slugs) - frozenset(taxonomy_version(judged_under).slugs)


def _newest_judgment(project: Project) -> int | None:
    newest: int | None = Judgment.objects.filter(project=project).aggregate(newest=Max("pk"))["newest"]
    return newest


def _alone(project: Project) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ADVISORY_SPACE, project.pk])
        (taken,) = cursor.fetchone()
    return bool(taken)
