"""Labels that people want looked at again stay among the suspects of every search until a lead answers."""

from django.db.models import Exists, OuterRef

from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from learner.errors.models import Relook
from learner.suspects.models import Suspect, SuspectConfirmation
from learner.suspects.selectors import suspect_run_latest


def relooks_put_up(project: Project) -> int:
    """Put what waits for a relook among the suspects of the newest search; how many were not there yet.

    At most four queries, one while nobody asked for any. What was resolved anew or confirmed since waits no more.
    """
    asked = Relook.objects.filter(project=project)
    if not asked.exists():
        return 0
    run = suspect_run_latest(project)
    if run is None:
        return 0
    there = Suspect.objects.filter(run=run, item=OuterRef("item"), category=OuterRef("category"))
    stands = SuspectConfirmation.objects.filter(
        resolution=OuterRef("resolution"), category=OuterRef("category")
    )
    waiting = asked.filter(
        ~Exists(there), ~Exists(stands), resolution__superseded_by__isnull=True, item__withheld=False
    )
    taxonomy = taxonomy_current(project)
    rows = []
    for relook in waiting:
        doubt = 1 - relook.probability if relook.present else relook.probability
        rows.append(
            Suspect(
                project=project,
                run=run,
                item_id=relook.item_id,
                resolution_id=relook.resolution_id,
                category=relook.category,
                present=relook.present,
                doubt=doubt,
                rank=doubt * (1 + taxonomy.severity_of([relook.category])),
                probability=relook.probability if relook.unseen else None,
                duplicates=0,
                duplicates_against=0,
                pages=0,
                pages_against=0,
            )
        )
    Suspect.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
