"""The model card: one model of facts, told as Markdown and as a page."""

from learner.core.model_cards.facts import ModelCardFacts
from learner.core.model_cards.markdown import model_card
from learner.core.model_cards.page import model_page

__all__ = ["ModelCardFacts", "model_card", "model_page"]
