"""Asking for runs of the query stage. Imports nothing heavy: pages ask, workers do the work."""

import secrets
from dataclasses import dataclass

from annotator.projects.models import Project
from annotator.runs import run_start
from learner.query.models import FeatureRun, QueryRun

SEED_BITS = 62


@dataclass(frozen=True)
class ClassifierFile:
    """Which classifier is to score: its number, and its artifact in the storage."""

    number: int
    artifact: str
    sha256: str


def feature_run_start(project: Project) -> FeatureRun:
    """A run that will compute the features that are missing, or the one that is active. The tick wakes it."""
    return run_start(FeatureRun, project)


def query_run_start(project: Project, reason: str, classifier: ClassifierFile | None) -> QueryRun:
    """A run that will choose the next batch, or the one that is active. The tick wakes it."""
    return run_start(
        QueryRun,
        project,
        reason=reason,
        seed=secrets.randbits(SEED_BITS),
        classifier_number=classifier.number if classifier else None,
        artifact=classifier.artifact if classifier else "",
        artifact_sha256=classifier.sha256 if classifier else "",
    )
