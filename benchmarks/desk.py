"""The lead's desk on a large project: how long its pages and acts take, and what the worker that measures needs.

    python benchmarks/desk.py --items 200000 --annotators 40 --json desk.json

Starts `manage.py up` in a home of its own, with the loop at rest, and fills a project by COPY: five judgments an item,
of people who differ as people do. Pages are asked over HTTP, once and then three times more; acts are the services
that the pages call, each once. Goals: a page 1 s, an act 10 s, measuring agreement 60 s and 1 GB.
"""

import argparse
import json
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.system import System, system  # noqa: E402

if TYPE_CHECKING:
    pass

NEVER: Final = 86_400.0
AGAIN: Final = 3
PAGE_SECONDS: Final = 1.0
ACT_SECONDS: Final = 10.0
MEASURE_SECONDS: Final = 60.0
MEASURE_MEGABYTES: Final = 1024
RECHECKED: Final = 10_000
HOME: Final = "/projects/desk/"


def main() -> int:
    """Measure everything, print it; the exit code is 1 when a goal was missed."""
    options = _options()
    if options.measure:
        print(json.dumps(_measured_here()))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the system is stopped then too
    settings = {"CROSSGUARD_TICK_SECONDS": str(NEVER)}
    with system(keep=options.keep, settings=settings) as running:
        result = _measured(running, options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")
    return int(any(step["missed"] for step in result["steps"]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--annotators", type=int, default=40)
    parser.add_argument("--disagreements", type=int, default=100_000)
    parser.add_argument("--citing", type=int, default=5_000, help="judgments that cite a clause")
    parser.add_argument("--only", default="", help="steps whose name has this word")
    parser.add_argument("--keep", action="store_true", help="leave the system's home behind")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(running: System, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks import desk_ground, ground
    from benchmarks.desk_crowd import Sizes

    sizes = Sizes(options.items, options.annotators, options.disagreements, options.citing)
    started = time.perf_counter()
    project = desk_ground.desk_make(sizes)
    result: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "versions": ground.versions(),
        "load_average_before": os.getloadavg()[0],
        "items": sizes.items,
        "judgments": sizes.judgments,
        "annotators": sizes.annotators,
        "disagreements": sizes.disagreements,
        "citing": sizes.citing,
        "setup_seconds": round(time.perf_counter() - started, 1),
        "steps": [],
    }
    for name, value in list(result.items())[:-1]:
        print(f"{name.replace('_', ' '):22} {value}")
    print(f"\n{'':46}{'first':>8}{'again':>8}", flush=True)
    for name, step in _steps(running, project.slug):
        if options.only in name:
            found = {"name": name, **step()}
            result["steps"].append(found)
            _print(found)
    return result


def _steps(running: System, slug: str) -> Iterator[tuple[str, Callable[[], dict[str, Any]]]]:
    """In this order: later ones change what the earlier ones read."""
    from benchmarks import desk_acts, ground

    lead = desk_acts.lead()
    look = Looker(running, ground.session_of(lead))
    access = desk_acts.access_of(lead, slug)
    yield "measure agreement, taken apart, with skills", _measure
    for name, path in desk_acts.pages_before(access):
        yield f"page: {name}", lambda path=path: look.page(path)  # type: ignore[misc]
    for name, make, path in desk_acts.drafts(access):
        make()  # many small acts one after the other
        yield f"page: {name}", lambda path=path: look.page(path)  # type: ignore[misc]
    for name, act in desk_acts.acts(access, RECHECKED):
        yield f"act: {name}", lambda act=act: _act(act)  # type: ignore[misc]
    for name, path in desk_acts.pages_after(access):
        yield f"page: {name}", lambda path=path: look.page(path)  # type: ignore[misc]


class Looker:
    """A lead's browser without a screen: asks for pages, and follows where they lead."""

    def __init__(self, running: System, session: str) -> None:
        address = urlsplit(running.address)
        self.host, self.port = str(address.hostname), int(address.port or 0)
        self.headers = {"Cookie": f"sessionid={session}"}

    def page(self, path: str) -> dict[str, Any]:
        """Seconds of the first look, and the median of the next ones."""
        first, *again = [self._seconds(path) for _ in range(1 + AGAIN)]
        return _found(first, PAGE_SECONDS, again=median(again))

    def _seconds(self, path: str) -> float:
        connection = HTTPConnection(self.host, self.port, timeout=600)
        started = time.perf_counter()
        connection.request("GET", HOME + path, headers=self.headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status == 302:
            onward = str(answer.headers["Location"])
            connection.request("GET", onward, headers=self.headers)
            answer = connection.getresponse()
            body = answer.read()
        seconds = time.perf_counter() - started
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"{path}: status {answer.status}\n{body[:2000].decode(errors='replace')}")
        return seconds


def _act(act: Callable[[], str]) -> dict[str, Any]:
    started = time.perf_counter()
    said = act()
    return _found(time.perf_counter() - started, ACT_SECONDS, said=said)


def _measure() -> dict[str, Any]:
    """In a process of its own that has loaded what a worker has, for its memory."""
    done = subprocess.run(
        [sys.executable, __file__, "--measure"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    told: dict[str, Any] = json.loads(done.stdout)
    found = _found(told["seconds"], MEASURE_SECONDS, **told)
    return found | {"missed": found["missed"] or told["peak_megabytes"] > MEASURE_MEGABYTES}


def _measured_here() -> dict[str, Any]:
    import django

    django.setup()
    from annotator.celery import app
    from annotator.projects.models import Project
    from annotator.review.agreement.reports import agreement_measure

    app.loader.import_default_modules()
    before = _megabytes()
    started = time.perf_counter()
    report = agreement_measure(Project.objects.get(slug="desk"))
    seconds = time.perf_counter() - started
    assert report is not None
    return {
        "seconds": round(seconds, 1),
        "peak_megabytes": _megabytes(),
        "megabytes_before": before,
        "judgments": report.n_judgments,
    }


def _megabytes() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def _found(first: float, goal: float, **more: Any) -> dict[str, Any]:
    slowest = max(first, more.get("again", 0.0))
    return {"first": round(first, 3), "goal": goal, "missed": slowest > goal} | more


def _print(found: dict[str, Any]) -> None:
    again = f"{found['again']:8.2f}" if "again" in found else " " * 8
    more = found.get("said", "")
    if "peak_megabytes" in found:
        more = f"peak {found['peak_megabytes']} MB, {found['megabytes_before']} before"
    missed = "  MISSED" if found["missed"] else ""
    print(f"{found['name']:46}{found['first']:8.2f}{again}  {more}{missed}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
