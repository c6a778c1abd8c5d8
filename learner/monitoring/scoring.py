"""Scoring with the version that serves. Heavy: it computes, so the door imports it when the first page is asked."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from annotator.errors import BadInput, Conflict
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.artifact import LoadedClassifier, artifact_read
from learner.core.errors import RecipeMismatchError
from learner.core.experiments import Arm
from learner.evaluation.serving import version_serving
from learner.monitoring.answering import (
    Ruled,
    answered,
    features_of,
    in_their_order,
    pages_of,
    thresholds_used,
)
from learner.monitoring.experiments.answering import Arms, answered_in_arms, arms_told
from learner.monitoring.experiments.selectors import experiment_answering
from learner.monitoring.models import Experiment
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
    experiment: dict[str, Any] = field(default_factory=dict)


def scored(project: Project, asked: Asked) -> Scored:
    """Probabilities, labels and action of each page, by the version that serves.

    While an experiment runs, its candidate answers the sites that are drawn into its arm. Two queries once the rest is
    in memory, four with a profile, and those of the candidate.

    Raises NothingServes before the first promotion, BadInput for a profile that there is not, or for an arm that
    answers nothing now.
    """
    version = version_serving(project)
    if version is None:
        raise NothingServes(
            "No classifier version serves in this project yet. A lead or a scientist promotes one."
        )
    experiment = experiment_answering(project, version)
    if asked.arm and experiment is None:
        raise BadInput("No experiment runs now, so there are no arms. Leave arm out.")
    if experiment is not None and experiment.shadow and asked.arm == Arm.CANDIDATE:
        raise BadInput("The candidate is a shadow: its answers are not used. Leave arm out.")
    taxonomy = taxonomy_version(version.taxonomy_id).version.number
    base = ruled_by(project, version, asked.profile)
    if experiment is None:
        pages = pages_of(asked.rows)
        results = in_their_order(asked.rows, iter(answered(pages, features_of(pages), base)))
        return Scored(version.number, taxonomy, asked.profile, results)
    arms = _arms(project, experiment, base, asked)
    return Scored(version.number, taxonomy, asked.profile, answered_in_arms(asked, arms), arms_told(arms))


def _arms(project: Project, experiment: Experiment, base: Ruled, asked: Asked) -> Arms:
    """Both versions; the base alone where the candidate cannot be read, and why."""
    taxonomy = taxonomy_version(experiment.candidate.taxonomy_id).version.number
    try:
        candidate = ruled_by(project, experiment.candidate, asked.profile)
    except Conflict as error:
        return Arms(experiment, base, None, taxonomy, asked.arm, error.message)
    return Arms(experiment, base, candidate, taxonomy, asked.arm)


def ruled_by(project: Project, version: ClassifierVersion, profile: str) -> Ruled:
    """A version in memory, with what the profile says for it. Raises BadInput, and Conflict as `classifier_loaded`."""
    policy = policy_of(project, profile, version)
    loaded = classifier_loaded(version)
    return Ruled(version.number, loaded, thresholds_used(loaded, policy.thresholds), policy.actions)


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
