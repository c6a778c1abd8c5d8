"""`manage.py tick`: what beat does every few seconds, once and by hand."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from learner.tick import tick_once


class Command(BaseCommand):
    help = "Look once at every project for what is due, and wake the workers. Beat does this by itself."

    def handle(self, *_: Any, **__: Any) -> None:
        if not tick_once():
            raise CommandError("Another tick is running now; it does the same. Try again in a moment.")
        self.stdout.write("Ticked. What was due is in each project's log.")
