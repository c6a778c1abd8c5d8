"""A thin client of the public API: lists as iterators that follow their cursors, streams that go on after a cut."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Self
from urllib.parse import parse_qs, urlsplit

from learner.client.connection import PATH, Connection, Patience
from learner.client.errors import BrokeOff, NotFound, Refused
from learner.client.manifest import MANIFEST
from learner.client.shapes import End, Item, Judgment, Project, RefusedRow, Run, Snapshot, shaped
from learner.client.versions import snapshot_chosen

PAGE: Final = 1000
SNAPSHOT_FIELDS: Final = (
    "number,semantic,name,deprecated,created_at,sha256,content_sha256,n_items,n_judgments,size"
)
Progress = Callable[[Run], None]


class Crossguard:
    """One server, asked with one token.

    >>> with Crossguard("https://crossguard.example", token) as crossguard:  # doctest: +SKIP
    ...     for snapshot in crossguard.snapshots("pilot"):
    ...         print(snapshot.semantic, snapshot.n_items)
    """

    def __init__(self, server: str, token: str, *, patience: Patience | None = None) -> None:
        self.patience = patience or Patience()
        self.connection = Connection(server, token, self.patience)

    def __enter__(self) -> Self:
        """Itself; closes its connections at the end."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.connection.__exit__(kind, error, trace)

    def projects(self) -> list[Project]:
        """The projects of the token's owner, with the role there."""
        rows = self.connection.get(f"{PATH}projects/")
        return [shaped(Project, row["project"] | {"role": row["role"]}) for row in rows]

    def snapshots(self, project: str) -> Iterator[Snapshot]:
        """The snapshots of a project, newest first."""
        for row in self._pages(_of(project, "snapshots/"), {"fields": SNAPSHOT_FIELDS}):
            yield shaped(Snapshot, row)

    def snapshot(self, project: str, version: str = "latest") -> Snapshot:
        """The snapshot of this version: a number, `1.4.0`, `1.4` (its newest patch), or `latest` (not deprecated)."""
        return snapshot_chosen(self.snapshots(project), project, version)

    def manifest(self, project: str, number: int) -> bytes:
        """The manifest of a snapshot as it was frozen."""
        return self.connection.read(file_path(project, number, MANIFEST))

    def snapshot_start(self, project: str, choice: Mapping[str, Any] | None = None) -> Run:
        """Start to freeze a snapshot of this choice; see `wait`."""
        return shaped(Run, self.connection.post(_of(project, "snapshots/"), choice or {}))

    def differences(self, project: str, before: int, after: int) -> dict[str, Any]:
        """What differs from one snapshot to another, as the API tells it; waits while a worker compares large ones."""
        address = _of(project, f"snapshots/{before}/differences/{after}/")
        found: dict[str, Any] = self.connection.get(address)
        while "status" in found:
            if found["status"] == "failed":
                raise Refused(f"The snapshots could not be compared: {found['error']}")
            self.patience.sleep(1.0)
            found = self.connection.get(address)
        return found

    def bundle(self, project: str, number: int) -> bytes:
        """A classifier version as a bundle; see `learner.client.exporting`."""
        return self.connection.read(_of(project, f"classifiers/{number}/bundle/"))

    def ingest(self, project: str, path: Path, *, form: str | None = None) -> Run:
        """Hand a file in; see `wait`."""
        with ExitStack() as opened:

            def parts() -> dict[str, Any]:
                stream: IO[bytes] = opened.enter_context(path.open("rb"))
                return {"file": (path.name, stream)} | ({"format": (None, form)} if form else {})

            with self.connection.opened("POST", _of(project, "ingests/"), files=parts) as answer:
                answer.read()
                return shaped(Run, answer.json())

    def wait(self, run: Run, tell: Progress | None = None, *, every: float = 1.0) -> Run:
        """The run at its end, done or failed; `tell` hears how far it is."""
        while not run.is_over:
            if tell:
                tell(run)
            self.patience.sleep(every)
            run = shaped(Run, self.connection.get(run.status_url))
        return run

    def refused(self, run: Run) -> Iterator[RefusedRow]:
        """The rows of an ingest that were not taken in, in the order of the file."""
        for row in self._pages(f"{run.status_url}refused/", {}):
            yield shaped(RefusedRow, row)

    def judgments(self, project: str, **filters: Any) -> Iterator[Judgment]:
        """The judgments, oldest first; filters as the API names them."""
        for row in self.rows(project, "judgments", filters):
            if not isinstance(row, End):
                yield shaped(Judgment, row)

    def items(self, project: str, **filters: Any) -> Iterator[Item]:
        """The items, oldest first; filters as the API names them."""
        for row in self.rows(project, "items", filters):
            if not isinstance(row, End):
                yield shaped(Item, row)

    def rows(self, project: str, what: str, filters: Mapping[str, Any]) -> Iterator[dict[str, Any] | End]:
        """The rows of `judgments` or `items` as they come, and at last their `End`.

        A stream without its last line was cut off: it goes on after the last row that came, and raises BrokeOff
        when it does not get any further.
        """
        path, count, after, failed = _of(project, f"{what}/"), 0, filters.get("after") or 0, 0
        while True:
            try:
                for row in self._lines(path, {**filters, "format": "ndjson", "after": after}):
                    if "end" in row:
                        yield End(count, int(row["end"]["after"]))
                        return
                    count, after, failed = count + 1, row["id"], 0
                    yield row
            except BrokeOff:
                failed += 1
                if failed == self.patience.tries:
                    raise
                self.patience.wait(failed)

    def _lines(self, path: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        said = {name: value for name, value in parameters.items() if value is not None}
        with self.connection.opened("GET", path, params=said) as answer:
            for line in answer.iter_lines():
                try:
                    row = json.loads(line)
                except ValueError:
                    break  # cut within a line
                yield row
                if "end" in row:
                    return
        raise BrokeOff("The list broke off before its last line. Try again.")

    def _pages(self, path: str, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        answer = self.connection.get(path, {"page_size": PAGE, **parameters})
        yield from answer["results"]
        while answer["next"]:
            cursor = _cursor(answer["next"])
            answer = self.connection.get(path, {"page_size": PAGE, **parameters, "cursor": cursor})
            yield from answer["results"]


def file_path(project: str, number: int, name: str) -> str:
    """The address of one file of a snapshot on its server."""
    return _of(project, f"snapshots/{number}/files/{name}")


def _of(project: str, path: str) -> str:
    if not project or not all(letter.isalnum() or letter in "-_" for letter in project):
        raise NotFound(f'"{project}" cannot be the short name of a project.')
    return f"{PATH}projects/{project}/{path}"


def _cursor(address: str) -> str:
    """The cursor of the next page. Its address may be of another host, as a proxy has it: ours stays."""
    return parse_qs(urlsplit(address).query)["cursor"][0]
