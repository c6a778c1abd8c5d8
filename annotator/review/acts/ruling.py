"""What a lead's rule makes of the items of a pattern: which it fits, and why it leaves out the others."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db.models import QuerySet

from annotator.agreement.patterns import LABELLED, Kind, Pattern
from annotator.agreement.rules import BulkRule, Unfit, Why, ruled
from annotator.errors import BadInput
from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.acts.many import is_decided
from annotator.review.checks.gold import gold_of
from annotator.review.desk.patterns import is_rulable, pattern_words
from annotator.review.models import BulkItem, Disagreement
from annotator.review.selectors import Wanted, disagreements_open, standings_of
from annotator.review.standing import Standing
from annotator.review.versions import answers_in, unasked_in

LOOKED_AT_MAX: Final = 10_000
"""Disagreements of a pattern that are looked at for items that the rule fits, the oldest first."""
CHUNK: Final = 500


class NotThis(StrEnum):
    """Why an item of the pattern is left out, besides what the rule itself says."""

    DECIDED = "decided"  # a lead's decision is held
    GOLD = "gold"  # its gold says otherwise
    REJECTED = "rejected"  # in the spot check of an earlier bulk
    GONE = "gone"  # it would hold a category that the taxonomy has no more
    UNASKED = "unasked"  # judged under an earlier taxonomy, which cannot tell about a category of this one


WHY_NOT: Final[dict[str, str]] = {
    Why.SEVERE: "somebody names {category}, which the rule leaves out",
    Why.EVEN: "people are evenly apart on {category}",
    Why.NO_LABELS: "nobody gave labels",
    NotThis.DECIDED: "a lead has decided it",
    NotThis.GOLD: "it is gold with another answer",
    NotThis.REJECTED: "it was rejected in an earlier spot check",
    NotThis.GONE: "most name {category}, which the taxonomy has no more",
    NotThis.UNASKED: "not everybody was asked about {category}, which is newer",
}


@dataclass(frozen=True)
class LeftOut:
    """An item that the rule does not fit: why, and the category that this is about, if one is."""

    item_id: int
    why: str
    category: str = ""


@dataclass(frozen=True)
class Fitting:
    """An item that the rule fits, and the labels that it would get."""

    standing: Standing
    labels: frozenset[str]


def rule_words(rule: BulkRule, taxonomy: Taxonomy) -> str:
    """A rule as people say it: "Games yes, Gambling no, else as most say"."""
    if rule.verdict != LABELLED:
        return str(Verdict(rule.verdict).label)
    said = [
        *(f"{taxonomy.name_of(slug)} yes" for slug in sorted(rule.present)),
        *(f"{taxonomy.name_of(slug)} no" for slug in sorted(rule.absent)),
    ]
    return f"{', '.join(said)}, else as most say" if said else "As most say"


def why_not_words(why: str, category: str, taxonomy: Taxonomy) -> str:
    """Why an item is left out, in words; without a category, why several are."""
    return WHY_NOT[why].format(category=taxonomy.name_of(category) if category else "another category")


def rule_check(key: str, rule: BulkRule, taxonomy: Taxonomy) -> None:
    """Raise BadInput for a pattern that no rule can be made for, and for a rule that is not about it."""
    pattern = Pattern.parse(key)
    if pattern is None:
        raise BadInput(f'"{key}" is not a pattern. Use a `key` of disagreements/patterns/.')
    if not is_rulable(key):
        raise BadInput(f"{pattern_words(key, taxonomy)}: no rule fits these. Decide them one by one.")
    if rule.verdict not in Verdict.values or rule.verdict == Verdict.WITHDRAWN:
        raise BadInput(f'"{rule.verdict}" is not a verdict.')
    named = rule.present | rule.absent
    if rule.verdict != LABELLED and named:
        raise BadInput(f'"{Verdict(rule.verdict).label}" goes without categories. Choose one or the other.')
    if rule.present & rule.absent:
        raise BadInput(f'"{min(rule.present & rule.absent)}" cannot be present and absent.')
    parts = frozenset() if pattern.kind == Kind.VERDICT else frozenset(pattern.parts)
    if named - parts:
        raise BadInput(f'The pattern is not about "{min(named - parts)}". Name only what it is about.')
    gone = rule.present - set(taxonomy.slugs)
    if gone:
        raise BadInput(f'The taxonomy has no category "{min(gone)}" any more.')


def rule_kept(rule: BulkRule) -> dict[str, object]:
    """A rule as it is stored; the same rule is always the same."""
    return {"verdict": rule.verdict, "present": sorted(rule.present), "absent": sorted(rule.absent)}


def rule_of(kept: Mapping[str, Any]) -> BulkRule:
    """A rule as it was stored."""
    return BulkRule(frozenset(kept["present"]), frozenset(kept["absent"]), kept["verdict"])


def pattern_waiting(project: Project, pattern: str) -> QuerySet[Disagreement]:
    """What waits of a pattern, oldest first; neither what is on hold nor what is withheld. One query."""
    return disagreements_open(project, Wanted(pattern=pattern))


def pattern_ruled(
    project: Project, pattern: str, rule: BulkRule, taxonomy: Taxonomy, *, limit: int
) -> tuple[list[Fitting], list[LeftOut]]:
    """The oldest items of a pattern that the rule fits, up to `limit`, and those left out on the way.

    Six queries for each `CHUNK` items, of `LOOKED_AT_MAX` at most.
    """
    fitting: list[Fitting] = []
    left: list[LeftOut] = []
    ids = list(pattern_waiting(project, pattern).values_list("item_id", flat=True)[:LOOKED_AT_MAX])
    for start in range(0, len(ids), CHUNK):
        for found in _ruled(project, ids[start : start + CHUNK], rule, taxonomy):
            if isinstance(found, LeftOut):
                left.append(found)
                continue
            fitting.append(found)
            if len(fitting) == limit:
                return fitting, left
    return fitting, left


def _ruled(
    project: Project, item_ids: Sequence[int], rule: BulkRule, taxonomy: Taxonomy
) -> Iterator[Fitting | LeftOut]:
    """What becomes of each item, in this order."""
    gold = dict(gold_of(project).filter(item__in=item_ids).values_list("item_id", "labels"))
    refused = BulkItem.objects.filter(item__in=item_ids, confirmed=False)
    rejected = set(refused.values_list("item_id", flat=True))
    standings = {standing.item_id: standing for standing in standings_of(project, item_ids)}
    for standing in (standings[item_id] for item_id in item_ids):
        if is_decided(standing):
            yield LeftOut(standing.item_id, NotThis.DECIDED)
        elif standing.item_id in rejected:
            yield LeftOut(standing.item_id, NotThis.REJECTED)
        else:
            yield _by_rule(standing, rule, taxonomy, gold.get(standing.item_id))


def _by_rule(
    standing: Standing, rule: BulkRule, taxonomy: Taxonomy, gold: Collection[str] | None
) -> Fitting | LeftOut:
    judgments, version = standing.counted, taxonomy.version.pk
    unasked = unasked_in(judgments, version)
    if unasked:
        return LeftOut(standing.item_id, NotThis.UNASKED, min(unasked))
    found = ruled(answers_in(judgments, version), rule, taxonomy.severe)
    if isinstance(found, Unfit):
        return LeftOut(standing.item_id, found.why, found.category)
    gone = found.labels - set(taxonomy.slugs)
    if gone:
        return LeftOut(standing.item_id, NotThis.GONE, min(gone))
    if gold is not None and (rule.verdict != LABELLED or set(gold) != found.labels):
        return LeftOut(standing.item_id, NotThis.GOLD)
    return Fitting(standing, found.labels)
