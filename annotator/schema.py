"""What every operation of the API may answer, written into the OpenAPI schema in one place."""

from typing import Any, Final

NOT_MODIFIED: Final = {"description": "You have it: `If-None-Match` names its ETag."}


def conditional_answers(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A hook of drf-spectacular: a GET that answers 200 may also answer 304."""
    for methods in result["paths"].values():
        answers = methods.get("get", {}).get("responses", {})
        if "200" in answers:
            answers.setdefault("304", NOT_MODIFIED)
    return result
