"""The next guideline in the making: one open draft a project, clause by clause, published as a whole."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.blueprint import ClauseDraft
from annotator.projects.models import Clause, GuidelineDraft, GuidelineVersion, Project
from annotator.projects.selectors import Guideline, guideline_current, taxonomy_current
from annotator.projects.services import guideline_publish, log_write

TITLE_MAX: Final = 120
BODY_MAX: Final = 20_000
CLAUSES_MAX: Final = 1_000
NOTE_MAX: Final = 300
NO_REVISION: Final = 0  # what a lead has seen who looked while there was no draft


@dataclass(frozen=True)
class Drafting:
    """What a lead sees of the draft: `base` is what it was begun from, `draft` is None while nothing is changed."""

    base: Guideline
    newest: Guideline
    draft: GuidelineDraft | None

    @property
    def revision(self) -> int:
        """What a change has to name; `NO_REVISION` while there is no draft."""
        return self.draft.revision if self.draft else NO_REVISION

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses as the draft has them, not saved."""
        if self.draft is None:
            return self.base.clauses
        return tuple(
            Clause(guideline=self.base.version, position=position, **clause)
            for position, clause in enumerate(self.draft.clauses)
        )

    @property
    def is_outdated(self) -> bool:
        """Whether another version was published since the draft was begun: it can only be discarded."""
        return self.base.version.pk != self.newest.version.pk


def drafting_of(project: Project) -> Drafting:
    """The open draft of `project` beside the guideline that it changes. Two queries, one more when outdated."""
    newest = guideline_current(project)
    draft = GuidelineDraft.objects.select_related("guideline", "changed_by").filter(project=project).first()
    if draft is None or draft.guideline_id == newest.version.pk:
        return Drafting(base=newest, newest=newest, draft=draft)
    base = Guideline(draft.guideline, tuple(Clause.objects.filter(guideline=draft.guideline)))
    return Drafting(base=base, newest=newest, draft=draft)


@transaction.atomic
def clause_draft_add(project: Project, *, by: User, category: str, title: str, body: str) -> GuidelineDraft:
    """The draft with one more clause, after those of its category; begins the draft if there is none.

    It needs no revision: what is added overwrites nobody. The number is new: no clause of any version ever had it.
    Raises BadInput for a category that is not in the taxonomy, and for text that is no clause.
    """
    _check(project, category, title, body)
    draft = _locked(project) or _begun(project, by)
    clauses = _read(draft)
    if len(clauses) >= CLAUSES_MAX:
        raise BadInput(f"A guideline has at most {CLAUSES_MAX} clauses. Remove one first.")
    number = _free_number(project, clauses, category)
    added = ClauseDraft(number=number, category=category, title=title.strip(), body=body.strip())
    last = max(
        (at for at, clause in enumerate(clauses, 1) if clause.category == category), default=len(clauses)
    )
    return _write(draft, [*clauses[:last], added, *clauses[last:]], draft.revision, by)


@transaction.atomic
def clause_draft_save(
    project: Project, *, by: User, revision: int, number: str, title: str, body: str
) -> GuidelineDraft:
    """The draft with one clause said differently; begins the draft for revision 0.

    Raises BadInput for a clause that it has not, Conflict when the draft is not what `revision` was.
    """
    draft = _seen(project, revision, by)
    clauses = _read(draft)
    at = _position(clauses, number)
    _check(project, clauses[at].category, title, body)
    clauses[at] = replace(clauses[at], title=title.strip(), body=body.strip())
    return _write(draft, clauses, draft.revision, by)


@transaction.atomic
def clause_draft_remove(project: Project, *, by: User, revision: int, number: str) -> GuidelineDraft:
    """The draft without one clause; raises as `clause_draft_save`, and BadInput for the last clause."""
    draft = _seen(project, revision, by)
    clauses = _read(draft)
    at = _position(clauses, number)
    if len(clauses) == 1:
        raise BadInput("A guideline needs at least one clause. Change this one instead.")
    return _write(draft, [*clauses[:at], *clauses[at + 1 :]], draft.revision, by)


@transaction.atomic
def draft_discard(project: Project, *, by: User, revision: int) -> None:
    """End the draft without publishing it; the log says who did. Raises Conflict when it is not what was seen."""
    if not GuidelineDraft.objects.filter(project=project, revision=revision).delete()[0]:
        raise _changed(project)
    log_write(project, "projects", f"{by.username} discarded the draft of the guideline")


@transaction.atomic
def draft_publish(project: Project, *, by: User, revision: int, note: str) -> GuidelineVersion:
    """The draft as the next guideline version; the draft ends.

    1. Queue up behind whoever publishes in this project.
    2. Take the draft by its revision: of two who publish at once, the second finds none.
    3. Refuse a draft that was begun from an older version, or has clauses of categories that are gone.

    Raises BadInput without a note or a change, Conflict for the rest; the draft stays then.
    """
    if not 1 <= len(note.strip()) <= NOTE_MAX or "\x00" in note:
        raise BadInput(f"Say what changes, and why, in 1 to {NOTE_MAX} characters.")
    Project.objects.select_for_update().get(pk=project.pk)
    draft = GuidelineDraft.objects.select_for_update().filter(project=project, revision=revision).first()
    if draft is None:
        raise _changed(project)
    clauses, current = _read(draft), guideline_current(project)
    if draft.guideline_id != current.version.pk:
        raise Conflict(
            f"Version {current.version.number} was published after this draft was begun. "
            "Copy what you still want, discard the draft, and begin again."
        )
    _check_categories(project, clauses)
    if clauses == _published(current):
        raise BadInput("This is what is published already. Change a clause, or discard the draft.")
    version = guideline_publish(project, clauses, by=by, note=note.strip())
    draft.delete()
    log_write(project, "projects", f"{by.username} published {version}: {note.strip()}")
    return version


def _locked(project: Project) -> GuidelineDraft | None:
    return GuidelineDraft.objects.select_for_update().filter(project=project).first()


def _begun(project: Project, by: User) -> GuidelineDraft:
    """A new draft that says what is published; of two who begin at once, the second waits, and gets the first's."""
    current = guideline_current(project)
    clauses = [asdict(clause) for clause in _published(current)]
    draft, _ = GuidelineDraft.objects.select_for_update().get_or_create(
        project=project, defaults={"guideline": current.version, "clauses": clauses, "changed_by": by}
    )
    return draft


def _seen(project: Project, revision: int, by: User) -> GuidelineDraft:
    """The draft, locked, when it is still what a lead saw as `revision`; raises Conflict."""
    draft = _locked(project)
    if draft is None and revision == NO_REVISION:
        draft = _begun(project, by)
        if draft.revision == 1 and draft.changed_by_id == by.pk:
            return draft
    if draft is None or draft.revision != revision:
        raise _changed(project)
    return draft


def _write(draft: GuidelineDraft, clauses: Sequence[ClauseDraft], revision: int, by: User) -> GuidelineDraft:
    changed = GuidelineDraft.objects.filter(pk=draft.pk, revision=revision).update(
        clauses=[asdict(clause) for clause in clauses],
        revision=F("revision") + 1,
        changed_by=by,
        changed_at=timezone.now(),
    )
    if not changed:
        raise _changed(draft.project)
    draft.refresh_from_db()
    return draft


def _changed(project: Project) -> Conflict:
    draft = GuidelineDraft.objects.select_related("changed_by").filter(project=project).first()
    if draft is None:
        return Conflict("This draft was published or discarded meanwhile. Nothing was changed; look again.")
    return Conflict(
        f"{draft.changed_by.username} changed the draft meanwhile. Nothing was overwritten; look at it again."
    )


def _read(draft: GuidelineDraft) -> list[ClauseDraft]:
    return [ClauseDraft(**clause) for clause in draft.clauses]


def _published(guideline: Guideline) -> list[ClauseDraft]:
    return [
        ClauseDraft(number=clause.number, category=clause.category, title=clause.title, body=clause.body)
        for clause in guideline.clauses
    ]


def _position(clauses: Sequence[ClauseDraft], number: str) -> int:
    for at, clause in enumerate(clauses):
        if clause.number == number:
            return at
    raise BadInput(f'The draft has no clause "{number}". Look at it again.')


def _check(project: Project, category: str, title: str, body: str) -> None:
    if category and category not in taxonomy_current(project).slugs:
        raise BadInput(f'"{category}" is not a category of this project.')
    for name, text, limit in (("title", title, TITLE_MAX), ("text", body, BODY_MAX)):
        if not 1 <= len(text.strip()) <= limit or "\x00" in text:
            raise BadInput(
                f"The {name} of a clause has 1 to {limit} characters; this one has {len(text.strip())}."
            )


def _check_categories(project: Project, clauses: Sequence[ClauseDraft]) -> None:
    slugs = {*taxonomy_current(project).slugs, ""}
    for clause in clauses:
        if clause.category not in slugs:
            raise Conflict(
                f'Clause {clause.number} is about "{clause.category}", which the taxonomy has no more. Remove it.'
            )


def _free_number(project: Project, clauses: Sequence[ClauseDraft], category: str) -> str:
    """`7.4` after `7.3`: the next in the chapter of the category, or a chapter of its own."""
    used = {clause.number for clause in clauses}
    used |= set(Clause.objects.filter(guideline__project=project).values_list("number", flat=True))
    chapters = [_chapter(number) for number in used]
    own = [_chapter(clause.number) for clause in clauses if clause.category == category]
    chapter = own[-1] if own else max(chapters, default=0) + 1
    return next(number for at in range(1, len(used) + 2) if (number := f"{chapter}.{at}") not in used)


def _chapter(number: str) -> int:
    first = number.partition(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0
