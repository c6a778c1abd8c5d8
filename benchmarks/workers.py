"""One query by 1, 2 and 4 Celery workers: how much faster more of them are, and what the death of one costs.

    python benchmarks/workers.py --items 1000000 --dir /var/tmp [--json workers.json]
    python benchmarks/workers.py --items 10000000 --dir /var/tmp --json OUT

Real: PostgreSQL, Valkey, a row for each item, shards in the product's storage, beat, the tick, and worker processes
that take the shards of the product's own query run (decision 129) and open a batch of 500. Made up: the items, written
by the database itself (`pool_made.py`), their features (drawn as in `query_round.py`: computing those of ten million
addresses takes ten minutes and more), and the classifier, whose weights are random. The project is paused, so that
nothing but the queries runs.

After one turn to warm up, --repeats turns for each number of workers, of which the fastest counts: seconds from the
start of the run to its end, processor seconds of all workers, and the batch. Then, with the most workers (at least
two), one of them is killed (SIGKILL, with its children) once a third of the shards are scored: first one that helps,
then the one that has the run. The batch has to be the same each time: otherwise the exit code is 1. It is put back
after each turn.

Ten million items take about 11 GB in --dir, and half an hour on a quiet machine; the space is checked first.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cpu import tree_seconds  # noqa: E402
from benchmarks.services import Crew, crew, services  # noqa: E402

BYTES_AN_ITEM: Final = 1_100  # shard, row, indexes, and the database's log
SPARE_BYTES: Final = 2**31
COLUMNS: Final = 66
BATCH: Final = 500
SEED: Final = 20_260_101
KILL_AFTER: Final = 1 / 3
QUERY_SECONDS_MAX: Final = 1_800.0


def main() -> int:
    """Make, measure, print and write; the exit code is 1 when two turns chose different batches."""
    options = _options()
    needed, free = options.items * BYTES_AN_ITEM + SPARE_BYTES, shutil.disk_usage(options.dir).free
    if free < needed:
        raise SystemExit(
            f"{options.items:,} items take {needed / 1e9:.1f} GB in {options.dir}, and {free / 1e9:.1f} GB are free."
        )
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {options.items:,} items"
    )
    with services(options.dir) as layout:
        result = _measured(layout.root, options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    return int(not result["one batch"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def _measured(home: Path, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks import workers_ground as ground

    made = ground.made(options.items, COLUMNS, BATCH, SEED)
    print(", ".join(f"{name} {value:,.1f}" for name, value in made.facts.items()))
    turns = []
    counts = [int(count) for count in options.workers.split(",")]
    for count in counts:
        with crew(home, count, queues="interactive") as workers:
            _turn(ground, made, workers, "warm")
            turns += [_turn(ground, made, workers, "measured") for _ in range(options.repeats)]
    for kill in (_helper, _holder) if max(counts) > 1 else ():
        with crew(home, max(counts), queues="interactive") as workers:
            _turn(ground, made, workers, "warm")
            turns.append(_turn(ground, made, workers, f"killed: {kill.__doc__}", kill))
    fastest = _fastest(turns)
    one_batch = len({turn["batch"] for turn in turns}) == 1
    _report(turns, fastest, one_batch=one_batch)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "options": {name: str(value) for name, value in vars(options).items()},
        "made": made.facts,
        "turns": turns,
        "fastest": fastest,
        "one batch": one_batch,
    }


def _turn(
    ground: Any, made: Any, workers: Crew, kind: str, kill: Callable[[Crew, bool], str | None] | None = None
) -> dict[str, Any]:
    """One query, from the row that asks for it to the batch; put back at the end."""
    pids = [process.pid for process in workers.workers.values()]
    run_id, before, killed_at = ground.ask(made, SEED), tree_seconds(pids), 0.0
    deadline = time.monotonic() + QUERY_SECONDS_MAX
    while not ground.is_over(run_id):
        if kill and not killed_at and (done := ground.share_scored(run_id)) >= KILL_AFTER:
            killed_at = time.time() if kill(workers, done < 1) else 0.0
        if time.monotonic() > deadline:
            raise SystemExit(f"The query did not end within {QUERY_SECONDS_MAX:.0f} s.")
        time.sleep(0.02)
    after = tree_seconds(pids)
    if kill and not killed_at:
        raise SystemExit("The query was over before a worker could be killed: take more items.")
    return {
        "kind": kind,
        "workers": len(pids),
        **ground.outcome(run_id, killed_at),
        "cpu": None if kill else round(after - before, 2),
    }


def _helper(workers: Crew, running: bool) -> str | None:  # noqa: FBT001
    """one that helps"""
    return _kill(workers, "query.score") if running else None


def _holder(workers: Crew, running: bool) -> str | None:  # noqa: FBT001
    """the one that has the run"""
    return _kill(workers, "query.choose") if running else None


def _kill(workers: Crew, task: str) -> str | None:
    """The name of the worker that was at this task, and is no more; None when nobody was."""
    from annotator.celery import app

    active = app.control.inspect(timeout=0.5).active() or {}
    for name, tasks in active.items():
        if name in workers.workers and any(one["name"] == task for one in tasks):
            workers.kill(name)
            return str(name)
    return None


def _fastest(turns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each number of workers its fastest turn, and how many times as fast as the first's it was."""
    counts = sorted({turn["workers"] for turn in turns})
    measured = [turn for turn in turns if turn["kind"] == "measured"]
    best = [
        min((turn for turn in measured if turn["workers"] == n), key=lambda turn: float(turn["seconds"]))
        for n in counts
    ]
    return [turn | {"speed-up": round(best[0]["seconds"] / turn["seconds"], 2)} for turn in best]


def _report(turns: Sequence[dict[str, Any]], fastest: Sequence[dict[str, Any]], *, one_batch: bool) -> None:
    for turn in fastest:
        phases = ", ".join(f"{name} {seconds:.2f}" for name, seconds in turn["phases"].items())
        print(
            f"{turn['workers']} workers: {turn['seconds']:.2f} s, {turn['speed-up']:.2f} times as fast as "
            f"{fastest[0]['workers']}; CPU {turn['cpu']:.2f} s; {turn['scored by']} scored; of the run: {phases}"
        )
    for turn in turns:
        if turn["kind"].startswith("killed"):
            print(
                f"{turn['workers']} workers, {turn['kind']}: {turn['seconds']:.2f} s, of which "
                f"{turn['seconds after the kill']:.2f} s after the kill; attempts {turn['attempts']}"
            )
    print(f"the same {BATCH} items each time: {'yes' if one_batch else 'NO'}")


if __name__ == "__main__":
    sys.exit(main())
