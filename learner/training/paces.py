"""What batch size, low-water mark and retrain trigger come to at the pace of the last days. Imports nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from learner.query.models import ShadowRun
from learner.training.lines import Compared
from learner.training.selectors import training_resolutions

DAYS: Final = 7
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Pace:
    """Judgments and train resolutions a day, a mean over the last days."""

    judgments: float
    resolutions: float


def pace_of(project: Project, now: datetime) -> Pace:
    """The pace of the last `DAYS` days; what was imported is nobody's pace. Two queries."""
    since = now - timedelta(days=DAYS)
    judgments = Judgment.objects.filter(project=project, imported=None, created_at__gt=since).count()
    resolutions = training_resolutions(project).filter(created_at__gt=since).count()
    return Pace(judgments / DAYS, resolutions / DAYS)


def pace_compared(run: ShadowRun, pace: Pace) -> list[Compared]:
    """How long a batch and the low-water mark last, and how often a retrain comes, under both settings."""
    sides = [_paced(run.project, settings, pace) for settings in (run.in_use, run.candidate)]
    return [
        Compared(words, in_use, sides[1][words], in_use == sides[1][words])
        for words, in_use in sides[0].items()
    ]


def _paced(project: Project, settings: Mapping[str, Any], pace: Pace) -> dict[str, str]:
    places = settings["batch_size"] * (project.adaptive_least if project.adaptive else project.overlap)
    return {
        "Places that a batch opens": f"{places:,}",
        "A batch lasts": _lasting(places, pace.judgments),
        "What is free at the low-water mark lasts": _lasting(settings["low_water"], pace.judgments),
        "A retrain comes every": _lasting(settings["retrain_after"], pace.resolutions),
    }


def _lasting(n: int, a_day: float) -> str:
    """So many at so many a day, in words."""
    if not a_day:
        return "–"
    lasting = DAY * (n / a_day)
    if lasting < HOUR:
        return f"{lasting / timedelta(minutes=1):.0f} min"
    return f"{lasting / HOUR:.1f} hours" if lasting < 2 * DAY else f"{lasting / DAY:.1f} days"
