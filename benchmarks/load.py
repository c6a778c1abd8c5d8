"""Seats in threads of a few processes, all at work in the same seconds; and what that cost the sender."""

import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.work import Diary, Seat, Window

PROCESSES_MAX = 4
HEAD_START_SECONDS = 0.5


@dataclass(frozen=True)
class Load:
    """What the seats saw, what was measured around them, and the CPU seconds of the senders."""

    diaries: list[Diary]
    around: tuple[Any, Any]
    sender_seconds: float


@dataclass(frozen=True)
class _Told:
    diaries: list[Diary]
    cpu_seconds: float


def load_run(seats: Sequence[Seat], *, warm: float, seconds: float, look: Callable[[], Any]) -> Load:
    """Let the seats work; `look` is called where the window begins and where it ends.

    The seats are warm before the window begins. Each process gets its share of them, one thread a seat.
    """
    context = multiprocessing.get_context("spawn")
    n_processes = min(PROCESSES_MAX, len(seats))
    pipes, processes = [], []
    for number in range(n_processes):
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs, list(seats[number::n_processes])), daemon=True)
        process.start()
        theirs.close()  # or the end of the process would not end our waiting for it
        pipes.append(ours)
        processes.append(process)
    for pipe in pipes:
        pipe.recv()  # it has imported what it needs
    begin = time.monotonic() + HEAD_START_SECONDS + warm
    window = Window(begin, begin + seconds)
    for pipe in pipes:
        pipe.send(window)
    _sleep_until(window.begin)
    before = look()
    _sleep_until(window.end)
    after = look()
    told: list[_Told] = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    diaries = [diary for one in told for diary in one.diaries]
    return Load(diaries, (before, after), sum(one.cpu_seconds for one in told))


def _work(pipe: Connection, seats: list[Seat]) -> None:
    pipe.send("ready")
    window: Window = pipe.recv()
    with ThreadPoolExecutor(len(seats)) as threads:
        running = [threads.submit(seat.run, window) for seat in seats]
        _sleep_until(window.begin)
        before = _cpu()
        _sleep_until(window.end)
        cpu_seconds = _cpu() - before
        pipe.send(_Told([one.result() for one in running], cpu_seconds))


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))
