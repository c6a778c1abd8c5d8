"""Keeps child processes: starts them, prefixes their output, starts the fallen again, stops them in order.

One thread does everything. The kernel sends a child its death signal when the *thread* that started it ends:
children are started from the main thread only.
"""

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import FrameType
from typing import IO

from annotator.errors import Unavailable
from annotator.runtime import embedded
from annotator.runtime.servers import Identity, guarded

POLL_SECONDS = 0.1
RESTARTS_MAX = 5
RESTART_WINDOW_SECONDS = 60.0
RESTART_PAUSE_SECONDS = 0.4
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked the supervisor to stop."""


@dataclass(frozen=True)
class Program:
    """What to run, and how to end it: each signal of `stop` with the seconds given to it, then SIGKILL.

    `death` is what the kernel sends it when the supervisor dies: it has to end a program that can no longer write
    its log, and Celery's cold shutdown fails there. The higher its `niceness`, the more it leaves to the others.
    """

    name: str
    command: list[str]
    stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 3.5), (signal.SIGQUIT, 1.5))
    death: signal.Signals = signal.SIGKILL
    identity: Identity = Identity.SELF
    niceness: int = 0


@dataclass(eq=False)
class Child:
    """A running program, with the part of its last line that has come so far."""

    program: Program
    process: subprocess.Popen[bytes]
    partial: bytes = b""

    @property
    def output(self) -> IO[bytes]:
        """The end of its stdout and stderr that we read."""
        assert self.process.stdout is not None
        return self.process.stdout


@dataclass
class Supervisor:
    """The children of this process.

    `environment` is what they see, `write` takes each finished line of theirs, `held` is a file descriptor
    that they all inherit (a lock on it is free only when the last of them has gone).
    """

    environment: Mapping[str, str]
    write: Callable[[str], None]
    held: int | None = None
    _children: list[Child] = field(default_factory=list)
    _restarts: dict[str, deque[float]] = field(default_factory=dict)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    _asked: bool = False
    _interrupts: bool = False

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and SIGHUP as a request to stop; call from the main thread."""
        for number in STOP_SIGNALS:
            # Under nohup the end of the terminal is nobody's wish to stop.
            if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._ask)

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """For work of this very process that may be left half-way: a request to stop ends it at once.

        Raises
        ------
        Stopped
            If somebody asks to stop meanwhile, or did before.
        """
        self._interrupts = True
        try:
            self._stop_if_asked()
            yield
        finally:
            self._interrupts = False
        self._stop_if_asked()

    def start(self, program: Program) -> Child:
        """Start `program`; it gets its death signal if this process ends in any way."""
        process = subprocess.Popen(
            guarded(program.command, death_signal=program.death, identity=program.identity),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=embedded.REPOSITORY,
            env=dict(self.environment),
            pass_fds=() if self.held is None else (self.held,),
            start_new_session=True,  # or Ctrl-C in the terminal would reach it too, and end it in no order
        )
        if program.niceness:
            own = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, process.pid, own + program.niceness)
        child = Child(program, process)
        os.set_blocking(child.output.fileno(), False)
        self._selector.register(child.output, selectors.EVENT_READ, child)
        self._children.append(child)
        return child

    def run(self, program: Program, *, seconds: float) -> None:
        """Run `program` to its end.

        Raises
        ------
        Unavailable
            If it fails, or takes longer than `seconds`.
        Stopped
            If somebody asked to stop meanwhile.
        """
        child = self.start(program)
        self.wait_until(lambda: child.process.poll() == 0, seconds=seconds, what=program.name)
        self._forget(child)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Return when `ready()` is true; while waiting, print what the children say.

        Raises
        ------
        Unavailable
            If a child fails, or `what` is not ready after `seconds`.
        Stopped
            If somebody asked to stop meanwhile.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self._pump()
            for child in self._children:
                if child.process.poll():
                    self._drain(child)
                    raise Unavailable(f"{_ending(child)} during the start: its own lines above say why.")
            self._stop_if_asked()
            if time.monotonic() > deadline:
                raise Unavailable(f"{what} was not ready after {seconds:.0f} s: the lines above say why.")

    def watch(self) -> None:
        """Keep all children running until somebody asks to stop.

        Raises
        ------
        Unavailable
            If one program ends again and again.
        """
        while not self._asked:
            self._pump()
            for child in list(self._children):
                if child.process.poll() is not None:
                    self._restart(child)

    def stop(self, *, keep: Collection[str] = ()) -> None:
        """End all programs but those of `keep`, together: their stop signals in turn, then SIGKILL."""
        children = [child for child in self._children if child.program.name not in keep]
        began = time.monotonic()
        sent = dict.fromkeys(map(id, children), 0)
        while children:
            for child in list(children):
                if child.process.poll() is not None:
                    self._forget(child)
                    children.remove(child)
                    continue
                due = _signals_due(child.program, time.monotonic() - began)
                for number in due[sent[id(child)] :]:
                    _send(child, number)
                sent[id(child)] = len(due)
            self._pump()

    def say(self, line: str) -> None:
        """Write a line; where that fails (the terminal is gone), nobody watches any more: ask to stop."""
        try:
            self.write(line)
        except OSError:
            self._asked = True

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self._asked = True
        if self._interrupts:
            self._interrupts = False  # a second Ctrl-C must not interrupt the stopping
            raise Stopped

    def _stop_if_asked(self) -> None:
        if self._asked:
            raise Stopped

    def _restart(self, child: Child) -> None:
        now = time.monotonic()
        self._drain(child)
        self._forget(child)
        recent = self._restarts.setdefault(child.program.name, deque(maxlen=RESTARTS_MAX))
        if len(recent) == RESTARTS_MAX and now - recent[0] < RESTART_WINDOW_SECONDS:
            raise Unavailable(f"{_ending(child)} for the {RESTARTS_MAX + 1}th time in a minute: stopping.")
        self.say(f"{_ending(child)}; starting it again.")
        # At once the first time, then ever later: what it needs may be on its way up, or on its way down.
        until = now + len(recent) * RESTART_PAUSE_SECONDS
        recent.append(now)
        while time.monotonic() < until and not self._asked:
            self._pump()
        self.start(child.program)

    def _forget(self, child: Child) -> None:
        self._drain(child)
        with contextlib.suppress(KeyError):
            self._selector.unregister(child.output)
        child.output.close()
        if child.partial:
            self._say_for(child, child.partial)
        self._children.remove(child)
        # What it started itself and left behind. Its process group keeps the number from being given again.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)

    def _pump(self) -> None:
        if not self._selector.get_map():
            time.sleep(POLL_SECONDS)
        for key, _events in self._selector.select(POLL_SECONDS):
            self._read(key.data)

    def _drain(self, child: Child) -> None:
        while not child.output.closed and self._read(child):
            pass

    def _read(self, child: Child) -> bool:
        # A file that is closed at its end leaves the selector, or it would be readable for ever.
        try:
            chunk = os.read(child.output.fileno(), 65536)
        except BlockingIOError:
            return False
        if not chunk:
            with contextlib.suppress(KeyError):
                self._selector.unregister(child.output)
            return False
        *lines, child.partial = (child.partial + chunk).split(b"\n")
        for line in lines:
            self._say_for(child, line)
        return True

    def _say_for(self, child: Child, line: bytes) -> None:
        self.say(f"{child.program.name:<11} | {line.decode(errors='replace')}")


def _signals_due(program: Program, elapsed: float) -> list[signal.Signals]:
    due, until = [], 0.0
    for number, seconds in program.stop:
        if elapsed >= until:
            due.append(number)
        until += seconds
    return due if elapsed < until else [*due, signal.SIGKILL]


def _send(child: Child, number: signal.Signals) -> None:
    if number is signal.SIGKILL:
        os.killpg(child.process.pid, number)
    else:
        child.process.send_signal(number)


def _ending(child: Child) -> str:
    status = child.process.returncode
    how = f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
    return f"{child.program.name} {how}"
