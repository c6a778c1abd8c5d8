"""Simulated annotators and a lead who use the API of a running Crossguard, each in a thread of its own."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx
import numpy as np

SLUG = "loop"
ASK_AGAIN_SECONDS = 0.25
LEAD_PAUSE_SECONDS = 1.0
REPLAYED = 0.02
"""Share of submits that are sent twice, as by a double click or a lost answer."""
Truth = Mapping[int, Sequence[str]]
"""The file's labels of each item, by its id."""


@dataclass(frozen=True)
class Task:
    """What everybody works on: where, what is true of the items, and how wrong annotators are."""

    address: str
    truth: Truth
    categories: Sequence[str]
    noise: float
    think_seconds: float


class Budget:
    """Judgments that may still be made by all together."""

    def __init__(self, judgments: int) -> None:
        self._left = judgments
        self._guard = threading.Lock()

    def take(self) -> bool:
        """Whether one was left; it is the caller's now."""
        with self._guard:
            self._left -= 1
            return self._left >= 0


@dataclass(frozen=True)
class Wait:
    """Seconds in which an annotator had nothing to do, and when that ended."""

    ended_at: datetime
    seconds: float


@dataclass
class Diary:
    """What happened to one annotator: acknowledged judgments, answers that were not expected, and seconds."""

    acknowledged: list[UUID] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    claim_seconds: list[float] = field(default_factory=list)
    submit_seconds: list[float] = field(default_factory=list)


class Annotator(threading.Thread):
    """Claims, thinks and submits until the budget is used up."""

    def __init__(self, task: Task, token: str, budget: Budget, *, seed: int) -> None:
        super().__init__(daemon=True)
        self.diary = Diary()
        self._task = task
        self._budget = budget
        self._rng = np.random.default_rng(seed)
        self._client = _client(task.address, token)

    def run(self) -> None:
        """Work until the budget is used up."""
        while self._budget.take():
            self._judge(self._claim())

    def _claim(self) -> dict[str, Any]:
        """The next place; time in which there was none goes to the diary."""
        waiting_since = None
        while True:
            start = time.monotonic()
            response = self._client.post("queue/claim/", json={})
            self.diary.claim_seconds.append(time.monotonic() - start)
            if response.status_code == HTTPStatus.OK:
                if waiting_since is not None:
                    self.diary.waits.append(Wait(datetime.now(UTC), time.monotonic() - waiting_since))
                claimed: dict[str, Any] = response.json()
                return claimed
            if response.status_code != HTTPStatus.NO_CONTENT:
                self.diary.surprises.append(f"claim: {response.status_code} {response.text[:200]}")
            waiting_since = waiting_since or start
            time.sleep(ASK_AGAIN_SECONDS)

    def _judge(self, claimed: Mapping[str, Any]) -> None:
        seconds = self._task.think_seconds * self._rng.uniform(0.5, 1.5)
        time.sleep(seconds)
        client_id = UUID(bytes=self._rng.bytes(16), version=4)
        answer = {
            "client_id": str(client_id),
            "labels": self._answer(self._task.truth[claimed["item"]["id"]]),
            "seconds": round(seconds, 1),
        }
        expected = [HTTPStatus.CREATED] + [HTTPStatus.OK] * (self._rng.random() < REPLAYED)
        for status in expected:
            start = time.monotonic()
            response = self._client.post(f"assignments/{claimed['assignment']}/judgment/", json=answer)
            self.diary.submit_seconds.append(time.monotonic() - start)
            if response.status_code != status:
                self.diary.surprises.append(f"submit: {response.status_code} {response.text[:200]}")
            elif status == HTTPStatus.CREATED:
                self.diary.acknowledged.append(client_id)

    def _answer(self, labels: Sequence[str]) -> list[str]:
        """The true labels; with the probability `noise` one is dropped or one is added, as likely where both can be."""
        said = set(labels)
        if self._rng.random() < self._task.noise:
            others = sorted(set(self._task.categories) - said)
            if said and (not others or self._rng.random() < 0.5):
                said.remove(str(self._rng.choice(sorted(said))))
            elif others:
                said.add(str(self._rng.choice(others)))
        return sorted(said)


class Lead(threading.Thread):
    """Resolves disagreements by the file's labels until told to stop; `finish` returns when none is left."""

    def __init__(self, task: Task, token: str) -> None:
        super().__init__(daemon=True)
        self.decided = 0
        self.overtaken = 0
        self.surprises: list[str] = []
        self._task = task
        self._client = _client(task.address, token)
        self._stop_asked = threading.Event()

    def run(self) -> None:
        """Look at the list every second."""
        while not self._stop_asked.wait(LEAD_PAUSE_SECONDS):
            self.work()

    def finish(self) -> None:
        """End the thread."""
        self._stop_asked.set()
        self.join()

    def work(self) -> None:
        """Resolve what is on the first page of the list."""
        for row in self._client.get("disagreements/").json()["results"]:
            seen = self._client.get(f"disagreements/{row['id']}/").json()
            decision = {
                "item": row["item"],
                "labels": list(self._task.truth[row["item"]]),
                "reason": "The file's labels.",
                "based_on": seen["based_on"],
            }
            response = self._client.post("resolutions/", json=decision)
            if response.status_code == HTTPStatus.CREATED:
                self.decided += 1
            elif response.status_code == HTTPStatus.CONFLICT:
                self.overtaken += 1  # a judgment came in between; the next look has it
            else:
                self.surprises.append(f"resolve: {response.status_code} {response.text[:200]}")


def file_taken_in(address: str, token: str, name: str, content: bytes) -> dict[str, Any]:
    """The finished ingest of a file handed in by API."""
    client = _client(address, token)
    response = client.post("ingests/", files={"file": (name, content)}, timeout=600)
    if response.status_code != HTTPStatus.ACCEPTED:
        raise SystemExit(f"The file was refused: {response.text}")
    ingest: dict[str, Any] = response.json()
    while ingest["status"] in {"pending", "running"}:
        time.sleep(ASK_AGAIN_SECONDS)
        ingest = client.get(f"ingests/{ingest['id']}/").json()
    if ingest["status"] != "done":
        raise SystemExit(f"The ingest failed: {ingest['error']}")
    return ingest


def _client(address: str, token: str) -> httpx.Client:
    return httpx.Client(
        base_url=f"{address}/api/v1/projects/{SLUG}/",
        headers={"Authorization": f"Token {token}"},
        timeout=60,
    )
