"""Looking into the errors of one part, category and kind: their words, similar pages and clusters. For workers only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from annotator.pool.models import Item
from annotator.projects.models import Project
from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers
from learner.core.excess import ALPHA, excess
from learner.core.features import PageText, featurise
from learner.core.likeness import Likeness
from learner.core.pushes import Push, Pushed, Shared, pushes_of, shared_words, words_in
from learner.errors.models import ClassifierError, ErrorCluster, ErrorDetail, ErrorRun, Kind, Part
from learner.query.pages import pages_of

LOOKED_INTO: Final = 200
"""Of each part, category and kind: the surest."""
SIMILAR: Final = 6
SITES_MAX: Final = 12
SITE_LEAST: Final = 2
WORD_MAX: Final = 100

Others = tuple[Integers, Array, Likeness]
"""Labelled train items: ids, truth (n_items, n_categories), and where the nearest are found."""


@dataclass(frozen=True, eq=False)
class Group:
    """The errors of one part, category and kind, the surest first.

    `place` is the category's among those of the classifier. `item_ids`, `sites`, `probabilities` and `wrongness` are
    (n_errors,); `found_ids` are pages of the category that are rightly found. `at_risk` are the sites of all known
    pages that could be such an error: of a miss those that have the category, of a false alarm those that do not.
    """

    part: Part
    category: str
    place: int
    kind: Kind
    grave: int
    threshold: float
    item_ids: Integers
    sites: Integers
    probabilities: Floats
    wrongness: Floats
    found_ids: Integers
    at_risk: Integers

    def first(self, n: int) -> "Group":
        """The first `n` errors of it."""
        rows = slice(0, max(n, 0))
        parts = ("item_ids", "sites", "probabilities", "wrongness")
        return Group(**{**vars(self), **{name: getattr(self, name)[rows] for name in parts}})


@dataclass(frozen=True)
class OnSite:
    """Errors on one site: how many, the first of them, and the site's pages that could have been such and are right.

    `lift` is how many times as common errors are there as among all such pages.
    """

    site: int
    n: int
    first: int
    right: int
    lift: float
    p_value: float


@dataclass(frozen=True)
class GroupFound:
    """What was seen of a group; `pushed`, `similar` and `has_text` are of its first errors, in their order."""

    words: tuple[Shared, ...]
    sites: tuple[OnSite, ...]
    pushed: tuple[Pushed, ...]
    similar: tuple[list[list[Any]], ...]
    has_text: tuple[bool, ...]

    def clusters(self, run: ErrorRun, group: Group) -> list[ErrorCluster]:
        """The clusters as rows, those by word first."""
        about: dict[str, Any] = {
            "project_id": run.project_id,
            "run": run,
            "part": group.part,
            "category": group.category,
            "kind": group.kind,
            "grave": group.grave,
        }
        by_word = [
            ErrorCluster(
                **about,
                by=ErrorCluster.By.WORD,
                word=shared.word[:WORD_MAX],
                place=shared.place,
                item_id=int(group.item_ids[shared.errors[0]]),
                n=len(shared.errors),
                of=shared.of_errors,
                correct=shared.correct,
                of_correct=shared.of_correct,
                lift=shared.lift,
                p_value=shared.p_value,
            )
            for shared in self.words
        ]
        by_site = [
            ErrorCluster(
                **about,
                by=ErrorCluster.By.SITE,
                site=on.site,
                item_id=int(group.item_ids[on.first]),
                n=on.n,
                of=len(group.item_ids),
                correct=on.right,
                of_correct=len(group.at_risk) - len(group.item_ids),
                lift=on.lift,
                p_value=on.p_value,
            )
            for on in self.sites
        ]
        return [*by_word, *by_site]

    def cluster_of(self, clusters: Sequence[ErrorCluster]) -> dict[int, ErrorCluster]:
        """Place of an error -> its cluster by word."""
        return {
            row: cluster
            for shared, cluster in zip(self.words, clusters, strict=False)
            for row in shared.errors
        }

    def details(self, errors: Sequence[ClassifierError]) -> list[ErrorDetail]:
        """What is known of the first errors, as rows."""
        return [
            ErrorDetail(
                error=error,
                item_id=error.item_id,
                towards=_stored(pushed.towards),
                away=_stored(pushed.away),
                n_words=pushed.n_words,
                n_unseen=pushed.n_unseen,
                pull=pushed.pull,
                has_text=has_text,
                similar=similar,
            )
            for error, pushed, similar, has_text in zip(
                errors, self.pushed, self.similar, self.has_text, strict=False
            )
        ]


def group_looked_into(
    project: Project, group: Group, weights: Floats32, seen: Booleans, others: Others
) -> GroupFound:
    """What the surest errors of a group say, and what they share. Four queries."""
    pages = _pages(project, group.item_ids[:LOOKED_INTO])
    features = featurise(pages)
    pushed = pushes_of(pages, features, weights, seen)
    wrong_way = [_wrong_way(one, group.kind) for one in pushed]
    found = [words_in(page) for page in _pages(project, group.found_ids[:LOOKED_INTO])]
    item_ids, truth, likeness = others
    places, cosines = likeness.nearest(features, SIMILAR + 1)
    return GroupFound(
        words=tuple(shared_words(wrong_way, found)),
        sites=tuple(sites_in_excess(group)),
        pushed=tuple(pushed),
        similar=tuple(
            _similar(own, item_ids[row], cosine, truth[row, group.place])
            for own, row, cosine in zip(group.item_ids.tolist(), places, cosines, strict=False)
        ),
        has_text=tuple(bool(page.title or page.description or page.text) for page in pages),
    )


def sites_in_excess(group: Group) -> list[OnSite]:
    """The sites with more errors than chance puts there, those with most first."""
    sites, pages = np.unique(group.at_risk, return_counts=True)
    own = np.searchsorted(sites, group.sites)
    errors = np.bincount(own, minlength=len(sites))
    values = excess(errors, pages, len(group.sites), len(group.at_risk))
    told = np.flatnonzero((values < ALPHA) & (errors >= SITE_LEAST))
    overall = len(group.sites) / max(len(group.at_risk), 1)
    return [
        OnSite(
            site=int(sites[at]),
            n=int(errors[at]),
            first=int(np.argmax(own == at)),
            right=int(pages[at] - errors[at]),
            lift=round(float(errors[at] / pages[at] / overall), 2),
            p_value=float(values[at]),
        )
        for at in told[np.argsort(-errors[told], kind="stable")][:SITES_MAX].tolist()
    ]


def _pages(project: Project, item_ids: Integers) -> list[PageText]:
    """What is known of these items, in their order. Two queries."""
    columns = ("url", "host", "registrable_domain")
    rows = Item.objects.filter(project=project, pk__in=item_ids.tolist()).only(*columns).in_bulk()
    return pages_of([rows[pk] for pk in item_ids.tolist()])


def _wrong_way(pushed: Pushed, kind: Kind) -> tuple[Push, ...]:
    return pushed.away if kind == Kind.MISS else pushed.towards


def _similar(own: int, item_ids: Integers, cosines: Floats32, truth: Array) -> list[list[Any]]:
    """Id, cosine and label of the nearest, the page itself left out."""
    rows = zip(item_ids.tolist(), cosines.tolist(), truth.tolist(), strict=True)
    return [
        [pk, round(float(cosine), 3), int(held)] for pk, cosine, held in rows if pk != own and cosine > 0
    ][:SIMILAR]


def _stored(pushes: Sequence[Push]) -> list[list[Any]]:
    return [[push.word[:WORD_MAX], push.place, push.logits] for push in pushes]
