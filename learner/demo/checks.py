"""The demo's checks: a lead's gold with explanations, and how three people did on it and on pages that came again."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from django.utils import timezone

from annotator.judgments.models import Verdict
from annotator.judgments.selectors import judgments_own
from annotator.projects.access import Access
from annotator.projects.models import Membership, Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.queue.models import Assignment, AssignmentState, Exposure, Purpose
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from annotator.review.checks.gold import gold_add
from annotator.review.models import Method, Resolution
from annotator.review.people.sweep import quality_sweep
from annotator.review.scoring import shown_by
from annotator.review.selectors import resolutions_current
from learner.demo.team import Annotator, Truth, clause_about

GOLD_EACH: Final = 8
"""Gold items of each category, as far as there are so many."""
ROUNDS: Final = 4
"""Of three gold items a person."""
RETESTS: Final = 8


def gold_make(lead: Access, truth: Truth) -> int:
    """How many items the lead made gold: where what is held is right, decided ones first."""
    held = resolutions_current(lead.project).filter(verdict=Verdict.LABELLED).select_related("item", "clause")
    counts: Counter[str] = Counter()
    n = 0
    for resolution in sorted(held, key=lambda row: (row.method != Method.ADJUDICATED, row.pk)):
        shown = shown_by(resolution.labels)
        is_right = set(resolution.labels) == set(truth[resolution.item.raw_url].labels)
        if is_right and any(counts[category] < GOLD_EACH for category in shown):
            explanation, clause = _explained(lead, resolution)
            gold_add(lead, resolution.item_id, explanation, clause_number=clause)
            counts.update(shown)
            n += 1
    return n


def checks_do(project: Project, people: Sequence[Annotator], truth: Truth, rng: np.random.Generator) -> None:
    """Some weeks of checks: what was opened for each person is answered by them; nothing of it is left."""
    for annotator in people:
        _retests_open(project, annotator, rng)

    def seed() -> int:  # whoever starts the demo finds the same history
        return int(rng.integers(2**62))

    for _ in range(ROUNDS):
        quality_sweep(project, timezone.now(), seed=seed)
        for annotator in people:
            _answer(project, annotator, truth)
    quality_sweep(project, timezone.now(), seed=seed)


def _explained(lead: Access, resolution: Resolution) -> tuple[str, str]:
    """Why a resolution is right, and the number of the clause that says so."""
    if resolution.method == Method.ADJUDICATED:
        return resolution.reason, resolution.clause.number if resolution.clause else ""
    if not resolution.labels:
        return "It teaches, reports or helps, and offers nothing of any category.", ""
    taxonomy, clauses = taxonomy_current(lead.project), guideline_current(lead.project).clauses
    names = " and ".join(map(taxonomy.name_of, resolution.labels))
    why = f"{names} is what this page is there for, and everybody saw it."
    return why, clause_about(clauses, resolution.labels[0], "What counts")


def _retests_open(project: Project, annotator: Annotator, rng: np.random.Generator) -> None:
    own = judgments_own(project, annotator.access.user).filter(verdict=Verdict.LABELLED)
    pool = {row.item_id: frozenset(row.labels) for row in own}
    drawn = rng.choice(sorted(pool), size=min(RETESTS, len(pool)), replace=False)
    choices = [PersonalChoice(int(item), pool[int(item)], len(drawn) / len(pool)) for item in drawn]
    reason = f"A page that {annotator.person.name} judged before, at random"
    draw = Draw("retest-random", reason, pool_size=len(pool), seed=int(rng.integers(2**62)))
    places_personal_open(project, annotator.access.user, Purpose.RETEST, choices, draw=draw)


def _answer(project: Project, annotator: Annotator, truth: Truth) -> None:
    """Every check that waits for this person, as they come upon them; the next sweep sets their share again."""
    user = annotator.access.user
    waiting = Assignment.objects.filter(project=project, for_annotator=user, state=AssignmentState.FREE)
    Membership.objects.filter(project=project, user=user).update(check_share=1)
    for _ in range(waiting.count()):
        annotator.work(truth)
    Exposure.objects.filter(annotator=user).delete()
