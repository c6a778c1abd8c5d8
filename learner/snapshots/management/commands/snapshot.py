"""`manage.py snapshot PROJECT --out DIR`: freeze the project, or hand out its newest snapshot when nothing changed."""

import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.errors import CrossguardError
from annotator.projects.models import Project
from learner.snapshots.files import file_open, names_of
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.services import snapshot_run_execute, snapshot_run_start


class Command(BaseCommand):
    help = "Freeze the resolved items of a project as Parquet with a data card."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="short name of the project")
        parser.add_argument("--out", type=Path, required=True, help="a new or empty directory")

    def handle(self, *_: Any, **options: Any) -> None:
        out: Path = options["out"]
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f'There is no project "{options["project"]}".')
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise CommandError(f"{out} is not an empty directory. Name a new one: nothing is overwritten.")
        try:
            snapshot = _take(project)
            out.mkdir(parents=True, exist_ok=True)
            for name in names_of(snapshot):
                with file_open(snapshot, name) as source, (out / name).open("wb") as target:
                    shutil.copyfileobj(source, target)
        except CrossguardError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{snapshot}: {snapshot.n_items} items, {snapshot.n_judgments} judgments, in {out}")


def _take(project: Project) -> Snapshot:
    run = snapshot_run_start(project, by=None)
    snapshot_run_execute(run.pk)
    run = SnapshotRun.objects.select_related("snapshot").get(pk=run.pk)
    if run.is_active:
        raise CommandError(
            "A worker is freezing a snapshot of this project right now. Try again when it is done."
        )
    if run.snapshot is None:
        raise CommandError(run.error)
    return run.snapshot
