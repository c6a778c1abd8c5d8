"""Two versions on parts of the audited pages: slices, school profiles, the over-block pack. For workers."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db.models import Count

from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_version
from learner.core.arrays import Array, Booleans, Integers
from learner.core.artifact import LoadedClassifier
from learner.core.metrics.slices import parts_of
from learner.core.pack import PACKS
from learner.core.paired import PairedItems, PairedScore, paired_scores
from learner.evaluation.beside import AuditedPages, audited_pages
from learner.evaluation.measuring import blocks_of, logits_of, page_kinds, site_kind
from learner.evaluation.packs import pack_members
from learner.evaluation.profiles import ProfileRules, profile_current, profile_names
from learner.training.models import ClassifierVersion

Facts = dict[str, Any]
FLAGGED = "flagged"
BLOCKED = "blocked"


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two versions in memory."""

    version: ClassifierVersion
    loaded: LoadedClassifier


def kinds_of(
    project: Project, pages: AuditedPages, ids: Sequence[int], now: datetime
) -> dict[str, Sequence[str]]:
    """Of the audited pages: kind of slice -> its name, as an evaluation names them. Three queries."""
    domains = [page.registrable_domain for page in pages.pages]
    holdout = Item.objects.filter(
        project=project, split=Split.HOLDOUT, withheld=False, registrable_domain__in=set(domains)
    )
    sizes = dict(
        holdout.values("registrable_domain").annotate(n=Count("pk")).values_list("registrable_domain", "n")
    )
    return {"site": [site_kind(sizes.get(domain, 1)) for domain in domains], **page_kinds(ids, now=now)}


def slices_compared(
    items: PairedItems,
    categories: Sequence[str],
    kinds: dict[str, Sequence[str]],
    *,
    rng: np.random.Generator,
) -> list[Facts]:
    """Each category on each slice of the audited pages, the candidate against the base."""
    return [
        {
            "kind": kind,
            "name": name,
            "n": int(inside.sum()),
            "categories": [
                asdict(score) for score in paired_scores(_inside(items, inside), categories, rng=rng)
            ],
        }
        for kind, name, inside in parts_of(kinds)
    ]


def profiles_compared(
    project: Project,
    sides: tuple[Side, Side],
    pages: AuditedPages,
    truths: tuple[Array, Sequence[str]],
    weights: Array,
    *,
    rng: np.random.Generator,
) -> list[Facts]:
    """Each school profile: pages to block and others, by what the two would block at the thresholds of each.

    `truths` are what is held of the pages, (n_items, n_categories), and the categories. A page counts as one to block
    where the profile blocks any category that it has; it is left out where that is not known.
    """
    found = []
    for name in profile_names(project):
        rules = [profile_current(project, name, version=side.version) for side in sides]
        if rules[0] is None or rules[1] is None:
            continue
        truth = _to_block(*truths, rules[1])
        if not (truth >= 0).any():
            continue
        said = [_blocked(side, pages, one) for side, one in zip(sides, rules, strict=True) if one]
        items = PairedItems(truth[:, None], said[0][:, None], said[1][:, None], weights, pages.sites)
        found.append({"name": name, "number": rules[1].number, **_one(items, BLOCKED, rng)})
    return found


def packs_compared(project: Project, sides: tuple[Side, Side], *, rng: np.random.Generator) -> list[Facts]:
    """Each slice that must not be over-blocked: how many more of its pages the candidate flags as harmful.

    Each page counts once, pages of a site together: people chose them, nothing was drawn. Queries as `audited_pages`.
    """
    harmful = taxonomy_version(sides[1].version.taxonomy_id).harmful
    found = []
    for slug, members in pack_members(project).items():
        pages = audited_pages(project, np.array(members, dtype=np.int64))
        n = len(pages.rows)
        said = [_flagged(side, pages, harmful) for side in sides]
        truth = np.zeros((n, 1), dtype=np.int8)
        items = PairedItems(truth, said[0][:, None], said[1][:, None], np.ones(n), pages.sites)
        found.append({"name": slug, "title": PACKS[slug], "n": n, **_one(items, FLAGGED, rng)})
    return found


def _one(items: PairedItems, name: str, rng: np.random.Generator) -> Facts:
    score: PairedScore = paired_scores(items, [name], rng=rng)[0]
    facts = asdict(score)
    del facts["category"]
    return {**facts, "n": score.n}


def _inside(items: PairedItems, inside: Booleans) -> PairedItems:
    return PairedItems(
        items.truth[inside],
        items.base[inside],
        items.candidate[inside],
        items.weights[inside],
        items.sites[inside],
    )


def _to_block(truth: Array, categories: Sequence[str], rules: ProfileRules) -> Integers:
    """1 where the profile blocks a category that the page has, 0 where none, -1 where it is not known."""
    blocks = [place for place, slug in enumerate(categories) if rules.actions.get(slug) == "block"]
    known = truth[:, blocks]
    return np.where((known == 1).any(axis=1), 1, np.where((known < 0).any(axis=1), -1, 0)).astype(np.int64)


def _blocked(side: Side, pages: AuditedPages, rules: ProfileRules) -> Booleans:
    classifier = side.loaded.classifier
    said = (classifier.decision(pages.features) >= logits_of(rules, classifier)) & blocks_of(
        rules, classifier
    )
    return np.asarray(said.any(axis=1), dtype=np.bool_)


def _flagged(side: Side, pages: AuditedPages, harmful: Collection[str]) -> Booleans:
    classifier = side.loaded.classifier
    counted = np.array([slug in harmful for slug in classifier.categories], dtype=np.bool_)
    said = classifier.decision(pages.features) >= classifier.thresholds_
    return np.asarray(said[:, counted].any(axis=1), dtype=np.bool_)
