"""Many judgments at once, for what is measured on many: rows of a plain table, written in bulk."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import Clause, GuidelineVersion, Project, TaxonomyVersion
from annotator.queue.models import Assignment


@dataclass(frozen=True)
class Said:
    """One judgment: of which item, by whom, which labels."""

    item: Item
    annotator: User
    labels: Collection[str] = ()
    unsure: Collection[str] = ()
    at: datetime | None = None
    guideline: GuidelineVersion | None = None
    clause: Clause | None = None


def make_judgments(project: Project, said: Sequence[Said]) -> list[Judgment]:
    """The judgments in this order, under the newest versions unless they say otherwise; the items need a batch."""
    taxonomy = TaxonomyVersion.objects.filter(project=project).latest("number")
    guideline = GuidelineVersion.objects.filter(project=project).latest("number")
    places = {place.item_id: place for place in Assignment.objects.filter(item__project=project)}
    return Judgment.objects.bulk_create(
        Judgment(
            project=project,
            item=row.item,
            annotator=row.annotator,
            assignment=places[row.item.pk],
            client_id=uuid4(),
            labels=sorted(row.labels),
            unsure=sorted(row.unsure),
            taxonomy=taxonomy,
            guideline=row.guideline or guideline,
            clause=row.clause,
            created_at=row.at or timezone.now(),
            late=True,
        )
        for row in said
    )


def make_guideline(project: Project, at: datetime | None = None, number: str = "1.1") -> GuidelineVersion:
    """The next guideline version, with one clause of this number."""
    n = GuidelineVersion.objects.filter(project=project).count() + 1
    version = GuidelineVersion.objects.create(
        project=project, number=n, created_by=project.created_by, created_at=at or timezone.now()
    )
    Clause.objects.create(guideline=version, position=0, number=number, title=f"As of v{n}", body="Only it.")
    return version
