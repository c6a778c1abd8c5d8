"""A root-cause report as Markdown: filled with facts, safe whatever people and pages say."""

from dataclasses import asdict

from learner.core.cards.facts import Interval
from learner.core.error_reports import (
    PARTS,
    ActionFacts,
    CategoryErrors,
    CauseCount,
    ClusterFacts,
    ErrorLine,
    ReportFacts,
    facts_read,
    missing_parts,
    report_markdown,
)

FACTS = ReportFacts(
    project="Pilot",
    version=4,
    category="Adult Content",
    evaluated_at="2026-03-01 09:00",
    as_of="2026-03-02 10:00",
    n_audited=600,
    n_population=40_000,
    categories=(
        CategoryErrors(
            "Adult Content", 3, 2, 38, Interval(0.9, 0.8, 0.96, 600), Interval(None, None, None, 0, "none")
        ),
    ),
    train_misses=5,
    train_alarms=9,
    clusters=(ClusterFacts("38 false alarms of Adult Content share the word “lingerie”", 38, "9.0 times"),),
    shown=(ErrorLine(7, "hxxps://shop[.]example/`a|b", "Adult Content", "false alarm", 0.98, 0.5, ""),),
    causes=(CauseCount("Label error", 3),),
    without_cause=37,
    actions=(ActionFacts("Asked for 40 pages like [these](https://x.example)", "sam", "2026-03-02"),),
)
WRITTEN = {"summary": "# Bad\n\nShops.", "why": "No clause.", "done": "A clause."}


def test_the_template_is_filled_with_the_facts() -> None:
    text = report_markdown("Shops | *flagged*", FACTS, WRITTEN, state="A draft.", by=["sam"])

    assert text.startswith("# Shops \\| \\*flagged\\*\n\nPilot, classifier v4, category Adult Content.")
    assert "| Adult Content | 3 | 2 | 38 | 0.90 [0.80, 0.96] | undefined: none |" in text
    assert "- 38 false alarms of Adult Content share the word “lingerie” (9.0 times)" in text
    assert "| no cause yet | 37 | 92.5% |" in text
    assert "600 audited and resolved holdout pages, which stand for 40,000" in text
    assert "Nobody has written" not in text
    assert text.count("\n# ") == 0, "headings of people stand below ours"


def test_what_pages_and_people_say_stays_text() -> None:
    text = report_markdown("x", FACTS, WRITTEN, state="", by=[])

    assert "`hxxps://shop[.]example/%60a\\|b`" in text
    assert "\\[these\\](https://x.example)" in text


def test_a_part_that_nobody_wrote_says_so() -> None:
    text = report_markdown("x", FACTS, {"summary": " "}, state="", by=[])

    assert text.count("*Nobody has written this part yet.*") == 3
    assert "## Open questions" not in text
    assert [part.slug for part in missing_parts({"why": "Because."})] == ["summary", "done"]
    assert missing_parts({part.slug: "x" for part in PARTS}) == []


def test_facts_come_back_as_they_were_stored() -> None:
    assert facts_read(asdict(FACTS)) == FACTS


def test_a_report_without_errors_says_what_there_is_not() -> None:
    empty = ReportFacts("Pilot", 4, "", "a", "b", 0, 0, (), 0, 0, (), (), (), 0, ())

    text = report_markdown("x", empty, {}, state="", by=[])

    assert "all categories" in text
    assert "No error is known on audited holdout pages." in text
    assert "No site and no driving word has more of these errors than chance would give it." in text
    assert "None yet." in text
