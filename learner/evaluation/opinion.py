"""What is stored of the classifier's view of one item. Imports nothing heavy: nothing is predicted in a request."""

from dataclasses import dataclass

from annotator.errors import Withheld
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import BatchItem
from annotator.queue.selectors import ledger_of_item
from annotator.review.models import Disagreement
from learner.core.catalogue import BY_DISTANCE
from learner.evaluation.selectors import CategoryResult, evaluation_latest, result_of
from learner.suspects.models import Suspect
from learner.training.models import ClassifierVersion
from learner.training.selectors import classifier_latest


@dataclass(frozen=True)
class Blind:
    """What a classifier that saw no page of the item's site gave a category, when suspects were looked for."""

    name: str
    probability: float


@dataclass(frozen=True)
class Opinion:
    """What was stored when the item was served, and how well the newest version tells what is in dispute."""

    newest: ClassifierVersion | None
    served: BatchItem | None
    distance: float | None
    expected: tuple[str, ...]
    blind: tuple[Blind, ...]
    categories: tuple[CategoryResult, ...]


def opinion_of(project: Project, item: Item) -> Opinion:
    """What is stored of the classifier's view of an item. Six queries. Raises Withheld for a sealed one."""
    if item.withheld:
        raise Withheld
    taxonomy, newest = taxonomy_current(project), classifier_latest(project)
    ledger = ledger_of_item(project, item.pk).filter(batch__personal=False)
    served = ledger.filter(classifier_number__isnull=False).first()
    by_distance = served is not None and served.strategy in BY_DISTANCE and served.score is not None
    return Opinion(
        newest=newest,
        served=served,
        distance=-served.score if by_distance and served and served.score is not None else None,
        expected=tuple(map(taxonomy.name_of, served.expected)) if served else (),
        blind=tuple(
            Blind(taxonomy.name_of(row.category), row.probability)
            for row in _suspects(item)
            if row.probability is not None
        ),
        categories=_categories(newest, item) if newest else (),
    )


def _suspects(item: Item) -> list[Suspect]:
    """The rows of the newest run that doubted the item, by category."""
    rows = list(Suspect.objects.filter(item=item).order_by("-run", "category"))
    return [row for row in rows if row.run_id == rows[0].run_id]


def _categories(newest: ClassifierVersion, item: Item) -> tuple[CategoryResult, ...]:
    """How well the version does on what is in dispute of the item; on nothing, when nothing is."""
    open_row = Disagreement.objects.filter(item=item, closed_at__isnull=True).first()
    disputed = set(open_row.categories) if open_row else set()
    found = result_of(newest, evaluation_latest(newest)).categories
    return tuple(row for row in found if row.slug in disputed)
