"""The sections of a model card that only people can write."""

from typing import Final

from learner.core.cards.sections import Section

CARD: Final = "Model card"
SECTIONS: Final = (
    Section(
        "model-intended-use",
        "Intended use",
        "Who may use the classifier, in which schools, and what may follow from what it says.",
        card=CARD,
    ),
    Section(
        "model-out-of-scope-use",
        "Out-of-scope use",
        "What it must not decide, for whom, and what would go wrong.",
        card=CARD,
    ),
    Section(
        "model-human-oversight",
        "Human oversight",
        "Who looks at blocked pages that somebody objects to, and how fast; what happens when it is wrong.",
        card=CARD,
    ),
    Section(
        "model-limitations",
        "Further limitations",
        "What people know of its weaknesses beyond what is measured.",
        required=False,
        card=CARD,
    ),
    Section(
        "model-contact", "Contact", "Where to ask, and where to report a page that it gets wrong.", card=CARD
    ),
)
BY_SLUG: Final = {section.slug: section for section in SECTIONS}
