"""The card of a snapshot in each of its dialects, written from one model of facts."""

from pathlib import Path

from annotator.projects.prose import prose_tabled
from learner.core.cards import CardFacts, card_page, croissant, data_card, facts_dump
from learner.snapshots import files


def card_write(folder: Path, facts: CardFacts, more: str = "") -> None:
    """Markdown, page, Croissant and the facts themselves, beside the tables that they describe.

    `more` are sections of the card in Markdown that follow those of the facts.
    """
    card = data_card(facts) + more
    written = {
        files.CARD: card,
        files.PAGE: card_page(facts, prose_tabled(card_body(card))),
        files.FACTS: facts_dump(facts),
        files.CROISSANT: croissant(facts),
    }
    for name, text in written.items():
        (folder / name).write_text(text, encoding="utf-8")


def card_body(card: str) -> str:
    """The Markdown card after its front matter and its title."""
    _, _, titled = card.partition("\n# ")
    return titled.partition("\n")[2]
