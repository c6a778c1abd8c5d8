"""The forms with which people set the rules of the gate, and promote a version."""

from collections.abc import Sequence
from typing import Any

from django import forms

from annotator.projects.selectors import Taxonomy
from learner.core.gate import Rules
from learner.evaluation.release.services import LATENCY_MAX, MEGABYTES_MAX, NUMBERS_MAX, REASON_MAX


class RulesForm(forms.Form):
    """A floor of recall and of precision for each category, and what else is asked. Empty asks for nothing."""

    number = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX, widget=forms.HiddenInput)
    regression = forms.BooleanField(
        required=False,
        label="No significant regression against the version that serves",
        help_text="Exact paired tests on the same audited items, held against their number (Holm).",
    )
    pack = forms.BooleanField(required=False, label="Over-block pack within its limits")
    card = forms.BooleanField(required=False, label="Model card complete")
    calibration = forms.FloatField(
        required=False,
        min_value=0,
        max_value=1,
        label="Calibration error at most",
        help_text="Of each learned category.",
    )
    latency_ms = forms.FloatField(
        required=False,
        min_value=0,
        max_value=LATENCY_MAX,
        label="Milliseconds at most",
        help_text="For one address, 99 of 100.",
    )
    megabytes = forms.FloatField(
        required=False, min_value=0, max_value=MEGABYTES_MAX, label="Megabytes at most"
    )
    note = forms.CharField(max_length=300, required=False, help_text="Why, for whoever reads the history.")

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taxonomy = taxonomy
        for category in taxonomy.categories:
            for what in ("recall", "precision"):
                label = f"{category.name}: {what} at least"
                field = forms.FloatField(required=False, min_value=0, max_value=1, label=label)
                self.fields[f"{what}-{category.slug}"] = field
        for each in self.fields.values():
            if isinstance(each, forms.FloatField):
                each.widget.attrs["step"] = "any"

    @staticmethod
    def initial_of(rules: Rules, number: int) -> dict[str, Any]:
        """The fields as these rules fill them."""
        return {
            "number": number,
            **{name: getattr(rules, name) for name in ("regression", "pack", "card")},
            **{name: getattr(rules, name) for name in ("calibration", "latency_ms", "megabytes")},
            **{f"recall-{slug}": floor for slug, floor in rules.recall.items()},
            **{f"precision-{slug}": floor for slug, floor in rules.precision.items()},
        }

    @property
    def rows(self) -> list[tuple[str, forms.BoundField, forms.BoundField]]:
        """Name, floor of recall and floor of precision of each category."""
        return [
            (row.name, self[f"recall-{row.slug}"], self[f"precision-{row.slug}"])
            for row in self.taxonomy.categories
        ]

    @property
    def limits(self) -> list[forms.BoundField]:
        """The limits over all categories."""
        return [self[name] for name in ("calibration", "latency_ms", "megabytes")]

    @property
    def switches(self) -> list[forms.BoundField]:
        """What is asked or not."""
        return [self[name] for name in ("regression", "pack", "card")]

    @property
    def rules(self) -> Rules:
        """The rules of a form without errors."""
        given = self.cleaned_data
        return Rules(
            recall=self._floors("recall"),
            precision=self._floors("precision"),
            **{
                name: given[name]
                for name in ("calibration", "latency_ms", "megabytes", "regression", "pack", "card")
            },
        )

    def _floors(self, what: str) -> dict[str, float]:
        floors = {slug: self.cleaned_data[f"{what}-{slug}"] for slug in self.taxonomy.slugs}
        return {slug: floor for slug, floor in floors.items() if floor is not None}


class PromotionForm(forms.Form):
    """Why a version is to serve, and, where its gate is not passed, why there may be an exception."""

    based_on = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=REASON_MAX, label="Why it is to serve", widget=forms.Textarea(attrs={"rows": 2})
    )
    exception = forms.CharField(
        max_length=REASON_MAX,
        required=False,
        label="Why there may be an exception",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="You sign it with your name. The model card shows it.",
    )


class BackForm(forms.Form):
    """Which promotion to go back to."""

    promotion = forms.IntegerField(min_value=1, max_value=NUMBERS_MAX)
    based_on = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX)


class CompareForm(forms.Form):
    """Two versions of the project."""

    base = forms.TypedChoiceField(coerce=int, label="Compare with")
    candidate = forms.TypedChoiceField(coerce=int, label="Version")

    def __init__(self, *args: Any, numbers: Sequence[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(number, f"v{number}") for number in numbers]
        for name in ("base", "candidate"):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = choices
