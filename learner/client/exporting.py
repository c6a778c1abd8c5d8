"""`crossguard export-classifier`: a classifier version as files that score elsewhere, fetched and checked."""

import argparse
import hashlib
import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

import httpx

COMMAND: Final = "export-classifier"
TOKEN: Final = "CROSSGUARD_TOKEN"  # noqa: S105 - the name of a variable
SECONDS: Final = 120.0


class NotExported(Exception):
    """The bundle could not be fetched or is not what was sent; the text is for people."""


def command_add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of `crossguard`."""
    parser = commands.add_parser(COMMAND, help="fetch a classifier version that scores without Crossguard")
    parser.add_argument("server", help="address of the installation, such as https://crossguard.example")
    parser.add_argument("project", help="short name of the project")
    parser.add_argument("number", type=int, help="number of the classifier version")
    parser.add_argument("dir", type=Path, help="an empty or new directory to write to")
    parser.set_defaults(run=export_run)


def export_run(given: argparse.Namespace) -> int:
    """The exit status: 0 when the files are written, 2 when they could not be fetched."""
    try:
        content = bundle_fetch(given.server, given.project, given.number, os.environ.get(TOKEN, ""))
        names = bundle_unpack(content, given.dir)
    except NotExported as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"{given.dir}: {', '.join(names)}\n")
    return 0


def bundle_fetch(server: str, project: str, number: int, token: str) -> bytes:
    """The bundle as the server sends it; raises NotExported with what it said."""
    if not token:
        raise NotExported(f"Set {TOKEN} to an API token of your account page.")
    address = f"{server.rstrip('/')}/api/v1/projects/{project}/classifiers/{number}/bundle/"
    try:
        answer = httpx.get(address, headers={"Authorization": f"Token {token}"}, timeout=SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotExported(f"{address} cannot be reached: {error}") from error
    if answer.status_code != httpx.codes.OK:
        raise NotExported(f"{address} answered {answer.status_code}: {_said(answer)}")
    return answer.content


def bundle_unpack(content: bytes, folder: Path) -> list[str]:
    """Write the files of a bundle once each has the hash that its manifest names; the names, sorted.

    Raises NotExported when one is missing, added or changed, or the directory holds something.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            written = {name: archive.read(name) for name in archive.namelist()}
        hashes: dict[str, str] = json.loads(written.pop("manifest.json"))["files"]
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise NotExported(f"What came is not a bundle: {error}") from error
    found = {name: hashlib.sha256(part).hexdigest() for name, part in written.items()}
    if found != hashes:
        raise NotExported("The files are not those of the manifest. Fetch them again.")
    if any("/" in name or "\\" in name or name.startswith(".") for name in written):
        raise NotExported("The bundle names files outside of its directory.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NotExported(f"{folder} is not an empty directory.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in written.items():
        (folder / name).write_bytes(part)
    return sorted(written)


def _said(answer: httpx.Response) -> str:
    try:
        body: Any = answer.json()
        return str(body["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
