"""One error as its page shows it: what people and the classifier say, and what each cause would look like."""

from collections.abc import Sequence
from dataclasses import dataclass

from annotator.judgments.models import Judgment, Verdict
from annotator.pool.addresses import UrlParts
from annotator.pool.pane import SHIELD_FROM, Pane, is_covered, pane_of
from annotator.pool.selectors import ItemPage, item_page
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, carried, guideline_current
from annotator.review.selectors import ItemReview, item_review
from learner.core.causes import (
    FACTS_LEAST,
    RULE,
    Cause,
    CauseFacts,
    CauseView,
    cause_views,
    facts_known,
    suggested,
)
from learner.errors.models import ClassifierError, ErrorAction, ErrorCause, ErrorDetail, Kind, Relook
from learner.errors.selectors import causes_history, run_taxonomy, similar_lines
from learner.suspects.selectors import suspects_open
from learner.training.models import ClassifierVersion

SAYS_IT, SAYS_NOT, SAYS_UNSURE = "present", "absent", "unsure"


@dataclass(frozen=True)
class Word:
    """One word that pushes: how far in logits, and how long its bar is, in percent of the strongest."""

    word: str
    place: str
    logits: float
    percent: int


@dataclass(frozen=True)
class SimilarLine:
    """One similar training item with its label in the category: held, not held, or not told."""

    item_id: int
    url: UrlParts
    title: str
    cosine: float
    label: str
    opposes: bool


@dataclass(frozen=True)
class JudgmentLine:
    """What one person said of the category, without their name."""

    number: int
    judgment: Judgment
    said: str
    agrees: bool


@dataclass(frozen=True)
class ErrorView:
    """One error with all that is known of it. `suggested` is what the facts speak for; nobody has to follow it."""

    error: ClassifierError
    version: ClassifierVersion
    taxonomy: Taxonomy
    name: str
    page: ItemPage
    pane: Pane
    covered: bool
    review: ItemReview
    judgments: tuple[JudgmentLine, ...]
    detail: ErrorDetail | None
    towards: tuple[Word, ...]
    away: tuple[Word, ...]
    similar: tuple[SimilarLine, ...]
    facts: CauseFacts
    causes: tuple[CauseView, ...]
    suggested: Cause | None
    n_known: int
    history: tuple[ErrorCause, ...]
    actions: tuple[ErrorAction, ...]

    @property
    def current(self) -> ErrorCause | None:
        """The cause that counts: the newest on what is still held."""
        return next((row for row in self.history if row.resolution_id == self.error.resolution_id), None)

    @property
    def suggestion(self) -> str:
        """Why a cause is suggested, or why none is."""
        view = next((view for view in self.causes if view.cause == self.suggested), None)
        if view is not None:
            return f"{view.cause.words} is suggested, by {view.percent} %. {view.reasons[0]}"
        if self.n_known < FACTS_LEAST:
            return "Too little is known of this error to suggest a cause."
        return "The facts speak for none of them clearly."

    @property
    def rule(self) -> str:
        """How causes are suggested."""
        return RULE

    @property
    def is_stale(self) -> bool:
        """Whether the page was resolved anew since the search: it may be an error no more."""
        held = self.review.held
        return held is None or held.pk != self.error.resolution_id


def error_view(access: Access, error: ClassifierError) -> ErrorView:
    """All that is known of one error. At most fourteen queries. Raises Withheld for a sealed page."""
    taxonomy = run_taxonomy(error.run)
    review = item_review(access.project, error.item_id)
    page = item_page(review.item)
    pane = pane_of(page, taxonomy, n_site=0)
    detail = ErrorDetail.objects.filter(error=error).first()
    judgments = tuple(_judgments(error, review, taxonomy))
    similar = tuple(_similar(error, detail)) if detail else ()
    facts = _facts(access, error, page, judgments=judgments, detail=detail, similar=similar)
    views = cause_views(facts)
    said = {error.category, *error.resolution.labels}
    return ErrorView(
        error=error,
        version=error.run.evaluation.classifier,
        taxonomy=taxonomy,
        name=taxonomy.name_of(error.category),
        page=page,
        pane=pane,
        covered=taxonomy.severity_of(said) >= SHIELD_FROM or is_covered(pane, taxonomy),
        review=review,
        judgments=judgments,
        detail=detail,
        towards=_words(detail.towards, detail) if detail else (),
        away=_words(detail.away, detail) if detail else (),
        similar=similar,
        facts=facts,
        causes=views,
        suggested=suggested(facts, views),
        n_known=facts_known(facts),
        history=tuple(causes_history(error)),
        actions=tuple(actions_on(error)),
    )


def actions_on(error: ClassifierError) -> list[ErrorAction]:
    """What was done about a page in its category, newest first. One query."""
    rows = ErrorAction.objects.filter(
        project=error.project_id, category=error.category, items__contains=[error.item_id]
    )
    return list(rows.select_related("done_by", "run__batch", "report").order_by("-pk"))


def _judgments(error: ClassifierError, review: ItemReview, taxonomy: Taxonomy) -> list[JudgmentLine]:
    """What each person said of the category, carried to the taxonomy of the version."""
    lines = []
    for number, judgment in enumerate(review.judgments, start=1):
        if judgment.verdict != Verdict.LABELLED:
            lines.append(JudgmentLine(number, judgment, judgment.get_verdict_display(), agrees=False))
            continue
        known = carried(
            tuple(judgment.labels), tuple(judgment.unsure), judgment.taxonomy_id, taxonomy.version.pk
        )
        if error.category in known.unknown:
            continue
        said = SAYS_IT if error.category in known.labels else SAYS_NOT
        said = SAYS_UNSURE if error.category in known.unsure else said
        held = SAYS_IT if error.kind == Kind.MISS else SAYS_NOT
        lines.append(JudgmentLine(number, judgment, said, agrees=said == held))
    return lines


def _similar(error: ClassifierError, detail: ErrorDetail) -> list[SimilarLine]:
    names = {1: "has it", 0: "has it not", -1: "not told"}
    opposite = 0 if error.kind == Kind.MISS else 1
    return [
        SimilarLine(pk, url, title, cosine, names[held], opposes=held == opposite)
        for url, title, cosine, held, pk in similar_lines(error, detail.similar)
    ]


def _words(stored: Sequence[Sequence[object]], detail: ErrorDetail) -> tuple[Word, ...]:
    strongest = max((abs(float(row[2])) for row in [*detail.towards, *detail.away]), default=1.0)
    return tuple(
        Word(str(word), str(place), float(str(logits)), round(100 * abs(float(str(logits))) / strongest))
        for word, place, logits in stored
    )


def _facts(
    access: Access,
    error: ClassifierError,
    page: ItemPage,
    *,
    judgments: Sequence[JudgmentLine],
    detail: ErrorDetail | None,
    similar: Sequence[SimilarLine],
) -> CauseFacts:
    said = [line.said for line in judgments]
    held = SAYS_IT if error.kind == Kind.MISS else SAYS_NOT
    opposite = SAYS_NOT if error.kind == Kind.MISS else SAYS_IT
    told = [line for line in similar if line.label != "not told"]
    clauses = guideline_current(access.project).clauses
    cited = sum(line.judgment.clause_id is not None for line in judgments)
    version = error.run.evaluation.classifier
    return CauseFacts(
        doubt=_doubt(access, error),
        agree=said.count(held),
        oppose=said.count(opposite),
        unsure=said.count(SAYS_UNSURE),
        near=len(told),
        near_oppose=sum(line.opposes for line in told),
        clauses=sum(clause.category == error.category for clause in clauses),
        cited=cited + (error.resolution.clause_id is not None),
        words=detail.n_words if detail else None,
        unseen=detail.n_unseen if detail else 0,
        pull=detail.pull if detail else 0.0,
        has_text=not page.is_bare,
        changed=page.added_at is not None and page.added_at > error.resolution.created_at,
        newer=page.item.created_at > version.created_at,
    )


def _doubt(access: Access, error: ClassifierError) -> float | None:
    """The doubt of the open suspect on this label; none where it is among them because somebody put it there."""
    put_up = Relook.objects.filter(resolution=error.resolution_id, category=error.category)
    waiting = suspects_open(access.project, error.category).filter(item=error.item_id)
    suspect = waiting.first()
    return None if suspect is None or put_up.exists() else suspect.doubt
