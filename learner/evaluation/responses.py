"""What became of the items that were drawn for audit: nothing is known of some, and those like them stand for them."""

from dataclasses import dataclass

from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.models import BatchItem, Stream
from annotator.review.models import Method
from annotator.review.selectors import resolutions_current
from learner.query.models import AuditChance


@dataclass(frozen=True)
class Response:
    """Items that were drawn for audit, by what is known of them.

    Of `drawn`, `labelled` count in an evaluation. Of the others nothing is known: `waiting` for judgments or for a
    lead, `no_labels` (not reachable, not enough evidence, another language), `inferred` from skills alone. In each
    category the labelled items of the same stratum of scores stand for them. `withheld` ones belong to no population.
    """

    drawn: int
    labelled: int
    waiting: int
    no_labels: int
    inferred: int
    withheld: int

    @property
    def silent(self) -> int:
        """Those of which nothing is known, and for which others stand."""
        return self.waiting + self.no_labels + self.inferred


def response_of(project: Project) -> Response:
    """What became of all audits of a project so far. Four queries."""
    in_ledger = BatchItem.objects.filter(
        batch__project=project, stream=Stream.AUDIT, inclusion_probability__isnull=False
    )
    in_waves = AuditChance.objects.filter(project=project)
    drawn = {pk for found in (in_ledger, in_waves) for pk in found.values_list("item_id", flat=True)}
    items = dict(Item.objects.filter(pk__in=drawn).values_list("pk", "withheld"))
    held = resolutions_current(project).filter(
        item__in=[pk for pk, withheld in items.items() if not withheld]
    )
    rows = list(held.values_list("verdict", "method"))
    labelled = sum(verdict == Verdict.LABELLED and method != Method.INFERRED for verdict, method in rows)
    inferred = sum(verdict == Verdict.LABELLED and method == Method.INFERRED for verdict, method in rows)
    n_withheld = sum(items.values())
    return Response(
        drawn=len(items),
        labelled=labelled,
        waiting=len(items) - n_withheld - len(rows),
        no_labels=len(rows) - labelled - inferred,
        inferred=inferred,
        withheld=n_withheld,
    )
