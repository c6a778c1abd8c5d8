"""Writing what is held true: by rule when judgments settle it, by a lead when they do not."""

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.judgments.models import Flag, ReviewDue, Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Clause, Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.queue.reserving import places_unreserve
from annotator.queue.services import places_add
from annotator.review.adaptive import checks_write, rule_of
from annotator.review.changes import check_unchanged
from annotator.review.models import NOTHING_WAITS, AdjudicationEntry, Disagreement, Method, Resolution
from annotator.review.reliable import reliable_ask
from annotator.review.selectors import standings_of
from annotator.review.standing import Dispute, Outcome, Standing, outcome_of, pattern_in
from annotator.review.versions import reading_of

REASON_MAX = 300
ADJUDICATION_REASON_MAX = 1000
SWEPT_AT_ONCE: Final = 1_000
SWEEP_SECONDS: Final = 5.0
"""For the sweeps of one project in one tick: the others wait so long at most."""


@dataclass(frozen=True)
class Swept:
    """What one sweep wrote. `inferred` are those of the resolved that known skills settle.

    `is_more` is whether the outbox may hold more than was read, and nothing of what was read had to wait.
    """

    resolved: int = 0
    reopened: int = 0
    places_added: int = 0
    disagreements: int = 0
    settled: int = 0
    inferred: int = 0
    is_more: bool = False


@dataclass(frozen=True)
class Adjudication:
    """A lead's answer for an item: labels or another verdict, why, and the clause that says so."""

    labels: frozenset[str]
    verdict: Verdict
    reason: str
    clause_number: str = ""


@dataclass(frozen=True)
class BasedOn:
    """What the lead saw: ids of the judgments that counted, and of the newest resolution."""

    judgments: frozenset[int]
    resolution: int | None


def reviews_sweep(project: Project, *, seconds: float = SWEEP_SECONDS) -> int:
    """Sweep until nothing is due or the time is up; how many sweeps. Each is a transaction of its own.

    Annotators never fill a sweep between two ticks. An import of a million judgments does: it takes as many sweeps as
    fit, and the tick goes on with the next project.
    """
    until, n = time.monotonic() + seconds, 1
    while review_sweep(project).is_more and time.monotonic() < until:
        n += 1
    return n


@transaction.atomic
def review_sweep(project: Project, limit: int = SWEPT_AT_ONCE) -> Swept:
    """Bring resolutions, places and disagreements up to date with the judgments; at most `limit` changes.

    1. Take rows of the outbox that no other sweep holds.
    2. Lock their items (not against judgments, which take a key share only), skipping what others hold and
       what is withheld: that waits in the outbox until it is released.
    3. Read judgments, places, resolutions and disagreements of all items: one query each.
    4. Decide by `outcome_of`, write in sets, and delete the outbox rows that were read.
    5. Where adaptive overlap adds a place, it waits a while for somebody reliable; places whose time is up are
       anybody's again.

    A judgment that is committed after step 3 has an outbox row of its own, so a later sweep reads it. An item
    that was skipped keeps its outbox row.
    """
    places_unreserve(project)
    due = list(
        ReviewDue.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(project=project, item__withheld=False)
        .order_by("pk")
        .values_list("pk", "item_id")[:limit]
    )
    if not due:
        return Swept()
    locked = _lock_free_items({item_id for _, item_id in due})
    standings = standings_of(project, locked)
    rule = rule_of(project, standings)
    reviewed = [(standing, outcome_of(standing, rule)) for standing in standings]
    resolved, reopened = _write_resolutions(project, reviewed)
    placed = places_add([standing.item_id for standing, outcome in reviewed if outcome.needs_place])
    doubted = {standing.item_id: outcome.doubted for standing, outcome in reviewed if outcome.doubted}
    reliable_ask(project, {item_id: doubted[item_id] for item_id in doubted.keys() & placed})
    checks_write(project, standings, rule)
    opened, settled = _write_disagreements(project, reviewed, placed)
    ReviewDue.objects.filter(pk__in=[pk for pk, item_id in due if item_id in locked]).delete()
    inferred = sum(
        outcome.resolve is not None and outcome.resolve.method == "inferred" for _, outcome in reviewed
    )
    is_more = len(due) == limit and len(locked) == len({item_id for _, item_id in due})
    return Swept(resolved, reopened, len(placed), opened, settled, inferred, is_more)


@transaction.atomic
def resolution_adjudicate(
    access: Access,
    item_id: int,
    *,
    adjudication: Adjudication,
    based_on: BasedOn,
    client_id: UUID | None = None,
) -> Resolution:
    """The lead's resolution of an item, superseding what was held, with its disagreement closed: one entry.

    1. Lock the item against the sweep and other leads. A `client_id` that came before gives what it gave then.
    2. Compare what counts now with `based_on`; raises Conflict, naming what changed, when they differ.
    3. Write the entry and its resolution, and close.

    A judgment committed after step 2 is unseen by this resolution; the sweep puts it in question if it must.
    Raises NotFound for an item of another project, BadInput for an answer that the taxonomy or guideline lacks.
    """
    clause = clause_of(access.project, adjudication)
    locked = Item.objects.select_for_update(no_key=True).filter(project=access.project, pk=item_id)
    item = locked.first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    client_id = client_id or uuid4()
    sent = _sent_before(access, item_id, client_id, adjudication)
    if sent is not None:
        return sent
    standing, taxonomy = standings_of(access.project, [item_id])[0], taxonomy_current(access.project)
    if not standing.judgments:
        raise BadInput(f"Nobody has judged item {item_id} yet. Resolve it once somebody has.")
    check_unchanged(standing, taxonomy, judgments=based_on.judgments, resolution=based_on.resolution)
    entry = entry_add(access, AdjudicationEntry.Kind.SINGLE, client_id, n_items=1)
    resolution = Resolution.objects.create(
        project=access.project,
        item_id=item_id,
        labels=sorted(adjudication.labels),
        verdict=adjudication.verdict,
        method=Method.ADJUDICATED,
        reason=adjudication.reason.strip(),
        clause=clause,
        resolved_by=access.user,
        judgments=sorted(based_on.judgments),
        supersedes=standing.resolution,
        taxonomy=taxonomy.version,
        entry=entry,
    )
    _close([item_id], entry)
    return resolution


def entry_add(
    access: Access, kind: AdjudicationEntry.Kind, client_id: UUID, **columns: object
) -> AdjudicationEntry:
    """A new entry of the caller's. Raises Conflict when its `client_id` was used for another act."""
    entry, is_new = AdjudicationEntry.objects.get_or_create(
        project=access.project,
        client_id=client_id,
        defaults={"kind": kind, "by": access.user, **columns},
    )
    if not is_new:
        raise Conflict("This client_id came with another act already. Send a new one with each act.")
    return entry


def flag_close(access: Access, flag_id: int) -> None:
    """Close a flag: the lead has looked. Closing twice closes once.

    Raises NotFound for a flag of another project.
    """
    flags = Flag.objects.filter(project=access.project, pk=flag_id)
    if not flags.filter(closed_at__isnull=True).update(closed_at=timezone.now()) and not flags.exists():
        raise NotFound(f"There is no flag {flag_id} in this project.")


def _lock_free_items(item_ids: Collection[int]) -> set[int]:
    free = (
        Item.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(pk__in=item_ids, withheld=False)
        .order_by("pk")
    )
    return set(free.values_list("pk", flat=True))


def _write_resolutions(project: Project, reviewed: Iterable[tuple[Standing, Outcome]]) -> tuple[int, int]:
    """Resolutions written and resolutions ended."""
    resolved, reopened = [], []
    for standing, outcome in reviewed:
        if outcome.resolve is not None:
            held = outcome.resolve
            resolution = _resolution(project, standing, Method(held.method), held.reason)
            resolution.labels, resolution.verdict = sorted(held.labels), Verdict(held.verdict)
            resolved.append(resolution)
        elif outcome.reopen:
            resolution = _resolution(project, standing, Method.REOPENED, outcome.reopen)
            resolution.verdict = Verdict.WITHDRAWN
            reopened.append(resolution)
    Resolution.objects.bulk_create(resolved + reopened)
    return len(resolved), len(reopened)


def _resolution(project: Project, standing: Standing, method: Method, reason: str) -> Resolution:
    # The taxonomy that the judgments were decided in: see decision 106.
    held = standing.resolution
    version = reading_of(standing.counted).taxonomy_id or (held.taxonomy_id if held else None)
    assert version is not None  # nothing is written of an item that nobody judged and nothing is held of
    return Resolution(
        project=project,
        item_id=standing.item_id,
        method=method,
        reason=Truncator(reason).chars(ADJUDICATION_REASON_MAX),
        judgments=sorted(judgment.pk for judgment in standing.counted),
        supersedes=held,
        taxonomy_id=version,
    )


def _write_disagreements(
    project: Project, reviewed: Iterable[tuple[Standing, Outcome]], placed: Collection[int]
) -> tuple[int, int]:
    """Disagreements opened and disagreements closed."""
    opened: list[Disagreement] = []
    changed: list[Disagreement] = []
    settled: list[int] = []
    for standing, outcome in reviewed:
        dispute = None if standing.item_id in placed else outcome.dispute
        if dispute is None and standing.disagreement is not None:
            settled.append(standing.item_id)
        elif dispute is not None:
            row = _disagreement(project, standing, dispute)
            (changed if standing.disagreement else opened).append(row)
    Disagreement.objects.bulk_create(opened)
    Disagreement.objects.bulk_update(changed, ["reason", "categories", "pattern"])
    return len(opened), _close(settled)


def _disagreement(project: Project, standing: Standing, dispute: Dispute) -> Disagreement:
    row = standing.disagreement or Disagreement(project=project, item_id=standing.item_id)
    row.reason = Truncator(dispute.reason).chars(REASON_MAX)
    row.categories = sorted(dispute.categories)
    row.pattern = pattern_in(standing, dispute).key
    return row


def _close(item_ids: Sequence[int], entry: AdjudicationEntry | None = None) -> int:
    if not item_ids:
        return 0
    return Disagreement.objects.filter(item_id__in=item_ids, closed_at__isnull=True).update(
        closed_at=timezone.now(), entry=entry, **NOTHING_WAITS
    )


def _sent_before(
    access: Access, item_id: int, client_id: UUID, adjudication: Adjudication
) -> Resolution | None:
    """What the very same act gave when it came before; another answer under its `client_id` is no repetition."""
    sent = Resolution.objects.filter(
        item=item_id,
        entry__client_id=client_id,
        entry__by=access.user,
        verdict=adjudication.verdict,
        labels=sorted(adjudication.labels),
        reason=adjudication.reason.strip(),
    )
    return sent.exclude(entry__kind=AdjudicationEntry.Kind.REVERT).first()


def clause_of(project: Project, adjudication: Adjudication) -> Clause | None:
    """The clause it names, if any; raises BadInput for what the project does not know."""
    if not adjudication.reason.strip():
        raise BadInput("Say why: the next lead, and the people who disagreed, will read it.")
    if len(adjudication.reason) > ADJUDICATION_REASON_MAX:
        raise BadInput(
            f"The reason has {len(adjudication.reason)} characters; {ADJUDICATION_REASON_MAX} are kept."
        )
    if adjudication.verdict == Verdict.WITHDRAWN:
        raise BadInput("A lead cannot withdraw an item; choose labels or another verdict.")
    if adjudication.labels and adjudication.verdict != Verdict.LABELLED:
        raise BadInput(
            f'"{adjudication.verdict.label}" goes without labels. Choose labels or this verdict, not both.'
        )
    unknown = adjudication.labels - set(taxonomy_current(project).slugs)
    if unknown:
        raise BadInput(f'The taxonomy has no category "{min(unknown)}".')
    if not adjudication.clause_number:
        return None
    clauses: Mapping[str, Clause] = {clause.number: clause for clause in guideline_current(project).clauses}
    if adjudication.clause_number not in clauses:
        raise BadInput(f'The guideline has no clause "{adjudication.clause_number}".')
    return clauses[adjudication.clause_number]
