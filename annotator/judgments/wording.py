"""Judgments in words, for the person who gave them and for whoever may see them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from annotator.judgments.models import Judgment, Verdict
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.projects.selectors import Taxonomy


@dataclass(frozen=True)
class AnswerWords:
    """An answer by the names of its categories; `other` is what it says in place of them."""

    labels: tuple[str, ...]
    unsure: tuple[str, ...]
    other: str


@dataclass(frozen=True)
class JudgmentRow:
    """One judgment in words, with its page."""

    judgment: Judgment
    url: UrlParts
    words: AnswerWords

    @property
    def note(self) -> str:
        """The note; none on a withheld page, which it may quote."""
        return "" if self.judgment.item.withheld else self.judgment.note


def answer_words(judgment: Judgment, taxonomy: Taxonomy) -> AnswerWords:
    """What a judgment says."""
    other = "" if judgment.verdict == Verdict.LABELLED else str(Verdict(judgment.verdict).label)
    if is_none(judgment):
        other = "None of these"
    return AnswerWords(
        labels=tuple(map(taxonomy.name_of, judgment.labels)),
        unsure=tuple(map(taxonomy.name_of, judgment.unsure)),
        other=other,
    )


def is_none(judgment: Judgment) -> bool:
    """Whether a judgment says "none of these"."""
    return judgment.verdict == Verdict.LABELLED and not judgment.labels and not judgment.unsure


def named_words(reason: str, taxonomy: Taxonomy) -> str:
    """A reason that the machine wrote, with its categories by name."""
    slugs = "|".join(sorted(map(re.escape, taxonomy.slugs), key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{slugs})(?![\w-])", lambda match: taxonomy.name_of(match[0]), reason)


def judgment_rows(judgments: Iterable[Judgment], taxonomy: Taxonomy) -> list[JudgmentRow]:
    """Judgments in words; their items have to be at hand."""
    return [
        JudgmentRow(
            judgment=judgment,
            url=parts_of(Address(judgment.item.url, judgment.item.host, judgment.item.registrable_domain)),
            words=answer_words(judgment, taxonomy),
        )
        for judgment in judgments
    ]
