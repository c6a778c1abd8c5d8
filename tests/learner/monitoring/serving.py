"""A project in which a version with a real artifact serves."""

from dataclasses import asdict
from functools import cache

import numpy as np

from annotator.pool.addresses import canonical
from annotator.projects.models import Project, Role
from learner.core.artifact import artifact_bytes
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise
from learner.evaluation.release.services import gate_of, promotion_make
from learner.query.files import file_write
from learner.training.models import ClassifierVersion
from tests.factories import CATEGORIES, make_classifier, make_project
from tests.learner.evaluation.release import access_as, make_evaluation, write_card

WORDS = ("arcade", "poker", "rifle")


def page_of(url: str, title: str = "", text: str = "") -> PageText:
    return PageText(*canonical(url), title, "", text)


@cache
def fitted(*, seed: int = 0) -> LinearClassifier:
    """Each category has its word; the last is not learned."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((240, 3)) < 0.4).astype(np.int8)
    truth[:, 2] = 0
    pages = [
        page_of(
            f"https://s{at}.example/{'/'.join(word for word, has in zip(WORDS, row, strict=True) if has)}"
        )
        for at, row in enumerate(truth)
    ]
    return LinearClassifier(CATEGORIES, C=1.0, seed=seed).fit(featurise(pages), truth)


def make_version(project: Project, *, seed: int = 0) -> ClassifierVersion:
    classifier = fitted(seed=seed)
    made = make_classifier(project)
    file = file_write(
        "classifiers", f"{project.slug}-{made.number}-s{seed}", artifact_bytes(classifier, {"n": made.number})
    )
    columns = {
        column.name: getattr(made, column.attname) for column in ClassifierVersion._meta.concrete_fields
    }
    for name in ("id", "project", "training_run", "taxonomy"):
        del columns[name]
    columns |= {
        "number": made.number + 1,
        "artifact": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "categories": [asdict(status) for status in classifier.statuses_],
    }
    return ClassifierVersion.objects.create(
        project=project, training_run=made.training_run, taxonomy=made.taxonomy, **columns
    )


def make_served(slug: str = "pilot") -> ClassifierVersion:
    """A version of a new project, which serves by an exception."""
    project = make_project(slug)
    write_card(project)
    version = make_version(project)
    make_evaluation(version)
    gate_of(version)
    lead = access_as(project, Role.LEAD)
    promotion_make(lead, version, based_on=0, reason="a test", exception="there is no other")
    return version
