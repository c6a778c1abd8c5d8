"""What an evaluation measures beside scores: speed, failures, and how it stands to what serves. For workers."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, vstack
from scipy.special import expit

from annotator.pool.models import Item
from annotator.projects.models import Project
from learner.core.arrays import Array, Booleans, Floats32, Integers
from learner.core.artifact import LoadedClassifier, artifact_read
from learner.core.classifier import LinearClassifier
from learner.core.errors import RecipeMismatchError
from learner.core.features import PageText, featurise
from learner.core.keys import domain_key
from learner.core.paired import PairedItems, paired_scores
from learner.evaluation.audited import Audited
from learner.evaluation.serving import version_serving
from learner.query.featurising import PAGES_AT_ONCE
from learner.query.files import file_read
from learner.query.pages import pages_of
from learner.training.models import ClassifierVersion

FAILURES_EACH = 2
ALONE, TOGETHER = 300, 2_000
"""Addresses scored one by one, and together, to measure the speed."""


@dataclass(frozen=True, eq=False)
class AuditedPages:
    """The audited items that may be looked at: `rows` of the audited items, their pages, features and sites."""

    rows: Integers
    pages: Sequence[PageText]
    features: csr_matrix
    sites: Integers


def measured_beside(
    version: ClassifierVersion, classifier: LinearClassifier, audited: Audited
) -> dict[str, Any]:
    """Facts of an evaluation beside its scores: `speed`, `failures`, and `against` what serves."""
    pages = audited_pages(version.project, audited.item_ids)
    return {
        "speed": speed_of(classifier, pages.pages),
        "failures": failures_of(classifier, pages, audited.item_ids, audited.held),
        "against": _against_serving(version, classifier, audited, pages),
    }


def audited_pages(project: Project, item_ids: Integers) -> AuditedPages:
    """The pages of these items, but for those that are withheld. Two queries per 2,000 items."""
    pages: list[PageText] = []
    found: list[int] = []
    for start in range(0, len(item_ids), PAGES_AT_ONCE):
        chunk = item_ids[start : start + PAGES_AT_ONCE].tolist()
        items = list(Item.objects.filter(project=project, pk__in=chunk, withheld=False).order_by("pk"))
        pages += pages_of(items)
        found += [item.pk for item in items]
    parts = [featurise(pages[at : at + PAGES_AT_ONCE]) for at in range(0, len(pages), PAGES_AT_ONCE)]
    return AuditedPages(
        rows=np.flatnonzero(np.isin(item_ids, np.array(found, dtype=np.int64))),
        pages=pages,
        features=csr_matrix(vstack(parts)) if parts else featurise([]),
        sites=np.array([domain_key(page.registrable_domain) for page in pages], dtype=np.int64),
    )


def version_read(version: ClassifierVersion) -> LoadedClassifier:
    """The classifier of a version, checked; raises RecipeMismatchError for features that are made no more."""
    return artifact_read(file_read(version.artifact, version.sha256), version.sha256)


def categories_shared(base: ClassifierVersion, candidate: ClassifierVersion) -> list[str]:
    """The categories that both versions know, in the order of the candidate."""
    known = {row["category"] for row in base.categories}
    return [row["category"] for row in candidate.categories if row["category"] in known]


def predictions(classifier: LinearClassifier, features: csr_matrix, categories: Sequence[str]) -> Booleans:
    """Whether each of these categories is said to be present, (n_items, n_categories)."""
    places = [list(classifier.categories).index(slug) for slug in categories]
    said: Booleans = classifier.decision(features)[:, places] >= classifier.thresholds_[places]
    return said


def paired_items(
    pages: AuditedPages, truth: Array, chances: Array, base: Booleans, candidate: Booleans
) -> PairedItems:
    """Both predictions on the pages; `truth` and `chances` are of all audited items."""
    return PairedItems(truth[pages.rows], base, candidate, 1 / chances[pages.rows], pages.sites)


def failures_of(
    classifier: LinearClassifier, pages: AuditedPages, item_ids: Integers, truth: Array
) -> list[dict[str, Any]]:
    """The most confident errors of each learned category: pages that it misses, and that it would block wrongly."""
    logits = classifier.decision(pages.features)
    known, ids = truth[pages.rows], item_ids[pages.rows]
    found = []
    for column, slug in enumerate(classifier.categories):
        if classifier.learned[column]:
            said = logits[:, column] >= classifier.thresholds_[column]
            missed = np.flatnonzero((known[:, column] == 1) & ~said)
            blocked = np.flatnonzero((known[:, column] == 0) & said)
            found += _worst("missed", slug, logits[:, column], missed, ids)
            found += _worst("blocked", slug, -logits[:, column], blocked, ids)
    return found


def speed_of(classifier: LinearClassifier, pages: Sequence[PageText]) -> dict[str, float | int]:
    """Milliseconds for one address (median, 99 of 100), and addresses a second together, on this machine.

    Addresses alone: that is what a filter sends. Pages are repeated where there are few.
    """
    bare = [PageText(page.url, page.host, page.registrable_domain, "", "", "") for page in pages]
    if not bare:
        return {}
    seconds = [_seconds(classifier, [bare[at % len(bare)]]) for at in range(ALONE)]
    many = [bare[at % len(bare)] for at in range(TOGETHER)]
    together = min(_seconds(classifier, many) for _ in range(3))
    return {
        "p50_ms": 1000 * float(np.quantile(seconds, 0.5)),
        "p99_ms": 1000 * float(np.quantile(seconds, 0.99)),
        "per_second": int(TOGETHER / together),
        "n": ALONE,
    }


def _against_serving(
    version: ClassifierVersion, classifier: LinearClassifier, audited: Audited, pages: AuditedPages
) -> dict[str, Any]:
    """Each category that both know, the version against what serves; empty where nothing else serves."""
    serving = version_serving(version.project)
    if serving is None or serving.pk == version.pk:
        return {}
    categories = categories_shared(serving, version)
    try:
        base = predictions(version_read(serving).classifier, pages.features, categories)
    except RecipeMismatchError:
        return {"number": None, "why": f"v{serving.number} reads features that are made no more"}
    columns = [list(classifier.categories).index(slug) for slug in categories]
    candidate = predictions(classifier, pages.features, categories)
    items = paired_items(pages, audited.held[:, columns], audited.chances, base, candidate)
    rng = np.random.default_rng((version.pk, serving.pk, audited.last_resolution))
    scores = paired_scores(items, categories, rng=rng)
    return {"number": serving.number, "categories": [asdict(score) for score in scores]}


def _worst(kind: str, slug: str, score: Floats32, rows: Integers, ids: Integers) -> list[dict[str, Any]]:
    worst = rows[np.argsort(score[rows], kind="stable")][:FAILURES_EACH]
    sign = 1 if kind == "missed" else -1
    return [
        {
            "kind": kind,
            "category": slug,
            "item": int(ids[row]),
            "probability": round(float(expit(sign * score[row])), 4),
        }
        for row in worst
    ]


def _seconds(classifier: LinearClassifier, pages: Sequence[PageText]) -> float:
    start = time.perf_counter()
    classifier.predict_proba(featurise(pages))
    return time.perf_counter() - start
