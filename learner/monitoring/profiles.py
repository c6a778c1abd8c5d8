"""What a school profile says for the version that serves; without one, what the version and the taxonomy say."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from annotator.errors import BadInput
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.severity import GRAVE
from learner.evaluation.models import Evaluation, ProfileVersion
from learner.evaluation.profiles import profile_current, profile_latest
from learner.monitoring.actions import BLOCK, WARN
from learner.training.models import ClassifierVersion

KEPT: Final = 64


@dataclass(frozen=True)
class Policy:
    """What follows from a category, by its short name: block, warn or allow; and from which probability on it is said.

    `thresholds` is None for those of the version; a category that is not in it keeps the version's, too.
    """

    actions: Mapping[str, str]
    thresholds: Mapping[str, float] | None = None


def policy_of(project: Project, name: str, version: ClassifierVersion) -> Policy:
    """The policy of a profile, or the usual one where no profile is named. Two queries once it is in memory.

    Raises BadInput for a profile that nobody has set.
    """
    if not name:
        return _usual(version)
    latest = profile_latest(project, name) if name in ProfileVersion.Name.values else None
    if latest is None:
        raise BadInput(
            f'This project has no school profile "{name[:100]}". '
            "Leave profile out for the thresholds of the version."
        )
    newest = (
        Evaluation.objects.filter(classifier=version).order_by("-pk").values_list("pk", flat=True).first()
    )
    return _of_profile(version, latest.pk, latest.name, newest)


def _usual(version: ClassifierVersion) -> Policy:
    """What CIPA regulates and what is grave is blocked, the rest is warned of."""
    rows = taxonomy_version(version.taxonomy_id).categories
    return Policy({row.slug: BLOCK if row.cipa or row.severity == GRAVE else WARN for row in rows})


@lru_cache(maxsize=KEPT)
def _of_profile(version: ClassifierVersion, _profile: int, name: str, _evaluation: int | None) -> Policy:
    """Thresholds are read off the curves of an evaluation, which is long: kept for each profile and evaluation."""
    rules = profile_current(version.project, name, version=version)
    assert rules is not None
    known = {slug: found for slug, found in rules.thresholds.items() if found is not None}
    return Policy({**_usual(version).actions, **rules.actions}, known)
