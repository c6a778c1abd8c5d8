"""The forms of the account page."""

from django import forms
from django.conf import settings

from annotator.accounts.models import Scope, every_scope


class TokenForm(forms.Form):
    """What a new API token is for, and how long it lives."""

    name = forms.CharField(max_length=80, help_text="The script that will use it.")
    days = forms.IntegerField(
        label="Days valid", min_value=1, max_value=settings.API_TOKEN_DAYS_MAX, initial=90
    )
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=every_scope,
        label="May be used to",
        widget=forms.CheckboxSelectMultiple,
        help_text="Never more than your own role may. A filter needs to score and nothing else; a script that pulls "
        "snapshots needs to read.",
    )
