"""The sweep of the tick that keeps checks ready for annotators, and draws the consequences of their answers."""

import random
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, Subquery

from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Membership, Project, Role, Standing
from annotator.projects.selectors import slugs_akin, taxonomy_current
from annotator.queue.models import Assignment, AssignmentState, OptOut, Purpose, Skip
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.review.checks.drawing import gold_draw
from annotator.review.checks.gold import GoldSet, gold_retire_outdated, gold_set
from annotator.review.checks.qualifying import Candidate, can_qualify, qualify
from annotator.review.checks.results import by_person, gold_answers
from annotator.review.checks.standing_policy import WINDOW, standing_move
from annotator.review.checks.standings import standing_set
from annotator.review.people.totals import last_changes
from annotator.review.scoring import score_of, shown_by

ACTIVE: Final = timedelta(days=1)
"""Whoever has judged within it is kept supplied."""
NEW_FOR: Final = 200
"""Judgments during which a person gets the gold share of new people."""
READY: Final = {Purpose.GOLD: 3, Purpose.RETEST: 2}
"""Places to open for a person of whom at most one, or none, is left."""
LOW: Final = {Purpose.GOLD: 1, Purpose.RETEST: 0}
RETEST_POOL: Final = 20_000
"""Newest old judgments among which a retest is drawn."""


@dataclass
class Person:
    """One annotator as the sweep finds them: what is ready for them, and what they would rather not be given."""

    membership: Membership
    last_at: datetime | None
    first_at: datetime | None
    newest_check: int
    is_new: bool
    ready: Counter[str] = field(default_factory=Counter)
    avoid: set[str] = field(default_factory=set)

    @property
    def pk(self) -> int:
        """The id of the account."""
        return self.membership.user_id

    def candidate(self, gold: GoldSet) -> Candidate:
        """The same person as qualification sees them."""
        return Candidate(self.membership.project, self.membership, gold, frozenset(self.avoid))


Seed = Callable[[], int]


def _unforeseen() -> int:
    """A seed that nobody can foresee: which gold comes next is nobody's to work out."""
    return secrets.randbits(62)


def quality_sweep(project: Project, now: datetime, *, seed: Seed = _unforeseen) -> None:
    """Bring gold, checks and standings of a project up to date. Seven queries when nothing is due.

    1. Retire gold of which something else is held true now; note whether there is enough of it to qualify people.
    2. Draw the consequences of checks answered since the last sweep.
    3. Go on with whoever qualifies.
    4. Open places for people who were active of late and have few left.
    5. Set how often each is given one: 0 while none is ready, so that no claim looks in vain.

    Each step is a compare-and-set or idempotent: sweeps that overlap, or end halfway, do no harm.
    """
    gold_retire_outdated(project)
    gold = gold_set(project)
    enough = gold.coverage.is_enough
    if enough != project.gold_enough:
        Project.objects.filter(pk=project.pk).update(gold_enough=enough)
        project.gold_enough = enough
    people = _people(project)
    _move_standings(project, gold, people)
    for person in people:
        if person.membership.standing == Standing.QUALIFYING:
            qualify(person.candidate(gold), now)
    _open_gold(project, gold, people, now, seed)
    _open_retests(project, people, now, seed)
    _set_shares(project, people)


def _people(project: Project) -> list[Person]:
    """The annotators, what they have ready, and their opt-outs. Three queries, four where somebody has opted out."""
    own = Judgment.objects.filter(project=project, annotator=OuterRef("user"), imported=None)
    checks = own.filter(~Q(purpose=Purpose.OVERLAP)).order_by("-pk")
    members = (
        Membership.objects.filter(project=project, role=Role.ANNOTATOR, user__is_active=True)
        .select_related("user", "project")
        .annotate(
            last_at=Subquery(own.order_by("-pk").values("created_at")[:1]),
            first_at=Subquery(own.order_by("pk").values("created_at")[:1]),
            newest_check=Subquery(checks.values("pk")[:1]),
            is_old_hand=Exists(own.order_by("pk")[NEW_FOR : NEW_FOR + 1]),
        )
        .order_by("user")
    )
    people = {row.user_id: _person(row) for row in members}
    opted_out = list(OptOut.objects.filter(project=project).values_list("annotator", "category"))
    newest = taxonomy_current(project).version.pk if opted_out else 0
    for user_id, category in opted_out:
        if user_id in people:
            people[user_id].avoid.update(slugs_akin(newest, (category,)))
    for user_id, purpose, expected in _free_places(project):
        if user_id in people and not people[user_id].avoid & set(expected):
            people[user_id].ready[purpose] += 1
    return list(people.values())


def _person(row: Membership) -> Person:
    found = vars(row)
    return Person(
        membership=row,
        last_at=found["last_at"],
        first_at=found["first_at"],
        newest_check=found["newest_check"] or 0,
        is_new=not found["is_old_hand"],
    )


def _free_places(project: Project) -> list[tuple[int, str, list[str]]]:
    """Person, purpose and expected categories of each personal place that waits and was not skipped."""
    skipped = Skip.objects.filter(item=OuterRef("item"), annotator=OuterRef("for_annotator"))
    free = Assignment.objects.filter(
        ~Exists(skipped), project=project, state=AssignmentState.FREE, for_annotator__isnull=False
    ).exclude(purpose=Purpose.OVERLAP)
    return list(free.values_list("for_annotator", "purpose", "expected"))


def _move_standings(project: Project, gold: GoldSet, people: Sequence[Person]) -> None:
    """Warn, pause or trust again whoever has answered checks since the last sweep. Two queries when somebody has."""
    due = {person.pk: person for person in people if person.newest_check > person.membership.checks_read}
    if not due:
        return
    answers = by_person(gold_answers(project, due))
    changes = last_changes(project, due)
    for user_id, person in due.items():
        since = changes[user_id].last_judgment if user_id in changes else 0
        counted = [answer.checked for answer in answers.get(user_id, ()) if answer.judgment_id > since]
        standing = Standing(person.membership.standing)
        move = standing_move(standing, score_of(counted[:WINDOW]), project.gold_line)
        if move is not None and (move.standing != Standing.QUALIFYING or can_qualify(person.candidate(gold))):
            standing_set(person.membership, move.standing, move.reason)
        Membership.objects.filter(pk=person.membership.pk).update(checks_read=person.newest_check)


def _open_gold(project: Project, gold: GoldSet, people: Sequence[Person], now: datetime, seed: Seed) -> None:
    """Gold places for those who run low. One query when somebody does, and those of each opening."""
    due = [person for person in people if gold.items and _is_low(person, Purpose.GOLD, now)]
    if not due or (not project.gold_share and not project.gold_share_new):
        return
    known = items_known(list(gold.labels), [person.pk for person in due])
    for person in due:
        asked = Counter(category for item in known[person.pk] for category in shown_by(gold.labels[item]))
        unseen = [
            item
            for item in gold.items
            if item.item_id not in known[person.pk] and not item.labels & person.avoid
        ]
        drawn_by = seed()
        drawn = gold_draw(unseen, asked, READY[Purpose.GOLD], random.Random(drawn_by))
        choices = [PersonalChoice(one.item.item_id, one.item.labels, one.probability) for one in drawn]
        reason = f"Gold for {person.membership.user.username}, balanced over categories"
        draw = Draw("gold-balanced", reason, pool_size=len(unseen), seed=drawn_by)
        opened = places_personal_open(project, person.membership.user, Purpose.GOLD, choices, draw=draw)
        person.ready[Purpose.GOLD] += opened


def items_known(item_ids: Sequence[int], people: Sequence[int]) -> Mapping[int, set[int]]:
    """Which of these items each of these people was given, will be given, or has declined. Two queries."""
    known: dict[int, set[int]] = defaultdict(set)
    given = Assignment.objects.filter(
        Q(annotator__in=people) | Q(for_annotator__in=people), item__in=item_ids
    )
    for item_id, annotator, for_annotator in given.values_list("item", "annotator", "for_annotator"):
        known[for_annotator or annotator].add(item_id)
    skipped = Skip.objects.filter(item__in=item_ids, annotator__in=people)
    for item_id, annotator in skipped.values_list("item", "annotator"):
        known[annotator].add(item_id)
    return known


def _open_retests(project: Project, people: Sequence[Person], now: datetime, seed: Seed) -> None:
    """Retests for those who run low and have judged long enough ago. One query a person, and those of each opening."""
    if not project.retest_share:
        return
    before = now - timedelta(days=project.retest_days)
    for person in people:
        if person.first_at is None or person.first_at >= before or not _is_low(person, Purpose.RETEST, now):
            continue
        pool = _retestable(project, person, before)
        drawn_by = seed()
        n = min(READY[Purpose.RETEST], len(pool))
        drawn = random.Random(drawn_by).sample(sorted(pool), n)
        choices = [PersonalChoice(item, pool[item], n / len(pool)) for item in drawn]
        reason = f"A page that {person.membership.user.username} judged before {before:%Y-%m-%d}, at random"
        draw = Draw("retest-random", reason, pool_size=len(pool), seed=drawn_by)
        opened = places_personal_open(project, person.membership.user, Purpose.RETEST, choices, draw=draw)
        person.ready[Purpose.RETEST] += opened


def _retestable(project: Project, person: Person, before: datetime) -> dict[int, frozenset[str]]:
    """Items with the labels that this person gave them long ago, of those they were not asked about again."""
    again = Assignment.objects.filter(item=OuterRef("item"), for_annotator=person.pk, purpose=Purpose.RETEST)
    own = judgments_current(project).filter(
        ~Exists(again),
        annotator=person.pk,
        imported=None,
        created_at__lt=before,
        verdict=Verdict.LABELLED,
        item__withheld=False,
        item__erased_at__isnull=True,
    )
    rows = own.order_by("-pk").values_list("item", "labels")[:RETEST_POOL]
    return {item: frozenset(labels) for item, labels in rows if not person.avoid & set(labels)}


def _is_low(person: Person, purpose: Purpose, now: datetime) -> bool:
    """Whether a person at work has few places of this purpose left; nobody who qualifies gets one."""
    return (
        person.membership.standing != Standing.QUALIFYING
        and person.last_at is not None
        and now - person.last_at < ACTIVE
        and person.ready[purpose] <= LOW[purpose]
    )


def _set_shares(project: Project, people: Sequence[Person]) -> None:
    changed = []
    for person in people:
        share = _share(project, person)
        if share != person.membership.check_share:
            person.membership.check_share = share
            changed.append(person.membership)
    if changed:
        Membership.objects.bulk_update(changed, ["check_share"])


def _share(project: Project, person: Person) -> float:
    """How often this person is to be given a check, of those that are ready."""
    if person.membership.standing == Standing.QUALIFYING:
        return 0.0
    watched = person.is_new or person.membership.standing == Standing.WARNED
    gold = project.gold_share_new if watched else project.gold_share
    return (gold if person.ready[Purpose.GOLD] else 0.0) + (
        project.retest_share if person.ready[Purpose.RETEST] else 0.0
    )
