"""The forms of the projects stage."""

from dataclasses import replace
from typing import Any

import yaml
from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms.models import model_to_dict

from annotator.errors import CrossguardError
from annotator.projects.blueprint import Blueprint, blueprint_read, default_blueprint
from annotator.projects.loop_settings import BOUNDS, LoopSettings, misfits
from annotator.projects.models import Project, Role
from annotator.projects.selectors import Guideline, Taxonomy

CATEGORY_FIELDS = ("slug", "name", "definition", "severity", "cipa", "key", "recall_floor", "terms")
CLAUSE_FIELDS = ("number", "category", "title", "body")


class NewProjectForm(forms.Form):
    """A project on one screen: a name, a few settings, and the K-12 taxonomy or one from a file."""

    name = forms.CharField(max_length=120)
    slug = forms.SlugField(
        max_length=50, label="Short name", help_text="For addresses: letters, digits, hyphens."
    )
    description = forms.CharField(max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3}))
    overlap = forms.TypedChoiceField(
        label="Judgments per item", choices=[(1, "1"), (2, "2"), (3, "3")], coerce=int, initial=2,
        help_text="Where two disagree a third is asked for.",
    )  # fmt: skip
    holdout_percent = forms.IntegerField(
        label="Holdout (%)",
        min_value=0,
        max_value=50,
        initial=10,
        help_text="Sites kept for evaluation; fixed for ever.",
    )
    blueprint = forms.FileField(
        label="Taxonomy and guideline",
        required=False,
        help_text="A YAML or JSON blueprint. Without one: the K-12 taxonomy of 16 categories with its guideline.",
    )

    def clean(self) -> dict[str, Any]:
        """Build the blueprint from the file or the default, with this form's settings on top."""
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            base = self._base(cleaned.get("blueprint"))
        except CrossguardError as error:
            self.add_error("blueprint", error.message)
            return cleaned
        overlap = cleaned["overlap"]
        settings = replace(
            base.settings,
            overlap=overlap,
            overlap_max=max(overlap, base.settings.overlap_max, LoopSettings().overlap_max),
            holdout_percent=cleaned["holdout_percent"],
        )
        for name, problem in misfits(settings).items():
            self.add_error("overlap", f"{name} is {getattr(settings, name)}, {problem}.")
        cleaned["drafted"] = replace(
            base,
            name=cleaned["name"],
            slug=cleaned["slug"],
            description=cleaned["description"],
            settings=settings,
        )
        return cleaned

    def _base(self, upload: UploadedFile[bytes] | None) -> Blueprint:
        if upload is None:
            return default_blueprint()
        text_format = "json" if (upload.name or "").lower().endswith(".json") else "yaml"
        return blueprint_read(upload.read().decode("utf-8", "replace"), text_format)  # type: ignore[arg-type]


class SettingsForm(forms.ModelForm[Project]):
    """The settings of the loop."""

    class Meta:
        model = Project
        fields = [
            "name",
            "description",
            "paused",
            "overlap",
            "overlap_max",
            "adaptive",
            "adaptive_certainty",
            "adaptive_least",
            "lease_seconds",
            "prefetch",
            "break_minutes",
            "idle_minutes",
            "exposure_budget",
            "exposure_hours",
            "cooldown_minutes",
            "qualification",
            "gold_share",
            "gold_share_new",
            "gold_line",
            "retest_share",
            "retest_days",
        ]
        labels = {
            "overlap_max": "Maximum overlap",
            "adaptive": "Adaptive overlap",
            "adaptive_certainty": "Certainty wanted",
            "adaptive_least": "Places to start with",
            "lease_seconds": "Lease (seconds)",
            "prefetch": "Pages fetched ahead",
            "break_minutes": "Break reminder (minutes)",
            "idle_minutes": "Pause when idle (minutes)",
            "exposure_budget": "Exposure budget (points)",
            "exposure_hours": "Within (hours)",
            "cooldown_minutes": "Cool-down (minutes)",
            "qualification": "New annotators begin with qualification",
            "gold_share": "Gold",
            "gold_share_new": "Gold for new people",
            "gold_line": "Gold accuracy line",
            "retest_share": "Retests",
            "retest_days": "Retest after (days)",
        }
        help_texts = {
            "overlap": "With adaptive overlap: for pages on which nothing may be saved.",
            "adaptive": "Stop asking where known skills make every category certain.",
            "adaptive_certainty": "Of every category, 0.9 to 0.999. A harmful one is ruled out ten times as surely.",
            "adaptive_least": "1 or 2. A page that anybody calls harmful is read by two people in any case.",
            "lease_seconds": "A page left alone for longer goes to somebody else.",
            "prefetch": "Leased and rendered while the one on the screen is being judged; 0 for none.",
            "exposure_budget": "Severity 2 is 1 point, severity 3 is 3 points, over all projects; 0 for no limit.",
            "exposure_hours": "The budget is for so many hours, rolling.",
            "cooldown_minutes": "Lighter pages only, for at least so long, once the budget is used up.",
            "qualification": "On gold, with an explanation after each answer, as soon as there is enough gold.",
            "retest_days": "The same person gets the same page again, unannounced.",
        }
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in set(self.fields) & set(BOUNDS):
            low, high = BOUNDS[name]
            self.fields[name].widget.attrs |= {"min": low, "max": high}

    def clean(self) -> dict[str, Any]:
        """Refuse what is out of bounds or does not fit together, each at its field."""
        cleaned = super().clean() or {}
        for name, (low, high) in BOUNDS.items():
            if name in cleaned and not low <= cleaned[name] <= high:
                self.add_error(name, f"Use {low} to {high}.")
        if self.errors:
            return cleaned
        for name, problem in misfits(Project(**{name: cleaned[name] for name in self.Meta.fields})).items():
            self.add_error(name, f"{problem[0].upper()}{problem[1:]}.")
        return cleaned


class CaseHolderForm(forms.Form):
    """Somebody, and whether they may open restricted cases."""

    username = forms.CharField(max_length=150)
    holds = forms.TypedChoiceField(
        choices=[("yes", "yes"), ("no", "no")], coerce=lambda value: value == "yes"
    )


class MemberForm(forms.Form):
    """Somebody and their role."""

    username = forms.CharField(max_length=150, label="Account")
    role = forms.ChoiceField(choices=Role)


class MemberEndForm(forms.Form):
    """Somebody who is to leave."""

    username = forms.CharField(max_length=150)


class PublishForm(forms.Form):
    """The next taxonomy and guideline as YAML."""

    note = forms.CharField(max_length=300, label="What changes, and why")
    text = forms.CharField(
        label="Taxonomy and guideline",
        widget=forms.Textarea(attrs={"rows": 32, "spellcheck": "false", "class": "mono"}),
        help_text="A category keeps its short name and key for ever. Earlier versions stay as they are.",
    )

    def __init__(self, *args: Any, project: Project, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.project = project

    def clean_text(self) -> Blueprint:
        """The text as a blueprint of this project."""
        text = f"project: {{slug: {self.project.slug}, name: project}}\n{self.cleaned_data['text']}"
        try:
            return blueprint_read(text, "yaml")
        except CrossguardError as error:
            problems = error.details.get("problems")
            raise forms.ValidationError(problems if isinstance(problems, list) else error.message) from error


def published_text(taxonomy: Taxonomy, guideline: Guideline) -> str:
    """The YAML that would publish the current versions again."""
    categories = [
        {
            name: value
            for name, value in model_to_dict(category, fields=CATEGORY_FIELDS).items()
            if value is not None
        }
        for category in taxonomy.categories
    ]
    clauses = [
        {name: value for name, value in model_to_dict(clause, fields=CLAUSE_FIELDS).items() if value != ""}
        for clause in guideline.clauses
    ]
    both = {"categories": categories, "guideline": clauses}
    return str(yaml.safe_dump(both, sort_keys=False, allow_unicode=True, width=110))
