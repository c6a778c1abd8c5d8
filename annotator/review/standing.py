"""What follows for one item from its judgments and from what is held of it: a rule that reads no row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from annotator.agreement.decide import Answer, Decision, NeedsAnother, Resolved, Waiting, decide
from annotator.agreement.overlap import (
    Advice,
    CategorySkills,
    Enough,
    NoSkills,
    OneMore,
    OverlapPolicy,
    advise,
)
from annotator.agreement.patterns import Pattern, pattern_against_lead, pattern_of
from annotator.judgments.models import Judgment
from annotator.queue.models import Stopping
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.versions import reading_of, unmatched


@dataclass(frozen=True)
class Adaptive:
    """By what an item may stop early: the policy, and what is known of people in each category."""

    policy: OverlapPolicy
    skills: Mapping[str, CategorySkills]
    taxonomy: int  # under which they were measured


@dataclass(frozen=True)
class Rule:
    """What a project asks for: places at first and at most, and the categories no majority overrides.

    Without `adaptive` (it is off, or skills are not known) fixed overlap holds for every item.
    """

    overlap: int
    overlap_max: int
    severe: frozenset[str]
    harmful: frozenset[str] = frozenset()
    adaptive: Adaptive | None = None


@dataclass(frozen=True)
class Standing:
    """One item as the review finds it: judgments that count, what is held now, what is disputed now."""

    item_id: int
    judgments: tuple[Judgment, ...]
    waits: bool  # a place is still free or offered
    resolution: Resolution | None  # the newest, also when it is `reopened`
    disagreement: Disagreement | None  # the open one
    stopping: str = Stopping.FIXED  # as its batch drew it
    rechecked_at: datetime | None = None  # since when it is looked at again; None unless it is, or was

    @property
    def counted(self) -> tuple[Judgment, ...]:
        """The judgments that the rule goes by: after a recheck, those given since it was opened."""
        since = self.rechecked_at
        return tuple(
            row for row in self.judgments if since is None or (row.given_at or row.created_at) >= since
        )

    @property
    def is_held_from_before(self) -> bool:
        """Whether what is held was written before the recheck: its answers replace it, a lead's decision too."""
        held, since = self.resolution, self.rechecked_at
        return held is not None and since is not None and held.created_at < since


@dataclass(frozen=True)
class Foreseen:
    """Where adaptive overlap would have stopped on an item: after the first `n` judgments, certain of these labels."""

    labels: frozenset[str]
    probability: float
    n: int


@dataclass(frozen=True)
class Dispute:
    """Why a lead has to look, and at which categories (none when only the verdicts differ)."""

    reason: str
    categories: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """What to write for an item; with nothing set, everything stands as it should.

    `resolve` and `reopen` supersede the newest resolution; `reopen` is why nothing is held any more.
    `needs_place` opens one more place, and where none can be had the item is in `dispute`. `doubted` are the
    uncertain categories: whoever is reliable in them is asked first.
    """

    resolve: Resolved | None = None
    reopen: str = ""
    needs_place: bool = False
    dispute: Dispute | None = None
    doubted: frozenset[str] = frozenset()


def outcome_of(standing: Standing, rule: Rule) -> Outcome:
    """What to write for `standing`; asking again after it was written gives nothing more to write.

    A lead's decision is never superseded here, only put in question: see `_against_the_lead`. Where a lead has the item
    looked at again since, they did that themselves: what is held from before stays until the recheck settles it.
    """
    if standing.rechecked_at is not None and standing.waits:
        return Outcome()
    held, is_settled_before = standing.resolution, standing.is_held_from_before
    if _is_inferred(held, standing.counted):
        return Outcome()
    if held is not None and held.method == Method.ADJUDICATED and not is_settled_before:
        # Only people who agree question a lead, never a probability.
        agreed = _fixed(standing, rule)
        return Outcome(dispute=_against_the_lead(standing.counted, held, agreed, rule.severe))
    decision, doubted = _decided(standing, rule)
    if isinstance(decision, Resolved):
        return Outcome() if _is_held(held, decision, standing.counted) else Outcome(resolve=decision)
    reopens = held is not None and held.method != Method.REOPENED and not is_settled_before
    reopen = decision.reason if reopens else ""
    if standing.waits:
        return Outcome(reopen=reopen)
    if isinstance(decision, Waiting):
        # Every place is submitted and they are too few: the project's overlap was raised since they were opened.
        return Outcome(reopen=reopen, needs_place=True)
    dispute = Dispute(decision.reason, decision.categories)
    needs_place = isinstance(decision, NeedsAnother)
    return Outcome(reopen=reopen, needs_place=needs_place, dispute=dispute, doubted=doubted)


def foreseen_of(standing: Standing, rule: Rule) -> Foreseen | None:
    """Where adaptive overlap would have stopped on an item drawn for the check; None where it would have asked on.

    The judgments are replayed in the order in which they came, up to the fixed overlap.
    """
    if standing.stopping != Stopping.CHECK or standing.rechecked_at is not None or rule.adaptive is None:
        return None
    most = min(rule.overlap, len(standing.judgments))
    for n in range(rule.adaptive.policy.least, most + 1):
        advice = _advice(standing.judgments[:n], rule, rule.adaptive)
        if isinstance(advice, Enough):
            return Foreseen(advice.labels, advice.probability, n)
    return None


def pattern_in(standing: Standing, dispute: Dispute) -> Pattern:
    """What people differ in on an item in `dispute`."""
    held = standing.resolution
    if held is not None and held.method == Method.ADJUDICATED and not standing.is_held_from_before:
        return pattern_against_lead(dispute.categories)
    return pattern_of(reading_of(standing.counted).answers)


def _decided(standing: Standing, rule: Rule) -> tuple[Decision, frozenset[str]]:
    """What the judgments amount to, and the categories that are uncertain.

    Where adaptive overlap has no advice, or the most judgments are in, the rule of fixed overlap decides.
    """
    fixed, n = _fixed(standing, rule), len(standing.judgments)
    is_adaptive = standing.stopping == Stopping.ADAPTIVE and standing.rechecked_at is None
    if not is_adaptive or rule.adaptive is None:
        return fixed, frozenset()
    advice = _advice(standing.judgments, rule, rule.adaptive)
    if isinstance(advice, Enough):
        reason = f"{advice.reason}, by {n} judgment{'' if n == 1 else 's'} and known skills"
        return Resolved(advice.labels, "labelled", "inferred", reason), frozenset()
    if isinstance(advice, OneMore) and n < rule.adaptive.policy.least:
        return Waiting(advice.reason), frozenset()
    if isinstance(advice, OneMore):
        return NeedsAnother(advice.reason, advice.categories), advice.categories
    return fixed, frozenset()


def _fixed(standing: Standing, rule: Rule) -> Decision:
    answers = reading_of(standing.counted).answers
    return decide(answers, overlap=rule.overlap, overlap_max=rule.overlap_max, severe=rule.severe)


def _advice(judgments: Sequence[Judgment], rule: Rule, adaptive: Adaptive) -> Advice:
    if any(judgment.taxonomy_id != adaptive.taxonomy for judgment in judgments):
        return NoSkills("judged under another taxonomy than the skills")
    answers = {judgment.annotator_id: _answer_of(judgment) for judgment in judgments}
    return advise(answers, adaptive.skills, adaptive.policy, severe=rule.severe, harmful=rule.harmful)


def _answer_of(judgment: Judgment) -> Answer:
    return Answer(frozenset(judgment.labels), frozenset(judgment.unsure), judgment.verdict)


def _is_inferred(held: Resolution | None, judgments: Sequence[Judgment]) -> bool:
    """Whether what is held was inferred from these very judgments: new skills alone do not question it."""
    return (
        held is not None
        and held.method == Method.INFERRED
        and set(held.judgments) == {judgment.pk for judgment in judgments}
    )


def _is_held(held: Resolution | None, decision: Resolved, judgments: Sequence[Judgment]) -> bool:
    """Whether the newest resolution says the same and rests on the same judgments."""
    return (
        held is not None
        and held.verdict == decision.verdict
        and held.method == decision.method
        and frozenset(held.labels) == decision.labels
        and set(held.judgments) == {judgment.pk for judgment in judgments}
    )


def _against_the_lead(
    judgments: Sequence[Judgment], held: Resolution, decision: Decision, severe: frozenset[str]
) -> Dispute | None:
    """Why a lead's decision has to be looked at again, or None.

    Only judgments that the lead has not seen can question it: when people now agree on something else, or one
    of them names a gravest category that the lead did not.
    """
    seen = set(held.judgments)
    unseen = [judgment for judgment in judgments if judgment.pk not in seen]
    if not unseen:
        return None
    labels, grave = frozenset(held.labels), frozenset[str]()
    for judgment in unseen:
        said = frozenset(judgment.labels)
        grave |= unmatched(said, judgment.taxonomy_id, labels, held.taxonomy_id) & said & severe
    if grave:
        return Dispute(f"a later judgment names {', '.join(sorted(grave))}, which the lead did not", grave)
    if not isinstance(decision, Resolved):
        return None
    differing = unmatched(decision.labels, reading_of(judgments).taxonomy_id, labels, held.taxonomy_id)
    if differing or decision.verdict != held.verdict:
        return Dispute(f"{decision.reason}, and differ from what the lead decided", differing)
    return None
