"""The errors that somebody picked to act on: some of a list, or a cluster."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from annotator.errors import BadInput, NotFound
from annotator.projects.models import Project
from learner.errors.models import ClassifierError, Kind
from learner.errors.selectors import (
    KINDS_WORDS,
    cluster_errors,
    cluster_line,
    cluster_of,
    run_taxonomy,
)

ERRORS_MAX: Final = 500
"""By their ids; a cluster has as many as it has, up to `CLUSTER_MAX`."""
CLUSTER_MAX: Final = 5_000


@dataclass(frozen=True)
class Picked:
    """Errors of one run, gravest and surest first, and what they are in words."""

    errors: tuple[ClassifierError, ...]
    about: str

    @property
    def category(self) -> str:
        """The category of all of them. Raises BadInput where they have several."""
        found = {error.category for error in self.errors}
        if len(found) > 1:
            raise BadInput(
                f"These errors are of {len(found)} categories. Act on those of one category at a time."
            )
        return found.pop()

    @property
    def items(self) -> list[int]:
        """The pages, each once."""
        return list(dict.fromkeys(error.item_id for error in self.errors))


def picked_of(project: Project, error_ids: Sequence[int], cluster_id: int | None) -> Picked:
    """The errors with these ids, or those of the cluster. At most three queries.

    Raises BadInput for none, too many, or both ways at once; NotFound for what is not of the project, or gone with an
    earlier search.
    """
    if bool(error_ids) == (cluster_id is not None):
        raise BadInput("Choose some errors, or one cluster.")
    if cluster_id is not None:
        cluster = cluster_of(project, cluster_id)
        rows = cluster_errors(cluster).select_related("run__evaluation__classifier")
        errors = tuple(rows[:CLUSTER_MAX])
        return Picked(errors, cluster_line(cluster, run_taxonomy(errors[0].run)).words)
    return _by_ids(project, set(error_ids))


def _by_ids(project: Project, wanted: set[int]) -> Picked:
    if len(wanted) > ERRORS_MAX:
        raise BadInput(f"{len(wanted):,} errors are too many at once: {ERRORS_MAX} are the most.")
    rows = ClassifierError.objects.filter(project=project, pk__in=wanted)
    errors = tuple(rows.select_related("run__evaluation__classifier").order_by("-grave", "-wrongness", "pk"))
    if len(errors) < len(wanted):
        gone = min(wanted - {error.pk for error in errors})
        raise NotFound(
            f"This project has no error {gone}. A newer search finds errors anew: look in the list."
        )
    if len({error.run_id for error in errors}) > 1:
        raise BadInput("These errors are of several versions. Act on those of one version at a time.")
    return Picked(errors, _words(errors))


def _words(errors: Sequence[ClassifierError]) -> str:
    taxonomy = run_taxonomy(errors[0].run)
    names = sorted({taxonomy.name_of(error.category) for error in errors})
    kinds = {Kind(error.kind) for error in errors}
    if len(errors) == 1:
        return f"a {KINDS_WORDS[kinds.pop()][0]} of {names[0]} (item {errors[0].item_id})"
    many = KINDS_WORDS[kinds.pop()][1] if len(kinds) == 1 else "errors"
    return f"{len(errors):,} {many} of {', '.join(names)}"[:200]
