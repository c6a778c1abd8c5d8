"""What a lead reads: an item with its evidence, the answers side by side, and the clauses that bear on them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from django.utils.safestring import SafeString

from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.wording import named_words
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Item
from annotator.pool.pane import SHIELD_FROM, Pane, is_covered, pane_of
from annotator.pool.selectors import ItemPage, item_page
from annotator.projects.access import Access
from annotator.projects.models import Category, Clause, Project
from annotator.projects.prose import prose
from annotator.projects.selectors import Guideline, Taxonomy, guideline_current, taxonomy_current
from annotator.review.desk.inferring import Inferred, inferred_of
from annotator.review.desk.reliability import Reliability, reliability_of
from annotator.review.independence import judgments_after_question
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import ItemReview, item_review

VERDICTS_DIFFER: Final = "verdicts differ: "


@dataclass(frozen=True)
class Chip:
    """A category by name; `is_disputed` when not everybody says the same of it."""

    slug: str
    name: str
    is_disputed: bool


@dataclass(frozen=True)
class JudgmentCard:
    """One annotator's answer beside the others; `number` from 1. `is_after_question`: no longer independent.

    `is_of_earlier`: they judged an earlier version of the page than the newest.
    """

    number: int
    judgment: Judgment
    labels: tuple[Chip, ...]
    unsure: tuple[Chip, ...]
    is_after_question: bool = False
    is_of_earlier: bool = False
    reliability: tuple[Reliability, ...] = ()


@dataclass(frozen=True)
class ResolutionLine:
    """One line of an item's history."""

    resolution: Resolution
    answer: str
    reason: str
    is_newest: bool


@dataclass(frozen=True)
class ClauseText:
    """A clause with its body as HTML."""

    clause: Clause
    body: SafeString


@dataclass(frozen=True)
class Desk:
    """Everything on a lead's page about one item."""

    review: ItemReview
    page: ItemPage
    taxonomy: Taxonomy
    guideline: Guideline
    cards: tuple[JudgmentCard, ...]
    history: tuple[ResolutionLine, ...]
    clauses: tuple[ClauseText, ...]
    inferred: tuple[Inferred, ...] = ()

    @cached_property
    def pane(self) -> Pane:
        """The texts of the page as annotators read them: inert, with the guideline's terms marked."""
        return pane_of(self.page, self.taxonomy, n_site=0)

    @property
    def is_covered(self) -> bool:
        """Whether the text starts covered: by what anybody said of it, was held true, or stands in its words."""
        said = {slug for judgment in self.review.judgments for slug in (*judgment.labels, *judgment.unsure)}
        said |= {slug for resolution in self.review.resolutions for slug in resolution.labels}
        return self.taxonomy.severity_of(said) >= SHIELD_FROM or is_covered(self.pane, self.taxonomy)


@dataclass(frozen=True)
class DisputeLine:
    """One line of the list of disagreements; `answered` of how many, where people were asked about it."""

    disagreement: Disagreement
    url: UrlParts
    categories: tuple[Category, ...]
    reason: str
    n_judgments: int
    since: datetime
    looking: str
    answered: tuple[int, int] | None


def desk_of(access: Access, item_id: int) -> Desk:
    """A lead's view of one item. Eight queries. Raises NotFound for an item of another project."""
    review = item_review(access.project, item_id)
    taxonomy, guideline = taxonomy_current(access.project), guideline_current(access.project)
    disputed = review.disputed
    asked = judgments_after_question(access.project).filter(item=review.item)
    after_question = set(asked.values_list("pk", flat=True))
    page = item_page(review.item)
    return Desk(
        review=review,
        page=page,
        taxonomy=taxonomy,
        guideline=guideline,
        cards=tuple(
            JudgmentCard(
                number=number,
                judgment=judgment,
                labels=_chips(judgment.labels, taxonomy, disputed),
                unsure=_chips(judgment.unsure, taxonomy, disputed),
                is_after_question=judgment.pk in after_question,
                is_of_earlier=judgment.evidence is not None and judgment.evidence < page.version,
            )
            for number, judgment in enumerate(review.judgments, start=1)
        ),
        history=tuple(
            ResolutionLine(row, answer_words(row, taxonomy), _why(row, taxonomy), row == review.newest)
            for row in review.resolutions
        ),
        clauses=tuple(
            ClauseText(clause, prose(clause.body))
            for clause in guideline.clauses
            if not clause.category or clause.category in disputed
        ),
    )


def weighed(project: Project, desk: Desk) -> Desk:
    """The desk with what the judgments amount to, and how far to trust whom, in the categories in dispute.

    Four queries more.
    """
    review = desk.review
    named = [row for row in desk.taxonomy.categories if row.slug in review.disputed | review.undisputed]
    disputed = [row for row in named if row.slug in review.disputed]
    people = {judgment.annotator_id for judgment in review.judgments}
    trust = reliability_of(project, people, disputed, but=review.item.pk)
    return replace(
        desk,
        inferred=inferred_of(project, review.judgments, named),
        cards=tuple(
            replace(card, reliability=trust[card.judgment.annotator_id]) if disputed else card
            for card in desk.cards
        ),
    )


def dispute_lines(
    rows: Iterable[Disagreement],
    taxonomy: Taxonomy,
    access: Access,
    now: datetime,
    answered: Mapping[int, tuple[int, int]],
) -> list[DisputeLine]:
    """The lines of a list of disagreements, gravest category first in each; `looking` is another lead's name.

    `answered` says of a disagreement how many have answered the question on it, and how many were asked.
    """
    categories = {category.slug: category for category in taxonomy.categories}
    return [
        DisputeLine(
            disagreement=row,
            url=url_parts(row.item),
            categories=tuple(
                sorted(
                    (categories[slug] for slug in row.categories if slug in categories),
                    key=lambda category: (-category.severity, category.position),
                )
            ),
            reason=reason_words(row.reason, taxonomy),
            n_judgments=vars(row)["n_judgments"],
            since=row.opened_at,
            looking=_looking(row, access, now),
            answered=answered.get(row.pk),
        )
        for row in rows
    ]


def _looking(row: Disagreement, access: Access, now: datetime) -> str:
    is_leased = row.lease_until is not None and row.lease_until >= now
    return row.lease_by.username if is_leased and row.lease_by and row.lease_by != access.user else ""


def answer_words(resolution: Resolution, taxonomy: Taxonomy) -> str:
    """What a resolution holds, in words."""
    if resolution.verdict != Verdict.LABELLED:
        return resolution.get_verdict_display()
    return ", ".join(map(taxonomy.name_of, resolution.labels)) or "none of these"


def reason_words(reason: str, taxonomy: Taxonomy) -> str:
    """Why an item is in dispute, with its categories and verdicts by name."""
    if not reason.startswith(VERDICTS_DIFFER):
        return named_words(reason, taxonomy)
    values = "|".join(sorted(map(re.escape, Verdict.values), key=len, reverse=True))
    named = re.sub(values, lambda match: Verdict(match[0]).label, reason.removeprefix(VERDICTS_DIFFER))
    return VERDICTS_DIFFER + named


def url_parts(item: Item) -> UrlParts:
    """The address of an item taken apart."""
    return parts_of(Address(item.url, item.host, item.registrable_domain))


def _why(resolution: Resolution, taxonomy: Taxonomy) -> str:
    """The reason of a resolution: a lead's own words as they are, the rule's with categories by name."""
    return resolution.reason if resolution.resolved_by_id else reason_words(resolution.reason, taxonomy)


def _chips(slugs: Iterable[str], taxonomy: Taxonomy, disputed: frozenset[str]) -> tuple[Chip, ...]:
    return tuple(Chip(slug, taxonomy.name_of(slug), slug in disputed) for slug in slugs)
