"""What a person learns while they qualify: after each answer the right one, why, and how far they have come.

The lesson was written with the place (see annotator.queue.personal), so that nothing here has to know what gold is.
"""

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.safestring import SafeString

from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.wording import AnswerWords, JudgmentRow, judgment_rows
from annotator.projects.access import Access
from annotator.projects.models import Clause, Standing
from annotator.projects.prose import prose
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import AssignmentState, Lesson, Purpose, Skip


@dataclass(frozen=True)
class Qualifying:
    """How far an attempt at qualifying has come. `about`: one slip brings more items."""

    done: int
    about: int


@dataclass(frozen=True)
class LessonShown:
    """One's answer beside the right one, with the reason."""

    row: JudgmentRow
    right: AnswerWords
    is_right: bool
    explanation: str
    clause: Clause | None
    clause_body: SafeString
    progress: Qualifying | None


def lesson_shown(access: Access, judgment: Judgment) -> LessonShown | None:
    """What the caller may read after this answer; None unless it was given to qualify. Four queries, or none.

    The explanation may quote its page: it is left out while that is withheld.
    """
    if judgment.purpose != Purpose.QUALIFICATION or judgment.annotator_id != access.user.pk:
        return None
    lesson = Lesson.objects.select_related("clause").get(pk=judgment.assignment_id)
    taxonomy = taxonomy_current(access.project)
    names = tuple(map(taxonomy.name_of, lesson.labels))
    is_sure = judgment.verdict == Verdict.LABELLED and not judgment.unsure
    return LessonShown(
        row=judgment_rows([judgment], taxonomy)[0],
        right=AnswerWords(labels=names, unsure=(), other="" if names else "None of these"),
        is_right=is_sure and set(judgment.labels) == set(lesson.labels),
        explanation="" if judgment.item.withheld else lesson.explanation,
        clause=lesson.clause,
        clause_body=prose(lesson.clause.body) if lesson.clause else SafeString(""),
        progress=qualifying_of(access),
    )


def lesson_after(access: Access, judgment_id: str) -> LessonShown | None:
    """The lesson of a judgment of the caller's own, named in an address; None for anything else. Five queries."""
    if not (judgment_id.isascii() and judgment_id.isdigit() and len(judgment_id) < 19):  # noqa: PLR2004 - a bigint
        return None
    own = Judgment.objects.filter(project=access.project, annotator=access.user, pk=int(judgment_id))
    judgment = own.select_related("item").first()
    return None if judgment is None else lesson_shown(access, judgment)


def qualifying_of(access: Access) -> Qualifying | None:
    """How far the caller's present attempt has come; None unless they qualify. Two queries, or none.

    Items that they skipped are no part of it.
    """
    if access.standing != Standing.QUALIFYING:
        return None
    skipped = Skip.objects.filter(project=access.project, annotator=access.user).values("item")
    mine = Lesson.objects.filter(
        assignment__for_annotator=access.user, assignment__project=access.project
    ).exclude(assignment__item__in=skipped)
    submitted = Q(assignment__state=AssignmentState.SUBMITTED)
    attempts = mine.values("attempt").annotate(done=Count("pk", filter=submitted), about=Count("pk"))
    newest = attempts.order_by("-attempt").first()
    return None if newest is None else Qualifying(done=newest["done"], about=newest["about"])
