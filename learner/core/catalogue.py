"""Query strategies, and where words stand, by name: for pages and forms, which load nothing that computes."""

from typing import Final

COLD: Final = "cold_start"
USUAL: Final = "expected_change"
BY_DISTANCE: Final = ("multilabel_uncertainty", "expected_change")
"""Strategies whose recorded score is minus the distance, in logits, to the threshold of a category."""
WORDS: Final[dict[str, str]] = {
    "expected_change": "Items close to a category's threshold, of equally close ones those with newer words first.",
    "multilabel_uncertainty": "Items closest to a category's threshold, each learned category in turn.",
    "rare_category": "Likely positives of each category with few positives so far, most for those with the fewest.",
    "cold_start": "Items that resemble a category's definition, each category in turn, and a quarter at random.",
    "random_sampling": "Every item is equally likely.",
}
"""Strategy -> what it does, in a sentence."""
TEXT, ADDRESS = PLACES = ("text", "address")
"""Where a word that drives a category stands."""
