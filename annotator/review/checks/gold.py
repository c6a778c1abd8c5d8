"""Gold: items whose right answer is known and explained. They check annotators, and teach new ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import LogEntry, Project
from annotator.projects.selectors import carried, carrying, taxonomy_current
from annotator.projects.services import log_write
from annotator.queue.personal import places_personal_end
from annotator.review.checks.qualifying_policy import Coverage, GoldItem, coverage_of
from annotator.review.citing import clause_named
from annotator.review.independence import judgments_after_question
from annotator.review.models import Gold, Method, Resolution
from annotator.review.scoring import NONE
from annotator.review.selectors import resolutions_current

EXPLANATION_MAX: Final = 1000
UNANIMOUS: Final = "Everybody who judged this page said the same."


@dataclass(frozen=True)
class GoldSet:
    """The gold in use, and how far it covers the taxonomy."""

    items: tuple[GoldItem, ...]
    coverage: Coverage

    @property
    def labels(self) -> dict[int, frozenset[str]]:
        """The right labels by item."""
        return {item.item_id: item.labels for item in self.items}


@dataclass(frozen=True)
class Suggestion:
    """A resolution that could be gold, with the explanation to start from."""

    resolution: Resolution
    explanation: str


@transaction.atomic
def gold_add(access: Access, item_id: int, explanation: str, *, clause_number: str = "") -> Gold:
    """The item as gold, with the labels that are held true now. Five queries.

    1. Lock the item against whoever resolves it.
    2. Read what is held; write it down, for what is held later does not change this row.

    Raises NotFound for an item of another project, BadInput when nothing with labels is held of it or the
    explanation or the clause cannot be, Conflict when it is gold already.
    """
    clause = clause_named(access.project, clause_number)
    text = _explanation(explanation)
    item = Item.objects.select_for_update(no_key=True).filter(project=access.project, pk=item_id).first()
    if item is None or item.withheld:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.erased_at is not None:
        raise BadInput(f"The evidence of item {item_id} is erased: nobody could judge it by reading.")
    held = resolutions_current(access.project).filter(item=item).first()
    if held is None or held.verdict != Verdict.LABELLED:
        raise BadInput(f"No labels are held true of item {item_id}. Resolve it first.")
    if gold_of(access.project).filter(item=item).exists():
        raise Conflict(f"Item {item_id} is gold already. Retire it first to explain it anew.")
    gold = Gold.objects.create(
        project=access.project,
        item=item,
        labels=held.labels,
        explanation=text,
        clause=clause,
        added_by=access.user,
    )
    log_write(access.project, "review", f"{access.user.username} made item {item_id} gold")
    return gold


@transaction.atomic
def gold_retire(access: Access, gold_id: int) -> int:
    """The item of this gold, which is used no more, nor are answers on it counted. Retiring twice retires once.

    Raises NotFound. Four queries.
    """
    mine = Gold.objects.filter(project=access.project, pk=gold_id)
    item_id = mine.values_list("item_id", flat=True).first()
    if item_id is None:
        raise NotFound(f"There is no gold {gold_id} in this project.")
    if mine.filter(retired_at__isnull=True).update(retired_at=timezone.now()):
        places_personal_end([item_id])
        log_write(access.project, "review", f"{access.user.username} retired item {item_id} from the gold")
    return item_id


def gold_retire_outdated(project: Project) -> int:
    """How much gold was retired because other labels, or none, are held true of its item now. One query for nothing."""
    same = Resolution.objects.filter(
        item=OuterRef("item"), superseded_by__isnull=True, verdict=Verdict.LABELLED, labels=OuterRef("labels")
    )
    outdated = Gold.objects.filter(project=project, retired_at__isnull=True).filter(
        ~Exists(same) | Q(item__withheld=True) | Q(item__erased_at__isnull=False)
    )
    found = dict(outdated.values_list("pk", "item_id"))
    if found:
        _retire_outdated(project, found)
    return len(found)


@transaction.atomic
def _retire_outdated(project: Project, found: Mapping[int, int]) -> None:
    Gold.objects.filter(pk__in=found, retired_at__isnull=True).update(retired_at=timezone.now())
    places_personal_end(list(found.values()))
    named = ", ".join(str(item_id) for item_id in sorted(found.values()))
    text = f"Retired from the gold, for other labels or none are held true of them now: items {named}"
    log_write(project, "review", text, level=LogEntry.Level.WARNING)


def gold_newest(access: Access) -> Gold | None:
    """The gold in use that the caller made last. One query."""
    return gold_of(access.project).filter(added_by=access.user).order_by("-pk").first()


def gold_of(project: Project) -> QuerySet[Gold]:
    """The gold in use; an explanation may quote its page, so none of withheld or erased ones. One query."""
    return Gold.objects.filter(
        project=project, retired_at__isnull=True, item__withheld=False, item__erased_at__isnull=True
    )


def gold_set(project: Project) -> GoldSet:
    """The gold in use and what it covers, in the words of the newest taxonomy. Two queries.

    An item that shows a category which was split since is left out: which part it was, nobody said.
    """
    taxonomy = taxonomy_current(project)
    held = Resolution.objects.filter(item=OuterRef("item"), superseded_by__isnull=True)
    found = gold_of(project).annotate(held_under=Subquery(held.values("taxonomy")[:1]))
    rows = found.order_by("item").values_list("item_id", "labels", "held_under")
    items = tuple(
        GoldItem(item_id, frozenset(known))
        for item_id, labels, under in rows
        if (known := _known(labels, under or taxonomy.version.pk, taxonomy.version.pk)) is not None
    )
    return GoldSet(items, coverage_of(items, taxonomy.slugs))


def _known(labels: Iterable[str], under: int, wanted: int) -> frozenset[str] | None:
    """The right labels in another version; None where one of them is unknown there."""
    said = tuple(labels)
    found, way = carried(said, (), under, wanted), carrying(under, wanted)
    is_whole = all(way.targets_of(slug) <= found.labels for slug in said)
    return found.labels if is_whole else None


def gold_suggestions(project: Project, category: str = "") -> QuerySet[Resolution]:
    """Resolutions that could be gold: decided by a lead with a reason, then unanimous ones; newest first. One query.

    Not those on which people came to agree after a lead's question.
    """
    decided = Q(method=Method.ADJUDICATED) & ~Q(reason="")
    asked = judgments_after_question(project).filter(item=OuterRef("item"))
    unanimous = Q(method=Method.UNANIMOUS) & ~Exists(asked)
    rows = resolutions_current(project).filter(decided | unanimous, verdict=Verdict.LABELLED)
    if category == NONE:
        rows = rows.filter(labels=[])
    elif category:
        rows = rows.filter(labels__contains=[category])
    used = gold_of(project).filter(item=OuterRef("item"))
    rows = rows.filter(~Exists(used), item__withheld=False, item__erased_at__isnull=True)
    return rows.select_related("item", "clause").order_by(F("method"), "-pk")


def suggestions(rows: Iterable[Resolution]) -> list[Suggestion]:
    """The same with the explanation to start from: the lead's reason, or that nobody differed."""
    return [Suggestion(row, row.reason if row.method == Method.ADJUDICATED else UNANIMOUS) for row in rows]


def _explanation(text: str) -> str:
    text = text.strip()
    if not text:
        raise BadInput("Say why the answer is right: people who qualify read it after theirs.")
    if len(text) > EXPLANATION_MAX:
        raise BadInput(f"The explanation has {len(text)} characters; {EXPLANATION_MAX} are kept.")
    if "\x00" in text:
        raise BadInput("The explanation holds a NUL character, which cannot be stored. Remove it.")
    return text
