"""Reading suspects. Imports nothing heavy: pages read these."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from annotator.errors import NotFound
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.models import Disagreement, Resolution
from annotator.runs import ACTIVE, RunStatus
from learner.core.due import SUSPECTS_PATIENCE, SuspectFacts
from learner.suspects.models import Suspect, SuspectConfirmation, SuspectRun
from learner.training.models import ClassifierVersion, TrainingRun
from learner.training.selectors import FIRST_CHOOSE, FIRST_VERSION_ITEMS

JUDGMENTS_MAX = 1_000  # of one item, that a fix may carry


@dataclass(frozen=True)
class Evidence:
    """One kind of evidence: whose, a sentence, and how strongly it speaks against the label, in percent."""

    source: str
    text: str
    percent: int


def suspect_run_latest(project: Project) -> SuspectRun | None:
    """The newest finished run, or None. One query."""
    return SuspectRun.objects.filter(project=project, status=RunStatus.DONE).order_by("-pk").first()


def suspects_open(project: Project, category: str = "") -> QuerySet[Suspect]:
    """Suspects of the newest run that wait for a lead, gravest first; of one category, if given. Two queries.

    Left out: a resolution that was superseded, a label that was confirmed, an item that is in dispute or withheld.
    """
    confirmed = SuspectConfirmation.objects.filter(
        resolution=OuterRef("resolution"), category=OuterRef("category")
    )
    disputed = Disagreement.objects.filter(item=OuterRef("item"), closed_at__isnull=True)
    rows = Suspect.objects.filter(
        run=suspect_run_latest(project), resolution__superseded_by__isnull=True, item__withheld=False
    )
    if category:
        rows = rows.filter(category=category)
    waiting = rows.filter(~Exists(confirmed), ~Exists(disputed))
    return waiting.select_related("item", "resolution").order_by("-rank", "pk")


def suspects_by_category(project: Project) -> dict[str, int]:
    """Category -> suspects that wait. Two queries."""
    counted = suspects_open(project).order_by().values("category").annotate(n=Count("pk"))
    return {row["category"]: row["n"] for row in counted}


def suspect_of(project: Project, suspect_id: int) -> Suspect:
    """One suspect of the project, also of an earlier run; raises NotFound. One query."""
    rows = Suspect.objects.filter(project=project, pk=suspect_id).select_related("item", "resolution")
    suspect = rows.first()
    if suspect is None:
        raise NotFound(f"There is no suspect {suspect_id} in this project.")
    return suspect


def judgments_seen(project: Project, item_ids: Collection[int]) -> dict[int, list[int]]:
    """Item -> ids of the judgments that count now, ascending. One query."""
    seen: dict[int, list[int]] = {pk: [] for pk in item_ids}
    found = judgments_current(project).filter(item__in=item_ids).order_by("pk")
    for pk, item_id in found.values_list("pk", "item_id"):
        seen[item_id].append(pk)
    return seen


def evidence_of(suspect: Suspect) -> tuple[Evidence, ...]:
    """What speaks for and against the label, one line for each kind that is known."""
    lines = []
    if suspect.probability is not None:
        against = 1 - suspect.probability if suspect.present else suspect.probability
        text = f"gives the category {suspect.probability:.2f}, having seen no page of this site"
        lines.append(Evidence("Classifier", text, round(100 * against)))
    for source, known, opposite in (
        ("Near-duplicates", suspect.duplicates, suspect.duplicates_against),
        ("Same site", suspect.pages, suspect.pages_against),
    ):
        if known:
            verb = "does not hold" if suspect.present else "holds"
            plural = "do not hold" if suspect.present else "hold"
            text = f"{opposite} of {known} {verb if opposite == 1 else plural} it"
            lines.append(Evidence(source, text, round(100 * opposite / known)))
    return tuple(lines)


def words_of(suspect: Suspect, taxonomy: Taxonomy) -> str:
    """The doubt as one line, for reasons."""
    held = "is held present" if suspect.present else "is held absent"
    evidence = "; ".join(f"{line.source.lower()}: {line.text}" for line in evidence_of(suspect))
    return f"{taxonomy.name_of(suspect.category)} {held}. {evidence}"


def suspect_facts(project: Project, version: ClassifierVersion | None) -> SuspectFacts:
    """What the tick has to know of suspects, with the newest classifier version. Three queries; none without one.

    Both fit on all labels, and become due by the same resolutions: the version that people wait for goes first.
    """
    if version is None:
        return SuspectFacts(0, FIRST_VERSION_ITEMS, has_classifier=False)
    run = suspect_run_latest(project)
    last = run.last_resolution if run else 0
    needed = project.retrain_after if run else FIRST_VERSION_ITEMS
    counted = SUSPECTS_PATIENCE * needed
    new = Resolution.objects.filter(project=project, pk__gt=last)[:counted].count()
    return SuspectFacts(
        new,
        needed,
        has_classifier=True,
        looked_before=run is not None,
        is_training=new >= needed and _is_training(project, timezone.now()),
    )


def _is_training(project: Project, now: datetime) -> bool:
    """Whether a version is being trained, or was published so lately that it chooses its first batch."""
    lately = Q(status__in=ACTIVE) | Q(finished_at__gt=now - FIRST_CHOOSE)
    return TrainingRun.objects.filter(lately, project=project).exists()
