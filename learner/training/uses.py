"""What was made with a judgment: the snapshots that hold it, and the classifier versions whose labels rest on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from annotator.errors import NotFound
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Split
from annotator.projects.access import Access
from annotator.queue.models import Purpose
from annotator.review.models import Resolution
from learner.snapshots.models import Snapshot
from learner.training.models import ClassifierVersion

NAMED_MAX: Final = 3
AS_OF: Final = "%Y-%m-%d %H:%M:%S UTC"  # as the manifest of a snapshot writes it


@dataclass(frozen=True)
class Uses:
    """The numbers of the snapshots and classifier versions that were made with a judgment, newest first."""

    snapshots: tuple[int, ...]
    classifiers: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """The same in words; empty when nothing was made with it."""
        named = [_named("snapshot", self.snapshots), _named("classifier", self.classifiers)]
        things = " and ".join(name for name in named if name)
        if not things:
            return ""
        is_one = len(self.snapshots) + len(self.classifiers) == 1
        verb, stay = ("was", "it stays as it is") if is_one else ("were", "they stay as they are")
        newer = "the next one uses" if is_one else "the next ones use"
        return f"{things[0].upper()}{things[1:]} {verb} made with it; {stay}, {newer} your new answer."


def judgment_undone(access: Access) -> Judgment | None:
    """The judgment that the caller undid last; None when they undid none. One query."""
    undone = Judgment.objects.filter(
        project=access.project, annotator=access.user, verdict=Verdict.WITHDRAWN
    ).select_related("supersedes__item")
    newest = undone.order_by("-pk").first()
    return newest.supersedes if newest else None


def judgment_any(access: Access, judgment_id: int) -> Judgment:
    """One judgment of the caller's own, whether or not it stands; raises NotFound for any other. One query."""
    own = Judgment.objects.filter(project=access.project, annotator=access.user, pk=judgment_id)
    judgment = own.select_related("item").first()
    if judgment is None:
        raise NotFound(f"You have no judgment {judgment_id}.")
    return judgment


def uses_of(judgment: Judgment) -> Uses:
    """What was made with the judgment. Three queries; one when nothing can be.

    A snapshot holds it when its item was held true at the moment that the snapshot shows (a moment is told to the
    second). A classifier version rests on it when a resolution that it learned from does. A check never counts.
    """
    resolutions = list(Resolution.objects.filter(item_id=judgment.item_id).order_by("pk"))
    if not resolutions or judgment.purpose != Purpose.OVERLAP:
        return Uses((), ())
    snapshots = Snapshot.objects.filter(project_id=judgment.project_id).order_by("-number")
    versions = ClassifierVersion.objects.filter(project_id=judgment.project_id).order_by("-number")
    learned = versions.values_list("number", "last_resolution") if judgment.item.split == Split.TRAIN else []
    return Uses(
        snapshots=tuple(
            number
            for number, as_of in snapshots.values_list("number", "manifest__state_as_of")
            if _is_in_snapshot(judgment, resolutions, as_of)
        ),
        classifiers=tuple(number for number, last in learned if _was_learned(judgment, resolutions, last)),
    )


def _is_in_snapshot(judgment: Judgment, resolutions: Sequence[Resolution], as_of: str) -> bool:
    end = datetime.strptime(as_of, AS_OF).replace(tzinfo=UTC) + timedelta(seconds=1)
    return judgment.created_at < end and bool(_held(row for row in resolutions if row.created_at < end))


def _was_learned(judgment: Judgment, resolutions: Sequence[Resolution], last: int) -> bool:
    return any(judgment.pk in row.judgments for row in _held(row for row in resolutions if row.pk <= last))


def _held(resolutions: Iterable[Resolution]) -> list[Resolution]:
    """Of the resolutions that existed, those that said which labels hold, and were not superseded."""
    existed = list(resolutions)
    superseded = {row.supersedes_id for row in existed}
    return [row for row in existed if row.pk not in superseded and row.verdict == Verdict.LABELLED]


def _named(thing: str, numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    first = [f"v{number}" for number in numbers[:NAMED_MAX]]
    left = len(numbers) - len(first)
    listed = ", ".join(first)
    if left:
        listed += f" and {left} earlier"
    elif len(first) > 1:
        listed = f"{', '.join(first[:-1])} and {first[-1]}"
    return f"{thing}{'s' if len(numbers) > 1 else ''} {listed}"
