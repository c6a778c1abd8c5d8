"""What a model card does not know, in sentences: silence would be read as a good result."""

from learner.core.model_cards.facts import ModelCardFacts

ALWAYS = (
    "Pages in pictures, video or sound alone: it reads addresses and text.",
    "What a page became after its evidence was captured.",
    "How people try to get around the filter.",
    "Effects on pupils: only whether the categories of pages are told right.",
)


def not_measured(facts: ModelCardFacts) -> list[str]:
    """What was not measured, the gravest first."""
    learned = facts.learned
    checks = (
        (
            facts.pack,
            "The over-block pack: whether sex education, crisis help, health or news are blocked wrongly.",
        ),
        (
            facts.slices,
            "Slices: languages, small sites, short texts, old pages and school profiles may differ.",
        ),
        (facts.confusion, "Which category is taken for which other."),
        ([row for row in learned if row.ece], "Calibration: whether probabilities come true."),
        ([row for row in learned if row.average_precision], "Average precision and ROC AUC."),
        (facts.paired, f"A comparison with the version that serves: {facts.why_not_compared or 'not made'}."),
        (facts.speed, "Latency and throughput."),
    )
    return [*_unmeasured(facts), *(sentence for found, sentence in checks if not found), *ALWAYS]


def _unmeasured(facts: ModelCardFacts) -> list[str]:
    names = [row.name for row in facts.categories if row.learned and row.recall.value is None]
    if not names:
        return []
    return [f"Recall of {', '.join(names)}: no audited item has it."]
