"""Django's own checks: every migration is written, and a production instance would be safe."""

import os
import subprocess
import sys

import pytest
from django.core.management import call_command

from annotator.runtime.embedded import REPOSITORY

PRODUCTION = {"CROSSGUARD_HTTPS": "true", "CROSSGUARD_DEBUG": "false", "CROSSGUARD_BEHIND_PROXY": "true"}


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)


def test_deployment_check_is_clean_with_production_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")  # for Playwright alone

    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=REPOSITORY,
        env={**os.environ, **PRODUCTION},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
