"""What a form refuses, as the API tells it: the same rules for a page and for a script."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS

from annotator.errors import BadInput


def form_refusal(form: forms.BaseForm) -> BadInput:
    """The error of a form that is not valid: a sentence with each field, and the fields with what is wrong."""
    found = {name: [str(problem) for problem in problems] for name, problems in form.errors.items()}
    said = " ".join(
        f"{name}: {' '.join(problems)}" if name != NON_FIELD_ERRORS else " ".join(problems)
        for name, problems in found.items()
    )
    return BadInput(said, details=found)
