"""How far active learning bends the dataset, which columns undo it, and where that ends."""

from typing import Final

from learner.core.cards.facts import CardFacts, CategoryFacts
from learner.core.cards.wording import count, percent, share

ENOUGH_DRAWN: Final = 10
"""Items below which no worked number is shown: the interval says next to nothing."""


def bias_sentence(facts: CardFacts) -> str:
    """How much of the dataset is biased, in one sentence."""
    return (
        f"{count(facts.n_chosen, facts.n_items)} of the {facts.n_items:,} items were not drawn at random, and "
        f"{count(facts.pictures.n_drawn, facts.n_items)} were."
    )


def undo_words(facts: CardFacts) -> str:
    """Which columns undo the bias, with the formula, and one category of this dataset worked out."""
    return f"""The columns `stream` and `inclusion_probability` undo the bias where that is possible. An item drawn at \
random carries the probability π with which its draw took it: `explore` draws from the pool of train sites, `audit` \
from the holdout sites; for the other streams π is empty. Over the items of **one** of these two streams, the share of \
the pages with a property (y = 1) is

    share ≈ Σ (y / π) ÷ Σ (1 / π)

{_worked(facts)}"""


def limit_words() -> list[str]:
    """What weighing cannot mend."""
    return [
        "Items of `query` and `rare` have no inclusion probability, and no weight makes them stand for anything but "
        "themselves. Train on them; estimate nothing from them.",
        "Each explore draw is from the pool as it was then: what a strategy had taken before is no longer in it. So "
        "explore stands for what was left of the pool.",
        "Each audit draw goes by the scores of its day, over what earlier ones had left; π is that of its own draw. "
        "Several together have other chances, which the evaluations of the project know and this table does not: weigh "
        "the audits of one batch, or take the numbers of an evaluation.",
        "Items that were drawn and are not resolved yet, or not labelled, are not here. If those are the hard ones, a "
        "weighed share is too low for what is hard.",
        "The pool itself is what somebody took in, not the web.",
    ]


def most_bent(facts: CardFacts) -> CategoryFacts | None:
    """The category whose share among train items is farthest from its share when drawn at random, if any is known."""
    of = facts.n_trainable
    known = [
        (abs(facts.n_trainable_with(category) / of - category.drawn.value), category)
        for category in facts.categories
        if of
        and category.drawn is not None
        and category.drawn.value is not None
        and category.drawn.n_items >= ENOUGH_DRAWN
    ]
    return max(known, key=lambda pair: pair[0])[1] if known else None


def _worked(facts: CardFacts) -> str:
    category = most_bent(facts)
    if category is None or category.drawn is None:
        return f"This snapshot has fewer than {ENOUGH_DRAWN} items of `explore`: there is nothing to work out yet."
    n, of = facts.n_trainable_with(category), facts.n_trainable
    return (
        f"Worked on {category.name}: {n:,} of {of:,} train items have it, {percent(n, of)}. Over the "
        f"{category.drawn.n_items:,} explore items, weighed, it is {share(category.drawn)}: that is what to expect "
        "in the pool. In pandas:\n\n"
        '    drawn = items[items.stream == "explore"]\n'
        f"    y, w = drawn.{facts.column_of[category.slug]}.astype(float), 1 / drawn.inclusion_probability\n"
        "    (y * w).sum() / w[y.notna()].sum()"
    )
