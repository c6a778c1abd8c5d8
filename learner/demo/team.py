"""The people's half of the demo's history: they claim, judge, skip, flag and adjudicate as people do in the browser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef

from annotator.judgments.answers import Answer
from annotator.judgments.models import Verdict
from annotator.judgments.services import flag_add, judgment_submit
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Clause
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.queue.models import Assignment, AssignmentState, Skip
from annotator.queue.places import assignment_claim, assignment_skip
from annotator.review.models import Disagreement
from annotator.review.selectors import disagreements_open, flags_open, item_review
from annotator.review.services import Adjudication, BasedOn, flag_close, resolution_adjudicate
from learner.demo.corpus import DemoPage
from learner.demo.people import Person, answer

SKIPS: Final = 0.008
FLAGS: Final = 0.15
"""Share of skipped pages, and of flagged look-alikes."""
Truth = Mapping[str, DemoPage]
"""The pages by the address they came with."""


@dataclass(frozen=True)
class Annotator:
    """A simulated annotator at work in the project."""

    access: Access
    person: Person
    rng: np.random.Generator

    @property
    def has_work(self) -> bool:
        """Whether a free place waits for this annotator: whoever claims in vain is given a fallback batch."""
        free = Assignment.objects.filter(
            project=self.access.project, state=AssignmentState.FREE, for_annotator=None
        )
        seen = Assignment.objects.filter(annotator=self.access.user, item=OuterRef("item"))
        skipped = Skip.objects.filter(annotator=self.access.user, item=OuterRef("item"))
        return free.exclude(Exists(seen)).exclude(Exists(skipped)).exists()

    def work(self, truth: Truth) -> None:
        """The next page claimed, looked at, and judged or skipped."""
        place = assignment_claim(self.access.project, self.access.user)
        assert place is not None, "there was work a moment ago, and nobody else takes it"
        page = truth[Item.objects.values_list("raw_url", flat=True).get(pk=place.item_id)]
        if self.rng.random() < SKIPS:
            self._skip(place, page)
        else:
            self._judge(place, page)

    def _skip(self, place: Assignment, page: DemoPage) -> None:
        reason = Skip.Reason.UNCLEAR if page.hard_pair else Skip.Reason.DISTRESS
        assignment_skip(self.access.project, self.access.user, place.pk, reason)

    def _judge(self, place: Assignment, page: DemoPage) -> None:
        slugs = taxonomy_current(self.access.project).slugs
        said = answer(self.person, page.labels, categories=slugs, rng=self.rng, looks_like=page.looks_like)
        if page.hard_pair and self.rng.random() < FLAGS:
            flag_add(self.access, place.pk, f"Is this one of {page.hard_pair}? Please have a look.")
        judgment_submit(
            self.access,
            place.pk,
            Answer(
                client_id=UUID(bytes=self.rng.bytes(16), version=4),
                labels=said.labels,
                unsure=said.unsure,
                verdict=said.verdict,
                seconds=said.seconds,
                note=said.note,
            ),
        )


def adjudicate(lead: Access, truth: Truth, *, leave: int) -> None:
    """The lead's decisions on open disagreements, oldest first, until `leave` are left."""
    waiting = list(disagreements_open(lead.project))
    for disagreement in waiting[: max(len(waiting) - leave, 0)]:
        review = item_review(lead.project, disagreement.item_id)
        resolution_adjudicate(
            lead,
            disagreement.item_id,
            adjudication=_decision(lead, disagreement, truth[review.item.raw_url]),
            based_on=BasedOn(
                judgments=frozenset(judgment.pk for judgment in review.judgments),
                resolution=review.newest.pk if review.newest else None,
            ),
        )


def flags_close(lead: Access, *, leave: int) -> None:
    """The lead has looked at the flags, oldest first, until `leave` are left."""
    waiting = list(flags_open(lead.project))
    for flag in waiting[: max(len(waiting) - leave, 0)]:
        flag_close(lead, flag.pk)


def _decision(lead: Access, disagreement: Disagreement, page: DemoPage) -> Adjudication:
    disputed = sorted(disagreement.categories, key=lambda slug: slug != page.looks_like)
    clauses = guideline_current(lead.project).clauses
    if not disputed:
        return _adjudication(page, "The page says enough to be judged.", "1.2")
    slug = disputed[0]
    name = taxonomy_current(lead.project).name_of(slug)
    if slug in page.labels:
        reason = f"{name} is a real part of this page, whatever else it is about."
        return _adjudication(page, reason, clause_about(clauses, slug, "What counts"))
    if slug == page.looks_like:
        reason = f"The words are those of {name}, the stance is not: {page.hard_pair}."
        return _adjudication(page, reason, clause_about(clauses, slug, "Hard pair"))
    reason = f"{name} is mentioned here, not offered."
    return _adjudication(page, reason, clause_about(clauses, slug, "What does not count"))


def _adjudication(page: DemoPage, reason: str, clause_number: str) -> Adjudication:
    return Adjudication(frozenset(page.labels), Verdict.LABELLED, reason, clause_number)


def clause_about(clauses: Sequence[Clause], slug: str, title: str) -> str:
    """The number of the category's first clause with such a title, or empty."""
    about = (
        clause.number for clause in clauses if clause.category == slug and clause.title.startswith(title)
    )
    return next(about, "")
