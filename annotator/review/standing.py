"""What follows for one item from its judgments and from what is held of it: a rule that reads no row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from annotator.agreement.decide import Decision, NeedsAnother, Resolved, Waiting, decide
from annotator.agreement.patterns import Pattern, pattern_against_lead, pattern_of
from annotator.judgments.models import Judgment
from annotator.review.models import Disagreement, Method, Resolution
from annotator.review.versions import reading_of, unmatched


@dataclass(frozen=True)
class Rule:
    """What a project asks for: places at first and at most, and the categories no majority overrides."""

    overlap: int
    overlap_max: int
    severe: frozenset[str]


@dataclass(frozen=True)
class Standing:
    """One item as the review finds it: judgments that count, what is held now, what is disputed now."""

    item_id: int
    judgments: tuple[Judgment, ...]
    waits: bool  # a place is still free or offered
    resolution: Resolution | None  # the newest, also when it is `reopened`
    disagreement: Disagreement | None  # the open one
    rechecked_at: datetime | None = None  # since when it is looked at again; None unless it is, or was

    @property
    def counted(self) -> tuple[Judgment, ...]:
        """The judgments that the rule goes by: after a recheck, those given since it was opened."""
        since = self.rechecked_at
        return tuple(row for row in self.judgments if since is None or row.created_at >= since)

    @property
    def is_held_from_before(self) -> bool:
        """Whether what is held was written before the recheck: its answers replace it, a lead's decision too."""
        held, since = self.resolution, self.rechecked_at
        return held is not None and since is not None and held.created_at < since


@dataclass(frozen=True)
class Dispute:
    """Why a lead has to look, and at which categories (none when only the verdicts differ)."""

    reason: str
    categories: frozenset[str]


@dataclass(frozen=True)
class Outcome:
    """What to write for an item; with nothing set, everything stands as it should.

    `resolve` and `reopen` supersede the newest resolution; `reopen` is why nothing is held any more.
    `needs_place` opens one more place, and where none can be had the item is in `dispute`.
    """

    resolve: Resolved | None = None
    reopen: str = ""
    needs_place: bool = False
    dispute: Dispute | None = None


def outcome_of(standing: Standing, rule: Rule) -> Outcome:
    """What to write for `standing`; asking again after it was written gives nothing more to write.

    A lead's decision is never superseded here, only put in question: see `_against_the_lead`. Where a lead has the item
    looked at again since, they did that themselves: what is held from before stays until the recheck settles it.
    """
    if standing.rechecked_at is not None and standing.waits:
        return Outcome()
    reading = reading_of(standing.counted)
    decision = decide(reading.answers, overlap=rule.overlap, overlap_max=rule.overlap_max, severe=rule.severe)
    held = standing.resolution
    is_settled_before = standing.is_held_from_before
    if held is not None and held.method == Method.ADJUDICATED and not is_settled_before:
        return Outcome(dispute=_against_the_lead(standing.counted, held, decision, rule.severe))
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
    return Outcome(reopen=reopen, needs_place=isinstance(decision, NeedsAnother), dispute=dispute)


def pattern_in(standing: Standing, dispute: Dispute) -> Pattern:
    """What people differ in on an item in `dispute`."""
    held = standing.resolution
    if held is not None and held.method == Method.ADJUDICATED and not standing.is_held_from_before:
        return pattern_against_lead(dispute.categories)
    return pattern_of(reading_of(standing.counted).answers)


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
