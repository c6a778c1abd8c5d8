"""`manage.py demo`: accounts, a project and a little history, so that no page of a first visit is empty."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.accounts.models import User
from annotator.errors import CrossguardError
from learner.demo.corpus import PAGES
from learner.demo.logins import FILENAME
from learner.demo.services import accounts_ensure, project_exists, snapshot_exists

FEWEST_PAGES = 400  # four batches and a pool to choose from


class Command(BaseCommand):
    help = (
        "Make the demo accounts and the demo project; does nothing when they are there. "
        f"The passwords are in {FILENAME} in CROSSGUARD_HOME."
    )
    requires_system_checks = ()  # `manage.py up` runs this, and each second counts there

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--pages", type=int, default=PAGES, help=f"pages of the corpus, at least {FEWEST_PAGES}"
        )

        parser.add_argument(
            "--check", action="store_true", help="only say whether the demo is made or missing"
        )

    def handle(self, *_: Any, pages: int, check: bool, **_options: Any) -> str | None:
        logins = settings.CROSSGUARD_HOME / FILENAME
        if check:
            return "made" if logins.exists() and project_exists() and snapshot_exists() else "missing"
        if pages < FEWEST_PAGES:
            raise CommandError(f"--pages {pages} is too few for a history. Ask for at least {FEWEST_PAGES}.")
        try:
            users = accounts_ensure(logins)
            if not (project_exists() and snapshot_exists()):
                self._make(users, pages)
        except CrossguardError as error:
            raise CommandError(error.message) from error
        return None

    def _make(self, users: dict[str, User], pages: int) -> None:
        from learner.demo.history import project_make, snapshot_make  # noqa: PLC0415 - a second, rarely needed

        start = time.monotonic()

        def say(text: str) -> None:
            self.stdout.write(f"demo after {time.monotonic() - start:4.1f} s: {text}")
            self.stdout.flush()

        project_make(users, pages, say)
        if not snapshot_exists():
            snapshot_make(users)
        say("the project is ready")
