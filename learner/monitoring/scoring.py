"""Scoring with the version that serves. Heavy: it computes, so the door imports it when the first page is asked."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

from annotator.errors import Conflict
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.artifact import LoadedClassifier, artifact_read
from learner.core.errors import RecipeMismatchError
from learner.evaluation.serving import version_serving
from learner.monitoring.answering import answers_of, thresholds_used
from learner.monitoring.profiles import policy_of
from learner.monitoring.rows import Asked
from learner.query.files import FileDamagedError, file_read
from learner.training.models import ClassifierVersion

LOADED_MAX: Final = 4
_loaded: "OrderedDict[str, LoadedClassifier]" = OrderedDict()
_lock = Lock()


class NothingServes(Conflict):
    """No version was promoted to serving yet."""

    code = "nothing_serves"


@dataclass(frozen=True)
class Scored:
    """The answer to a scoring request, as JSON."""

    classifier: int
    taxonomy: int
    profile: str
    results: Sequence[dict[str, Any]]


def scored(project: Project, asked: Asked) -> Scored:
    """Probabilities, labels and action of each page, by the version that serves.

    One query once the rest is in memory, three with a profile.

    Raises NothingServes before the first promotion, BadInput for a profile that there is not.
    """
    version = version_serving(project)
    if version is None:
        raise NothingServes(
            "No classifier version serves in this project yet. A lead or a scientist promotes one."
        )
    policy = policy_of(project, asked.profile, version)
    loaded = classifier_loaded(version)
    results = answers_of(loaded, asked.rows, thresholds_used(loaded, policy.thresholds), policy.actions)
    taxonomy = taxonomy_version(version.taxonomy_id).version
    return Scored(version.number, taxonomy.number, asked.profile, results)


def classifier_loaded(version: ClassifierVersion) -> LoadedClassifier:
    """The classifier of a version, checked by its hash; kept in this process, the `LOADED_MAX` used last."""
    with _lock:
        known = _loaded.get(version.sha256)
        if known is not None:
            _loaded.move_to_end(version.sha256)
            return known
    try:
        fresh = artifact_read(file_read(version.artifact, version.sha256), version.sha256)
    except FileDamagedError as error:
        raise Conflict(
            f"v{version.number} cannot be read: {error.message} An operator restores it, or promote another.",
            code=error.code,
        ) from error
    except RecipeMismatchError as error:
        raise Conflict(
            f"v{version.number} serves, but reads features that are made no more: promote another."
        ) from error
    with _lock:
        _loaded[version.sha256] = fresh
        while len(_loaded) > LOADED_MAX:
            _loaded.popitem(last=False)
    return fresh
