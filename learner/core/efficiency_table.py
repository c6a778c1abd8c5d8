"""Label efficiency as tables in Markdown, for a document: one row a strategy, the best curve first."""

from collections.abc import Iterable, Sequence

from learner.core.comparison import FOUND, RANDOM, Curve, Reached, Report
from learner.core.efficiency import Measured
from learner.core.simulation import DEFAULT

LED_BY = "macro_ap"
NAMES = {"macro_ap": "macro AP", "macro_f1": "macro-F1", "macro_f1_own": "F1 at own thresholds"}
_HEADS = (
    "strategy",
    "macro AP: height",
    "against random",
    "against default",
    "macro-F1: height",
    "against random",
    "rare AP: against random",
    "rare positives",
    "worse",
)
_NONE = "-"


def table_of(reports: Sequence[Report]) -> str:
    """Heights with their paired differences, and labels to a share of the full-data score where any curve got there.

    *worse* counts the budgets at which macro AP is significantly below random's.
    """
    ranked = sorted(reports, key=lambda report: -(report.curves[LED_BY].area.mean or 0.0))
    return "\n".join([*_table(_HEADS, map(_row, ranked)), *_labels_needed(reports)]) + "\n"


def _row(report: Report) -> list[str]:
    ap, f1, rare, found = (report.curves[name] for name in ("macro_ap", "macro_f1", "rare_ap", FOUND))
    is_random, is_default = report.strategy == RANDOM, report.strategy == DEFAULT
    return [
        f"`{report.strategy}`",
        in_words(ap.area),
        "" if is_random else in_words(ap.area_against_random, sign=True),
        "" if is_default else in_words(ap.area_against_default, sign=True),
        in_words(f1.area),
        "" if is_random else in_words(f1.area_against_random, sign=True),
        "" if is_random else in_words(rare.area_against_random, sign=True),
        in_words(found.values[-1], digits=0),
        "" if is_random else str(_worse(ap)),
    ]


def _worse(curve: Curve) -> int:
    return sum(point.high is not None and point.high < 0 for point in curve.against_random)


def _labels_needed(reports: Sequence[Report]) -> list[str]:
    rows = [
        [f"`{report.strategy}`", f"{reached.share:.0%} of {name}", *_needed(reached)]
        for measure, name in NAMES.items()
        for share in range(len(reports[0].curves[measure].reached))
        for report in reports
        if (reached := report.curves[measure].reached[share]).reached
    ]
    return (
        ["", *_table(("strategy", "reaches", "labels", "seeds that did", "of random's"), rows)]
        if rows
        else []
    )


def _needed(reached: Reached) -> list[str]:
    return [
        in_words(reached.labels, digits=0),
        f"{reached.reached} of {reached.seeds}",
        in_words(reached.of_random, digits=2),
    ]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [_line(heads), "|" + "---|" * len(heads), *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def in_words(measured: Measured, *, digits: int = 3, sign: bool = False) -> str:
    """A mean with its interval, as in a table: `+.012 [-.003, +.026]`.

    Examples
    --------
    >>> in_words(Measured(0.012, -0.003, 0.026, 5), sign=True)
    '+.012 [-.003, +.026]'
    """
    if measured.mean is None:
        return _NONE
    mean = _number(measured.mean, digits, sign)
    if measured.low is None or measured.high is None:
        return mean
    return f"{mean} [{_number(measured.low, digits, sign)}, {_number(measured.high, digits, sign)}]"


def _number(value: float, digits: int, sign: bool) -> str:  # noqa: FBT001 - private, and named where it counts
    shown = f"{value:{'+' if sign else ''},.{digits}f}"
    return shown.replace("0.", ".", 1) if abs(value) < 1 else shown
