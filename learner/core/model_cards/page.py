"""The model card as one page that stands alone, for a screen or for paper."""

from learner.core.cards.page import Page, page_html
from learner.core.model_cards.facts import ModelCardFacts
from learner.core.model_cards.figures import figures_of
from learner.core.model_cards.summary import read_first, tiles_of


def model_page(facts: ModelCardFacts, body: str) -> str:
    """The page; `body` is the text of the Markdown card, as safe HTML. Same arguments, same bytes."""
    return page_html(
        Page(
            kind="Model card",
            title=f"{facts.project}, classifier v{facts.number}",
            subtitle=f"Evaluated {facts.evaluated_at} · taxonomy v{facts.taxonomy} · recipe {facts.training.recipe}",
            tiles=tiles_of(facts),
            first=read_first(facts),
            figures=figures_of(facts),
            body=body,
        )
    )
