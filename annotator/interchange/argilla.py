"""Argilla's records: fields, and for each question the answers of people, known by UUID.

They come in three shapes: `Record.to_dict` and `to_json`, the flattened list, and the server's own.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final, NamedTuple

from annotator.interchange.neutral import (
    LABELLED,
    NAME_MAX,
    NONE_OF_THESE,
    VERDICTS,
    Doubtful,
    ForeignJudgment,
    Page,
    Reading,
    Refused,
    comment_of,
    fields_of,
    moment_of,
    names_of,
    plain,
    told_none,
)
from annotator.interchange.streaming import Element, elements

LABELS: Final = "labels"
UNSURE: Final = "unsure"
VERDICT: Final = "verdict"
COMMENT: Final = "comment"
HELD: Final = "held"
_OWN: Final = frozenset({UNSURE, VERDICT, COMMENT})
_SUBMITTED: Final = "submitted"
_MARK: Final = ".responses"
PEOPLE: Final = uuid.UUID("1d6c29f0-4b5e-4c09-9d55-4f0d0f6b2a61")
"""The name space in which the name of a person is made a UUID."""


class _Said(NamedTuple):
    """One person's answer to one question."""

    question: str
    value: object
    user: str
    status: str
    at: object


def read(stream: BinaryIO, reading: Reading) -> Generator[Page | Refused]:
    """Each record as a page. Drafts, discarded answers and suggestions are left out, and counted.

    `to_json` does not tell a draft from what was submitted, so all answers of such a file count.
    """
    for element in elements(stream):
        yield element if isinstance(element, Refused) else _page(element, reading)


def write(pages: Iterable[Page]) -> Iterator[bytes]:
    """One array of what `Record.from_dict` reads, with the questions labels, unsure, verdict and comment."""
    before = b"["
    for page in pages:
        yield before + json.dumps(_record(page), ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[" else b"]\n"


def user_id(name: str) -> str:
    """The UUID of a person: a name that is one already, else one made of it."""
    try:
        return str(uuid.UUID(name))
    except ValueError:
        return str(uuid.uuid5(PEOPLE, name))


def _page(element: Element, reading: Reading) -> Page | Refused:
    row = element.values
    try:
        fields, said, n_suggestions = _flat(row) if "fields" not in row else _nested(row)
    except Doubtful as doubtful:
        return doubtful.at(element.line)
    left_out = ["suggestions"] * n_suggestions
    by_person: dict[str, list[_Said]] = defaultdict(list)
    for one in said:
        if one.status != _SUBMITTED:
            left_out.append("discarded answers" if one.status == "discarded" else "drafts")
        elif one.question in _OWN or reading.question in ("", one.question):
            by_person[one.user or reading.author].append(one)
        else:
            left_out.append("answers to other questions")
    judgments, refused = [], []
    for person, answers in by_person.items():
        try:
            judgments.append(_judgment(person, answers))
        except Doubtful as doubtful:
            refused.append(doubtful.at(element.line))
    return Page(element.line, fields, tuple(judgments), None, tuple(left_out), tuple(refused))


def _nested(row: Mapping[str, Any]) -> tuple[dict[str, str], list[_Said], int]:
    fields = fields_of(row.get("metadata"))
    fields.pop(HELD, None)
    fields |= fields_of(row["fields"])
    responses, suggestions = row.get("responses") or {}, row.get("suggestions") or {}
    if isinstance(responses, Mapping):
        said = [
            _Said(str(question), _of(one, "value"), _user(one), _status(one), None)
            for question, answers in responses.items()
            for one in _listed(answers)
        ]
        return fields, said, len(suggestions)
    said = [
        _Said(str(question), _of(answer, "value"), _user(one), _status(one), one.get("inserted_at"))
        for one in _listed(responses)
        if isinstance(one, Mapping)
        for question, answer in (one.get("values") or {}).items()
    ]
    return fields, said, len(suggestions)


def _flat(row: Mapping[str, Any]) -> tuple[dict[str, str], list[_Said], int]:
    questions = [name.removesuffix(_MARK) for name in row if name.endswith(_MARK)]
    if not questions and not any(name.endswith(".suggestion") for name in row):
        raise Doubtful("no_fields", "The record has no fields.")
    said = []
    for question in questions:
        answers = _listed(row[question + _MARK])
        users = _listed(row.get(f"{question}{_MARK}.users")) or [None] * len(answers)
        statuses = _listed(row.get(f"{question}{_MARK}.status")) or [_SUBMITTED] * len(answers)
        said += [
            _Said(question, value, plain(str(user or ""), NAME_MAX), str(status), None)
            for value, user, status in zip(answers, users, statuses, strict=False)
        ]
    n_suggestions = sum(name.endswith(".suggestion") and row[name] is not None for name in row)
    fields = {name: value for name, value in row.items() if "." not in name and name != "status"}
    return fields_of(fields), said, n_suggestions


def _judgment(person: str, answers: list[_Said]) -> ForeignJudgment:
    found = {one.question: one for one in answers}
    labels = [names_of(one.value or []) for one in answers if one.question not in _OWN]
    if not labels and VERDICT not in found and UNSURE not in found:
        raise Doubtful("labels", "Somebody commented without an answer.", person)
    verdict = str(found[VERDICT].value) if VERDICT in found else LABELLED
    if verdict not in VERDICTS:
        raise Doubtful("verdict", f'"{plain(verdict, 40)}" is not a verdict.', verdict)
    return ForeignJudgment(
        annotator=person,
        labels=tuple(sorted({name for names in labels for name in names if name != NONE_OF_THESE})),
        unsure=names_of(found[UNSURE].value or []) if UNSURE in found else (),
        verdict=verdict,
        given_at=moment_of(answers[0].at),
        comment=comment_of(found[COMMENT].value) if COMMENT in found else "",
    )


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _of(one: object, name: str) -> object:
    return one.get(name) if isinstance(one, Mapping) else None


def _user(one: object) -> str:
    return plain(str(_of(one, "user_id") or ""), NAME_MAX)


def _status(one: object) -> str:
    return str(_of(one, "status") or _SUBMITTED)


def _record(page: Page) -> dict[str, Any]:
    responses: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for judgment in page.judgments:
        user = user_id(judgment.annotator)
        for question, value in _answers(judgment).items():
            responses[question].append({"value": value, "user_id": user, "status": _SUBMITTED})
    return {
        "id": str(page.line),
        "fields": dict(page.fields),
        "metadata": {} if page.held is None else {HELD: "|".join(told_none(page.held))},
        "suggestions": {},
        "responses": dict(responses),
        "vectors": {},
    }


def _answers(judgment: ForeignJudgment) -> dict[str, Any]:
    answers: dict[str, Any] = {}
    if judgment.verdict == LABELLED:
        answers[LABELS] = list(judgment.labels if judgment.unsure else told_none(judgment.labels))
    else:
        answers[VERDICT] = judgment.verdict
    if judgment.unsure:
        answers[UNSURE] = list(judgment.unsure)
    if judgment.comment:
        answers[COMMENT] = judgment.comment
    return answers
