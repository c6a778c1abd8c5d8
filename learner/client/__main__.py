"""`crossguard verify DIR`: is this snapshot what was frozen? Also `python -m learner.client verify DIR`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from learner.client import exporting
from learner.client.manifest import public_key
from learner.client.verify import findings_of


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 when all is right, 1 when something is not, 2 when it could not be asked."""
    parser = argparse.ArgumentParser(prog="crossguard", description="Crossguard from the command line.")
    commands = parser.add_subparsers(dest="command", required=True)
    verify = commands.add_parser("verify", help="check the files of a snapshot against its manifest")
    verify.add_argument("dir", type=Path, help="the directory with manifest.json")
    verify.add_argument("--key", default="", help="the installation's public key, base64")
    exporting.command_add(commands)
    given = parser.parse_args(arguments)
    if given.command == exporting.COMMAND:
        return exporting.export_run(given)
    if not given.dir.is_dir():
        parser.error(f"{given.dir} is not a directory")
    if given.key:
        try:
            public_key(given.key)
        except ValueError as error:
            parser.error(f"--key: {error}")
    return _verify(given.dir, given.key)


def _verify(folder: Path, key: str) -> int:
    findings = findings_of(folder, key)
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return 0 if all(finding.is_good for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
