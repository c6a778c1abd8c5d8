"""Leading somebody through qualification: attempts on gold with explanations, until they pass."""

import random
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, Max, OuterRef, Q

from annotator.errors import Conflict
from annotator.projects.access import Access
from annotator.projects.models import Membership, Project, Standing
from annotator.projects.selectors import slugs_akin
from annotator.queue.models import Assignment, AssignmentState, Lesson, OptOut, Purpose, Skip
from annotator.queue.personal import Draw, LessonDraft, PersonalChoice, places_personal_open
from annotator.review.checks.gold import GoldSet, gold_set
from annotator.review.checks.qualifying_policy import (
    FIRST_ITEMS,
    Coverage,
    Failed,
    GoldItem,
    More,
    coverage_of,
    first_items,
    more_items,
    out_of_gold,
    verdict_of,
)
from annotator.review.checks.results import Lessoned, gold_by_item, qualification_answers
from annotator.review.checks.standings import annotator_of, standing_by_lead, standing_set
from annotator.review.models import StandingChange
from annotator.review.scoring import NONE, score_of, shown_by

PAUSE: Final = timedelta(hours=2)
"""Between two attempts: time to read the guideline, and to talk to a lead."""
WELCOME: Final = "New here: qualification comes first, with an explanation after each answer"
NOT_ASKED: Final = "Qualification is not asked for any more"
TOO_LITTLE: Final = "There is too little gold that they have not seen: qualification is left out"


@dataclass(frozen=True)
class Candidate:
    """Somebody who qualifies, with the gold there is and the categories that they have opted out of."""

    project: Project
    membership: Membership
    gold: GoldSet
    avoid: frozenset[str]


def qualify(candidate: Candidate, now: datetime) -> None:
    """Go on with somebody who qualifies: open an attempt, add to it, or end it. One query while they work.

    1. Places wait: nothing to do.
    2. All are answered: passed, failed, or more of what is undecided.
    3. All are skipped: failed, for nobody gets past an examination by declining it.
    4. Nothing is open since the last word: a new attempt, after a pause if one failed. Whoever is new and finds
       too little gold is let in; anybody else waits for more gold, or for a lead to waive it.
    """
    if _waits(candidate):
        return
    changes = _changes(candidate.membership)
    if not changes or changes[0].standing != Standing.QUALIFYING:
        change = _welcome(candidate)
        if change is None:
            return
        changes = [change]
    answers = qualification_answers(candidate.project, candidate.membership.user)
    current = [answer for answer in answers if answer.judgment_id > changes[0].last_judgment]
    if current:
        _judge(candidate, current, now)
        return
    if _has_skipped(candidate, changes[0].at):
        text = f"Every page of the attempt was skipped. Another one, with other pages, from {_again(now)}"
        standing_set(candidate.membership, Standing.QUALIFYING, text)
        return
    has_failed = len(changes) > 1 and changes[1].standing == Standing.QUALIFYING
    if not has_failed or now >= changes[0].at + PAUSE:
        is_new = len(changes) == 1 and changes[0].by_id is None
        _begin(candidate, is_new=is_new)


def can_qualify(candidate: Candidate) -> bool:
    """Whether the project asks for it, and there is enough gold that this person has not seen. Two queries."""
    if not candidate.project.qualification or not candidate.project.gold_enough:
        return False
    unseen = unseen_gold(candidate.gold, candidate.membership.user_id, candidate.avoid)
    return _coverage(candidate.gold, unseen, candidate.avoid).is_enough


def qualification_require(access: Access, user_id: int, reason: str) -> StandingChange:
    """A lead asks somebody to qualify (again), and says why; the tick opens the attempt.

    Raises NotFound for no annotator, BadInput without a reason, Conflict while they qualify or when there is too
    little gold that they have not seen.
    """
    membership = annotator_of(access.project, user_id)
    name = membership.user.username
    if membership.standing == Standing.QUALIFYING:
        raise Conflict(f"{name} goes through qualification already. Reload the page.")
    opted_out = OptOut.objects.filter(project=access.project, annotator=user_id)
    avoid = slugs_akin(access.taxonomy.version.pk, tuple(opted_out.values_list("category", flat=True)))
    gold = gold_set(access.project)
    unseen = unseen_gold(gold, user_id, avoid)
    if not _coverage(gold, unseen, avoid).is_enough:
        raise Conflict(f"There is too little gold that {name} has not seen. Add some, then ask again.")
    return standing_by_lead(access, membership, Standing.QUALIFYING, reason)


def unseen_gold(gold: GoldSet, user_id: int, avoid: Collection[str]) -> list[GoldItem]:
    """Gold that this person was never given, has not declined, and has not opted out of. Two queries."""
    ids = list(gold.labels)
    given = Assignment.objects.filter(Q(annotator=user_id) | Q(for_annotator=user_id), item__in=ids)
    known = set(given.values_list("item", flat=True))
    known |= set(Skip.objects.filter(item__in=ids, annotator=user_id).values_list("item", flat=True))
    return [item for item in gold.items if item.item_id not in known and not item.labels & set(avoid)]


def _waits(candidate: Candidate) -> bool:
    """Whether a qualification place waits for this person, or is in their hands. One query."""
    user = candidate.membership.user_id
    skipped = Skip.objects.filter(item=OuterRef("item"), annotator=user)
    waiting = Assignment.objects.filter(
        ~Exists(skipped),
        project=candidate.project,
        for_annotator=user,
        purpose=Purpose.QUALIFICATION,
        state__in=[AssignmentState.FREE, AssignmentState.OFFERED],
    )
    return waiting.exclude(expected__overlap=list(candidate.avoid)).exists()


def _has_skipped(candidate: Candidate, since: datetime) -> bool:
    """Whether this person skipped a page of an attempt that was opened since the last word. One query."""
    user = candidate.membership.user_id
    skipped = Skip.objects.filter(item=OuterRef("assignment__item"), annotator=user)
    opened = Lesson.objects.filter(
        Exists(skipped),
        assignment__for_annotator=user,
        assignment__project=candidate.project,
        assignment__batch_item__batch__opened_at__gt=since,
    )
    return opened.exists()


def _again(now: datetime) -> str:
    return f"{now + PAUSE:%Y-%m-%d %H:%M} UTC"


def _welcome(candidate: Candidate) -> StandingChange | None:
    """The first word to somebody who was just made an annotator; None when there is nothing more to do for them."""
    if candidate.project.qualification:
        return standing_set(candidate.membership, Standing.QUALIFYING, WELCOME)
    standing_set(candidate.membership, Standing.QUALIFIED, NOT_ASKED)
    return None


def _changes(membership: Membership) -> list[StandingChange]:
    """The last two changes of this person's standing, newest first. One query."""
    rows = StandingChange.objects.filter(project=membership.project_id, annotator=membership.user_id)
    return list(rows.order_by("-pk")[:2])


def _newest_attempt(candidate: Candidate) -> int:
    """The number of the last attempt, answered or not. One query."""
    opened = Lesson.objects.filter(
        assignment__for_annotator=candidate.membership.user_id, assignment__project=candidate.project
    )
    return int(opened.aggregate(newest=Max("attempt"))["newest"] or 0)


def _begin(candidate: Candidate, *, is_new: bool) -> None:
    unseen = unseen_gold(candidate.gold, candidate.membership.user_id, candidate.avoid)
    coverage = _coverage(candidate.gold, unseen, candidate.avoid)
    if coverage.is_enough:
        attempt = _newest_attempt(candidate) + 1
        seed = secrets.randbits(62)
        drawn = first_items(unseen, coverage.covered, random.Random(seed))
        _open(candidate, drawn, attempt, pool_size=len(unseen), seed=seed)
    elif is_new:
        standing_set(candidate.membership, Standing.QUALIFIED, TOO_LITTLE)


def _judge(candidate: Candidate, answers: Sequence[Lessoned], now: datetime) -> None:
    """End the attempt, or open what it needs more of. Three queries, and those of an opening."""
    attempt = max(answer.attempt for answer in answers)
    score = score_of(answer.checked for answer in answers)
    outcome = verdict_of(score, _examined(candidate, attempt))
    if isinstance(outcome, More):
        unseen = unseen_gold(candidate.gold, candidate.membership.user_id, candidate.avoid)
        seed = secrets.randbits(62)
        drawn = more_items(unseen, outcome.categories, random.Random(seed))
        helped = {category for item in drawn for category in shown_by(item.labels)}
        if outcome.categories <= helped:
            _open(candidate, drawn, attempt, pool_size=len(unseen), seed=seed)
            return
        outcome = out_of_gold(score, outcome.categories - helped)
    if isinstance(outcome, Failed):
        text = (
            f"Attempt {attempt} is not passed yet: {outcome.reason}. "
            f"Another one, with other pages, from {_again(now)}"
        )
        standing_set(candidate.membership, Standing.QUALIFYING, text)
    else:
        standing_set(candidate.membership, Standing.QUALIFIED, f"Qualification {outcome.reason}")


def _examined(candidate: Candidate, attempt: int) -> frozenset[str]:
    """Categories of which this attempt was given what it begins with, and that are covered still. One query."""
    given = Lesson.objects.filter(
        attempt=attempt,
        assignment__for_annotator=candidate.membership.user_id,
        assignment__project=candidate.project,
    ).exclude(assignment__state=AssignmentState.WITHHELD)
    counts = Counter(
        category for labels in given.values_list("labels", flat=True) for category in shown_by(labels)
    )
    covered = candidate.gold.coverage.covered - set(candidate.avoid)
    return frozenset(category for category in covered if counts[category] >= FIRST_ITEMS)


def _coverage(gold: GoldSet, unseen: Sequence[GoldItem], avoid: Collection[str]) -> Coverage:
    slugs = [slug for slug in gold.coverage.counts if slug != NONE and slug not in avoid]
    return coverage_of(unseen, slugs)


def _open(
    candidate: Candidate, drawn: Sequence[GoldItem], attempt: int, *, pool_size: int, seed: int
) -> None:
    explained = gold_by_item(candidate.project, [item.item_id for item in drawn])
    choices = [
        PersonalChoice(
            item.item_id,
            item.labels,
            None,
            LessonDraft(attempt, explained[item.item_id].explanation, explained[item.item_id].clause_id),
        )
        for item in drawn
        if item.item_id in explained
    ]
    user = candidate.membership.user
    reason = f"Qualification of {user.username}, attempt {attempt}"
    draw = Draw("qualification", reason, pool_size=pool_size, seed=seed)
    places_personal_open(candidate.project, user, Purpose.QUALIFICATION, choices, draw=draw)
