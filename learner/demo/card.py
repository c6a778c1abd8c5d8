"""What the demo's scientist wrote on the data card."""

from typing import Final

from annotator.accounts.models import User
from annotator.projects.models import Project
from learner.core.cards.sections import BY_SLUG
from learner.snapshots.sections.selectors import card_written
from learner.snapshots.sections.services import card_section_write

TEXTS: Final = {
    "intended-use": """\
To try Crossguard, and to see what a dataset of it looks like from end to end. A team of its own would write here:

- **Who**: the scientists of a web-filter company, and the schools that check its claims.
- **For what**: to train and to judge a classifier that says which categories of a K-12 policy a page belongs to.
- **How good is good enough**: recall of the grave categories at their floor on audited holdout sites, by interval.""",
    "out-of-scope-use": """\
- Any claim about real pages: every page here is invented.
- A blocklist. A label speaks of one page at one time, not of a site or of the people behind it.
- Watching a child. That somebody opened a page says nothing about them, least of all for Self-Harm, where the same \
words stand on the page that harms and on the page that helps.""",
    "ethical-notes": """\
A missed Self-Harm page harms a child, and an over-blocked crisis line harms one too: **do not trade one for the \
other without saying so**. Pages on health, faith and sexuality are where filters fail minorities first, so look at \
their errors by hand.

Annotators see harmful pages. Their exposure is rationed, what is harmful is shielded until they ask, and what each \
of them saw is theirs alone.""",
    "annotators": "Three simulated annotators with different skills and habits, and one lead. No person judged it.",
    "licence": """\
cc0-1.0

The pages, sites and judgments of the demo are invented and belong to nobody.""",
    "maintenance": """\
A version is frozen whenever the data changed enough to train on. Errors are corrected in the next one; earlier ones \
stay as they are, so that a result can be repeated.""",
    "contact": "The scientist of this project, on the Members page. Report a page that should not be here to any lead.",
}


def card_fill(project: Project, by: User) -> None:
    """Write the sections that nobody wrote; one that stands already stays as it is."""
    for row in card_written(project):
        if row.newest is None:
            card_section_write(project, BY_SLUG[row.section.slug], TEXTS[row.section.slug], by=by, based_on=0)
