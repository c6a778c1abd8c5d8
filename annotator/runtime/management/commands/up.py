"""`manage.py up`: everything that Crossguard needs on one machine, in the foreground, until Ctrl-C."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from annotator.runtime.stack import Door, stack_run


class Command(BaseCommand):
    help = "Start the database, Redis, the web server, the workers and the tick; stop all of them on Ctrl-C."
    requires_system_checks = ()  # the web server and `migrate` make them, and each second counts here

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", default=8000, type=int, help="port to listen on")
        parser.add_argument("--demo", action="store_true", help="make the demo accounts and the demo project")

    def handle(self, *_args: Any, host: str, port: int, demo: bool, **_options: Any) -> None:
        named = [name for name in settings.ALLOWED_HOSTS if not name.startswith((".", "*"))]
        door = Door(host, port, *named[:1])
        stack_run(door, demo=demo, write=self._print)

    def _print(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
