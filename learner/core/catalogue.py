"""The query strategies by name, in words: for pages and forms, which load nothing that computes."""

from typing import Final

COLD: Final = "cold_start"
USUAL: Final = "multilabel_uncertainty"
WORDS: Final[dict[str, str]] = {
    "multilabel_uncertainty": "Items closest to a category's threshold, each learned category in turn.",
    "rare_category": "Likely positives of each category, most for those with the fewest positives so far.",
    "random_sampling": "Every item is equally likely.",
    "cold_start": "Items that resemble a category's definition, each category in turn, and a quarter at random.",
}
"""Strategy -> what it does, in a sentence. The same as in `learner.core.strategies.STRATEGIES`, which a test holds."""
