"""CPU seconds that each part of a running Crossguard has used, from /proc; and those of the whole machine."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PARTS = {"gunicorn": "web", "postgres": "postgres", "valkey": "redis", "redis": "redis", "celery": "loop"}
BUSY = (0, 1, 2, 5, 6, 7)  # user, nice, system, irq, softirq, steal in the first line of /proc/stat


@dataclass(frozen=True)
class Cpu:
    """Seconds so far, by part of Crossguard; and of all cores together, whoever used them."""

    parts: Mapping[str, float]
    machine: float


def cpu_look(supervisor: int) -> Cpu:
    """What the children of the process `supervisor`, and theirs, have used until now; those that ended too."""
    names = (path.name for path in Path("/proc").iterdir())
    processes = {pid: found for pid in map(int, filter(str.isdigit, names)) if (found := _stat(pid))}
    parts: dict[str, float] = {}
    for pid, (parent, _) in processes.items():
        if parent == supervisor and (name := _part(pid)):
            seconds = sum(processes[one][1] for one in _tree(pid, processes))
            parts[name] = parts.get(name, 0.0) + seconds
    first = Path("/proc/stat").read_text().partition("\n")[0].split()[1:]
    return Cpu(parts, sum(int(first[index]) for index in BUSY) / TICKS)


def tree_seconds(pids: Iterable[int]) -> float:
    """What these processes and all below them have used until now; those that ended are left out."""
    names = (path.name for path in Path("/proc").iterdir())
    processes = {pid: found for pid in map(int, filter(str.isdigit, names)) if (found := _stat(pid))}
    trees = {one for pid in pids if pid in processes for one in _tree(pid, processes)}
    return sum(processes[pid][1] for pid in trees)


def _stat(pid: int) -> tuple[int, float] | None:
    """The parent, and the seconds of the process and of its children that ended; None when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15])) / TICKS


def _part(pid: int) -> str:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    words = {Path(word).name for word in command[:6]}
    return next((name for word, name in PARTS.items() if any(one.startswith(word) for one in words)), "")


def _tree(pid: int, processes: Mapping[int, tuple[int, float]]) -> list[int]:
    children = [child for child, (parent, _) in processes.items() if parent == pid]
    return [pid, *(one for child in children for one in _tree(child, processes))]
