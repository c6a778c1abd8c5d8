"""Restricted cases of possibly illegal pages: opened by a stop, looked at and closed by case holders, all of it logged.

The places of the item are the queue's: annotator.queue.stopping calls these.
"""

from dataclasses import dataclass

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, Unavailable
from annotator.pool.cleaning import content_hash
from annotator.pool.models import Case, CaseAccess, Evidence, Ingest, Item
from annotator.pool.pages import PageText
from annotator.pool.sealed import SealedPage, sealed_page
from annotator.pool.sealing import case_number_wait, item_restore, item_seal
from annotator.projects.access import Access
from annotator.projects.models import LogEntry, Membership, Project
from annotator.projects.services import log_write
from annotator.runs import ACTIVE

REFERENCE_MAX = 120
STOPPED, LOOKED = "Stopped the page", "Looked at the evidence"


@dataclass(frozen=True)
class Opened:
    """The open case of an item; `first` is whether this person had not stopped it before."""

    case: Case
    first: bool


@transaction.atomic
def case_open(project: Project, item_id: int, *, by: User) -> Opened:
    """The case of the item, open, with address and evidence moved into it; the open one, if there is one already.

    1. Cases of a project open one after the other.
    2. Lock the item (not against judgments) against the sweep, batches, and whoever opens or closes its case.
    3. Move what identifies it into the case, unless that has happened, and log who stopped it.

    Uploads that may hold the page are dropped once this is committed.
    """
    case_number_wait(project.pk)
    item = Item.objects.select_for_update(no_key=True).get(project=project, pk=item_id)
    if not item.withheld:
        item_seal(item_id, by_id=by.pk, now=timezone.now())
        transaction.on_commit(lambda: uploads_drop(project))
    case = Case.objects.get(item=item)
    if not item.withheld:
        _log_opened(case)
    stops = CaseAccess.objects.filter(case=case, user=by, what=STOPPED, at__gte=case.opened_at)
    first = not stops.exists()
    if first:
        CaseAccess.objects.create(case=case, user=by, what=STOPPED)
    return Opened(case, first)


@transaction.atomic
def case_look(access: Access, case: Case) -> SealedPage:
    """What the case holds; that this person looked is written before they see it, each time.

    Raises Conflict when the page was released since: it is an item like any other then.
    """
    held = Case.objects.select_for_update().get(pk=case.pk)
    if held.outcome == Case.Outcome.RELEASED:
        raise Conflict("This page was released: the case holds nothing any more. Look at the item.")
    CaseAccess.objects.create(case=held, user=access.user, what=LOOKED)
    return sealed_page(held)


@transaction.atomic
def case_close(access: Access, case: Case, outcome: str, *, reference: str = "") -> Case:
    """The case, closed: released gives address and evidence back as they were, kept leaves them sealed for ever.

    Raises BadInput for another outcome or too long a reference, Conflict when it is closed already, Unavailable,
    with nothing changed, when what it holds is not what was sealed.
    """
    if outcome not in Case.Outcome.values:
        raise BadInput(f'"{outcome}" is not an outcome. Use one of: {", ".join(Case.Outcome.values)}.')
    if len(reference) > REFERENCE_MAX or "\x00" in reference:
        raise BadInput(f"The reference may have {REFERENCE_MAX} characters, and no NUL. Shorten it.")
    Item.objects.select_for_update(no_key=True).get(pk=case.item_id)
    closing = {
        "outcome": outcome,
        "reference": reference.strip(),
        "closed_by": access.user,
        "closed_at": timezone.now(),
    }
    if not Case.objects.filter(pk=case.pk, closed_at__isnull=True).update(**closing):
        raise Conflict("This case is closed already. Reload the page to see how.")
    if outcome == Case.Outcome.RELEASED:
        item_restore(case.pk)
        _check_restored(case)
    words = Case.Outcome(outcome).label
    report = f" (report {reference.strip()})" if reference.strip() else ""
    CaseAccess.objects.create(case=case, user=access.user, what=f"Closed: {words}{report}"[:200])
    log_write(access.project, "pool", f"{access.user.username} closed case {case.number}: {words}")
    return Case.objects.get(pk=case.pk)


def uploads_drop(project: Project) -> None:
    """Delete the uploads of the project that no worker reads any more: what they held is in rows, or was refused.

    An ingest drops its own when it ends; these are left by one that broke off, or from before.
    """
    ended = Ingest.objects.filter(project=project).exclude(file="").exclude(status__in=ACTIVE)
    for ingest in ended:
        upload_drop(ingest)


def upload_drop(ingest: Ingest) -> None:
    """Delete the file of an ingest that has ended. Its name, size and hash stay."""
    default_storage.delete(ingest.file)
    Ingest.objects.filter(pk=ingest.pk).update(file="")


def _log_opened(case: Case) -> None:
    text = (
        f"A page was stopped and is withheld from everybody: case {case.number} is open for the case holders"
    )
    if not Membership.objects.filter(project=case.project, case_holder=True, user__is_active=True).exists():
        text += ". There is none: an admin has to name one under Members"
    log_write(case.project, "pool", text, level=LogEntry.Level.WARNING)


def _check_restored(case: Case) -> None:
    if Item.objects.filter(pk=case.item_id, erased_at__isnull=False).exists():
        return  # what was sealed was empty
    for evidence in Evidence.objects.filter(item_id=case.item_id):
        page = PageText(evidence.title, evidence.description, evidence.text)
        if content_hash(page) != evidence.content_hash.hex:
            raise Unavailable(
                f"The evidence in case {case.number} is not what was sealed. Restore it from the backup."
            )
