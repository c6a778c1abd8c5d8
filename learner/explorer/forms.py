"""What somebody looks for, read strictly from an address; and the name to save it under."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms

from annotator.pool.forms import ID_MAX
from annotator.projects.selectors import Taxonomy
from learner.explorer.columns import JUDGMENTS_MOST
from learner.explorer.filters import METHOD_NAMES, NONE, STREAMS, UNRESOLVED, Disagreement, Split, Wanted
from learner.explorer.services import NAME_MAX
from learner.snapshots.content import dates_problem

TEXT_MAX: Final = 200
MANY: Final = ("held", "judged", "predicted", "streams", "methods", "sources", "languages")
RANGES: Final = ("added", "judged", "resolved")
NUMBERS: Final = (
    *(f"{name}_{end}" for name in RANGES for end in ("from", "until")),
    "judgments_min",
    "judgments_max",
    "ingest",
)


def _many(label: str, choices: Any = (), **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False, label=label, choices=choices, widget=forms.CheckboxSelectMultiple, **more
    )


def _day(label: str) -> forms.DateField:
    return forms.DateField(required=False, label=label, widget=forms.DateInput(attrs={"type": "date"}))


class ExplorerForm(forms.Form):
    """A filter. What is empty leaves nothing out."""

    text = forms.CharField(
        required=False, max_length=TEXT_MAX, label="Words",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "chess -casino begin*"}),
        help_text="Words of address, title and text: all of them. "
        "<code>-word</code> for pages without it, <code>begin*</code> for a beginning.",
    )  # fmt: skip
    site = forms.CharField(required=False, max_length=255)
    held = _many("Held true")
    judged = _many("Judged by somebody")
    predicted = _many("Predicted")
    probability = forms.ChoiceField(required=False, label="Probability of")
    p_min = forms.FloatField(required=False, min_value=0, max_value=1, label="From")
    p_max = forms.FloatField(required=False, min_value=0, max_value=1, label="To")
    streams = _many(
        "First served by",
        [(name, name.capitalize() if at else "Not served") for at, name in enumerate(STREAMS)],
    )
    methods = _many("Resolved by", [(name, name.capitalize()) for name in METHOD_NAMES if name])
    sources = _many("Source")
    languages = _many("Language")
    ingest = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, label="Ingest number")
    split = forms.ChoiceField(required=False, choices=[("", "Train and holdout"), *Split.choices])
    disagreement = forms.ChoiceField(required=False, choices=[("", "Any"), *Disagreement.choices])
    judgments_min = forms.IntegerField(
        required=False, min_value=0, max_value=JUDGMENTS_MOST, label="Judgments at least"
    )
    judgments_max = forms.IntegerField(
        required=False, min_value=0, max_value=JUDGMENTS_MOST, label="Judgments at most"
    )
    added_from, added_until = _day("Taken in from"), _day("Taken in until")
    judged_from, judged_until = _day("Last judged from"), _day("Last judged until")
    resolved_from, resolved_until = _day("Resolved from"), _day("Resolved until")
    before = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any], *, taxonomy: Taxonomy, sources: list[str], languages: list[str]
    ) -> None:
        super().__init__(data)
        categories = [(category.slug, category.name) for category in taxonomy.categories]
        self._offer("held", [*categories, (NONE, "None of these"), (UNRESOLVED, "Not resolved")])
        self._offer("judged", categories)
        self._offer("predicted", categories)
        self._offer("probability", [("", "Any"), *categories])
        self._offer("sources", [(name, name or "not given") for name in sources])
        self._offer("languages", [(name, name) for name in languages])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        """Ranges in order, and a probability of something."""
        sent = super().clean() or self.cleaned_data
        for name in RANGES:
            problem = dates_problem(sent.get(f"{name}_from"), sent.get(f"{name}_until"))
            if problem:
                self.add_error(f"{name}_until", problem)
        low, high = sent.get("p_min"), sent.get("p_max")
        if (
            (low is not None or high is not None)
            and not sent.get("probability")
            and "probability" not in self.errors
        ):
            self.add_error("probability", "Choose the category that the probability is of.")
        for lowest, highest in (("p_min", "p_max"), ("judgments_min", "judgments_max")):
            least, most = sent.get(lowest), sent.get(highest)
            if least is not None and most is not None and most < least:
                self.add_error(highest, f"{most} is less than {least}: nothing lies between.")
        return sent

    @property
    def wanted(self) -> Wanted:
        """The filter, once the form is valid."""
        sent = {name: value for name, value in self.cleaned_data.items() if name != "before"}
        return Wanted(**sent | {name: tuple(sent[name]) for name in MANY})

    @property
    def problem(self) -> str:
        """What is wrong, in a line, for those who see no form."""
        return " ".join(f"{name}: {' '.join(map(str, errors))}" for name, errors in self.errors.items())


class SaveForm(forms.Form):
    """The name of a filter, and who may use it."""

    name = forms.CharField(max_length=NAME_MAX)
    shared = forms.BooleanField(required=False, label="Shared with all who may see the explorer")
