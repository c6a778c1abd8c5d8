"""The forms with which a lead resolves an item, and makes it gold."""

from typing import Any, Self
from uuid import uuid4

from django import forms
from django.http import QueryDict

from annotator.errors import BadInput
from annotator.judgments.models import Verdict
from annotator.projects.selectors import Guideline, Taxonomy
from annotator.review.checks.gold import EXPLANATION_MAX, Suggestion
from annotator.review.desk.wanting import DIGITS_MAX
from annotator.review.selectors import ItemReview
from annotator.review.services import ADJUDICATION_REASON_MAX, Adjudication, BasedOn

ALIKE_MAX = 100
VERDICTS = [
    (Verdict.LABELLED, "The categories chosen above"),
    *(
        (verdict, verdict.label)
        for verdict in Verdict
        if verdict not in (Verdict.LABELLED, Verdict.WITHDRAWN)
    ),
]


class SeenForm(forms.Form):
    """The state of an item that a page shows."""

    judgments = forms.CharField(widget=forms.HiddenInput, required=False)
    resolution = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_judgments(self) -> frozenset[int]:
        """The ids of the judgments that the page showed."""
        ids = [part for part in self.cleaned_data["judgments"].split(",") if part]
        if not all(part.isascii() and part.isdecimal() and len(part) <= DIGITS_MAX for part in ids):
            raise forms.ValidationError("This page has lost track of the judgments. Load it again.")
        return frozenset(map(int, ids))


class AdjudicationForm(SeenForm):
    """Labels, "none of these" or another verdict; why; which clause; and what the page showed."""

    labels = forms.MultipleChoiceField(required=False)
    none = forms.BooleanField(required=False)
    verdict = forms.ChoiceField(choices=VERDICTS, initial=Verdict.LABELLED, label="Answer")
    reason = forms.CharField(
        max_length=ADJUDICATION_REASON_MAX,
        label="Why",
        help_text="The next lead, and the people who disagreed, will read it.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    clause = forms.ChoiceField(required=False, label="Clause")
    client_id = forms.UUIDField(widget=forms.HiddenInput, required=False, initial=uuid4)

    def __init__(self, *args: Any, taxonomy: Taxonomy, guideline: Guideline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["labels"].choices = [  # type: ignore[attr-defined]
            (category.slug, category.name) for category in taxonomy.categories
        ]
        self.fields["clause"].choices = clause_choices(guideline)  # type: ignore[attr-defined]

    @classmethod
    def typed(cls, sent: QueryDict, *, taxonomy: Taxonomy, guideline: Guideline) -> Self:
        """The form as it was sent, without asking whether it is a whole answer."""
        names = ("verdict", "reason", "clause", "client_id")
        initial: dict[str, object] = {name: sent.get(name, "") for name in names}
        initial |= {"labels": sent.getlist("labels"), "none": "none" in sent}
        return cls(initial=initial, taxonomy=taxonomy, guideline=guideline)

    def clean(self) -> dict[str, Any]:
        """Refuse an empty answer (nothing chosen never means "none of these") and a double one."""
        cleaned = super().clean() or {}
        answers_labels = cleaned.get("verdict") == Verdict.LABELLED
        labels, none = cleaned.get("labels", []), cleaned.get("none", False)
        if answers_labels and not labels and not none:
            self.add_error("labels", 'Choose categories, "none of these", or another answer below.')
        if labels and none:
            self.add_error("labels", 'Choose categories or "none of these", not both.')
        if not answers_labels and (labels or none):
            self.add_error(
                "verdict", "This answer goes without categories: clear them, or choose them as answer."
            )
        return cleaned

    @property
    def adjudication(self) -> Adjudication:
        """What the lead decided; of a valid form."""
        cleaned = self.cleaned_data
        return Adjudication(
            labels=frozenset(cleaned["labels"]),
            verdict=Verdict(cleaned["verdict"]),
            reason=cleaned["reason"],
            clause_number=cleaned["clause"],
        )

    @property
    def based_on(self) -> BasedOn:
        """What the page showed when the lead decided; of a valid form."""
        return BasedOn(self.cleaned_data["judgments"], self.cleaned_data["resolution"])


class RevertForm(forms.Form):
    """Undoing an act: which click it was, so that two are one."""

    client_id = forms.UUIDField(widget=forms.HiddenInput)


class GoldForm(forms.Form):
    """An item that becomes gold: why its answer is right, and which clause says so."""

    item = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    explanation = forms.CharField(
        max_length=EXPLANATION_MAX,
        label="Why this is right",
        help_text="Whoever qualifies reads it after their answer.",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    clause = forms.ChoiceField(required=False, label="Clause")

    def __init__(self, *args: Any, guideline: Guideline, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clause"].choices = clause_choices(guideline)  # type: ignore[attr-defined]

    @classmethod
    def suggested(cls, suggestion: Suggestion, guideline: Guideline) -> Self:
        """The form for one resolution, filled with what is known; several may stand on a page."""
        held = suggestion.resolution
        numbers = {clause.number for clause in guideline.clauses}
        number = held.clause.number if held.clause else ""
        initial = {
            "item": held.item_id,
            "explanation": suggestion.explanation,
            "clause": number if number in numbers else "",
        }
        return cls(guideline=guideline, initial=initial, auto_id=f"gold-{held.item_id}-%s")


def clause_choices(guideline: Guideline) -> list[tuple[str, str]]:
    """The clauses to choose from, or none."""
    return [
        ("", "No clause says so"),
        *((clause.number, f"{clause.number} {clause.title}") for clause in guideline.clauses),
    ]


def adjudication_initial(review: ItemReview) -> dict[str, object]:
    """Where the lead starts: what is held, or else what nobody disputes; with the state that the page shows."""
    held = review.held
    initial: dict[str, object] = {
        "judgments": shown_judgments(review),
        "resolution": review.newest.pk if review.newest else None,
        "labels": sorted(held.labels if held else review.undisputed),
    }
    if held is not None:
        initial |= {"verdict": held.verdict, "none": held.verdict == Verdict.LABELLED and not held.labels}
    return initial


def shown_judgments(review: ItemReview) -> str:
    """The judgments that the page shows, as the form carries them."""
    return ",".join(str(judgment.pk) for judgment in review.judgments)


class VersionsForm(forms.Form):
    """Which versions are meant; the newest where none is named."""

    taxonomy = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
    guideline = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)


class ChangedForm(forms.Form):
    """Which changed pages are meant: by how much they changed, and those that were chosen."""

    alike = forms.TypedChoiceField(
        coerce=int,
        required=False,
        choices=[("", "However small"), *((n, f"At most {n} % alike") for n in (95, 80, 50))],
        label="Change",
    )

    @property
    def most_alike(self) -> int:
        """How alike they may be, in hundredths."""
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", {})
        return int(cleaned.get("alike") or ALIKE_MAX)

    def chosen(self) -> list[int]:
        """The ids of the items that were chosen. Raises BadInput for what is no id."""
        ids = self.data.getlist("item") if isinstance(self.data, QueryDict) else []
        if not all(part.isascii() and part.isdecimal() and len(part) <= DIGITS_MAX for part in ids):
            raise BadInput("This page has lost track of the items. Load it again.")
        return [int(part) for part in ids]


class RecheckForm(forms.Form):
    """Why items are looked at again."""

    reason = forms.CharField(
        max_length=180, label="Why", help_text="It stands in the ledger of each item, and in the log."
    )
