"""`manage.py erase PROJECT --site SITE --reason WHY --by NAME`: erase evidence of however many pages."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotator.accounts.models import User
from annotator.errors import CrossguardError
from annotator.pool.erasing import Wanted, evidence_erase
from annotator.projects.access import Can, project_for


class Command(BaseCommand):
    help = (
        "Erase title, text and further columns of one item or of all pages of a site, for ever. Address, hashes and "
        "what people said stay. Snapshots taken before keep their files: see docs/operator.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="short name of the project")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--item", type=int, help="number of the item")
        what.add_argument("--site", default="", help="the site, or an address on it")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--by", required=True, help="name of an admin of the project, who answers for it")

    def handle(self, *_: Any, **options: Any) -> None:
        by = User.objects.filter(username=options["by"]).first()
        if by is None:
            raise CommandError(f'There is no account "{options["by"]}".')
        try:
            access = project_for(by, options["project"], Can.CONFIGURE)
            wanted = Wanted(options["item"], options["site"])
            erasure = evidence_erase(access, wanted, reason=options["reason"], most=None)
        except CrossguardError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"Erased the evidence of {erasure.n_items:,} items")
