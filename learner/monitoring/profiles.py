"""The thresholds of a school profile."""

from collections.abc import Mapping
from typing import Final

from annotator.errors import BadInput
from annotator.projects.models import Project

GRAVE: Final = 3


def thresholds_of(_project: Project, name: str) -> Mapping[str, float] | None:
    """The probabilities from which on a school profile calls a category present; None where no profile is named.

    Raises BadInput for a profile that the project does not have. No project has any yet.
    """
    if not name:
        return None
    raise BadInput(
        f'This project has no school profile "{name[:100]}". Leave profile out for the thresholds of the version.'
    )
