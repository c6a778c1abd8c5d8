"""Why an item that no batch has taken was not chosen, and what would decide it. Imports nothing heavy."""

from collections.abc import Iterator
from dataclasses import dataclass

from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.queue.models import Assignment, AssignmentState
from annotator.review.selectors import resolutions_current
from learner.core.recipe import RECIPE
from learner.query.models import FeatureShard, LookRun, QueryRun
from learner.query.selectors import look_latest, queries_of, steering_of
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest


@dataclass(frozen=True)
class LaneLine:
    """Where the item stands in one lane: what would have it chosen, and about how many pages come before it."""

    stream: str
    reason: str
    score: float
    lowest: float | None
    ahead: int
    batches: int


@dataclass(frozen=True)
class Likely:
    """What the classifier gives one category, and from where on it counts as present."""

    name: str
    probability: float
    threshold: float


@dataclass(frozen=True)
class Look:
    """What decides whether an item is chosen, in sentences; and, where somebody asked, its scores.

    `may_score` tells whether it can be scored now; `is_old` that the scores are not of the next query's classifier.
    """

    item: Item
    facts: tuple[str, ...]
    may_score: bool
    run: LookRun | None
    is_old: bool
    lanes: tuple[LaneLine, ...]
    likely: tuple[Likely, ...]


def look_of(project: Project, item: Item) -> Look:
    """What decides whether `item` is chosen, and the newest scores that somebody asked for. At most twelve queries."""
    version = classifier_latest(project)
    chooses = version.number if version and version.recipe == RECIPE else None
    last = queries_of(project).filter(batch__isnull=False).first()
    has_features = _has_features(project, item)
    run = look_latest(project, item.pk)
    shown = run if run and run.result and not item.withheld else None
    return Look(
        item=item,
        facts=tuple(_facts(project, item, version, last, has_features=has_features)),
        may_score=item.pooled and item.split == Split.TRAIN and has_features and not (run and run.is_active),
        run=None if item.withheld else run,
        is_old=bool(shown and shown.classifier_number != chooses),
        lanes=_lanes(shown, last) if shown else (),
        likely=_likely(shown, taxonomy_current(project)) if shown else (),
    )


def _has_features(project: Project, item: Item) -> bool:
    shards = FeatureShard.objects.filter(project=project, recipe=RECIPE)
    return shards.filter(first_item__lte=item.pk, last_item__gte=item.pk).exists()


def _facts(
    project: Project,
    item: Item,
    version: ClassifierVersion | None,
    last: QueryRun | None,
    *,
    has_features: bool,
) -> Iterator[str]:
    """What decides, the most decisive first; what rules it out ends the list."""
    if item.withheld:
        yield "It is withheld: sealed in a case, and served to nobody."
        return
    yield from _known(project, item)
    if not item.pooled:
        return
    if project.paused:
        yield "The project is paused: no batch is opened."
    if not has_features:
        yield "Its features are not computed yet. The next query cannot see it."
    if item.split == Split.HOLDOUT:
        share = steering_of(project).shares.get("audit", 0)
        yield (
            "Its site is held out: it never trains, and the audit stream alone may take it, at random "
            f"({100 * share:.0f} % of a batch)."
        )
        return
    if version is None:
        yield "No classifier has scored it: there is none yet. Until then pages that resemble a definition come first."
    if last is not None and last.pool_size:
        yield _by_chance(project, last.pool_size)
    waiting = Assignment.objects.filter(
        project=project, state=AssignmentState.FREE, item__registrable_domain=item.registrable_domain
    )
    if waiting.exists():
        yield (
            f"Another page of {item.registrable_domain} waits in the queue: query and rare pass its site over "
            "until that is worked off."
        )


def _known(project: Project, item: Item) -> Iterator[str]:
    """What is known of its labels already."""
    resolution = resolutions_current(project).filter(item=item).first()
    if resolution is not None:
        names = ", ".join(map(taxonomy_current(project).name_of, resolution.labels)) or "none of these"
        yield f"It is resolved already: {names} ({resolution.get_method_display()})."
    elif n_judgments := judgments_current(project).filter(item=item).count():
        yield f"It has {n_judgments} judgment{'' if n_judgments == 1 else 's'} already."
    if item.known_labels is not None and resolution is None:
        yield "It came with known labels and trains the classifier as it is; a batch may still take it."
    if not item.pooled:
        yield "It has left the pool."


def _by_chance(project: Project, pool_size: int) -> str:
    steering = steering_of(project)
    n_random = steering.batch_size * steering.shares.get("explore", 0)
    return (
        f"Explore draws about {n_random:.0f} of {pool_size:,} pages for a batch at random: "
        f"a chance of {100 * min(1.0, n_random / pool_size):.2f} % each time."
    )


def _lanes(run: LookRun, last: QueryRun | None) -> tuple[LaneLine, ...]:
    """The places of a look, with the pages of the whole pool that come before: its shard stands for the others."""
    available = max(run.result["available"], 1)
    pool_size = max(last.pool_size or 0, available) if last else available
    return tuple(
        LaneLine(
            stream=lane["stream"],
            reason=lane["reason"],
            score=lane["recorded"],
            lowest=lane["lowest"],
            ahead=(ahead := round(lane["better"] * pool_size / available)),
            batches=1 + int(ahead / max(lane["takes"], 1e-9)),
        )
        for lane in run.result["lanes"]
    )


def _likely(run: LookRun, taxonomy: Taxonomy) -> tuple[Likely, ...]:
    """The likeliest categories first."""
    found = sorted(run.result["probabilities"].items(), key=lambda pair: -pair[1][0])
    return tuple(
        Likely(taxonomy.name_of(slug), probability, threshold) for slug, (probability, threshold) in found
    )
