"""What each column of the frozen tables means."""

from typing import Final

from learner.core.cards.facts import CardFacts

TABLES: Final = {
    "items": "One row for each resolved item, in the order of `url`.",
    "judgments": "One row for each judgment on these items, also those that were superseded or withdrawn.",
}
WORDS: Final = {
    "items": {
        "url": "address of the page",
        "registrable_domain": "the site: one site is on one side of the split, for ever",
        "title": "title of the stored evidence",
        "text": "text of the stored evidence, as annotators saw it",
        "labels": "short names of the categories that the page is known to have",
        "method": "how the labels came about",
        "n_judgments": "judgments that the labels rest on",
        "split": "side of the site",
        "stream": "why the item was served",
        "inclusion_probability": "chance with which its random draw took it; null when it was not drawn at random",
        "batch": "number of the batch that served it first",
        "source": "source that it was taken in with",
        "taxonomy": "version of the taxonomy that its labels were held under, before they were carried",
    },
    "judgments": {
        "url": "address of the page",
        "annotator": "pseudonym, stable within the project",
        "labels": "short names of the categories called present, as they were given",
        "unsure": "short names of the categories that the annotator could not decide",
        "verdict": "labelled, or why not",
        "seconds": "time on the page",
        "late": "given after the lease had lapsed",
        "is_current": "false when superseded or withdrawn",
        "created_at": "when it was given",
        "taxonomy": "version of the taxonomy that it was given under",
        "guideline": "version of the guideline that it was given under",
        "clause": "number of the clause of that guideline that was cited, if any",
    },
}


def column_words(facts: CardFacts, table: str, column: str) -> str:
    """What a column holds; empty for one that nobody described."""
    for category in facts.categories:
        if table == "items" and facts.column_of[category.slug] == column:
            return f"{category.name}: {category.definition} Null when not known."
    return WORDS.get(table, {}).get(column, "")
