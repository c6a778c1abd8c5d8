"""The release gate: a rule asks for a bound, and says pass, fail, or that there is not enough evidence."""

from dataclasses import replace

import pytest

from learner.core.gate import (
    CategoryAsked,
    Evidence,
    Measured,
    PairedFact,
    Rules,
    Verdict,
    gate_lines,
    gate_verdict,
    holm,
    priced,
    rules_default,
    rules_dump,
    rules_load,
)

HARM, GAMES = "self-harm", "games"
SILENT = Rules(calibration=None, latency_ms=None, megabytes=None, regression=False, pack=False, card=False)
NOTHING = Evidence({HARM: "Self-Harm", GAMES: "Games"}, {}, {}, {})


def verdict_of(rules: Rules, evidence: Evidence) -> tuple[str, str]:
    (line,) = gate_lines(rules, evidence)
    return line.verdict, line.reason


def recall(low: float, value: float, high: float) -> Evidence:
    return replace(NOTHING, recall={HARM: Measured(value, low, high, 240, "")})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ((0.95, 0.97, 0.99), ("pass", "the lower bound 0.95 reaches it")),
        ((0.90, 0.97, 0.99), ("unknown", "the interval from 0.90 to 0.99 holds it")),
        ((0.60, 0.80, 0.94), ("fail", "even the upper bound 0.94 is below it")),
    ],
)
def test_a_floor_is_held_against_the_bound_and_not_the_value(
    found: tuple[float, float, float], said: tuple[str, str]
) -> None:
    rules = replace(SILENT, recall={HARM: 0.95})

    assert verdict_of(rules, recall(*found)) == said


def test_nothing_measured_is_not_enough_evidence_and_says_why() -> None:
    rules = replace(SILENT, recall={HARM: 0.95})
    none = replace(NOTHING, recall={HARM: Measured(why="no labelled item has it")})

    assert verdict_of(rules, none) == ("unknown", "no labelled item has it")
    assert verdict_of(rules, NOTHING) == ("unknown", "not measured")


def test_a_category_that_is_not_learned_fails() -> None:
    rules = replace(SILENT, recall={HARM: 0.95})
    blind = replace(NOTHING, not_learned={HARM: "not learned yet: 2 positives, 5 needed"})

    assert verdict_of(rules, blind) == ("fail", "not learned yet: 2 positives, 5 needed")


def test_a_category_that_the_taxonomy_dropped_is_not_asked_for() -> None:
    assert gate_lines(replace(SILENT, recall={"gone": 0.95}), NOTHING) == []


def pair(**counts: float) -> PairedFact:
    facts = {"lost": 0, "found": 0, "blocked": 0, "cleared": 0, "p_lost": 1.0, "p_blocked": 1.0}
    return PairedFact(HARM, **(facts | counts))  # type: ignore[arg-type]


def test_a_significant_loss_against_what_serves_is_a_regression() -> None:
    rules = replace(SILENT, regression=True)
    worse = replace(NOTHING, serving=3, against=3, paired=[pair(lost=12, found=1, p_lost=0.001)])
    alike = replace(worse, paired=[pair(lost=2, found=1, p_lost=0.5)])

    verdict, reason = verdict_of(rules, worse)
    assert (verdict, "Self-Harm misses 12 pages" in reason) == ("fail", True)
    assert verdict_of(rules, alike)[0] == "pass"


def test_many_tests_are_counted_when_one_of_them_is_small() -> None:
    rules = replace(SILENT, regression=True)
    many = replace(NOTHING, serving=3, against=3, paired=[pair(p_lost=0.03), *[pair()] * 9])

    assert verdict_of(rules, many)[0] == "pass"
    assert holm([0.5, 0.01, 0.02]) == [0.5, 0.03, 0.04]


def test_what_was_compared_with_another_version_has_to_be_evaluated_again() -> None:
    rules = replace(SILENT, regression=True)

    assert verdict_of(rules, NOTHING)[0] == "pass"
    old = replace(NOTHING, serving=4, against=3)
    assert verdict_of(rules, old) == ("unknown", "compared with v3: evaluate this version again")


def test_the_pack_the_costs_and_the_card_have_their_limits() -> None:
    rules = replace(SILENT, pack=True, calibration=0.1, latency_ms=20, megabytes=1, card=True)
    measured = replace(
        NOTHING,
        pack=[
            ("Crisis lines", Measured(0.01, 0.0, 0.02, 90, ""), 0.05),
            ("Art", Measured(0.3, 0.2, 0.4), 0.05),
        ],
        calibration={HARM: Measured(0.02, why=""), GAMES: Measured(0.3, why="")},
        latency_ms=Measured(4.0, why=""),
        megabytes=0.4,
        missing=["Intended use"],
    )

    lines = gate_lines(rules, measured)

    assert [(line.rule, line.verdict) for line in lines] == [
        ("pack:Crisis lines", "pass"),
        ("pack:Art", "fail"),
        ("calibration", "fail"),
        ("latency", "pass"),
        ("size", "pass"),
        ("card", "fail"),
    ]
    assert lines[2].reason.startswith("worst in Games")
    assert [line.verdict for line in gate_lines(rules, NOTHING)] == [
        "unknown",
        "unknown",
        "unknown",
        "pass",
        "pass",
    ]


def test_all_rules_together_pass_only_when_each_does() -> None:
    (passed,) = gate_lines(replace(SILENT, card=True), NOTHING)
    doubted, failed = replace(passed, verdict=Verdict.UNKNOWN), replace(passed, verdict=Verdict.FAIL)

    assert gate_verdict([passed]) is Verdict.PASS
    assert gate_verdict([passed, doubted]) is Verdict.UNKNOWN
    assert gate_verdict([passed, doubted, failed]) is Verdict.FAIL
    assert gate_verdict([]) is Verdict.UNKNOWN
    assert [line.price for line in priced([passed, doubted], {"card": "240 labels"})] == ["", "240 labels"]


def test_a_new_project_asks_by_the_taxonomy_and_by_severity() -> None:
    asked = [CategoryAsked(HARM, 3), CategoryAsked("drugs", 2, 0.85), CategoryAsked(GAMES, 1)]

    rules = rules_default(asked)

    assert rules.recall == {HARM: 0.95, "drugs": 0.85}
    assert rules_load(rules_dump(rules)) == rules
