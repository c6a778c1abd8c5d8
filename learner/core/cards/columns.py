"""What each column of the frozen tables means."""

from typing import Final

from learner.core.cards.facts import CardFacts

TABLES: Final = {
    "items": "One row for each resolved item, in the order in which they were taken in.",
    "judgments": "One row for each judgment on these items, also those that were superseded or withdrawn.",
    "resolutions": "One row for each resolution of these items, also those that were superseded.",
    "batches": "One row for each time that one of these items was served, with the reason.",
    "categories": "The categories of every taxonomy version.",
    "clauses": "The clauses of every guideline version.",
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
        "split_group": "items of one site or of near-duplicates, which are on one side together",
        "stream": "why the item was served",
        "inclusion_probability": "chance with which its own draw took it; null when it was not drawn at random",
        "batch": "number of the batch that served it first",
        "source": "source that it was taken in with",
        "taxonomy": "version of the taxonomy that its labels were held under, before they were carried",
        "near_test": "outside of test, with nearly the text of a page in it",
        "evidence": "version of the stored evidence; null when there is none",
        "inclusion_probability_union": "of an audited item: chance with which any wave of audits so far took it; null "
        "where a wave was drawn after the moment of the snapshot",
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
        "after_question": "given after a lead had asked this annotator about the item: not independent",
        "imported": "from a file of another tool; `guideline` is then the one of the import",
        "evidence": "version of the evidence that was judged, to compare with that of the item; null when not known",
        "given_at": "time at which an imported judgment was given, where its file says",
    },
    "resolutions": {
        "url": "address of the page",
        "labels": "short names of the categories held true",
        "verdict": "labelled, or why not",
        "method": "how it came about",
        "reason_class": "what a lead's decision rests on",
        "clause": "number of the clause that was cited, if any",
        "n_judgments": "judgments that it rests on",
        "is_current": "false when superseded",
        "created_at": "when it was written",
        "taxonomy": "version of the taxonomy that it was held under",
    },
    "batches": {
        "url": "address of the page",
        "batch": "number of the batch",
        "opened_at": "when the batch was opened",
        "rank": "place in the batch",
        "stream": "why the item was served",
        "strategy": "query strategy that chose it",
        "score": "higher is sooner; for a random draw the number that decided",
        "reason": "why, in words",
        "classifier": "number of the classifier version that scored, if any",
        "pool_size": "items that could have been chosen",
        "inclusion_probability": "chance with which its own draw took it; null when it was not drawn at random",
        "seed": "of the draw",
        "stopping": "fixed, adaptive or check",
        "overlap": "places that it started with",
    },
}


def column_words(facts: CardFacts, table: str, column: str) -> str:
    """What a column holds; empty for one that nobody described."""
    for category in facts.categories:
        if table == "items" and facts.column_of[category.slug] == column:
            return f"{category.name}: {category.definition} Null when not known."
    return WORDS.get(table, {}).get(column, "")
