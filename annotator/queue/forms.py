"""The forms of the queue stage."""

from django import forms

from annotator.pool.cases import REFERENCE_MAX
from annotator.pool.models import Case


class CaseEndForm(forms.Form):
    """How a restricted case ends."""

    outcome = forms.ChoiceField(choices=Case.Outcome.choices, widget=forms.RadioSelect)
    reference = forms.CharField(
        max_length=REFERENCE_MAX,
        required=False,
        help_text="Of the report to the authority, if there was one.",
    )
