"""What adaptive overlap saved, and whether it was right: measured on what was asked about in full all the same."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Min

from annotator.agreement.intervals import Interval, Tally, wilson
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import BatchItem, Stopping
from annotator.queue.starting import CHECK_SHARE
from annotator.review.adaptive import why_no_skills
from annotator.review.models import OverlapCheck
from annotator.review.selectors import resolutions_current

ENOUGH: Final = 20
"""Pages of the check from which it is said how often stopping was right."""

NEWEST: Final = 50_000
"""Pages that are counted at most: the page of agreement must not count a million."""

# Places that are all answered: a page that is still asked about would count with too few judgments.
SPENT: Final = f"""
WITH newest AS MATERIALIZED (
    SELECT bi.id, bi.stopping, bi.overlap
    FROM batch b JOIN batch_item bi ON bi.batch_id = b.id AND bi.stopping <> 'fixed'
    WHERE b.project_id = %s ORDER BY b.number DESC, bi.id LIMIT {NEWEST}
)
SELECT stopping, COUNT(*), SUM(n)::bigint, SUM(overlap)::bigint
FROM (SELECT newest.stopping, newest.overlap, COUNT(*) AS n
      FROM newest JOIN assignment a ON a.batch_item_id = newest.id AND a.purpose = 'overlap'
      GROUP BY newest.id, newest.stopping, newest.overlap HAVING BOOL_AND(a.state = 'submitted')) AS page
GROUP BY stopping
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True)
class Spent:
    """Judgments on `n_items` pages whose places are all answered, and how many fixed overlap asks for at the least."""

    n_items: int = 0
    n_judgments: int = 0
    n_fixed: int = 0

    @property
    def each(self) -> float | None:
        """Judgments a page."""
        return self.n_judgments / self.n_items if self.n_items else None

    @property
    def saved(self) -> int:
        """Judgments less than fixed overlap asks for; below 0 where pages went on beyond it."""
        return self.n_fixed - self.n_judgments

    @property
    def percent(self) -> int | None:
        """The same of what fixed overlap asks for, in per cent."""
        return round(100 * self.saved / self.n_fixed) if self.n_fixed else None


@dataclass(frozen=True)
class Checked:
    """Pages asked about in full, on which it is known where stopping would have ended, and now what is held."""

    same: Tally
    missed: int  # of them: without a harmful category that is held

    @property
    def is_enough(self) -> bool:
        """Whether there is anything to say."""
        return self.same.n >= ENOUGH

    @property
    def percent(self) -> int:
        """How often stopping gave the very label set that is held, in per cent."""
        return round(100 * (self.same.share or 0.0))

    @property
    def ends(self) -> Interval:
        """The 95 % interval, in per cent."""
        return _percent(wilson(self.same))

    @property
    def missed_ends(self) -> Interval:
        """The 95 % interval of the share with a harmful category missed, in per cent."""
        return _percent(wilson(Tally(self.missed, self.same.n)))


@dataclass(frozen=True)
class AdaptiveReport:
    """Adaptive overlap in one project: whether it works now, why not, what it saved and whether it was right."""

    is_on: bool
    why_not: str  # skills are not known, in a sentence; or empty
    since: datetime | None  # the first batch with such pages
    adaptive: Spent
    full: Spent  # pages of the check
    checked: Checked

    @property
    def check_percent(self) -> int:
        """The share of pages drawn for the check, in per cent."""
        return round(100 * CHECK_SHARE)


def adaptive_report(project: Project, now: datetime) -> AdaptiveReport:
    """What adaptive overlap saved, of the newest `NEWEST` pages, and how it compares. Eight queries."""
    rows = BatchItem.objects.filter(batch__project=project).exclude(stopping=Stopping.FIXED)
    with connection.cursor() as cursor:
        cursor.execute(SPENT, [project.pk])
        spent = {stopping: Spent(*numbers) for stopping, *numbers in cursor.fetchall()}
    return AdaptiveReport(
        is_on=project.adaptive,
        why_not=why_no_skills(project, now),
        since=rows.aggregate(first=Min("batch__opened_at"))["first"],
        adaptive=spent.get(Stopping.ADAPTIVE, Spent()),
        full=spent.get(Stopping.CHECK, Spent()),
        checked=_checked(project),
    )


def _checked(project: Project) -> Checked:
    """Where stopping would have ended beside what is held of the same pages now. Three queries."""
    checks = OverlapCheck.objects.filter(project=project, item__withheld=False)
    foreseen = {item: frozenset(labels) for item, labels in checks.values_list("item", "labels")}
    rows = resolutions_current(project).filter(item__in=list(foreseen))
    harmful = taxonomy_current(project).harmful
    same, missed, n = 0, 0, 0
    for item, verdict, labels in rows.values_list("item", "verdict", "labels"):
        held = frozenset(labels)
        n += 1
        same += verdict == Verdict.LABELLED and held == foreseen[item]
        missed += bool((held - foreseen[item]) & harmful)
    return Checked(Tally(same, n), missed)


def _percent(ends: Interval) -> Interval:
    return Interval(round(100 * ends.low), round(100 * ends.high))
