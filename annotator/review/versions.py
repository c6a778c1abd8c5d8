"""Answers that were given under several taxonomy versions, read in one: decision 106."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotator.agreement.decide import Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.selectors import carried, carrying
from annotator.review.scoring import Checked


@dataclass(frozen=True)
class Reading:
    """The judgments on one item as answers in the words of one taxonomy version; None without judgments."""

    answers: tuple[Answer, ...]
    taxonomy_id: int | None


def reading_of(judgments: Sequence[Judgment]) -> Reading:
    """The judgments as the rule of agreement reads them: in the newest of their versions, if each says all of it.

    Else in the oldest, if each says all of it and loses no label there; else in the newest, with what somebody was not
    asked as unsure. From memory as a rule.
    """
    versions = sorted({judgment.taxonomy_id for judgment in judgments})
    if len(versions) <= 1:
        return Reading(tuple(map(_own, judgments)), versions[0] if versions else None)
    oldest, newest = versions[0], versions[-1]
    if not any(_unknown(judgment, newest) for judgment in judgments):
        return Reading(tuple(_carried(judgment, newest) for judgment in judgments), newest)
    if not any(_unknown(judgment, oldest) or _loses(judgment, oldest) for judgment in judgments):
        return Reading(tuple(_carried(judgment, oldest) for judgment in judgments), oldest)
    return Reading(tuple(_carried(judgment, newest) for judgment in judgments), newest)


def answers_in(judgments: Sequence[Judgment], wanted: int) -> tuple[Answer, ...]:
    """The judgments as answers in the words of one version; what somebody was not asked there is unsure."""
    return tuple(_carried(judgment, wanted) for judgment in judgments)


def unasked_in(judgments: Sequence[Judgment], wanted: int) -> frozenset[str]:
    """The categories of a version on which some of the judgments say nothing."""
    return frozenset[str]().union(*(_unknown(judgment, wanted) for judgment in judgments))


def unmatched(
    said: frozenset[str], said_under: int | None, held: frozenset[str], held_under: int | None
) -> frozenset[str]:
    """Categories of either label set that have no counterpart in the other."""
    if said_under == held_under or said_under is None or held_under is None:
        return said ^ held
    way = carrying(held_under, said_under)
    new = frozenset(slug for slug in said if not way.sources_of(slug) & held)
    gone = frozenset(slug for slug in held if way.targets_of(slug) and not way.targets_of(slug) & said)
    return new | gone


def checked_under(judgment: Judgment, right: Sequence[str], right_under: int | None) -> Checked:
    """A judgment beside the right answer, in the words of the judgment; what that cannot tell is left out of both."""
    return checked_between(
        Checked(frozenset(judgment.labels), frozenset(judgment.unsure), judgment.verdict, frozenset(right)),
        judgment.taxonomy_id,
        right_under or judgment.taxonomy_id,
    )


def checked_between(answer: Checked, judged_under: int, right_under: int) -> Checked:
    """The same with `right` carried from its version to that of the judgment."""
    if judged_under == right_under:
        return answer
    known = carried(tuple(sorted(answer.right)), (), right_under, judged_under)
    return Checked(
        labels=answer.labels - known.unknown,
        unsure=answer.unsure - known.unknown,
        verdict=answer.verdict,
        right=known.labels,
    )


def _own(judgment: Judgment) -> Answer:
    return Answer(frozenset(judgment.labels), frozenset(judgment.unsure), judgment.verdict)


def _carried(judgment: Judgment, wanted: int) -> Answer:
    if judgment.verdict != Verdict.LABELLED:
        return _own(judgment)
    said = carried(tuple(judgment.labels), tuple(judgment.unsure), judgment.taxonomy_id, wanted)
    return Answer(said.labels, said.unsure | said.unknown, judgment.verdict)


def _unknown(judgment: Judgment, wanted: int) -> frozenset[str]:
    """The categories of a version on which the judgment says nothing. Other verdicts say all that they can."""
    if judgment.verdict != Verdict.LABELLED:
        return frozenset()
    return carried(tuple(judgment.labels), tuple(judgment.unsure), judgment.taxonomy_id, wanted).unknown


def _loses(judgment: Judgment, wanted: int) -> bool:
    """Whether the judgment names a category that the version does not have."""
    way = carrying(judgment.taxonomy_id, wanted)
    return any(not way.targets_of(slug) for slug in (*judgment.labels, *judgment.unsure))
