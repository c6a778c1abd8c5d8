"""How one annotator does, category by category and week by week, as the worker measured it: for leads, and for them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Final

from annotator.accounts.models import User
from annotator.agreement.drift import Drift, Week, drift_of
from annotator.agreement.intervals import NO_ANSWERS, Interval, Tally, wilson
from annotator.agreement.truth import ENOUGH
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Category, Project
from annotator.projects.selectors import Guideline, Taxonomy, guideline_current, taxonomy_version
from annotator.review.checks.results import fast_tallies, is_hasty, retest_tallies
from annotator.review.models import AnnotatorWeek, OwnSkill, OwnWeek, Skill, SkillFields, WeekFields
from annotator.review.people.advice import FEWEST, Seen, Slip, Slips, Suggestion, advice_of
from annotator.review.scoring import NONE

TIMED: Final = 500
"""Newest judgments with a time of which the pace is said."""
FEWEST_TIMED: Final = 20
WEEKS: Final = timedelta(weeks=52)
"""Older weeks say nothing of the level before."""
ENOUGH_AN_ITEM: Final = 2.5
"""Judgments an item from which the intervals of inferred skills hold what they promise, about: decision 74."""
UNTOLD: Final = "cannot be told yet"
COUNTED: Final = ("gold_shown", "gold_missed", "gold_wrong", "held_shown", "held_missed", "held_wrong")


@dataclass(frozen=True)
class Level:
    """A chance with its interval and what it rests on, or why there is too little to say: then no value either."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str = ""


@dataclass(frozen=True)
class CategoryLevels:
    """One person in one category. In `gold` and `held`, right of the pages where it is shown or was named."""

    slug: str
    name: str
    sensitivity: Level
    specificity: Level
    gold: Level
    held: Level


@dataclass(frozen=True)
class Pace:
    """Seconds on a page: the median and the middle half, of the newest `n` judgments with a time."""

    median: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True)
class Measure:
    """When and under which guideline, and from how many judgments an item: the numbers of everybody alike."""

    at: datetime
    guideline: int
    n_judgments: int
    n_items: int

    @property
    def is_thin(self) -> bool:
        """Whether most items have too few judgments to tell who erred: then the intervals are too narrow."""
        return self.n_judgments < ENOUGH_AN_ITEM * self.n_items


@dataclass(frozen=True)
class Profile:
    """One annotator as the newest measurement has them; `measure` is None before the first."""

    measure: Measure | None
    categories: tuple[CategoryLevels, ...]
    held: Level
    held_drift: Drift
    gold_drift: Drift
    weeks: tuple[WeekFields, ...]
    suggestions: tuple[Suggestion, ...]

    @property
    def for_self(self) -> tuple[str, ...]:
        """The suggestions in words to that person."""
        return tuple(one.for_self for one in self.suggestions if one.for_self)


@dataclass(frozen=True)
class _Facts:
    """What the profiles of a project are drawn from."""

    skills: Mapping[int, Sequence[SkillFields]]
    weeks: Mapping[int, Sequence[WeekFields]]
    team: Mapping[str, SkillFields]
    guideline: Guideline
    taxonomy: Taxonomy | None
    measure: Measure | None


def profiles_of(
    project: Project, people: Sequence[User], *, since_midnight: datetime | None = None
) -> dict[int, Profile]:
    """The profile of each of these people. Seven queries, however many people; none counts judgments of everybody.

    With `since_midnight` it holds for the whole day that began then: what moves with an answer tells which are checks.
    """
    ids = [person.pk for person in people]
    facts = _facts(project, ids, daily=since_midnight is not None)
    retests, fast = retest_tallies(project, ids, at=since_midnight), fast_tallies(project)
    return {
        person.pk: _profile(
            person, facts, retests.get(person.pk, NO_ANSWERS), fast.get(person.pk, NO_ANSWERS)
        )
        for person in people
    }


def profile_of(project: Project, person: User) -> Profile:
    """The profile of one person. Queries as for many."""
    return profiles_of(project, [person])[person.pk]


def own_profile(project: Project, person: User, now: datetime) -> Profile:
    """The profile of a person for themselves, as it stood early on this day, UTC. Queries as for many."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return profiles_of(project, [person], since_midnight=midnight)[person.pk]


def pace_of(project: Project, person: User) -> Pace:
    """Seconds on the page of one person's newest judgments. One query, by the index judgment_of_annotator."""
    own = Judgment.objects.filter(
        project=project, annotator=person, imported=None, superseded_by__isnull=True
    )
    timed = own.exclude(verdict=Verdict.WITHDRAWN).filter(seconds__isnull=False).order_by("-pk")
    newest = timed.values_list("seconds", flat=True)[:TIMED]
    seconds = [found for found in newest if found is not None]
    if len(seconds) < FEWEST_TIMED:
        return Pace(None, None, None, len(seconds))
    low, median, high = quantiles(seconds, n=4)
    return Pace(median, low, high, len(seconds))


def level_of(tally: Tally, fewest: int = FEWEST) -> Level:
    """A share with its 95 % interval, from `fewest` answers on."""
    if tally.n < fewest:
        return Level(None, None, None, tally.n, _too_few(tally))
    ends: Interval = wilson(tally)
    return Level(tally.share, ends.low, ends.high, tally.n)


def _facts(project: Project, ids: Sequence[int], *, daily: bool) -> _Facts:
    """Four queries, and one for a taxonomy that was not read before."""
    of_people: type[SkillFields] = OwnSkill if daily else Skill
    of_weeks: type[WeekFields] = OwnWeek if daily else AnnotatorWeek
    skills: dict[int, list[SkillFields]] = defaultdict(list)
    everybody = (
        of_people._default_manager.filter(project=project)
        .select_related("report", "guideline")
        .defer("report__categories")
    )
    rows = list(everybody.order_by("pk"))
    for row in rows:
        skills[row.annotator_id].append(row)
    weeks: dict[int, list[WeekFields]] = defaultdict(list)
    found = of_weeks._default_manager.filter(project=project, annotator__in=ids)
    for week in found.order_by("week"):
        weeks[week.annotator_id].append(week)
    return _Facts(
        skills=skills,
        weeks=weeks,
        team=_team(rows),
        guideline=guideline_current(project),
        taxonomy=taxonomy_version(rows[0].report.taxonomy_id) if rows else None,
        measure=_measure(rows[0]) if rows else None,
    )


def _measure(row: SkillFields) -> Measure:
    report = row.report
    return Measure(report.computed_at, row.guideline.number, report.n_judgments, report.n_items)


def _team(rows: Iterable[SkillFields]) -> dict[str, SkillFields]:
    """The counts of everybody together, by category."""
    team: dict[str, SkillFields] = {}
    for row in rows:
        total = team.setdefault(row.category, Skill(category=row.category))
        for name in COUNTED:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    return team


def _profile(person: User, facts: _Facts, retest: Tally, fast: Tally) -> Profile:
    skills, weeks = facts.skills.get(person.pk, ()), facts.weeks.get(person.pk, ())
    recent = [week for week in weeks if week.week > weeks[-1].week - WEEKS]
    held = drift_of([Week(week.week, Tally(week.held_right, week.held_n)) for week in recent if week.held_n])
    gold = drift_of([Week(week.week, Tally(week.gold_right, week.gold_n)) for week in recent if week.gold_n])
    slips = [slip for row in skills for slip in _slips(row, facts)]
    seen = Seen(slips, retest, fast, is_hasty(fast), (held, gold))
    return Profile(
        measure=facts.measure,
        categories=tuple(_levels(row, facts.taxonomy) for row in skills),
        held=level_of(Tally(sum(week.held_right for week in weeks), sum(week.held_n for week in weeks))),
        held_drift=held,
        gold_drift=gold,
        weeks=tuple(recent),
        suggestions=advice_of(person.username, seen),
    )


def _levels(row: SkillFields, taxonomy: Taxonomy | None) -> CategoryLevels:
    return CategoryLevels(
        slug=row.category,
        name=_name(row.category, taxonomy),
        sensitivity=_inferred(
            (row.sensitivity, row.sensitivity_low, row.sensitivity_high),
            row.positives_worth,
            row.n_positives,
        ),
        specificity=_inferred(
            (row.specificity, row.specificity_low, row.specificity_high),
            row.negatives_worth,
            row.n_negatives,
        ),
        gold=level_of(_shown_or_named(row.gold_shown, row.gold_missed, row.gold_wrong)),
        held=level_of(_shown_or_named(row.held_shown, row.held_missed, row.held_wrong)),
    )


def _inferred(found: tuple[float | None, float | None, float | None], worth: float, n: float) -> Level:
    """Without the reason that the row has: it tells how everybody judged, and the person reads this too."""
    if found[0] is None:
        return Level(None, None, None, 0, UNTOLD)
    if worth < ENOUGH:
        return Level(None, None, None, round(n), f"too few to say: about {n:.0f}")
    return Level(*found, round(n))


def _shown_or_named(shown: int, missed: int, wrong: int) -> Tally:
    return Tally(shown - missed, shown + wrong)


def _too_few(tally: Tally) -> str:
    return f"too few to say: {tally.right} of {tally.n}" if tally.n else "never came up"


def _slips(row: SkillFields, facts: _Facts) -> list[Slips]:
    category = _category(row.category, facts.taxonomy)
    if category is None:  # "none of these" is missed by naming something, which is said there
        return []
    others = facts.team[row.category]
    return [
        Slips(
            category.name,
            category.severity,
            slip,
            own=count(row),
            others=_less(count(others), count(row)),
            clauses=_clauses(facts.guideline, category.slug, cited),
        )
        for slip, count, cited in (
            (Slip.MISSED, _missed, row.missed_clause),
            (Slip.WRONG, _wrong, row.wrong_clause),
        )
    ]


def _missed(row: SkillFields) -> Tally:
    return Tally(row.gold_missed + row.held_missed, row.gold_shown + row.held_shown)


def _wrong(row: SkillFields) -> Tally:
    wrong, missed = row.gold_wrong + row.held_wrong, _missed(row)
    return Tally(wrong, missed.n - missed.right + wrong)


def _less(all_: Tally, own: Tally) -> Tally:
    return Tally(all_.right - own.right, all_.n - own.n)


def _clauses(guideline: Guideline, slug: str, cited: str) -> tuple[str, ...]:
    """The clause that decided most of the slips, as long as the guideline has it; otherwise all on the category."""
    found = guideline.clause(cited) if cited else None
    if found is not None and found.category in ("", slug):
        return (cited,)
    return tuple(clause.number for clause in guideline.clauses if clause.category == slug)


def _category(slug: str, taxonomy: Taxonomy | None) -> Category | None:
    return next((one for one in taxonomy.categories if one.slug == slug), None) if taxonomy else None


def _name(slug: str, taxonomy: Taxonomy | None) -> str:
    if slug == NONE:
        return "None of these"
    return taxonomy.name_of(slug) if taxonomy else slug
