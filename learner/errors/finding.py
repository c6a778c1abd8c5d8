"""Finding what a version got wrong on pages whose labels are held true. For workers only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import transaction
from scipy.sparse import csr_matrix, vstack
from scipy.special import expit

from annotator.errors import CrossguardError
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers
from learner.core.artifact import artifact_read
from learner.core.classifier import LinearClassifier
from learner.core.errors import RecipeMismatchError
from learner.core.features import featurise
from learner.core.likeness import Likeness
from learner.errors.grouping import Group, GroupFound, group_looked_into
from learner.errors.models import ClassifierError, ErrorCluster, ErrorDetail, ErrorRun, Kind, Part
from learner.errors.selectors import VERSIONS_KEPT
from learner.evaluation.audited import audited_items
from learner.evaluation.selectors import audited_resolutions
from learner.query.files import file_read
from learner.query.running import run_worked
from learner.query.shards import shards_load, shards_of
from learner.training.labelled import LabelledItems, labelled_items
from learner.training.models import ClassifierVersion
from learner.training.selectors import training_resolutions

KEPT: Final = 200_000
"""Errors of one run: more than a team looks at, and a table that can still be replaced in one transaction."""
COMPARED: Final = 10_000
"""Labelled train items among which similar ones are looked for."""
CHUNK: Final = 5_000


class NothingToFind(CrossguardError):
    """There is no page of which both the truth and the features are known."""

    code = "nothing_to_find"


@dataclass(frozen=True, eq=False)
class Known:
    """Pages of one part whose labels are held true; row i of every part is the same page, by id.

    `truth` and `logits` are (n_items, n_categories); the truth is 1, 0, or -1 where it is not told.
    """

    item_ids: Integers
    sites: Integers
    truth: Array
    logits: Floats32


@dataclass(frozen=True, eq=False)
class Compared:
    """Labelled train items to look for similar ones in; `truth` (n_items, n_categories)."""

    item_ids: Integers
    truth: Array
    likeness: Likeness


def error_run_execute(run_id: int) -> None:
    """Find the errors of an evaluated version, look into the surest of each kind, and keep both as rows of the run."""
    run = run_claim(ErrorRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "errors", "The search for errors"):
        version = run.evaluation.classifier
        try:
            artifact = artifact_read(file_read(version.artifact, version.sha256), version.sha256)
        except RecipeMismatchError as error:
            raise NothingToFind(f"v{version.number} cannot be asked any more: {error}.") from error
        taxonomy = taxonomy_version(version.taxonomy_id)
        resolutions, known, compared = _known(run, taxonomy, artifact.classifier)
        if not any(len(pages.item_ids) for pages in known.values()):
            raise NothingToFind("No resolved page has features yet. Wait a moment, or label some pages.")
        groups = list(_groups(known, artifact.classifier, taxonomy))
        found = _looked_into(run, groups, artifact.classifier, compared)
        _publish(run, version, found, resolutions, _facts(known, groups, artifact.classifier))


def _known(
    run: ErrorRun, taxonomy: Taxonomy, classifier: LinearClassifier
) -> tuple[dict[int, int], dict[Part, Known], Compared]:
    """Item -> its resolution; the pages of each part with what the classifier says; train items to compare with."""
    project, categories = run.project, classifier.categories
    audited = audited_items(project, taxonomy, categories)
    labelled = labelled_items(project, taxonomy)
    columns = [taxonomy.slugs.index(slug) for slug in categories]
    labels = labelled.truth[:, columns].reshape(len(labelled.item_ids), len(columns))
    seen = max(audited.last_resolution, labelled.last_resolution)
    resolutions = _resolutions(project, seen)
    resolved = np.array([pk in resolutions for pk in labelled.item_ids.tolist()], dtype=np.bool_)
    wanted = {
        Part.AUDIT: (audited.item_ids, audited.held),
        Part.TRAIN: (labelled.item_ids[resolved], labels[resolved]),
    }
    sampled = _sampled(labelled, np.random.default_rng(run.evaluation_id))
    parts: dict[Part, list[Known]] = {part: [] for part in wanted}
    features: list[csr_matrix] = [featurise([])]
    ids: list[Integers] = [np.empty(0, dtype=np.int64)]
    total = shards_of(project).count()
    for number, shard in enumerate(shards_load(project)):
        run_progress(run, "scoring resolved pages", number, total)
        for part, (item_ids, truth) in wanted.items():
            both, there, here = np.intersect1d(
                shard.item_ids, item_ids, assume_unique=True, return_indices=True
            )
            logits = classifier.decision(csr_matrix(shard.features[there]))
            parts[part].append(Known(both, shard.domains[there], truth[here], logits))
        both, there, _ = np.intersect1d(shard.item_ids, sampled, assume_unique=True, return_indices=True)
        features.append(csr_matrix(shard.features[there]))
        ids.append(both)
    run_progress(run, "comparing pages", 0)
    compared_ids = np.concatenate(ids)
    places = np.searchsorted(labelled.item_ids, compared_ids)
    compared = Compared(compared_ids, labels[places], Likeness(csr_matrix(vstack(features, format="csr"))))
    n_categories = len(categories)
    return resolutions, {part: _joined(found, n_categories) for part, found in parts.items()}, compared


def _resolutions(project: Project, seen: int) -> dict[int, int]:
    """Item -> the resolution that is held, of audited and of train items. Two queries."""
    held = [
        rows.filter(pk__lte=seen).values_list("item_id", "pk")
        for rows in (training_resolutions(project), audited_resolutions(project))
    ]
    return {item_id: pk for rows in held for item_id, pk in rows.iterator()}


def _sampled(labelled: LabelledItems, rng: np.random.Generator) -> Integers:
    """Ids of the labelled items to compare with: half of them with some category, as far as there are so many."""
    ids, positive = labelled.item_ids, (labelled.truth == 1).any(axis=1)
    if len(ids) <= COMPARED:
        return ids
    with_some = rng.permutation(ids[positive])[: COMPARED // 2]
    return np.sort(np.concatenate([with_some, rng.permutation(ids[~positive])[: COMPARED - len(with_some)]]))


def _joined(parts: Sequence[Known], n_categories: int) -> Known:
    empty = np.empty(0, dtype=np.int64)
    none = np.empty((0, n_categories))
    whole = [Known(empty, empty, none.astype(np.int8), none.astype(np.float32)), *parts]
    return Known(
        np.concatenate([part.item_ids for part in whole]),
        np.concatenate([part.sites for part in whole]),
        np.concatenate([part.truth for part in whole]),
        np.concatenate([part.logits for part in whole]),
    )


def _groups(known: Mapping[Part, Known], classifier: LinearClassifier, taxonomy: Taxonomy) -> Iterator[Group]:
    """The errors of each part, category and kind, the surest first; audited ones and grave misses come first."""
    severities = [taxonomy.severity_of([slug]) for slug in classifier.categories]
    order = sorted(np.flatnonzero(classifier.learned).tolist(), key=lambda place: -severities[place])
    for part in Part:
        for kind in Kind:
            for place in order:
                grave = severities[place] if kind == Kind.MISS else 0
                yield _group(known[part], part, kind, classifier, place=place, grave=grave)


def _group(
    pages: Known, part: Part, kind: Kind, classifier: LinearClassifier, *, place: int, grave: int
) -> Group:
    threshold = float(classifier.thresholds_[place])
    logits, truth = pages.logits[:, place].astype(np.float64), pages.truth[:, place]
    flagged: Booleans = logits >= threshold
    wrong = (truth == 1) & ~flagged if kind == Kind.MISS else (truth == 0) & flagged
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(-np.abs(logits[rows] - threshold), kind="stable")]
    could = truth == (1 if kind == Kind.MISS else 0)
    return Group(
        part=part,
        category=classifier.categories[place],
        place=place,
        kind=kind,
        grave=grave,
        threshold=float(expit(threshold)),
        item_ids=pages.item_ids[rows],
        sites=pages.sites[rows],
        probabilities=expit(logits[rows]),
        wrongness=np.abs(logits[rows] - threshold),
        found_ids=pages.item_ids[(truth == 1) & flagged],
        at_risk=pages.sites[could],
    )


def _looked_into(
    run: ErrorRun, groups: Sequence[Group], classifier: LinearClassifier, compared: Compared
) -> list[tuple[Group, GroupFound]]:
    seen = np.asarray(classifier.weights_.any(axis=1), dtype=np.bool_)
    found = []
    left = KEPT
    for number, group in enumerate(groups):
        run_progress(run, "looking into errors", number, len(groups))
        kept = group.first(left)
        left -= len(kept.item_ids)
        if len(kept.item_ids):
            weights = np.asarray(classifier.weights_[:, group.place])
            looked = group_looked_into(
                run.project, kept, weights, seen, (compared.item_ids, compared.truth, compared.likeness)
            )
            found.append((kept, looked))
    return found


def _facts(
    known: Mapping[Part, Known], groups: Sequence[Group], classifier: LinearClassifier
) -> dict[str, Any]:
    """What the run looked at: pages of each part, all errors of each group, and what is not learned."""
    learned = classifier.learned
    return {
        "n_pages": {part.value: len(pages.item_ids) for part, pages in known.items()},
        "groups": [
            {
                "part": group.part.value,
                "category": group.category,
                "kind": group.kind.value,
                "n": len(group.item_ids),
            }
            for group in groups
            if len(group.item_ids)
        ],
        "unlearned": [
            {"category": slug, "n": int((known[Part.AUDIT].truth[:, place] == 1).sum())}
            for place, slug in enumerate(classifier.categories)
            if not learned[place]
        ],
    }


@transaction.atomic
def _publish(
    run: ErrorRun,
    version: ClassifierVersion,
    found: Sequence[tuple[Group, GroupFound]],
    resolutions: Mapping[int, int],
    facts: dict[str, Any],
) -> None:
    """The rows and the end of their run, together; rows of earlier runs of this version, and of old versions, go."""
    run_done(run, facts=facts)
    for group, looked in found:
        clusters = ErrorCluster.objects.bulk_create(looked.clusters(run, group))
        errors = ClassifierError.objects.bulk_create(
            _rows(run, group, looked, clusters, resolutions), batch_size=CHUNK
        )
        ErrorDetail.objects.bulk_create(looked.details(errors), batch_size=CHUNK)
    _sweep(run, version)
    n = {part: sum(row["n"] for row in facts["groups"] if row["part"] == part) for part in Part.values}
    text = (
        f"Classifier v{version.number} errs {n[Part.AUDIT]:,} times on {facts['n_pages'][Part.AUDIT]:,} audited "
        f"holdout items, and {n[Part.TRAIN]:,} times on {facts['n_pages'][Part.TRAIN]:,} resolved train items"
    )
    log_write(run.project, "errors", text)


def _rows(
    run: ErrorRun,
    group: Group,
    looked: GroupFound,
    clusters: Sequence[ErrorCluster],
    resolutions: Mapping[int, int],
) -> list[ClassifierError]:
    cluster_of: dict[int, ErrorCluster] = looked.cluster_of(clusters)
    wrongness: Floats = group.wrongness
    return [
        ClassifierError(
            project_id=run.project_id,
            run=run,
            item_id=item_id,
            resolution_id=resolutions[item_id],
            part=group.part,
            category=group.category,
            kind=group.kind,
            grave=group.grave,
            probability=float(group.probabilities[row]),
            threshold=group.threshold,
            wrongness=float(wrongness[row]),
            site=int(group.sites[row]),
            cluster=cluster_of.get(row),
        )
        for row, item_id in enumerate(group.item_ids.tolist())
    ]


def _sweep(run: ErrorRun, version: ClassifierVersion) -> None:
    others = ErrorRun.objects.filter(project=run.project).exclude(pk=run.pk)
    over = others.filter(evaluation__classifier=version) | others.filter(
        evaluation__classifier__number__lte=version.number - VERSIONS_KEPT
    )
    ids = list(over.values_list("pk", flat=True))
    ErrorDetail.objects.filter(error__run__in=ids).delete()
    ClassifierError.objects.filter(run__in=ids).delete()
    ErrorCluster.objects.filter(run__in=ids).delete()
