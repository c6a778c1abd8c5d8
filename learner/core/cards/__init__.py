"""The data card: one model of facts, told as Markdown, as Croissant and as a page."""

from learner.core.cards.croissant import croissant
from learner.core.cards.facts import (
    SPLITS,
    CardFacts,
    CategoryFacts,
    Changes,
    ColumnFacts,
    Interval,
    LinkFacts,
    PeriodFacts,
    Pictures,
    StreamFacts,
    TableFacts,
    Tops,
    WrittenFacts,
    in_order,
)
from learner.core.cards.facts_json import facts_dump, facts_load
from learner.core.cards.figures import Figure, figures_of
from learner.core.cards.markdown import data_card
from learner.core.cards.page import card_page
from learner.core.cards.summary import read_first, tiles_of

__all__ = [
    "SPLITS",
    "CardFacts",
    "CategoryFacts",
    "Changes",
    "ColumnFacts",
    "Figure",
    "Interval",
    "LinkFacts",
    "PeriodFacts",
    "Pictures",
    "StreamFacts",
    "TableFacts",
    "Tops",
    "WrittenFacts",
    "card_page",
    "croissant",
    "data_card",
    "facts_dump",
    "facts_load",
    "figures_of",
    "in_order",
    "read_first",
    "tiles_of",
]
