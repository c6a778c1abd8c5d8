"""The forms with which people start, end and follow up an experiment."""

from collections.abc import Sequence
from typing import Any

from django import forms

from learner.evaluation.release.services import REASON_MAX
from learner.monitoring.experiments.services import SHARE_USUAL, WHY_MAX, Design


class ExperimentForm(forms.Form):
    """Which version is tried, on how many sites, how, and until when."""

    candidate = forms.TypedChoiceField(coerce=int, label="Version to try")
    share = forms.IntegerField(
        min_value=1,
        max_value=100,
        initial=SHARE_USUAL,
        label="Of 100 sites",
        help_text="So many are the candidate's: a site keeps its arm for as long as the experiment runs.",
    )
    ends_at = forms.DateTimeField(
        required=False,
        label="Ends by itself at",
        help_text="UTC.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    shadow = forms.BooleanField(
        required=False,
        label="As a shadow",
        help_text="The candidate scores these sites too, and its answers are not used. It needs no gate.",
    )
    keeps_pages = forms.BooleanField(
        required=False,
        initial=True,
        label="Keep addresses on which the two differ",
        help_text="A few hundred, for 30 days: a lead can have them labelled.",
    )
    reason = forms.CharField(
        max_length=REASON_MAX, label="What it is to show", widget=forms.Textarea(attrs={"rows": 2})
    )
    exception = forms.CharField(
        max_length=REASON_MAX,
        required=False,
        label="Why there may be an exception",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Only where the gate is not passed: a lead or an admin signs it with their name.",
    )

    def __init__(self, *args: Any, numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["candidate"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [(number, f"v{number}") for number in numbers]

    def design(self) -> Design:
        """What was asked for, as the service takes it."""
        given = self.cleaned_data
        return Design(
            share=given["share"],
            reason=given["reason"],
            shadow=given["shadow"],
            keeps_pages=given["keeps_pages"],
            ends_at=given["ends_at"],
            exception=given["exception"],
        )


class StopForm(forms.Form):
    """Why an experiment is to end."""

    reason = forms.CharField(max_length=WHY_MAX, label="Why it is to end")
