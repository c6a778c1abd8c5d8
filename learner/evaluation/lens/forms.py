"""What somebody asks of a threshold, and what a school does with each category."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms

from annotator.projects.selectors import Taxonomy
from learner.core.metrics.policy import PER, Action, Objective, Point, Wanted
from learner.core.pack import LIMIT_MAX, PACKS, QUOTA_MAX
from learner.evaluation.lens.services import ProfileDraft, RuleDraft
from learner.evaluation.models import ProfileVersion
from learner.evaluation.packs import Asked as PackAsked

PAGES_MAX = 10**12
NUMBERS_MAX = 1_000_000_000
RULE_FIELDS = {
    "action": "Action",
    "objective": "Threshold by",
    "threshold": "By hand",
    "recall_floor": "Recall floor",
    "cost_miss": "Cost of a miss",
    "cost_block": "Cost of a mistake",
    "exception": "Exception: why",
}
"""The fields of a rule, in the order of the columns, and what each column is called."""
COST_MAX = 10_000.0
POINT = "point"
FLOOR, COST_MISS = 0.95, 5.0


class LensForm(forms.Form):
    """Which threshold to look at: a place of the curve, or the one that an objective chooses."""

    by = forms.ChoiceField(
        required=False,
        label="Threshold",
        choices=[
            (POINT, "Where I put it"),
            *((one.value, one.words) for one in Objective if one != Objective.FIXED),
        ],
    )
    at = forms.IntegerField(required=False, min_value=0, max_value=1_000)
    threshold = forms.FloatField(required=False, min_value=0, max_value=1)
    floor = forms.FloatField(required=False, min_value=0, max_value=1, label="Recall, at least")
    miss = forms.FloatField(required=False, min_value=0.001, max_value=COST_MAX, label="Cost of a miss")
    block = forms.FloatField(
        required=False, min_value=0.001, max_value=COST_MAX, label="Cost of a mistaken block"
    )
    pages = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=PAGES_MAX,
        label="Pages a day, if others",
    )
    school = forms.ChoiceField(required=False, label="Pages a day of")

    def __init__(self, *args: Any, pages_a_day: Mapping[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pages_a_day = pages_a_day
        names = dict(ProfileVersion.Name.choices)
        every = f"All schools: {sum(pages_a_day.values()):,}" if pages_a_day else "A million pages"
        told = [(name, f"{names[name]}: {pages:,}") for name, pages in pages_a_day.items()]
        school = self.fields["school"]
        assert isinstance(school, forms.ChoiceField)
        school.choices = [("", every), *told]
        for name in ("floor", "miss", "block"):
            self.fields[name].widget.attrs["step"] = "any"

    @property
    def pages_told(self) -> int | None:
        """The pages a day that are typed, else those of the school, else of all schools; None where nobody said."""
        given = self.cleaned_data if self.is_valid() else {}
        school = self.pages_a_day.get(given.get("school", ""))
        return given.get("pages") or school or sum(self.pages_a_day.values()) or None

    @staticmethod
    def usual() -> dict[str, Any]:
        """What is asked where nobody asks."""
        return {"by": Objective.OWN.value, "floor": FLOOR, "miss": COST_MISS, "block": 1}


@dataclass(frozen=True)
class Asked:
    """What a valid form asks for."""

    by: str
    at: int | None
    threshold: float | None
    wanted: Wanted
    pages: int | None

    @property
    def of_pages(self) -> int:
        """Pages that a cost is told for."""
        return self.pages or PER


def asked_of(form: LensForm, points: list[Point]) -> Asked:
    """The form, with what is usual where it says nothing."""
    cleaned = form.cleaned_data if form.is_valid() else {}
    by = cleaned.get("by") or Objective.OWN
    at = cleaned.get("at")
    if at is not None and points:
        at = min(at, len(points) - 1)
    objective = Objective.OWN if by == POINT else Objective(by)
    return Asked(
        by=by,
        at=at,
        threshold=cleaned.get("threshold"),
        wanted=Wanted(
            objective=objective,
            recall_floor=FLOOR if cleaned.get("floor") is None else cleaned["floor"],
            cost_miss=cleaned.get("miss") or COST_MISS,
            cost_block=cleaned.get("block") or 1.0,
        ),
        pages=form.pages_told,
    )


class ProfileForm(forms.Form):
    """What one kind of school does with each category."""

    number = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX, widget=forms.HiddenInput)
    pages_a_day = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=PAGES_MAX,
        help_text="Pages that its pupils open. Empty: costs are told for a million pages.",
    )
    note = forms.CharField(max_length=300, required=False, help_text="Why, for whoever reads the history.")

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taxonomy = taxonomy
        for category in taxonomy.categories:
            for name, field in self._fields_of().items():
                field.label = f"{RULE_FIELDS[name]}, {category.name}"
                self.fields[f"{name}-{category.slug}"] = field

    @staticmethod
    def initial_of(rules: Sequence[RuleDraft], *, number: int, pages_a_day: int | None) -> dict[str, Any]:
        """The fields as these rules fill them."""
        return {
            "number": number,
            "pages_a_day": pages_a_day,
            **{f"{name}-{rule.category}": getattr(rule, name) for rule in rules for name in RULE_FIELDS},
        }

    def draft_of(self, name: str) -> ProfileDraft:
        """What a valid form says."""
        typed = self.cleaned_data
        rules = [
            RuleDraft(slug, **{field: typed[f"{field}-{slug}"] for field in RULE_FIELDS})
            for slug in self.taxonomy.slugs
        ]
        return ProfileDraft(name, rules, typed["pages_a_day"], typed["note"], typed["number"])

    @property
    def rows(self) -> list[tuple[Any, list[tuple[str, Any]]]]:
        """Each category with its fields and the names of their columns."""
        return [
            (category, [(title, self[f"{name}-{category.slug}"]) for name, title in RULE_FIELDS.items()])
            for category in self.taxonomy.categories
        ]

    @staticmethod
    def _fields_of() -> dict[str, forms.Field]:
        found: dict[str, forms.Field] = {
            "action": forms.ChoiceField(choices=[(one.value, one.value.capitalize()) for one in Action]),
            "objective": forms.ChoiceField(choices=[(one.value, one.short) for one in Objective]),
            "threshold": forms.FloatField(required=False, min_value=0, max_value=1),
            "recall_floor": forms.FloatField(required=False, min_value=0, max_value=1),
            "cost_miss": forms.FloatField(min_value=0.001, max_value=COST_MAX),
            "cost_block": forms.FloatField(min_value=0.001, max_value=COST_MAX),
            "exception": forms.CharField(required=False, max_length=500),
        }
        for name in ("threshold", "recall_floor", "cost_miss", "cost_block"):
            found[name].widget.attrs["step"] = "any"
        return found


class PackForm(forms.Form):
    """Pages to put into one slice of the over-block pack: addresses, domains, or ids of items that were found."""

    pack = forms.ChoiceField(choices=list(PACKS.items()), label="Slice")
    addresses = forms.CharField(
        required=False,
        max_length=100_000,
        label="Addresses or domains",
        help_text="One a line: an address adds that page, a domain up to 200 of its pages. Only pages of this project.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    note = forms.CharField(required=False, max_length=200)


class PackRuleForm(forms.Form):
    """What is asked of one slice of the over-block pack."""

    number = forms.IntegerField(min_value=0, max_value=NUMBERS_MAX, widget=forms.HiddenInput)
    limit = forms.FloatField(
        min_value=0.01,
        max_value=100 * LIMIT_MAX,
        label="Flagged by mistake, at most (percent)",
        widget=forms.NumberInput(attrs={"step": "any"}),
    )
    quota = forms.IntegerField(min_value=0, max_value=QUOTA_MAX, label="Audited with each batch")
    note = forms.CharField(max_length=300, required=False, label="Why")

    @staticmethod
    def initial_of(asked: PackAsked) -> dict[str, Any]:
        """What is asked now, as the form shows it."""
        return {"number": asked.number, "limit": round(100 * asked.limit, 4), "quota": asked.quota}
