"""The whole loop on labelled data: the real system over HTTP, simulated annotators, and what the classifier learns.

    python benchmarks/loop.py --data pages.parquet --annotators 8 --noise 0.05 --budget 1500 --json OUT

The Parquet file has `url` and `labels` (a list), and may have `title`, `text` and `unknown_labels` (categories that
nobody looked for: not counted in scores). It is taken in without its labels. Annotators answer with them; with the
probability `--noise` an answer is wrong by one category, dropped or added. A lead resolves, with the file's labels,
what they disagree on. Each classifier version is scored on all holdout items by the file's labels.
"""

import argparse
import json
import logging
import os
import platform
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.crowd import Annotator, Budget, Lead, Task, file_taken_in  # noqa: E402
from benchmarks.labelled_file import LabelledFile, labelled_file  # noqa: E402
from benchmarks.report import report  # noqa: E402
from benchmarks.system import System, system  # noqa: E402


def main() -> int:
    """Run, print the tables; the exit code is 1 when a promise was broken."""
    options = _options()
    file = labelled_file(options.data, options.limit, options.seed)
    with system(keep=options.keep) as running:
        result = _measured(running, file, options)
    report(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2, default=str) + "\n")
    return int(any(result["broken_promises"].values()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="Parquet with url and labels")
    parser.add_argument("--limit", type=int, help="only so many rows, drawn at random")
    parser.add_argument("--annotators", type=int, default=8)
    parser.add_argument("--noise", type=float, default=0.05, help="share of wrong answers")
    parser.add_argument("--budget", type=int, default=1500, help="judgments by all annotators together")
    parser.add_argument("--think", type=float, default=1.0, help="mean seconds on a page (half to 1.5 times)")
    parser.add_argument("--overlap", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1, help="of the drawn rows and the answers")
    parser.add_argument("--keep", action="store_true", help="leave the system's home behind")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    return parser.parse_args()


def _measured(running: System, file: LabelledFile, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks import ledger

    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for each request
    settings = {"overlap": options.overlap, "overlap_max": 3, "batch_size": options.batch_size}
    staff = ledger.project_make(file.categories, settings, options.annotators)
    ingest = file_taken_in(running.address, staff.tokens[0], options.data.name, file.upload)
    start = time.monotonic()
    ledger.batch_wait()
    first_batch = time.monotonic() - start
    rows = ledger.rows_by_item(staff.project, file.rows)
    truth = {pk: row.labels for pk, row in rows.items()}
    task = Task(running.address, truth, file.categories, options.noise, options.think)
    start = time.monotonic()
    annotators, lead = _labelled(task, staff, options)
    seconds = time.monotonic() - start
    ledger.settle_wait()
    lead.finish()
    batches = ledger.batches()
    ledger.waits_add(batches, [wait for annotator in annotators for wait in annotator.diary.waits])
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "options": {name: str(value) for name, value in vars(options).items()},
        "items": ingest["rows_added"],
        "refused": ingest["rows_refused"],
        "categories": len(file.categories),
        "seconds_to_first_batch": round(first_batch, 1),
        "seconds": round(seconds, 1),
        "batches": batches,
        "versions": list(ledger.versions(rows)),
        "runs": ledger.seconds_of_runs(),
        "people": ledger.people(annotators, lead),
        "broken_promises": ledger.broken_promises(annotators),
    }


def _labelled(task: Task, staff: Any, options: argparse.Namespace) -> tuple[list[Annotator], Lead]:
    """Everybody, when the budget is used up; the lead goes on."""
    budget = Budget(options.budget)
    lead = Lead(task, staff.tokens[0])
    annotators = [
        Annotator(task, token, budget, seed=options.seed * 1000 + number)
        for number, token in enumerate(staff.tokens[1:])
    ]
    for thread in (lead, *annotators):
        thread.start()
    for annotator in annotators:
        annotator.join()
    return annotators, lead


if __name__ == "__main__":
    sys.exit(main())
