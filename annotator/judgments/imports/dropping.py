"""Files of other tools that must not stay: a page in them may be withheld by now, from everybody."""

from typing import Final

from django.core.files.storage import default_storage
from django.db.models import Exists, OuterRef, Q

from annotator.judgments.models import JudgmentImport
from annotator.pool.models import Case
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.runs import ACTIVE, RunStatus

SEALED: Final = (
    "A page of the project was stopped and is withheld. This file may hold it, so it was deleted before it was mapped. "
    "Hand it in again, without that page if you can tell which it is."
)


def imports_sweep(project: Project) -> int:
    """Delete the files of imports that no worker reads any more; how many. One query when there are none.

    Those of imports that have ended, however they did. And those that wait for their mapping since before a page of
    the project was stopped: such an import ends, and says why.
    """
    stopped = Case.objects.filter(project=OuterRef("project"), opened_at__gte=OuterRef("created_at"))
    left = JudgmentImport.objects.filter(project=project).exclude(file="").exclude(status__in=ACTIVE)
    n = 0
    ended = Q(status=RunStatus.FAILED) | Q(phase=JudgmentImport.Phase.WRITING)
    for run in left.filter(ended | Exists(stopped)):
        if _waits(run) and not _ended(run):
            continue  # a lead has just mapped it: its worker deletes it
        file_drop(run)
        n += 1
    return n


def file_drop(run: JudgmentImport) -> None:
    """Delete the file of an import; its name, size and hash stay."""
    if run.file:
        default_storage.delete(run.file)
        JudgmentImport.objects.filter(pk=run.pk).update(file="")


def _waits(run: JudgmentImport) -> bool:
    return run.status == RunStatus.DONE and run.phase == JudgmentImport.Phase.MAPPING


def _ended(run: JudgmentImport) -> bool:
    waiting = JudgmentImport.objects.filter(
        pk=run.pk, status=RunStatus.DONE, phase=JudgmentImport.Phase.MAPPING
    )
    if not waiting.update(status=RunStatus.FAILED, error=SEALED):
        return False
    text = f"Import of {run.filename}: {SEALED}"
    log_write(run.project, "judgments", text, level=LogEntry.Level.WARNING)
    return True
