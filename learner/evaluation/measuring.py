"""What an evaluation measures beside the scores of each category: slices, policies, packs, known pages. For workers."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from django.db.models.functions import Left, Length
from scipy.special import expit, logit

from annotator.pool.language import CHARS_READ, language_of
from annotator.pool.models import Evidence, Item
from annotator.projects.models import Project
from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers
from learner.core.audited import Drawn, Population
from learner.core.audited_scores import score_of
from learner.core.classifier import LinearClassifier
from learner.core.metrics.flagged import flagged_share
from learner.core.metrics.flips import nearest
from learner.core.metrics.pages import blocked_column
from learner.core.metrics.policy import Action
from learner.core.metrics.rates import rates_of
from learner.core.metrics.slices import blocked_slices
from learner.core.pack import LIMIT, PACKS
from learner.evaluation.profiles import ProfileRules, profile_names, profile_of_facts

Facts = dict[str, Any]
HEAD: Final = 10
"""A site with so many holdout pages is of the head."""
SHORT, LONG = 500, 5_000
MONTH, YEAR = timedelta(days=30), timedelta(days=365)
NAME_MAX: Final = 80
PROBABILITY_DIGITS: Final = 6


@dataclass(frozen=True, eq=False)
class Scored:
    """Items with their sites and logits; item_ids (n_items,) ascend."""

    item_ids: Integers
    sites: Integers
    logits: Floats32


def slice_kinds(holdout: Scored, rows: Integers, *, now: datetime) -> dict[str, Sequence[str]]:
    """Of the audited items, rows of the holdout: kind of slice -> its name, empty where not known. Two queries."""
    ids = [int(pk) for pk in holdout.item_ids[rows]]
    return {"site": _sites(holdout.sites, rows), **page_kinds(ids, now=now)}


def page_kinds(ids: Sequence[int], *, now: datetime) -> dict[str, Sequence[str]]:
    """What is known of some items beside their site: kind of slice -> its name, empty where not known. Two queries."""
    items = {
        pk: (source, observed)
        for pk, source, observed in Item.objects.filter(pk__in=ids).values_list("pk", "source", "observed_at")
    }
    pages = {
        item: (text, length, captured)
        for item, text, length, captured in Evidence.objects.filter(item__in=ids)
        .order_by("version")
        .values_list("item_id", Left("text", CHARS_READ), Length("text"), "captured_at")
    }
    unseen = ("", 0, None)
    seen = [pages.get(pk, unseen) for pk in ids]
    return {
        "source": [items.get(pk, ("", None))[0][:NAME_MAX] for pk in ids],
        "language": [language_of(text) if text else "" for text, _, _ in seen],
        "text": [_length(length) for _, length, _ in seen],
        "age": [
            _age(captured or items.get(pk, ("", None))[1], now)
            for pk, (_, _, captured) in zip(ids, seen, strict=True)
        ],
    }


def profiles_for(project: Project, classifier: LinearClassifier, facts: Facts) -> list[ProfileRules]:
    """The school profiles that somebody has set, with thresholds for this classifier from these facts."""
    own = _own(classifier)
    found = (profile_of_facts(project, name, facts, own) for name in profile_names(project))
    return [rules for rules in found if rules]


def policy_facts(
    profiles: Sequence[ProfileRules],
    population: Population,
    drawn: Drawn,
    classifier: LinearClassifier,
    kinds: Mapping[str, Sequence[str]],
    *,
    rng: np.random.Generator,
) -> list[Facts]:
    """Of each school profile: the pages that it blocks against those that it should, at its thresholds.

    `tp`, `fp`, `fn` and `tn` are pages of the holdout; `slices` tell over-blocking and misses on parts of them.
    """
    found = []
    for rules in profiles:
        blocks = blocks_of(rules, classifier)
        if not blocks.any():
            continue
        policy = logits_of(rules, classifier), blocks
        judged = blocked_column(population, drawn, *policy).judged(0.0, rng=rng)
        score, rates = score_of(judged), rates_of(judged, rng=rng)
        more = {"fpr": asdict(rates.fpr), "fnr": asdict(rates.fnr)}
        parts = [asdict(one) for one in blocked_slices(population, drawn, policy, kinds, rng=rng)]
        found.append({"name": rules.name, "number": rules.number, **asdict(score), **more, "slices": parts})
    return found


def pack_facts(
    profiles: Sequence[ProfileRules],
    members: Mapping[str, Sequence[int]],
    scored: Scored,
    classifier: LinearClassifier,
    harmful: Collection[str],
) -> list[Facts]:
    """Of each slice that must not be over-blocked: how many of its pages are flagged, by category and by profile.

    `fpr` counts a page on which any of the `harmful` categories is predicted at the classifier's own thresholds.
    """
    counted = np.array([slug in harmful for slug in classifier.categories], dtype=np.bool_)
    found = []
    for slug, title in PACKS.items():
        rows = np.flatnonzero(np.isin(scored.item_ids, members[slug]))
        logits, sites = scored.logits[rows], scored.sites[rows]
        flagged = np.asarray(logits >= classifier.thresholds_, dtype=np.bool_)
        found.append(
            {
                "name": slug,
                "title": title,
                "n": len(rows),
                "limit": LIMIT,
                "fpr": asdict(flagged_share(_any(flagged[:, counted]), sites)),
                "categories": [
                    {"category": category, "fpr": asdict(flagged_share(flagged[:, place], sites))}
                    for place, category in enumerate(classifier.categories)
                    if flagged[:, place].any()
                ],
                "profiles": [
                    {"name": one.name, "fpr": asdict(flagged_share(_blocked(logits, one, classifier), sites))}
                    for one in profiles
                ],
            }
        )
    return found


def known_pages(
    classifier: LinearClassifier, audited: tuple[Scored, Array], learned_from: tuple[Scored, Array]
) -> dict[str, list[list[Any]]]:
    """Category -> known pages nearest to its threshold: item, probability, has it, is audited (else learned from)."""
    return {
        slug: [
            page
            for is_audited, (scored, truth) in ((True, audited), (False, learned_from))
            for page in _near(
                scored, truth[:, place], place, float(classifier.thresholds_[place]), is_audited
            )
        ]
        for place, slug in enumerate(classifier.categories)
    }


def _near(scored: Scored, truth: Array, place: int, threshold: float, is_audited: bool) -> list[list[Any]]:  # noqa: FBT001
    logits = scored.logits[:, place].astype(np.float64)
    return [
        [
            int(scored.item_ids[row]),
            round(float(expit(logits[row])), PROBABILITY_DIGITS),
            bool(truth[row] >= 1 / 2),
            is_audited,
        ]
        for row in nearest(logits, truth, threshold)
    ]


def _own(classifier: LinearClassifier) -> dict[str, float | None]:
    """The classifier's own thresholds as probabilities; None where a category is not learned."""
    return {
        slug: float(expit(threshold)) if np.isfinite(threshold) else None
        for slug, threshold in zip(classifier.categories, classifier.thresholds_, strict=True)
    }


def logits_of(rules: ProfileRules, classifier: LinearClassifier) -> Floats:
    """The thresholds of a profile as logits; the classifier's own, to the last bit, where it goes by these."""
    own = _own(classifier)
    found = []
    for slug, exact in zip(classifier.categories, classifier.thresholds_, strict=True):
        wanted = rules.thresholds.get(slug)
        found.append(float(exact) if wanted is None or wanted == own[slug] else float(logit(wanted)))
    return np.array(found, dtype=np.float64)


def blocks_of(rules: ProfileRules, classifier: LinearClassifier) -> Booleans:
    """Which categories the profile blocks, (n_categories,)."""
    return np.array(
        [rules.actions.get(slug) == Action.BLOCK for slug in classifier.categories], dtype=np.bool_
    )


def _blocked(logits: Floats32, rules: ProfileRules, classifier: LinearClassifier) -> Booleans:
    return _any((logits >= logits_of(rules, classifier)) & blocks_of(rules, classifier))


def _any(flagged: Array) -> Booleans:
    return np.asarray(flagged.any(axis=1), dtype=np.bool_)


def _sites(sites: Integers, rows: Integers) -> list[str]:
    """By how many holdout pages the site of each row has."""
    _, site, counts = np.unique(sites, return_inverse=True, return_counts=True)
    return [site_kind(n) for n in counts[site.ravel()[rows]].tolist()]


def site_kind(n: int) -> str:
    """The slice of a site with so many holdout pages."""
    if n <= 1:
        return "tail: the only page of its site"
    return (
        f"head: sites with {HEAD} pages or more" if n >= HEAD else f"middle: sites with 2 to {HEAD - 1} pages"
    )


def _length(characters: int) -> str:
    if not characters:
        return "no text"
    if characters < SHORT:
        return f"under {SHORT} characters"
    return f"{SHORT} to {LONG - 1:,} characters" if characters < LONG else f"{LONG:,} characters or more"


def _age(seen: datetime | None, now: datetime) -> str:
    if seen is None:
        return ""
    if now - seen < MONTH:
        return "seen within a month"
    return "seen within a year" if now - seen < YEAR else "seen over a year ago"
