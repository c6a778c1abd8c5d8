"""What the labelling page sends, read into what the services take."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from annotator.errors import BadInput
from annotator.judgments.answers import Answer
from annotator.judgments.models import Verdict

DIGITS_MAX = 18  # what a bigint holds for certain
NOTHING_CHOSEN = 'Nothing is chosen. Choose at least one category, or "None of these".'
NONE_AND_SOME = '"None of these" is chosen together with a category. Choose one of the two.'


@dataclass(frozen=True)
class Filled:
    """The state of the answer form, to show it again: chosen categories, verdict, note and cited clause."""

    labels: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()
    none: bool = False
    verdict: str = Verdict.LABELLED
    note: str = ""
    clause: str = ""


def answer_from(post: QueryDict) -> Answer:
    """The answer that a person posted; raises BadInput when nothing, or both none and something, is chosen."""
    filled = filled_from(post)
    if filled.verdict == Verdict.LABELLED:
        chosen = bool(filled.labels | filled.unsure)
        if not chosen and not filled.none:
            raise BadInput(NOTHING_CHOSEN)
        if chosen and filled.none:
            raise BadInput(NONE_AND_SOME)
    return Answer(
        client_id=_uuid(post.get("client_id", "")),
        labels=tuple(filled.labels),
        unsure=tuple(filled.unsure),
        verdict=filled.verdict,
        seconds=_seconds(post.get("seconds", "")),
        note=filled.note,
        clause=post.get("clause", ""),
        evidence=_version(post.get("evidence", "")),
    )


def filled_from(post: QueryDict) -> Filled:
    """The posted form as it was filled, whether or not it makes an answer."""
    return Filled(
        labels=frozenset(post.getlist("labels")),
        unsure=frozenset(post.getlist("unsure")),
        none="none" in post,
        verdict=post.get("verdict") or Verdict.LABELLED,
        note=post.get("note", ""),
        clause=post.get("clause", ""),
    )


def undo_id_from(post: QueryDict) -> UUID | None:
    """What tells this undo from the next, where the page sends it; raises BadInput for anything but a UUID."""
    value = post.get("undo_id", "")
    return _uuid(value) if value else None


def ids_from(post: QueryDict, name: str) -> list[int]:
    """The numbers posted under `name`; raises BadInput for anything else."""
    return [_number(value, name) for value in post.getlist(name)]


def number_from(post: QueryDict, name: str) -> int:
    """The number posted under `name`; raises BadInput for anything else."""
    return _number(post.get(name, ""), name)


def moment_from(post: QueryDict, name: str) -> datetime:
    """The moment posted under `name`; raises BadInput for anything else."""
    value = post.get(name, "")
    try:
        moment = parse_datetime(value)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise BadInput(f'{name} is "{value}"; it has to be a moment with its time zone. Reload the page.')
    return moment


def _number(value: str, name: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS_MAX):
        raise BadInput(f'{name} is "{value}"; it has to be a number. Reload the page.')
    return int(value)


def _version(value: str) -> int | None:
    """The version of the evidence that the page showed; a page that was loaded before it was asked for says none."""
    return (_number(value, "evidence") or None) if value else None


def _uuid(value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise BadInput(f'client_id is "{value}"; it has to be a UUID. Reload the page.') from None


def _seconds(value: str) -> float | None:
    try:
        return float(value) if value else None
    except ValueError:
        raise BadInput(f'seconds is "{value}"; it has to be a number.') from None
