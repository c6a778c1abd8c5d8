"""`manage.py ingest PROJECT FILE`: take a file in, here and now."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.errors import CrossguardError
from annotator.pool.lists import names_read
from annotator.pool.models import Ingest
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.models import Project
from annotator.runs import RunStatus

WAIT_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Take the rows of a CSV, TSV, JSON Lines, Parquet or WARC file, also gzipped, or of an archive of lists, "
        "into a project. "
        "The same file twice adds nothing; after an interruption the same command goes on where it stopped. "
        "Exit code 0: taken in (refused rows are counted); 1: the file was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="short name of the project")
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", choices=Ingest.Format.values, help="overrules the name of the file")
        parser.add_argument(
            "--names", type=Path, help="what the lists of an archive are: lines of list,category"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        project = Project.objects.filter(slug=options["project"]).first()
        if project is None:
            raise CommandError(f'There is no project "{options["project"]}".')
        ingest = self._follow(self._create(project, options["file"], options))
        if ingest.status == RunStatus.FAILED:
            raise CommandError(ingest.error)
        self.stdout.write(
            f"{ingest.filename}: {ingest.rows_read:,} rows read, {ingest.rows_added:,} added, "
            f"{ingest.rows_known:,} known already, {ingest.rows_refused:,} refused"
        )

    def _create(self, project: Project, file: Path, options: dict[str, Any]) -> Ingest:
        try:
            with file.open("rb") as stream:
                upload = Upload(file.name, stream, options["format"], self._names(options["names"]))
                return ingest_create(project, upload, by=None)
        except OSError as error:
            raise CommandError(f"{error.filename} cannot be read: {error.strerror}.") from error
        except CrossguardError as error:
            raise CommandError(error.message) from error

    def _names(self, file: Path | None) -> dict[str, str]:
        if file is None:
            return {}
        return names_read(file.read_text("utf-8-sig", "replace").splitlines(), file.name)

    def _follow(self, ingest: Ingest) -> Ingest:
        # A worker may have claimed it first, or have died holding it: then this command waits, and takes over.
        while ingest.is_active:
            if ingest_run(ingest.pk, on_progress=self._show) is None:
                time.sleep(WAIT_SECONDS)
            ingest.refresh_from_db()
            self._show(ingest)
        self.stderr.write("")
        return ingest

    def _show(self, ingest: Ingest) -> None:
        of = f" of {ingest.total:,}" if ingest.total else ""
        self.stderr.write(
            f"\r{ingest.get_status_display()}: {ingest.stage} {ingest.done:,}{of}   ", ending=""
        )
        self.stderr.flush()
