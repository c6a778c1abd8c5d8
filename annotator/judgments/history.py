"""One's own history: what to list of it, and the form that asks."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.db.models import Q, QuerySet

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_own
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy

NONE: Final = "none"
ANSWERS: Final = [
    ("", "Any answer"),
    (Verdict.LABELLED.value, "Labelled"),
    (NONE, "None of these"),
    *(
        (verdict.value, verdict.label)
        for verdict in Verdict
        if verdict not in (Verdict.LABELLED, Verdict.WITHDRAWN)
    ),
]
ID_MAX: Final = 2**63 - 1


@dataclass(frozen=True)
class HistoryFilter:
    """Which of one's own judgments to list; what is empty does not narrow. Categories count as present or unsure."""

    category: str = ""
    answer: str = ""
    unsure: bool = False
    noted: bool = False
    day: date | None = None
    text: str = ""


class HistoryFilterForm(forms.Form):
    """The filter of the history, and where the page begins."""

    text = forms.CharField(
        required=False, max_length=200, label="Address",
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "part of an address"}),
    )  # fmt: skip
    category = forms.ChoiceField(required=False)
    answer = forms.ChoiceField(required=False, choices=ANSWERS)
    day = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    unsure = forms.BooleanField(required=False)
    noted = forms.BooleanField(required=False, label="With a note")
    before = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX, widget=forms.HiddenInput)

    def __init__(self, *args: Any, taxonomy: Taxonomy, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(category.slug, category.name) for category in taxonomy.categories]
        self.fields["category"] = forms.ChoiceField(required=False, choices=[("", "Any category"), *named])

    def wanted(self) -> HistoryFilter:
        """The filter; what is not valid does not narrow, and the form says so."""
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", {})
        return HistoryFilter(**{name: cleaned[name] for name in vars(HistoryFilter()) if cleaned.get(name)})


def judgments_matching(project: Project, annotator: User, wanted: HistoryFilter) -> QuerySet[Judgment]:
    """One person's standing judgments that match, newest first, with item and clause. One query.

    The index judgment_of_annotator holds them in this order: at most all that one person ever judged is read.
    """
    rows = judgments_own(project, annotator).select_related("item", "clause")
    if wanted.category:
        rows = rows.filter(Q(labels__contains=[wanted.category]) | Q(unsure__contains=[wanted.category]))
    if wanted.answer == NONE:
        rows = rows.filter(verdict=Verdict.LABELLED, labels=[], unsure=[])
    elif wanted.answer == Verdict.LABELLED:
        rows = rows.filter(verdict=Verdict.LABELLED).exclude(labels=[], unsure=[])
    elif wanted.answer:
        rows = rows.filter(verdict=wanted.answer)
    if wanted.unsure:
        rows = rows.exclude(unsure=[])
    if wanted.noted:
        rows = rows.exclude(note="")
    if wanted.day:
        begin = datetime.combine(wanted.day, time.min, UTC)
        rows = rows.filter(created_at__gte=begin, created_at__lt=begin + timedelta(days=1))
    if wanted.text:
        rows = rows.filter(item__url__icontains=wanted.text, item__withheld=False)
    return rows
