"""The words that drive each category of a version, found after it is published. For workers only."""

from dataclasses import asdict
from typing import Any

import numpy as np

from annotator.pool.models import Item
from annotator.projects.selectors import taxonomy_version
from annotator.runs import run_claim, run_done
from learner.core.arrays import Integers
from learner.core.artifact import artifact_read
from learner.core.driving import drivers_of
from learner.core.features import PageText
from learner.core.keys import domain_key
from learner.query.files import file_read
from learner.query.pages import pages_of
from learner.query.running import run_worked
from learner.training.labelled import labelled_items
from learner.training.models import ClassifierVersion, DrivingRun


def driving_run_execute(run_id: int) -> None:
    """Find the words that drive a version, among pages whose labels it could see."""
    run = run_claim(DrivingRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "training", "Finding the words that drive categories"):
        run_done(run, result=_driving(run.version))


def _driving(version: ClassifierVersion) -> dict[str, list[dict[str, Any]]]:
    """By category, its words. What was resolved since the version was trained is left out."""
    classifier = artifact_read(file_read(version.artifact, version.sha256), version.sha256).classifier
    labelled = labelled_items(
        version.project, taxonomy_version(version.taxonomy_id), until=version.last_resolution
    )
    domains = Item.objects.filter(pk__in=labelled.item_ids.tolist()).order_by("pk")
    sites = [domain_key(domain) for domain in domains.values_list("registrable_domain", flat=True)]

    def pages_at(rows: Integers) -> list[PageText]:
        asked = labelled.item_ids[rows].tolist()
        items = Item.objects.in_bulk(asked)
        return pages_of([items[item_id] for item_id in asked])

    rng = np.random.default_rng(classifier.seed)
    found = drivers_of(classifier, pages_at, labelled.truth, np.array(sites, dtype=np.int64), rng)
    return {
        slug: [asdict(driver) for driver in drivers]
        for slug, drivers in zip(classifier.categories, found, strict=True)
    }
