"""The case that a new clause of the guideline begins with: an item in dispute, told without names."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from annotator.judgments.models import Judgment
from annotator.judgments.wording import answer_words
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from annotator.review.desk.item import url_parts
from annotator.review.selectors import ItemReview, item_review

TITLE_MAX: Final = 120
ADDRESS_MAX: Final = 500


@dataclass(frozen=True)
class Case:
    """A clause to start from; the lead edits it before it is added to the draft."""

    category: str
    title: str
    body: str


def case_of(project: Project, item_id: int, taxonomy: Taxonomy) -> Case:
    """The clause that the case of an item begins. Four queries.

    About the gravest category in dispute, else the gravest that is named. Nobody is named, nothing of the page is
    quoted, and its address cannot be followed. Raises NotFound for an item of another project, Withheld when sealed.
    """
    review = item_review(project, item_id)
    slugs = _about(review, taxonomy)
    names = [taxonomy.name_of(slug) for slug in slugs]
    return Case(
        category=slugs[0] if slugs else "",
        title=" or ".join(names)[:TITLE_MAX],
        body="\n\n".join(_body(review, taxonomy)),
    )


def _about(review: ItemReview, taxonomy: Taxonomy) -> list[str]:
    """The categories in dispute, or else all that are named, the gravest first."""
    slugs = (review.disputed or review.undisputed) & set(taxonomy.slugs)
    return sorted(slugs, key=lambda slug: (-taxonomy.severity_of([slug]), slug))


def _body(review: ItemReview, taxonomy: Taxonomy) -> list[str]:
    address = url_parts(review.item).defanged[:ADDRESS_MAX].replace("`", "%60")
    said = Counter(_said(judgment, taxonomy) for judgment in review.judgments)
    lines = [f"- {n} of {len(review.judgments)} said: {words}" for words, n in said.most_common()]
    body = ["(Say here what decides such a page.)", f"The case: `{address}`"]
    return [*body, "\n".join(lines)] if lines else body


def _said(judgment: Judgment, taxonomy: Taxonomy) -> str:
    """An answer in words: "Games, unsure of Gambling"."""
    words = answer_words(judgment, taxonomy)
    unsure = [f"unsure of {', '.join(words.unsure)}"] if words.unsure else []
    return ", ".join([*words.labels, *unsure, *([words.other] if words.other else [])])
