"""How fast annotators are served: the real system over HTTP, by API and as the labelling page asks, no time to think.

    python benchmarks/annotators.py --items 100000 --annotators 1,8,32 --overlap 1,3 --seconds 30 --json OUT

Starts `manage.py up` in a home of its own. In each cell the same number of annotators works by API, then as the page
does, then in bare psycopg against the same tables; what each cost the server is read from /proc.
"""

import argparse
import json
import os
import platform
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import annotators_report  # noqa: E402
from benchmarks.bare import BareSeat, SameSeat  # noqa: E402
from benchmarks.cpu import Cpu, cpu_look  # noqa: E402
from benchmarks.load import Load, load_run  # noqa: E402
from benchmarks.seats import ApiSeat, PageSeat  # noqa: E402
from benchmarks.system import System, system  # noqa: E402
from benchmarks.work import Desk, Seat  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.ground import Ground

WARM_SECONDS = 3.0
WAYS = ("api", "page", "bare", "same")
NEVER = 86_400.0
"""Seconds between ticks while only the seat is measured."""


def main() -> int:
    """Measure every cell, print it; the exit code is 1 when a promise was broken."""
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the system is stopped then too
    tick = options.tick or NEVER
    with system(keep=options.keep, settings={"CROSSGUARD_TICK_SECONDS": str(tick)}) as running:
        result = _measured(running, options)
    annotators_report.goals(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return int(any(cell[name] for cell in result["cells"] for name in annotators_report.PROMISES))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000, help="in one open batch")
    parser.add_argument("--annotators", type=_numbers, default=[1, 8, 32], help="how many at once: 1,8,32")
    parser.add_argument("--overlap", type=_numbers, default=[1, 3], help="places an item: 1,3")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured in each cell, after a warm-up")
    parser.add_argument("--ways", type=_ways, default=list(WAYS), help="of api,page,bare,same")
    parser.add_argument(
        "--tick", type=float, help="let the loop work too, with so many seconds between ticks"
    )
    parser.add_argument("--keep", action="store_true", help="leave the system's home behind")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _ways(text: str) -> list[str]:
    ways = text.split(",")
    if unknown := [way for way in ways if way not in WAYS]:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)!r} is no way: choose of {','.join(WAYS)}")
    return ways


def _measured(running: System, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks import ground

    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ground.versions(),
        "load_average_before": os.getloadavg()[0],
        "options": {name: str(value) for name, value in vars(options).items()},
        "loop": f"a tick every {options.tick} s" if options.tick else "at rest",
        "cells": [],
    }
    annotators_report.heading(result)
    for overlap in options.overlap:
        for count in options.annotators:
            made = ground.ground_make(f"overlap-{overlap}-{count}", items=options.items, overlap=overlap)
            for way in options.ways:
                cell = _cell(running, options, made, way, count)
                result["cells"].append(cell)
                annotators_report.line(cell)
    return result


def _cell(
    running: System, options: argparse.Namespace, made: "Ground", way: str, count: int
) -> dict[str, Any]:
    from benchmarks import ground

    overlap = made.project.overlap
    seats = _seats(running, made, way, count)
    ground.tables_settle()
    load = load_run(
        seats, warm=WARM_SECONDS, seconds=options.seconds, look=lambda: cpu_look(running.supervisor)
    )
    # With the loop at work, people who disagree on an item bring it one more place.
    places = made.project.overlap_max if options.tick else overlap
    return {
        "way": way,
        "annotators": count,
        "overlap": overlap,
        "items": options.items,
        **_numbers_of(load, options.seconds),
        **ground.promises_broken(made, load.diaries, places=places),
    }


def _seats(running: System, made: "Ground", way: str, count: int) -> Sequence[Seat]:
    from annotator.runtime.embedded import Layout
    from benchmarks import ground

    people = ground.people_make(made.project, f"{made.project.slug}-{way}-{count}", count)
    address = urlsplit(running.address)
    desk = Desk(str(address.hostname), int(address.port or 0), made.project.slug, made.categories)
    if way == "api":
        return [ApiSeat(desk, person.pk, ground.token_of(person)) for person in people]
    if way == "page":
        return [PageSeat(desk, person.pk, ground.session_of(person)) for person in people]
    dsn = Layout(running.home).database_url()
    ids = (made.project.pk, made.taxonomy, made.guideline)
    if way == "bare":
        return [BareSeat(dsn, *ids, person.pk, made.categories) for person in people]
    statements = ground.turn_statements(made.project)
    return [SameSeat(dsn, *ids, person.pk, made.categories, **statements) for person in people]


def _numbers_of(load: Load, seconds: float) -> dict[str, Any]:
    before, after = load.around
    judgments = sum(diary.measured for diary in load.diaries)
    used = _used(before, after, load.sender_seconds)
    per_judgment = {name: round(used[name] / max(judgments, 1) * 1000, 3) for name in ("web", "postgres")}
    errors = [error for diary in load.diaries for error in diary.errors]
    return {
        "judgments": judgments,
        "judgments_per_second": round(judgments / seconds, 1),
        "cpu_ms_per_judgment": per_judgment,
        "cores_used": {name: round(value / seconds, 2) for name, value in used.items()},
        "submit_ms": annotators_report.quantiles([s for d in load.diaries for s in d.submit_seconds]),
        "claim_ms": annotators_report.quantiles([s for d in load.diaries for s in d.claim_seconds]),
        "page_ms": annotators_report.quantiles([s for d in load.diaries for s in d.page_seconds]),
        "acknowledged": sum(len(diary.acknowledged) for diary in load.diaries),
        "errors": len(errors),
        "first_errors": errors[:5],
        "nothing": sum(diary.nothing for diary in load.diaries),
    }


def _used(before: Cpu, after: Cpu, sender_seconds: float) -> dict[str, float]:
    """CPU seconds by part of Crossguard, of the senders, and of everything else on the machine."""
    parts = {name: after.parts[name] - before.parts.get(name, 0.0) for name in after.parts}
    parts["sender"] = sender_seconds
    return {**parts, "others": max(0.0, after.machine - before.machine - sum(parts.values()))}


if __name__ == "__main__":
    sys.exit(main())
