"""What the learner's runs have in common while they work: timed phases, and failures that leads can read."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.runs import Run, run_held


class Phases:
    """Seconds that each phase of a run took, summed by name, without those of a phase inside it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._inside = [0.0]

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Add the seconds inside to the phase `name`."""
        start = time.perf_counter()
        self._inside.append(0.0)
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            own = seconds - self._inside.pop()
            self._inside[-1] += seconds
            self.seconds[name] = round(self.seconds.get(name, 0.0) + own, 4)


@contextmanager
def run_worked(run: Run, project: Project, stage: str, what: str) -> Iterator[None]:
    """Do the work of a claimed run inside, as in `run_held`; a failure is a line in the project's log too."""

    def failed(sentence: str) -> None:
        log_write(project, stage, f"{what} failed: {sentence}", level=LogEntry.Level.ERROR)

    with run_held(run, failed):
        yield
