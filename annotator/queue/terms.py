"""On which terms a person claims: how much harmful content, which categories, and whether a check is due."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from annotator.accounts.models import User
from annotator.projects.models import Project, Standing
from annotator.projects.selectors import slugs_akin, taxonomy_version
from annotator.queue.exposure import HARMFUL, POINTS, Limits, Spent, ration
from annotator.queue.models import Purpose
from annotator.statements import row_of

# From a row with `severity`: what one page of it adds to a person's exposure, in buckets of a minute.
# Only whoever took points is counted; the row is that person's own, so that nobody waits for it but themselves.
EXPOSE: Final = f"""
    INSERT INTO exposure (annotator_id, minute, points, items)
    SELECT %(annotator)s, DATE_TRUNC('minute', STATEMENT_TIMESTAMP()), points, (severity >= {HARMFUL})::int
    FROM (SELECT severity, (ARRAY{list(POINTS)}::float8[])[severity + 1] AS points FROM {{source}}) AS page
    WHERE points > 0
    ON CONFLICT (annotator_id, minute) DO UPDATE
    SET points = exposure.points + EXCLUDED.points, items = exposure.items + EXCLUDED.items
"""  # noqa: S608 - our own constants only

# A page in hand is about to be looked at: its points count for what is given beside it, so that pages fetched
# ahead are not harm beyond the budget. Whether a text is harmful is what the newest taxonomy says of what is
# expected: a batch that was opened under an earlier one is not opened again.
TERMS: Final = f"""
SELECT member.standing, member.check_share,
       (SELECT id FROM taxonomy_version WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1),
       (SELECT SUM((ARRAY{list(POINTS)}::float8[])[severity + 1]) FROM assignment
        WHERE annotator_id = %(annotator)s AND state = 'offered' AND id <> %(answering)s
          AND lease_until > STATEMENT_TIMESTAMP()),
       ARRAY(SELECT category FROM opt_out WHERE project_id = %(project)s AND annotator_id = %(annotator)s
             ORDER BY category),
       ARRAY(SELECT minute FROM exposure WHERE annotator_id = %(annotator)s AND minute >= %(since)s
             ORDER BY minute),
       ARRAY(SELECT points FROM exposure WHERE annotator_id = %(annotator)s AND minute >= %(since)s
             ORDER BY minute)
FROM (SELECT) one LEFT JOIN membership member ON project_id = %(project)s AND user_id = %(annotator)s
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True)
class ClaimTerms:
    """What one claim may give: none of `avoid`; only benign items; qualification only; a check first, of this kind.

    `until` is when a rest ends that has begun. Without it `benign_only` holds for as long as pages in hand may use
    the budget up. `harmful` are the categories that no benign item is expected to show.
    """

    benign_only: bool = False
    until: datetime | None = None
    avoid: tuple[str, ...] = ()
    harmful: tuple[str, ...] = ()
    qualifying: bool = False
    check: Purpose | None = None

    @property
    def restricted(self) -> bool:
        """Whether the queue may be full and yet have nothing for this person."""
        return self.benign_only or self.qualifying or bool(self.avoid)

    @property
    def left_out(self) -> tuple[str, ...]:
        """The categories that nothing given now is expected to show."""
        return self.avoid + self.harmful if self.benign_only else self.avoid


def claim_terms(project: Project, annotator: User, *, taking: float = 0.0, answering: int = 0) -> ClaimTerms:
    """On which terms `annotator` claims now. One query.

    `taking` are points of a judgment that is written together with the claim, in the place `answering`, which is
    in hand no more. Whoever is no member (an operator's account) claims as somebody qualified, without checks.
    """
    now = timezone.now()
    limits = limits_of(project)
    since = now - limits.history if limits.budget else now + timedelta(days=1)  # no limit: nothing to add up
    asked = {"project": project.pk, "annotator": annotator.pk, "since": since, "answering": answering}
    row = row_of(TERMS, asked)
    assert row is not None  # it is there for whoever is no member too
    standing, check_share, taxonomy, in_hand, avoid, minutes, points = row
    spent = [Spent(minute, taken) for minute, taken in zip(minutes, points, strict=True)]
    minute = now.replace(second=0, microsecond=0)
    if taking:
        spent.append(Spent(minute, taking))
    rest = ration(spent, limits, now)
    about_to = [*spent, Spent(minute, in_hand)] if in_hand else spent
    benign_only = rest.benign_only or (bool(in_hand) and ration(about_to, limits, now).benign_only)
    return ClaimTerms(
        benign_only=benign_only,
        until=rest.until,
        avoid=_akin(taxonomy, tuple(avoid)),
        harmful=_harmful(taxonomy) if benign_only else (),
        qualifying=standing == Standing.QUALIFYING,
        check=_check(project, check_share or 0.0, random.random()),
    )


def _harmful(taxonomy_id: int | None) -> tuple[str, ...]:
    """The categories that cost points by this taxonomy. From memory as a rule."""
    if taxonomy_id is None:
        return ()
    grave = (row.slug for row in taxonomy_version(taxonomy_id).categories if row.severity >= HARMFUL)
    return _akin(taxonomy_id, tuple(grave))


def _akin(taxonomy_id: int | None, slugs: tuple[str, ...]) -> tuple[str, ...]:
    """These categories, and what they were, or became, in other versions: places keep what was expected then."""
    if not slugs or taxonomy_id is None:
        return slugs
    return tuple(sorted(slugs_akin(taxonomy_id, slugs)))


def _check(project: Project, share: float, die: float) -> Purpose | None:
    """The kind of check that is due, of those that are ready: each as often as the project asks for it."""
    if die >= share:
        return None
    return Purpose.RETEST if die < project.retest_share else Purpose.GOLD


def limits_of(project: Project) -> Limits:
    """The exposure that the project's settings allow."""
    return Limits(
        budget=project.exposure_budget,
        window=timedelta(hours=project.exposure_hours),
        cooldown=timedelta(minutes=project.cooldown_minutes),
    )


def points_of(severity: int) -> float:
    """The exposure points of one page of this severity."""
    return POINTS[severity]


def exposure_add(annotator: User, severity: int) -> None:
    """Count a page of `severity` as seen by `annotator` in this minute. One statement, none for a harmless page."""
    if not points_of(severity):
        return
    with connection.cursor() as cursor:
        source = "(SELECT %(severity)s AS severity) AS one"
        cursor.execute(EXPOSE.format(source=source), {"annotator": annotator.pk, "severity": severity})
