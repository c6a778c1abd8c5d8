"""What a person may ask about audits."""

from typing import Any

from django import forms

from annotator.projects.selectors import Taxonomy
from learner.core.plans import MEASURES
from learner.evaluation.planning import POINTS_MAX, POINTS_MIN
from learner.training.services import AUDITS_MAX

SLUG_MAX = 40


class PlanForm(forms.Form):
    """Which score of which category is to be known, and within how many points."""

    category = forms.ChoiceField()
    measure = forms.ChoiceField(choices=[(name, name.capitalize()) for name in MEASURES])
    points = forms.FloatField(min_value=POINTS_MIN, max_value=POINTS_MAX, initial=3, label="Within points")

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, forms.ChoiceField)
        category.choices = [(row.slug, row.name) for row in taxonomy.categories]
        self.fields["points"].widget.attrs["step"] = "any"


class AuditsForm(forms.Form):
    """A batch of audits for one category."""

    category = forms.SlugField(max_length=SLUG_MAX)
    n = forms.IntegerField(min_value=1, max_value=AUDITS_MAX)
    at_random = forms.BooleanField(required=False)
