"""What a batch is made of: streams, strategies, sites, what is expected. Of an open one, or of a mere choice."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from django.db.models import Avg, Count, Func, Q, QuerySet

from annotator.queue.models import Batch, BatchItem
from learner.core.catalogue import BY_DISTANCE

HARMFUL = 2


@dataclass(frozen=True, slots=True)
class Makeup:
    """A batch in counts of its items.

    `expected` counts the categories that the classifier expects, an item under each of them; `harmful` are those with
    severity 2 or 3 expected; `distance` is the mean distance, in logits, to the threshold for which an item was chosen
    as close to it, None where there is no such item.
    """

    items: int
    sites: int
    most_of_a_site: int
    harmful: int
    distance: float | None
    streams: Mapping[str, int] = field(default_factory=dict)
    strategies: Mapping[str, int] = field(default_factory=dict)
    expected: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def restored(cls, facts: Mapping[str, Any]) -> Self:
        """The makeup from what a comparison kept of it."""
        return cls(**facts)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One item that was chosen, as far as the makeup of a batch counts it."""

    site: int | str
    stream: str
    strategy: str
    score: float | None
    severity: int
    expected: Iterable[str]


def makeup_counted(chosen: Iterable[Chosen]) -> Makeup:
    """The makeup of items that were chosen and not served."""
    rows = list(chosen)
    sites = Counter(row.site for row in rows)
    distances = [-row.score for row in rows if row.strategy in BY_DISTANCE and row.score is not None]
    return Makeup(
        items=len(rows),
        sites=len(sites),
        most_of_a_site=max(sites.values(), default=0),
        harmful=sum(row.severity >= HARMFUL for row in rows),
        distance=round(sum(distances) / len(distances), 4) if distances else None,
        streams=dict(Counter(row.stream for row in rows)),
        strategies=dict(Counter(row.strategy for row in rows)),
        expected=dict(Counter(slug for row in rows for slug in row.expected)),
    )


def makeups_of(batches: Iterable[Batch]) -> dict[int, Makeup]:
    """The makeup of each of these batches by its id, counted by the database. Five queries over their ledgers."""
    ids = [batch.pk for batch in batches]
    ledger = BatchItem.objects.filter(batch__in=ids).order_by()
    sites = defaultdict[int, list[int]](list)
    for batch, n in (
        ledger.values("batch", "item__registrable_domain").annotate(n=Count("pk")).values_list("batch", "n")
    ):
        sites[batch].append(n)
    counts = {
        "streams": _counts(ledger, "stream"),
        "strategies": _counts(ledger, "strategy"),
        "expected": _counts(ledger.annotate(slug=Func("expected", function="unnest")), "slug"),
    }
    whole = ledger.values("batch").annotate(
        items=Count("pk"),
        harmful=Count("pk", filter=Q(severity__gte=HARMFUL)),
        mean=Avg("score", filter=Q(strategy__in=BY_DISTANCE)),
    )
    return {
        row["batch"]: Makeup(
            items=row["items"],
            sites=len(sites[row["batch"]]),
            most_of_a_site=max(sites[row["batch"]]),
            harmful=row["harmful"],
            distance=None if row["mean"] is None else -row["mean"],
            **{name: found[row["batch"]] for name, found in counts.items()},
        )
        for row in whole
    }


def _counts(ledger: QuerySet[BatchItem], name: str) -> dict[int, dict[str, int]]:
    """How often each value of a column stands in each batch. One query."""
    found = defaultdict[int, dict[str, int]](dict)
    rows = ledger.values("batch", name).annotate(n=Count("pk")).values_list("batch", name, "n")
    for batch, value, n in rows:
        found[batch][value] = n
    return found
