"""What a scientist sends about snapshots: a choice of content, and what they write on one."""

from datetime import UTC, datetime
from typing import Any

from django import forms

from annotator.projects.selectors import Taxonomy
from learner.snapshots.content import (
    EARLIEST,
    JUDGMENTS_MAX,
    LATEST,
    METHODS,
    SOURCES_MAX,
    STREAMS,
    Choice,
    Format,
    Pseudonyms,
    choice_of,
    dates_problem,
)
from learner.snapshots.models import SnapshotNote
from learner.snapshots.services import NOTE_MAX


class ChoiceForm(forms.Form):
    """What the snapshot holds; nothing ticked or filled in leaves nothing out."""

    methods = forms.MultipleChoiceField(
        choices=[(method, method.capitalize()) for method in METHODS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Resolved by",
        help_text="None ticked: all methods.",
    )
    min_judgments = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=JUDGMENTS_MAX,
        label="Judgments at least",
        help_text="That the labels rest on.",
    )
    categories = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Items with at least one of them. None ticked: all items, those with no category too.",
    )
    streams = forms.MultipleChoiceField(
        choices=[(stream, stream.capitalize()) for stream in STREAMS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="First served by",
        help_text="None ticked: all streams. “None” are items that nobody was served.",
    )
    sources = forms.CharField(
        required=False,
        max_length=SOURCES_MAX * 122,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="As the ingest file named them, one a line. Empty: all.",
    )
    resolved_from = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Resolved from"
    )
    resolved_until = forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), label="Resolved until"
    )
    as_of = forms.DateTimeField(
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        label="As of (UTC)",
        help_text="The project as it was then, with the same bytes as if taken then. Empty: now.",
    )
    formats = forms.MultipleChoiceField(
        choices=Format.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Also write",
        help_text="Parquet is always written.",
    )
    pseudonyms = forms.ChoiceField(
        choices=Pseudonyms.choices, required=False, label="Names of annotators", initial=Pseudonyms.STABLE
    )

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        categories = self.fields["categories"]
        assert isinstance(categories, forms.MultipleChoiceField)
        categories.choices = [(category.slug, category.name) for category in taxonomy.categories]

    def clean_sources(self) -> list[str]:
        """One a line."""
        found = [line.strip() for line in self.cleaned_data["sources"].splitlines() if line.strip()]
        if len(found) > SOURCES_MAX:
            raise forms.ValidationError(f"Name {SOURCES_MAX} sources at most.")
        return found

    def clean_as_of(self) -> datetime | None:
        """With a time zone, and within reason."""
        moment: datetime | None = self.cleaned_data["as_of"]
        if moment is not None and not EARLIEST <= moment.date() <= LATEST:
            raise forms.ValidationError(f"Name a moment from {EARLIEST} on.")
        return moment.astimezone(UTC) if moment else None

    def clean(self) -> dict[str, Any]:
        """Dates within reason, and in order."""
        sent = super().clean() or self.cleaned_data
        problem = dates_problem(sent.get("resolved_from"), sent.get("resolved_until"))
        if problem:
            self.add_error("resolved_until", problem)
        return sent

    @property
    def choice(self) -> Choice:
        """What was chosen, once the form is valid; everything before anything was."""
        return choice_of(self.cleaned_data) if self.is_bound else Choice()


class NoteForm(forms.Form):
    """A name, a note, or why a snapshot is deprecated."""

    kind = forms.ChoiceField(choices=SnapshotNote.Kind.choices)
    text = forms.CharField(max_length=NOTE_MAX, label="Text")
