"""Answers: what an annotator may say about an item, checked before anything is written."""

from dataclasses import dataclass, replace
from uuid import UUID

from annotator.errors import BadInput
from annotator.judgments.models import Verdict
from annotator.projects.access import Access
from annotator.projects.models import Clause
from annotator.projects.selectors import Guideline, Taxonomy, guideline_current
from annotator.queue.places import note_checked

NOTE_MAX = 2000
SECONDS_MAX = 7 * 24 * 3600
ANSWERS = tuple(verdict for verdict in Verdict if verdict is not Verdict.WITHDRAWN)


@dataclass(frozen=True)
class Answer:
    """What an annotator says about an item. Labelled, with no labels and nothing unsure, is "none of these".

    `evidence` is the version of the page that they were shown, where the caller knows it.
    """

    client_id: UUID
    labels: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    verdict: str = Verdict.LABELLED
    seconds: float | None = None
    note: str = ""
    clause: str = ""
    evidence: int | None = None


@dataclass(frozen=True)
class Checked:
    """An answer in its stored form, with what it refers to; the guideline only where a clause is cited."""

    answer: Answer
    taxonomy: Taxonomy
    guideline: Guideline | None = None
    clause: Clause | None = None

    @property
    def severity(self) -> int | None:
        """The severity of what is present, or may be; None when the answer does not say what the page shows."""
        if self.answer.verdict != Verdict.LABELLED:
            return None
        return self.taxonomy.severity_of(self.answer.labels + self.answer.unsure)


def answer_checked(access: Access, answer: Answer) -> Checked:
    """The answer in its stored form (sorted, trimmed); raises BadInput, naming the value, for one that cannot be.

    No query, one with a clause.
    """
    taxonomy = access.taxonomy
    if answer.verdict not in ANSWERS:
        raise BadInput(f'"{answer.verdict}" is not a verdict. Use one of: {", ".join(ANSWERS)}.')
    labels, unsure = frozenset(answer.labels), frozenset(answer.unsure)
    if answer.verdict != Verdict.LABELLED and labels | unsure:
        named = ", ".join(sorted(labels | unsure))
        raise BadInput(
            f'The verdict "{answer.verdict}" goes without labels, but names {named}. Choose one of the two.'
        )
    for slug in sorted((labels | unsure) - set(taxonomy.slugs)):
        raise BadInput(f'"{slug}" is not a category of this project. Reload the taxonomy.')
    for slug in sorted(labels & unsure):
        raise BadInput(f'"{slug}" is both present and unsure. Choose one of the two.')
    if answer.seconds is not None and not 0 <= answer.seconds <= SECONDS_MAX:
        raise BadInput(
            f"{answer.seconds} seconds on a page is not possible. Send 0 to {SECONDS_MAX}, or nothing."
        )
    stored = replace(
        answer,
        labels=tuple(sorted(labels)),
        unsure=tuple(sorted(unsure)),
        note=note_checked(answer.note, NOTE_MAX),
        clause=answer.clause.strip(),
    )
    return _citing(access, Checked(stored, taxonomy)) if stored.clause else Checked(stored, taxonomy)


def _citing(access: Access, checked: Checked) -> Checked:
    guideline = guideline_current(access.project)
    clause = guideline.clause(checked.answer.clause)
    if clause is None:
        raise BadInput(
            f'"{checked.answer.clause}" is not a clause of guideline v{guideline.version.number}. '
            "Reload the guideline, or cite none."
        )
    return replace(checked, guideline=guideline, clause=clause)
