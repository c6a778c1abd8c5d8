"""School profiles as they are now: what a kind of school does with each category, and from which probability on."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from annotator.projects.models import Project
from learner.core.metrics.policy import Choice, Objective, Wanted, chosen, points_of
from learner.evaluation.models import ProfileRule, ProfileVersion
from learner.evaluation.selectors import evaluation_latest
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class ProfileRules:
    """One profile for one classifier version.

    `actions` says block, warn or allow for each category; `thresholds` are probabilities from which on a page counts as
    of the category, None where the category is not learned and so never is; `why` says how each was found.
    """

    name: str
    number: int
    pages_a_day: int | None
    actions: Mapping[str, str]
    thresholds: Mapping[str, float | None]
    why: Mapping[str, str]


def profile_latest(project: Project, name: str) -> ProfileVersion | None:
    """The newest version of a profile, or None. One query."""
    rows = ProfileVersion.objects.filter(project=project, name=name).select_related("set_by")
    return rows.order_by("-number").first()


def profile_versions(project: Project, name: str) -> QuerySet[ProfileVersion]:
    """All versions of a profile with who set them, newest first. One query."""
    rows = ProfileVersion.objects.filter(project=project, name=name).select_related("set_by")
    return rows.order_by("-pk")


def exceptions_of(versions: Iterable[ProfileVersion]) -> dict[int, list[ProfileRule]]:
    """Version by its id -> its rules that name why CIPA's duty is not followed, where there are any. One query."""
    found = defaultdict[int, list[ProfileRule]](list)
    rows = ProfileRule.objects.filter(profile__in=[version.pk for version in versions])
    for rule in rows.exclude(exception="").order_by("pk"):
        found[rule.profile_id].append(rule)
    return dict(found)


def rules_of(version: ProfileVersion) -> list[ProfileRule]:
    """The rules of one version in the order of its taxonomy. One query."""
    return list(ProfileRule.objects.filter(profile=version).order_by("pk"))


def profiles_current(project: Project) -> list[ProfileRules]:
    """Each profile that somebody has set, from the youngest pupils to the oldest. At most four queries a profile."""
    found = (profile_current(project, name) for name in profile_names(project))
    return [rules for rules in found if rules is not None]


def profile_names(project: Project) -> list[str]:
    """The profiles that somebody has set, from the youngest pupils to the oldest. One query."""
    there = set(ProfileVersion.objects.filter(project=project).values_list("name", flat=True))
    return [name for name in ProfileVersion.Name.values if name in there]


def pages_a_day_of(project: Project) -> dict[str, int]:
    """Profile -> pages that its pupils open a day, where somebody has said so. One query."""
    newest = ProfileVersion.objects.filter(project=project).order_by("name", "-number").distinct("name")
    told = dict(newest.values_list("name", "pages_a_day"))
    return {name: pages for name in ProfileVersion.Name.values if (pages := told.get(name))}


def profile_current(
    project: Project, name: str, *, version: ClassifierVersion | None = None
) -> ProfileRules | None:
    """What a profile says for a classifier version (the newest if none is named), or None if nobody has set it.

    Thresholds are chosen anew on the curves of the version's newest evaluation, by the objective of each rule;
    without a version there are none. At most four queries.
    """
    latest = profile_latest(project, name)
    if latest is None:
        return None
    version = version or classifier_latest(project)
    evaluation = evaluation_latest(version) if version else None
    own = {row["category"]: row["threshold"] for row in version.categories} if version else {}
    return _rules_for(latest, evaluation.facts if evaluation else {}, own)


def profile_of_facts(
    project: Project, name: str, facts: Facts, own: Mapping[str, float | None]
) -> ProfileRules | None:
    """The same from facts of an evaluation that is not kept yet, and the classifier's own thresholds. Two queries."""
    latest = profile_latest(project, name)
    return None if latest is None else _rules_for(latest, facts, own)


def wanted_of(rule: ProfileRule) -> Wanted:
    """What a rule wants of its category."""
    return Wanted(
        Objective(rule.objective), rule.threshold, rule.recall_floor, rule.cost_miss, rule.cost_block
    )


def choice_for(scores: Facts, own: float | None, wanted: Wanted) -> Choice:
    """The threshold of one category, from what an evaluation says of it."""
    prevalence = (scores.get("prevalence") or {}).get("value")
    return chosen(points_of(scores.get("curve")), own, prevalence, wanted)


def _rules_for(latest: ProfileVersion, facts: Facts, own: Mapping[str, float | None]) -> ProfileRules:
    scores = {row["category"]: row for row in facts.get("categories", ())}
    rules = rules_of(latest)
    choices = {
        rule.category: choice_for(scores.get(rule.category, {}), own.get(rule.category), wanted_of(rule))
        for rule in rules
    }
    return ProfileRules(
        name=latest.name,
        number=latest.number,
        pages_a_day=latest.pages_a_day,
        actions={rule.category: rule.action for rule in rules},
        thresholds={slug: choice.threshold for slug, choice in choices.items()},
        why={slug: choice.why for slug, choice in choices.items()},
    )
