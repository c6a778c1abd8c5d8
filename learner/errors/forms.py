"""What somebody looks for among the errors, and what they send to act on some."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from annotator.errors import BadInput
from annotator.pool.forms import ID_MAX
from annotator.projects.drafts.guideline import BODY_MAX
from annotator.projects.drafts.guideline import TITLE_MAX as CLAUSE_TITLE_MAX
from annotator.projects.selectors import Taxonomy
from learner.core.causes import Cause
from learner.core.error_reports import PARTS
from learner.errors.models import CAUSES, Kind, Part
from learner.errors.picking import ERRORS_MAX
from learner.errors.selectors import NO_CAUSE
from learner.errors.services import REASON_MAX, SIMILAR_MAX, TEXT_MAX, TITLE_MAX

NUMBER_MAX: Final = 2**31 - 1
SIMILAR_USUAL: Final = 40


class FilterForm(forms.Form):
    """Which errors to list. What is empty does not narrow."""

    version = forms.TypedChoiceField(required=False, coerce=int, empty_value=None, label="Version")
    part = forms.ChoiceField(required=False, choices=[("", "Audited holdout"), *Part.choices], label="Pages")
    category = forms.ChoiceField(required=False, label="Category")
    kind = forms.ChoiceField(
        required=False, choices=[("", "Misses and false alarms"), *Kind.choices], label="Error"
    )
    cause = forms.ChoiceField(
        required=False, choices=[("", "Any"), (NO_CAUSE, "No cause yet"), *CAUSES], label="Cause"
    )
    site = forms.CharField(
        required=False,
        max_length=255,
        label="Site",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "any.example"}),
    )
    cluster = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any], *, taxonomy: Taxonomy, versions: list[tuple[int, str]]
    ) -> None:
        super().__init__(data)
        categories = [(category.slug, category.name) for category in taxonomy.categories]
        self._offer("category", [("", "All"), *categories])
        self._offer("version", [("", "Newest"), *versions])

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    @property
    def problem(self) -> str:
        """What is wrong, in a sentence."""
        name, found = next(iter(self.errors.items()))
        return f"{name}: {found[0]}"


class PickForm(forms.Form):
    """The errors to act on, by their ids or as a cluster; and the report that the act belongs to."""

    error = forms.CharField(required=False, max_length=20 * ERRORS_MAX)
    cluster = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)
    report = forms.IntegerField(required=False, min_value=1, max_value=NUMBER_MAX)

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        if hasattr(data, "getlist"):  # one box for each error
            ids = ",".join(data.getlist("error"))
            data = {**data.dict(), "error": ids}
        super().__init__(data, **kwargs)

    def clean_error(self) -> list[int]:
        """The ids."""
        sent = [part for part in self.cleaned_data["error"].split(",") if part]
        if not all(part.isascii() and part.isdigit() and int(part) <= ID_MAX for part in sent):
            raise forms.ValidationError("These are no errors: send their numbers.")
        return [int(part) for part in sent]

    def given(self) -> dict[str, Any]:
        """What was sent; raises BadInput that says what is wrong."""
        if not self.is_valid():
            name, found = next(iter(self.errors.items()))
            raise BadInput(f"{name}: {found[0]}")
        return self.cleaned_data


class CauseForm(PickForm):
    """A cause, and why."""

    cause = forms.ChoiceField(choices=[(one.value, one.words) for one in Cause], label="Cause")
    reason = forms.CharField(
        max_length=REASON_MAX,
        label="Why",
        widget=forms.TextInput(attrs={"placeholder": "What you saw that says so"}),
    )
    back = forms.CharField(required=False, max_length=2_000, widget=forms.HiddenInput)


class SimilarForm(PickForm):
    """How many pages like these."""

    n = forms.IntegerField(min_value=1, max_value=SIMILAR_MAX, initial=SIMILAR_USUAL, label="Pages")


class ClauseForm(PickForm):
    """A clause to begin with."""

    title = forms.CharField(max_length=CLAUSE_TITLE_MAX, label="Title")
    body = forms.CharField(
        max_length=BODY_MAX, label="What it says", widget=forms.Textarea(attrs={"rows": 4})
    )


class NewReportForm(forms.Form):
    """What a report is on."""

    title = forms.CharField(max_length=TITLE_MAX, label="Title")
    version = forms.TypedChoiceField(coerce=int, label="Version")
    category = forms.ChoiceField(required=False, label="Category")

    def __init__(
        self, data: Any, *, taxonomy: Taxonomy, versions: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(data, **kwargs)
        for name, choices in (
            ("version", versions),
            ("category", [("", "All"), *((row.slug, row.name) for row in taxonomy.categories)]),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices


class ReportForm(forms.Form):
    """The parts that people write."""

    based_on = forms.IntegerField(min_value=0, max_value=NUMBER_MAX, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part in PARTS:
            self.fields[part.slug] = forms.CharField(
                required=False,
                max_length=TEXT_MAX,
                label=part.title,
                help_text=part.question,
                widget=forms.Textarea(attrs={"rows": 5}),
            )

    @property
    def written(self) -> dict[str, str]:
        """Part -> what was written, once the form is valid."""
        return {part.slug: self.cleaned_data[part.slug] for part in PARTS}
