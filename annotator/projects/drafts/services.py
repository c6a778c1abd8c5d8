"""What leads write before it is published: one open draft a project and subject, shared by all, published as a whole.

The subject, guideline or taxonomy, says what its draft holds, what a change makes of that, and how it is published.
All else is the same for both, and is here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Generic, TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.models import Draft, Project, Version
from annotator.projects.selectors import Guideline, Taxonomy
from annotator.projects.services import log_write

NO_REVISION: Final = 0  # what a lead has seen who looked while there was no draft
NOTE_MAX: Final = 300

Published = TypeVar("Published", Guideline, Taxonomy)


@dataclass(frozen=True)
class Drafting(Generic[Published]):
    """What a lead sees of a draft: `base` is what it was begun from, `draft` is None while nothing is changed."""

    base: Published
    newest: Published
    draft: Draft | None

    @property
    def revision(self) -> int:
        """What a change has to name; `NO_REVISION` while there is no draft."""
        return self.draft.revision if self.draft else NO_REVISION

    @property
    def is_outdated(self) -> bool:
        """Whether another version was published since the draft was begun: it can only be discarded."""
        return self.base.version.pk != self.newest.version.pk


Seen = TypeVar("Seen", bound=Drafting[Any])
Made = TypeVar("Made")


@dataclass(frozen=True)
class Subject(Generic[Seen, Made]):
    """What a draft is of: its table, its versions, and what differs from other drafts.

    `begin` is what a new draft says. `change` is what the draft says after a change; it raises BadInput for one that
    cannot be. `publish` makes the next version, or None where the draft says what is published already; it raises
    Conflict for what cannot be published any more. A change that `joins` overwrites nobody: it needs no revision.
    """

    word: str
    table: type[Draft]
    current: Callable[[Project], Any]
    version: Callable[[int], Any]
    drafting: Callable[[Any, Any, Draft | None], Seen]
    begin: Callable[[Any], Sequence[Any]]
    change: Callable[[Project, Seen, Made], Sequence[Any]]
    publish: Callable[[Project, Seen, User, str], Version | None]
    joins: Callable[[Made], bool] = lambda _: False


def drafting_of(subject: Subject[Seen, Made], project: Project) -> Seen:
    """The open draft of `project` beside what it changes. Two queries, once its base is in memory."""
    draft = _drafts(subject, project).select_related("changed_by").first()
    return _drafting(subject, project, draft)


@transaction.atomic
def draft_change(
    subject: Subject[Seen, Made], project: Project, *, by: User, revision: int, change: Made
) -> Draft:
    """The draft with one change; begins the draft for revision 0, or for a change that overwrites nobody.

    Raises BadInput for a change that cannot be, Conflict when the draft is not what `revision` was.
    """
    draft = _drafts(subject, project).select_for_update().first()
    is_new, joins = False, subject.joins(change)
    if draft is None and (joins or revision == NO_REVISION):
        draft, is_new = _begun(subject, project, by)
    if draft is None or not (is_new or joins or draft.revision == revision):
        raise _changed(subject, project)
    content = subject.change(project, _drafting(subject, project, draft), change)
    setattr(draft, draft.CONTENT, [asdict(entry) for entry in content])
    draft.revision += 1
    draft.changed_by, draft.changed_at = by, timezone.now()
    draft.save()
    return draft


@transaction.atomic
def draft_discard(subject: Subject[Seen, Made], project: Project, *, by: User, revision: int) -> None:
    """End the draft without publishing it; the log says who did. Raises Conflict when it is not what was seen."""
    if not _drafts(subject, project).filter(revision=revision).delete()[0]:
        raise _changed(subject, project)
    log_write(project, "projects", f"{by.username} discarded the draft of the {subject.word}")


@transaction.atomic
def draft_publish(
    subject: Subject[Seen, Made], project: Project, *, by: User, revision: int, note: str
) -> Version:
    """The draft as the next version; the draft ends.

    1. Queue up behind whoever publishes in this project.
    2. Take the draft by its revision: of two who publish at once, the second finds none.
    3. Refuse a draft that was begun from an older version.

    Raises BadInput without a note or a change, Conflict for the rest; the draft stays then.
    """
    note = note.strip()
    if not 1 <= len(note) <= NOTE_MAX or "\x00" in note:
        raise BadInput(f"Say what changes, and why, in 1 to {NOTE_MAX} characters.")
    Project.objects.select_for_update().get(pk=project.pk)
    draft = _drafts(subject, project).select_for_update().filter(revision=revision).first()
    if draft is None:
        raise _changed(subject, project)
    drafting = _drafting(subject, project, draft)
    if drafting.is_outdated:
        raise Conflict(
            f"Version {drafting.newest.version.number} was published after this draft was begun. "
            "Copy what you still want, discard the draft, and begin again."
        )
    version = subject.publish(project, drafting, by, note)
    if version is None:
        raise BadInput("This is what is published already. Change something, or discard the draft.")
    draft.delete()
    log_write(project, "projects", f"{by.username} published {version}: {note}")
    return version


def _drafts(subject: Subject[Seen, Made], project: Project) -> QuerySet[Draft]:
    return subject.table._default_manager.filter(project=project)


def _drafting(subject: Subject[Seen, Made], project: Project, draft: Draft | None) -> Seen:
    newest = subject.current(project)
    return subject.drafting(subject.version(draft.base_id) if draft else newest, newest, draft)


def _begun(subject: Subject[Seen, Made], project: Project, by: User) -> tuple[Draft, bool]:
    """A new draft that says what is published; of two who begin at once, the second waits, and gets the first's."""
    newest, table = subject.current(project), subject.table
    said = [asdict(entry) for entry in subject.begin(newest)]
    begun = {table.BASE: newest.version, table.CONTENT: said, "changed_by": by}
    return table._default_manager.select_for_update().get_or_create(project=project, defaults=begun)


def _changed(subject: Subject[Seen, Made], project: Project) -> Conflict:
    draft = _drafts(subject, project).select_related("changed_by").first()
    if draft is None:
        return Conflict("This draft was published or discarded meanwhile. Nothing was changed; look again.")
    return Conflict(
        f"{draft.changed_by.username} changed the draft meanwhile. Nothing was overwritten; look at it again."
    )
