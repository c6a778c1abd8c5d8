"""Label Studio's JSON: one array of tasks, each with its data and its annotations.

Its import refuses a file that names people it does not know, and says of each annotation that it was made now. So what
we write names people and times in the task's `meta`, which Label Studio keeps, by the number of the annotation, which
it keeps as `import_id`.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, BinaryIO, Final

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
    Unreadable,
    comment_of,
    fields_of,
    moment_of,
    names_of,
    plain,
    seconds_of,
)
from annotator.interchange.streaming import Element, elements

LABELS: Final = "labels"
UNSURE: Final = "unsure"
VERDICT: Final = "verdict"
COMMENT: Final = "comment"
TOLD: Final = "judgments"
"""In the `meta` of a task: number of the annotation -> who gave it, and when."""
UNTOUCHED: Final = timedelta(seconds=5)
"""So close after its making an annotation that was imported is saved for the last time, unless somebody changed it."""
_OWN: Final = frozenset({UNSURE, VERDICT, COMMENT})


def read(stream: BinaryIO, reading: Reading) -> Generator[Page | Refused]:
    """Each task as a page. A cancelled annotation, a draft and a prediction are left out, and counted."""
    for element in elements(stream):
        yield element if isinstance(element, Refused) else _page(element, reading)


def write(pages: Iterable[Page]) -> Iterator[bytes]:
    """One array, which Label Studio imports; there all of it belongs to whoever imports it, until it is read here."""
    before = b"["
    for page in pages:
        yield before + json.dumps(_task(page), ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]\n" if before == b"[" else b"]\n"


def _page(element: Element, reading: Reading) -> Page | Refused:
    task = element.values
    if not isinstance(task.get("data"), Mapping):
        if "annotation_id" in task or "annotator" in task:
            raise Unreadable(
                "This is Label Studio's JSON_MIN, which leaves out times. Export as JSON instead."
            )
        return Refused(element.line, "no_data", "The task has no data.")
    judgments, refused = [], []
    left_out = [name for name in ("predictions", "drafts") for _ in _listed(task.get(name))]
    for annotation in _listed(task.get("annotations", task.get("completions"))):
        try:
            why = _left_out(annotation, reading)
            if why:
                left_out.append(why)
            else:
                judgments.append(_judgment(annotation, reading, _told(task, annotation)))
        except Doubtful as doubtful:
            refused.append(doubtful.at(element.line))
    return Page(
        element.line, fields_of(task["data"]), tuple(judgments), None, tuple(left_out), tuple(refused)
    )


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _left_out(annotation: object, reading: Reading) -> str:
    if not isinstance(annotation, Mapping):
        raise Doubtful("annotation", "An annotation has to be an object.", annotation)
    if annotation.get("was_cancelled"):
        return "cancelled annotations"
    results = _results(annotation)
    if results and not any(_is_of(result, reading) or _is_comment(result) for result in results):
        return "annotations without choices"
    return ""


def _results(annotation: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [result for result in _listed(annotation.get("result")) if isinstance(result, Mapping)]


def _is_of(result: Mapping[str, Any], reading: Reading) -> bool:
    if result.get("type") != "choices":
        return False
    control = result.get("from_name")
    return control in _OWN or not reading.question or control == reading.question


def _is_comment(result: Mapping[str, Any]) -> bool:
    return result.get("from_name") == COMMENT and result.get("type") == "textarea"


def _told(task: Mapping[str, Any], annotation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who gave it and when, as we wrote it; nothing for one that was made or changed in Label Studio."""
    meta = task.get("meta")
    told = meta.get(TOLD) if isinstance(meta, Mapping) else None
    number = annotation.get("import_id" if "import_id" in annotation else "id")
    one = told.get(str(number)) if isinstance(told, Mapping) else None
    if not isinstance(one, Mapping):
        return {}
    made, saved = moment_of(annotation.get("created_at")), moment_of(annotation.get("updated_at"))
    return {} if made and saved and saved - made > UNTOUCHED else one


def _judgment(annotation: Mapping[str, Any], reading: Reading, told: Mapping[str, Any]) -> ForeignJudgment:
    said: dict[str, list[str]] = {LABELS: [], UNSURE: [], VERDICT: [], COMMENT: []}
    for result in _results(annotation):
        control, value = result.get("from_name"), result.get("value")
        if not isinstance(value, Mapping):
            continue
        if _is_of(result, reading):
            said[control if control in _OWN else LABELS] += names_of(value.get("choices", []))
        elif _is_comment(result):
            said[COMMENT].append(comment_of(value.get("text")))
    verdict = said[VERDICT][0] if said[VERDICT] else LABELLED
    if verdict not in VERDICTS:
        raise Doubtful("verdict", f'"{verdict}" is not a verdict.', verdict)
    return ForeignJudgment(
        annotator=_person(told.get("by", annotation.get("completed_by")), reading),
        labels=tuple(sorted({label for label in said[LABELS] if label != NONE_OF_THESE})),
        unsure=tuple(sorted(set(said[UNSURE]))),
        verdict=verdict,
        given_at=moment_of(told.get("at") if told else annotation.get("created_at")),
        seconds=seconds_of(annotation.get("lead_time")),
        comment=comment_of(said[COMMENT]),
    )


def _person(who: object, reading: Reading) -> str:
    if isinstance(who, Mapping):
        who = who.get("email") or who.get("username") or who.get("id")
    return plain("" if who is None else str(who), NAME_MAX) or reading.author


def _task(page: Page) -> dict[str, Any]:
    numbered = list(enumerate(page.judgments, start=1))
    meta: dict[str, Any] = {TOLD: {str(number): _who_and_when(one) for number, one in numbered}}
    if page.held is not None:
        meta["held"] = list(page.held)
    annotations = [_annotation(number, one) for number, one in numbered]
    return {"id": page.line, "data": dict(page.fields), "annotations": annotations, "meta": meta}


def _who_and_when(judgment: ForeignJudgment) -> dict[str, str | None]:
    at = judgment.given_at
    return {"by": judgment.annotator, "at": at.isoformat().replace("+00:00", "Z") if at else None}


def _annotation(number: int, judgment: ForeignJudgment) -> dict[str, Any]:
    results = [_choices(LABELS, judgment.labels), _choices(UNSURE, judgment.unsure)]
    if judgment.verdict != LABELLED:
        results.append(_choices(VERDICT, (judgment.verdict,)))
    if judgment.comment:
        results.append(_result(COMMENT, "textarea", {"text": [judgment.comment]}))
    annotation: dict[str, Any] = {
        "id": number,
        "result": [result for result in results if result],
        "was_cancelled": False,
        "ground_truth": False,  # Label Studio takes what does not say so for gold
    }
    if judgment.seconds is not None:
        annotation["lead_time"] = judgment.seconds
    return annotation


def _choices(control: str, names: tuple[str, ...]) -> dict[str, Any]:
    return _result(control, "choices", {"choices": list(names)}) if names else {}


def _result(control: str, kind: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"from_name": control, "to_name": "text", "type": kind, "value": value}
