"""The form with which a scientist sets how the learner chooses."""

from typing import Any

from django import forms

from annotator.projects.selectors import Taxonomy
from learner.core.catalogue import WORDS
from learner.query.steering import (
    BATCH_MAX,
    RETRAIN_MAX,
    STREAMS,
    WATER_MAX,
    WEIGHT_MAX,
    Steering,
    steering_problems,
)

NUMBERS_MAX = 1_000_000_000
EXAMPLES_CHARS_MAX = 200_000
STREAM_WORDS = {
    "query": "Items that the query strategy wants: by default close to a threshold, new words first.",
    "rare": "Likely finds in categories with few positives; what it cannot fill goes to query.",
    "explore": "Random items from the pool.",
    "audit": "Drawn from holdout sites, likelier where a category is, for evaluation.",
}


class SteeringForm(forms.Form):
    """Strategy, shares, sizes, and a weight for each category of the taxonomy."""

    number = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX, widget=forms.HiddenInput)
    strategy = forms.ChoiceField(
        choices=[(name, name.replace("_", " ").capitalize()) for name in WORDS],
        help_text="Of the query stream, once a category is learned.",
    )
    batch_size = forms.IntegerField(min_value=1, max_value=BATCH_MAX, help_text="Items that one query opens.")
    low_water = forms.IntegerField(
        min_value=1,
        max_value=WATER_MAX,
        label="Low-water mark",
        help_text="The next batch opens when fewer places than this are free.",
    )
    retrain_after = forms.IntegerField(
        min_value=1, max_value=RETRAIN_MAX, help_text="New resolutions that make a retrain due."
    )
    note = forms.CharField(max_length=300, required=False, help_text="Why, for whoever reads the history.")

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taxonomy = taxonomy
        for stream in STREAMS:
            self.fields[stream] = forms.FloatField(min_value=0, max_value=1, help_text=STREAM_WORDS[stream])
            self.fields[stream].widget.attrs["step"] = "any"
        for category in taxonomy.categories:
            field = forms.FloatField(min_value=0, max_value=WEIGHT_MAX, label=category.name)
            field.widget.attrs["step"] = "any"
            self.fields[f"weight-{category.slug}"] = field
            self.fields[f"examples-{category.slug}"] = forms.CharField(
                required=False,
                max_length=EXAMPLES_CHARS_MAX,
                label=category.name,
                widget=forms.Textarea(attrs={"rows": 3}),
            )

    @staticmethod
    def initial_of(steering: Steering, number: int, taxonomy: Taxonomy) -> dict[str, Any]:
        """The fields as these settings fill them."""
        return {
            "number": number,
            "strategy": steering.strategy,
            "batch_size": steering.batch_size,
            "low_water": steering.low_water,
            "retrain_after": steering.retrain_after,
            **{stream: steering.shares.get(stream, 0.0) for stream in STREAMS},
            **{f"weight-{slug}": steering.weight(slug) for slug in taxonomy.slugs},
            **{f"examples-{slug}": "\n".join(steering.examples.get(slug, ())) for slug in taxonomy.slugs},
        }

    @property
    def share_fields(self) -> list[forms.BoundField]:
        """A field for each stream."""
        return [self[stream] for stream in STREAMS]

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        """A field for each category."""
        return [self[f"weight-{slug}"] for slug in self.taxonomy.slugs]

    @property
    def example_fields(self) -> list[forms.BoundField]:
        """A field for each category."""
        return [self[f"examples-{slug}"] for slug in self.taxonomy.slugs]

    def clean(self) -> dict[str, Any]:
        """Refuse what is out of bounds or does not fit together, each at its field."""
        cleaned = super().clean() or {}
        if not self.errors:
            for name, problem in steering_problems(self.steering, self.taxonomy.slugs).items():
                self.add_error(name or None, problem)
        return cleaned

    @property
    def steering(self) -> Steering:
        """The settings of a form without errors."""
        cleaned = self.cleaned_data
        return Steering(
            strategy=cleaned["strategy"],
            shares={stream: cleaned[stream] for stream in STREAMS},
            batch_size=cleaned["batch_size"],
            low_water=cleaned["low_water"],
            retrain_after=cleaned["retrain_after"],
            weights={
                slug: cleaned[f"weight-{slug}"]
                for slug in self.taxonomy.slugs
                if cleaned[f"weight-{slug}"] != 1
            },
            examples={
                slug: cleaned[f"examples-{slug}"].split()
                for slug in self.taxonomy.slugs
                if cleaned[f"examples-{slug}"].strip()
            },
        )
