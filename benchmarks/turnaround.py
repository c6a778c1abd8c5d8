"""How long the loop takes to turn: from one batch to the next, and from new labels to a classifier that chooses.

    python benchmarks/turnaround.py --items 100000,1000000 [--json turnaround.json]

For each size the real system is started (`manage.py up` in a temporary home: web, workers, beat and the tick). The
pages of the pool are made up (`pool_made.py`); their features are computed by the workers. Then:

- work: --annotators people claim and submit over HTTP, --think seconds on a page (0: as fast as they get answers),
  until --budget judgments are made, for each of --batches items a batch. Each time that somebody asked for a page and
  got none is counted, though the pool has pages: the goal is none. So is how many of the judgments were on pages that
  a query had chosen in time, and what the queries took meanwhile.
- learn: --labels items are resolved, a first classifier is trained, and then, --turns times, as many more are resolved
  as make a retrain due. Seconds from there to the first batch that the new version opened, phase by phase. The queue
  wants more all the time (its low-water mark is out of reach), so queries with the old version run meanwhile, and the
  new one has to wait for the one that is under way: the worst case. The goal is 10 s for 100,000 items and 30 s for
  1,000,000, by the median.

Resolutions are written by the benchmark; a page's labels are told by the words of its address, so there is something
to learn.
"""

import argparse
import json
import logging
import os
import platform
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cpu import cpu_look  # noqa: E402
from benchmarks.crowd import Annotator, Budget, Task  # noqa: E402
from benchmarks.system import System, system  # noqa: E402

OVERLAP: Final = 2
RETRAIN_AFTER: Final = 50
GOALS: Final = {100_000: 10.0, 1_000_000: 30.0}


def main() -> int:
    """Run, print the tables; the exit code is 1 when somebody waited or a goal was missed."""
    options = _options()
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each request
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    sizes = []
    for size in map(int, options.items.split(",")):
        with system(keep=options.keep) as running:
            sizes.append(_measured(running, size, options))
    if options.json:
        machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        named = {name: str(value) for name, value in vars(options).items()}
        options.json.write_text(json.dumps({"machine": machine, "options": named, "sizes": sizes}, indent=1))
    missed = any((row["seconds"] or 0) > GOALS.get(row["items"], float("inf")) for row in sizes)
    return int(missed or any(work["empty-handed"] for row in sizes for work in row["work"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", default="100000,1000000")
    parser.add_argument("--annotators", type=int, default=8)
    parser.add_argument("--think", type=float, default=0.0, help="mean seconds on a page")
    parser.add_argument("--budget", type=int, default=4000, help="judgments for each size of batch")
    parser.add_argument("--batches", default="60,500", help="items a batch; '' leaves work out")
    parser.add_argument("--labels", type=int, default=10_000, help="resolved before the first version")
    parser.add_argument("--turns", type=int, default=3, help="0 leaves learn out")
    parser.add_argument("--keep", action="store_true", help="leave the system's home behind")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


def _measured(running: System, size: int, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks import turnaround_ground as ground

    ground.connect(running.home)
    start = time.monotonic()
    made = ground.made(size, options.annotators, OVERLAP, RETRAIN_AFTER)
    filled, before = time.monotonic() - start, cpu_look(running.supervisor)
    ground.features_wait(size)
    featurised = time.monotonic() - start - filled
    used = {name: round(n - before.parts[name], 1) for name, n in cpu_look(running.supervisor).parts.items()}
    print(
        f"\n{size:,} items: rows {filled:.1f} s, features {featurised:.1f} s ({size / featurised:,.0f} a second; "
        f"processor: workers, tick and first batch {used['loop']:.1f} s, PostgreSQL {used['postgres']:.1f} s)"
    )
    batches = [int(batch) for batch in options.batches.split(",") if batch]
    work = [_worked(running, ground, made, batch, options) for batch in batches]
    found = {"items": size, "rows": filled, "features": featurised, "processor": used, "work": work}
    return found | (_learned(ground, made, size, options) if options.turns else {"seconds": None})


def _learned(ground: Any, made: Any, size: int, options: argparse.Namespace) -> dict[str, Any]:
    """From new labels to a batch of the classifier that learned them, turn by turn."""
    ground.labels_add(made, options.labels)
    first = ground.labels_learned()
    told = ", ".join(f"{name} {seconds:.2f}" for name, seconds in first.items())
    print(
        f"  a version that learns {options.labels:,} new labels: {sum(first.values()):.2f} s: {told}",
        flush=True,
    )
    ground.queue_hungry(made)
    turns = []
    for _ in range(options.turns):
        turns.append(turn := ground.turn(made, RETRAIN_AFTER))
        print(f"  v{turn['version']}: {_phases(turn)}")
    middle = {name: round(median(turn[name] for turn in turns), 2) for name in turns[0] if name != "version"}
    goal = f" (goal {GOALS[size]:.0f} s)" if size in GOALS else ""
    print(
        f"  from {RETRAIN_AFTER} new resolutions to a batch of the new version: {middle['seconds']:.1f} s{goal}; "
        f"medians: {_phases(middle)}"
    )
    return {"first version": first, "turns": turns, "seconds": middle["seconds"], "medians": middle}


def _worked(
    running: System, ground: Any, made: Any, batch: int, options: argparse.Namespace
) -> dict[str, Any]:
    """What people met who worked as fast as they could."""
    ground.batch_size_set(made, batch)
    task = Task(running.address, made.truth, made.categories, 0.05, options.think)
    budget = Budget(options.budget)
    people = [
        Annotator(task, token, budget, seed=batch * 100 + number)
        for number, token in enumerate(made.staff.tokens[1:])
    ]
    before, moment = ground.batches(), datetime.now(UTC)
    start = time.monotonic()
    for person in people:
        person.start()
    for person in people:
        person.join()
    seconds = time.monotonic() - start
    waits = [wait.seconds for person in people for wait in person.diary.waits]
    found = {
        "batch": batch,
        "judgments a second": round(options.budget / seconds, 1),
        "empty-handed": len(waits),
        "seconds without a page": round(sum(waits), 1),
        "longest": round(max(waits, default=0.0), 1),
        "surprises": [line for person in people for line in person.diary.surprises][:5],
        **ground.batches_since(before),
        **ground.judged_since(moment),
        "queries": ground.queries_since(moment),
    }
    print(
        f"  batches of {batch}: {found['judgments a second']} judgments a second by {len(people)} people; "
        f"{found['empty-handed']} times somebody got nothing, {found['seconds without a page']} s in all; "
        f"{found['chosen']} batches chosen, {found['fallback']} (of ten) by chance: "
        f"{found['percent chosen']} % of the judgments were on chosen pages; queries: {found['queries']}"
    )
    return found


def _phases(turn: dict[str, Any]) -> str:
    shown: Sequence[str] = [name for name in turn if name not in {"version", "seconds"}]
    return f"{turn['seconds']:.2f} s: " + ", ".join(f"{name} {turn[name]:.2f}" for name in shown)


if __name__ == "__main__":
    sys.exit(main())
