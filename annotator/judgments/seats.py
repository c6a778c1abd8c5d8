"""How a person has arranged the labelling page: their own keys, and which texts start covered."""

from collections.abc import Mapping

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.judgments.keymap import keys_checked
from annotator.judgments.models import Seat
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current


def seat_of(project: Project, annotator: User) -> Seat:
    """How `annotator` has arranged the page; unstored and as usual when they changed nothing. One query."""
    found = Seat.objects.filter(project=project, annotator=annotator).first()
    return found or Seat(project=project, annotator=annotator)


def seat_arrange(access: Access, *, keys: Mapping[str, str], shield: str) -> Seat:
    """The seat with these keys and this cover, all of it or nothing.

    Raises BadInput for a key that is none, is reserved or is given twice, naming each; and for an unknown cover.
    """
    if shield not in Seat.Shield:
        raise BadInput(f'"{shield}" is not a cover. Use one of: {", ".join(Seat.Shield.values)}.')
    own = seat_of(access.project, access.user).keys
    return _store(access, keys=keys_checked(taxonomy_current(access.project), keys, own=own), shield=shield)


def seat_reset(access: Access) -> Seat:
    """The seat with the usual keys; the cover stays as it is."""
    return _store(access, keys={})


def _store(access: Access, **columns: object) -> Seat:
    seat, _ = Seat.objects.update_or_create(
        project=access.project, annotator=access.user, defaults=columns, create_defaults=columns
    )
    return seat
