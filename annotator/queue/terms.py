"""On which terms a person claims: how much harmful content, which categories, and whether a check is due."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from annotator.accounts.models import User
from annotator.projects.models import Project, Standing
from annotator.queue.exposure import HARMFUL, POINTS, Limits, Spent, ration
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

TERMS: Final = """
SELECT member.standing, member.check_share,
       ARRAY(SELECT category FROM opt_out WHERE project_id = %(project)s AND annotator_id = %(annotator)s
             ORDER BY category),
       ARRAY(SELECT minute FROM exposure WHERE annotator_id = %(annotator)s AND minute >= %(since)s
             ORDER BY minute),
       ARRAY(SELECT points FROM exposure WHERE annotator_id = %(annotator)s AND minute >= %(since)s
             ORDER BY minute)
FROM (SELECT) one LEFT JOIN membership member ON project_id = %(project)s AND user_id = %(annotator)s
"""


@dataclass(frozen=True)
class ClaimTerms:
    """What one claim may give: only benign items (`until` when), none of `avoid`, qualification only, a check first."""

    benign_only: bool = False
    until: datetime | None = None
    avoid: tuple[str, ...] = ()
    qualifying: bool = False
    check: bool = False

    @property
    def restricted(self) -> bool:
        """Whether the queue may be full and yet have nothing for this person."""
        return self.benign_only or self.qualifying or bool(self.avoid)


def claim_terms(project: Project, annotator: User, *, taking: float = 0.0) -> ClaimTerms:
    """On which terms `annotator` claims now. One query.

    `taking` are points of a judgment that is written together with the claim. Whoever is no member (an
    operator's account) claims as somebody qualified, without checks.
    """
    now = timezone.now()
    limits = limits_of(project)
    since = now - limits.history if limits.budget else now + timedelta(days=1)  # no limit: nothing to add up
    row = row_of(TERMS, {"project": project.pk, "annotator": annotator.pk, "since": since})
    standing, check_share, avoid, minutes, points = row or (None, None, [], [], [])
    spent = [Spent(minute, taken) for minute, taken in zip(minutes, points, strict=True)]
    if taking:
        spent.append(Spent(now.replace(second=0, microsecond=0), taking))
    rest = ration(spent, limits, now)
    return ClaimTerms(
        benign_only=rest.benign_only,
        until=rest.until,
        avoid=tuple(avoid),
        qualifying=standing == Standing.QUALIFYING,
        check=random.random() < (check_share or 0.0),
    )


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
