"""What an admin sends about a webhook."""

from django import forms

from learner.webhooks.addresses import URL_MAX
from learner.webhooks.models import Event


class EventsForm(forms.Form):
    """What an endpoint is told of."""

    events = forms.MultipleChoiceField(
        choices=Event.choices, widget=forms.CheckboxSelectMultiple, label="Tell it when"
    )
    note = forms.CharField(max_length=120, required=False, help_text="What receives it.")


class EndpointForm(EventsForm):
    """A new endpoint."""

    url = forms.CharField(
        label="Address",
        max_length=URL_MAX,
        widget=forms.URLInput(attrs={"placeholder": "https://receiver.example/crossguard"}),
        help_text="Begins with https://, and leads to an address of the internet.",
    )
    field_order = ["url", "events", "note"]
