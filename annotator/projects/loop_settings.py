"""The settings of the loop that a file may set, their bounds, and what must fit together."""

from dataclasses import dataclass
from typing import Final

from annotator.projects.fields import Fields
from annotator.projects.models import Project

WHOLE: Final = {
    "batch_size": (1, 5000),
    "retrain_after": (1, 100_000),
    "holdout_percent": (0, 50),
    "prefetch": (0, 5),
    "break_minutes": (0, 480),
    "idle_minutes": (1, 240),
    "exposure_budget": (0, 10_000),
    "exposure_hours": (1, 24),
    "cooldown_minutes": (0, 1440),
    "retest_days": (1, 365),
}
SHARES: Final = {"gold_share": 0.5, "gold_share_new": 0.5, "retest_share": 0.5, "gold_line": 1.0}
OVERLAP_MAX: Final = 5
"""Places an item may have in any project: the database holds no more."""
CERTAINTY: Final = (0.9, 0.999)
LEAST: Final = (1, 2)
BOUNDS: Final[dict[str, tuple[float, float]]] = (
    WHOLE
    | {name: (0, high) for name, high in SHARES.items()}
    | {"adaptive_certainty": CERTAINTY, "adaptive_least": LEAST}
)
CHECKS_MAX: Final = 0.5


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """The settings of the loop that a file may set; the names and defaults are those of the project's row."""

    overlap: int = 2
    overlap_max: int = 3
    adaptive: bool = False
    adaptive_certainty: float = 0.95
    adaptive_least: int = 2
    batch_size: int = 60
    retrain_after: int = 50
    holdout_percent: int = 10
    prefetch: int = 1
    break_minutes: int = 50
    idle_minutes: int = 15
    exposure_budget: int = 60
    exposure_hours: int = 4
    cooldown_minutes: int = 20
    qualification: bool = True
    gold_share: float = 0.03
    gold_share_new: float = 0.1
    retest_share: float = 0.02
    retest_days: int = 7
    gold_line: float = 0.75


def settings_read(given: Fields) -> LoopSettings:
    """The settings in the fields of a project, with the default for each that is missing."""
    usual = LoopSettings()
    overlap_max = given.whole("overlap_max", low=1, high=OVERLAP_MAX, default=usual.overlap_max)
    values: dict[str, int | float | bool] = {
        "overlap_max": overlap_max,
        "overlap": given.whole("overlap", low=1, high=OVERLAP_MAX, default=min(usual.overlap, overlap_max)),
        "adaptive": given.yes_or_no("adaptive", default=usual.adaptive),
        "adaptive_certainty": given.share_between(
            "adaptive_certainty", *CERTAINTY, default=usual.adaptive_certainty
        ),
        "adaptive_least": given.whole(
            "adaptive_least", low=LEAST[0], high=LEAST[1], default=usual.adaptive_least
        ),
        "qualification": given.yes_or_no("qualification", default=usual.qualification),
    }
    for name, (low, high) in WHOLE.items():
        values[name] = given.whole(name, low=low, high=high, default=getattr(usual, name))
    for name, high_share in SHARES.items():
        values[name] = given.share_up_to(name, high=high_share, default=getattr(usual, name))
    settings = LoopSettings(**values)  # type: ignore[arg-type]  # each by its own getter above
    for name, problem in misfits(settings).items():
        given.complain(name, f"is {getattr(settings, name)}, {problem}")
    return settings


def misfits(settings: LoopSettings | Project) -> dict[str, str]:
    """What does not fit together: setting -> what is wrong with it, and what to do."""
    problems = {}
    if settings.overlap > settings.overlap_max:
        problems["overlap"] = (
            f"more than the maximum of {settings.overlap_max} places; lower it or raise that"
        )
    if settings.adaptive and settings.adaptive_least >= settings.overlap:
        problems["adaptive_least"] = (
            f"and the overlap is {settings.overlap}: nothing could be saved; start with fewer, or raise the overlap"
        )
    longest = 60 * settings.exposure_hours
    if settings.cooldown_minutes > longest:
        problems["cooldown_minutes"] = (
            f"longer than the budget's window of {settings.exposure_hours} h; use at most {longest} minutes"
        )
    checks = settings.gold_share_new + settings.retest_share
    if settings.gold_share_new < settings.gold_share:
        problems["gold_share_new"] = f"less than the share for everybody, {settings.gold_share:g}; raise it"
    elif checks > CHECKS_MAX:
        problems["gold_share_new"] = (
            f"with retests {checks:.0%} of a new person's pages would be checks; {CHECKS_MAX:.0%} is the most"
        )
    return problems
