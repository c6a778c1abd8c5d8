#!/usr/bin/env python
"""The command line of Crossguard: `manage.py up` starts everything, `manage.py help` lists the rest."""

import os
import sys

from django.core.management import execute_from_command_line
from django.db import OperationalError

from annotator.errors import CrossguardError
from annotator.runtime import embedded


def main() -> None:
    """Run one command; what a person can mend ends in one line, not in a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    try:
        execute_from_command_line(sys.argv)
    except CrossguardError as error:
        sys.exit(f"Error: {error.message}")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None):  # it did answer, so this is a fault of ours
            raise
        sys.exit(f"Error: {embedded.database_silent(str(error).splitlines()[0]).message}")


if __name__ == "__main__":
    main()
