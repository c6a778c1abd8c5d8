"""Numbers, tables and sentences that every dialect of the card shares."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from learner.core.cards.facts import CardFacts, Interval

MIN_POSITIVES: Final = 10
LOW_ALPHA: Final = 0.667  # below it, Krippendorff (2004, p. 241) advises to draw no conclusion

STREAMS: Final = {
    "query": "closest to the operating threshold of a category: informative, and biased by design",
    "rare": "likely finds for categories with few positives: biased by design",
    "explore": "drawn at random from the pool",
    "audit": "drawn from the holdout sites with a known chance",
    "recheck": "looked at again after a change of the policy",
    "": "resolved without having been served",
}
METHODS: Final = {
    "single": "one judgment",
    "unanimous": "all judgments equal",
    "majority": "two thirds equal, no severe category in dispute",
    "inferred": "judgments and known skills make every category certain, before the overlap is reached",
    "adjudicated": "decided by a lead with a reason",
}


def percent(n: float, of: float) -> str:
    """`n` as a share of `of`: 12.5%; of nothing, 0.0%."""
    return f"{n / of if of else 0.0:.1%}"


def count(n: int, of: int) -> str:
    """`n` with its share of `of`: 1,024 (12.5%)."""
    return f"{n:,} ({percent(n, of)})" if of else f"{n:,}"


def number(estimate: Interval) -> str:
    """The value with its interval, or why there is none."""
    if estimate.value is None:
        return f"undefined: {estimate.why_undefined}"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f} (no interval: {estimate.why_undefined})"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def share(estimate: Interval) -> str:
    """A share in percent with its interval, or why there is none."""
    if estimate.value is None:
        return estimate.why_undefined
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.1%} ({estimate.why_undefined})"
    return f"{estimate.value:.1%} [{estimate.low:.1%}, {estimate.high:.1%}]"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("\n", " ")


def below(text: str) -> str:
    """What a person wrote, with its headings below those of the card: it never looks like a generated section."""
    text = re.sub(r"(?m)^([ ]{0,3})(#{1,6})(?=[ \t]|$)", r"\1####", text.strip())
    return re.sub(r"(?m)^([ ]{0,3}(?:=+|-+)[ \t]*)$", r"\n\1", text)


def size(n_items: int) -> str:
    """The size band of the Hub."""
    bands = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
    return next((band for limit, band in bands if n_items < limit), "1M<n<10M")


def limitations(facts: CardFacts) -> list[str]:
    """What the dataset cannot bear, in sentences."""
    return [
        "Judged from stored evidence, mostly text; pictures and video were not seen.",
        "The evidence is of its capture time; the page may have changed since.",
        *_erased(facts),
        "Items of the query and rare streams over-represent hard and rare pages: weigh, or use explore and audit.",
        *(["Labels of method `single` have no second opinion."] if "single" in facts.methods else []),
        *_inferred(facts),
        *(
            f"{category.name}: {category.n_positives} positives. Too few to train or to judge a classifier on."
            for category in facts.categories
            if category.n_positives < MIN_POSITIVES
        ),
        *(
            f"{category.name}: agreement is low, alpha {number(category.alpha)}: read its clauses first."
            for category in facts.categories
            if category.alpha.value is not None and category.alpha.value < LOW_ALPHA
        ),
    ]


def _erased(facts: CardFacts) -> list[str]:
    if not facts.n_erased:
        return []
    items, its = ("item", "its") if facts.n_erased == 1 else ("items", "their")
    return [
        f"The evidence of {facts.n_erased:,} {items} was erased, by request or because it was kept long enough: {its} "
        f"`title` and `text` are empty, and {its} labels rest on what people read before."
    ]


def _inferred(facts: CardFacts) -> list[str]:
    if "inferred" not in facts.methods:
        return []
    return [
        "Labels of method `inferred` rest on fewer judgments and on estimated skills: where that matters, leave "
        "them out by the column `method`."
    ]


def annotation_words(facts: CardFacts) -> str:
    """How many people judged, and how often each item was."""
    fewer = "; an item of method `inferred` stopped with fewer" if "inferred" in facts.methods else ""
    return (
        f"{facts.n_annotators:,} annotators gave {facts.n_judgments:,} judgments. Each item has {facts.overlap} place"
        f"{'' if facts.overlap == 1 else 's'} and up to {facts.overlap_max} where people disagree{fewer}."
    )
