"""Asking for suspects, and a lead's answers to them. Imports nothing heavy: the work is done by workers."""

from uuid import UUID, uuid4

from django.db import transaction

from annotator.errors import BadInput, Conflict, Throttled, Withheld
from annotator.judgments.models import Verdict
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_current
from annotator.review.models import Question
from annotator.review.questioning import disagreement_open
from annotator.review.questions.asking import QuestionDraft, question_ask, question_words
from annotator.review.questions.threads import judges_of
from annotator.review.services import Adjudication, BasedOn, resolution_adjudicate
from annotator.runs import run_start
from learner.suspects.models import Suspect, SuspectConfirmation, SuspectRun
from learner.suspects.selectors import suspect_of, suspects_open, words_of


def suspect_run_start(project: Project) -> SuspectRun:
    """A run that will look for suspects, or the one that is active. The tick wakes it."""
    return run_start(SuspectRun, project)


@transaction.atomic
def suspect_confirm(access: Access, suspect_id: int) -> None:
    """The label stands: not asked again while its resolution is held. Confirming twice confirms once."""
    suspect = _open_suspect(access, suspect_id)
    SuspectConfirmation.objects.get_or_create(
        resolution_id=suspect.resolution_id,
        category=suspect.category,
        defaults={"project": access.project, "by": access.user},
    )


@transaction.atomic
def suspect_fix(access: Access, suspect_id: int, *, judgments: frozenset[int]) -> None:
    """The lead's resolution with the doubted category turned over, by compare-and-set.

    `judgments` are those that the lead saw. Raises Conflict, naming what changed, when others count now, and when the
    resolution is of another taxonomy and says nothing on some other category: nobody looked at that.
    """
    suspect = _open_suspect(access, suspect_id)
    held = suspect.resolution
    known = carried(tuple(held.labels), (), held.taxonomy_id, taxonomy_current(access.project).version.pk)
    if others := sorted(known.unknown - {suspect.category}):
        raise Conflict(
            f"Item {suspect.item_id} was resolved under an earlier taxonomy, which says nothing on "
            f"{', '.join(others)}. Send it back, and decide on the item."
        )
    labels = known.labels ^ {suspect.category}
    adjudication = Adjudication(labels, Verdict.LABELLED, f"Suspect: {words_of(suspect, access.taxonomy)}")
    based_on = BasedOn(judgments, suspect.resolution_id)
    resolution_adjudicate(access, suspect.item_id, adjudication=adjudication, based_on=based_on)


@transaction.atomic
def suspect_send_back(
    access: Access, suspect_id: int, *, text: str | None = None, client_id: UUID | None = None
) -> Question | None:
    """The item among the disagreements, with the evidence as its reason, and a question to those who judged it.

    What is held stays held meanwhile. Without `text` the question is the usual one, which tells neither what is held
    nor the evidence. None when nobody can be asked, or the item was asked about too often: then leads decide alone.
    Raises as `question_ask`, and Conflict when the suspect was answered.
    """
    suspect = _open_suspect(access, suspect_id)
    if text is not None and not text.strip():
        raise BadInput("The question is empty: write what you want to say.")
    disagreement_open(
        access,
        suspect.item_id,
        reason=f"Suspect: {words_of(suspect, access.taxonomy)}",
        categories=frozenset({suspect.category}),
        resolution=suspect.resolution_id,
    )
    if not _can_ask(access, suspect):
        return None
    category = suspect.category if suspect.category in access.taxonomy.slugs else ""
    draft = QuestionDraft(text or suspect_question(suspect, access.taxonomy), category=category)
    try:
        return question_ask(access, suspect.item_id, draft, client_id=client_id or uuid4())
    except Throttled:
        return None


def suspect_question(suspect: Suspect, taxonomy: Taxonomy) -> str:
    """What those who judged the item are asked unless a lead writes something else: it leads them to no answer."""
    return question_words([taxonomy.name_of(suspect.category)])


def _can_ask(access: Access, suspect: Suspect) -> bool:
    judges = judges_of(access.project, suspect.item_id)
    others = any(judge.can_answer and judge.judgment.annotator_id != access.user.pk for judge in judges)
    return others and not Question.objects.filter(item=suspect.item_id, status=Question.Status.OPEN).exists()


def _open_suspect(access: Access, suspect_id: int) -> Suspect:
    """The suspect; raises Conflict when it was answered, or its resolution superseded, since it was shown."""
    suspect = suspect_of(access.project, suspect_id)
    if suspect.item.withheld:
        raise Withheld
    if not suspects_open(access.project).filter(pk=suspect_id).exists():
        raise Conflict(
            f"Item {suspect.item_id} has changed since you opened this page: its resolution was replaced, somebody "
            "answered already, or a newer run no longer doubts it. Look again, then decide."
        )
    return suspect
