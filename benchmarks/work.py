"""What every simulated annotator shares: the seconds that are measured, the diary, and the answers."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from benchmarks.wire import Answer, Wire

NOTHING_PAUSE_SECONDS = 0.05


@dataclass(frozen=True)
class Window:
    """The seconds that are measured, on the machine's monotonic clock. Work begins earlier, and stops at the end."""

    begin: float
    end: float

    @property
    def is_over(self) -> bool:
        """Whether it is time to stop."""
        return time.monotonic() >= self.end


@dataclass
class Diary:
    """What one annotator saw: seconds of each request within the window, and every acknowledged judgment."""

    annotator: int
    acknowledged: list[UUID] = field(default_factory=list)
    measured: int = 0
    claim_seconds: list[float] = field(default_factory=list)
    submit_seconds: list[float] = field(default_factory=list)
    page_seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    nothing: int = 0


class Seat(Protocol):
    """Somebody who works until the window is over; sent to a process of its own, so plain data."""

    def run(self, window: Window) -> Diary:
        """What happened."""


@dataclass(frozen=True)
class Desk:
    """Where to work, and what may be said there."""

    host: str
    port: int
    slug: str
    categories: Sequence[str]


@dataclass(frozen=True)
class Answering:
    """Draws answers: one category mostly, sometimes two or none."""

    draw: random.Random
    categories: Sequence[str]

    def client_id(self) -> UUID:
        """A new one."""
        return UUID(int=self.draw.getrandbits(128), version=4)

    def labels(self) -> list[str]:
        """Up to two categories."""
        return self.draw.sample(self.categories, self.draw.choices((0, 1, 2), (0.2, 0.6, 0.2))[0])


class Work:
    """What both ways share: the diary, and the clock."""

    def __init__(self, desk: Desk, annotator: int, window: Window, headers: dict[str, str]) -> None:
        self.window = window
        self.diary = Diary(annotator)
        self.wire = Wire(desk.host, desk.port, headers)
        self.answering = Answering(random.Random(annotator), desk.categories)
        self.turns = 0

    def run(self) -> Diary:
        """Take turns until the window is over; a broken connection is an error and not the end."""
        while not self.window.is_over:
            try:
                self.turn()
            except OSError as error:
                self.diary.errors.append(f"{type(error).__name__}: {error}")
                self.forget()
        self.wire.close()
        return self.diary

    def turn(self) -> None:
        """One judgment, or a try to get something to judge."""
        raise NotImplementedError

    def forget(self) -> None:
        """The connection broke: nothing is certain to be held."""
        raise NotImplementedError

    def timed(self, answer: Answer, seconds: list[float]) -> None:
        """Note how long it took."""
        if time.monotonic() - answer.seconds >= self.window.begin:
            seconds.append(answer.seconds)

    def accepted(self, client_id: UUID) -> None:
        """Note an acknowledged judgment."""
        self.diary.acknowledged.append(client_id)
        self.diary.measured += self.window.begin <= time.monotonic() <= self.window.end

    def refused(self, answer: Answer, what: str) -> None:
        """Note an answer that should not have come."""
        self.diary.errors.append(f"{what}: {answer.status} {answer.body[:200].decode(errors='replace')}")

    def rest(self) -> None:
        """There is nothing to judge."""
        self.diary.nothing += 1
        time.sleep(NOTHING_PAUSE_SECONDS)
