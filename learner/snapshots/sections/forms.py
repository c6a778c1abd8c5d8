"""The form of one section of the data card."""

from django import forms

from learner.core.cards.sections import SECTION_MAX


class SectionForm(forms.Form):
    """What a person writes in a section, on top of the version that they read."""

    text = forms.CharField(
        max_length=SECTION_MAX,
        required=False,
        strip=False,
        label="Text",
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="Markdown. Shown without links, pictures or HTML. Empty takes the text back.",
    )
    based_on = forms.IntegerField(min_value=0, max_value=2**31 - 1, widget=forms.HiddenInput)
