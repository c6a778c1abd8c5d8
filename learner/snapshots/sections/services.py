"""What people write on the data card, and what a snapshot waits for."""

from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.urls import reverse

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.models import Project
from annotator.projects.services import log_write
from learner.core.cards.sections import SECTION_MAX, Section
from learner.snapshots.models import CardSection
from learner.snapshots.sections.selectors import WrittenSection, card_history, card_missing

MISSING: Final = "card_incomplete"


def card_section_write(
    project: Project, section: Section, text: str, *, by: User, based_on: int
) -> CardSection:
    """The next version of a section; the newest one when it says this already. Empty takes the text back.

    `based_on` is the number of the version that the writer had before them, 0 for none. Of two who write at once the
    second gets Conflict, and nothing of either is lost. Raises BadInput for a text that is too long.
    """
    text = text.replace("\r\n", "\n").strip()
    if len(text) > SECTION_MAX:
        raise BadInput(
            f"{section.title} has {len(text):,} characters; at most {SECTION_MAX:,} fit on a card."
        )
    newest = card_history(project, section).first()
    if (newest.number if newest else 0) != based_on:
        raise _outrun(section, newest)
    if newest is not None and newest.text == text:
        return newest
    if newest is None and not text:
        raise BadInput(f"{section.title} is empty. Write something, or leave it as it is.")
    try:
        with transaction.atomic():
            row = CardSection.objects.create(
                project=project, section=section.slug, number=based_on + 1, text=text, created_by=by
            )
            said = "written" if text else "taken back"
            log_write(
                project,
                "snapshots",
                f"{section.card}: {section.title} {said} by {by.username}, v{row.number}",
            )
    except IntegrityError as error:
        raise _outrun(section, card_history(project, section).first()) from error
    return row


def card_demand(project: Project, written: list[WrittenSection], *, as_of: datetime | None = None) -> None:
    """Raises BadInput that names each required section which is missing, and where to write it.

    What was missing at a moment of the past cannot be written any more: a snapshot has the card of its time.
    """
    missing = card_missing(written)
    if not missing:
        return
    where = reverse("snapshots:card", args=[project.slug])
    names = ", ".join(section.title for section in missing)
    sentence = (
        f"The data card is not complete: {names}. A scientist or an admin writes it at {where}; "
        "then take the snapshot."
    )
    if as_of is not None:
        sentence = (
            f"At {as_of:%Y-%m-%d %H:%M:%S} UTC the data card was not complete: {names}. A snapshot has the card of its "
            "time: choose a moment after that, or take the present."
        )
    raise BadInput(
        sentence,
        code=MISSING,
        details={"missing": [section.slug for section in missing], "write_at": where},
    )


def _outrun(section: Section, newest: CardSection | None) -> Conflict:
    if newest is None:
        return Conflict(f"{section.title} has no version yet; send 0 as the one that you read.")
    return Conflict(
        f"{newest.created_by.username} wrote version {newest.number} of {section.title} in the meantime. Read it, "
        "then save yours.",
        code="card_changed",
    )
