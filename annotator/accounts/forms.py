"""The forms of the account page."""

from django import forms
from django.conf import settings


class TokenForm(forms.Form):
    """What a new API token is for, and how long it lives."""

    name = forms.CharField(max_length=80, help_text="The script that will use it.")
    days = forms.IntegerField(
        label="Days valid", min_value=1, max_value=settings.API_TOKEN_DAYS_MAX, initial=90
    )
