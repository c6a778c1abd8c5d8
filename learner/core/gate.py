"""The release gate: what a classifier version has to show before it may serve, and whether it does.

A rule asks for a bound of an interval, never for a value: "recall is at least 0.95" is passed when the lower end is,
failed when even the upper end is not, and in between there is not enough evidence.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

ALPHA: Final = 0.05
FLOORS: Final = {3: 0.95, 2: 0.8}
"""Recall that a new project asks of a category by its severity, where the taxonomy names no floor."""
CALIBRATION_MAX: Final = 0.1
LATENCY_MS_MAX: Final = 20.0
MEGABYTES_MAX: Final = 50.0


class Verdict(StrEnum):
    """What the gate says of a rule, and of all rules together."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNKNOWN = "unknown"

    @property
    def words(self) -> str:
        """As people read it."""
        return "not enough evidence" if self is Verdict.UNKNOWN else self.value


@dataclass(frozen=True, slots=True)
class CategoryAsked:
    """What is known of a category before anything is measured."""

    slug: str
    severity: int
    recall_floor: float | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What a project asks of a version; None, or a category that is not named, asks for nothing."""

    recall: Mapping[str, float] = field(default_factory=dict)
    precision: Mapping[str, float] = field(default_factory=dict)
    calibration: float | None = CALIBRATION_MAX
    latency_ms: float | None = LATENCY_MS_MAX
    megabytes: float | None = MEGABYTES_MAX
    regression: bool = True
    pack: bool = True
    card: bool = True


@dataclass(frozen=True, slots=True)
class Measured:
    """A number with its interval; without a value, `why` says what is missing."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    why: str = "not measured"


@dataclass(frozen=True, slots=True)
class PairedFact:
    """One category of two versions on the same items: p-values of exact tests that it became worse."""

    slug: str
    lost: int
    found: int
    blocked: int
    cleared: int
    p_lost: float
    p_blocked: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the gate looks at. `not_learned` has the reason of each category that the version cannot tell.

    `serving` is the number of the version that serves now, `against` that of the version which it was compared with.
    `pack` has for each slice of the over-block pack its false-positive rate and its limit.
    """

    names: Mapping[str, str]
    recall: Mapping[str, Measured]
    precision: Mapping[str, Measured]
    calibration: Mapping[str, Measured]
    not_learned: Mapping[str, str] = field(default_factory=dict)
    pack: Sequence[tuple[str, Measured, float | None]] | None = None
    serving: int | None = None
    against: int | None = None
    paired: Sequence[PairedFact] = ()
    latency_ms: Measured = Measured()
    megabytes: float = 0.0
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One rule: what it asks, what the gate says, why, the numbers, and what enough evidence would cost."""

    rule: str
    title: str
    verdict: Verdict
    reason: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    limit: float | None = None
    price: str = ""


def rules_default(categories: Iterable[CategoryAsked]) -> Rules:
    """The rules of a project that set none: floors of recall by category, from the taxonomy or from severity.

    >>> rules_default([CategoryAsked("self-harm", 3), CategoryAsked("games", 1)]).recall
    {'self-harm': 0.95}
    """
    floors = {
        each.slug: each.recall_floor if each.recall_floor is not None else FLOORS.get(each.severity)
        for each in categories
    }
    return Rules(recall={slug: floor for slug, floor in floors.items() if floor is not None})


def rules_dump(rules: Rules) -> dict[str, Any]:
    """The rules as JSON."""
    return asdict(rules)


def rules_load(stored: Mapping[str, Any]) -> Rules:
    """The rules that `rules_dump` wrote; what is not in them asks for what a new project does."""
    return Rules(**stored)


def gate_lines(rules: Rules, evidence: Evidence) -> list[Line]:
    """Each rule with its verdict, in the order of the page.

    A category that the taxonomy does not have any more is not asked for.
    """
    lines = [
        _floor(evidence, "recall", slug, floor)
        for slug, floor in rules.recall.items()
        if slug in evidence.names
    ]
    lines += [
        _floor(evidence, "precision", slug, floor)
        for slug, floor in rules.precision.items()
        if slug in evidence.names
    ]
    if rules.regression:
        lines += _regressions(evidence)
    if rules.pack:
        lines += _pack(evidence)
    if rules.calibration is not None:
        lines += _calibration(evidence, rules.calibration)
    lines += _costs(rules, evidence)
    if rules.card:
        lines.append(_card(evidence))
    return lines


def gate_verdict(lines: Sequence[Line]) -> Verdict:
    """Of all rules together: failed by one, else in doubt by one; without any rule there is no evidence.

    >>> gate_verdict([]).words
    'not enough evidence'
    """
    said = {line.verdict for line in lines}
    if Verdict.FAIL in said:
        return Verdict.FAIL
    return Verdict.PASS if said == {Verdict.PASS} else Verdict.UNKNOWN


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for their number, in their order (Holm 1979).

    >>> holm([0.01, 0.04])
    [0.02, 0.04]
    """
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted, reached = [0.0] * len(p_values), 0.0
    for place, at in enumerate(order):
        reached = max(reached, min(1.0, (len(p_values) - place) * p_values[at]))
        adjusted[at] = reached
    return adjusted


def priced(lines: Iterable[Line], prices: Mapping[str, str]) -> list[Line]:
    """The lines, those without enough evidence with the price of it, by rule."""
    return [
        replace(line, price=prices.get(line.rule, "")) if line.verdict == Verdict.UNKNOWN else line
        for line in lines
    ]


def _floor(evidence: Evidence, what: str, slug: str, floor: float) -> Line:
    title = f"{evidence.names[slug]}: {what} at least {floor:.2f}"
    found = getattr(evidence, what).get(slug, Measured())
    rule = f"{what}:{slug}"
    if slug in evidence.not_learned:
        return Line(rule, title, Verdict.FAIL, evidence.not_learned[slug], n=found.n, limit=floor)
    if found.value is None or found.low is None or found.high is None:
        return Line(rule, title, Verdict.UNKNOWN, found.why, n=found.n, limit=floor)
    if found.low >= floor:
        verdict, reason = Verdict.PASS, f"the lower bound {found.low:.2f} reaches it"
    elif found.high < floor:
        verdict, reason = Verdict.FAIL, f"even the upper bound {found.high:.2f} is below it"
    else:
        verdict, reason = Verdict.UNKNOWN, f"the interval from {found.low:.2f} to {found.high:.2f} holds it"
    return _measured(Line(rule, title, verdict, reason, limit=floor), found)


def _ceiling(rule: str, title: str, found: Measured, limit: float) -> Line:
    if found.value is None:
        return Line(rule, title, Verdict.UNKNOWN, found.why, n=found.n, limit=limit)
    low, high = (found.value if end is None else end for end in (found.low, found.high))
    if high <= limit:
        verdict, reason = Verdict.PASS, f"the upper bound {high:.3g} keeps to it"
    elif low > limit:
        verdict, reason = Verdict.FAIL, f"even the lower bound {low:.3g} is above it"
    else:
        verdict, reason = Verdict.UNKNOWN, f"the interval from {low:.3g} to {high:.3g} holds it"
    return _measured(Line(rule, title, verdict, reason, limit=limit), found)


def _measured(line: Line, found: Measured) -> Line:
    return replace(line, value=found.value, low=found.low, high=found.high, n=found.n)


def _regressions(evidence: Evidence) -> list[Line]:
    if evidence.serving is None:
        return [
            Line(
                "regression",
                "No regression",
                Verdict.PASS,
                "no version serves yet: nothing to fall behind",
            )
        ]
    title = f"No regression against v{evidence.serving}, which serves"
    if evidence.serving != evidence.against:
        compared = (
            "not compared with it" if evidence.against is None else f"compared with v{evidence.against}"
        )
        return [Line("regression", title, Verdict.UNKNOWN, f"{compared}: evaluate this version again")]
    adjusted = holm([p for row in evidence.paired for p in (row.p_lost, row.p_blocked)])
    worse = [
        _worse(evidence.names.get(row.slug, row.slug), row, adjusted[2 * at], adjusted[2 * at + 1])
        for at, row in enumerate(evidence.paired)
        if min(adjusted[2 * at], adjusted[2 * at + 1]) < ALPHA
    ]
    if not worse:
        lost, blocked = (sum(getattr(row, name) for row in evidence.paired) for name in ("lost", "blocked"))
        reason = f"no category is significantly worse; {lost} answers lost and {blocked} more blocked in all"
        return [Line("regression", title, Verdict.PASS, reason)]
    return [Line("regression", title, Verdict.FAIL, "; ".join(worse))]


def _worse(name: str, row: PairedFact, p_lost: float, p_blocked: float) -> str:
    said = []
    if p_lost < ALPHA:
        said.append(f"misses {row.lost} pages that were found and finds {row.found} (p = {p_lost:.3f})")
    if p_blocked < ALPHA:
        said.append(
            f"blocks {row.blocked} pages that were not and clears {row.cleared} (p = {p_blocked:.3f})"
        )
    return f"{name} {' and '.join(said)}"


def _pack(evidence: Evidence) -> list[Line]:
    if not evidence.pack:
        reason = "the over-block pack is not measured"
        return [Line("pack", "Over-block pack within its limits", Verdict.UNKNOWN, reason)]
    return [
        _ceiling(f"pack:{name}", f"{name}: wrongly blocked at most {limit:.1%}", found, limit)
        for name, found, limit in evidence.pack
        if limit is not None
    ]


def _calibration(evidence: Evidence, limit: float) -> list[Line]:
    learned = [slug for slug in evidence.names if slug not in evidence.not_learned]
    title = f"Calibration error of each learned category at most {limit:g}"
    known = {
        slug: found
        for slug in learned
        if (found := evidence.calibration.get(slug)) and found.value is not None
    }
    if not known:
        return [Line("calibration", title, Verdict.UNKNOWN, "calibration is not measured", limit=limit)]
    lines = [_ceiling("calibration", title, found, limit) for found in known.values()]
    worst = max(
        lines,
        key=lambda line: (
            line.verdict == Verdict.FAIL,
            line.verdict != Verdict.PASS,
            line.value or 0,
        ),
    )
    slug = list(known)[lines.index(worst)]
    return [replace(worst, reason=f"worst in {evidence.names[slug]}: {worst.reason}")]


def _costs(rules: Rules, evidence: Evidence) -> list[Line]:
    lines = []
    if rules.latency_ms is not None:
        title = f"One address in at most {rules.latency_ms:g} ms (99 of 100)"
        lines.append(_ceiling("latency", title, evidence.latency_ms, rules.latency_ms))
    if rules.megabytes is not None:
        title = f"At most {rules.megabytes:g} MB"
        lines.append(_ceiling("size", title, Measured(evidence.megabytes, why=""), rules.megabytes))
    return lines


def _card(evidence: Evidence) -> Line:
    if not evidence.missing:
        return Line("card", "The model card is complete", Verdict.PASS, "every required section is written")
    return Line(
        "card",
        "The model card is complete",
        Verdict.FAIL,
        f"nobody wrote {', '.join(evidence.missing)}",
    )
