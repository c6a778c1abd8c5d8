"""What may be written on the line of the command."""

import argparse
from pathlib import Path
from typing import Any, Final

from learner.client.pulling import FORMATS

STATUSES: Final = """\
exit status: 0 done; 1 done, and something is not right (a file, a refused row, a failed run); 2 used wrongly;
  3 no token, or it may not; 4 not found; 5 refused by the server; 6 server not reachable; 7 cannot be written here;
  130 stopped by Ctrl-C.
environment: CROSSGUARD_SERVER and CROSSGUARD_TOKEN win over what `crossguard login` stored.
"""
EXAMPLES: Final = """\
examples:
  crossguard login --server https://crossguard.example
  crossguard pull pilot@1.4 data/pilot-1.4          # again after a break: it goes on
  crossguard diff pilot@1.3 pilot@latest --markdown
  crossguard ingest pilot pages.csv more.warc.gz
  crossguard judgments pilot --label games --since 2026-01-01 > games.ndjson

"""
SNAPSHOT: Final = "PROJECT@VERSION: a number (pilot@7), pilot@1.4.0, pilot@1.4, pilot@latest"


def parser_made() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    parser = argparse.ArgumentParser(
        prog="crossguard",
        description="Crossguard from the command line: snapshots, ingests, judgments and items over its API.",
        epilog=EXAMPLES + STATUSES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _of_logins(commands)
    _of_snapshots(commands)
    _of_ingests(commands)
    _of_rows(commands)
    _of_classifiers(commands)
    return parser


def _of_logins(commands: Any) -> None:
    login = commands.add_parser("login", help="check an API token and keep it for the next commands")
    login.add_argument("--server", help="the address of the server; else the last one")
    commands.add_parser("logout", help="forget the token here; it stays valid until you revoke it")
    _json(commands.add_parser("projects", help="your projects, with your role in each"))


def _of_snapshots(commands: Any) -> None:
    snapshots = commands.add_parser("snapshots", help="the snapshots of a project, newest first")
    snapshots.add_argument("project")
    _json(snapshots)
    pull = commands.add_parser(
        "pull",
        help="bring the files of a snapshot into a directory, and check each hash",
        description="Goes on where it was broken off; what is there and right is not fetched again.",
    )
    pull.add_argument("snapshot", help=SNAPSHOT)
    pull.add_argument("dir", type=Path, help="a new directory, or one in which this was begun")
    pull.add_argument(
        "--only", action="append", metavar="PATTERN", help="files of this name, as items*; again for more"
    )
    pull.add_argument(
        "--format", action="append", choices=FORMATS, help="tables in this format alone; again for more"
    )
    diff = commands.add_parser("diff", help="what differs from one snapshot to another")
    diff.add_argument("before", help=SNAPSHOT)
    diff.add_argument("after", help=SNAPSHOT)
    form = diff.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="as Markdown: the default")
    form.add_argument("--json", action="store_true", help="as the API tells it")
    _of_choice(commands)
    verify = commands.add_parser(
        "verify", help="check the files of a snapshot against its manifest; asks no server"
    )
    verify.add_argument("dir", type=Path, help="the directory with manifest.json")
    verify.add_argument("--key", default="", help="the installation's public key, base64")


def _of_choice(commands: Any) -> None:
    taken = commands.add_parser(
        "snapshot",
        help="take a snapshot, and wait for it",
        description="Without filters it holds every resolved item. Each may be given several times.",
    )
    taken.add_argument("project")
    for flag, name, words in (
        ("--method", "methods", "items that were resolved like this"),
        ("--category", "categories", "items with this category"),
        ("--stream", "streams", "items that this stream served first"),
        ("--source", "sources", "items of this source"),
        ("--format", "formats", "files of this format beside Parquet: csv, jsonl"),
    ):
        taken.add_argument(flag, dest=name, action="append", metavar=name[:-1].upper(), help=words)
    taken.add_argument("--min-judgments", type=int, metavar="N", help="that the labels rest on")
    taken.add_argument(
        "--from", dest="resolved_from", metavar="DAY", help="resolved on this day or later (UTC)"
    )
    taken.add_argument(
        "--until", dest="resolved_until", metavar="DAY", help="resolved on this day or earlier (UTC)"
    )
    taken.add_argument("--as-of", metavar="MOMENT", help="the project as it was then: 2026-07-01T00:00:00Z")
    taken.add_argument("--pseudonyms", choices=("stable", "snapshot"), help="how long annotators keep a name")
    taken.add_argument("--no-wait", action="store_true", help="start it and return")
    _json(taken)


def _of_ingests(commands: Any) -> None:
    ingest = commands.add_parser(
        "ingest", help="hand files in, wait, and say which rows were refused and why"
    )
    ingest.add_argument("project")
    ingest.add_argument("files", type=Path, nargs="+", metavar="FILE")
    ingest.add_argument("--format", help="overrules the file's name: csv, tsv, jsonl, parquet, warc, lists")
    _json(ingest)


def _of_classifiers(commands: Any) -> None:
    exported = commands.add_parser(
        "export-classifier", help="fetch a classifier version that scores without Crossguard"
    )
    exported.add_argument("project")
    exported.add_argument("number", type=int, help="of the classifier version")
    exported.add_argument("dir", type=Path, help="an empty or new directory")


def _of_rows(commands: Any) -> None:
    judgments = _stream(commands, "judgments")
    judgments.add_argument("--item", type=int)
    judgments.add_argument("--label", metavar="CATEGORY", help="that name this category")
    judgments.add_argument("--annotator", help="by user name for leads, by pseudonym for scientists")
    judgments.add_argument(
        "--history", action="store_const", const="true", help="also what was changed or undone later"
    )
    items = _stream(commands, "items")
    items.add_argument("--text", help="part of the address or the title")
    items.add_argument("--domain", help="the registrable domain")
    items.add_argument("--category", help="held to show this category")
    items.add_argument("--method", help="resolved like this")
    items.add_argument("--resolved", choices=("true", "false"))
    items.add_argument("--changed-since", metavar="MOMENT", help="new, seen again, erased or resolved since")


def _stream(commands: Any, name: str) -> argparse.ArgumentParser:
    listed: argparse.ArgumentParser = commands.add_parser(
        name,
        help=f"the {name} of a project, a line of JSON for each, oldest first",
        description="A stream that was cut goes on by itself; exit status 0 says that it is whole.",
    )
    listed.add_argument("project")
    listed.add_argument("--verdict")
    listed.add_argument("--stream", help="why the page was served")
    listed.add_argument("--split", choices=("train", "holdout"))
    listed.add_argument("--source", help="as the ingest named it; empty for none")
    listed.add_argument("--since", metavar="DAY", help="UTC, that day included")
    listed.add_argument("--until", metavar="DAY", help="UTC, that day included")
    listed.add_argument(
        "--after", type=int, metavar="ID", help="the `after` of the last line of the pull before"
    )
    listed.add_argument("--fields", metavar="A,B", help="these fields alone (and the id)")
    listed.add_argument("--end", action="store_true", help="also the last line, with `count` and `after`")
    return listed


def _json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="as JSON, for programs")
