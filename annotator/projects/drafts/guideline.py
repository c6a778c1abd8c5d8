"""The draft of the guideline: its clauses, changed one by one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.drafts.services import NO_REVISION, Drafting, Subject, draft_change, drafting_of
from annotator.projects.models import Clause, Draft, GuidelineDraft, GuidelineVersion, Project
from annotator.projects.selectors import Guideline, guideline_current, guideline_version, taxonomy_current
from annotator.projects.services import clause_drafts, guideline_publish

TITLE_MAX: Final = 120
BODY_MAX: Final = 20_000
CLAUSES_MAX: Final = 1_000


@dataclass(frozen=True)
class ClauseEdit:
    """One change: `add` a clause after those of its category, `save` one as it is said now, or `remove` one."""

    change: str
    number: str = ""
    category: str = ""
    title: str = ""
    body: str = ""


@dataclass(frozen=True)
class GuidelineDrafting(Drafting[Guideline]):
    """The guideline as a lead sees it in the making."""

    @cached_property
    def clauses(self) -> tuple[ClauseDraft, ...]:
        """The clauses that would be published."""
        if self.draft is None:
            return clause_drafts(self.base)
        return tuple(ClauseDraft(**clause) for clause in self.draft.content)


def guideline_drafting_of(project: Project) -> GuidelineDrafting:
    """The guideline as the draft would have it. Queries as `drafting_of`."""
    return drafting_of(GUIDELINE, project)


def clause_draft_add(project: Project, *, by: User, category: str, title: str, body: str) -> Draft:
    """The draft with one clause more; begins the draft if there is none. Raises BadInput for text that is no clause."""
    edit = ClauseEdit("add", category=category, title=title, body=body)
    return draft_change(GUIDELINE, project, by=by, revision=NO_REVISION, change=edit)


def _changed(project: Project, drafting: GuidelineDrafting, edit: ClauseEdit) -> Sequence[ClauseDraft]:
    clauses, title, body = list(drafting.clauses), edit.title.strip(), edit.body.strip()
    if edit.change == "add":
        number = _free_number(project, clauses, edit.category)
        return _added(clauses, _checked(project, ClauseDraft(number, edit.category, title, body)))
    at = next((at for at, clause in enumerate(clauses) if clause.number == edit.number), None)
    if at is None:
        raise BadInput(f'The draft has no clause "{edit.number}". Look at it again.')
    if edit.change == "save":
        clauses[at] = _checked(project, replace(clauses[at], title=title, body=body))
        return clauses
    if len(clauses) == 1:
        raise BadInput("A guideline needs at least one clause. Change this one instead.")
    return [*clauses[:at], *clauses[at + 1 :]]


def _added(clauses: Sequence[ClauseDraft], added: ClauseDraft) -> Sequence[ClauseDraft]:
    if len(clauses) >= CLAUSES_MAX:
        raise BadInput(f"A guideline has at most {CLAUSES_MAX} clauses. Remove one first.")
    places = (at for at, clause in enumerate(clauses, 1) if clause.category == added.category)
    last = max(places, default=len(clauses))
    return [*clauses[:last], added, *clauses[last:]]


def _checked(project: Project, clause: ClauseDraft) -> ClauseDraft:
    if clause.category and clause.category not in taxonomy_current(project).slugs:
        raise BadInput(f'"{clause.category}" is not a category of this project.')
    for name, text, limit in (("title", clause.title, TITLE_MAX), ("text", clause.body, BODY_MAX)):
        if not 1 <= len(text) <= limit or "\x00" in text:
            raise BadInput(f"The {name} of a clause has 1 to {limit} characters; this one has {len(text)}.")
    return clause


def _published(project: Project, drafting: GuidelineDrafting, by: User, note: str) -> GuidelineVersion | None:
    slugs = {*taxonomy_current(project).slugs, ""}
    for clause in drafting.clauses:
        if clause.category not in slugs:
            raise Conflict(
                f'Clause {clause.number} is about "{clause.category}", which the taxonomy has no more. Remove it.'
            )
    if drafting.clauses == clause_drafts(drafting.newest):
        return None
    return guideline_publish(project, drafting.clauses, by=by, note=note)


def _free_number(project: Project, clauses: Sequence[ClauseDraft], category: str) -> str:
    """`7.4` after `7.3`: the next in the chapter of the category, or a chapter of its own. No version ever had it."""
    used = {clause.number for clause in clauses}
    used |= set(Clause.objects.filter(guideline__project=project).values_list("number", flat=True))
    chapters = [_chapter(number) for number in used]
    own = [_chapter(clause.number) for clause in clauses if clause.category == category]
    chapter = own[-1] if own else max(chapters, default=0) + 1
    return next(number for at in range(1, len(used) + 2) if (number := f"{chapter}.{at}") not in used)


def _chapter(number: str) -> int:
    first = number.partition(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0


GUIDELINE: Final = Subject[GuidelineDrafting, ClauseEdit](
    word="guideline",
    table=GuidelineDraft,
    current=guideline_current,
    version=guideline_version,
    drafting=GuidelineDrafting,
    begin=clause_drafts,
    change=_changed,
    publish=_published,
    joins=lambda edit: edit.change == "add",
)
